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

const char *edit_column(const struct encoder *e, const struct dataset *d,
                        const char *name)
{
    int place = dataset_find(d, name);

    if (place >= 0)
        name = column_name(dataset_column(d, place));
    for (int i = 0; i < e->n_categorical; i++)
        if (is_of(&e->categorical[i], name))
            return e->categorical[i].column;
    for (int i = 0; i < e->n_continuous; i++)
        if (is_of(&e->continuous[i], name))
            return e->continuous[i].column;
    return NULL;
}

const char *edit_split(const struct encoder *e, const struct dataset *d, const char *text,
                       const char **value)
{
    const char *column = NULL;

    for (const char *at = text; !column && (at = strchr(at, '=')); at++) {
        char *name = xstrndup(text, (size_t)(at - text));

        column = edit_column(e, d, name);
        *value = at + 1;
        free(name);
    }
    return column;
}

const char *edit_reading_text(enum edit_reading reading)
{
    static const char *const texts[] = {
        [EDIT_KNOWN] = "", [EDIT_MISSING] = "missing",
        [EDIT_UNSEEN] = "unseen in training: counts as other",
        [EDIT_ODD] = "cannot be read: counts as missing",
    };

    return texts[reading];
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
