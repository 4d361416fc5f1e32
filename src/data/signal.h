/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How much of a target groups of rows tell: the share of its variation that lies between
 * the groups and not within them. Of numbers that is eta squared, of classes the tau of
 * Goodman and Kruskal, which for two classes is eta squared too. 0: knowing the group
 * helps nothing; 1: it says all.
 *
 * Groups made by chance tell a little as well, (groups - 1) / (rows - 1) on average: that
 * is taken off (Kelley's correction), and what is not three standard deviations above it
 * counts as 0.
 */
#ifndef DATA_SIGNAL_H
#define DATA_SIGNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/target.h"

/* A target made ready for counting. It refers to the struct target. */
struct answers {
    const struct target *target;
    int chosen;             /* the class whose share is a rate: the positive one, or the
                               most frequent, of several the first in the rows; -1 for
                               numbers */
    size_t known;           /* rows with a target */
    double mean, deviation; /* of numbers; of classes: the share of the chosen one */
};

/* False: no memory. The target must not be TASK_NONE. */
bool answers_init(struct answers *a, const struct target *t);

struct signal {
    const struct answers *answers;
    int n;            /* groups */
    size_t *known;    /* (n) rows with a target */
    double *sum;      /* (n) rows of the chosen class, or sum of standardised values */
    uint32_t *counts; /* (n, classes), NULL: not to be counted, or numbers */
};

/* `shares`: whether signal_share will be asked. False: no memory. */
bool signal_init(struct signal *s, const struct answers *a, int groups, bool shares);
void signal_done(struct signal *s);

static inline void signal_add(struct signal *s, int group, size_t row)
{
    const struct target *t = s->answers->target;

    if (t->class_of) {
        int32_t class = t->class_of[row];

        if (class < 0)
            return;
        s->known[group]++;
        s->sum[group] += class == s->answers->chosen;
        if (s->counts)
            s->counts[(size_t)group * (size_t)t->n_classes + (size_t)class]++;
    } else if (t->value[row] == t->value[row]) {
        s->known[group]++;
        s->sum[group] += (t->value[row] - s->answers->mean) / s->answers->deviation;
    }
}

/* Share of the chosen class or mean of the values in a group; NAN without any. */
double signal_rate(const struct signal *s, int group);
/* 0..1 as above. */
double signal_share(const struct signal *s);

/* In a word: "none", "faint", "weak", "clear", "strong", "total"; "" of a NAN. */
const char *signal_word(double share);

#endif
