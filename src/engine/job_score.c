/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/job_score.h"

#include <stdlib.h>

#include "base/mem.h"
#include "data/encode.h"
#include "data/schema.h"
#include "engine/answers.h"

struct score_job {
    struct model *model;
    struct dataset *data;
    struct schema *schema;
    struct split_options split_options;
    enum part part;
    enum fill fill;
    struct pool *pool;

    struct split *split;
    struct frame *frame;
    struct str note;
    struct metrics metrics;
    struct diagnosis diagnosis;
};

struct score_job *score_job_new(struct model *m, struct dataset *data,
                                const struct schema *schema,
                                const struct split_options *split, enum part part,
                                enum fill fill, struct pool *pool)
{
    struct score_job *j = xcalloc(1, sizeof(*j));

    j->model = m;
    j->data = dataset_ref(data);
    j->schema = schema_copy(schema);
    j->split_options = *split;
    j->part = part;
    j->fill = fill;
    j->pool = pool;
    return j;
}

static enum step measure(struct score_job *j, struct error *err)
{
    struct answers a;
    bool done = answers_evaluate(&a, j->model, j->pool, j->frame, j->split, j->part,
                                 j->fill, &j->metrics, err);

    if (done)
        diagnosis_make(&j->diagnosis, model_encoder(j->model), 0, &j->metrics,
                       a.predicted, a.truth, a.n);
    answers_done(&a);
    return done ? STEP_DONE : STEP_FAILED;
}

static enum step run(void *work, struct error *err)
{
    struct score_job *j = work;

    if (!j->split) {
        j->split = split_new(j->data, j->schema, &j->split_options, err);
        return j->split ? STEP_MORE : STEP_FAILED;
    }
    if (j->split->count[j->part] == 0) {
        error_set(err, ERROR_STATE, "there is no %s row in this split",
                  part_name(j->part));
        return STEP_FAILED;
    }
    if (!j->frame) {
        j->frame = encoder_apply(model_encoder(j->model), j->data, &j->note, err);
        return j->frame ? STEP_MORE : STEP_FAILED;
    }
    return measure(j, err);
}

static void release(void *work)
{
    struct score_job *j = work;

    if (j->split)
        split_free(j->split);
    if (j->frame)
        frame_free(j->frame);
    schema_free(j->schema);
    dataset_unref(j->data);
    str_done(&j->note);
    free(j);
}

const struct job_type score_job_type = {
    .name = "evaluate",
    .run = run,
    .free = release,
};

struct metrics score_job_metrics(const struct score_job *j)
{
    return j->metrics;
}

const struct diagnosis *score_job_diagnosis(const struct score_job *j)
{
    return &j->diagnosis;
}

enum part score_job_part(const struct score_job *j)
{
    return j->part;
}

const char *score_job_note(const struct score_job *j)
{
    return str_text(&j->note);
}
