/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One column in detail: what it is taken for and why, its figures, what it tells of the
 * target, how its numbers or values lie, and what could be done. It is written on a
 * long sheet of which the pane shows a part.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "command/figures.h"
#include "ui/chart.h"
#include "ui/format.h"
#include "ui/pane_data.h"
#include "ui/prose.h"
#include "ui/scroll.h"

enum {
    SHEET_HEIGHT = 160,
    COPY_WIDTH = 76,
    CHART_HEIGHT = 8, CHART_WIDTH = 90, /* at most */
    SIDE = 70,       /* from here on there is room for two things beside each other */
    TOP_VALUES = 12,
    LABEL = 22,      /* of a value or a tenth, at most */
    SHARE = 6, BAR = 24,
};

/* A distribution so uneven is told of. */
static const double skewed = 3;

struct sheet {
    const struct view *v;
    struct surface s;
    int y; /* the next free line */
    int column;
    const struct schema_column *schema;
    const struct profile *profile; /* NULL: not known yet */
};

/* ---- text ---- */

static void add_prose(struct sheet *h, enum role role, const char *text)
{
    h->y += prose_draw(&h->s, 1, h->y, h->s.width - 2, role, text);
}

static void draw_name(struct sheet *h)
{
    const struct schema *s = h->v->session->table->schema;
    const char *role = schema_role(s, h->column);
    int x = 1;

    x += surface_text(&h->s, x, h->y, h->s.width - 24,
                      h->column == s->target ? ROLE_TARGET : ROLE_STRONG,
                      h->schema->name);
    if (h->column == s->target)
        surface_printf(&h->s, x + 2, h->y++, h->s.width - x - 3, ROLE_TARGET,
                       "the target, %s", task_name(s->task));
    else if (h->schema->kind == KIND_IGNORE || h->schema->kind == KIND_WEIGHT)
        surface_text(&h->s, x + 2, h->y++, h->s.width - x - 3, ROLE_TEXT, role);
    else
        surface_printf(&h->s, x + 2, h->y++, h->s.width - x - 3, ROLE_TEXT, "%s, %s",
                       kind_name(h->schema->kind), role);
}

static void draw_reason(struct sheet *h)
{
    struct str text = {0};

    str_printf(&text, h->schema->marked ? "%s" : "guessed: %s", schema_reason(h->schema));
    add_prose(h, ROLE_DIM, text.text);
    str_done(&text);
}

/* ---- figures ---- */

static void draw_counts(struct sheet *h)
{
    size_t rows = dataset_rows(h->v->session->table->data), missing = h->schema->missing;
    char count[COUNT_TEXT];
    struct str text = {0};

    str_printf(&text, "%s row%s", count_text(rows, count), rows == 1 ? "" : "s");
    if (missing > 0) {
        str_printf(&text, ", %s missing (", count_text(missing, count));
        format_share(&text, (double)missing / (double)rows);
        str_puts(&text, ")");
    } else {
        str_puts(&text, ", none missing");
    }
    str_printf(&text, ", %s distinct", count_text(h->schema->distinct, count));
    add_prose(h, ROLE_TEXT, text.text);
    str_done(&text);
}

static void draw_moments(struct sheet *h)
{
    const struct profile *p = h->profile;
    struct str text = {0};

    if (p->form != DATETIME_NONE)
        return;
    str_puts(&text, "mean ");
    format_number(&text, p->mean);
    str_puts(&text, ", deviation ");
    format_number(&text, p->deviation);
    str_printf(&text, ", skew %.2f", p->skew);
    if (p->zeros > 0) {
        str_puts(&text, ", ");
        format_share(&text, (double)p->zeros / (double)p->numeric);
        str_puts(&text, " are 0");
    }
    add_prose(h, ROLE_TEXT, text.text);
    str_done(&text);
}

enum { NUMBERS = PROFILE_QUANTILES + 2 };

/* In brief where the whole number has no room. */
static void add_quantile(const struct sheet *h, int i, int width, struct str *out)
{
    const struct profile *p = h->profile;
    double x = i == 0 ? p->min : i == NUMBERS - 1 ? p->max : p->quantiles[i - 1];

    format_value(out, p, x, false);
    if (out->length <= (size_t)width)
        return;
    str_clear(out);
    format_value(out, p, x, true);
}

/* As many beside each other as there is room for, their titles above. */
static void draw_quantiles(struct sheet *h)
{
    static const char *const titles[] = {"min", "5 %", "25 %", "median", "75 %", "95 %",
                                         "max"};
    int least = h->profile->form != DATETIME_NONE ? 17 : 7, room = h->s.width - 1;
    int across = room / least < NUMBERS ? room / least < 4 ? room / least : 4 : NUMBERS;
    int cell = across > 0 ? room / across : 0;

    h->y++;
    for (int i = 0; across > 0 && i < NUMBERS; i++) {
        struct str text = {0};
        int x = i % across * cell;

        add_quantile(h, i, cell - 1, &text);
        surface_text_right(&h->s, x, h->y, cell, ROLE_DIM, titles[i]);
        surface_text_right(&h->s, x, h->y + 1, cell, ROLE_TEXT, text.text);
        str_done(&text);
        if (i % across == across - 1 || i == NUMBERS - 1)
            h->y += 2;
    }
}

/* ---- the histogram ---- */

static void draw_outside(struct sheet *h)
{
    const struct profile *p = h->profile;
    struct str text = {0};
    char count[COUNT_TEXT];

    if (p->below > 0) {
        str_printf(&text, "Not drawn: %s smaller, down to ", count_text(p->below, count));
        format_value(&text, p, p->min, false);
    }
    if (p->above > 0) {
        str_printf(&text, "%s%s larger, up to ", p->below > 0 ? "; " : "Not drawn: ",
                   count_text(p->above, count));
        format_value(&text, p, p->max, false);
    }
    if (text.length > 0) {
        str_putc(&text, '.');
        add_prose(h, ROLE_DIM, text.text);
    }
    str_done(&text);
}

static void draw_histogram(struct sheet *h)
{
    int width = h->s.width - 2 < CHART_WIDTH ? h->s.width - 2 : CHART_WIDTH;
    struct surface part = surface_part(&h->s, (struct rect){1, h->y + 1, width,
                                                            CHART_HEIGHT});
    struct figure *f;

    if (h->profile->n_bins < 2)
        return;
    f = figures_histogram(h->profile);
    chart_draw(f, &part);
    figure_free(f);
    h->y += CHART_HEIGHT + 1;
    draw_outside(h);
}

/* ---- lines of bars ---- */

/* A label, the share of the rows, what the target does there. */
struct bar_plan {
    int label, bar;    /* widths */
    int x_share, x_rate; /* of a number with its bar behind it; -1: not there */
};

/* The scale of rates: from 0 where no rate is below it. */
struct scale {
    double low, high;
};

static struct bar_plan plan_bars(const struct sheet *h, int label, bool shares,
                                 bool rates)
{
    struct bar_plan b = {.label = label, .x_share = -1, .x_rate = -1};
    int blocks = shares + rates, x, room;
    int most = h->s.width / 2 - (blocks > 1 ? SHARE : 0);

    if (b.label > most)
        b.label = most;
    if (b.label < 1)
        b.label = 1;
    x = 2 + b.label;
    room = h->s.width - 1 - x;
    b.bar = blocks > 0 ? room / blocks - SHARE - 2 : 0;
    if (b.bar > BAR)
        b.bar = BAR;
    if (shares) {
        b.x_share = x;
        x += SHARE + 2 + (b.bar > 0 ? b.bar : 0);
    }
    if (rates)
        b.x_rate = x;
    return b;
}

static void widen(struct scale *s, double rate)
{
    if (isfinite(rate)) {
        s->low = fmin(s->low, rate);
        s->high = fmax(s->high, rate);
    }
}

static double part_of(const struct scale *s, double rate)
{
    return isfinite(rate) && s->high > s->low ? (rate - s->low) / (s->high - s->low) : 0;
}

static void draw_number(struct sheet *h, const struct bar_plan *b, int x,
                        const char *text, double part, enum role role)
{
    if (x < 0)
        return;
    surface_text_right(&h->s, x, h->y, SHARE, ROLE_TEXT, text);
    if (b->bar > 0)
        surface_bar(&h->s, x + SHARE + 1, h->y, b->bar, part, role);
}

static void draw_line(struct sheet *h, const struct bar_plan *b,
                      const struct scale *scale, const char *label, size_t rows,
                      double rate, enum role role)
{
    struct str share = {0}, text = {0};
    double part = (double)rows / (double)h->profile->rows;

    format_share(&share, part);
    surface_text(&h->s, 1, h->y, b->label, role == ROLE_DIM ? ROLE_DIM : ROLE_TEXT,
                 label);
    draw_number(h, b, b->x_share, str_text(&share), part, role);
    if (b->x_rate >= 0) {
        data_rate(h->v, rate, &text);
        draw_number(h, b, b->x_rate, str_text(&text), part_of(scale, rate), ROLE_TARGET);
    }
    str_done(&share);
    str_done(&text);
    h->y++;
}

static void draw_titles(struct sheet *h, const struct bar_plan *b, const char *label)
{
    struct str rate = {0};

    h->y++;
    surface_text(&h->s, 1, h->y, b->label, ROLE_TITLE, label);
    if (b->x_share >= 0)
        surface_text_right(&h->s, b->x_share, h->y, SHARE, ROLE_TITLE, "rows");
    data_rate_name(h->v, &rate);
    if (b->x_rate >= 0)
        surface_text(&h->s, b->x_rate + 1, h->y, h->s.width - b->x_rate - 2, ROLE_TITLE,
                     str_text(&rate));
    h->y++;
    str_done(&rate);
}

static bool has_rates(const struct sheet *h)
{
    return !isnan(profile_signal(h->profile, h->schema->kind));
}

/* ---- values ---- */

/* What is not among the first: listed by itself elsewhere, or summed up already. */
static void draw_others(struct sheet *h, const struct bar_plan *b,
                        const struct scale *scale, size_t shown)
{
    const struct profile *p = h->profile;
    size_t rows = p->rest_rows;
    char count[COUNT_TEXT], *label;

    for (size_t i = shown; i < p->n_values; i++)
        rows += p->values[i].rows;
    if (p->distinct > shown) {
        label = xasprintf("%s others", count_text(p->distinct - shown, count));
        draw_line(h, b, scale, label, rows, NAN, ROLE_DIM);
        free(label);
    }
    if (p->missing > 0)
        draw_line(h, b, scale, "(missing)", p->missing, p->missing_rate, ROLE_DIM);
}

static void draw_values(struct sheet *h)
{
    const struct profile *p = h->profile;
    int width = data_value_width(p, TOP_VALUES, LABEL);
    struct bar_plan b = plan_bars(h, width, true, has_rates(h));
    size_t shown = p->n_values < TOP_VALUES ? p->n_values : TOP_VALUES;
    struct scale scale = {0, 0};

    if (p->rows == 0)
        return;
    for (size_t i = 0; i < shown; i++)
        widen(&scale, p->values[i].rate);
    widen(&scale, p->missing_rate);
    draw_titles(h, &b, "value");
    for (size_t i = 0; i < shown; i++) {
        struct str text = {0};

        show_to(&text, p->values[i].text.text, p->values[i].text.length, (size_t)b.label);
        draw_line(h, &b, &scale, str_text(&text), p->values[i].rows, p->values[i].rate,
                  ROLE_SERIES_1);
        str_done(&text);
    }
    draw_others(h, &b, &scale, shown);
}

/* ---- the target along the numbers ---- */

static void add_tenth(const struct profile *p, int i, struct str *out)
{
    format_value(out, p, p->tenths[i].low, true);
    if (p->tenths[i].high > p->tenths[i].low) {
        str_puts(out, p->form == DATETIME_NONE ? " .. " : "..");
        format_value(out, p, p->tenths[i].high, true);
    }
}

static int tenth_width(const struct profile *p, struct scale *scale)
{
    size_t width = 9;

    for (int i = 0; i < p->n_tenths; i++) {
        struct str label = {0};

        widen(scale, p->tenths[i].rate);
        add_tenth(p, i, &label);
        width = label.length > width ? label.length : width;
        str_done(&label);
    }
    return (int)width;
}

static void draw_tenths(struct sheet *h)
{
    const struct profile *p = h->profile;
    struct scale scale = {0, 0};
    struct bar_plan b;

    widen(&scale, p->missing_rate);
    b = plan_bars(h, tenth_width(p, &scale), false, true);
    draw_titles(h, &b, "tenth");
    for (int i = 0; i < p->n_tenths; i++) {
        struct str label = {0};

        add_tenth(p, i, &label);
        draw_line(h, &b, &scale, str_text(&label), p->tenths[i].rows, p->tenths[i].rate,
                  ROLE_SERIES_1);
        str_done(&label);
    }
    if (p->missing > 0)
        draw_line(h, &b, &scale, "(missing)", p->missing, p->missing_rate, ROLE_DIM);
}

static void add_signal(const struct sheet *h, double signal, struct str *out)
{
    const char *target = h->v->session->table->schema
                             ->columns[h->v->session->table->schema->target].name;

    if (strcmp(signal_word(signal), "none") == 0) {
        str_printf(out, "No signal: by itself it tells nothing about %s. Together with "
                   "other columns it may.", target);
        return;
    }
    str_printf(out, "Signal: %s. By itself it explains ", signal_word(signal));
    format_share(out, signal);
    str_printf(out, " of how %s varies.", target);
}

static void draw_signal(struct sheet *h)
{
    double signal = profile_signal(h->profile, h->schema->kind);
    struct str text = {0};

    add_signal(h, signal, &text);
    add_prose(h, ROLE_TEXT, text.text);
    str_done(&text);
}

/* ---- numbers: how they lie, and the target along them ---- */

/* Beside each other where there is room; else the target first, as the list of columns
 * has a small histogram already. */
static void draw_shape(struct sheet *h)
{
    struct sheet right = *h, left = *h;
    int middle = h->s.width / 2;

    draw_quantiles(h);
    if (!has_rates(h)) {
        draw_histogram(h);
    } else if (h->s.width < SIDE) {
        draw_tenths(h);
        draw_histogram(h);
    } else {
        left.s = surface_part(&h->s, (struct rect){0, h->y, middle, SHEET_HEIGHT});
        right.s = surface_part(&h->s, (struct rect){middle, h->y, h->s.width - middle,
                                                    SHEET_HEIGHT});
        left.y = right.y = 0;
        draw_histogram(&left);
        draw_tenths(&right);
        h->y += left.y > right.y ? left.y : right.y;
    }
}

/* ---- warnings, and what to do ---- */

static const struct {
    enum column_warning bit;
    const char *sentence;
} sentences[] = {
    {WARN_LEAK, "It gives the target away: who knows it nearly knows the answer. Ignore "
                "it unless it is known beforehand."},
    {WARN_CONSTANT, "All rows have the same value: there is nothing to learn from it."},
    {WARN_ALL_MISSING, "No row has a value."},
    {WARN_DUPLICATE, "Another column says the same in every row, so it adds nothing."},
    {WARN_ID, "Every row has another value, as a number or name of the row has: a model "
              "would only learn rows by heart."},
    {WARN_TEXT, "Free text: its values hardly repeat, so a model of tables can learn "
                "little from them."},
    {WARN_CARDINALITY, "It has more values than get a place of their own: the rare ones "
                       "share one (`show data.max_classes`)."},
    {WARN_MIXED, "A few cells are of another kind than the rest; they are taken as "
                 "missing."},
    {WARN_NONFINITE, "Some cells are inf or nan; they are taken as missing."},
};

static const char mixed_texts[] =
    "Most cells are numbers and a few are not. As numbers (#) those few would be taken "
    "as missing.";

static void draw_warnings(struct sheet *h)
{
    for (size_t i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++) {
        const char *sentence = sentences[i].sentence;

        if (!(h->schema->warnings & sentences[i].bit))
            continue;
        if (sentences[i].bit == WARN_MIXED && h->schema->kind == KIND_CATEGORICAL)
            sentence = mixed_texts;
        h->y++;
        surface_put(&h->s, 1, h->y, '!', ROLE_WARNING);
        h->y += prose_draw(&h->s, 3, h->y, h->s.width - 4, ROLE_WARNING, sentence);
    }
}

static void draw_advice(struct sheet *h)
{
    const struct table *t = h->v->session->table;
    struct str text = {0};

    if (h->column == t->schema->target)
        str_puts(&text, "Another column becomes the target with t.");
    else if (h->schema->kind == KIND_IGNORE)
        str_printf(&text, "It is left out; c takes it as categories%s.",
                   h->schema->numeric > 0 ? ", # as numbers" : "");
    else if (h->schema->kind == KIND_CONTINUOUS)
        str_puts(&text, "c takes it as categories, i leaves it out, t predicts it.");
    else
        str_printf(&text, "%si leaves it out, t predicts it.",
                   h->schema->numeric > 0 ? "# takes it as numbers, " : "");
    str_puts(&text, " F counts all its values.");
    if (h->profile && h->schema->kind == KIND_CONTINUOUS &&
        fabs(h->profile->skew) > skewed && t->schema->target != h->column &&
        h->v->session->settings.data.scaling == SCALING_STANDARD)
        str_puts(&text, " Its numbers are very uneven: `set data.scaling quantile` "
                        "spreads them.");
    h->y++;
    add_prose(h, ROLE_DIM, text.text);
    str_done(&text);
}

/* ---- the sheet ---- */

static void write_sheet(struct sheet *h)
{
    bool numbers = data_shows_numbers(h->schema, h->profile);

    draw_name(h);
    draw_reason(h);
    draw_counts(h);
    if (!h->profile) {
        h->y++;
        add_prose(h, ROLE_DIM, "Its profile is being made. It stands here in a moment.");
        return;
    }
    if (numbers)
        draw_moments(h);
    if (has_rates(h))
        draw_signal(h);
    draw_warnings(h);
    if (numbers)
        draw_shape(h);
    else
        draw_values(h);
    draw_advice(h);
}

/* False: there is no column. Release with surface_done(&h->s). */
static bool make_sheet(struct sheet *h, const struct view *v, int width,
                       enum glyphs glyphs)
{
    int column = view_column(v);

    if (column < 0)
        return false;
    *h = (struct sheet){.v = v, .column = column, .profile = data_profile(v, column),
                        .schema = &v->session->table->schema->columns[column]};
    surface_init(&h->s, width, SHEET_HEIGHT, glyphs);
    write_sheet(h);
    return true;
}

static void draw(const struct view *v, struct surface *s, bool focused)
{
    struct sheet h;

    (void)focused;
    if (s->width < 1 || data_draw_nothing(v, s) ||
        !make_sheet(&h, v, s->width, s->glyphs))
        return;
    scroll_show(s, &h.s, h.y, &v->desk->lists[PANE_COLUMN]);
    surface_done(&h.s);
}

static void title(const struct view *v, struct str *out)
{
    int i = view_column(v);

    str_puts(out, "Column");
    if (i >= 0)
        str_printf(out, " %s", v->session->table->schema->columns[i].name);
}

/* Up and down scroll, left and right go to the column before and the next. */
static bool move(const struct view *v, enum movement m, long n)
{
    struct list *l = &v->desk->lists[PANE_COLUMN];
    struct list *columns = &v->desk->lists[PANE_SCHEMA];

    if (!scroll_move(l, m, n)) {
        list_move(columns, m == MOVE_LEFT ? -n : n, pane_schema.count(v));
        l->top = 0;
    }
    return true;
}

static void copy(const struct view *v, struct str *out)
{
    struct sheet h;
    struct surface part;

    if (!make_sheet(&h, v, COPY_WIDTH, GLYPHS_ASCII))
        return;
    part = surface_part(&h.s, (struct rect){0, 0, COPY_WIDTH, h.y});
    surface_dump(&part, out);
    surface_done(&h.s);
}

const struct pane_type pane_column = {
    .name = "column",
    .title = title,
    .draw = draw,
    .move = move,
    .copy = copy,
};
