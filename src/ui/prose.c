/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/prose.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

/* One line without its end; *quoted says whether it begins within backquotes. */
static void draw_line(struct surface *s, int x, int y, int right, enum role role,
                      const char *line, size_t n, bool *quoted)
{
    while (n > 0 && x < right) {
        const char *quote = memchr(line + *quoted, '`', n - *quoted);
        size_t length = quote ? (size_t)(quote - line) + *quoted : n;
        struct str piece = {0};

        str_add(&piece, line, length);
        x += surface_text(s, x, y, right - x, *quoted ? ROLE_KEY : role, piece.text);
        str_done(&piece);
        *quoted ^= quote != NULL;
        line += length;
        n -= length;
    }
}

int prose_draw(struct surface *s, int x, int y, int width, enum role role,
               const char *text)
{
    int right = width > 0 && x + width < s->width ? x + width : s->width, rows = 0;
    char *shown = show(text, 0);
    struct str folded = {0};
    bool quoted = false;

    if (right > x)
        fold_to(&folded, shown, 0, 0, (size_t)(right - x));
    for (const char *line = str_text(&folded); *line; rows++) {
        size_t n = strcspn(line, "\n");

        draw_line(s, x, y + rows, right, role, line, n, &quoted);
        line += n + (line[n] == '\n');
    }
    str_done(&folded);
    free(shown);
    return rows;
}

int prose_rows(const char *folded)
{
    int rows = 1;

    for (; *folded; folded++)
        rows += *folded == '\n';
    return rows;
}

void prose_draw_rows(struct surface *s, int x, int y, int width, enum role role,
                     const char *folded)
{
    for (const char *end; *folded; folded = *end ? end + 1 : end, y++) {
        char *line;

        end = folded + strcspn(folded, "\n");
        line = xstrndup(folded, (size_t)(end - folded));
        surface_text(s, x, y, width, role, line);
        free(line);
    }
}
