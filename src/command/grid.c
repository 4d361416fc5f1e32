/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/grid.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/dataset.h"

enum {
    CELL_WIDTH = 40, /* widest column of a table, but the last */
    LAST_WIDTH = 20, /* that the last column gets at least, where it needs it */
    GAP = 2,
};

struct value_cell {
    enum { CELL_NONE, CELL_TEXT, CELL_NUMBER, CELL_COUNT, CELL_BOOL } type;
    char *text;
    size_t length;
    double number;
    size_t count; /* of a CELL_BOOL: 0 no, 1 yes */
    int decimals;
};

struct fact {
    const char *key;
    struct value_cell value;
};

struct title {
    char *text;
    bool number;
    size_t limit, width; /* of the table, found when it is printed; limit 0: none */
};

struct grid {
    const char *name;
    struct fact *facts;
    size_t n_facts, facts_capacity;
    struct title *titles;
    size_t n_titles, titles_capacity;
    struct value_cell *cells;
    size_t n_cells, cells_capacity;
};

struct grid *grid_new(const char *name)
{
    struct grid *g = xcalloc(1, sizeof(*g));

    g->name = name;
    return g;
}

void grid_free(struct grid *g)
{
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

void grid_number(struct grid *g, double x, int decimals)
{
    add_cell(g, number_cell(x, decimals));
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

const char *count_text(size_t n, char out[COUNT_TEXT])
{
    char digits[COUNT_TEXT];
    int length = snprintf(digits, sizeof(digits), "%zu", n), at = 0;

    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = '\0';
    return out;
}

/* ---- table ---- */

/* The cell for a person, at most `width` columns (0: any). Returns its columns. */
static size_t show_cell(struct str *out, const struct value_cell *v, size_t width)
{
    char text[400]; /* 1e308 written out fits */

    switch (v->type) {
    case CELL_TEXT:
        return show_to(out, v->text, v->length, width);
    case CELL_COUNT:
        count_text(v->count, text);
        break;
    case CELL_NUMBER:
        if (v->decimals < 0)
            snprintf(text, sizeof(text), "%.6g", v->number);
        else
            snprintf(text, sizeof(text), "%.*f", v->decimals, v->number);
        break;
    case CELL_BOOL:
        snprintf(text, sizeof(text), "%s", v->count ? "yes" : "no");
        break;
    case CELL_NONE:
        snprintf(text, sizeof(text), "-");
        break;
    }
    return show_to(out, text, strlen(text), 0);
}

static void pad(struct str *out, size_t n)
{
    for (; n > 0; n--)
        str_putc(out, ' ');
}

static void show_facts(const struct grid *g, struct str *out)
{
    size_t width = 0;

    for (size_t i = 0; i < g->n_facts; i++) {
        size_t n = strlen(g->facts[i].key);

        width = n > width ? n : width;
    }
    for (size_t i = 0; i < g->n_facts; i++) {
        str_puts(out, g->facts[i].key);
        pad(out, width - strlen(g->facts[i].key) + GAP);
        if (show_cell(out, &g->facts[i].value, 0) == 0)
            str_putc(out, '-');
        str_putc(out, '\n');
    }
}

/* Widths of the columns, the last one as wide as it needs and the screen has room. */
static void measure(struct grid *g, size_t screen)
{
    struct str scratch = {0};
    size_t taken = 0;

    for (size_t c = 0; c < g->n_titles; c++) {
        struct title *t = &g->titles[c];

        t->limit = CELL_WIDTH;
        if (c == g->n_titles - 1)
            t->limit = screen == 0 ? 0 : screen > taken + LAST_WIDTH ? screen - taken
                                                                     : LAST_WIDTH;
        t->width = show_to(&scratch, t->text, strlen(t->text), t->limit);
        for (size_t i = c; i < g->n_cells; i += g->n_titles) {
            size_t n;

            str_clear(&scratch);
            n = show_cell(&scratch, &g->cells[i], t->limit);
            t->width = n > t->width ? n : t->width;
        }
        taken += t->width + GAP;
    }
    str_done(&scratch);
}

/* Columns that fit on the screen, at least one. */
static size_t fitting(const struct grid *g, size_t screen)
{
    size_t n = 0, width = 0;

    while (n < g->n_titles) {
        width += g->titles[n].width + (n > 0 ? GAP : 0);
        if (screen > 0 && width > screen && n > 0)
            break;
        n++;
    }
    return n;
}

/* One piece at its place; nothing is padded behind the last. */
static void place(struct str *out, const struct value_cell *v, const struct title *t,
                  bool number, bool last)
{
    struct str piece = {0};
    size_t n = show_cell(&piece, v, t->limit);

    if (number)
        pad(out, t->width - n);
    str_add(out, piece.text, piece.length);
    if (!number && !last)
        pad(out, t->width - n);
    if (!last)
        pad(out, GAP);
    str_done(&piece);
}

static void show_rows(struct grid *g, struct str *out, size_t screen)
{
    size_t n, rows = g->n_cells / g->n_titles;

    measure(g, screen);
    n = fitting(g, screen);
    for (size_t c = 0; c < n; c++) {
        const struct title *t = &g->titles[c];
        struct value_cell title = {.type = CELL_TEXT, .text = t->text,
                                   .length = strlen(t->text)};

        place(out, &title, t, t->number, c == n - 1);
    }
    str_putc(out, '\n');
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < n; c++)
            place(out, &g->cells[r * g->n_titles + c], &g->titles[c], g->titles[c].number,
                  c == n - 1);
        str_putc(out, '\n');
    }
    if (n < g->n_titles)
        str_printf(out, "... and %zu more columns\n", g->n_titles - n);
}

static void show_table(struct grid *g, struct str *out, size_t screen)
{
    show_facts(g, out);
    if (g->n_facts > 0 && g->n_cells > 0)
        str_putc(out, '\n');
    if (g->n_cells > 0)
        show_rows(g, out, screen);
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

static void write_csv(const struct grid *g, struct str *out)
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

static void write_json(const struct grid *g, struct str *out)
{
    str_putc(out, '{');
    for (size_t i = 0; i < g->n_facts; i++)
        put_json_pair(out, g->facts[i].key, &g->facts[i].value, i == 0);
    if (g->n_titles > 0) {
        if (g->n_facts > 0)
            str_putc(out, ',');
        put_json_rows(g, out);
    }
    str_puts(out, "}\n");
}

void grid_print(struct grid *g, struct context *c)
{
    struct str out = {0};

    if (c->format == FORMAT_JSON)
        write_json(g, &out);
    else if (c->format == FORMAT_CSV)
        write_csv(g, &out);
    else
        show_table(g, &out, c->width);
    context_print(c, str_text(&out), out.length);
    str_done(&out);
    grid_free(g);
}
