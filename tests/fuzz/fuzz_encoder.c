/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any JSON as the encoder of a model file: it is refused with a sentence, or it is
 * written back the same and turns a table into numbers that fit it. How to fuzz is said
 * in fuzz_csv.c.
 */
#include <jansson.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "data/encode.h"
#include "../table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fail(const char *what)
{
    fprintf(stderr, "fuzz_encoder: %s\n", what);
    abort();
}

static void check_frame(const struct encoder *e, const struct frame *f)
{
    size_t m = (size_t)e->n_categorical, c = (size_t)e->n_continuous;

    for (size_t row = 0; row < f->rows; row++) {
        for (size_t i = 0; i < m; i++) {
            int32_t code = f->codes[row * m + i];

            if (code < 0 || code > e->categorical[i].classes)
                fail("a code beyond the classes");
        }
        for (size_t i = 0; i < c; i++)
            if (!isfinite(f->values[row * c + i]))
                fail("a value that is not finite");
        if (e->n_classes > 0 && !isnan(f->target[row]) &&
            !(f->target[row] >= 0 && f->target[row] < (float)e->n_classes))
            fail("a target beyond the classes");
    }
}

static void check_encoder(const struct encoder *e)
{
    struct dataset *d =
        table_of("a,b,day,note,weight,y\np,0.5,2024-01-10,\"say \"\"0\"\"\",1,yes\n"
                 "q,,2024-02-30,,2,no\n,1e300,,é,1,\nz,x,1999-12-31,p,0,7\n");
    json_t *json = encoder_to_json(e), *second;
    struct error err = {0};
    struct encoder *again = encoder_from_json(json, &err);
    struct frame *f = encoder_apply(e, d, NULL, &err);

    if (!again)
        fail("does not read what it wrote");
    second = encoder_to_json(again);
    if (!json_equal(json, second))
        fail("reads other than it wrote");
    if (f)
        check_frame(e, f);
    else if (err.text[0] == '\0')
        fail("a table refused without a sentence");
    frame_free(f);
    encoder_unref(again);
    json_decref(json);
    json_decref(second);
    dataset_unref(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* as model_open reads it */
    json_t *json = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
    struct error err = {0};
    struct encoder *e;

    if (!json)
        return 0;
    e = encoder_from_json(json, &err);
    if (e)
        check_encoder(e);
    else if (err.kind == ERROR_NONE || err.text[0] == '\0')
        fail("refused without a sentence");
    encoder_unref(e);
    json_decref(json);
    return 0;
}
