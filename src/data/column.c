/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Columns of cell texts. Most columns of a table for learning hold few distinct texts:
 * those get a dictionary and a chunk of codes as narrow as the codes seen so far allow. A
 * column of mostly different texts (ids, measurements) would only pay for the dictionary,
 * so it changes to plain chunks: the texts one after another and where each ends.
 *
 * Texts are found by an open-addressed table of (hash, code). Hostile texts that collide
 * make long probes; those are counted, and a column with too many of them turns plain.
 */
#include "data/column.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/missing.h"

enum {
    CHUNK_SHIFT = 16,
    CHUNK_ROWS = 1 << CHUNK_SHIFT,
    FIRST_ROWS = 16,
    DISTINCT_MIN = 4096,       /* no column turns plain with fewer texts */
    PROBES_MIN = 1 << 16,
};

#define DICTIONARY_TEXT_MAX ((size_t)1 << 31)
#define NO_CODE UINT32_MAX

/* Up to CHUNK_ROWS rows of a column. */
struct chunk {
    void *entries;       /* (rows) codes, or where the row's text ends in `text` */
    unsigned width;      /* bytes of an entry: 1, 2, 4; plain: 4 or 8 */
    char *text;          /* plain only */
    size_t length, room; /* bytes of text */
};

struct dictionary {
    char *text;
    size_t length, room;
    uint32_t *ends;  /* (n) where the text of a code ends */
    size_t n, n_room;
    uint64_t *slots; /* hash in the high half, code + 1 in the low one; 0: free */
    size_t n_slots;  /* a power of two */
    size_t probes;   /* steps over foreign slots so far */
    uint8_t *missing; /* (n) after the freeze */
};

struct column {
    char *name, *original;
    size_t original_length;
    size_t rows;
    struct chunk *chunks;
    size_t n_chunks, chunk_room;
    size_t row_room;  /* rows that the last chunk has room for */
    bool plain;
    uint32_t last;    /* code of the row before */
    struct dictionary dictionary;
    const struct missing *missing;
};

static inline uint64_t load(const char *p, size_t n)
{
    uint64_t v = 0;

    memcpy(&v, p, n);
    return v;
}

static uint64_t mix(uint64_t a, uint64_t b)
{
    __extension__ unsigned __int128 product = (unsigned __int128)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* After wyhash (Wang Yi): products of 64-bit words folded. */
static uint32_t hash_text(const char *p, size_t n)
{
    uint64_t h = 0x9e3779b97f4a7c15u ^ n, a, b;

    while (n > 16) {
        h = mix(load(p, 8) ^ 0xa0761d6478bd642fu, load(p + 8, 8) ^ h);
        p += 16;
        n -= 16;
    }
    if (n >= 8) {
        a = load(p, 8);
        b = load(p + n - 8, 8);
    } else if (n >= 4) {
        a = load(p, 4);
        b = load(p + n - 4, 4);
    } else {
        a = n > 0 ? load(p, 1) | load(p + n / 2, 1) << 8 | load(p + n - 1, 1) << 16 : 0;
        b = 0;
    }
    return (uint32_t)(mix(a ^ 0xe7037ed1a0b428dbu, b ^ h) >> 16);
}

static inline struct cell dictionary_text(const struct dictionary *d, uint32_t code)
{
    uint32_t begin = code > 0 ? d->ends[code - 1] : 0;

    return (struct cell){d->text + begin, d->ends[code] - begin};
}

/* memcmp for short texts, without a call. */
static inline bool same_bytes(const char *a, const char *b, size_t n)
{
    if (n > 16)
        return memcmp(a, b, n) == 0;
    if (n >= 8)
        return load(a, 8) == load(b, 8) && load(a + n - 8, 8) == load(b + n - 8, 8);
    if (n >= 4)
        return load(a, 4) == load(b, 4) && load(a + n - 4, 4) == load(b + n - 4, 4);
    for (size_t i = 0; i < n; i++)
        if (a[i] != b[i])
            return false;
    return true;
}

static inline bool dictionary_is(const struct dictionary *d, uint32_t code,
                                 const char *text, uint32_t length)
{
    struct cell known = dictionary_text(d, code);

    return known.length == length && same_bytes(known.text, text, length);
}

static bool grow_slots(struct dictionary *d)
{
    size_t n = d->n_slots ? 2 * d->n_slots : 16;
    uint64_t *slots = try_calloc(n, sizeof *slots);

    if (!slots)
        return false;
    for (size_t i = 0; i < d->n_slots; i++) {
        if (d->slots[i] == 0)
            continue;
        size_t at = (d->slots[i] >> 32) & (n - 1);
        while (slots[at])
            at = (at + 1) & (n - 1);
        slots[at] = d->slots[i];
    }
    free(d->slots);
    d->slots = slots;
    d->n_slots = n;
    return true;
}

/* Room for `more` bytes of text after `length`. */
static bool grow_text(char **text, size_t length, size_t *room, size_t more)
{
    size_t want = *room + *room / 2;
    char *p;

    if (*text && more <= *room - length)
        return true;
    if (want < length + more)
        want = length + more;
    if (want < 32)
        want = 32;
    p = try_realloc(*text, want, 1);
    if (!p)
        return false;
    *text = p;
    *room = want;
    return true;
}

static bool add_text(struct dictionary *d, const char *text, uint32_t length)
{
    if (d->n == d->n_room) {
        size_t room = d->n_room ? 2 * d->n_room : 8;
        uint32_t *ends = try_realloc(d->ends, room, sizeof *ends);

        if (!ends)
            return false;
        d->ends = ends;
        d->n_room = room;
    }
    if (!grow_text(&d->text, d->length, &d->room, length))
        return false;
    if (length > 0)
        memcpy(d->text + d->length, text, length);
    d->length += length;
    d->ends[d->n++] = (uint32_t)d->length;
    return true;
}

/* The code of the text, new if need be; NO_CODE: no memory. */
static uint32_t find_code(struct dictionary *d, const char *text, uint32_t length)
{
    uint64_t hash = hash_text(text, length);
    size_t at;

    if (2 * d->n >= d->n_slots && !grow_slots(d))
        return NO_CODE;
    for (at = hash & (d->n_slots - 1); d->slots[at]; at = (at + 1) & (d->n_slots - 1)) {
        if (d->slots[at] >> 32 == hash) {
            uint32_t code = (uint32_t)d->slots[at] - 1;
            if (dictionary_is(d, code, text, length))
                return code;
        }
        d->probes++;
    }
    if (!add_text(d, text, length))
        return NO_CODE;
    d->slots[at] = hash << 32 | d->n;
    return (uint32_t)d->n - 1;
}

static void dictionary_done(struct dictionary *d)
{
    free(d->text);
    free(d->ends);
    free(d->slots);
    free(d->missing);
    *d = (struct dictionary){0};
}

static uint64_t get_entry(const void *entries, unsigned width, size_t i)
{
    switch (width) {
    case 1:
        return ((const uint8_t *)entries)[i];
    case 2:
        return ((const uint16_t *)entries)[i];
    case 4:
        return ((const uint32_t *)entries)[i];
    default:
        return ((const uint64_t *)entries)[i];
    }
}

static inline void put_entry(void *entries, unsigned width, size_t i, uint64_t value)
{
    switch (width) {
    case 1:
        ((uint8_t *)entries)[i] = (uint8_t)value;
        break;
    case 2:
        ((uint16_t *)entries)[i] = (uint16_t)value;
        break;
    case 4:
        ((uint32_t *)entries)[i] = (uint32_t)value;
        break;
    default:
        ((uint64_t *)entries)[i] = value;
    }
}

static unsigned width_for(uint64_t value)
{
    return value <= UINT8_MAX ? 1 : value <= UINT16_MAX ? 2 : value <= UINT32_MAX ? 4 : 8;
}

/* The same entries `width` bytes wide, with room for `room`. */
static bool widen(struct chunk *k, size_t rows, unsigned width, size_t room)
{
    void *entries;

    if (width == k->width) {
        entries = try_realloc(k->entries, room, width);
        if (!entries)
            return false;
        k->entries = entries;
        return true;
    }
    entries = try_alloc(room, width);
    if (!entries)
        return false;
    for (size_t i = 0; i < rows; i++)
        put_entry(entries, width, i, get_entry(k->entries, k->width, i));
    free(k->entries);
    k->entries = entries;
    k->width = width;
    return true;
}

/* Gives back what the chunk's text does not use. */
static void trim_text(struct chunk *k)
{
    char *p = k->text ? try_realloc(k->text, k->length ? k->length : 1, 1) : NULL;

    if (p) {
        k->text = p;
        k->room = k->length;
    }
}

static bool new_chunk(struct column *c)
{
    unsigned width = c->plain ? 4 : width_for(c->dictionary.n);
    size_t room = c->n_chunks == 0 ? FIRST_ROWS : CHUNK_ROWS;
    struct chunk *k;

    if (c->n_chunks > 0)
        trim_text(&c->chunks[c->n_chunks - 1]);
    if (c->n_chunks == c->chunk_room) {
        size_t n = c->chunk_room ? 2 * c->chunk_room : 1;

        k = try_realloc(c->chunks, n, sizeof *k);
        if (!k)
            return false;
        c->chunks = k;
        c->chunk_room = n;
    }
    k = &c->chunks[c->n_chunks];
    *k = (struct chunk){.width = width, .entries = try_alloc(room, width)};
    if (!k->entries)
        return false;
    c->n_chunks++;
    c->row_room = room;
    return true;
}

/* The chunk that the next row goes to, with room for it. */
static struct chunk *room_for_row(struct column *c)
{
    size_t used = c->rows & (CHUNK_ROWS - 1);

    if (c->n_chunks == 0 || (used == 0 && c->rows > 0)) {
        if (!new_chunk(c))
            return NULL;
    } else if (used == c->row_room) {
        struct chunk *k = &c->chunks[c->n_chunks - 1];

        if (!widen(k, used, k->width, 2 * c->row_room))
            return NULL;
        c->row_room *= 2;
    }
    return &c->chunks[c->n_chunks - 1];
}

static inline bool append_code(struct column *c, uint32_t code)
{
    size_t used = c->rows & (CHUNK_ROWS - 1);
    struct chunk *k;

    if (used > 0 && used < c->row_room)
        k = &c->chunks[c->n_chunks - 1];
    else
        k = room_for_row(c);
    if (!k)
        return false;
    if (width_for(code) > k->width && !widen(k, used, width_for(code), c->row_room))
        return false;
    put_entry(k->entries, k->width, used, code);
    c->rows++;
    return true;
}

static bool append_text(struct chunk *k, size_t used, size_t room, struct cell cell)
{
    if (!grow_text(&k->text, k->length, &k->room, cell.length))
        return false;
    if (k->width == 4 && k->length + cell.length > UINT32_MAX && !widen(k, used, 8, room))
        return false;
    if (cell.length > 0)
        memcpy(k->text + k->length, cell.text, cell.length);
    k->length += cell.length;
    put_entry(k->entries, k->width, used, k->length);
    return true;
}

static bool turn_chunk_plain(const struct dictionary *d, struct chunk *k, size_t rows,
                             size_t room)
{
    struct chunk plain = {.width = 4, .entries = try_alloc(room, 4)};

    if (!plain.entries)
        return false;
    for (size_t i = 0; i < rows; i++) {
        uint32_t code = (uint32_t)get_entry(k->entries, k->width, i);

        if (!append_text(&plain, i, room, dictionary_text(d, code))) {
            free(plain.entries);
            free(plain.text);
            return false;
        }
    }
    free(k->entries);
    *k = plain;
    return true;
}

/* On failure some chunks are plain and some are not: the column can only be freed. */
static bool turn_plain(struct column *c)
{
    for (size_t i = 0; i < c->n_chunks; i++) {
        bool last = i + 1 == c->n_chunks;
        size_t rows = last ? c->rows - i * CHUNK_ROWS : CHUNK_ROWS;

        if (!turn_chunk_plain(&c->dictionary, &c->chunks[i], rows,
                              last ? c->row_room : CHUNK_ROWS))
            return false;
        if (!last)
            trim_text(&c->chunks[i]);
    }
    dictionary_done(&c->dictionary);
    c->plain = true;
    return true;
}

/* Asked after every new text. */
static bool too_distinct(const struct column *c, uint32_t next_length)
{
    const struct dictionary *d = &c->dictionary;

    return (d->n >= DISTINCT_MIN && 2 * d->n > c->rows) ||
           d->probes > PROBES_MIN + 16 * c->rows ||
           d->length + next_length > DICTIONARY_TEXT_MAX;
}

bool column_append(struct column *c, const char *text, uint32_t length)
{
    struct dictionary *d = &c->dictionary;
    struct chunk *k;

    if (!c->plain && d->n > 0 && dictionary_is(d, c->last, text, length))
        return append_code(c, c->last);
    if (!c->plain && too_distinct(c, length) && !turn_plain(c))
        return false;
    if (!c->plain) {
        c->last = find_code(d, text, length);
        return c->last != NO_CODE && append_code(c, c->last);
    }
    k = room_for_row(c);
    if (!k || !append_text(k, c->rows & (CHUNK_ROWS - 1), c->row_room,
                           (struct cell){text, length}))
        return false;
    c->rows++;
    return true;
}

struct column *column_new(void)
{
    return try_calloc(1, sizeof(struct column));
}

void column_free(struct column *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->n_chunks; i++) {
        free(c->chunks[i].entries);
        free(c->chunks[i].text);
    }
    free(c->chunks);
    dictionary_done(&c->dictionary);
    free(c->name);
    free(c->original);
    free(c);
}

static bool mark_missing(struct column *c)
{
    struct dictionary *d = &c->dictionary;

    d->missing = try_alloc(d->n, 1);
    if (!d->missing)
        return false;
    for (uint32_t i = 0; i < d->n; i++) {
        struct cell cell = dictionary_text(d, i);
        d->missing[i] = missing_has(c->missing, cell.text, cell.length);
    }
    free(d->slots);
    d->slots = NULL;
    d->n_slots = 0;
    return true;
}

static void trim_entries(struct column *c)
{
    struct chunk *k;
    size_t rows;
    void *p;

    if (c->n_chunks == 0)
        return;
    k = &c->chunks[c->n_chunks - 1];
    rows = c->rows - (c->n_chunks - 1) * CHUNK_ROWS;
    p = try_realloc(k->entries, rows, k->width);
    if (p)
        k->entries = p;
    c->row_room = rows;
    trim_text(k);
}

bool column_freeze(struct column *c, const char *name, struct cell original,
                   const struct missing *missing)
{
    c->missing = missing;
    c->name = try_alloc(strlen(name) + 1, 1);
    c->original = try_alloc((size_t)original.length + 1, 1);
    if (!c->name || !c->original)
        return false;
    strcpy(c->name, name);
    if (original.length > 0)
        memcpy(c->original, original.text, original.length);
    c->original[original.length] = '\0';
    c->original_length = original.length;
    trim_entries(c);
    return c->plain || mark_missing(c);
}

const char *column_name(const struct column *c)
{
    return c->name;
}

struct cell column_original_name(const struct column *c)
{
    return (struct cell){c->original, (uint32_t)c->original_length};
}

size_t column_rows(const struct column *c)
{
    return c->rows;
}

uint32_t column_code(const struct column *c, size_t row)
{
    const struct chunk *k = &c->chunks[row >> CHUNK_SHIFT];

    return (uint32_t)get_entry(k->entries, k->width, row & (CHUNK_ROWS - 1));
}

struct cell column_cell(const struct column *c, size_t row)
{
    const struct chunk *k = &c->chunks[row >> CHUNK_SHIFT];
    size_t i = row & (CHUNK_ROWS - 1);
    uint64_t begin, end;

    if (!c->plain)
        return dictionary_text(&c->dictionary, column_code(c, row));
    begin = i > 0 ? get_entry(k->entries, k->width, i - 1) : 0;
    end = get_entry(k->entries, k->width, i);
    return (struct cell){k->text + begin, (uint32_t)(end - begin)};
}

bool column_missing(const struct column *c, size_t row)
{
    struct cell cell;

    if (!c->plain)
        return c->dictionary.missing[column_code(c, row)];
    cell = column_cell(c, row);
    return missing_has(c->missing, cell.text, cell.length);
}

size_t column_dictionary_size(const struct column *c)
{
    return c->plain ? 0 : c->dictionary.n;
}

struct cell column_dictionary_cell(const struct column *c, size_t code)
{
    return dictionary_text(&c->dictionary, (uint32_t)code);
}

bool column_dictionary_missing(const struct column *c, size_t code)
{
    return c->dictionary.missing[code];
}

size_t column_bytes(const struct column *c)
{
    const struct dictionary *d = &c->dictionary;
    size_t bytes = sizeof *c + c->chunk_room * sizeof *c->chunks + c->original_length;

    for (size_t i = 0; i < c->n_chunks; i++) {
        size_t rows = i + 1 < c->n_chunks ? CHUNK_ROWS : c->row_room;
        bytes += rows * c->chunks[i].width + c->chunks[i].room;
    }
    return bytes + d->room + d->n_room * sizeof *d->ends + d->n_slots * sizeof *d->slots +
           (d->missing ? d->n : 0);
}
