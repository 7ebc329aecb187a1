/*
 * Stores that were opened in different ways, write in different ways and are looked after in
 * different ways, and have to behave alike all the same.
 */
#ifndef VARVE_TESTS_SUPPORT_VARIANTS_H
#define VARVE_TESTS_SUPPORT_VARIANTS_H

#include "tests/support/deeds.h"

enum { VARIANT_COUNT = 9 };

/* Where a variant can go back to. */
struct mark {
    varve_stats stats;
    varve_buf
        records; /* for those that write past batches: all, as a batch that brings them back */
};

struct variant {
    int number;
    varve_engine *engine;
    varve_stats stats;       /* of everything, told by all counted writes */
    varve_batch *batch;      /* that of the history, of those that take batches for it */
    varve_snapshot *beneath; /* what that is over, now and then */
    varve_snapshot *past;
    varve_iter *iter;
    struct mark marks[MARKS_MAX];
    size_t mark_count;
    bool over_past; /* the iterator shows the snapshot */
    varve_error err;
};

const char *variant_name(int number);

void variant_open(struct variant *variant, int number);
void variant_close(struct variant *variant);

/* What shows the present. */
varve_reader *variant_reader(const struct variant *variant);

/*
 * Do the deed, and tell what it comes to.  Upkeep is for the variant of its number only, and tells
 * something only if it has changed what the store shows.  Returns whether anything was done: some
 * upkeep is for stores on the disk, or for those that nothing is open over.
 */
bool variant_do(struct variant *variant, const struct deed *deed, varve_buf *text);

#endif
