/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a person wants to know of one column: values and how frequent they are, how its
 * numbers lie, and how the target goes with it. It does not ask for which kind the column
 * is taken, so that marking needs no new one; a column without numbers that holds dates
 * or times of day is looked at in seconds.
 *
 * A profile refers to texts of its dataset.
 */
#ifndef DATA_PROFILE_H
#define DATA_PROFILE_H

#include "base/step.h"
#include "data/datetime.h"
#include "data/signal.h"

enum {
    PROFILE_BINS = 20,      /* of the histogram at most */
    PROFILE_VALUES = 10000, /* that are listed at most; the others are summed up */
    PROFILE_TENTHS = 10,
    PROFILE_QUANTILES = 5,  /* 5, 25, 50, 75, 95 % */
};

struct profile_value {
    struct cell text;
    size_t rows;
    double rate; /* of the target in these rows; NAN: not known */
};

/* A tenth of the numbers. Equal ones are in the same, so that some may be larger and
 * others not there. */
struct profile_tenth {
    double low, high;
    size_t rows;
    double rate;
};

struct profile {
    size_t rows, missing;
    size_t distinct; /* texts, of cells that are not missing */

    /* the most frequent first, ties in order of the rows */
    struct profile_value *values; /* (n_values) */
    size_t n_values;
    size_t rest_rows;                /* of the distinct - n_values further texts */
    double rest_rate, missing_rate;

    /* numbers; NAN where there are none */
    enum datetime_form form; /* of dates: seconds since 1970, of times since midnight */
    size_t numeric;          /* cells */
    size_t zeros;            /* 0 of dates */
    bool whole;              /* no number has decimals */
    double min, max, mean, deviation, skew;
    double quantiles[PROFILE_QUANTILES];
    int n_bins;
    double low, width;       /* bin i: from low + i width to before the next one's */
    size_t bins[PROFILE_BINS];
    size_t below, above;     /* numbers outside of the histogram */
    int n_tenths;
    struct profile_tenth tenths[PROFILE_TENTHS];

    /* the target; NAN without one, and in its own column */
    double number_signal, value_signal; /* as data/signal.h has it: by tenths; by the
                                           most frequent values (of five rows and more),
                                           others, missing */
};

/*
 * The histogram: up to 20 equal bins. A tail that is longer than half of what lies
 * between the quantiles 0.5 % and 99.5 % would press all other numbers into one bin: it
 * is left out there and counted in `below` and `above`, unless there is nothing between
 * them. Whole numbers have bins of a whole width; fewer than 20 different ones are all
 * there.
 */

struct profiler;

/* decimal: '.' or ','. answers: NULL without a target; they must outlive the profiler,
 * the column the profile. At most `values` of them are listed. NULL: no memory. */
struct profiler *profiler_new(const struct column *c, int decimal,
                              const struct answers *answers, size_t values);
/* A slice of some milliseconds. FAILED: no memory. */
enum step profiler_step(struct profiler *p);
/* After DONE, once. */
struct profile *profiler_take(struct profiler *p);
void profiler_free(struct profiler *p);

/* All at once. NULL: no memory. */
struct profile *profile_column(const struct column *c, int decimal,
                               const struct answers *answers, size_t values);
void profile_free(struct profile *p);

/* Takes out what the target did: it is another one now. */
void profile_forget_target(struct profile *p);

/* The signal that counts for a column of that kind. */
double profile_signal(const struct profile *p, enum kind kind);

#endif
