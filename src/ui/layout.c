/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/layout.h"

enum {
    PANES_WIDTH = 40, PANES_HEIGHT = 10, /* below: no panes */
    SIDE_WIDTH = 60, SIDE_HEIGHT = 16,   /* below: one pane, no hints */
    WIDE = 120, TALL = 34,               /* of the screen: room for everything */
    LEAST_WIDTH = 20, LEAST_HEIGHT = 5,  /* of a pane */
};

static int clamp(int x, int low, int high)
{
    if (x > high)
        x = high;
    return x < low ? low : x;
}

/* Takes the lower `height` rows of r away and returns them. */
static struct rect cut_bottom(struct rect *r, int height)
{
    struct rect out = *r;

    out.height = clamp(height, 0, r->height);
    r->height -= out.height;
    out.y += r->height;
    return out;
}

static struct rect cut_top(struct rect *r, int height)
{
    struct rect out = *r;

    out.height = clamp(height, 0, r->height);
    r->height -= out.height;
    r->y += out.height;
    return out;
}

static struct rect cut_right(struct rect *r, int width)
{
    struct rect out = *r;

    out.width = clamp(width, 0, r->width);
    r->width -= out.width;
    out.x += r->width;
    return out;
}

static void add(struct layout *l, enum pane_id pane, struct rect r)
{
    l->panes[l->n].pane = pane;
    l->panes[l->n++].rect = r;
}

/* The borders inside a view, shifted as the person wants them, within what panes need:
 * the one that is cut off, or several side by side of which `pane` is the first. */
static struct rect cut_right_panes(const struct desk *d, struct rect *r,
                                   enum pane_id pane, int n, int width)
{
    return cut_right(r, clamp(width + d->wider[d->view][pane], n * LEAST_WIDTH,
                              r->width - LEAST_WIDTH));
}

static struct rect cut_right_pane(const struct desk *d, struct rect *r,
                                  enum pane_id pane, int width)
{
    return cut_right_panes(d, r, pane, 1, width);
}

static struct rect cut_bottom_pane(const struct desk *d, struct rect *r, int height)
{
    return cut_bottom(r, clamp(height - d->taller[d->view], LEAST_HEIGHT,
                               r->height - LEAST_HEIGHT));
}

/* ---- one function a view ---- */

static enum pane_id lower_pane(const struct desk *d)
{
    enum pane_id focus = d->focus[VIEW_DATA];

    if (focus == PANE_ROWS || focus == PANE_VALUES)
        return focus;
    return d->data.lower == LOWER_VALUES ? PANE_VALUES : PANE_ROWS;
}

/* Whether the keys are below: then rows or values have the whole width. Else the column
 * beside the schema has the whole height, for its pictures. */
static bool has_lower(const struct desk *d)
{
    return d->focus[VIEW_DATA] == PANE_ROWS || d->focus[VIEW_DATA] == PANE_VALUES;
}

static void place_data(struct layout *l, const struct desk *d, struct rect r, bool wide,
                       bool tall)
{
    enum pane_id focus = d->focus[VIEW_DATA];
    struct rect lower = {0}, side = {0};

    if (tall && has_lower(d))
        lower = cut_bottom_pane(d, &r, r.height * 2 / 5);
    if (wide)
        side = cut_right_pane(d, &r, PANE_COLUMN, 50);
    if (tall && !has_lower(d))
        lower = cut_bottom_pane(d, &r, r.height * 2 / 5);
    add(l, tall || focus == PANE_SCHEMA || (wide && focus == PANE_COLUMN) ? PANE_SCHEMA
                                                                          : focus, r);
    if (wide)
        add(l, PANE_COLUMN, side);
    else if (tall && focus == PANE_COLUMN)
        l->panes[0].pane = PANE_COLUMN;
    if (tall)
        add(l, lower_pane(d), lower);
}

/* One of the pictures of the best weights where there is room for one only. */
static enum pane_id picture(enum pane_id focus, enum pane_id otherwise)
{
    return focus >= PANE_ROC && focus <= PANE_EXAMPLE ? focus : otherwise;
}

static void place_train_wide(struct layout *l, const struct desk *d, struct rect r)
{
    enum pane_id in_middle = d->train.pretext ? PANE_EXAMPLE : PANE_CONFUSION;
    int width = r.width, third = width / 3;
    struct rect lower = cut_bottom_pane(d, &r, r.height / 2);
    struct rect right = cut_right_pane(d, &r, PANE_SCORE, r.width / 2);
    struct rect middle = cut_right_panes(d, &lower, in_middle, 2,
                                         third + (width - third) / 2);
    struct rect facts = cut_right_pane(d, &middle, PANE_FACTS, third);

    add(l, PANE_LOSS, r);
    add(l, PANE_SCORE, right);
    if (d->train.pretext)
        add(l, PANE_LEARNED, lower);
    else if (d->focus[VIEW_TRAIN] == PANE_CALIBRATION)
        add(l, PANE_CALIBRATION, lower);
    else
        add(l, PANE_ROC, lower);
    add(l, in_middle, middle);
    add(l, PANE_FACTS, facts);
}

/* Under the loss; of pre-training the columns tell more than the score's curve. */
static enum pane_id second_curve(const struct desk *d)
{
    return d->train.pretext && d->focus[VIEW_TRAIN] != PANE_SCORE ? PANE_LEARNED
                                                                  : PANE_SCORE;
}

static void place_train(struct layout *l, const struct desk *d, struct rect r, bool wide,
                        bool tall)
{
    enum pane_id left = picture(d->focus[VIEW_TRAIN], PANE_LOSS);
    struct rect facts, lower;

    if (wide && tall) {
        place_train_wide(l, d, r);
        return;
    }
    facts = cut_right_pane(d, &r, PANE_FACTS, wide ? 50 : 29);
    if (left == PANE_LOSS) {
        lower = cut_bottom_pane(d, &r, r.height / 2);
        add(l, PANE_LOSS, r);
        add(l, second_curve(d), lower);
    } else {
        add(l, left, r);
    }
    add(l, PANE_FACTS, facts);
}

static void place_runs(struct layout *l, const struct desk *d, struct rect r, bool wide)
{
    struct rect lower = cut_bottom_pane(d, &r, r.height / 2), right = {0};
    bool curves = d->focus[VIEW_RUNS] == PANE_CURVES;

    if (wide)
        right = cut_right_pane(d, &lower, PANE_CURVES, lower.width * 2 / 5);
    add(l, PANE_RUNS, r);
    add(l, curves && !wide ? PANE_CURVES : PANE_COMPARE, lower);
    if (wide)
        add(l, PANE_CURVES, right);
}

/* The map, and where there is room all heads, what one column attends to, and the rows. */
static void place_attention(struct layout *l, const struct desk *d, struct rect r,
                            bool wide, bool tall)
{
    enum pane_id focus = d->focus[VIEW_ATTENTION];
    struct rect query, lower = {0}, heads;

    if (wide && tall)
        lower = cut_bottom_pane(d, &r, r.height / 4);
    query = cut_right_pane(d, &r, PANE_QUERY, wide ? 46 : 27);
    if (wide) {
        heads = r;
        r = cut_right_pane(d, &heads, PANE_MAP, r.width * 2 / 3);
        add(l, PANE_HEADS, heads);
    }
    if (!wide && focus == PANE_HEADS)
        add(l, PANE_HEADS, r);
    else
        add(l, PANE_MAP, r);
    add(l, !(wide && tall) && focus == PANE_LOOKED ? PANE_LOOKED : PANE_QUERY, query);
    if (wide && tall)
        add(l, PANE_LOOKED, lower);
}

/* The layout, with the one before beside it if that is asked for; colours and the value
 * under the cursor at the right. */
static void place_embedding(struct layout *l, const struct desk *d, struct rect r,
                            bool wide)
{
    enum pane_id focus = d->focus[VIEW_EMBEDDING];
    struct rect side = cut_right_pane(d, &r, PANE_LEGEND, wide ? 40 : 27), point, before;

    if (wide && (d->embedding.beside || focus == PANE_BESIDE)) {
        before = r;
        r = cut_right_pane(d, &before, PANE_POINTS, r.width / 2);
        add(l, PANE_BESIDE, before);
    }
    add(l, !wide && focus == PANE_BESIDE ? PANE_BESIDE : PANE_POINTS, r);
    if (side.height < 2 * LEAST_HEIGHT + 4) {
        add(l, focus == PANE_LEGEND ? PANE_LEGEND : PANE_POINT, side);
        return;
    }
    point = cut_bottom_pane(d, &side, side.height - side.height * 2 / 5);
    add(l, PANE_LEGEND, side);
    add(l, PANE_POINT, point);
}

static void place_log(struct layout *l, const struct desk *d, struct rect r, bool wide,
                      bool tall)
{
    enum pane_id beside = tall ? PANE_LOSS : PANE_SCORE;
    struct rect side, lower;

    if (wide) {
        side = cut_right_pane(d, &r, beside, 52);
        lower = cut_bottom(&side, side.height / 2);
        add(l, PANE_LOG, r);
        add(l, beside, side);
        add(l, tall ? PANE_SCORE : PANE_FACTS, lower);
    } else {
        add(l, PANE_LOG, r);
    }
}

/* A benchmark's standings above its trials; a search has trials only. */
static void place_study(struct layout *l, const struct desk *d, struct rect r)
{
    struct rect lower;

    if (!d->study.standings) {
        add(l, PANE_TRIALS, r);
        return;
    }
    lower = cut_bottom_pane(d, &r, r.height / 2);
    add(l, PANE_STANDINGS, r);
    add(l, PANE_TRIALS, lower);
}

static void place(struct layout *l, const struct desk *d, struct rect r, bool wide,
                  bool tall)
{
    switch (d->view) {
    case VIEW_DATA:
        place_data(l, d, r, wide, tall);
        break;
    case VIEW_TRAIN:
        place_train(l, d, r, wide, tall);
        break;
    case VIEW_RUNS:
        place_runs(l, d, r, wide);
        break;
    case VIEW_ATTENTION:
        place_attention(l, d, r, wide, tall);
        break;
    case VIEW_EMBEDDING:
        place_embedding(l, d, r, wide);
        break;
    case VIEW_STUDY:
        place_study(l, d, r);
        break;
    default:
        place_log(l, d, r, wide, tall);
        break;
    }
}

/* ---- the whole ---- */

void layout_make(struct layout *out, const struct desk *desk, int width, int height,
                 int status_rows, int prompt_rows, bool hints)
{
    struct rect r = {0, 0, width > 0 ? width : 0, height > 0 ? height : 0};
    bool panes = width >= PANES_WIDTH && height >= PANES_HEIGHT;
    bool side = width >= SIDE_WIDTH && height >= SIDE_HEIGHT;

    *out = (struct layout){0};
    if (panes)
        out->tabs = cut_top(&r, 1);
    out->prompt = cut_bottom(&r, clamp(prompt_rows, 1, r.height > 4 ? r.height / 4 : 1));
    out->status = cut_bottom(&r, clamp(status_rows, 1, r.height > 4 ? r.height / 4 : 1));
    if (side && hints)
        out->hints = cut_bottom(&r, 1);
    out->body = r;
    if (!panes)
        return;
    if (desk->zoomed || !side)
        add(out, desk->focus[desk->view], r);
    else
        place(out, desk, r, width >= WIDE, height >= TALL);
}

int layout_focus(const struct layout *l, const struct desk *desk)
{
    for (int i = 0; i < l->n; i++) {
        if (l->panes[i].pane == desk->focus[desk->view])
            return i;
    }
    return -1;
}

static bool is_beside(const struct rect *right, const struct rect *r)
{
    return right->x == r->x + r->width && right->y < r->y + r->height &&
           r->y < right->y + right->height;
}

bool layout_border(const struct layout *l, enum pane_id *pane)
{
    const struct rect *mine = NULL;

    for (int i = 0; i < l->n; i++) {
        if (l->panes[i].pane == *pane)
            mine = &l->panes[i].rect;
    }
    for (int i = 0; mine && mine->x == l->body.x && i < l->n; i++) {
        if (is_beside(&l->panes[i].rect, mine)) {
            *pane = l->panes[i].pane;
            return false;
        }
    }
    return true;
}

int layout_order(const struct desk *desk, enum pane_id out[PANES])
{
    int n = 0;

    for (enum pane_id pane = 0; pane < PANES; pane++) {
        if (pane_view(pane) == desk->view && desk_has(desk, pane))
            out[n++] = pane;
    }
    return n;
}
