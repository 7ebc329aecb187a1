/*
 * Going on behind what cannot be read.
 *
 * A block of a table that is damaged makes every iterator fail that comes to it, and nothing tells
 * where it ends.  But a seek far enough behind it succeeds.  So a readable place is searched by
 * strides that double, and then, between it and the last place that failed, by halving.
 *
 * Places are told apart by some bytes at a time, behind what both ends have in common; once those
 * are next to each other, by the bytes behind.
 */
#include "engine/iter.h"
#include "util/alloc.h"
#include "util/fail.h"

enum { DIGITS = 12, ROUNDS = 12 };

/* A number of DIGITS bytes, the most significant first: a part of a key. */
struct digits {
    unsigned char at[DIGITS];
};

/* A search.  What lies between the two ends is unknown yet. */
struct search {
    varve_iter *it;
    varve_slice low;        /* cannot be read from, as far as anybody knows */
    varve_slice high;       /* can be, or is where the search ends */
    unsigned char *room[3]; /* for both, and for the place between them that is tried next */
};

static size_t common_size(varve_slice a, varve_slice b)
{
    size_t size = 0;
    while (size < a.size && size < b.size && a.data[size] == b.data[size])
        size++;
    return size;
}

/* The part of a key behind its first bytes; what lies beyond its end is zero. */
static struct digits digits_of(varve_slice key, size_t from)
{
    struct digits digits = {{0}};
    for (size_t i = 0; i < DIGITS && from + i < key.size; i++)
        digits.at[i] = key.data[from + i];
    return digits;
}

static int compare(const struct digits *a, const struct digits *b)
{
    return memcmp(a->at, b->at, DIGITS);
}

/* The middle of two numbers. */
static struct digits halve(const struct digits *low, const struct digits *high)
{
    struct digits sums;
    struct digits middle;
    unsigned carry = 0;
    for (size_t i = DIGITS; i-- > 0;) {
        unsigned sum = low->at[i] + high->at[i] + carry;
        sums.at[i] = (unsigned char)sum;
        carry = sum >> 8;
    }
    for (size_t i = 0; i < DIGITS; i++) {
        unsigned whole = carry << 8 | sums.at[i];
        middle.at[i] = (unsigned char)(whole / 2);
        carry = whole % 2;
    }
    return middle;
}

/* Add a power of two.  Returns false where it, or the sum, has no room. */
static bool add_power(struct digits *digits, unsigned power)
{
    if (power >= 8 * DIGITS)
        return false;
    unsigned carry = 1U << power % 8;
    for (size_t i = DIGITS - power / 8; i-- > 0 && carry > 0;) {
        carry += digits->at[i];
        digits->at[i] = (unsigned char)carry;
        carry >>= 8;
    }
    return carry == 0;
}

static bool can_read(varve_iter *it, varve_slice from)
{
    return varve_iter_seek_ge(it, from) || varve_iter_status(it, NULL) == VARVE_OK;
}

/* Try a place that has the first bytes of `like`; one of the ends moves there. */
static bool try_place(struct search *search, varve_slice like, size_t shared,
                      const struct digits *digits)
{
    unsigned char *room = search->room[2];
    if (shared > 0)
        memmove(room, like.data, shared);
    memcpy(room + shared, digits->at, DIGITS);
    varve_slice place = varve_slice_of(room, shared + DIGITS);
    bool readable = can_read(search->it, place);
    unsigned end = readable ? 1 : 0;
    search->room[2] = search->room[end];
    search->room[end] = room;
    *(readable ? &search->high : &search->low) = place;
    return readable;
}

/* Bring the ends next to each other, as far as the digits behind what they share tell them apart.
 */
static void approach(struct search *search, size_t shared)
{
    struct digits low = digits_of(search->low, shared);
    struct digits high = digits_of(search->high, shared);
    struct digits next = low;
    for (unsigned power = 0; add_power(&next, power) && compare(&next, &high) < 0; power++) {
        if (try_place(search, search->low, shared, &next)) {
            high = next;
            break;
        }
        low = next;
    }
    for (next = halve(&low, &high); compare(&next, &low) != 0; next = halve(&low, &high))
        *(try_place(search, search->low, shared, &next) ? &high : &low) = next;
}

/* Let the lower end have so many bytes. */
static void pad_low(struct search *search, size_t size)
{
    if (search->low.size >= size)
        return;
    memset(search->room[0] + search->low.size, 0, size - search->low.size);
    search->low.size = size;
}

/*
 * The digits are next to each other: go on with those behind, below one of the ends.  Returns false
 * if nothing is left to be told apart.
 */
static bool descend(struct search *search, size_t shared)
{
    static const struct digits last = {
        {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255}};
    const struct digits low = digits_of(search->low, shared);
    const struct digits high = digits_of(search->high, shared);
    if (compare(&low, &high) == 0)
        return false;
    if (search->high.size > shared + DIGITS && !try_place(search, search->high, shared, &high))
        return true;
    pad_low(search, shared + DIGITS);
    return try_place(search, search->low, shared + DIGITS, &last);
}

static void narrow(struct search *search)
{
    bool more = true;
    for (unsigned round = 0; round < ROUNDS && more; round++) {
        size_t shared = common_size(search->low, search->high);
        approach(search, shared);
        more = descend(search, shared);
    }
}

bool varve_iter_seek_past(varve_iter *it, varve_slice from, varve_slice end)
{
    size_t longer = from.size > end.size ? from.size : end.size;
    size_t each = longer + 2 * (ROUNDS + 1) * (size_t)DIGITS;
    unsigned char *room = varve__malloc(3 * each);
    if (room == NULL) {
        (void)varve__fail_no_memory(varve__iter_failed(varve__iter_of(it)), 3 * each);
        return false;
    }
    struct search search = {it,
                            varve_slice_of(room, from.size),
                            varve_slice_of(room + each, end.size),
                            {room, room + each, room + 2 * each}};
    if (from.size > 0)
        memcpy(room, from.data, from.size);
    if (end.size > 0)
        memcpy(room + each, end.data, end.size);
    if (varve_slice_compare(from, end) < 0)
        narrow(&search);
    (void)varve_iter_seek_ge(it, search.high);
    varve__free(room);
    return it->valid;
}
