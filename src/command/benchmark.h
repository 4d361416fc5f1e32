/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a benchmark is asked for, and the trainings that it takes: every model on every
 * split of every table with every number of labels, round by round. The same splits,
 * labels and seeds are there for all models.
 */
#ifndef COMMAND_BENCHMARK_H
#define COMMAND_BENCHMARK_H

#include "command/contender.h"
#include "command/space.h"
#include "engine/session.h"

enum { BENCHMARK_MODELS = 32 }; /* at most */

/* Models and labels are counted as the study has them. */
struct benchmark {
    const struct contender *models[BENCHMARK_MODELS];
    struct space spaces[BENCHMARK_MODELS]; /* what further rounds draw */
    struct table **tables;                 /* (n_tables) of the session */
    int n_tables;
    int splits, rounds; /* rounds: those that draw, behind the one that does not */
    int seeds;          /* of the models whose predictions are averaged */
    int body_epochs;    /* of pre-training; 0: as of training */
    uint64_t seed;      /* of what is drawn */
};

/* Refused: a table that has fewer folds than splits are asked for. */
bool benchmark_check(const struct benchmark *b, struct error *err);
/* About as many rows of the table are for training. */
double benchmark_training_rows(const struct table *t);
/* Adds tables, bodies and trials to the plan of the study, which has models and labels;
 * usual: the settings that models begin with. */
void benchmark_plan(const struct benchmark *b, const struct settings *usual,
                    struct study *s);

#endif
