/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "command/figures.h"

static const char *text_of(const struct scatter *s, size_t v)
{
    return embedding_text(s->encoder, &s->values[v]);
}

static const char *column_of(const struct scatter *s, size_t v)
{
    return s->encoder->categorical[s->values[v].column].name;
}

/* "yes" alone would not tell which column says so. */
static bool is_in_several(const struct scatter *s, size_t v)
{
    for (size_t i = 0; i < s->n_values; i++)
        if (s->values[i].column != s->values[v].column
            && strcmp(text_of(s, i), text_of(s, v)) == 0)
            return true;
    return false;
}

struct ranked {
    size_t v, rows;
};

static int by_rows(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    if (x->rows != y->rows)
        return x->rows < y->rows ? 1 : -1;
    return (x->v > y->v) - (x->v < y->v);
}

/* A layout in its part of the figure: a point goes to (scale x + right, scale y + up). */
struct panel {
    const struct scatter *s;
    double scale, right, up;
};

static double x_of(const struct panel *p, size_t v)
{
    return p->scale * (double)p->s->place[2 * v] + p->right;
}

static double y_of(const struct panel *p, size_t v)
{
    return p->scale * (double)p->s->place[2 * v + 1] + p->up;
}

/* Where there is no room for all, frequent values keep their names. */
static void name_values(struct figure *f, const struct panel *p, bool by_column)
{
    const struct scatter *s = p->s;
    struct ranked *ranked = xcalloc(s->n_values, sizeof *ranked);

    for (size_t v = 0; v < s->n_values; v++)
        ranked[v] = (struct ranked){v, s->values[v].rows};
    qsort(ranked, s->n_values, sizeof *ranked, by_rows);
    for (size_t i = 0; i < s->n_values; i++) {
        size_t v = ranked[i].v;
        char *text = is_in_several(s, v)
            ? xasprintf("%s=%s", column_of(s, v), text_of(s, v)) : xstrdup(text_of(s, v));

        figure_add_text(f, x_of(p, v), y_of(p, v), text,
                        by_column ? s->values[v].column : -1);
        free(text);
    }
    free(ranked);
}

/* ---- columns ---- */

static int find_column(const struct encoder *e, const char *name)
{
    int c = 0;

    while (c < e->n_categorical && strcmp(e->categorical[c].name, name) != 0)
        c++;
    return c;
}

/* Columns of all panels have the same names, if not the same order. */
static void add_columns(struct figure *f, const struct panel *panels, int n)
{
    const struct encoder *e = panels[0].s->encoder;

    for (int c = 0; c < e->n_categorical; c++)
        figure_add(f, e->categorical[c].name, SERIES_POINTS, c);
    for (int k = 0; k < n; k++)
        for (size_t v = 0; v < panels[k].s->n_values; v++) {
            int c = find_column(e, column_of(panels[k].s, v));

            if (c < e->n_categorical)
                series_add(&f->series[c], x_of(&panels[k], v), y_of(&panels[k], v));
        }
}

/* ---- classes ---- */

static int find_class(const struct encoder *e, const char *name)
{
    int k = 0;

    while (k < e->n_classes && strcmp(e->classes[k], name) != 0)
        k++;
    return k;
}

/* By the most frequent class of each value. */
static void add_classes(struct figure *f, const struct panel *panels, int n)
{
    const struct encoder *e = panels[0].s->encoder;

    for (int k = 0; k < e->n_classes; k++)
        figure_add(f, e->classes[k], SERIES_POINTS, k);
    for (int i = 0; i < n; i++) {
        const struct scatter *s = panels[i].s;

        for (size_t v = 0; v < s->n_values; v++) {
            int k = scatter_class(s, v);

            k = k < 0 ? e->n_classes : find_class(e, s->encoder->classes[k]);
            if (k < e->n_classes)
                series_add(&f->series[k], x_of(&panels[i], v), y_of(&panels[i], v));
        }
    }
}

/* ---- levels ---- */

enum { LEVELS = 5 };

/* class: whose share is meant, or NULL */
static double measure(const struct scatter *s, size_t v, enum scatter_by by,
                      const char *class)
{
    int k = class && s->class_rows ? find_class(s->encoder, class) : s->encoder->n_classes;

    if (by == SCATTER_ROWS)
        return log((double)s->values[v].rows);
    return k < s->encoder->n_classes ? scatter_share(s, v, k) : s->values[v].target;
}

/* "0.12 to 0.25" */
static char *level_name(double low, double high, enum scatter_by by)
{
    if (by == SCATTER_ROWS)
        return xasprintf("%.0f to %.0f rows", ceil(exp(low)), floor(exp(high)));
    return fabs(high) < 1000 ? xasprintf("%.2f to %.2f", low, high)
                             : xasprintf("%.4g to %.4g", low, high);
}

static void add_level(struct figure *f, const struct panel *panels, int n,
                      enum scatter_by by, const char *class, int level, double low,
                      double high)
{
    double from = low + (high - low) * level / LEVELS;
    double to = low + (high - low) * (level + 1) / LEVELS;
    char *name = level_name(from, to, by);
    struct series *x = figure_add(f, name, SERIES_POINTS, level);

    x->shade = (double)level / (LEVELS - 1);
    for (int k = 0; k < n; k++)
        for (size_t v = 0; v < panels[k].s->n_values; v++) {
            double m = measure(panels[k].s, v, by, class);

            if (m >= from && (m < to || level == LEVELS - 1))
                series_add(x, x_of(&panels[k], v), y_of(&panels[k], v));
        }
    free(name);
}

/* False: no value has a measure. */
static bool add_levels(struct figure *f, const struct panel *panels, int n,
                       enum scatter_by by, const char *class)
{
    double low = INFINITY, high = -INFINITY;

    for (int k = 0; k < n; k++)
        for (size_t v = 0; v < panels[k].s->n_values; v++) {
            double m = measure(panels[k].s, v, by, class);

            low = isnan(m) ? low : fmin(low, m);
            high = isnan(m) ? high : fmax(high, m);
        }
    for (int level = LEVELS - 1; level >= 0 && high >= low; level--)
        add_level(f, panels, n, by, class, level, low, high);
    return high >= low;
}

/* ---- panels ---- */

#define PITCH 1.2 /* from one to the next, each of size 1 */

static void name_panel(struct figure *f, const struct scatter *s, double at)
{
    struct str text = {0};

    str_printf(&text, "%s, layer %d", s->run, s->layer);
    if (!isnan(s->kl))
        str_printf(&text, ": KL %.3f", s->kl);
    if (!isnan(s->trust))
        str_printf(&text, ", trustworthiness %.3f", s->trust);
    axis_add_name(&f->x, at, text.text);
    str_done(&text);
}

/* The larger side of what is seen of it. */
static double size_of(const struct scatter *s)
{
    double left, right, bottom, top;

    scatter_range(s, false, &left, &right, &bottom, &top);
    return fmax(right - left, top - bottom);
}

/* Centred at x = at. Lengths of two layouts mean nothing to each other, unless one was
 * laid over the other: then both have the size of the larger one. */
static struct panel panel_at(const struct scatter *s, double size, double at)
{
    struct panel p = {.s = s, .scale = size > 0 ? 1 / size : 1};
    double left, right, bottom, top;

    scatter_range(s, false, &left, &right, &bottom, &top);
    p.right = at - p.scale * (left + right) / 2;
    p.up = -p.scale * (bottom + top) / 2;
    return p;
}

/* Beside each other, each with its name below. One alone stays where it is. Returns how
 * many there are; panels has room for two of each layout. */
static int part_panels(struct figure *f, struct panel *panels,
                       const struct scatter *const *s, int n)
{
    int made = 0;

    if (n == 1 && !s[0]->against) {
        panels[0] = (struct panel){.s = s[0], .scale = 1};
        return 1;
    }
    for (int i = 0; i < n; i++) {
        const struct scatter *both[] = {s[i], s[i]->against};
        double size = fmax(size_of(s[i]), both[1] ? size_of(both[1]) : 0);

        for (int k = 0; k < 2 && both[k]; k++, made++) {
            panels[made] = panel_at(both[k], size, made * PITCH);
            name_panel(f, both[k], made * PITCH);
        }
    }
    f->x.low = -PITCH / 2;
    f->x.high = (made - 0.5) * PITCH;
    return made;
}

struct figure *figures_scatter(const struct scatter *const *s, int n_layouts,
                               enum scatter_by by, const char *class)
{
    bool classes = by == SCATTER_TARGET && !class && s[0]->class_rows
        && s[0]->encoder->n_classes > 2;
    struct panel *panels = xcalloc(2 * (size_t)n_layouts, sizeof *panels);
    struct figure *f = figure_new(NULL);
    int n = part_panels(f, panels, s, n_layouts);
    bool known = true;

    f->map = true;
    if (by == SCATTER_COLUMN)
        add_columns(f, panels, n);
    else if (classes)
        add_classes(f, panels, n);
    else
        known = add_levels(f, panels, n, by, class);
    for (int k = 0; k < n; k++)
        name_values(f, &panels[k], by == SCATTER_COLUMN);
    free(panels);
    if (known)
        return f;
    figure_free(f);
    return NULL;
}
