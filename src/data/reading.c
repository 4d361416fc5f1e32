/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Depth-first search over the readings of a record. A place and the number of cells
 * before it decide all that follows, so a pair that led nowhere is remembered and not tried
 * again; together with the bound on steps this keeps the search cheap.
 */
#include "data/reading.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/csv.h"

enum {
    STEPS_MAX = 20000,
    DEAD_SLOTS = 1 << 12,
};

#define NOT_FOUND SIZE_MAX

enum way {
    WAY_NONE,
    WAY_QUOTED, /* up to the first closing quote */
    WAY_LATER,  /* up to a later quote before a delimiter: those between are text */
    WAY_GLUED,  /* the quoted text and what follows it */
    WAY_PLAIN,
};

struct part {
    size_t begin, close, end; /* close: the closing quote; end: the delimiter behind */
    enum way way;
};

struct reading {
    const struct csv_format *format;
    const char *bytes;
    size_t n;
    struct part *parts;
    size_t n_parts, room;
    uint64_t dead[DEAD_SLOTS];
    uint64_t search; /* number of the search, part of the keys in `dead` */
};

struct reading *reading_new(const struct csv_format *format)
{
    struct reading *r = xcalloc(1, sizeof *r);

    r->format = format;
    return r;
}

void reading_free(struct reading *r)
{
    if (!r)
        return;
    free(r->parts);
    free(r);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool trims(const struct reading *r)
{
    return r->format->skip_blanks || r->format->delimiter == DELIMITER_BLANKS;
}

static bool is_delimiter(const struct reading *r, char c)
{
    return r->format->delimiter == DELIMITER_BLANKS ? is_blank(c)
                                                    : c == (char)r->format->delimiter;
}

static bool is_quote(const struct reading *r, size_t at)
{
    return at < r->n && r->bytes[at] == (char)r->format->quote;
}

static size_t skip_blanks(const struct reading *r, size_t at)
{
    while (at < r->n && is_blank(r->bytes[at]) && r->format->delimiter != r->bytes[at])
        at++;
    return at;
}

/* Where the cell ends if the quote at `at` closes it, else NOT_FOUND. */
static size_t end_behind(const struct reading *r, size_t at)
{
    at++;
    if (r->format->skip_blanks)
        at = skip_blanks(r, at);
    return at == r->n || is_delimiter(r, r->bytes[at]) ? at : NOT_FOUND;
}

static size_t find_delimiter(const struct reading *r, size_t at)
{
    while (at < r->n && !is_delimiter(r, r->bytes[at]) && r->bytes[at] != r->format->line_end)
        at++;
    return at < r->n && r->bytes[at] == r->format->line_end ? NOT_FOUND : at;
}

/* The first quote from `at` that is not doubled or escaped. */
static size_t find_close(const struct reading *r, size_t at)
{
    char escape = (char)r->format->escape;

    for (; at < r->n; at++) {
        if (r->format->escape && r->bytes[at] == escape)
            at++;
        else if (is_quote(r, at) && !r->format->escape && is_quote(r, at + 1))
            at++;
        else if (is_quote(r, at))
            return at;
    }
    return NOT_FOUND;
}

/* The next quote from `at` that stands before a delimiter or the end. */
static size_t find_later(const struct reading *r, size_t at)
{
    for (; at < r->n; at++)
        if (is_quote(r, at) && end_behind(r, at) != NOT_FOUND)
            return at;
    return NOT_FOUND;
}

/* Changes p to its next way; false when there is none left. */
static bool next_way(const struct reading *r, struct part *p)
{
    size_t close;

    if (!is_quote(r, p->begin)) {
        p->end = p->way == WAY_NONE ? find_delimiter(r, p->begin) : NOT_FOUND;
        p->way = WAY_PLAIN;
        return p->end != NOT_FOUND;
    }
    close = find_close(r, p->begin + 1);
    switch (p->way) {
    case WAY_NONE:
        p->way = WAY_QUOTED;
        p->close = close;
        p->end = close != NOT_FOUND ? end_behind(r, close) : NOT_FOUND;
        if (p->end != NOT_FOUND)
            return true;
        p->close = p->begin;
        /* fall through */
    case WAY_QUOTED:
    case WAY_LATER:
        p->way = WAY_LATER;
        p->close = find_later(r, p->close + 1);
        if (p->close != NOT_FOUND) {
            p->end = end_behind(r, p->close);
            return true;
        }
        if (close == NOT_FOUND || end_behind(r, close) != NOT_FOUND)
            goto plain;
        p->way = WAY_GLUED;
        p->close = close;
        p->end = find_delimiter(r, close);
        if (p->end != NOT_FOUND)
            return true;
        /* fall through */
    case WAY_GLUED:
    plain:
        p->way = WAY_PLAIN;
        p->end = find_delimiter(r, p->begin);
        return p->end != NOT_FOUND && (close == NOT_FOUND || end_behind(r, close) == NOT_FOUND);
    default:
        return false;
    }
}

static bool begin_part(struct reading *r, size_t at)
{
    if (r->n_parts == r->room) {
        size_t room = r->room ? 2 * r->room : 64;
        struct part *parts = try_realloc(r->parts, room, sizeof *parts);

        if (!parts)
            return false;
        r->parts = parts;
        r->room = room;
    }
    if (trims(r))
        at = skip_blanks(r, at);
    r->parts[r->n_parts++] = (struct part){.begin = at};
    return true;
}

/* Where the cell behind the delimiter at `end` begins. */
static size_t next_begin(const struct reading *r, size_t end)
{
    if (r->format->delimiter != DELIMITER_BLANKS)
        return end + 1;
    while (end < r->n && is_blank(r->bytes[end]))
        end++;
    return end;
}

static uint64_t *dead_slot(struct reading *r, size_t begin, uint64_t *key)
{
    *key = r->search << 40 | (uint64_t)begin << 20 | r->n_parts;
    return &r->dead[(*key * 0x9e3779b97f4a7c15u) >> 52];
}

bool reading_find(struct reading *r, const char *bytes, size_t n, size_t n_cells)
{
    uint64_t key, *slot;

    if (n >> 20 || n_cells >> 20 || n_cells > n + 1)
        return false;
    r->bytes = bytes;
    r->n = n;
    r->n_parts = 0;
    r->search++;
    if (!begin_part(r, 0))
        return false;
    for (size_t steps = 0; steps < STEPS_MAX + 2 * n_cells && r->n_parts > 0; steps++) {
        struct part *p = &r->parts[r->n_parts - 1];

        slot = dead_slot(r, p->begin, &key);
        if (*slot == key || !next_way(r, p)) {
            *slot = key;
            r->n_parts--;
        } else if (p->end == n) {
            if (r->n_parts == n_cells)
                return true;
        } else if (r->n_parts < n_cells && !begin_part(r, next_begin(r, p->end))) {
            return false;
        }
    }
    return false;
}

/* Plain, unless the quotes close before the next delimiter. */
static void choose_likely(const struct reading *r, struct part *p)
{
    size_t close = is_quote(r, p->begin) ? find_close(r, p->begin + 1) : NOT_FOUND;

    p->way = WAY_PLAIN;
    p->end = find_delimiter(r, p->begin);
    if (p->end == NOT_FOUND)
        p->end = r->n;
    if (close == NOT_FOUND)
        return;
    p->close = close;
    if (end_behind(r, close) != NOT_FOUND) {
        p->way = WAY_QUOTED;
        p->end = end_behind(r, close);
    } else if (close < p->end) {
        p->way = WAY_GLUED;
    }
}

void reading_greedy(struct reading *r, const char *bytes, size_t n)
{
    size_t at = 0;

    r->bytes = bytes;
    r->n = n;
    r->n_parts = 0;
    while (begin_part(r, at)) {
        struct part *p = &r->parts[r->n_parts - 1];

        choose_likely(r, p);
        if (p->end == n)
            break;
        at = next_begin(r, p->end);
    }
}

size_t reading_cells(const struct reading *r)
{
    return r->n_parts;
}

/* Moves [from, to) to put with doubled and escaped quotes made single; returns the end. */
static char *unquote(const struct reading *r, char *put, const char *from, const char *to)
{
    const char quote = (char)r->format->quote, escape = (char)r->format->escape;

    while (from < to) {
        if (to - from > 1 && from[1] == quote && from[0] == (escape ? escape : quote))
            from++;
        *put++ = *from++;
    }
    return put;
}

struct cell reading_cell(const struct reading *r, char *bytes, size_t i)
{
    const struct part *p = &r->parts[i];
    char *begin = bytes + p->begin, *end = bytes + p->end;

    if (p->way == WAY_PLAIN) {
        while (trims(r) && end > begin && is_blank(end[-1]))
            end--;
        return (struct cell){begin, (uint32_t)(end - begin)};
    }
    char *put = unquote(r, begin, begin + 1, bytes + p->close);
    if (p->way == WAY_GLUED) {
        size_t rest = (size_t)(end - (bytes + p->close + 1));

        memmove(put, bytes + p->close + 1, rest);
        put += rest;
    }
    return (struct cell){begin, (uint32_t)(put - begin)};
}
