/*
 * Multi-version reads and writes of user keys, over any reader and writer of an engine.
 *
 * Every write stores a new version of its key at a timestamp; a read at a timestamp sees, of each
 * key, the newest version at or below it.  A deletion is a version without a value, a tombstone. At
 * timestamp zero stand inline values: one value to a key, without versions, seen by reads at every
 * timestamp.
 *
 * Values are raw values (<varve/value.h>), stored and returned as they are.
 */
#ifndef VARVE_MVCC_H
#define VARVE_MVCC_H

#include <varve/read.h>
#include <varve/write.h>

#endif
