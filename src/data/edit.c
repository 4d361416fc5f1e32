/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/edit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/feature.h"
#include "data/missing.h"

static bool is_of(const struct feature *f, const char *column)
{
    return strcmp(f->column, column) == 0;
}

bool edit_is_read(const struct encoder *e, const char *column)
{
    bool found = false;

    for (int i = 0; i < e->n_categorical; i++)
        found |= is_of(&e->categorical[i], column);
    for (int i = 0; i < e->n_continuous; i++)
        found |= is_of(&e->continuous[i], column);
    return found;
}

char *edit_split(const struct encoder *e, const char *text, const char **value)
{
    for (const char *at = text; (at = strchr(at, '=')); at++) {
        char *column = xstrndup(text, (size_t)(at - text));

        if (edit_is_read(e, column)) {
            *value = at + 1;
            return column;
        }
        free(column);
    }
    return NULL;
}

static enum edit_reading edit_code(const struct feature *f, struct cell text,
                                   bool missing, int32_t *code)
{
    *code = feature_code(f, text, missing);
    if (*code == f->classes)
        return EDIT_UNSEEN;
    return *code == 0 && !missing ? EDIT_ODD : EDIT_KNOWN;
}

static enum edit_reading edit_value(const struct feature *f, struct cell text,
                                    bool missing, float *value)
{
    *value = feature_value(f, text, missing);
    if (!isnan(*value))
        return EDIT_KNOWN;
    *value = 0;
    return missing ? EDIT_KNOWN : EDIT_ODD;
}

enum edit_reading edit_cell(const struct encoder *e, struct frame *f, size_t row,
                            const char *column, struct cell text)
{
    struct missing *marks = missing_new(e->missing);
    bool missing = missing_has(marks, text.text, text.length);
    enum edit_reading worst = missing ? EDIT_MISSING : EDIT_KNOWN, reading;

    missing_free(marks);
    for (int i = 0; i < e->n_categorical; i++) {
        if (!is_of(&e->categorical[i], column))
            continue;
        reading = edit_code(&e->categorical[i], text, missing,
                            &f->codes[row * (size_t)f->n_categorical + (size_t)i]);
        worst = reading > worst ? reading : worst;
    }
    for (int i = 0; i < e->n_continuous; i++) {
        if (!is_of(&e->continuous[i], column))
            continue;
        reading = edit_value(&e->continuous[i], text, missing,
                             &f->values[row * (size_t)f->n_continuous + (size_t)i]);
        worst = reading > worst ? reading : worst;
    }
    return worst;
}
