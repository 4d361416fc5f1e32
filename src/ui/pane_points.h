/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the panes of the Embeddings view share. */
#ifndef UI_PANE_POINTS_H
#define UI_PANE_POINTS_H

#include "command/mapping.h"
#include "lens/brush.h"
#include "ui/pane.h"

/* The layout that is shown, NULL: there is none; of two runs the one that is seen. And the
 * one beside it: the other of the two, else the layout before. */
const struct scatter *points_shown(const struct view *v);
const struct scatter *points_beside(const struct view *v);
/* A brush ends where layouts of another run are shown. */
void points_follow_brush(const struct view *v);
/* As `tsne` made it: of two runs the first. */
const struct scatter *points_made(const struct view *v);
/* The same, or says how one comes about. */
const struct scatter *points_seen(const struct view *v, struct surface *s);

/* The job that lays out; NULL: none does. */
const struct view_job *points_job(const struct view *v);
/* Appends the column under the cursor (of the legend, if that has the keys), or the value
 * as COLUMN=VALUE, nothing behind the = where it is missing. False: there is none. */
bool points_put_column(const struct view *v, struct str *out);
bool points_put_value(const struct view *v, struct str *out);

/* The value under the cursor. The layout has some. */
size_t points_cursor(const struct view *v, const struct scatter *s);
bool points_hidden(const struct view *v, const struct scatter *s, size_t value);

/* A letter for each categorical column (n), of its name if it is free. */
void points_letters(const struct encoder *e, char *letters);
/* Of what colours mean: of columns, or of classes. The caller frees them. */
char *points_glyphs(const struct view *v, const struct scatter *s);

/* The class whose share the target is; -1: it is a number, or which of several is the most
 * frequent. */
int points_class(const struct view *v, const struct scatter *s);
/* Whether colours mean the most frequent class. */
bool points_by_class(const struct view *v, const struct scatter *s);

enum { POINTS_LEVELS = 10 };
/* What colour and glyph stand for where it is neither column nor class: a level 0..9 of
 * the share of a class (a tenth each), of the mean of a number, or of how frequent it is;
 * -1: not known. */
int points_level(const struct view *v, const struct scatter *s, size_t value);
/* The lower end of a level. */
double points_level_from(const struct view *v, const struct scatter *s, int level);
enum role points_role(const struct view *v, const struct scatter *s, size_t value);
/* letters: of points_glyphs */
char points_glyph(const struct view *v, const struct scatter *s, size_t value,
                  const char *letters);

/* "P(yes)", "mean of price" or "most frequent kind"; NULL: nothing is known of a target.
 * Caller frees. */
char *points_target_name(const struct view *v, const struct scatter *s);
/* What it is of a value; NAN: not known, or it is the most frequent of several. */
double points_target(const struct view *v, const struct scatter *s, size_t value);

/* "180 of 640 rows, 28%" in row y; returns the row below it. */
int points_draw_rows(struct surface *s, int y, size_t rows, size_t all);
/* Appends a target: a share, or a number in its unit. */
void points_put_target(const struct scatter *s, double x, struct str *out);

/* ---- the brush ---- */

/* The rectangle in the numbers of s. */
struct brush points_brush(const struct view *v, const struct scatter *s);
/* What is in it; NULL: there is no brush, no layout, or no memory. brushed_free. */
struct brushed *points_brushed(const struct view *v);

/* In place of the value under the cursor, while there is a brush (pane_brush.c). */
void points_draw_brushed(const struct view *v, struct surface *s);
/* "37 of 960 cells; 12 values" */
void points_put_brushed(const struct scatter *s, const struct brushed *b,
                        struct str *out);
/* What tells most, a line each. */
void points_copy_brushed(const struct view *v, struct str *out);

#endif
