/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Depth-first search over the readings of a record, with a bound on what its odd cells
 * may cost that is raised until a reading is found. A place, the number of cells before
 * it and the cost so far decide all that follows, so what led nowhere is remembered and
 * not tried again; together with the bound on steps this keeps the search cheap.
 */
#include "data/reading.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/csv.h"

enum {
    STEPS_MAX = 20000,
    DEAD_BITS = 12,
    COST_MAX = 24,
    COST_STRAY = 2, /* a quote taken as text */
    COST_GLUED = 3,
    COST_CELL = 4,  /* no cell costs more */
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
    unsigned cost;            /* of the parts before this one and this one */
};

struct dead {
    uint64_t search, place;
};

struct reading {
    const struct csv_format *format;
    const char *bytes;
    size_t n;
    struct part *parts;
    size_t n_parts, room;
    bool out_of_memory;
    struct dead dead[1 << DEAD_BITS]; /* places that led nowhere in this search */
    uint64_t search;
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
    while (at < r->n && !is_delimiter(r, r->bytes[at]) &&
           r->bytes[at] != r->format->line_end)
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

static unsigned count_quotes(const struct reading *r, size_t from, size_t to)
{
    unsigned n = 0;

    for (; from < to && n < COST_CELL; from++)
        n += is_quote(r, from);
    return n;
}

static unsigned cost_of(const struct reading *r, const struct part *p)
{
    unsigned cost;

    switch (p->way) {
    case WAY_LATER:
        cost = COST_STRAY * count_quotes(r, p->begin + 1, p->close);
        break;
    case WAY_GLUED:
        cost = COST_GLUED;
        break;
    case WAY_PLAIN:
        cost = COST_STRAY * count_quotes(r, p->begin, p->end);
        break;
    default:
        cost = 0;
    }
    return cost < COST_CELL ? cost : COST_CELL;
}

/* Only a soundly quoted cell may go over the end of a line. */
static bool on_one_line(const struct reading *r, const struct part *p)
{
    return p->close != NOT_FOUND &&
           !memchr(r->bytes + p->begin, r->format->line_end, p->close - p->begin);
}

/* Reads the cell in the way p->way, if it can be read so (WAY_LATER: up to the quote
 * behind p->close). `close` is its first closing quote. */
static bool read_part(const struct reading *r, struct part *p, size_t close)
{
    bool sound = close != NOT_FOUND && end_behind(r, close) != NOT_FOUND;

    switch (p->way) {
    case WAY_QUOTED:
        p->close = close;
        p->end = sound ? end_behind(r, close) : NOT_FOUND;
        return sound;
    case WAY_LATER:
        p->close = find_later(r, p->close + 1);
        p->end = on_one_line(r, p) ? end_behind(r, p->close) : NOT_FOUND;
        break;
    case WAY_GLUED:
        p->close = close;
        p->end = !sound && on_one_line(r, p) ? find_delimiter(r, close) : NOT_FOUND;
        break;
    default:
        p->end = sound ? NOT_FOUND : find_delimiter(r, p->begin);
    }
    return p->end != NOT_FOUND;
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
    if (p->way == WAY_LATER && read_part(r, p, close))
        return true;
    while (p->way < WAY_PLAIN) {
        p->way++;
        if (p->way == WAY_LATER)
            p->close = close != NOT_FOUND && end_behind(r, close) != NOT_FOUND ? close
                                                                               : p->begin;
        if (read_part(r, p, close))
            return true;
    }
    return false;
}

static bool begin_part(struct reading *r, size_t at)
{
    if (r->n_parts == r->room) {
        size_t room = r->room ? 2 * r->room : 64;
        struct part *parts = try_realloc(r->parts, room, sizeof *parts);

        r->out_of_memory = !parts;
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

/* The slot for the part on top of the stack; true if it is known to lead nowhere. */
static bool is_dead(struct reading *r, struct dead *now, struct dead **slot)
{
    const struct part *p = &r->parts[r->n_parts - 1];
    uint64_t before = r->n_parts > 1 ? p[-1].cost : 0;

    *now = (struct dead){r->search, before << 40 | (uint64_t)p->begin << 20 | r->n_parts};
    *slot = &r->dead[now->place * 0x9e3779b97f4a7c15u >> (64 - DEAD_BITS)];
    return (*slot)->search == now->search && (*slot)->place == now->place;
}

/* Looks for a reading that costs no more than `limit`. */
static bool search(struct reading *r, size_t n_cells, unsigned limit, size_t *steps)
{
    struct dead now, *slot;

    r->search++;
    r->n_parts = 0;
    if (!begin_part(r, 0))
        return false;
    while (r->n_parts > 0 && ++*steps < STEPS_MAX + 2 * n_cells) {
        struct part *p = &r->parts[r->n_parts - 1];

        if (is_dead(r, &now, &slot) || !next_way(r, p)) {
            *slot = now;
            r->n_parts--;
            continue;
        }
        p->cost = cost_of(r, p) + (r->n_parts > 1 ? p[-1].cost : 0);
        if (p->cost > limit)
            continue;
        if (p->end == r->n && r->n_parts == n_cells)
            return true;
        if (p->end < r->n && r->n_parts < n_cells &&
            !begin_part(r, next_begin(r, p->end)))
            return false;
    }
    return false;
}

bool reading_find(struct reading *r, const char *bytes, size_t n, size_t n_cells)
{
    size_t steps = 0;

    if (n >> 20 || n_cells >> 20 || n_cells > n + 1)
        return false;
    r->bytes = bytes;
    r->n = n;
    for (unsigned limit = COST_STRAY; limit <= COST_MAX; limit += COST_STRAY)
        if (search(r, n_cells, limit, &steps))
            return true;
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

bool reading_out_of_memory(const struct reading *r)
{
    return r->out_of_memory;
}

size_t reading_cells(const struct reading *r)
{
    return r->n_parts;
}

/* Moves [from, to) to put with doubled and escaped quotes made single; returns the end.
 */
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
    char *begin = bytes + p->begin, *end = bytes + p->end, *put;

    if (p->way == WAY_PLAIN) {
        while (trims(r) && end > begin && is_blank(end[-1]))
            end--;
        return (struct cell){begin, (uint32_t)(end - begin)};
    }
    put = unquote(r, begin, begin + 1, bytes + p->close);
    if (p->way == WAY_GLUED) {
        size_t rest = (size_t)(end - (bytes + p->close + 1));

        memmove(put, bytes + p->close + 1, rest);
        put += rest;
    }
    return (struct cell){begin, (uint32_t)(put - begin)};
}
