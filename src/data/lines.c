/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/lines.h"

#include <stdlib.h>

#include "base/mem.h"

enum { BLOCK_ROWS = 256 };

struct line_block {
    size_t first;      /* line of the block's first row */
    uint32_t *offsets; /* (BLOCK_ROWS) lines behind it; NULL: 0, 1, 2 ... */
};

static bool add_block(struct lines *l, size_t line)
{
    if (l->n_blocks == l->room) {
        size_t room = l->room ? 2 * l->room : 4;
        struct line_block *blocks = try_realloc(l->blocks, room, sizeof *blocks);

        if (!blocks)
            return false;
        l->blocks = blocks;
        l->room = room;
    }
    l->blocks[l->n_blocks++] = (struct line_block){.first = line};
    return true;
}

bool lines_add(struct lines *l, size_t line)
{
    size_t i = l->n_rows % BLOCK_ROWS;
    struct line_block *b;

    if (i == 0 && !add_block(l, line))
        return false;
    b = &l->blocks[l->n_blocks - 1];
    if (!b->offsets && line != b->first + i) {
        b->offsets = try_alloc(BLOCK_ROWS, sizeof *b->offsets);
        if (!b->offsets)
            return false;
        for (size_t k = 0; k < i; k++)
            b->offsets[k] = (uint32_t)k;
    }
    if (b->offsets)
        b->offsets[i] = (uint32_t)(line - b->first);
    l->n_rows++;
    return true;
}

size_t lines_get(const struct lines *l, size_t row)
{
    const struct line_block *b = &l->blocks[row / BLOCK_ROWS];
    size_t i = row % BLOCK_ROWS;

    return b->first + (b->offsets ? b->offsets[i] : i);
}

size_t lines_bytes(const struct lines *l)
{
    size_t bytes = l->room * sizeof *l->blocks;

    for (size_t i = 0; i < l->n_blocks; i++)
        bytes += l->blocks[i].offsets ? BLOCK_ROWS * sizeof(uint32_t) : 0;
    return bytes;
}

void lines_done(struct lines *l)
{
    for (size_t i = 0; i < l->n_blocks; i++)
        free(l->blocks[i].offsets);
    free(l->blocks);
    *l = (struct lines){0};
}
