/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/vocabulary.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { FIRST_SLOTS = 64, AHEAD = 32 };

/* Eight bytes at a time through a multiplication whose high half is folded in
 * (the idea of wyhash); the length makes zeros at the end count. */
static uint64_t mix(uint64_t a, uint64_t b)
{
    a ^= b;
    a *= 0x9e3779b97f4a7c15u;
    a ^= a >> 32;
    a *= 0xd6e8feb86659fd93u;
    return a ^ (a >> 29);
}

static uint32_t hash_text(struct cell text)
{
    uint64_t hash = text.length * 0xa0761d6478bd642fu, word;
    size_t i = 0;

    for (; i + 8 <= text.length; i += 8) {
        memcpy(&word, text.text + i, 8);
        hash = mix(hash, word);
    }
    word = 0;
    if (i < text.length)
        memcpy(&word, text.text + i, text.length - i);
    return (uint32_t)mix(hash, word);
}

/* The slot that holds text, or the free one where it belongs. */
static size_t find_slot(const struct vocabulary *v, struct cell text, uint32_t hash)
{
    size_t slot = hash & v->slot_mask;

    while (v->slots[slot].number &&
           !(v->slots[slot].hash == hash &&
             cell_equal(v->texts[v->slots[slot].number - 1], text)))
        slot = (slot + 1) & v->slot_mask;
    return slot;
}

/* Slots are kept at most half full, so that a search ends soon. */
static bool grow_slots(struct vocabulary *v)
{
    size_t old = v->slots ? v->slot_mask + 1 : 0, n = old ? 2 * old : FIRST_SLOTS;
    struct vocabulary_slot *slots = try_calloc(n, sizeof *slots);

    if (!slots)
        return false;
    for (size_t i = 0; i < old; i++) {
        size_t slot = v->slots[i].hash & (n - 1);

        if (!v->slots[i].number)
            continue;
        while (slots[slot].number)
            slot = (slot + 1) & (n - 1);
        slots[slot] = v->slots[i];
    }
    free(v->slots);
    v->slots = slots;
    v->slot_mask = n - 1;
    return true;
}

static bool grow_texts(struct vocabulary *v)
{
    size_t capacity = v->capacity ? 2 * v->capacity : FIRST_SLOTS / 2;
    struct cell *texts = try_realloc(v->texts, capacity, sizeof *texts);

    if (!texts)
        return false;
    v->texts = texts;
    v->capacity = capacity;
    return true;
}

static bool add_hashed(struct vocabulary *v, struct cell text, uint32_t hash,
                       uint32_t *number)
{
    struct vocabulary_slot *slot;

    if ((!v->slots || 2 * v->n > v->slot_mask) && !grow_slots(v))
        return false;
    slot = &v->slots[find_slot(v, text, hash)];
    if (!slot->number) {
        if (v->n == UINT32_MAX - 1 || (v->n == v->capacity && !grow_texts(v)))
            return false;
        v->texts[v->n++] = text;
        *slot = (struct vocabulary_slot){(uint32_t)v->n, hash};
    }
    *number = slot->number - 1;
    return true;
}

bool vocabulary_add(struct vocabulary *v, struct cell text, uint32_t *number)
{
    return add_hashed(v, text, hash_text(text), number);
}

bool vocabulary_add_all(struct vocabulary *v, const struct cell *texts, size_t n,
                        uint32_t *numbers)
{
    uint32_t hashes[AHEAD];

    for (size_t from = 0; from < n; from += AHEAD) {
        size_t count = n - from < AHEAD ? n - from : AHEAD;

        for (size_t i = 0; i < count; i++) {
            hashes[i] = hash_text(texts[from + i]);
            if (v->slots)
                __builtin_prefetch(&v->slots[hashes[i] & v->slot_mask]);
        }
        for (size_t i = 0; i < count; i++) {
            uint32_t number = v->slots ? v->slots[hashes[i] & v->slot_mask].number : 0;

            if (number)
                __builtin_prefetch(&v->texts[number - 1]);
        }
        for (size_t i = 0; i < count; i++) {
            uint32_t number = v->slots ? v->slots[hashes[i] & v->slot_mask].number : 0;

            if (number && v->slots[hashes[i] & v->slot_mask].hash == hashes[i])
                __builtin_prefetch(v->texts[number - 1].text);
        }
        for (size_t i = 0; i < count; i++)
            if (!add_hashed(v, texts[from + i], hashes[i], &numbers[from + i]))
                return false;
    }
    return true;
}

bool vocabulary_find(const struct vocabulary *v, struct cell text, uint32_t *number)
{
    const struct vocabulary_slot *slot;

    if (!v->slots)
        return false;
    slot = &v->slots[find_slot(v, text, hash_text(text))];
    if (!slot->number)
        return false;
    *number = slot->number - 1;
    return true;
}

void vocabulary_done(struct vocabulary *v)
{
    free(v->texts);
    free(v->slots);
    *v = (struct vocabulary){0};
}

int cell_compare(struct cell a, struct cell b)
{
    uint32_t shorter = a.length < b.length ? a.length : b.length;
    int order = shorter ? memcmp(a.text, b.text, shorter) : 0;

    return order ? order : (a.length > b.length) - (a.length < b.length);
}

bool cell_equal(struct cell a, struct cell b)
{
    return a.length == b.length && (!a.length || memcmp(a.text, b.text, a.length) == 0);
}

struct cell cell_of(const char *text)
{
    return (struct cell){text, (uint32_t)strlen(text)};
}
