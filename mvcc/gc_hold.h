/*
 * Holds, for those who collect garbage.
 */
#ifndef VARVE_MVCC_GC_HOLD_H
#define VARVE_MVCC_GC_HOLD_H

#include <varve/gc_hold.h>

/* The latch of who stores holds, and of who removes what they might hold. */
varve_slice varve__gc_holds_latch(void);

#endif
