/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/grid.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/text.h"
#include "data/dataset.h"

enum {
    CELL_WIDTH = 40, /* widest column on a screen, but the last */
    LAST_WIDTH = 20, /* that the last one gets at least, if it is text that needs it */
    NARROW_WIDTH = 12, /* no text is cut to less, as long as the screen has that */
    GAP = 2,
};

struct value_cell {
    enum { CELL_NONE, CELL_TEXT, CELL_NUMBER, CELL_COUNT, CELL_BOOL } type;
    char *text;
    size_t length;
    bool path;
    double number;
    size_t count; /* of a CELL_BOOL: 0 no, 1 yes */
    int decimals;
    bool sign;    /* of a number above 0, in a table */
    char mark;    /* behind it, in a table; 0: none */
};

struct fact {
    const char *key;
    struct value_cell value;
};

struct title {
    char *text;
    bool number, prose, spare;
    /* Found when a table is printed. limit 0: none. */
    bool left_out;
    size_t limit, width;
};

struct grid {
    const char *name;
    struct fact *facts;
    size_t n_facts, facts_capacity;
    struct title *titles;
    size_t n_titles, titles_capacity;
    struct value_cell *cells;
    size_t n_cells, cells_capacity;
    struct grid *next;
};

struct grid *grid_new(const char *name)
{
    struct grid *g = xcalloc(1, sizeof(*g));

    g->name = name;
    return g;
}

void grid_append(struct grid *g, struct grid *next)
{
    while (g->next)
        g = g->next;
    g->next = next;
}

void grid_free(struct grid *g)
{
    if (g->next)
        grid_free(g->next);
    for (size_t i = 0; i < g->n_facts; i++)
        free(g->facts[i].value.text);
    for (size_t i = 0; i < g->n_titles; i++)
        free(g->titles[i].text);
    for (size_t i = 0; i < g->n_cells; i++)
        free(g->cells[i].text);
    free(g->facts);
    free(g->titles);
    free(g->cells);
    free(g);
}

/* The bytes may hold NULs. */
static struct value_cell text_cell(const char *bytes, size_t n)
{
    char *copy = xmalloc(n + 1);

    memcpy(copy, bytes, n);
    copy[n] = '\0';
    return (struct value_cell){.type = CELL_TEXT, .text = copy, .length = n};
}

static struct value_cell number_cell(double x, int decimals)
{
    return (struct value_cell){.type = isfinite(x) ? CELL_NUMBER : CELL_NONE, .number = x,
                               .decimals = decimals};
}

static struct value_cell count_cell(size_t n)
{
    return (struct value_cell){.type = CELL_COUNT, .count = n};
}

static void add_fact(struct grid *g, const char *key, struct value_cell value)
{
    g->facts = xgrow(g->facts, g->n_facts, &g->facts_capacity, sizeof(*g->facts));
    g->facts[g->n_facts++] = (struct fact){key, value};
}

void grid_fact_text(struct grid *g, const char *key, const char *text)
{
    add_fact(g, key, text_cell(text, strlen(text)));
}

void grid_fact_number(struct grid *g, const char *key, double x, int decimals)
{
    add_fact(g, key, number_cell(x, decimals));
}

void grid_fact_count(struct grid *g, const char *key, size_t n)
{
    add_fact(g, key, count_cell(n));
}

void grid_column(struct grid *g, const char *title, bool number)
{
    g->titles = xgrow(g->titles, g->n_titles, &g->titles_capacity, sizeof(*g->titles));
    g->titles[g->n_titles++] = (struct title){.text = xstrdup(title), .number = number};
}

void grid_prose(struct grid *g, const char *title)
{
    grid_column(g, title, false);
    g->titles[g->n_titles - 1].prose = true;
}

void grid_spare(struct grid *g)
{
    g->titles[g->n_titles - 1].spare = true;
}

static void add_cell(struct grid *g, struct value_cell cell)
{
    g->cells = xgrow(g->cells, g->n_cells, &g->cells_capacity, sizeof(*g->cells));
    g->cells[g->n_cells++] = cell;
}

void grid_text(struct grid *g, const char *bytes, size_t n)
{
    add_cell(g, text_cell(bytes, n));
}

void grid_puts(struct grid *g, const char *text)
{
    add_cell(g, text_cell(text, strlen(text)));
}

void grid_path(struct grid *g, const char *path)
{
    struct value_cell cell = text_cell(path, strlen(path));

    cell.path = true;
    add_cell(g, cell);
}

void grid_number(struct grid *g, double x, int decimals)
{
    add_cell(g, number_cell(x, decimals));
}

void grid_starred(struct grid *g, double x, int decimals, bool star)
{
    struct value_cell cell = number_cell(x, decimals);

    cell.mark = star ? '*' : ' ';
    add_cell(g, cell);
}

void grid_difference(struct grid *g, double x, int decimals)
{
    struct value_cell cell = number_cell(x, decimals);

    cell.sign = true;
    add_cell(g, cell);
}

int grid_decimals(double size)
{
    int decimals = 4;

    for (size = fabs(size); size >= 10 && decimals > 0; size /= 10)
        decimals--;
    return decimals;
}

void grid_count(struct grid *g, size_t n)
{
    add_cell(g, count_cell(n));
}

void grid_bool(struct grid *g, bool yes)
{
    add_cell(g, (struct value_cell){.type = CELL_BOOL, .count = yes});
}

void grid_none(struct grid *g)
{
    add_cell(g, (struct value_cell){.type = CELL_NONE});
}

/* ---- table ---- */

static void write_number(const struct value_cell *v, char *out, size_t size)
{
    if (v->type == CELL_NONE)
        snprintf(out, size, "-");
    else if (v->decimals < 0)
        snprintf(out, size, "%.6g", v->number);
    else
        snprintf(out, size, v->sign ? "%+.*f" : "%.*f", v->decimals, v->number);
    if (v->mark)
        snprintf(out + strlen(out), size - strlen(out), "%c", v->mark);
}

/* The cell for a person, at most `width` columns (0: any). Returns its columns. */
static size_t show_cell(struct str *out, const struct value_cell *v, size_t width)
{
    char text[400]; /* 1e308 written out fits */

    switch (v->type) {
    case CELL_TEXT:
        return (v->path ? show_end_to : show_to)(out, v->text, v->length, width);
    case CELL_COUNT:
        count_text(v->count, text);
        break;
    case CELL_BOOL:
        snprintf(text, sizeof(text), "%s", v->count ? "yes" : "no");
        break;
    case CELL_NUMBER:
    case CELL_NONE:
        write_number(v, text, sizeof(text));
        break;
    }
    return show_to(out, text, strlen(text), 0);
}

static void pad(struct str *out, size_t n)
{
    for (; n > 0; n--)
        str_putc(out, ' ');
}

/* Sentences among them go on in further lines. */
static void show_facts(const struct grid *g, struct str *out, size_t screen)
{
    size_t width = 0;
    struct str value = {0};

    for (size_t i = 0; i < g->n_facts; i++) {
        size_t n = strlen(g->facts[i].key);

        width = n > width ? n : width;
    }
    for (size_t i = 0; i < g->n_facts; i++) {
        str_puts(out, g->facts[i].key);
        pad(out, width - strlen(g->facts[i].key) + GAP);
        str_clear(&value);
        if (show_cell(&value, &g->facts[i].value, 0) == 0)
            str_putc(&value, '-');
        fold_to(out, value.text, width + GAP, width + GAP, screen > 0 ? screen : SIZE_MAX);
        str_putc(out, '\n');
    }
    str_done(&value);
}

/* ---- room on the screen ---- */

/* Width of column c, its texts cut to `limit` (0: not). */
static void measure(struct grid *g, size_t c, size_t limit)
{
    struct title *t = &g->titles[c];
    struct str scratch = {0};

    t->limit = limit;
    t->width = show_to(&scratch, t->text, strlen(t->text), limit);
    for (size_t i = c; i < g->n_cells; i += g->n_titles) {
        size_t n;

        str_clear(&scratch);
        n = show_cell(&scratch, &g->cells[i], limit);
        t->width = n > t->width ? n : t->width;
    }
    str_done(&scratch);
}

static bool is_empty(const struct grid *g, size_t c)
{
    for (size_t i = c; i < g->n_cells; i += g->n_titles) {
        const struct value_cell *v = &g->cells[i];

        if (v->type != CELL_NONE && (v->type != CELL_TEXT || v->length > 0))
            return false;
    }
    return true;
}

/* A text in the last column can be cut or folded. */
static bool is_elastic(const struct grid *g, size_t c)
{
    return c == g->n_titles - 1 && !g->titles[c].number;
}

/* The columns that stay, side by side. */
static size_t width_needed(const struct grid *g)
{
    size_t width = 0;

    for (size_t c = 0; c < g->n_titles; c++) {
        const struct title *t = &g->titles[c];
        size_t n = is_elastic(g, c) && t->width > LAST_WIDTH ? LAST_WIDTH : t->width;

        if (!t->left_out)
            width += n + (width > 0 ? GAP : 0);
    }
    return width;
}

/* The first column always stays. */
static void leave_out_empty(struct grid *g, size_t screen)
{
    for (size_t c = g->n_titles; c-- > 1 && width_needed(g) > screen;)
        g->titles[c].left_out = is_empty(g, c);
}

static void leave_out_spare(struct grid *g, size_t screen)
{
    for (size_t c = 1; c < g->n_titles && width_needed(g) > screen; c++)
        g->titles[c].left_out |= g->titles[c].spare;
}

static void leave_out_right(struct grid *g, size_t screen)
{
    for (size_t c = g->n_titles; c-- > 1 && width_needed(g) > screen;)
        g->titles[c].left_out = true;
}

static void cut_texts(struct grid *g, size_t screen)
{
    size_t limit = screen / 5 > NARROW_WIDTH ? screen / 5 : NARROW_WIDTH;

    if (width_needed(g) <= screen)
        return;
    for (size_t c = 0; c < g->n_titles; c++) {
        if (!is_elastic(g, c))
            measure(g, c, limit);
    }
}

/* The last column that stays ends with the screen. */
static void fit_last(struct grid *g, size_t screen)
{
    size_t taken = 0, last = 0;

    for (size_t c = 1; c < g->n_titles; c++) {
        if (g->titles[c].left_out)
            continue;
        taken += g->titles[last].width + GAP;
        last = c;
    }
    if (taken + g->titles[last].width > screen) {
        g->titles[last].limit = screen > taken ? screen - taken : 1;
        g->titles[last].width = g->titles[last].limit;
    }
}

/* Finds widths and what is left out. Without a screen nothing is cut, and texts beyond
 * CELL_WIDTH just stand out. */
static void find_room(struct grid *g, size_t screen)
{
    for (size_t c = 0; c < g->n_titles; c++) {
        struct title *t = &g->titles[c];

        measure(g, c, screen == 0 || is_elastic(g, c) ? 0 : CELL_WIDTH);
        if (screen == 0 && t->width > CELL_WIDTH)
            t->width = CELL_WIDTH;
    }
    if (screen == 0)
        return;
    leave_out_empty(g, screen);
    leave_out_spare(g, screen);
    cut_texts(g, screen);
    leave_out_right(g, screen);
    fit_last(g, screen);
}

/* ---- rows ---- */

/* One piece at its place; nothing is padded behind the last. */
static void place(struct str *out, const struct value_cell *v, const struct title *t,
                  bool number, bool last)
{
    struct str piece = {0};
    size_t n = show_cell(&piece, v, t->limit), gap = t->width > n ? t->width - n : 0;

    if (number)
        pad(out, gap);
    str_add(out, piece.text, piece.length);
    if (!number && !last)
        pad(out, gap);
    if (!last)
        pad(out, GAP);
    str_done(&piece);
}

static void place_prose(struct str *out, const struct value_cell *v,
                        const struct title *t, size_t at)
{
    struct str piece = {0};

    show_cell(&piece, v, 0);
    fold_to(out, str_text(&piece), at, at, t->limit > 0 ? at + t->limit : SIZE_MAX);
    str_done(&piece);
}

/* row: NULL for the titles. */
static void show_row(const struct grid *g, struct str *out, const struct value_cell *row)
{
    size_t last = g->n_titles - 1, at = 0;

    while (g->titles[last].left_out)
        last--;
    for (size_t c = 0; c <= last; c++) {
        const struct title *t = &g->titles[c];
        struct value_cell title = {.type = CELL_TEXT, .text = t->text,
                                   .length = strlen(t->text)};

        if (t->left_out)
            continue;
        if (row && t->prose)
            place_prose(out, &row[c], t, at);
        else
            place(out, row ? &row[c] : &title, t, t->number, c == last);
        at += t->width + GAP;
    }
    while (out->length > 0 && out->text[out->length - 1] == ' ')
        out->length--; /* of a number without a star */
    str_putc(out, '\n');
}

static void name_left_out(const struct grid *g, struct str *out, size_t screen)
{
    struct str line = {0};
    size_t n = 0;

    for (size_t c = 0; c < g->n_titles; c++) {
        if (g->titles[c].left_out)
            str_printf(&line, "%s%s", n++ > 0 ? ", " : "", g->titles[c].text);
    }
    if (n > 0) {
        struct str said = {0};

        str_printf(&said, "(%zu more column%s: %s)", n, n == 1 ? "" : "s", line.text);
        show_to(out, said.text, said.length, screen);
        str_putc(out, '\n');
        str_done(&said);
    }
    str_done(&line);
}

static void show_rows(struct grid *g, struct str *out, size_t screen)
{
    find_room(g, screen);
    show_row(g, out, NULL);
    for (size_t i = 0; i < g->n_cells; i += g->n_titles)
        show_row(g, out, &g->cells[i]);
    name_left_out(g, out, screen);
}

static void show_table(struct grid *g, struct str *out, size_t screen, bool scrolls)
{
    show_facts(g, out, screen);
    if (g->n_facts > 0 && g->n_cells > 0)
        str_putc(out, '\n');
    if (g->n_cells > 0)
        show_rows(g, out, scrolls ? 0 : screen);
    if (g->next) {
        str_putc(out, '\n');
        show_table(g->next, out, screen, scrolls);
    }
}

/* ---- csv and json ---- */

static void put_csv(struct str *out, const struct value_cell *v)
{
    if (v->type == CELL_TEXT)
        csv_put_cell(out, v->text, v->length);
    else if (v->type == CELL_COUNT)
        str_printf(out, "%zu", v->count);
    else if (v->type == CELL_NUMBER)
        str_json_number(out, v->number);
    else if (v->type == CELL_BOOL)
        str_puts(out, v->count ? "yes" : "no");
}

static void put_csv_rows(const struct grid *g, struct str *out)
{
    size_t n = g->n_titles;

    for (size_t c = 0; c < (n > 0 ? n : g->n_facts); c++) {
        const char *title = n > 0 ? g->titles[c].text : g->facts[c].key;

        if (c > 0)
            str_putc(out, ',');
        csv_put_cell(out, title, strlen(title));
    }
    str_putc(out, '\n');
    for (size_t i = 0; i < (n > 0 ? g->n_cells : g->n_facts); i++) {
        size_t width = n > 0 ? n : g->n_facts;

        put_csv(out, n > 0 ? &g->cells[i] : &g->facts[i].value);
        str_putc(out, (i + 1) % width == 0 ? '\n' : ',');
    }
}

static void put_json(struct str *out, const struct value_cell *v)
{
    if (v->type == CELL_TEXT)
        str_json_string(out, v->text, v->length);
    else if (v->type == CELL_COUNT)
        str_printf(out, "%zu", v->count);
    else if (v->type == CELL_NUMBER)
        str_json_number(out, v->number);
    else if (v->type == CELL_BOOL)
        str_puts(out, v->count ? "true" : "false");
    else
        str_puts(out, "null");
}

static void put_json_pair(struct str *out, const char *key, const struct value_cell *v,
                          bool first)
{
    if (!first)
        str_putc(out, ',');
    str_json_string(out, key, strlen(key));
    str_putc(out, ':');
    put_json(out, v);
}

static void put_json_rows(const struct grid *g, struct str *out)
{
    size_t n = g->n_titles;

    str_json_string(out, g->name, strlen(g->name));
    str_puts(out, ":[");
    for (size_t i = 0; i < g->n_cells; i++) {
        if (i % n == 0)
            str_puts(out, i > 0 ? ",{" : "{");
        put_json_pair(out, g->titles[i % n].text, &g->cells[i], i % n == 0);
        if (i % n == n - 1)
            str_putc(out, '}');
    }
    str_putc(out, ']');
}

static void put_json_object(const struct grid *g, struct str *out)
{
    str_putc(out, '{');
    for (size_t i = 0; i < g->n_facts; i++)
        put_json_pair(out, g->facts[i].key, &g->facts[i].value, i == 0);
    if (g->n_titles > 0) {
        if (g->n_facts > 0)
            str_putc(out, ',');
        put_json_rows(g, out);
    }
    for (const struct grid *next = g->next; next; next = next->next) {
        str_putc(out, ',');
        put_json_rows(next, out);
    }
    str_puts(out, "}\n");
}

void grid_print(struct grid *g, struct context *c)
{
    struct str out = {0};

    if (c->format == FORMAT_JSON)
        put_json_object(g, &out);
    else if (c->format == FORMAT_CSV)
        put_csv_rows(g, &out);
    else
        show_table(g, &out, c->width, c->scrolls);
    context_print(c, str_text(&out), out.length);
    str_done(&out);
    grid_free(g);
}

bool grid_write_csv(struct grid *g, const char *path, struct error *err)
{
    struct str out = {0};
    bool ok;

    put_csv_rows(g, &out);
    ok = file_write(path, 0644, out.text, out.length, err);
    str_done(&out);
    grid_free(g);
    return ok;
}
