/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the parts of the encoder share: how one cell is read by one feature. The struct
 * itself is in data/encode.h.
 */
#ifndef DATA_FEATURE_H
#define DATA_FEATURE_H

#include "data/encode.h"

const char *feature_source_name(enum feature_source source); /* "cell", "missing", ... */
bool feature_source_parse(const char *text, enum feature_source *source);

enum { FEATURE_TEXT = 4 }; /* bytes of the text of a date's field */

/* The text of a cell that is not missing for a categorical feature: itself, or "Jan",
 * "Mon", "07" (in buffer). False if the cell has no such field. */
bool feature_text(const struct feature *f, struct cell cell, char buffer[FEATURE_TEXT],
                  struct cell *text);
/* The same for a continuous feature that is not FEATURE_MISSING. */
bool feature_number(const struct feature *f, struct cell cell, double *x);

/* Code of a cell, 0 missing to n + 1 other. */
int32_t feature_code(const struct feature *f, struct cell cell, bool missing);
/* Code of a class by its text, n + 1 if there is none. */
int32_t feature_code_of_text(const struct feature *f, struct cell text);
/* A number as the feature scales it. */
float feature_scale(const struct feature *f, double x);
/* Scaled value of a cell, NAN for none; or 1 or 0 for FEATURE_MISSING. */
float feature_value(const struct feature *f, struct cell cell, bool missing);

/* Makes f->index from f->texts. *distinct: no text is there twice. False: no memory. */
bool feature_make_index(struct feature *f, bool *distinct);
void feature_done(struct feature *f);

/* A new encoder with one reference. */
struct encoder *encoder_make(void);

#endif
