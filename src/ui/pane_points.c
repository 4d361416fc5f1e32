/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The layout of embeddings: values where they stand, each with the letter of its column
 * or a digit of what colours mean, and if one likes all cells behind them. It moves while
 * the job goes on. Beside it the layout before, laid over it as well as that goes.
 */
#include "ui/pane_points.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "lens/cosine.h"
#include "plot/labels.h"
#include "ui/canvas.h"
#include "ui/pane_data.h"
#include "ui/prose.h"

enum {
    NAMES_MOST = 80,  /* values with their name beside them */
    NAME_WIDTH = 16,
    NEAREST = 5,      /* that are marked */
};

const struct scatter *points_seen(const struct view *v, struct surface *s)
{
    const struct scatter *shown = points_shown(v);
    const struct view_job *j = points_job(v);

    if (shown)
        return shown;
    if (j)
        surface_printf(s, 1, 1, s->width - 2, ROLE_DIM, "%s: %s", j->what, j->status);
    else
        prose_draw(s, 1, 1, s->width - 2, ROLE_DIM,
                   "Here values of columns lie as the layers of a model see them. `tsne` "
                   "lays them out: t.");
    return NULL;
}

bool points_hidden(const struct view *v, const struct scatter *s, size_t value)
{
    const struct embedding_desk *d = &v->desk->embedding;
    int column = s->values[value].column;

    return column < d->n_hidden && d->hidden[column];
}

/* ---- colour and glyph ---- */

static bool is_taken(const char *letters, int n, char letter)
{
    return memchr(letters, letter, (size_t)n) != NULL;
}

static char letter_of(const char *name, const char *letters, int n)
{
    static const char all[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                              "0123456789";

    for (; *name; name++) {
        char upper = *name >= 'a' && *name <= 'z' ? (char)(*name - 'a' + 'A') : *name;

        if (upper >= 'A' && upper <= 'Z' && !is_taken(letters, n, upper))
            return upper;
    }
    for (const char *c = all; *c; c++)
        if (!is_taken(letters, n, *c))
            return *c;
    return '*';
}

void points_letters(const struct encoder *e, char *letters)
{
    for (int c = 0; c < e->n_categorical; c++)
        letters[c] = letter_of(e->categorical[c].name, letters, c);
}

char *points_glyphs(const struct view *v, const struct scatter *s)
{
    const struct encoder *e = s->encoder;
    char *letters = xcalloc((size_t)(e->n_categorical + e->n_classes) + 1, 1);

    if (!points_by_class(v, s))
        points_letters(e, letters);
    for (int k = 0; k < e->n_classes && points_by_class(v, s); k++)
        letters[k] = letter_of(e->classes[k], letters, k);
    return letters;
}

/* ---- the target ---- */

int points_class(const struct view *v, const struct scatter *s)
{
    const struct encoder *e = s->encoder;
    const char *class = v->desk->embedding.class;

    for (int k = 0; class && s->class_rows && k < e->n_classes; k++)
        if (strcmp(e->classes[k], class) == 0)
            return k;
    return e->n_classes == 2 ? 1 : -1;
}

bool points_by_class(const struct view *v, const struct scatter *s)
{
    return v->desk->embedding.colour == COLOUR_TARGET && s->class_rows
        && points_class(v, s) < 0;
}

/* Of two classes that is known without their rows. */
double points_target(const struct view *v, const struct scatter *s, size_t value)
{
    int class = points_class(v, s);

    return class < 0 || !s->class_rows ? s->values[value].target
                                       : scatter_share(s, value, class);
}

static double measure(const struct view *v, const struct scatter *s, size_t value)
{
    return v->desk->embedding.colour == COLOUR_TARGET
        ? points_target(v, s, value) : log((double)s->values[value].rows);
}

/* What levels go over. */
static void level_range(const struct view *v, const struct scatter *s, double *low,
                        double *high)
{
    *low = INFINITY;
    *high = -INFINITY;
    if (v->desk->embedding.colour == COLOUR_TARGET && points_class(v, s) >= 0) {
        *low = 0;
        *high = 1;
        return;
    }
    for (size_t i = 0; i < s->n_values; i++) {
        double x = measure(v, s, i);

        if (isfinite(x)) {
            *low = fmin(*low, x);
            *high = fmax(*high, x);
        }
    }
}

int points_level(const struct view *v, const struct scatter *s, size_t value)
{
    double x = measure(v, s, value), low, high;
    int level;

    level_range(v, s, &low, &high);
    if (!isfinite(x) || !(high >= low))
        return -1;
    level = high > low ? (int)((x - low) / (high - low) * POINTS_LEVELS) : 0;
    return level < POINTS_LEVELS ? level : POINTS_LEVELS - 1;
}

double points_level_from(const struct view *v, const struct scatter *s, int level)
{
    double low, high, x;

    level_range(v, s, &low, &high);
    x = low + (high - low) * level / POINTS_LEVELS;
    return v->desk->embedding.colour == COLOUR_TARGET ? x : exp(x);
}

enum role points_role(const struct view *v, const struct scatter *s, size_t value)
{
    int level;

    if (v->desk->embedding.colour == COLOUR_COLUMN)
        return (enum role)(ROLE_SERIES_1 + s->values[value].column % 8);
    if (points_by_class(v, s))
        return scatter_class(s, value) < 0
            ? ROLE_DIM : (enum role)(ROLE_SERIES_1 + scatter_class(s, value) % 8);
    level = points_level(v, s, value);
    return level < 0 ? ROLE_DIM : (enum role)(ROLE_HEAT_0 + level * 15
                                              / (POINTS_LEVELS - 1));
}

char points_glyph(const struct view *v, const struct scatter *s, size_t value,
                  const char *letters)
{
    int level;

    if (v->desk->embedding.colour == COLOUR_COLUMN)
        return letters[s->values[value].column];
    if (points_by_class(v, s))
        return scatter_class(s, value) < 0 ? '-' : letters[scatter_class(s, value)];
    level = points_level(v, s, value);
    return level < 0 ? '-' : (char)('0' + level);
}

char *points_target_name(const struct view *v, const struct scatter *s)
{
    const struct encoder *e = s->encoder;
    int class = points_class(v, s);

    if (class >= 0)
        return xasprintf("P(%s)", e->classes[class]);
    if (e->task == TASK_REGRESSION)
        return xasprintf("mean of %s", e->target);
    return s->class_rows ? xasprintf("most frequent %s", e->target) : NULL;
}

/* ---- places on the screen ---- */

/* A character is twice as high as it is wide. Places beyond it are cut off. */
struct field {
    double left, top, unit; /* of a column; a row has two */
    int width, height;
};

static struct field field_of(const float *at, size_t n, const struct surface *on,
                             const float *around, double zoom)
{
    struct field f = {.width = on->width, .height = on->height};
    double left = INFINITY, right = -INFINITY, bottom = INFINITY, top = -INFINITY;

    for (size_t i = 0; i < n; i++) {
        left = fmin(left, (double)at[2 * i]);
        right = fmax(right, (double)at[2 * i]);
        bottom = fmin(bottom, (double)at[2 * i + 1]);
        top = fmax(top, (double)at[2 * i + 1]);
    }
    f.unit = fmax((right - left) / fmax(1, f.width - 3),
                  (top - bottom) / fmax(1, f.height - 1) / 2);
    if (!(f.unit > 0))
        f.unit = 1;
    if (zoom > 1) {
        f.unit /= zoom;
        left = right = (double)around[0];
        top = bottom = (double)around[1];
    }
    f.left = (left + right) / 2 - f.unit * (f.width - 1) / 2;
    f.top = (top + bottom) / 2 + f.unit * (f.height - 1);
    return f;
}

static int column_at(const struct field *f, const float *at)
{
    return (int)lround(((double)at[0] - f->left) / f->unit);
}

static int row_at(const struct field *f, const float *at)
{
    return (int)lround((f->top - (double)at[1]) / f->unit / 2);
}

/* ---- drawing ---- */

/* What one pane draws. */
struct sketch {
    const struct view *view;
    const struct scatter *scatter;
    const float *place; /* (n_values, 2), which may be moved, */
    const float *cells; /* and (n_points, 2); NULL: they are not drawn */
    struct surface *on;
    struct field field;
    char *letters;
    size_t cursor;      /* n_values: none */
    bool focused;
    bool *telling;      /* (n_values) of the brush, or NULL: there is none */
};

static void draw_dots(const struct sketch *k)
{
    const struct scatter *s = k->scatter;
    bool by_column = k->view->desk->embedding.colour == COLOUR_COLUMN;
    struct canvas c;

    canvas_init(&c, k->on->width, k->on->height, k->on->glyphs);
    for (size_t i = 0; i < s->n_points; i++) {
        const float *at = k->cells + 2 * i;
        double x = ((double)at[0] - k->field.left) / k->field.unit;
        double y = (k->field.top - (double)at[1]) / k->field.unit / 2;

        if (!points_hidden(k->view, s, s->value_of[i]))
            canvas_dot(&c, by_column ? LAYER_CURVES : LAYER_FAINT,
                       s->values[s->value_of[i]].column % 8,
                       (int)lround((x + 0.5) * c.across - 0.5),
                       (int)lround((y + 0.5) * c.down - 0.5));
    }
    canvas_show(&c, k->on);
    canvas_done(&c);
}

static void draw_value(const struct sketch *k, size_t value, enum role role)
{
    const float *at = k->place + 2 * value;

    surface_put(k->on, column_at(&k->field, at), row_at(&k->field, at),
                (unsigned char)points_glyph(k->view, k->scatter, value, k->letters),
                role);
}

struct ranked {
    size_t value, rows;
};

static int by_rows(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    if (x->rows != y->rows)
        return x->rows < y->rows ? 1 : -1;
    return (x->value > y->value) - (x->value < y->value);
}

static bool is_seen(const struct sketch *k, size_t value)
{
    int x = column_at(&k->field, k->place + 2 * value);
    int y = row_at(&k->field, k->place + 2 * value);

    return x >= 0 && x < k->on->width && y >= 0 && y < k->on->height;
}

/* Of those that are seen, frequent values first, and before all that under the cursor.
 * Returns how many. */
static size_t rank_values(const struct sketch *k, struct ranked *out)
{
    const struct scatter *s = k->scatter;
    size_t n = 0;

    for (size_t v = 0; v < s->n_values; v++)
        if (v == k->cursor || (!points_hidden(k->view, s, v) && is_seen(k, v)))
            out[n++] = (struct ranked){v, v == k->cursor ? SIZE_MAX : s->values[v].rows};
    qsort(out, n, sizeof *out, by_rows);
    return n;
}

static void draw_names(const struct sketch *k, const struct ranked *ranked, size_t n)
{
    struct label *labels = xcalloc(n + 1, sizeof *labels);

    if (n > NAMES_MOST)
        n = NAMES_MOST;
    for (size_t i = 0; i < n; i++) {
        const float *at = k->place + 2 * ranked[i].value;
        const char *text = embedding_text(k->scatter->encoder,
                                          &k->scatter->values[ranked[i].value]);
        int width = surface_width(text);

        labels[i] = (struct label){
            .x = column_at(&k->field, at) + 0.5,
            .y = k->on->height - row_at(&k->field, at) - 0.5,
            .width = (width < NAME_WIDTH ? width : NAME_WIDTH) + 1, .height = 1};
    }
    labels_place(labels, n, k->on->width, k->on->height, 1);
    for (size_t i = 0; i < n; i++) {
        bool mine = ranked[i].value == k->cursor;

        if (labels[i].placed && !labels[i].apart)
            surface_text(k->on, (int)ceil(labels[i].left),
                         k->on->height - 1 - (int)floor(labels[i].bottom + 0.5),
                         NAME_WIDTH, mine ? ROLE_STRONG : ROLE_DIM,
                         embedding_text(k->scatter->encoder,
                                        &k->scatter->values[ranked[i].value]));
    }
    free(labels);
}

/* Those that are nearest in all dimensions, wherever they lie here. */
static void draw_nearest(const struct sketch *k)
{
    const struct scatter *s = k->scatter;
    uint32_t index[NEAREST];
    double cosine[NEAREST];
    size_t n = cosine_nearest(s->vectors, s->n_values, s->width, k->cursor, NEAREST,
                              index, cosine);

    for (size_t i = 0; i < n; i++)
        if (!points_hidden(k->view, s, index[i]))
            draw_value(k, index[i], ROLE_MATCH);
}

static int clamp(int x, int low, int high)
{
    return x < low ? low : x > high ? high : x;
}

/* A frame around it, as far as it is seen. */
static void draw_brush(const struct sketch *k)
{
    struct brush b = points_brush(k->view, k->scatter);
    float from[2] = {(float)b.left, (float)b.top};
    float to[2] = {(float)b.right, (float)b.bottom};
    int x = clamp(column_at(&k->field, from), 0, k->on->width - 1);
    int y = clamp(row_at(&k->field, from), 0, k->on->height - 1);
    int right = clamp(column_at(&k->field, to), x, k->on->width - 1);
    int bottom = clamp(row_at(&k->field, to), y, k->on->height - 1);
    struct rect r = {x, y, right - x + 1, bottom - y + 1};
    struct surface frame = surface_part(k->on, r);

    surface_frame(&frame, NULL, false);
    surface_paint(k->on, (struct rect){x, y, r.width, 1}, ROLE_SELECTED);
    surface_paint(k->on, (struct rect){x, bottom, r.width, 1}, ROLE_SELECTED);
    surface_paint(k->on, (struct rect){x, y, 1, r.height}, ROLE_SELECTED);
    surface_paint(k->on, (struct rect){right, y, 1, r.height}, ROLE_SELECTED);
}

/* What is in the brush more than elsewhere, wherever it stands here. */
static void draw_telling(const struct sketch *k)
{
    for (size_t v = 0; v < k->scatter->n_values; v++)
        if (k->telling[v] && !points_hidden(k->view, k->scatter, v))
            draw_value(k, v, ROLE_MATCH);
}

static void draw_cursor(const struct sketch *k)
{
    const float *at = k->place + 2 * k->cursor;
    int x = column_at(&k->field, at), y = row_at(&k->field, at);
    enum role role = k->focused ? ROLE_CURSOR : ROLE_CURSOR_OFF;

    surface_put(k->on, x - 1, y, '[', role);
    surface_put(k->on, x + 1, y, ']', role);
    draw_value(k, k->cursor, role);
}

static void draw_sketch(struct sketch *k)
{
    const struct scatter *s = k->scatter;
    struct ranked *ranked = xcalloc(s->n_values, sizeof *ranked);
    size_t n;

    k->letters = points_glyphs(k->view, s);
    k->field = field_of(k->cells ? k->cells : k->place,
                        k->cells ? s->n_points : s->n_values, k->on,
                        k->place + 2 * (k->cursor < s->n_values ? k->cursor : 0),
                        k->view->desk->embedding.zoom);
    n = rank_values(k, ranked);
    if (k->cells)
        draw_dots(k);
    if (k->telling && k->scatter == points_shown(k->view))
        draw_brush(k);
    if (!k->view->desk->embedding.bare)
        draw_names(k, ranked, n);
    for (size_t i = n; i > 0; i--)
        draw_value(k, ranked[i - 1].value,
                   points_role(k->view, s, ranked[i - 1].value));
    if (k->telling)
        draw_telling(k);
    else if (k->cursor < s->n_values)
        draw_nearest(k);
    if (k->cursor < s->n_values)
        draw_cursor(k);
    free(k->letters);
    free(k->telling);
    free(ranked);
}

/* How far a step of the brush goes in the pane as it is now. */
static void measure_step(const struct sketch *k)
{
    double *step = k->view->desk->embedding.step, left, right, bottom, top;

    scatter_range(k->scatter, true, &left, &right, &bottom, &top);
    step[0] = right > left ? 2 * k->field.unit / (right - left) : 0;
    step[1] = top > bottom ? 2 * k->field.unit / (top - bottom) : 0;
}

/* Values of the layout that is shown, which is the one that is brushed; the caller frees.
 * NULL: there is no brush. */
static bool *telling_values(const struct view *v)
{
    struct brushed *b = points_brushed(v);
    const struct scatter *s = points_shown(v);
    bool *telling = b ? xcalloc(s->n_values, sizeof *telling) : NULL;

    for (int i = 0; b && i < b->n_telling; i++)
        if (b->telling[i].value < s->n_values)
            telling[b->telling[i].value] = true;
    brushed_free(b);
    return telling;
}

/* On the way from one run to the other. */
static void draw_moving(const struct view *v, struct sketch *k)
{
    const struct scatter *s = k->scatter;
    double way = v->desk->embedding.way;
    float *layout = xcalloc(s->n_points, 2 * sizeof *layout);
    float *place = xcalloc(s->n_values, 2 * sizeof *place);

    scatter_between(points_beside(v), s, way * way * (3 - 2 * way), layout, place);
    k->place = place;
    k->cells = k->cells ? layout : NULL;
    draw_sketch(k);
    free(layout);
    free(place);
}

static void draw_points(const struct view *v, struct surface *s, bool focused)
{
    const struct scatter *shown = points_seen(v, s);
    struct sketch k = {.view = v, .scatter = shown, .on = s, .focused = focused};

    if (!shown || s->width < 4 || s->height < 2)
        return;
    k.place = shown->place;
    if (v->desk->embedding.cells && shown->points == EMBEDDING_CELLS)
        k.cells = shown->layout;
    k.cursor = points_cursor(v, shown);
    k.telling = telling_values(v);
    if (v->desk->embedding.way < 1 && points_made(v)->against)
        draw_moving(v, &k);
    else
        draw_sketch(&k);
    measure_step(&k);
}

/* "r1: layer 2 of 6, 640/1,000, KL 1.31"; beside: the other of two runs, or NULL */
static void put_title(const struct scatter *s, const struct scatter *beside,
                      struct str *out)
{
    char done[COUNT_TEXT], all[COUNT_TEXT];

    str_puts(out, s->run);
    if (beside)
        str_printf(out, " (or %s)", beside->run);
    str_printf(out, ": layer %d of %d", s->layer, s->layers);
    if (!s->ended)
        str_printf(out, ", %s/%s", count_text((size_t)s->iteration, done),
                   count_text((size_t)s->iterations, all));
    if (!isnan(s->kl))
        str_printf(out, ", KL %.2f", s->kl);
}

static void title_points(const struct view *v, struct str *out)
{
    const struct scatter *s = points_shown(v);

    if (s)
        put_title(s, points_made(v)->against ? points_beside(v) : NULL, out);
    else
        str_puts(out, "embeddings");
}

static size_t count_points(const struct view *v)
{
    const struct scatter *s = points_shown(v);

    return s ? s->n_values : 0;
}

static bool holds_value(const struct view *v, size_t i, const char *text)
{
    const struct scatter *s = points_shown(v);
    const char *value = s ? embedding_text(s->encoder, &s->values[i]) : "";

    return data_cell_holds((struct cell){value, (uint32_t)strlen(value)}, text);
}

/* How far the value lies in that direction, and how far off it: a step goes to what is
 * near and not too much aside. */
static double cost_of_step(const float *from, const float *to, enum movement m)
{
    double x = (double)(to[0] - from[0]), y = (double)(to[1] - from[1]);
    double along = m == MOVE_LEFT ? -x : m == MOVE_RIGHT ? x : m == MOVE_UP ? y : -y;
    double aside = m == MOVE_LEFT || m == MOVE_RIGHT ? fabs(y) : fabs(x);

    return along > 0 ? along + 2 * aside : INFINITY;
}

static size_t step_to(const struct view *v, const struct scatter *s, size_t from,
                      enum movement m)
{
    size_t best = from;
    double least = INFINITY;

    for (size_t i = 0; i < s->n_values; i++) {
        double cost = cost_of_step(s->place + 2 * from, s->place + 2 * i, m);

        if (i != from && !points_hidden(v, s, i) && cost < least) {
            least = cost;
            best = i;
        }
    }
    return best;
}

/* Its second corner, as far as there are points. */
static void move_brush(struct embedding_desk *d, enum movement m, long n)
{
    static const double usual = 1.0 / 24;
    int axis = m == MOVE_LEFT || m == MOVE_RIGHT ? 0 : 1;
    double by = (double)n * (d->step[axis] > 0 ? d->step[axis] : usual);

    if (m == MOVE_LEFT || m == MOVE_DOWN)
        by = -by;
    d->brush[1][axis] = fmin(1, fmax(0, d->brush[1][axis] + by));
}

static bool move_points(const struct view *v, enum movement m, long n)
{
    const struct scatter *s = points_shown(v);
    size_t at;

    if (!s || m > MOVE_RIGHT)
        return false;
    if (v->desk->embedding.brushing) {
        move_brush(&v->desk->embedding, m, n);
        return true;
    }
    at = points_cursor(v, s);
    for (long i = 0; i < n && i < (long)s->n_values; i++)
        at = step_to(v, s, at, m);
    v->desk->lists[PANE_POINTS].cursor = at;
    return true;
}

static void copy_points(const struct view *v, struct str *out)
{
    points_put_value(v, out);
}

const struct pane_type pane_points = {
    .name = "points",
    .title = title_points,
    .draw = draw_points,
    .count = count_points,
    .holds = holds_value,
    .move = move_points,
    .copy = copy_points,
};

/* ---- the layout before ---- */

/* Lays the values of `from` over those of `to` that are the same; (n_values of from, 2),
 * the caller frees. *unlike: what is left of the difference, NAN of too few. */
static float *lay_over(const struct scatter *from, const struct scatter *to,
                       double *unlike)
{
    float *place = xcalloc(from->n_values, 2 * sizeof *place);
    struct procrustes p = {.unlike = NAN};
    bool fits = scatter_fit(from, to, &p);

    memcpy(place, from->place, from->n_values * 2 * sizeof *place);
    if (fits)
        procrustes_apply(&p, place, from->n_values);
    *unlike = p.unlike;
    return place;
}

static size_t same_value(const struct scatter *s, size_t value, const struct scatter *in)
{
    uint32_t *same = xcalloc(in->n_values, sizeof *same);
    size_t i = 0;

    scatter_match(in, s, same);
    while (i < in->n_values && same[i] != value)
        i++;
    free(same);
    return i;
}

/* Where that stood which the brush is about. */
static bool *telling_before(const struct view *v, const struct scatter *shown,
                            const struct scatter *before)
{
    bool *telling = telling_values(v), *out;
    uint32_t *same;

    if (!telling)
        return NULL;
    out = xcalloc(before->n_values, sizeof *out);
    same = xcalloc(before->n_values, sizeof *same);
    scatter_match(before, shown, same);
    for (size_t i = 0; i < before->n_values; i++)
        out[i] = same[i] < shown->n_values && telling[same[i]];
    free(same);
    free(telling);
    return out;
}

static void draw_beside(const struct view *v, struct surface *s, bool focused)
{
    const struct scatter *shown = points_shown(v), *before = points_beside(v);
    struct sketch k = {.view = v, .scatter = before, .on = s, .focused = focused};
    double unlike;
    float *place;

    if (!before) {
        prose_draw(s, 1, 1, s->width - 2, ROLE_DIM,
                   "Here the layout before stands beside the present one: of another "
                   "layer, seed, perplexity or run.");
        return;
    }
    if (s->width < 4 || s->height < 2)
        return;
    place = lay_over(before, shown, &unlike);
    k.place = place;
    k.cursor = same_value(shown, points_cursor(v, shown), before);
    k.telling = telling_before(v, shown, before);
    draw_sketch(&k);
    free(place);
}

static void title_beside(const struct view *v, struct str *out)
{
    const struct scatter *shown = points_shown(v), *before = points_beside(v);
    double unlike;

    if (!before) {
        str_puts(out, "the layout before");
        return;
    }
    free(lay_over(before, shown, &unlike));
    put_title(before, NULL, out);
    if (!isnan(unlike))
        str_printf(out, ", %.0f %% unlike", 100 * unlike);
}

const struct pane_type pane_beside = {
    .name = "beside",
    .title = title_beside,
    .draw = draw_beside,
};
