/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/places.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/names.h"

enum { NAME_WIDTH = 40, LIST_LENGTH = 160 };

void places_list(struct str *list, const char *name, size_t length)
{
    if (list->length > LIST_LENGTH) {
        if (list->text[list->length - 1] != '.')
            str_puts(list, " ...");
        return;
    }
    if (list->length > 0)
        str_puts(list, ", ");
    if (length > 0)
        show_to(list, name, length, NAME_WIDTH);
    else
        str_puts(list, "one without a name");
}

struct search {
    const struct str *own;
    size_t n_own;
    struct name_index *index; /* the first of each name */
    bool *taken;              /* (n_own) */
};

static bool search_init(struct search *s, const struct str *own, size_t n_own)
{
    *s = (struct search){.own = own, .n_own = n_own, .index = name_index_new(n_own),
                         .taken = try_calloc(n_own + 1, sizeof(bool))};
    for (size_t i = 0; s->index && i < n_own; i++)
        name_index_add(s->index, str_text(&own[i]), (int)i);
    return s->index && s->taken;
}

static void search_done(struct search *s)
{
    name_index_free(s->index);
    free(s->taken);
}

static bool same_name(const struct str *a, const struct str *b)
{
    return a->length == b->length && memcmp(str_text(a), str_text(b), a->length) == 0;
}

/* The number of a column of that name that nobody has yet, likeliest `near`; or -1. */
static int take(struct search *s, const struct str *name, size_t near)
{
    int first = name_index_find(s->index, str_text(name));
    size_t at = near;

    if (near >= s->n_own || s->taken[near] || !same_name(name, &s->own[near]))
        at = first < 0 ? s->n_own : (size_t)first;
    while (at < s->n_own && (s->taken[at] || !same_name(name, &s->own[at])))
        at++;
    if (at == s->n_own)
        return -1;
    s->taken[at] = true;
    return (int)at;
}

static bool refuse(const struct str *strange, const struct str *absent, const char *first,
                   struct error *err)
{
    if (absent->length == 0)
        return error_set(err, ERROR_INPUT, "its columns are not those of %s: it has %s "
                         "too", first, str_text(strange));
    return error_set(err, ERROR_INPUT, "its columns are not those of %s: it lacks %s%s%s",
                     first, str_text(absent), strange->length > 0 ? " and has " : "",
                     str_text(strange));
}

int *places_find(const struct str *names, size_t n, const struct str *own, size_t n_own,
                 const char *first, struct error *err)
{
    struct search s;
    struct str strange = {0}, absent = {0};
    int *place = try_alloc(n + 1, sizeof *place);
    bool ok = search_init(&s, own, n_own) && place;

    if (!ok)
        error_set(err, ERROR_MEMORY, "not enough memory for %zu columns", n);
    for (size_t i = 0; ok && i < n; i++) {
        place[i] = take(&s, &names[i], i);
        if (place[i] < 0)
            places_list(&strange, str_text(&names[i]), names[i].length);
    }
    for (size_t i = 0; ok && i < n_own; i++)
        if (!s.taken[i])
            places_list(&absent, str_text(&own[i]), own[i].length);
    if (ok && strange.length + absent.length > 0)
        ok = refuse(&strange, &absent, first, err);
    search_done(&s);
    str_done(&strange);
    str_done(&absent);
    if (ok)
        return place;
    free(place);
    return NULL;
}
