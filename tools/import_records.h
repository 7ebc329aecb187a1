/*
 * Making a store of what `varve export` has written.
 */
#ifndef TOOLS_IMPORT_RECORDS_H
#define TOOLS_IMPORT_RECORDS_H

#include "cli.h"

/*
 * Make a new store at the second argument of the command from the export in its third: of records,
 * or a table.  It comes into being whole, or not at all.  Prints what has been done, or the
 * failure.
 */
enum tool_exit import_records(const struct cli *cli);
enum tool_exit import_table(const struct cli *cli);

#endif
