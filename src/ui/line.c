/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The line is cut into pieces (a character with its combining marks, a tab, ...), each of
 * which gets a place on a sheet that is as high as it has to be; the surface shows a part
 * of the sheet. On a single row the sheet has no width.
 */
#include "ui/line.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

enum {
    TAB_STOP = 8,
    PIECE_BYTES = 48,     /* more marks than that are pieces of their own */
    MARKED_WIDTH = 4,     /* below that there is no room for < and > */
    RETURN_SYMBOL = 0x23CE,
    REPLACEMENT = 0xFFFD,
};

enum piece_kind { PIECE_TEXT, PIECE_TAB, PIECE_LINE_END, PIECE_BAD, PIECE_END };

struct piece {
    const char *bytes;
    int length, columns;
    enum piece_kind kind;
    enum role role;
    long x;
    int y;
};

struct sheet {
    int width;      /* 0: no end */
    struct piece *pieces; /* the last one is the place behind the text */
    size_t n, cursor;
};

/* ---- pieces ---- */

static bool is_mark(const char *bytes, size_t n)
{
    static const char base[] = "a";
    char pair[8] = {base[0]};
    int code, length = utf8_decode(bytes, n, &code);

    if (code < 0x80)
        return false;
    memcpy(pair + 1, bytes, (size_t)length);
    return show_width(pair, 1 + (size_t)length) == 1;
}

/* The piece at bytes[0..n), n > 0. */
static struct piece next_piece(const char *bytes, size_t n, enum role role)
{
    struct piece p = {.bytes = bytes, .role = role, .columns = 1};
    int code;

    p.length = utf8_decode(bytes, n, &code);
    if (code == '\t') {
        p.kind = PIECE_TAB;
    } else if (code == '\n') {
        p.kind = PIECE_LINE_END;
    } else if (code < 0) {
        p.kind = PIECE_BAD;
    } else if (code < ' ' || code >= 0x7f || (n > 1 && (unsigned char)bytes[1] >= 0x80)) {
        while (code >= ' ' && (size_t)p.length < n && p.length < PIECE_BYTES &&
               is_mark(bytes + p.length, n - (size_t)p.length))
            p.length += utf8_decode(bytes + p.length, n - (size_t)p.length, &code);
        p.columns = (int)show_width(bytes, (size_t)p.length);
    }
    return p;
}

/* ---- places ---- */

static void place(struct sheet *sheet, struct piece p)
{
    const struct piece *before = sheet->n > 0 ? &sheet->pieces[sheet->n - 1] : NULL;

    p.x = before ? before->x + before->columns : 0;
    p.y = before ? before->y : 0;
    if (p.kind == PIECE_TAB)
        p.columns = TAB_STOP - (int)(p.x % TAB_STOP);
    if (sheet->width > 0 && p.x + p.columns > sheet->width) {
        if (p.kind == PIECE_TAB && p.x < sheet->width) {
            p.columns = sheet->width - (int)p.x;
        } else if (p.x > 0) {
            p.x = 0;
            p.y++;
        }
    }
    sheet->pieces[sheet->n++] = p;
}

static void place_text(struct sheet *sheet, const char *text, enum role role)
{
    size_t n = strlen(text);

    for (size_t i = 0; i < n; i += (size_t)sheet->pieces[sheet->n - 1].length)
        place(sheet, next_piece(text + i, n - i, role));
}

static void sheet_init(struct sheet *sheet, const struct line *l, int width)
{
    size_t first;

    *sheet = (struct sheet){.width = width};
    sheet->pieces = xmalloc((strlen(l->prompt) + strlen(l->text) + 1) *
                            sizeof(*sheet->pieces));
    place_text(sheet, l->prompt, ROLE_STRONG);
    first = sheet->n;
    place_text(sheet, l->text, ROLE_TEXT);
    place(sheet, (struct piece){.bytes = l->text + strlen(l->text), .columns = 1,
                                .kind = PIECE_END});
    sheet->cursor = sheet->n - 1;
    while (sheet->cursor > first &&
           sheet->pieces[sheet->cursor].bytes > l->text + l->point)
        sheet->cursor--;
}

int line_rows(const struct line *l, int width)
{
    struct sheet sheet;
    int rows;

    if (width <= 0)
        return 1;
    sheet_init(&sheet, l, width);
    rows = sheet.pieces[sheet.n - 1].y + 1;
    free(sheet.pieces);
    return rows;
}

/* ---- drawing ---- */

static void draw_piece(struct surface *s, const struct piece *p, int x, int y)
{
    bool ascii = s->glyphs == GLYPHS_ASCII;
    char text[PIECE_BYTES + 8];

    switch (p->kind) {
    case PIECE_TEXT:
        memcpy(text, p->bytes, (size_t)p->length);
        text[p->length] = '\0';
        surface_text(s, x, y, p->columns, p->role, text);
        break;
    case PIECE_LINE_END:
        surface_put(s, x, y, ascii ? '\\' : RETURN_SYMBOL, ROLE_DIM);
        break;
    case PIECE_BAD:
        surface_put(s, x, y, ascii ? '?' : REPLACEMENT, p->role);
        break;
    case PIECE_TAB:
    case PIECE_END:
        break;
    }
}

/* The column for the left edge: as before while the cursor is seen, else by thirds of the
 * width until it is. `total`: columns up to the end. */
static long scroll(long first, long cursor, long total, int width)
{
    int mark = width >= MARKED_WIDTH, step = width / 3 > 0 ? width / 3 : 1;

    if (total <= width)
        return 0;
    while (first > 0 && cursor < first + mark)
        first -= first < step ? first : step;
    while (cursor > first + width - 1 - (mark && total > first + width))
        first += step;
    return first;
}

static void draw_sideways(struct line *l, struct surface *s, int *x, int *y)
{
    struct sheet sheet;
    long total, end;

    sheet_init(&sheet, l, 0);
    total = sheet.pieces[sheet.n - 1].x + 1;
    l->first = scroll(l->first, sheet.pieces[sheet.cursor].x, total, s->width);
    for (size_t i = 0; i < sheet.n; i++) {
        const struct piece *p = &sheet.pieces[i];

        end = p->x + p->columns - l->first;
        if (p->x >= l->first && (end <= s->width || p->x == l->first))
            draw_piece(s, p, (int)(p->x - l->first), 0);
    }
    /* On a single cell the end of the line would be all that is ever seen. */
    if (s->width == 1 && sheet.cursor > 0 && sheet.pieces[sheet.cursor].kind == PIECE_END)
        draw_piece(s, &sheet.pieces[sheet.cursor - 1], 0, 0);
    *x = (int)(sheet.pieces[sheet.cursor].x - l->first);
    *y = 0;
    if (s->width >= MARKED_WIDTH && l->first > 0)
        surface_put(s, 0, 0, '<', ROLE_DIM);
    if (s->width >= MARKED_WIDTH && total > l->first + s->width)
        surface_put(s, s->width - 1, 0, '>', ROLE_DIM);
    free(sheet.pieces);
}

/* With the cursor in the middle where there are more rows than the surface has. */
static void draw_wrapped(struct line *l, struct surface *s, int *x, int *y)
{
    struct sheet sheet;
    int rows, top, row;

    sheet_init(&sheet, l, s->width);
    rows = sheet.pieces[sheet.n - 1].y + 1;
    row = sheet.pieces[sheet.cursor].y;
    top = rows <= s->height || row < s->height / 2 ? 0 : row - s->height / 2;
    if (rows > s->height && top > rows - s->height)
        top = rows - s->height;
    for (size_t i = 0; i < sheet.n; i++) {
        const struct piece *p = &sheet.pieces[i];

        if (p->y >= top && p->y < top + s->height)
            draw_piece(s, p, (int)p->x, p->y - top);
    }
    *x = (int)sheet.pieces[sheet.cursor].x;
    *y = row - top;
    if (s->width >= MARKED_WIDTH && top > 0)
        surface_put(s, 0, 0, '<', ROLE_DIM);
    if (s->width >= MARKED_WIDTH && rows > top + s->height)
        surface_put(s, s->width - 1, s->height - 1, '>', ROLE_DIM);
    l->first = 0;
    free(sheet.pieces);
}

void line_draw(struct line *l, struct surface *s, int *x, int *y)
{
    *x = *y = -1;
    if (s->width <= 0 || s->height <= 0)
        return;
    surface_fill(s, (struct rect){0, 0, s->width, s->height}, ' ', ROLE_TEXT);
    if (s->height == 1)
        draw_sideways(l, s, x, y);
    else
        draw_wrapped(l, s, x, y);
}
