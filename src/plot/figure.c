/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plot/figure.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Differences of values within these never overflow, quotients never vanish. */
static const double largest = 1e300, least = 1e-300;
/* A range that is narrower in relation to its values counts as a single value. */
static const double narrow = 1e-12;
/* Part of the range that is added on each side of the values. */
static const double room = 0.02;

struct figure *figure_new(const char *title)
{
    struct figure *f = xcalloc(1, sizeof *f);

    f->title = title ? xstrdup(title) : NULL;
    f->x.low = f->x.high = f->y.low = f->y.high = NAN;
    f->cursor = f->level = NAN;
    f->owners = 1;
    return f;
}

struct figure *figure_ref(struct figure *f)
{
    f->owners++;
    return f;
}

static void axis_done(struct axis *a)
{
    for (size_t i = 0; i < a->n_names; i++)
        free(a->names[i].text);
    free(a->names);
    free(a->label);
}

static void free_names(char **names, int n)
{
    for (int i = 0; i < n; i++)
        free(names[i]);
    free(names);
}

static void matrix_free(struct figure_matrix *m)
{
    if (!m)
        return;
    free_names(m->row_names, m->rows);
    free_names(m->column_names, m->columns);
    free_names(m->texts, m->rows * m->columns);
    free(m->values);
    free(m->label);
    free(m);
}

void figure_free(struct figure *f)
{
    if (!f || --f->owners > 0)
        return;
    for (size_t i = 0; i < f->n_texts; i++)
        free(f->texts[i].text);
    free(f->texts);
    matrix_free(f->matrix);
    for (size_t i = 0; i < f->n_series; i++) {
        free(f->series[i].name);
        free(f->series[i].x);
        free(f->series[i].y);
        free(f->series[i].reach);
    }
    free(f->series);
    axis_done(&f->x);
    axis_done(&f->y);
    free(f->title);
    free(f);
}

struct series *figure_add(struct figure *f, const char *name, enum series_kind kind,
                          int style)
{
    struct series *s;

    f->series = xgrow(f->series, f->n_series, &f->series_capacity, sizeof *f->series);
    s = &f->series[f->n_series++];
    *s = (struct series){.name = xstrdup(name), .kind = kind, .style = style,
                         .shade = NAN};
    return s;
}

void series_add(struct series *s, double x, double y)
{
    size_t capacity = s->capacity;

    s->x = xgrow(s->x, s->n, &capacity, sizeof *s->x);
    s->y = xgrow(s->y, s->n, &s->capacity, sizeof *s->y);
    s->x[s->n] = x;
    s->y[s->n++] = y;
}

void series_add_reach(struct series *s, double x, double y, double reach)
{
    size_t n = s->n, capacity = s->capacity;

    s->reach = xgrow(s->reach, n, &capacity, sizeof *s->reach);
    s->reach[n] = reach;
    series_add(s, x, y);
}

void axis_label(struct axis *a, const char *label)
{
    free(a->label);
    a->label = label ? xstrdup(label) : NULL;
}

void axis_add_name(struct axis *a, double at, const char *text)
{
    a->names = xgrow(a->names, a->n_names, &a->names_capacity, sizeof *a->names);
    a->names[a->n_names++] = (struct axis_name){at, xstrdup(text)};
}

void figure_add_text(struct figure *f, double x, double y, const char *text, int style)
{
    f->texts = xgrow(f->texts, f->n_texts, &f->texts_capacity, sizeof *f->texts);
    f->texts[f->n_texts++] = (struct figure_text){x, y, xstrdup(text), style};
}

/* ---- matrices ---- */

struct figure_matrix *figure_set_matrix(struct figure *f, int rows, int columns,
                                        const char *label)
{
    struct figure_matrix *m = xcalloc(1, sizeof *m);
    size_t n = (size_t)rows * (size_t)columns;

    assert(rows > 0 && columns > 0 && !f->matrix);
    m->rows = rows;
    m->columns = columns;
    m->values = xmalloc(n * sizeof *m->values);
    for (size_t i = 0; i < n; i++)
        m->values[i] = NAN;
    m->texts = xcalloc(n, sizeof *m->texts);
    m->row_names = xcalloc((size_t)rows, sizeof *m->row_names);
    m->column_names = xcalloc((size_t)columns, sizeof *m->column_names);
    m->label = label ? xstrdup(label) : NULL;
    m->low = m->high = NAN;
    f->matrix = m;
    return m;
}

static void replace_text(char **place, const char *text)
{
    free(*place);
    *place = text ? xstrdup(text) : NULL;
}

void matrix_put(struct figure_matrix *m, int row, int column, double value,
                const char *text)
{
    int at = row * m->columns + column;

    m->values[at] = value;
    replace_text(&m->texts[at], text);
}

void matrix_name_row(struct figure_matrix *m, int row, const char *name)
{
    replace_text(&m->row_names[row], name);
}

void matrix_name_column(struct figure_matrix *m, int column, const char *name)
{
    replace_text(&m->column_names[column], name);
}

void matrix_range(const struct figure_matrix *m, double *low, double *high)
{
    double reach, single;

    *low = INFINITY;
    *high = -INFINITY;
    for (int i = 0; i < m->rows * m->columns; i++) {
        if (isfinite(m->values[i])) {
            *low = fmin(*low, m->values[i]);
            *high = fmax(*high, m->values[i]);
        }
    }
    if (isfinite(m->low))
        *low = m->low;
    if (isfinite(m->high))
        *high = m->high;
    if (!(*low < *high)) {
        single = isfinite(*low) ? *low : 0;
        *low = fmin(single, 0);
        *high = single > 0 ? single : single < 0 ? 0 : 1;
    }
    if (m->diverging) {
        reach = fmax(fabs(*low), fabs(*high));
        *low = -reach;
        *high = reach;
    }
}

bool figure_has_content(const struct figure *f)
{
    const struct figure_matrix *m = f->matrix;

    for (int i = 0; m && i < m->rows * m->columns; i++) {
        if (isfinite(m->values[i]))
            return true;
    }
    for (size_t k = 0; k < f->n_series; k++) {
        const struct series *s = &f->series[k];

        for (size_t i = 0; i < s->n; i++) {
            if (figure_has_place(f, s->x[i], s->y[i]))
                return true;
        }
    }
    return false;
}

/* ---- ranges ---- */

/* Values so far; nothing was found while low > high. */
struct range {
    double low, high;
};

static void range_take(struct range *r, double v)
{
    if (v < r->low)
        r->low = v;
    if (v > r->high)
        r->high = v;
}

static bool axis_takes(const struct axis *a, double v)
{
    return isfinite(v) && !(a->log && v <= 0);
}

static bool axis_shows(const struct axis *a, double v)
{
    return axis_takes(a, v) && !(v < a->low) && !(v > a->high);
}

bool figure_has_place(const struct figure *f, double x, double y)
{
    return axis_takes(&f->x, x) && axis_takes(&f->y, y);
}

static void widen_single(const struct axis *a, struct range *r)
{
    double middle = r->low + (r->high - r->low) / 2, d = fabs(middle) * 0.1;

    if (a->log) {
        r->low = middle / 2;
        r->high = middle * 2;
        return;
    }
    if (d < least || (a->whole && d < 1))
        d = 1;
    r->low = middle - d;
    r->high = middle + d;
}

/* The sides without a limit of their own get room, but none on the other side of zero. */
static void add_room(const struct axis *a, struct range *r, double part)
{
    double low = r->low, high = r->high;

    if (a->log) {
        double factor = pow(high / low, part);

        low /= factor;
        high *= factor;
    } else {
        double d = (high - low) * part;

        low = r->low >= 0 ? fmax(low - d, 0) : low - d;
        high = r->high <= 0 ? fmin(high + d, 0) : high + d;
    }
    if (!axis_takes(a, a->low))
        r->low = low;
    if (!axis_takes(a, a->high))
        r->high = high;
}

/* From the values that were found to the range that is shown. */
static void range_settle(struct range *r, const struct axis *a, double part)
{
    if (r->low > r->high) {
        *r = (struct range){a->log ? 0.1 : 0, 1};
        part = 0;
    }
    if (axis_takes(a, a->low))
        r->low = a->low;
    if (axis_takes(a, a->high))
        r->high = a->high;
    r->low = fmin(fmax(r->low, a->log ? least : -largest), largest);
    r->high = fmin(fmax(r->high, a->log ? least : -largest), largest);
    if (r->high - r->low > narrow * fmax(fabs(r->low), fabs(r->high)) &&
        r->high - r->low > least)
        add_room(a, r, part);
    else
        widen_single(a, r);
}

void figure_x_range(const struct figure *f, double *low, double *high)
{
    struct range r = {INFINITY, -INFINITY};

    for (size_t k = 0; k < f->n_series; k++) {
        const struct series *s = &f->series[k];
        double half = s->kind == SERIES_BARS ? series_bar_width(s) / 2 : 0;

        for (size_t i = 0; i < s->n; i++) {
            if (!axis_takes(&f->x, s->x[i]))
                continue;
            range_take(&r, s->x[i] + half);
            if (axis_takes(&f->x, s->x[i] - half))
                range_take(&r, s->x[i] - half);
        }
    }
    /* no room: curves begin at one edge and end at the other */
    range_settle(&r, &f->x, 0);
    *low = r.low;
    *high = r.high;
}

static void series_y_range(const struct figure *f, const struct series *s, bool all,
                           struct range *r)
{
    for (size_t i = 0; i < s->n; i++) {
        double reach = s->reach && isfinite(s->reach[i]) ? s->reach[i] : 0;

        if (!axis_takes(&f->y, s->y[i]) ||
            !(all ? axis_takes(&f->x, s->x[i]) : axis_shows(&f->x, s->x[i])))
            continue;
        range_take(r, s->y[i] + reach);
        if (axis_takes(&f->y, s->y[i] - reach))
            range_take(r, s->y[i] - reach);
        if (s->kind == SERIES_BARS && !f->y.log)
            range_take(r, 0);
    }
}

void figure_y_range(const struct figure *f, double *low, double *high)
{
    struct range r = {INFINITY, -INFINITY};

    for (size_t k = 0; k < f->n_series; k++)
        series_y_range(f, &f->series[k], false, &r);
    /* between two points: zoomed in so far that none is left */
    for (size_t k = 0; k < f->n_series && r.low > r.high; k++)
        series_y_range(f, &f->series[k], true, &r);
    if (axis_takes(&f->y, f->level))
        range_take(&r, f->level);
    range_settle(&r, &f->y, room);
    *low = r.low;
    *high = r.high;
}

/* ---- series ---- */

double series_at(const struct series *s, double x)
{
    double at = -INFINITY, y = NAN;

    for (size_t i = 0; i < s->n; i++)
        if (s->x[i] <= x && s->x[i] >= at) {
            at = s->x[i];
            y = s->y[i];
        }
    return y;
}

double series_bar_width(const struct series *s)
{
    double width = INFINITY;

    for (size_t i = 1; i < s->n; i++) {
        double d = fabs(s->x[i] - s->x[i - 1]);

        if (d > 0)
            width = fmin(width, d);
    }
    return isfinite(width) ? width : 1;
}

/* The mean moves toward each value by the part this has of all weights: written so, a
 * value equal to the mean moves it by exactly nothing. */
void series_smooth(struct series *out, const struct series *in, double w)
{
    double mean = 0, weights = 0;

    assert(w >= 0 && w <= 1);
    out->n = 0;
    for (size_t i = 0; i < in->n; i++) {
        double y = in->y[i];

        if (!isfinite(y)) {
            series_add(out, in->x[i], NAN);
            continue;
        }
        weights = w * weights + 1;
        mean = weights == 1 ? y : mean + (y / weights - mean / weights);
        series_add(out, in->x[i], mean);
    }
}

/* ---- ticks ---- */

/* Seconds from 1 s to a day. */
static const int times[] = {1,   2,    5,    10,   15,   30,    60,    120,  300,
                            600, 900,  1800, 3600, 7200, 10800, 21600, 43200, 86400};
enum { N_TIMES = sizeof times / sizeof times[0] };

/* n times the round number at place k of the ladder ..., 0.5, 1, 2, 5, 10, ... (or of
 * that of times): divided where it is below 1, so that it is the double next to what is
 * written. */
static double multiple(const struct axis *a, int k, double n)
{
    static const double mantissas[] = {1, 2, 5};
    double unit = 1;
    int exponent;

    if (a->time && !a->log && k >= 0) {
        if (k < N_TIMES)
            return n * times[k];
        k -= N_TIMES - 1;
        unit = times[N_TIMES - 1];
    }
    exponent = k >= 0 ? k / 3 : -((2 - k) / 3);
    n *= mantissas[k - 3 * exponent] * unit;
    return exponent < 0 ? n / pow(10, -exponent) : n * pow(10, exponent);
}

static int linear_ticks(const struct axis *a, double low, double high, int most,
                        double *out)
{
    double rough = (high - low) / most / 2, first, last;
    int k = 3 * (int)floor(log10(rough)), n = 0;

    if (k > 0 && a->time && !a->log)
        k = 0;
    if (k < 0 && a->whole)
        k = 0;
    for (;; k++) {
        double step = multiple(a, k, 1);

        first = ceil(low / step - 1e-9);
        last = floor(high / step + 1e-9);
        if (last - first < most)
            break;
    }
    for (double i = first; i <= last; i++)
        out[n++] = multiple(a, k, i);
    return n;
}

/* Ticks at `each` (1: powers of ten, 3: also 2 and 5 times these) of every `every`th
 * power; only counted where out is NULL. */
static int power_ticks(double low, double high, int each, int every, double *out)
{
    static const struct axis plain;
    int n = 0, from = (int)floor(log10(low)), to = (int)ceil(log10(high));

    for (int e = from; e <= to; e++) {
        if (e % every != 0)
            continue;
        for (int k = 0; k < each; k++) {
            double v = multiple(&plain, 3 * e + k, 1);

            if (v < low * (1 - 1e-9) || v > high * (1 + 1e-9))
                continue;
            if (out)
                out[n] = v;
            n++;
        }
    }
    return n;
}

static int log_ticks(const struct axis *a, double low, double high, int most, double *out)
{
    static const int powers[] = {1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000};
    int fine = power_ticks(low, high, 3, 1, NULL);
    const int *every = powers;

    if (fine < 3)
        return linear_ticks(a, low, high, most, out);
    if (fine <= most)
        return power_ticks(low, high, 3, 1, out);
    while (power_ticks(low, high, 1, *every, NULL) > most)
        every++; /* at the last there is none but 1 */
    return power_ticks(low, high, 1, *every, out);
}

int axis_ticks(const struct axis *a, double low, double high, int most, double *out)
{
    if (most < 1 || !(high - low >= DBL_MIN) || !isfinite(high - low) ||
        high - low < narrow * fmax(fabs(low), fabs(high)))
        return 0;
    if (a->log && low > 0)
        return log_ticks(a, low, high, most, out);
    return linear_ticks(a, low, high, most, out);
}

/* ---- how ticks are written ---- */

static double power_of_ten(double x)
{
    return floor(log10(x) + 1e-9);
}

/* Decimals that write every multiple of step in full, at most 12. */
static int decimals_of(double step)
{
    int d = 0;

    for (; d < 12; d++, step *= 10)
        if (step > 0.5 && fabs(step - nearbyint(step)) < 1e-6 * step)
            break;
    return d;
}

/* "1.50e-05" -> "1.50e-5". */
static char *scientific(double value, double step)
{
    double unit = pow(10, power_of_ten(fabs(value)));
    char *text = xasprintf("%.*e", decimals_of(step / unit), value);
    char *e = strchr(text, 'e'), *digits = e + 2;

    while (*digits == '0' && digits[1])
        digits++;
    if (e[1] == '-')
        *--digits = '-';
    memmove(e + 1, digits, strlen(digits) + 1);
    return text;
}

static char *with_unit(double value, double step)
{
    static const struct {
        double size;
        char name;
    } units[] = {{1e12, 'T'}, {1e9, 'G'}, {1e6, 'M'}, {1e3, 'k'}};
    double size = fabs(value);

    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (size >= units[i].size * (1 - narrow) && step >= units[i].size / 11)
            return xasprintf("%.*f%c", decimals_of(step / units[i].size),
                             value / units[i].size, units[i].name);
    return xasprintf("%.0f", value);
}

static char *time_text(double value, double step)
{
    long seconds = lround(fabs(value));
    long hours = seconds / 3600, minutes = seconds / 60 % 60;
    const char *sign = value < 0 ? "-" : "";

    seconds %= 60;
    if (step < 60 && hours > 0)
        return xasprintf("%s%ld:%02ld:%02ld", sign, hours, minutes, seconds);
    if (step < 60)
        return xasprintf("%s%ld:%02ld", sign, minutes, seconds);
    if (hours == 0)
        return xasprintf("%s%ldm", sign, minutes);
    if (minutes == 0)
        return xasprintf("%s%ldh", sign, hours);
    return xasprintf("%s%ldh%02ld", sign, hours, minutes);
}

/* The power of ten whose multiple the value is, within six digits. */
static double own_step(double value)
{
    double size = fabs(value), step = pow(10, power_of_ten(size));

    for (int i = 0; i < 5; i++, step /= 10)
        if (fabs(size / step - nearbyint(size / step)) < 1e-6)
            break;
    return step;
}

char *axis_tick_text(const struct axis *a, double value, double step)
{
    double size = fabs(value);

    if (!isfinite(value))
        return xstrdup("-");
    if (size < step * 1e-6)
        value = size = 0;
    if (a->time && size < 1e9 && (step >= 1 || value == 0))
        return value == 0 ? xstrdup("0") : time_text(value, step);
    if (value == 0 && (step == 0 || step >= 1000 || step < 1e-3 * (1 - narrow)))
        return xstrdup("0");
    if (step == 0)
        step = own_step(value);
    if (size >= 1e15 || (step < 1e-3 * (1 - narrow) && size < 0.01 * (1 - narrow)))
        return scientific(value, step);
    if (step >= 1000 * (1 - narrow))
        return with_unit(value, step);
    return xasprintf("%.*f", decimals_of(step), value);
}
