/*
 * varve: an embeddable multi-version storage engine on RocksDB.  All public headers at once.
 */
#ifndef VARVE_VARVE_H
#define VARVE_VARVE_H

#include <varve/admin.h>
#include <varve/alloc.h>
#include <varve/base.h>
#include <varve/batch_repr.h>
#include <varve/cache.h>
#include <varve/cancel.h>
#include <varve/changes.h>
#include <varve/check.h>
#include <varve/clock.h>
#include <varve/engine.h>
#include <varve/error.h>
#include <varve/gc.h>
#include <varve/gc_hold.h>
#include <varve/gc_job.h>
#include <varve/job.h>
#include <varve/key.h>
#include <varve/latches.h>
#include <varve/merge.h>
#include <varve/meta.h>
#include <varve/mvcc.h>
#include <varve/read.h>
#include <varve/recount.h>
#include <varve/resolve.h>
#include <varve/resolve_job.h>
#include <varve/revert.h>
#include <varve/split.h>
#include <varve/sst.h>
#include <varve/state.h>
#include <varve/stats.h>
#include <varve/stats_account.h>
#include <varve/ts.h>
#include <varve/txn.h>
#include <varve/value.h>
#include <varve/version.h>
#include <varve/wal.h>
#include <varve/write.h>

#endif
