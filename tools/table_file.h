/*
 * Table files by themselves: their records, as sst_dump shows them.  Where that is not installed
 * the library reads them, which it can if varve wrote them for ingestion.
 */
#ifndef TOOLS_TABLE_FILE_H
#define TOOLS_TABLE_FILE_H

#include "rocksdb_tools.h"

#include <varve/varve.h>

/* No number: the records of a file that is to be ingested, and removals of ranges, have none. */
#define NO_SEQUENCE UINT64_MAX

/* Receives one record; returns false to end the walk. */
typedef bool (*table_record_fn)(void *arg, uint64_t sequence, const varve_record *record);

/*
 * Call `each` for all records from one engine key on and before another; empty ones = no such
 * bound; removals of ranges come first, whatever the bounds.  `fault` tells what is wrong with the
 * file, "" = nothing; so do the codes TOOL_CORRUPT, TOOL_IO and TOOL_UNSUPPORTED.  All other
 * failures are printed.
 */
enum tool_exit table_file_scan(const struct cli *cli, const char *path, varve_slice from,
                               varve_slice to, table_record_fn each, void *arg,
                               char fault[RAW_COMPLAINT_MAX]);

/* Look at the checksums of all blocks; `fault` and the codes are as above. */
enum tool_exit table_file_check(const struct cli *cli, const char *path,
                                char fault[RAW_COMPLAINT_MAX]);

/* Receives one property in the words of sst_dump; returns false to end. */
typedef bool (*table_property_fn)(void *arg, const char *name, const char *text);

/* Call `each` for all properties of a file; `fault` and the codes are as above. */
enum tool_exit table_file_properties(const struct cli *cli, const char *path,
                                     table_property_fn each, void *arg,
                                     char fault[RAW_COMPLAINT_MAX]);

#endif
