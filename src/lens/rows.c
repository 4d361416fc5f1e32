/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lens/rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/schema.h"

enum { CLASSES_NAMED = 8 };

void rows_init(struct rows *r, const struct rows_request *asked, bool targets)
{
    *r = (struct rows){.asked = *asked, .targets = targets};
    r->asked.model = model_ref(asked->model);
    r->asked.data = dataset_ref(asked->data);
    r->asked.schema = schema_copy(asked->schema);
}

void rows_done(struct rows *r)
{
    split_free(r->split);
    if (r->frame)
        frame_free(r->frame);
    schema_free((struct schema *)r->asked.schema);
    dataset_unref(r->asked.data);
    model_unref(r->asked.model);
    str_done(&r->note);
}

enum step rows_step(struct rows *r, struct error *err)
{
    const struct encoder *e = model_encoder(r->asked.model);

    if (r->frame)
        return STEP_DONE;
    if (r->asked.part != PART_NONE && !r->split) {
        r->split = split_new(r->asked.data, r->asked.schema, &r->asked.split, err);
        return r->split ? STEP_MORE : STEP_FAILED;
    }
    if (r->targets)
        r->frame = encoder_apply(e, r->asked.data, &r->note, err);
    else
        r->frame = encoder_apply_inputs(e, r->asked.data, err);
    return r->frame ? STEP_DONE : STEP_FAILED;
}

static bool is_asked(const struct rows *r, size_t row, int class)
{
    if (r->split && r->split->part[row] != r->asked.part)
        return false;
    return class < 0 || (!isnan(r->frame->target[row])
                         && (int)r->frame->target[row] == class);
}

uint32_t *rows_pick(const struct rows *r, int class, size_t *n, struct error *err)
{
    uint32_t *picked = try_alloc(r->frame->rows + 1, sizeof *picked);

    *n = 0;
    if (!picked) {
        error_set(err, ERROR_MEMORY, "no memory for the numbers of %zu rows",
                  r->frame->rows);
        return NULL;
    }
    for (size_t row = 0; row < r->frame->rows; row++)
        if (is_asked(r, row, class))
            picked[(*n)++] = (uint32_t)row;
    if (*n > 0)
        return picked;
    free(picked);
    error_set(err, ERROR_STATE, "there is no such row in the %s part",
              r->split ? part_name(r->asked.part) : "whole");
    return NULL;
}

int rows_find_class(const struct rows *r, const char *text, struct error *err)
{
    const struct encoder *e = model_encoder(r->asked.model);
    struct str names = {0};
    char *shown;

    for (int c = 0; c < e->n_classes; c++)
        if (strcmp(e->classes[c], text) == 0)
            return c;
    if (e->n_classes == 0) {
        error_set(err, ERROR_INPUT, "this model predicts no class");
        return -1;
    }
    for (int c = 0; c < e->n_classes && c < CLASSES_NAMED; c++) {
        str_puts(&names, c ? ", " : "");
        show_to(&names, e->classes[c], strlen(e->classes[c]), 20);
    }
    shown = show(text, 0);
    error_set(err, ERROR_INPUT, "no class \"%s\": the classes are %s%s", shown,
              str_text(&names), e->n_classes > CLASSES_NAMED ? ", ..." : "");
    free(shown);
    str_done(&names);
    return -1;
}
