/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The columns of a table that a model reads, each with the features that come of it: one,
 * a number and whether it is missing, or what a date brings. */
#ifndef LENS_INPUT_H
#define LENS_INPUT_H

#include "data/encode.h"

struct input {
    const char *column;            /* the encoder's */
    int *categorical, *continuous; /* numbers of its features */
    int n_categorical, n_continuous;
};

/* All of them, *n; the caller frees them by inputs_free. */
struct input *inputs_new(const struct encoder *e, int *n);
void inputs_free(struct input *inputs, int n);

/* What one row has there becomes what another row has; both frames are of the encoder. */
void input_copy(const struct input *in, const struct frame *from, size_t row,
                struct frame *to, size_t at);
/* A frame of one row that has nothing there: what a missing cell is to the model. The
 * rest of it is 0. */
struct frame *input_missing(const struct input *in, const struct encoder *e);

#endif
