/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/job_profile.h"

#include <stdlib.h>

#include "base/mem.h"

/* Values listed in all columns together, at most; but so many of each. */
enum { ALL_VALUES = 2000000, LEAST_VALUES = 100 };

struct profile_job {
    struct dataset *data;
    struct schema *schema;
    char *target_key;
    struct target *target;   /* NULL without one */
    struct answers answers;
    struct profiler *profiler; /* of column n_made, NULL: not begun */
    struct profile **made;   /* (columns) NULL: no memory, or handed over */
    int n_made;
    int n_published, n_taken; /* published: columns made, and of them taken */
    bool begun;
};

struct profile_job *profile_job_new(struct dataset *data, const struct schema *schema)
{
    struct profile_job *j = xcalloc(1, sizeof(*j));

    j->data = dataset_ref(data);
    j->schema = schema_copy(schema);
    j->target_key = schema_target_key(schema);
    j->made = xcalloc((size_t)schema->n_columns, sizeof(struct profile *));
    return j;
}

size_t profile_job_values(int n_columns)
{
    size_t each = ALL_VALUES / (size_t)(n_columns > 0 ? n_columns : 1);

    if (each > PROFILE_VALUES)
        return PROFILE_VALUES;
    return each < LEAST_VALUES ? LEAST_VALUES : each;
}

/* A target that cannot be read is left out: the rest is worth having. */
static void read_target(struct profile_job *j)
{
    struct error ignored;

    if (j->schema->target < 0)
        return;
    j->target = target_read(j->data, j->schema, &ignored);
    if (j->target && !answers_init(&j->answers, j->target)) {
        target_free(j->target);
        j->target = NULL;
    }
}

static struct profiler *begin_column(const struct profile_job *j)
{
    int i = j->n_made;
    bool asks = j->target && i != j->schema->target;

    return profiler_new(dataset_column(j->data, i), j->schema->columns[i].decimal,
                        asks ? &j->answers : NULL,
                        profile_job_values(j->schema->n_columns));
}

/* A column for which there is no memory stays without a profile. */
static enum step run(void *work, struct error *err)
{
    struct profile_job *j = work;
    enum step step = STEP_FAILED;

    (void)err;
    if (!j->begun) {
        read_target(j);
        j->begun = true;
        return j->schema->n_columns > 0 ? STEP_MORE : STEP_DONE;
    }
    if (!j->profiler)
        j->profiler = begin_column(j);
    if (j->profiler)
        step = profiler_step(j->profiler);
    if (step == STEP_MORE)
        return STEP_MORE;
    if (step == STEP_DONE)
        j->made[j->n_made] = profiler_take(j->profiler);
    profiler_free(j->profiler);
    j->profiler = NULL;
    return ++j->n_made < j->schema->n_columns ? STEP_MORE : STEP_DONE;
}

static void publish(void *work)
{
    struct profile_job *j = work;

    j->n_published = j->n_made;
}

static void release(void *work)
{
    struct profile_job *j = work;

    for (int i = 0; i < j->n_made; i++)
        profile_free(j->made[i]);
    free(j->made);
    profiler_free(j->profiler);
    target_free(j->target);
    free(j->target_key);
    schema_free(j->schema);
    dataset_unref(j->data);
    free(j);
}

const struct job_type profile_job_type = {
    .name = "profile",
    .run = run,
    .publish = publish,
    .free = release,
};

const struct dataset *profile_job_data(const struct profile_job *j)
{
    return j->data;
}

const char *profile_job_target(const struct profile_job *j)
{
    return j->target_key;
}

void profile_job_take(struct profile_job *j, struct profile **places)
{
    for (; j->n_taken < j->n_published; j->n_taken++) {
        struct profile **made = &j->made[j->n_taken], **place = &places[j->n_taken];

        if (!*made)
            continue;
        profile_free(*place);
        *place = *made;
        *made = NULL;
    }
}

int profile_job_done(const struct profile_job *j)
{
    return j->n_published;
}
