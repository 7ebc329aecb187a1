#include "tests/support/deeds.h"

#include <stddef.h>
#include <stdio.h>

#include "tests/support/mvcc.h"

static const char *const deed_names[DEED_KINDS] = {
#define DEED_NAME(name) [DEED_##name] = #name,
    DEED_MAP(DEED_NAME)
#undef DEED_NAME
};

const char *deed_name(int kind)
{
    return kind < ACT_KINDS ? act_names[kind] : deed_names[kind];
}

bool deed_is_upkeep(int kind)
{
    return kind >= DEED_FLUSH;
}

bool deed_is_read(int kind)
{
    return kind == ACT_GET || kind == ACT_SCAN || (kind >= DEED_VERSIONS && kind <= DEED_DUMP);
}

/* ---- The ground --------------------------------------------------------------------------------
 */

/* Every fourth has inline values. */
static const char *const key_texts[] = {
    "%00",   "%01k%12a%00%01rdsc", "%01z", "%02", "a", "a%00", "aa", "a%FF", "b", "b%00%01", "bb",
    "%FF%00"};
enum { KEY_COUNT = sizeof key_texts / sizeof key_texts[0] };

void ground_start(struct ground *ground)
{
    varve_slice keys[KEY_COUNT];
    for (size_t i = 0; i < KEY_COUNT; i++)
        keys[i] = mvcc_bytes(key_texts[i]);
    memset(ground, 0, sizeof *ground);
    model_start(&ground->now, keys, KEY_COUNT);
}

bool ground_allows(const struct ground *ground, const struct deed *deed)
{
    bool in_batch = ground->mark_count > 0;
    if (deed->in_past && !ground->has_past)
        return false;
    if (deed->kind < ACT_KINDS)
        return act_fits(&deed->act, deed->in_past ? &ground->past : &ground->now);
    switch (deed->kind) {
    case DEED_BATCH:
        return !in_batch;
    case DEED_COMMIT:
    case DEED_DROP:
        return in_batch;
    case DEED_SAVE:
        return in_batch && ground->mark_count < MARKS_MAX;
    case DEED_ROLL_BACK:
    case DEED_KEEP:
        return ground->mark_count > 1;
    case DEED_SNAPSHOT: /* what a batch has is not seen from outside, if it is one */
        return !in_batch && !ground->has_past;
    case DEED_FORGET:
        return ground->has_past;
    case DEED_OPEN:
        return !in_batch && !ground->has_iter;
    default:
        return deed->kind < DEED_SEEK_GE || deed->kind > DEED_CLOSE || ground->has_iter;
    }
}

static void do_handle(struct ground *ground, int kind)
{
    if (kind == DEED_SNAPSHOT)
        ground->past = ground->now;
    if (kind == DEED_SNAPSHOT || kind == DEED_FORGET)
        ground->has_past = kind == DEED_SNAPSHOT;
    if (kind == DEED_OPEN || kind == DEED_CLOSE)
        ground->has_iter = kind == DEED_OPEN;
}

void ground_do(struct ground *ground, const struct deed *deed, varve_buf *text)
{
    if (deed->kind < ACT_KINDS) {
        act_do_to_model(&deed->act, deed->in_past ? &ground->past : &ground->now, text);
        return;
    }
    switch (deed->kind) {
    case DEED_AUDIT:
        tell(text, "even");
        break;
    case DEED_DUMP:
        model_tell(deed->in_past ? &ground->past : &ground->now, text);
        break;
    case DEED_BATCH:
    case DEED_SAVE:
        ground->marks[ground->mark_count++] = ground->now;
        break;
    case DEED_COMMIT:
        ground->mark_count = 0;
        break;
    case DEED_DROP:
        ground->now = ground->marks[0];
        ground->mark_count = 0;
        break;
    case DEED_ROLL_BACK:
        ground->now = ground->marks[--ground->mark_count];
        break;
    case DEED_KEEP:
        ground->mark_count--;
        break;
    default:
        do_handle(ground, deed->kind);
    }
}

/* ---- Making ------------------------------------------------------------------------------------
 */

struct maker {
    struct acts acts;
    struct ground ground;
    int variants;
};

static size_t below(struct maker *maker, size_t limit)
{
    return test_random_below(&maker->acts.dice, limit);
}

static void make_look(struct maker *maker, struct deed *deed)
{
    static const int kinds[] = {DEED_VERSIONS, DEED_CURSOR, DEED_ITERATE, DEED_CHANGES, DEED_SPLIT,
                                DEED_RECOUNT,  DEED_DUMP,   ACT_GET,      ACT_SCAN};
    act_make_read(&maker->acts, &deed->act);
    deed->kind = kinds[below(maker, sizeof kinds / sizeof kinds[0])];
    deed->in_past = maker->ground.has_past && below(maker, 3) == 0;
    deed->act.after = varve_ts_of((int64_t)below(maker, 20) * maker->acts.unit, 0);
    if (deed->kind < ACT_KINDS)
        deed->act.kind = (enum act_kind)deed->kind;
    if (deed->kind == DEED_RECOUNT && maker->acts.well_kept)
        deed->kind = DEED_AUDIT;
    if (deed->kind == DEED_AUDIT)
        deed->in_past = false;
    if (deed->kind == DEED_AUDIT || below(maker, 4) == 0)
        deed->act.span = (varve_span){bytes(""), bytes("\xFF\xFF")};
}

static int step_of_batch(struct maker *maker)
{
    static const int kinds[] = {DEED_COMMIT, DEED_COMMIT,    DEED_DROP,      DEED_SAVE,
                                DEED_SAVE,   DEED_SAVE,      DEED_SAVE,      DEED_KEEP,
                                DEED_KEEP,   DEED_ROLL_BACK, DEED_ROLL_BACK, DEED_ROLL_BACK};
    return maker->ground.mark_count == 0 ? DEED_BATCH : kinds[below(maker, 12)];
}

static int step_of_iter(struct maker *maker)
{
    static const int kinds[] = {DEED_SEEK_GE,  DEED_SEEK_GE,  DEED_SEEK_LT,  DEED_NEXT,
                                DEED_NEXT,     DEED_PREV,     DEED_PREV,     DEED_NEXT_KEY,
                                DEED_NEXT_KEY, DEED_PREV_KEY, DEED_PREV_KEY, DEED_CLOSE};
    return maker->ground.has_iter ? kinds[below(maker, 12)] : DEED_OPEN;
}

static void make_step(struct maker *maker, struct deed *deed)
{
    size_t roll = below(maker, 8);
    act_make_read(&maker->acts, &deed->act);
    if (roll < 3)
        deed->kind = step_of_batch(maker);
    else if (roll < 7)
        deed->kind = step_of_iter(maker);
    else
        deed->kind = maker->ground.has_past ? DEED_FORGET : DEED_SNAPSHOT;
    if (deed->kind != DEED_OPEN)
        return;
    deed->in_past = maker->ground.has_past && below(maker, 2) == 0;
    deed->is_bounded = below(maker, 2) == 0;
    deed->is_prefix = !deed->is_bounded && below(maker, 3) == 0;
}

/* Some upkeep is for stores that nothing is open over: most of it comes when that is so. */
static void make_upkeep(struct maker *maker, struct deed *deed)
{
    static const int kinds[] = {DEED_REOPEN, DEED_CHECKPOINT, DEED_MOVE, DEED_ASIDE};
    const struct ground *ground = &maker->ground;
    bool is_idle = ground->mark_count == 0 && !ground->has_past && !ground->has_iter;
    *deed = (struct deed){.variant = (int)below(maker, (size_t)maker->variants)};
    act_make_read(&maker->acts, &deed->act);
    if (is_idle && below(maker, 3) != 0)
        deed->kind = kinds[below(maker, 4)];
    else
        deed->kind = DEED_FLUSH + (int)below(maker, DEED_KINDS - DEED_FLUSH);
}

static void make(struct maker *maker, struct deed *deed)
{
    *deed = (struct deed){.kind = 0};
    size_t roll = below(maker, 100);
    if (roll < 64) {
        act_make(&maker->acts, &deed->act);
        deed->kind = (int)deed->act.kind;
    } else if (roll < 77) {
        make_look(maker, deed);
    } else if (roll < 93) {
        make_step(maker, deed);
    }
    /* The less is open, the more upkeep can be done. */
    bool opens = deed->kind == DEED_BATCH || deed->kind == DEED_SNAPSHOT || deed->kind == DEED_OPEN;
    if (roll >= 93 || (opens && below(maker, 2) == 0))
        make_upkeep(maker, deed);
    deed->fate = below(maker, 3) == 0 ? 0 : 1 + below(maker, UINT32_MAX);
}

void deeds_make(test_random dice, bool well_kept, int variants, struct deed *deeds, size_t count)
{
    static struct maker maker;
    varve_buf text = VARVE_BUF_INIT;
    ground_start(&maker.ground);
    acts_start(&maker.acts, dice, &maker.ground.now, well_kept ? INT64_C(750000000) : 1);
    maker.acts.well_kept = well_kept;
    maker.variants = variants;
    for (size_t made = 0; made < count;) {
        make(&maker, &deeds[made]);
        if (!ground_allows(&maker.ground, &deeds[made]))
            continue;
        text.size = 0;
        ground_do(&maker.ground, &deeds[made++], &text);
    }
    if (count > 0)
        deeds[count - 1] = (struct deed){.kind = DEED_DUMP};
    varve_buf_release(&text);
}

/* ---- Text --------------------------------------------------------------------------------------
 */

enum type {
    BOOL,
    INT,
    SIZE,
    UNSIGNED,
    INT32,
    INT64,
    UINT64,
    BYTE,
    TS,
    BYTES,
    VALUE,
    SEQUENCES,
    GC_KEY,
    STATUS
};

/* What a deed is made of, but for its kind. */
static const struct field {
    const char *name;
    enum type type;
    size_t at;
} fields[] = {
#define FIELD(name, type, member)                                                                  \
    {                                                                                              \
        name, type, offsetof(struct deed, member)                                                  \
    }
    FIELD("variant", INT, variant),
    FIELD("past", BOOL, in_past),
    FIELD("bounded", BOOL, is_bounded),
    FIELD("prefix", BOOL, is_prefix),
    FIELD("key", BYTES, act.key),
    FIELD("start", BYTES, act.span.start),
    FIELD("end", BYTES, act.span.end),
    FIELD("ts", TS, act.ts),
    FIELD("after", TS, act.after),
    FIELD("as", BOOL, act.has_txn),
    FIELD("txn", BYTE, act.txn.meta.id[14]),
    FIELD("of", BYTE, act.txn.meta.id[15]),
    FIELD("epoch", INT32, act.txn.meta.epoch),
    FIELD("sequence", INT32, act.txn.meta.sequence),
    FIELD("read", TS, act.txn.read_ts),
    FIELD("write", TS, act.txn.meta.write_ts),
    FIELD("uncertain", TS, act.txn.max_ts),
    FIELD("ignored", SIZE, act.txn.ignored_count),
    FIELD("first", SEQUENCES, act.ignored[0]),
    FIELD("second", SEQUENCES, act.ignored[1]),
    FIELD("blind", BOOL, act.is_blind),
    FIELD("counted", BOOL, act.is_counted),
    FIELD("value", VALUE, act.value),
    FIELD("expects", BOOL, act.expects),
    FIELD("expected", VALUE, act.expected),
    FIELD("missing", BOOL, act.allow_missing),
    FIELD("flag", BOOL, act.flag),
    FIELD("flags", UNSIGNED, act.flags),
    FIELD("max", INT64, act.max),
    FIELD("by", INT64, act.by),
    FIELD("bytes", INT64, act.target_bytes),
    FIELD("intents", SIZE, act.max_intents),
    FIELD("status", STATUS, act.status),
    FIELD("collect", SIZE, act.gc_count),
    FIELD("gc1", GC_KEY, act.gc[0]),
    FIELD("gc2", GC_KEY, act.gc[1]),
    FIELD("gc3", GC_KEY, act.gc[2]),
    FIELD("fate", UINT64, fate),
#undef FIELD
};
enum { FIELD_COUNT = sizeof fields / sizeof fields[0] };

/* What is left out of a line is zero. */
static void tell_field(const struct field *field, const void *at, varve_buf *text)
{
    const struct model_value *value = at;
    const varve_gc_key *gc = at;
    const varve_seq_range *range = at;
    switch (field->type) {
    case BOOL:
        tell(text, "%d", *(const bool *)at);
        break;
    case INT:
        tell(text, "%d", *(const int *)at);
        break;
    case STATUS:
        tell(text, "%d", (int)*(const varve_txn_status *)at);
        break;
    case SIZE:
        tell(text, "%zu", *(const size_t *)at);
        break;
    case UNSIGNED:
        tell(text, "%u", *(const unsigned *)at);
        break;
    case INT32:
        tell(text, "%d", *(const int32_t *)at);
        break;
    case INT64:
        tell(text, "%lld", (long long)*(const int64_t *)at);
        break;
    case UINT64:
        tell(text, "%llu", (unsigned long long)*(const uint64_t *)at);
        break;
    case BYTE:
        tell(text, "%d", *(const unsigned char *)at);
        break;
    case TS:
        tell_ts(text, *(const varve_ts *)at);
        break;
    case BYTES:
        tell_bytes(text, *(const varve_slice *)at);
        break;
    case VALUE:
        tell_bytes(text, varve_slice_of(value->at, value->size));
        break;
    case SEQUENCES:
        tell(text, "%d-%d", range->start, range->end);
        break;
    case GC_KEY:
        tell_bytes(text, gc->key);
        tell(text, "@");
        tell_ts(text, gc->threshold);
        break;
    }
}

static const char *text_of(const struct field *field, const struct deed *deed, varve_buf *text)
{
    text->size = 0;
    tell_field(field, (const char *)deed + field->at, text);
    tell(text, "%s", "");
    return (const char *)text->data;
}

void deed_tell(const struct deed *deed, varve_buf *text)
{
    static const struct deed nothing;
    varve_buf one = VARVE_BUF_INIT;
    varve_buf none = VARVE_BUF_INIT;
    tell(text, "%s", deed_name(deed->kind));
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        const char *told = text_of(&fields[i], deed, &one);
        if (strcmp(told, text_of(&fields[i], &nothing, &none)) != 0)
            tell(text, " %s=%s", fields[i].name, told);
    }
    varve_buf_release(&one);
    varve_buf_release(&none);
}

static bool parse_ts(const char *text, varve_ts *ts)
{
    long long wall;
    return sscanf(text, "%lld,%d", &wall, &ts->logical) == 2 && (ts->wall = wall, true);
}

static bool parse_value(const char *text, struct model_value *value)
{
    varve_slice raw = mvcc_bytes(text);
    if (raw.size > sizeof value->at)
        return false;
    value->size = raw.size;
    memcpy(value->at, raw.data, raw.size);
    return true;
}

static bool parse_gc(char *text, varve_gc_key *gc)
{
    char *at = strrchr(text, '@');
    if (at == NULL)
        return false;
    *at = '\0';
    gc->key = mvcc_bytes(text);
    return parse_ts(at + 1, &gc->threshold);
}

static bool parse_number(enum type type, const char *text, void *at)
{
    char *end;
    long long number = strtoll(text, &end, 10);
    if (*end != '\0' || end == text)
        return false;
    if (type == BOOL)
        *(bool *)at = number != 0;
    else if (type == INT)
        *(int *)at = (int)number;
    else if (type == STATUS)
        *(varve_txn_status *)at = (varve_txn_status)number;
    else if (type == SIZE)
        *(size_t *)at = (size_t)number;
    else if (type == UNSIGNED)
        *(unsigned *)at = (unsigned)number;
    else if (type == INT32)
        *(int32_t *)at = (int32_t)number;
    else if (type == INT64)
        *(int64_t *)at = number;
    else if (type == UINT64)
        *(uint64_t *)at = (uint64_t)number;
    else
        *(unsigned char *)at = (unsigned char)number;
    return true;
}

static bool parse_field(const struct field *field, char *text, void *at)
{
    varve_seq_range *range = at;
    switch (field->type) {
    case TS:
        return parse_ts(text, at);
    case BYTES:
        *(varve_slice *)at = mvcc_bytes(text);
        return true;
    case VALUE:
        return parse_value(text, at);
    case SEQUENCES:
        return sscanf(text, "%d-%d", &range->start, &range->end) == 2;
    case GC_KEY:
        return parse_gc(text, at);
    default:
        return parse_number(field->type, text, at);
    }
}

static bool parse_argument(char *argument, struct deed *deed)
{
    char *equals = strchr(argument, '=');
    if (equals == NULL)
        return false;
    *equals = '\0';
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (strcmp(fields[i].name, argument) == 0)
            return parse_field(&fields[i], equals + 1, (char *)deed + fields[i].at);
    }
    return false;
}

bool deed_parse(char *line, struct deed *deed)
{
    char *rest = NULL;
    const char *name = strtok_r(line, " \n", &rest);
    int kind = 0;
    if (name == NULL)
        return false;
    while (kind < DEED_KINDS && strcmp(name, deed_name(kind)) != 0)
        kind++;
    *deed = (struct deed){.kind = kind};
    if (kind < ACT_KINDS)
        deed->act.kind = (enum act_kind)kind;
    for (char *argument; (argument = strtok_r(NULL, " \n", &rest)) != NULL;) {
        if (!parse_argument(argument, deed))
            return false;
    }
    return kind < DEED_KINDS && deed->variant >= 0 && deed->act.gc_count <= ACT_GC_KEYS &&
           deed->act.txn.ignored_count <= ACT_RANGES;
}

bool deed_simplify(struct deed *deed, size_t n)
{
    struct act *act = &deed->act;
    switch (n) {
    case 0:
        deed->fate = 0;
        return true;
    case 1:
        deed->in_past = deed->is_bounded = deed->is_prefix = false;
        return true;
    case 2:
        act->flags = 0;
        return true;
    case 3:
        act->target_bytes = 0;
        act->max_intents = 0;
        return true;
    case 4:
        act->max = -1;
        return true;
    case 5:
        act->txn.ignored_count = 0;
        return true;
    case 6:
        act->txn.max_ts = varve_ts_zero();
        return true;
    case 7:
        act->is_counted = act->flag = false;
        return true;
    case 8:
        act->has_txn = false;
        return true;
    default:
        return false;
    }
}
