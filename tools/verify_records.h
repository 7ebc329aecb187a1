/*
 * Holding the records of a store against those of a checkpoint or an export.
 */
#ifndef TOOLS_VERIFY_RECORDS_H
#define TOOLS_VERIFY_RECORDS_H

#include "cli.h"

/*
 * Compare the store of the second argument of the command with the third: an export of records,
 * over its range; a table; or a store, such as a checkpoint.  Prints what differs.  Returns TOOL_NO
 * if anything does.
 */
enum tool_exit verify_records(const struct cli *cli);
enum tool_exit verify_table(const struct cli *cli);
enum tool_exit verify_checkpoint(const struct cli *cli);

#endif
