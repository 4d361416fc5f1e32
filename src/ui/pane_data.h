/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the panes of the Data view share. */
#ifndef UI_PANE_DATA_H
#define UI_PANE_DATA_H

#include "ui/pane.h"

/* The columns that the schema list shows, in its order. */
struct column_list {
    int *columns; /* (n) */
    int n;
};

void column_list_init(struct column_list *l, const struct view *v);
void column_list_done(struct column_list *l);
/* Where in the list the column is, -1: nowhere. */
int column_list_find(const struct column_list *l, int column);

/* The profile of a column, NULL while it is not known. */
const struct profile *data_profile(const struct view *v, int column);

/* Where there is no table: how to get one, or how far it is loaded. False: there is one.
 * data_draw_nothing says it shortly, for panes beside that one. */
bool data_draw_empty(const struct view *v, struct surface *s);
bool data_draw_nothing(const struct view *v, struct surface *s);

/* "..." or what the glyphs have for it: what is not known yet. */
const char *data_unknown(const struct surface *s);

/* "cat", "num", "date" or "-": ignored and weights are roles. */
const char *data_kind_word(enum kind kind);

/* Numbers are shown from least to most, other columns by their most frequent values. */
bool data_shows_numbers(const struct schema_column *c, const struct profile *p);

/* What is wrong with a column in few words, "" if nothing: "leak, mixed". */
void data_warnings(const struct schema_column *c, struct str *out);

/* Appends what a rate of the target means: "over_50k = yes", "mean price". Empty without
 * a target. */
void data_rate_name(const struct view *v, struct str *out);
/* A rate: a share in percent, or a number. */
void data_rate(const struct view *v, double rate, struct str *out);

/* Paints the line of a list that the cursor is on. */
void data_paint_cursor(struct surface *s, int y, bool focused);

/* The bytes of a cell, cut to the width, at x; at its right end with `right`. */
void data_cell(struct surface *s, int x, int y, int width, bool right, enum role role,
               struct cell cell);

/* The width for a list of the first n values: that of the widest, 9 at least (so that
 * "(missing)" fits), `most` at the most. */
int data_value_width(const struct profile *p, size_t n, int most);

/* What a missing value looks like. */
extern const char data_no_value[];

/* The same for a cell of the session's table. One that is no number among numbers counts
 * as missing, and is seen to. */
void data_table_cell(const struct view *v, struct surface *s, int x, int y, int width,
                     bool right, int column, size_t row);

/* Row `row` of the table with a cell a line, and what moves there: cells up and down, the
 * cursor of the `rows` rows to left and right. */
void data_row_draw(const struct view *v, struct surface *s, size_t row, bool focused);
bool data_row_move(const struct view *v, enum movement m, long n, size_t rows);

/* The letters of both cases are equal. */
bool data_cell_holds(struct cell cell, const char *text);

#endif
