/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Missing marks. The question is asked for every cell of some columns, so that the
 * length and the first byte are looked at before any text is compared.
 */
#include "data/missing.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const char usual[] =
    "?,NA,N/A,n/a,na,#N/A,#NA,<NA>,NULL,null,Null,NaN,nan,None,-,.,\\N,"
    "#NULL!,#DIV/0!,#VALUE!,#REF!,#NAME?,#NUM!";

struct missing {
    char *list;
    char *text;       /* copy of the list, cut into the marks */
    char **marks;
    size_t *lengths;
    size_t n, longest;
    bool first[256];  /* some mark begins with this byte */
};

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void add_mark(struct missing *m, char *mark, size_t n)
{
    while (n > 0 && is_blank(mark[0])) {
        mark++;
        n--;
    }
    while (n > 0 && is_blank(mark[n - 1]))
        n--;
    if (n == 0)
        return;
    m->marks[m->n] = mark;
    m->lengths[m->n++] = n;
    m->first[(unsigned char)mark[0]] = true;
    if (n > m->longest)
        m->longest = n;
}

struct missing *missing_new(const char *list)
{
    struct missing *m = xcalloc(1, sizeof *m);
    size_t capacity = 1;
    char *mark, *comma;

    m->list = xstrdup(list ? list : usual);
    m->text = xstrdup(m->list);
    for (const char *p = m->list; *p; p++)
        capacity += *p == ',';
    m->marks = xcalloc(capacity, sizeof *m->marks);
    m->lengths = xcalloc(capacity, sizeof *m->lengths);
    for (mark = m->text; (comma = strchr(mark, ',')); mark = comma + 1)
        add_mark(m, mark, (size_t)(comma - mark));
    add_mark(m, mark, strlen(mark));
    return m;
}

void missing_free(struct missing *m)
{
    if (!m)
        return;
    free(m->list);
    free(m->text);
    free(m->marks);
    free(m->lengths);
    free(m);
}

const char *missing_list(const struct missing *m)
{
    return m->list;
}

static bool all_blank(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!is_blank(text[i]))
            return false;
    return true;
}

bool missing_has(const struct missing *m, const char *text, size_t n)
{
    if (n == 0)
        return true;
    if (is_blank(text[0]))
        return all_blank(text, n);
    if (n > m->longest || !m->first[(unsigned char)text[0]])
        return false;
    for (size_t i = 0; i < m->n; i++)
        if (m->lengths[i] == n && memcmp(m->marks[i], text, n) == 0)
            return true;
    return false;
}
