/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/feature.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/datetime.h"
#include "data/number.h"
#include "data/scaling.h"

static const char *const source_names[] = {"cell", "missing", "year", "month",
                                           "day",  "weekday", "hour"};

const char *feature_source_name(enum feature_source source)
{
    return source_names[source];
}

bool feature_source_parse(const char *text, enum feature_source *source)
{
    for (size_t i = 0; i < sizeof source_names / sizeof *source_names; i++) {
        if (strcmp(source_names[i], text) == 0) {
            *source = (enum feature_source)i;
            return true;
        }
    }
    return false;
}

static bool take_text(const char *text, char buffer[FEATURE_TEXT], struct cell *out)
{
    memcpy(buffer, text, strlen(text) + 1);
    *out = cell_of(buffer);
    return true;
}

static bool hour_text(int hour, char buffer[FEATURE_TEXT], struct cell *out)
{
    char text[FEATURE_TEXT] = {(char)('0' + hour / 10), (char)('0' + hour % 10), 0, 0};

    return hour >= 0 && take_text(text, buffer, out);
}

bool feature_text(const struct feature *f, struct cell cell, char buffer[FEATURE_TEXT],
                  struct cell *text)
{
    static const char months[12][FEATURE_TEXT] = {"Jan", "Feb", "Mar", "Apr",
                                                  "May", "Jun", "Jul", "Aug",
                                                  "Sep", "Oct", "Nov", "Dec"};
    static const char weekdays[7][FEATURE_TEXT] = {"Mon", "Tue", "Wed", "Thu",
                                                   "Fri", "Sat", "Sun"};
    struct datetime t;

    *text = cell;
    if (f->source == FEATURE_CELL)
        return true;
    if (!datetime_parse(cell, (enum datetime_form)f->datetime_form, &t))
        return false;
    if (f->source == FEATURE_HOUR)
        return hour_text(t.hour, buffer, text);
    if (t.month < 1)
        return false;
    return f->source == FEATURE_MONTH
               ? take_text(months[t.month - 1], buffer, text)
               : take_text(weekdays[datetime_weekday(&t)], buffer, text);
}

bool feature_number(const struct feature *f, struct cell cell, double *x)
{
    struct datetime t;
    int field;

    if (f->datetime_form == DATETIME_NONE)
        return number_parse(cell, f->decimal, x);
    if (!datetime_parse(cell, (enum datetime_form)f->datetime_form, &t))
        return false;
    field = f->source == FEATURE_YEAR ? t.year : t.day;
    *x = field;
    return field >= 0;
}

int32_t feature_code_of_text(const struct feature *f, struct cell text)
{
    uint32_t number;

    return vocabulary_find(f->index, text, &number) ? (int32_t)number + 1 : f->classes;
}

int32_t feature_code(const struct feature *f, struct cell cell, bool missing)
{
    char buffer[FEATURE_TEXT];
    struct cell text;

    if (missing || !feature_text(f, cell, buffer, &text))
        return 0;
    return feature_code_of_text(f, text);
}

/* Something to read: a number, or for a date column any date. */
static bool is_readable(const struct feature *f, struct cell cell)
{
    struct datetime t;
    double x;

    if (f->datetime_form != DATETIME_NONE)
        return datetime_parse(cell, (enum datetime_form)f->datetime_form, &t);
    return number_parse(cell, f->decimal, &x);
}

float feature_scale(const struct feature *f, double x)
{
    return (float)(f->quantiles ? scaling_to_normal(x, f->quantiles, f->n_quantiles)
                                : scaling_standard(x, f->mean, f->deviation));
}

float feature_value(const struct feature *f, struct cell cell, bool missing)
{
    double x;

    if (f->source == FEATURE_MISSING)
        return missing || !is_readable(f, cell);
    if (missing || !feature_number(f, cell, &x))
        return NAN;
    return feature_scale(f, x);
}

bool feature_make_index(struct feature *f, bool *distinct)
{
    struct vocabulary *index = xcalloc(1, sizeof *index);
    uint32_t number;

    f->index = index;
    for (int i = 0; i + 1 < f->classes; i++)
        if (!vocabulary_add(index, (struct cell){f->texts[i], f->lengths[i]}, &number))
            return false;
    *distinct = index->n == (size_t)f->classes - 1;
    return true;
}

void feature_done(struct feature *f)
{
    free(f->name);
    free(f->column);
    for (int i = 0; f->texts && i + 1 < f->classes; i++)
        free(f->texts[i]);
    free(f->texts);
    free(f->lengths);
    free(f->counts);
    if (f->index)
        vocabulary_done(f->index);
    free(f->index);
    free(f->quantiles);
    free(f->edges);
}
