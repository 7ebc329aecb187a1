#include "mvcc/bill.h"

#include "util/fail.h"

/* All members behind the size are of one kind, which makes adding them up a matter of counting. */
#define MEMBERS ((sizeof(varve_bill) - sizeof(size_t)) / sizeof(uint64_t))
_Static_assert(sizeof(varve_bill) == sizeof(size_t) + 9 * sizeof(uint64_t), "only numbers");

varve_status varve__bill_check(const varve_bill *bill, varve_error *err)
{
    size_t size;
    return bill == NULL ? VARVE_OK : varve__struct_size(bill, "varve_bill", &size, err);
}

void varve__bill_add(varve_bill *bill, const varve_bill *cost)
{
    if (bill == NULL)
        return;
    uint64_t *to = &bill->keys;
    const uint64_t *from = &cost->keys;
    size_t given = (bill->struct_size - sizeof(size_t)) / sizeof(uint64_t);
    for (size_t i = 0; i < MEMBERS && i < given; i++)
        to[i] += from[i];
}
