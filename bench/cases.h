/*
 * What is measured: operations, each by several contenders in lanes beside each other, and the
 * states of the data in which they are.
 */
#ifndef VARVE_BENCH_CASES_H
#define VARVE_BENCH_CASES_H

#include "bench/data.h"

/* ---- Operations */

/* How the time of a round is taken. */
typedef enum bench_mode {
    BENCH_ROUND,   /* all of it at once */
    BENCH_THREADS, /* all of it at once, of several threads */
    BENCH_TOUCHED, /* key by key, with a write beside the data before each */
    BENCH_BESIDE   /* key by key, while another thread writes batches */
} bench_mode;

/* What a round is as long as, in classes that take about the same time each. */
typedef enum bench_amount {
    BENCH_POINTS, /* so many keys */
    BENCH_ROWS,   /* scans of so many rows together */
    BENCH_STEPS,  /* so many records of a walk */
    BENCH_WRITES, /* so many keys */
    BENCH_ALL,    /* all records */
    BENCH_AMOUNTS
} bench_amount;

/* One way of doing an operation. */
typedef struct bench_lane {
    const char *name; /* "CONTENDER" or "CONTENDER WHAT"; NULL ends a list */
    bench_op op;
    unsigned limit;    /* steps before a seek */
    unsigned threads;  /* with BENCH_THREADS */
    unsigned versions; /* only in states with at least so many versions; 0: in all */
    bool l0_only;      /* only in states with level 0 */
    bool own_pick;     /* other keys than the operation's, */
    bench_pick pick;   /* these; what it sees is not compared */
} bench_lane;

enum { BENCH_LANES_MAX = 16 };

/* One operation; its first lane is what the others are held against. */
typedef struct bench_operation {
    const char *name;
    const char *unit; /* of what the time is told for */
    bench_mode mode;
    bench_amount amount;
    bench_pick pick;
    unsigned rows;  /* of a scan */
    unsigned batch; /* keys in a commit */
    size_t count;   /* keys in a round, whatever the amount; 0: by the amount */
    size_t units;   /* in a round, whatever the amount; 0: by the amount */
    unsigned versions_min;
    unsigned versions_max; /* 0: any number */
    bool narrow;           /* measured in narrow states too */
    bool rows_only;        /* measured only where the number of rows is what matters */
    bool writes;           /* changes the stores: such operations come last */
    bool prepared;         /* the keys are put right before each round, which does not count */
    const bench_lane *lanes;
} bench_operation;

/* All operations, until one without a name. */
extern const bench_operation bench_operations[];

/* ---- Plans */

typedef enum bench_profile {
    BENCH_SMOKE, /* everything, too small to mean anything: for the tests */
    BENCH_QUICK,
    BENCH_FULL,
    BENCH_GRID,
    BENCH_COCKROACH,
    BENCH_PROFILES
} bench_profile;

enum bench_state_flags {
    BENCH_STATE_NARROW = 1, /* a few operations only */
    BENCH_STATE_FEW = 2,    /* varve and RocksDB only */
    BENCH_STATE_ROWS = 4    /* scans of all lengths */
};

/* A shape of the data, and what to measure on it. */
typedef struct bench_state {
    bench_shape shape;
    unsigned flags;
} bench_state;

enum { BENCH_STATES_MAX = 64 };

typedef struct bench_plan {
    const char *name;
    unsigned starts; /* how many times all of it is done, by a process each */
    unsigned rounds; /* in each of them */
    size_t amounts[BENCH_AMOUNTS];
    bench_state states[BENCH_STATES_MAX];
    size_t states_count;
} bench_plan;

void bench_plan_init(bench_plan *plan, bench_profile profile);

/* Whether an operation is measured in a state, and a lane of it. */
bool bench_operation_fits(const bench_operation *operation, const bench_state *state);
bool bench_lane_fits(const bench_lane *lane, const bench_state *state);

/* The contender of a lane, the first word of its name; NULL if it was not built in. */
const bench_contender *bench_lane_contender(const bench_lane *lane);

/*
 * Whether STATE/OPERATION is wanted: a glob over all of that, or, if it holds no slash, over one of
 * the parts.  No globs want everything.
 */
bool bench_wanted(char *const *globs, size_t count, const char *state, const char *operation);

/* Whether a lane is wanted: one of the globs is over its name.  No globs want all. */
bool bench_lane_wanted(char *const *globs, size_t count, const char *lane);

#endif
