/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cells of an encoded row that a person changes: what a model reads in the new text. */
#ifndef DATA_EDIT_H
#define DATA_EDIT_H

#include "data/encode.h"

enum edit_reading {
    EDIT_KNOWN,   /* a class, a number or a date */
    EDIT_MISSING, /* one of the marks that mean so to the model, or empty */
    EDIT_UNSEEN,  /* a class that training did not know, all of which share one place */
    EDIT_ODD,     /* no number or date where one should be: counts as missing */
};

/* What is to be said of it: "unseen in training: counts as other"; "" of KNOWN. */
const char *edit_reading_text(enum edit_reading reading);

/* The column of the table that has this name, or had it in its file, if the model reads
 * it: as the encoder calls it. NULL: it does not. */
const char *edit_column(const struct encoder *e, const struct dataset *d,
                        const char *name);

/* Of COLUMN=VALUE the column likewise, and where in the text the value begins. Names may
 * hold = themselves: the shortest beginning that the model reads is taken. NULL: there is
 * none. */
const char *edit_split(const struct encoder *e, const struct dataset *d, const char *text,
                       const char **value);

/* Puts the text into the row's cell of that column, which the model reads: in all
 * features that come of it. */
enum edit_reading edit_cell(const struct encoder *e, struct frame *f, size_t row,
                            const char *column, struct cell text);

#endif
