/*
 * Writing down what reads and writes have cost.
 */
#ifndef VARVE_MVCC_BILL_H
#define VARVE_MVCC_BILL_H

#include <varve/read.h>

/*
 * Whether a caller's bill, or NULL, can be written on.  Returns VARVE_OK or
 * VARVE_INVALID_ARGUMENT.
 */
varve_status varve__bill_check(const varve_bill *bill, varve_error *err);

/* Add up: `cost` to the caller's bill, which has been checked, or nothing to NULL. */
void varve__bill_add(varve_bill *bill, const varve_bill *cost);

#endif
