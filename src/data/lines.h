/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * In which line of the file each row began. Nearly always that is one more than for the
 * row before, so 256 rows share one number as long as they do.
 */
#ifndef DATA_LINES_H
#define DATA_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct line_block;

struct lines {
    struct line_block *blocks;
    size_t n_rows, n_blocks, room;
};

/* The line of the next row; not less than that of the row before. False: no memory. */
bool lines_add(struct lines *l, size_t line);
size_t lines_get(const struct lines *l, size_t row);
size_t lines_bytes(const struct lines *l);
void lines_done(struct lines *l);

#endif
