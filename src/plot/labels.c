/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plot/labels.h"

#include <math.h>

enum { SIDES = 8, RINGS = 7, DIRECTIONS = 16 };

struct area {
    double width, height, gap;
};

struct box {
    double left, bottom, right, top;
};

static struct box box_of(const struct label *l)
{
    return (struct box){l->left, l->bottom, l->left + l->width, l->bottom + l->height};
}

static bool overlap(const struct box *a, const struct box *b)
{
    return a->left < b->right && b->left < a->right && a->bottom < b->top &&
           b->bottom < a->top;
}

static bool is_free(const struct label *labels, size_t n, size_t at,
                    const struct area *area)
{
    struct box mine = box_of(&labels[at]);

    if (mine.left < 0 || mine.bottom < 0 || mine.right > area->width ||
        mine.top > area->height)
        return false;
    for (size_t i = 0; i < n; i++) {
        struct box other = box_of(&labels[i]);
        double x = labels[i].x, y = labels[i].y, gap = area->gap * 0.999;

        if (x > mine.left - gap && x < mine.right + gap && y > mine.bottom - gap &&
            y < mine.top + gap)
            return false;
        if (i < at && labels[i].placed && overlap(&mine, &other))
            return false;
    }
    return true;
}

/* Its middle at (x, y), for dx, dy = -1, 0, 1 its edge. */
static void put(struct label *l, double x, double y, double dx, double dy)
{
    l->left = x + (dx - 1) * l->width / 2;
    l->bottom = y + (dy - 1) * l->height / 2;
}

static bool place_beside(struct label *labels, size_t n, size_t at,
                         const struct area *area)
{
    static const struct {
        int x, y;
    } sides[SIDES] = {{1, 0}, {-1, 0}, {0, 1}, {0, -1}, {1, 1}, {1, -1}, {-1, 1},
                      {-1, -1}};
    struct label *l = &labels[at];

    for (int i = 0; i < SIDES; i++) {
        put(l, l->x + sides[i].x * area->gap, l->y + sides[i].y * area->gap, sides[i].x,
            sides[i].y);
        if (is_free(labels, n, at, area))
            return true;
    }
    return false;
}

/* On rings around the point, each a line's height wider. */
static bool place_apart(struct label *labels, size_t n, size_t at,
                        const struct area *area)
{
    struct label *l = &labels[at];

    for (int ring = 1; ring <= RINGS; ring++) {
        double away = area->gap + ring * l->height;

        for (int i = 0; i < DIRECTIONS; i++) {
            double angle = 2 * 3.14159265358979 * i / DIRECTIONS;
            double dx = cos(angle), dy = sin(angle);

            put(l, l->x + away * dx, l->y + away * dy, dx, dy);
            if (is_free(labels, n, at, area))
                return true;
        }
    }
    return false;
}

void labels_place(struct label *labels, size_t n, double width, double height, double gap)
{
    struct area area = {width, height, gap};

    for (size_t i = 0; i < n; i++) {
        struct label *l = &labels[i];

        l->apart = false;
        l->placed = place_beside(labels, n, i, &area);
        if (!l->placed)
            l->placed = l->apart = place_apart(labels, n, i, &area);
    }
}
