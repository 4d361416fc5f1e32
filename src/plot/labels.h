/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Finds places for the texts of a scatter, so that they cover neither each other nor the
 * points: beside the point where that is free, else further away with a line to it.
 * Greedy and in order, so that the first ones get the best places; pure.
 */
#ifndef PLOT_LABELS_H
#define PLOT_LABELS_H

#include <stdbool.h>
#include <stddef.h>

/* In any unit that both axes share; y goes up. */
struct label {
    double x, y;          /* of the point */
    double width, height; /* of the text */
    /* found */
    bool placed;          /* else there is no room */
    bool apart;           /* a line should lead to the point */
    double left, bottom;  /* of the text */
};

/* All texts lie within 0..width and 0..height and stay `gap` away from every point. */
void labels_place(struct label *labels, size_t n, double width, double height,
                  double gap);

#endif
