/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A table made ready for a model: its schema with a target, split, encoder and frame. */
#ifndef TESTS_SUBJECT_H
#define TESTS_SUBJECT_H

#include "base/rng.h"
#include "data/infer.h"
#include "data/split.h"
#include "model/grower.h"
#include "table.h"
#include "test.h"

/* A table that can be learned: categorical a, b, continuous x, weights, and a target of
 * each task: yes, kind, price. The x of odd_row is another (-1: none is). */
static inline struct dataset *learnable_table(int rows, int odd_row)
{
    struct rng r = rng_make(2, RNG_TEST, 0);
    struct str text = {0};
    struct dataset *d;

    str_puts(&text, "a,b,x,yes,kind,price,weight\n");
    for (int i = 0; i < rows; i++) {
        int a = (int)rng_below(&r, 4), b = (int)rng_below(&r, 4);
        double x = rng_normal(&r) + (i == odd_row);

        str_printf(&text, "%c,%c,%.4f,%s,k%d,%.3f,%d\n", "pqrs"[a], "tuvw"[b], x,
                   (a == b) != (x > 1) ? "yes" : "no", (a + b) % 3, 50 * x + 10 * a,
                   1 + i % 3);
    }
    d = table_load(text.text, text.length);
    str_done(&text);
    return d;
}

struct subject {
    struct dataset *data;
    struct schema *schema;
    struct split *split;
    struct encoder *encoder;
    struct frame *frame;
};

/* The rest of what has a table and a schema, whose columns may have been marked. Ends the
 * program where the table cannot be encoded. */
static inline void subject_make(struct subject *s, const char *target,
                                const struct split_options *split)
{
    struct encode_options encode = encode_defaults();
    struct error err = {0};

    check(schema_set_target(s->schema, s->data, schema_find(s->schema, target), NULL,
                            TASK_NONE, NULL, &err));
    s->split = split_new(s->data, s->schema, split, &err);
    s->encoder = encoder_fit(s->data, s->schema, s->split, &encode, NULL, &err);
    s->frame = s->encoder ? encoder_apply(s->encoder, s->data, NULL, &err) : NULL;
    if (!s->frame) {
        printf("# %s\n", err.text);
        exit(99);
    }
}

/* Whether there are no boosted trees; then the test is skipped. */
static inline bool no_xgboost(void)
{
    if (!grower_version())
        test_skip("built without XGBoost");
    return !grower_version();
}

/* Takes over the table. `weight` (may be NULL) names a column of weights. */
static inline struct subject subject_new(struct dataset *data, const char *target,
                                         const char *weight)
{
    struct subject s = {.data = data, .schema = infer_schema(data)};
    struct split_options split = split_defaults();
    struct error err = {0};

    if (weight)
        check(schema_mark(s.schema, schema_find(s.schema, weight), KIND_WEIGHT, &err));
    subject_make(&s, target, &split);
    return s;
}

static inline void subject_done(struct subject *s)
{
    frame_free(s->frame);
    encoder_unref(s->encoder);
    split_free(s->split);
    schema_free(s->schema);
    dataset_unref(s->data);
}

#endif
