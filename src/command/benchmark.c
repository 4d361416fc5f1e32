/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/benchmark.h"

#include <math.h>

#include "base/mem.h"
#include "command/studying.h"

/* The table's own split and those behind it: its folds, if it has some, else seeds. */
static struct split_options split_of(const struct table *t, int number)
{
    struct split_options o = t->split;

    if (o.folds > 0)
        o.fold = (o.fold + number) % o.folds;
    else
        o.seed += (uint64_t)number;
    return o;
}

bool benchmark_check(const struct benchmark *b, struct error *err)
{
    for (int i = 0; i < b->n_tables; i++) {
        const struct table *t = b->tables[i];

        if (t->split.folds > 0 && t->split.folds < b->splits)
            return error_set(err, ERROR_USAGE, "%s has %d folds, so it cannot be split "
                             "%d times: say --splits %d, or `split` it anew", t->name,
                             t->split.folds, b->splits, t->split.folds);
    }
    return true;
}

double benchmark_training_rows(const struct table *t)
{
    const struct split_options *o = &t->split;
    double share = o->train / (o->train + o->valid + o->test);

    if (o->folds > 0)
        share = o->train / (o->train + o->valid) * (o->folds - 1) / o->folds;
    return floor(share * (double)dataset_rows(t->data));
}

/* The body for that fit, one for all numbers of labels and all rounds. */
static int body_for(struct study *s, const struct benchmark *b,
                    const struct study_fit *fit, enum pretext pretext)
{
    struct study_fit body = *fit;
    size_t n = s->plan->n_bodies;

    body.pretext = pretext;
    body.split.labeled = -1;
    if (b->body_epochs > 0)
        body.train.epochs = b->body_epochs;
    for (size_t i = 0; i < n; i++) {
        const struct study_fit *known = &s->plan->bodies[i].fit;

        if (known->table == body.table && known->pretext == pretext
            && known->split.fold == body.split.fold
            && known->split.seed == body.split.seed)
            return (int)i;
    }
    return study_add_body(s->plan, &body);
}

/* A body has its shape: what is drawn leaves it. */
static void keep_shape(struct settings *drawn, const struct model_options *shape)
{
    double dropout = drawn->model.dropout, head_dropout = drawn->model.head_dropout;

    drawn->model = *shape;
    drawn->model.dropout = dropout;
    drawn->model.head_dropout = head_dropout;
}

static void add_rounds(const struct benchmark *b, const struct settings *usual,
                       struct study *s, struct study_trial t)
{
    const struct contender *model = b->models[t.model];

    for (t.round = 0; t.round <= b->rounds; t.round++) {
        struct settings settings = *usual;

        contender_take(model, &settings);
        settings.train.seed += (uint64_t)t.split;
        fit_take_settings(&t.fit, &settings);
        if (t.round == 0)
            t.body = model->pretext == PRETEXT_NONE
                ? -1 : body_for(s, b, &t.fit, model->pretext);
        if (t.round > 0)
            space_draw(&b->spaces[t.model], b->seed + (uint64_t)t.split, t.round,
                       &settings);
        if (t.body >= 0)
            keep_shape(&settings, &s->plan->bodies[t.body].fit.model);
        fit_take_settings(&t.fit, &settings);
        t.key = study_key(s, &t);
        t.settings = fit_text(&t.fit);
        study_add_trial(s->plan, &t);
    }
}

/* Split by split, so that a benchmark that is cut off has something of everything. */
void benchmark_plan(const struct benchmark *b, const struct settings *usual,
                    struct study *s)
{
    struct study_trial t = {.seeds = b->seeds};

    for (int k = 0; k < b->n_tables; k++)
        study_add_table(s->plan, b->tables[k]->name, b->tables[k]->data,
                        b->tables[k]->schema);
    for (t.split = 0; t.split < b->splits; t.split++)
        for (t.fit.table = 0; t.fit.table < b->n_tables; t.fit.table++)
            for (t.labels = 0; t.labels < s->n_labels; t.labels++)
                for (t.model = 0; t.model < s->n_models; t.model++) {
                    t.fit.split = split_of(b->tables[t.fit.table], t.split);
                    if (s->labels[t.labels] >= 0)
                        t.fit.split.labeled = s->labels[t.labels];
                    add_rounds(b, usual, s, t);
                }
}
