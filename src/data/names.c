/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/names.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

enum { NAME_WIDTH = 64 };

struct slot {
    const char *name; /* NULL: free */
    int value;
};

struct name_index {
    struct slot *slots;
    size_t n_slots; /* a power of two */
};

static uint64_t hash_name(const char *p)
{
    uint64_t h = 14695981039346656037u;

    while (*p)
        h = (h ^ (unsigned char)*p++) * 1099511628211u;
    return h ^ h >> 29;
}

struct name_index *name_index_new(size_t n)
{
    struct name_index *x = xcalloc(1, sizeof *x);

    for (x->n_slots = 16; x->n_slots < 2 * n; x->n_slots *= 2)
        ;
    x->slots = try_calloc(x->n_slots, sizeof *x->slots);
    if (!x->slots) {
        free(x);
        return NULL;
    }
    return x;
}

void name_index_free(struct name_index *x)
{
    if (x)
        free(x->slots);
    free(x);
}

static struct slot *find_slot(const struct name_index *x, const char *name)
{
    size_t at = hash_name(name) & (x->n_slots - 1);

    while (x->slots[at].name && strcmp(x->slots[at].name, name) != 0)
        at = (at + 1) & (x->n_slots - 1);
    return &x->slots[at];
}

bool name_index_add(struct name_index *x, const char *name, int value)
{
    struct slot *slot = find_slot(x, name);

    if (slot->name)
        return false;
    *slot = (struct slot){name, value};
    return true;
}

int name_index_find(const struct name_index *x, const char *name)
{
    const struct slot *slot = find_slot(x, name);

    return slot->name ? slot->value : -1;
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The visible form of an original name, empty if there is nothing to see. */
static char *clean_name(const struct str *original, size_t *changed)
{
    const char *p = str_text(original), *end = p + original->length;
    struct str shown = {0};

    while (p < end && is_blank(*p))
        p++;
    while (end > p && is_blank(end[-1]))
        end--;
    show_to(&shown, p, (size_t)(end - p), NAME_WIDTH);
    *changed += shown.length != (size_t)(end - p) ||
                memcmp(str_text(&shown), p, shown.length) != 0;
    return shown.text ? shown.text : xstrdup("");
}

/* A name that is not in use yet: name_2, name_3 ... `next` goes on from the last one
 * tried. */
static char *free_name(struct name_index *x, const char *name, int *next, int value)
{
    for (;; ++*next) {
        char *tried = xasprintf("%s_%d", name, *next);

        if (name_index_add(x, tried, value))
            return tried;
        free(tried);
    }
}

/* next[i]: 0, or the number to try behind the next name equal to name i. */
static void make_unique(char **names, size_t n, struct name_index *x, int *next,
                        size_t *changed)
{
    for (size_t i = 0; i < n; i++) /* the first of each keeps its name */
        if (names[i][0])
            name_index_add(x, names[i], (int)i);
    for (size_t i = 0; i < n; i++) {
        char *name = names[i];
        int first;

        if (name[0] && name_index_find(x, name) == (int)i)
            continue;
        ++*changed;
        if (!name[0]) {
            names[i] = xasprintf("col_%zu", i + 1);
            free(name);
            if (name_index_add(x, names[i], (int)i))
                continue;
            name = names[i];
        }
        first = name_index_find(x, name);
        if (next[first] < 2)
            next[first] = 2;
        names[i] = free_name(x, name, &next[first], (int)i);
        free(name);
    }
}

char **names_make(const struct str *originals, size_t n, size_t *changed)
{
    char **names = try_calloc(n, sizeof *names);
    int *next = try_calloc(n, sizeof *next);
    struct name_index *x = name_index_new(n);

    *changed = 0;
    if (!names || !next || !x) {
        free(names);
        names = NULL;
    } else {
        for (size_t i = 0; i < n; i++)
            names[i] = clean_name(&originals[i], changed);
        make_unique(names, n, x, next, changed);
    }
    name_index_free(x);
    free(next);
    return names;
}
