/*
 * Raising the format of a store.
 */
#ifndef VARVE_ENGINE_ROCKSDB_UPGRADE_H
#define VARVE_ENGINE_ROCKSDB_UPGRADE_H

#include "engine/rocksdb/version.h"

/* varve_store_upgrade() of a library that opens `range`. */
varve_status varve__store_upgrade(const char *path, varve__version_range range, varve_error *err);

#endif
