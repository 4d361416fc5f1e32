/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a person sees of the keys: the hint line, the list of `?`, the menu of `x`. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "ui/keys.h"
#include "ui/keys_private.h"

enum {
    MOST = 256,        /* bindings of a place */
    TWO_COLUMNS = 140, /* from this width on the list has two columns */
    LIST_WIDTH = 100,  /* of one column at most */
    HELP_WIDTH = 36,   /* of the longest sentence that is not cut */
    LINE_WIDTH = 18,   /* with less than that, lines are left out */
    LEAST_WIDTH = 10, LEAST_HEIGHT = 3, /* of a pop-up, its frame included */
};

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* ---- the hint line ---- */

static int hint_width(const struct binding *b)
{
    return surface_width(b->key) + 1 + surface_width(b->hint) + 2;
}

/* " c cat"; returns the column behind it and its gap. */
static int put_hint(struct surface *s, int x, const char *key, const char *hint)
{
    x += surface_text(s, x, 0, 0, ROLE_KEY, key) + 1;
    return x + surface_text(s, x, 0, 0, ROLE_TEXT, hint) + 2;
}

/* Keys that lead on are shown at any width. */
static bool is_way_out(const struct binding *b)
{
    return b->line && (strcmp(b->line, "keys") == 0 ||
                       strcmp(b->line, "focus prompt") == 0);
}

static void draw_popup_hints(const struct desk *d, struct surface *s)
{
    int x = 1;

    if (d->popup == POPUP_MENU) {
        x = put_hint(s, x, "Up Down", "choose");
        x = put_hint(s, x, "Enter", "do it");
    } else {
        x = put_hint(s, x, d->place == PLACE_PANES ? "Up Down PgUp PgDn" : "PgUp PgDn",
                     "scroll");
    }
    put_hint(s, x, "Esc", "close");
}

/* The bindings with a hint; those of the prompt itself first. */
static int collect_hints(const struct keys *k, const struct desk *d,
                         const struct binding *out[MOST])
{
    const struct binding *all[MOST];
    int n = 0, n_all = keys_here(k, d, false, all, MOST);

    for (const struct binding *b = keys_editor; b->context; b++)
        if (d->place == PLACE_PROMPT && b->hint)
            out[n++] = b;
    for (int i = 0; i < n_all && n < MOST; i++)
        if (all[i]->hint)
            out[n++] = all[i];
    return n;
}

/* How a picture that stands still goes on again comes first. */
static int put_thaw_hint(const struct keys *k, struct surface *s, int x)
{
    const struct binding *b;

    for (int i = 0; (b = keys_at(k, i)); i++)
        if (strcmp(b->line, "freeze") == 0)
            return put_hint(s, x, b->key, "go on");
    return x;
}

void keys_draw_hints(const struct keys *k, const struct desk *d, struct surface *s)
{
    const struct binding *hints[MOST];
    int n, x = 1, reserved = 0;

    if (d->popup != POPUP_NONE) {
        draw_popup_hints(d, s);
        return;
    }
    n = collect_hints(k, d, hints);
    if (d->frozen)
        x = put_thaw_hint(k, s, x);
    for (int i = 0; i < n; i++)
        if (is_way_out(hints[i]))
            reserved += hint_width(hints[i]);
    for (int i = 0; i < n; i++) {
        int width = hint_width(hints[i]);

        /* the last gap may fall off the edge */
        if (!is_way_out(hints[i]) && x + width + reserved - 2 <= s->width)
            x = put_hint(s, x, hints[i]->key, hints[i]->hint);
    }
    for (int i = 0; i < n; i++)
        if (is_way_out(hints[i]))
            x = put_hint(s, x, hints[i]->key, hints[i]->hint);
}

/* ---- lines of a pop-up ---- */

/* A heading, a blank line (both without a binding), or a key. */
struct row {
    const char *heading;
    const struct binding *b;
    char *keys, *line; /* as shown; line NULL: there is none */
    bool possible;     /* the line can be run now */
};

struct rows {
    struct row rows[2 * MOST];
    int n;
    int keys_width, help_width, line_width; /* of the widest of each */
};

/* "find ..." for a line that is completed at the prompt. */
static char *line_for_people(const struct view *v, const char *line, bool *possible,
                             bool with_reason)
{
    struct str text = {0};
    struct error err;
    bool ask;

    *possible = keys_expand(v, line, &text, &ask, &err);
    if (*possible && ask)
        str_puts(&text, text.length > 0 && text.text[text.length - 1] == ' ' ? "..."
                                                                             : " ...");
    if (!*possible) {
        str_clear(&text);
        str_puts(&text, with_reason ? err.text : line);
    }
    return text.text ? text.text : xstrdup("");
}

static struct row *add_row(struct rows *r)
{
    r->rows[r->n] = (struct row){.possible = true};
    return &r->rows[r->n++];
}

static void add_heading(struct rows *r, const char *heading)
{
    if (r->n > 0)
        add_row(r);
    add_row(r)->heading = heading;
}

static void add_binding(struct rows *r, const struct keys *k, const struct view *v,
                        const struct binding *b)
{
    struct row *row = add_row(r);
    struct str keys = {0};

    row->b = b;
    if (b->line) {
        keys_print_all(k, v->desk, b, &keys);
        row->line = line_for_people(v, b->line, &row->possible,
                                    v->desk->popup == POPUP_MENU);
    } else {
        str_puts(&keys, b->key);
    }
    row->keys = keys.text;
    r->keys_width = larger(r->keys_width, surface_width(row->keys));
    r->help_width = smaller(larger(r->help_width, surface_width(b->help)), HELP_WIDTH);
    r->line_width = larger(r->line_width, surface_width(row->line));
}

static const char *heading_of(const char *context)
{
    static const char *const views[VIEWS] = {"Data view", "Train view", "Runs view",
                                             "Attention view", "Embeddings view",
                                             "Log view", "Study view"};

    for (int i = 0; i < VIEWS; i++)
        if (strcmp(context, view_name((enum view_id)i)) == 0)
            return views[i];
    return strcmp(context, "panes") == 0 ? "All panes"
         : strcmp(context, "anywhere") == 0 ? "Anywhere, at the prompt too"
                                            : "This pane";
}

static void collect_rows(struct rows *r, const struct keys *k, const struct view *v)
{
    const struct binding *all[MOST];
    bool menu = v->desk->popup == POPUP_MENU;
    int n = keys_here(k, v->desk, menu, all, MOST);

    *r = (struct rows){0};
    if (!menu && v->desk->place == PLACE_PROMPT) {
        add_heading(r, "Prompt");
        for (const struct binding *b = keys_editor; b->context; b++)
            add_binding(r, k, v, b);
    }
    for (int i = 0; i < n && r->n + 3 < 2 * MOST; i++) {
        if (!menu && (i == 0 || strcmp(all[i]->context, all[i - 1]->context) != 0))
            add_heading(r, heading_of(all[i]->context));
        add_binding(r, k, v, all[i]);
    }
}

static void free_rows(struct rows *r)
{
    for (int i = 0; i < r->n; i++) {
        free(r->rows[i].keys);
        free(r->rows[i].line);
    }
}

static void draw_row(struct surface *s, int y, const struct rows *r,
                     const struct row *row)
{
    int help = 2 + r->keys_width + 2, line = help + r->help_width + 2;

    if (row->heading)
        surface_text(s, 1, y, 0, ROLE_TITLE, row->heading);
    if (!row->b)
        return;
    surface_text(s, 2, y, smaller(r->keys_width, s->width - 2), ROLE_KEY, row->keys);
    if (help < s->width)
        surface_text(s, help, y, smaller(r->help_width, s->width - help),
                     row->possible ? ROLE_TEXT : ROLE_DIM, row->b->help);
    if (row->line && line + LINE_WIDTH <= s->width)
        surface_text(s, line, y, 0, ROLE_DIM, row->line);
}

/* The frame of a pop-up of that size, the screen allowing, in the middle; what is inside
 * of it. */
static struct surface open_box(const struct surface *s, int width, int height,
                               const char *title)
{
    struct surface box;

    width = smaller(width, s->width);
    height = smaller(height, s->height);
    box = surface_part(s, (struct rect){(s->width - width) / 2, (s->height - height) / 2,
                                        width, height});
    surface_fill(&box, (struct rect){0, 0, width, height}, ' ', ROLE_TEXT);
    surface_frame(&box, title, true);
    return surface_part(&box, (struct rect){1, 1, width - 2, height - 2});
}

/* ---- the list of `?` ---- */

/* Where the second column begins; a heading goes with what is under it. */
static int split_rows(const struct rows *r)
{
    int at = (r->n + 1) / 2;

    while (at > 1 && (r->rows[at - 1].heading || !r->rows[at - 1].b))
        at--;
    return at;
}

/* Blank lines have no use at the top of a column. */
static int skip_blank(const struct rows *r, int at)
{
    return at < r->n && !r->rows[at].b && !r->rows[at].heading ? at + 1 : at;
}

static char *list_title(const struct view *v, int first, int shown, int all)
{
    const char *place = v->desk->place == PLACE_PROMPT ? "prompt"
                                                       : view_name(v->desk->view);

    if (shown >= all)
        return xasprintf("keys: %s", place);
    return xasprintf("keys: %s, lines %d-%d of %d", place, first + 1, first + shown, all);
}

static void draw_list(const struct view *v, const struct rows *r, struct surface *s)
{
    bool two = s->width >= TWO_COLUMNS;
    int first_end = two ? split_rows(r) : r->n, second = skip_blank(r, first_end);
    int lines = larger(first_end, r->n - second);
    int visible = smaller(lines, s->height - 2), top;
    struct list *l = &v->desk->popup_list;
    struct surface box, half;
    char *title;

    top = smaller(l->cursor > MOST ? MOST * 2 : (int)l->cursor, lines - visible);
    *l = (struct list){.cursor = (size_t)top, .top = (size_t)top,
                       .page = (size_t)visible, .total = (size_t)lines};
    title = list_title(v, top, visible, lines);
    box = open_box(s, two ? s->width : smaller(s->width, LIST_WIDTH), visible + 2, title);
    free(title);
    half = two ? surface_part(&box, (struct rect){0, 0, box.width / 2 - 1, box.height})
               : box;
    for (int i = top; i < first_end && i < top + visible; i++)
        draw_row(&half, i - top, r, &r->rows[i]);
    half = surface_part(&box, (struct rect){box.width / 2, 0, box.width - box.width / 2,
                                            box.height});
    for (int i = second + top; i < r->n && i < second + top + visible; i++)
        draw_row(&half, i - second - top, r, &r->rows[i]);
}

/* ---- the menu of `x` ---- */

/* "actions: age" */
static char *menu_title(const struct view *v)
{
    static const char *const lines[VIEWS] = {"%column", "%run", "%run", NULL};
    const char *line = lines[v->desk->view];
    struct str name = {0};
    struct error err;
    char *title;
    bool ask;

    if (line && keys_expand(v, line, &name, &ask, &err))
        title = xasprintf("actions: %s", str_text(&name));
    else
        title = xstrdup("actions");
    str_done(&name);
    return title;
}

static void draw_menu(const struct view *v, const struct rows *r, struct surface *s)
{
    int width = 2 + 2 + r->keys_width + 2 + r->help_width + 2 + r->line_width + 1;
    int visible = smaller(r->n, s->height - 2);
    struct list *l = &v->desk->popup_list;
    struct surface box;
    char *title = menu_title(v);

    list_fit(l, (size_t)visible, (size_t)r->n);
    box = open_box(s, larger(width, surface_width(title) + 6), visible + 2, title);
    free(title);
    for (int y = 0; y < visible; y++) {
        int i = (int)l->top + y;

        draw_row(&box, y, r, &r->rows[i]);
        if ((size_t)i == l->cursor) {
            surface_put(&box, 0, y, '>', ROLE_CURSOR);
            surface_paint(&box, (struct rect){0, y, box.width, 1}, ROLE_CURSOR);
        }
    }
}

void keys_draw_popup(const struct keys *k, const struct view *v, struct surface *s)
{
    struct rows *r;

    if (v->desk->popup == POPUP_NONE || s->width < LEAST_WIDTH ||
        s->height < LEAST_HEIGHT)
        return;
    r = xmalloc(sizeof(*r));
    collect_rows(r, k, v);
    if (v->desk->popup == POPUP_MENU)
        draw_menu(v, r, s);
    else
        draw_list(v, r, s);
    free_rows(r);
    free(r);
}
