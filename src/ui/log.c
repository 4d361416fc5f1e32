/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A ring of lines: `first` is the place of line 0. */
#include "ui/log.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/text.h"

struct log {
    struct log_line *lines; /* (LOG_LIMIT), of which n are in use */
    size_t n, first, forgotten;
    bool open; /* the last line may be continued */
    struct str key; /* the command that the last line has, if a key ran it */
    int times;
};

struct log *log_new(void)
{
    struct log *l = xcalloc(1, sizeof(*l));

    l->lines = xcalloc(LOG_LIMIT, sizeof(*l->lines));
    return l;
}

void log_free(struct log *l)
{
    if (!l)
        return;
    for (size_t i = 0; i < l->n; i++)
        free(l->lines[(l->first + i) % LOG_LIMIT].text);
    free(l->lines);
    str_done(&l->key);
    free(l);
}

static void forget_first(struct log *l)
{
    free(l->lines[l->first].text);
    l->first = (l->first + 1) % LOG_LIMIT;
    l->n--;
    l->forgotten++;
}

static struct log_line *last_line(struct log *l)
{
    return &l->lines[(l->first + l->n - 1) % LOG_LIMIT];
}

static void append(struct log *l, enum log_kind kind, time_t at, char *text)
{
    if (l->n == LOG_LIMIT)
        forget_first(l);
    l->n++;
    *last_line(l) = (struct log_line){kind, at, text};
}

static void continue_last(struct log *l, const char *shown)
{
    struct log_line *line = last_line(l);
    char *joined = xasprintf("%s%s", line->text, shown);

    free(line->text);
    line->text = joined;
}

static void add_line(struct log *l, enum log_kind kind, time_t at, const char *bytes,
                     size_t n)
{
    struct str shown = {0};

    show_to(&shown, bytes, n, 0);
    if (l->open && l->n > 0 && last_line(l)->kind == kind)
        continue_last(l, str_text(&shown));
    else
        append(l, kind, at, xstrdup(str_text(&shown)));
    str_done(&shown);
}

void log_add(struct log *l, enum log_kind kind, time_t at, const char *bytes, size_t n)
{
    while (n > 0) {
        const char *end = memchr(bytes, '\n', n);
        size_t length = end ? (size_t)(end - bytes) : n;

        add_line(l, kind, at, bytes, length);
        l->open = !end;
        length += end != NULL;
        bytes += length;
        n -= length;
    }
}

void log_puts(struct log *l, enum log_kind kind, time_t at, const char *text)
{
    l->open = false;
    add_line(l, kind, at, text, strlen(text));
}

void log_key(struct log *l, time_t at, const char *line)
{
    struct log_line *last = l->n > 0 ? last_line(l) : NULL;
    char *text;

    if (last && last->kind == LOG_KEY && strcmp(str_text(&l->key), line) == 0) {
        text = xasprintf("%s  (%d times)", line, ++l->times);
        free(last->text);
        last->text = show(text, 0);
        last->at = at;
        free(text);
        return;
    }
    log_puts(l, LOG_KEY, at, line);
    str_clear(&l->key);
    str_puts(&l->key, line);
    l->times = 1;
}

size_t log_lines(const struct log *l)
{
    return l->n;
}

const struct log_line *log_line(const struct log *l, size_t i)
{
    return &l->lines[(l->first + i) % LOG_LIMIT];
}

size_t log_forgotten(const struct log *l)
{
    return l->forgotten;
}
