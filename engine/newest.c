#include "engine/newest.h"

#include <pthread.h>

#include "format/batch_repr.h"
#include "format/key.h"
#include "util/alloc.h"
#include "util/fail.h"
#include "util/hash.h"
#include "util/lane.h"

/* About what an entry of a small value takes, so that there is a bucket for each. */
#define BYTES_PER_BUCKET 256
#define BYTES_PER_SHARD 65536

/* What the allocator takes beside, about. */
#define ALLOCATION_BYTES 16

enum { SHARDS_MAX = 64, CHAIN_MAX = 8 };

struct bucket {
    varve__newest_counts writes; /* of its keys */
    varve__newest_entry *first;
    uint32_t missed; /* a part of the hash of the key that was missed last */
};

struct shard {
    pthread_mutex_t lock; /* around all but the counts of writes */
    struct bucket *buckets;
    size_t hand;    /* the bucket that is next to make room */
    uint64_t bytes; /* of the entries */
    uint64_t entries;
    uint64_t hits;
    uint64_t misses;
    uint64_t evictions;
    char rest_of_the_line[VARVE__CACHE_LINE];
};

struct varve__newest {
    varve__newest_counts all; /* writes of all keys */
    uint64_t bytes_max;       /* of the entries of a shard */
    uint64_t fixed_bytes;     /* of this and the buckets */
    size_t shards_count;      /* this and the next are powers of two */
    size_t buckets_count;     /* in each shard */
    struct bucket *memory;    /* of the buckets of all shards */
    struct shard shards[];
};

/* ---- Opening and closing -------------------------------------------------------------------- */

/* The largest power of two that is not above `number`, nor above `max`; 1 for zero. */
static size_t power_below(uint64_t number, size_t max)
{
    size_t power = 1;
    while (power <= max / 2 && 2 * (uint64_t)power <= number)
        power *= 2;
    return power;
}

static void init_counts(varve__newest_counts *counts, uint64_t number)
{
    atomic_init(&counts->started, number);
    atomic_init(&counts->finished, number);
}

static void init_shards(varve__newest *newest)
{
    for (size_t i = 0; i < newest->shards_count; i++) {
        struct shard *shard = &newest->shards[i];
        (void)pthread_mutex_init(&shard->lock, NULL);
        shard->buckets = newest->memory + i * newest->buckets_count;
        for (size_t j = 0; j < newest->buckets_count; j++)
            init_counts(&shard->buckets[j].writes, 0);
    }
}

varve_status varve__newest_open(uint64_t bytes, varve__newest **out, varve_error *err)
{
    size_t shards = power_below(bytes / BYTES_PER_SHARD, SHARDS_MAX);
    size_t buckets = power_below(bytes / shards / BYTES_PER_BUCKET, UINT32_MAX);
    size_t size = sizeof(varve__newest) + shards * sizeof(struct shard);
    uint64_t fixed = size + (uint64_t)shards * buckets * sizeof(struct bucket);
    varve__newest *newest = varve__calloc(1, size);
    if (newest == NULL)
        return varve__fail_no_memory(err, size);
    newest->memory = varve__calloc(shards * buckets, sizeof(struct bucket));
    if (newest->memory == NULL) {
        varve__free(newest);
        return varve__fail_no_memory(err, shards * buckets * sizeof(struct bucket));
    }
    init_counts(&newest->all, VARVE__NEWEST_NO_EPOCH + 1);
    newest->fixed_bytes = fixed;
    newest->bytes_max = bytes > fixed ? (bytes - fixed) / shards : 0;
    newest->shards_count = shards;
    newest->buckets_count = buckets;
    init_shards(newest);
    *out = newest;
    return VARVE_OK;
}

void varve__newest_close(varve__newest *newest)
{
    if (newest == NULL)
        return;
    varve__newest_clear(newest);
    for (size_t i = 0; i < newest->shards_count; i++)
        (void)pthread_mutex_destroy(&newest->shards[i].lock);
    varve__free(newest->memory);
    varve__free(newest);
}

static struct shard *shard_of(varve__newest *newest, uint64_t hash)
{
    return &newest->shards[hash >> 48 & (newest->shards_count - 1)];
}

static struct bucket *bucket_of(const varve__newest *newest, const struct shard *shard,
                                uint64_t hash)
{
    return &shard->buckets[hash & (newest->buckets_count - 1)];
}

/* ---- Writes --------------------------------------------------------------------------------- */

void varve__newest_change_begin(varve__newest *newest)
{
    (void)atomic_fetch_add(&newest->all.started, 1);
}

void varve__newest_change_end(varve__newest *newest)
{
    (void)atomic_fetch_add(&newest->all.finished, 1);
}

/* What a record is counted in; NULL for nothing. */
static varve__newest_counts *counts_of(varve__newest *newest, const varve_record *record)
{
    if (record->type == VARVE_RECORD_LOG)
        return NULL;
    if (record->type == VARVE_RECORD_CLEAR_RANGE)
        return &newest->all;
    size_t size = varve_key_prefix_size(record->key);
    uint64_t hash = varve__hash(varve_slice_of(record->key.data, size));
    return &bucket_of(newest, shard_of(newest, hash), hash)->writes;
}

/* The counts of the next record that has some, from `*offset` on, which moves behind it; or NULL.
 */
static varve__newest_counts *next_counts(varve__newest *newest, varve_slice repr, size_t *offset)
{
    varve__newest_counts *counts = NULL;
    varve_record record;
    while (counts == NULL && *offset < repr.size) {
        *offset = varve__repr_take(repr, *offset, &record);
        counts = counts_of(newest, &record);
    }
    return counts;
}

void varve__newest_write_begin(varve__newest *newest, varve_slice repr, varve__newest_write *write)
{
    varve__newest_counts *counts;
    write->repr = repr;
    write->count = 0;
    write->offset = VARVE_BATCH_HEADER_SIZE;
    /* Found first and counted then: a processor does nothing else while it counts. */
    while (write->count < VARVE__NEWEST_REMEMBERED &&
           (counts = next_counts(newest, repr, &write->offset)) != NULL)
        write->counts[write->count++] = counts;
    for (size_t i = 0; i < write->count; i++)
        (void)atomic_fetch_add(&write->counts[i]->started, 1);
    for (size_t rest = write->offset; (counts = next_counts(newest, repr, &rest)) != NULL;)
        (void)atomic_fetch_add(&counts->started, 1);
}

void varve__newest_write_end(varve__newest *newest, const varve__newest_write *write)
{
    varve__newest_counts *counts;
    for (size_t i = 0; i < write->count; i++)
        (void)atomic_fetch_add(&write->counts[i]->finished, 1);
    for (size_t rest = write->offset; (counts = next_counts(newest, write->repr, &rest)) != NULL;)
        (void)atomic_fetch_add(&counts->finished, 1);
}

static uint64_t started(const varve__newest *newest, const struct bucket *bucket)
{
    return atomic_load(&bucket->writes.started) + atomic_load(&newest->all.started);
}

/* The epoch of what is opened from now on; none during a write. */
static uint64_t epoch_now(const varve__newest *newest, const struct bucket *bucket)
{
    /*
     * In this order.  No count falls, and none of those finished is ahead of its count of those
     * started: if the sums are the same, so is each of the counts, and all that had started when
     * the second were looked at had finished when the first were.
     */
    uint64_t finished = atomic_load(&bucket->writes.finished) + atomic_load(&newest->all.finished);
    uint64_t now = started(newest, bucket);
    return now == finished ? now : VARVE__NEWEST_NO_EPOCH;
}

/* ---- Entries -------------------------------------------------------------------------------- */

static uint64_t size_of(size_t key_size, size_t value_size)
{
    return sizeof(varve__newest_entry) + key_size + value_size + ALLOCATION_BYTES;
}

static bool is_of(const varve__newest_entry *entry, varve_slice prefix)
{
    return varve_slice_equal(varve__newest_prefix(entry), prefix);
}

/* Where the entry of the key is linked to its bucket; the end, if there is none. */
static varve__newest_entry **link_of(struct bucket *bucket, varve_slice prefix)
{
    varve__newest_entry **link = &bucket->first;
    while (*link != NULL && !is_of(*link, prefix))
        link = &(*link)->next;
    return link;
}

/* Move an entry from its bucket to the list of those to be let go once nothing is locked. */
static void take_out(struct shard *shard, varve__newest_entry **link, varve__newest_entry **gone)
{
    varve__newest_entry *entry = *link;
    *link = entry->next;
    entry->next = *gone;
    *gone = entry;
    shard->bytes -= size_of(entry->key_size, entry->value_size);
    shard->entries--;
}

static void put_in(struct shard *shard, struct bucket *bucket, varve__newest_entry *entry)
{
    entry->next = bucket->first;
    bucket->first = entry;
    shard->bytes += size_of(entry->key_size, entry->value_size);
    shard->entries++;
}

void varve__newest_release(const varve__newest_entry *entry)
{
    varve__newest_entry *own = (varve__newest_entry *)(uintptr_t)entry;
    if (own != NULL && atomic_fetch_sub(&own->holders, 1) == 1)
        varve__free(own);
}

static void let_go(varve__newest_entry *gone)
{
    while (gone != NULL) {
        varve__newest_entry *next = gone->next;
        varve__newest_release(gone);
        gone = next;
    }
}

/* ---- Finding -------------------------------------------------------------------------------- */

/* Whether the key that is missed has been kept, or was the last of its bucket that was missed. */
static bool is_missed_again(struct bucket *bucket, uint64_t hash, bool was_kept)
{
    uint32_t part = (uint32_t)(hash >> 16) | 1;
    bool is_again = was_kept || bucket->missed == part;
    bucket->missed = part;
    return is_again;
}

const varve__newest_entry *varve__newest_find(varve__newest *newest, varve_slice prefix,
                                              varve__newest_look *look)
{
    varve__newest_entry *gone = NULL;
    look->hash = varve__hash(prefix);
    look->epoch = VARVE__NEWEST_NO_EPOCH;
    struct shard *shard = shard_of(newest, look->hash);
    struct bucket *bucket = bucket_of(newest, shard, look->hash);
    (void)pthread_mutex_lock(&shard->lock);
    varve__newest_entry **link = link_of(bucket, prefix);
    varve__newest_entry *found = *link;
    if (found != NULL && found->epoch == started(newest, bucket)) {
        found->was_found = true;
        (void)atomic_fetch_add_explicit(&found->holders, 1, memory_order_relaxed);
        shard->hits++;
    } else {
        if (is_missed_again(bucket, look->hash, found != NULL))
            look->epoch = epoch_now(newest, bucket);
        if (found != NULL)
            take_out(shard, link, &gone);
        found = NULL;
        shard->misses++;
    }
    (void)pthread_mutex_unlock(&shard->lock);
    let_go(gone);
    return found;
}

/* ---- Keeping -------------------------------------------------------------------------------- */

static varve__newest_entry *new_entry(uint64_t epoch, varve_slice prefix, varve_slice engine_key,
                                      varve_slice value)
{
    bool exists = engine_key.size > 0;
    varve_slice key = exists ? engine_key : prefix;
    varve__newest_entry *entry = varve__malloc(sizeof *entry + key.size + value.size);
    if (entry == NULL)
        return NULL;
    entry->epoch = epoch;
    atomic_init(&entry->holders, 1);
    entry->was_found = false;
    entry->exists = exists;
    entry->prefix_size = (uint32_t)prefix.size;
    entry->key_size = (uint32_t)key.size;
    entry->value_size = (uint32_t)value.size;
    memcpy(entry->bytes, key.data, key.size);
    if (value.size > 0)
        memcpy(entry->bytes + key.size, value.data, value.size);
    return entry;
}

/* Of the bucket under the hand, let go of what has not been found since it came by. */
static void turn_hand(const varve__newest *newest, struct shard *shard, varve__newest_entry **gone)
{
    struct bucket *bucket = &shard->buckets[shard->hand];
    uint64_t now = started(newest, bucket);
    for (varve__newest_entry **link = &bucket->first; *link != NULL;) {
        varve__newest_entry *entry = *link;
        if (entry->was_found && entry->epoch == now) {
            entry->was_found = false;
            link = &entry->next;
        } else {
            take_out(shard, link, gone);
            shard->evictions++;
        }
    }
    shard->hand = (shard->hand + 1) & (newest->buckets_count - 1);
}

/* A chain must not become long, of keys that were chosen to meet: the oldest that was not found
 * goes. */
static void cut_chain(struct shard *shard, struct bucket *bucket, varve__newest_entry **gone)
{
    unsigned length = 0;
    varve__newest_entry **oldest = &bucket->first;
    for (varve__newest_entry **link = oldest; *link != NULL; link = &(*link)->next) {
        if (!(*link)->was_found || (*oldest)->was_found)
            oldest = link;
        length++;
    }
    if (length < CHAIN_MAX)
        return;
    take_out(shard, oldest, gone);
    shard->evictions++;
}

/* In the place of another of the key, which may have been left there meanwhile. */
static void place(const varve__newest *newest, struct shard *shard, struct bucket *bucket,
                  varve__newest_entry *entry, varve__newest_entry **gone)
{
    uint64_t size = size_of(entry->key_size, entry->value_size);
    varve__newest_entry **former = link_of(bucket, varve__newest_prefix(entry));
    if (*former != NULL)
        take_out(shard, former, gone);
    cut_chain(shard, bucket, gone);
    while (shard->bytes + size > newest->bytes_max)
        turn_hand(newest, shard, gone);
    put_in(shard, bucket, entry);
}

void varve__newest_keep(varve__newest *newest, const varve__newest_look *look, varve_slice prefix,
                        varve_slice engine_key, varve_slice value)
{
    size_t key_size = engine_key.size > 0 ? engine_key.size : prefix.size;
    if (look->epoch == VARVE__NEWEST_NO_EPOCH || value.size > VARVE__NEWEST_RECORD_MAX ||
        key_size + value.size > VARVE__NEWEST_RECORD_MAX ||
        size_of(key_size, value.size) > newest->bytes_max / 2)
        return;
    varve__newest_entry *entry = new_entry(look->epoch, prefix, engine_key, value);
    if (entry == NULL)
        return;
    varve__newest_entry *gone = NULL;
    struct shard *shard = shard_of(newest, look->hash);
    struct bucket *bucket = bucket_of(newest, shard, look->hash);
    (void)pthread_mutex_lock(&shard->lock);
    if (look->epoch == started(newest, bucket)) {
        place(newest, shard, bucket, entry, &gone);
    } else {
        entry->next = NULL;
        gone = entry;
    }
    (void)pthread_mutex_unlock(&shard->lock);
    let_go(gone);
}

/* ---- What it holds -------------------------------------------------------------------------- */

varve__newest_numbers varve__newest_numbers_of(varve__newest *newest)
{
    varve__newest_numbers numbers = {.bytes = 0};
    if (newest == NULL)
        return numbers;
    numbers.bytes = newest->fixed_bytes;
    for (size_t i = 0; i < newest->shards_count; i++) {
        struct shard *shard = &newest->shards[i];
        (void)pthread_mutex_lock(&shard->lock);
        numbers.bytes += shard->bytes;
        numbers.entries += shard->entries;
        numbers.hits += shard->hits;
        numbers.misses += shard->misses;
        numbers.evictions += shard->evictions;
        (void)pthread_mutex_unlock(&shard->lock);
    }
    return numbers;
}

static void clear_shard(const varve__newest *newest, struct shard *shard)
{
    varve__newest_entry *gone = NULL;
    (void)pthread_mutex_lock(&shard->lock);
    for (size_t i = 0; i < newest->buckets_count; i++) {
        struct bucket *bucket = &shard->buckets[i];
        while (bucket->first != NULL)
            take_out(shard, &bucket->first, &gone);
        bucket->missed = 0;
    }
    (void)pthread_mutex_unlock(&shard->lock);
    let_go(gone);
}

void varve__newest_clear(varve__newest *newest)
{
    for (size_t i = 0; i < newest->shards_count; i++)
        clear_shard(newest, &newest->shards[i]);
}
