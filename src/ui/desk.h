/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a person looks at: the view, which pane has the keys, where the cursors stand,
 * what is marked, zoomed, overlaid. Plain data; the commands of command/cmd_screen.c
 * change it (ui/actions.c), panes read it. It refers to columns and runs by number or
 * name, never by pointer, so that it survives what it refers to.
 */
#ifndef UI_DESK_H
#define UI_DESK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum view_id { VIEW_DATA, VIEW_TRAIN, VIEW_RUNS, VIEW_ATTENTION, VIEW_EMBEDDING, VIEW_LOG,
               VIEW_STUDY, VIEWS };

enum pane_id {
    PANE_SCHEMA,  /* Data: the columns of the table */
    PANE_COLUMN,  /* Data: one column in detail */
    PANE_VALUES,  /* Data: the frequency table of that column */
    PANE_ROWS,    /* Data: rows of the table */
    PANE_LOSS,    /* Train */
    PANE_SCORE,   /* Train: what early stopping watches: AUC, r2 ... */
    PANE_FACTS,   /* Train: the run in words and numbers */
    PANE_ROC,     /* Train: of the best weights so far, as are the next two */
    PANE_CONFUSION,
    PANE_CALIBRATION,
    PANE_LEARNED, /* Train: what pre-training has learned of each column */
    PANE_EXAMPLE, /* Train: a row of it, what is hidden in it and what the model says */
    PANE_RUNS,    /* Runs: the lineage */
    PANE_COMPARE, /* Runs: marked runs side by side */
    PANE_CURVES,  /* Runs: and laid over each other */
    PANE_MAP,     /* Attention: which column attends to which, of one layer and head */
    PANE_HEADS,   /* Attention: all layers and heads at a glance */
    PANE_QUERY,   /* Attention: what the column under the cursor attends to */
    PANE_LOOKED,  /* Attention: the rows that are looked at */
    PANE_POINTS,  /* Embeddings: values in the plane */
    PANE_BESIDE,  /* Embeddings: the layout before */
    PANE_LEGEND,  /* Embeddings: what glyphs and colours mean */
    PANE_POINT,   /* Embeddings: the value under the cursor */
    PANE_LOG,     /* Log */
    PANE_STANDINGS, /* Study: how the models of a benchmark stand */
    PANE_TRIALS,  /* Study: the trials of a search or a benchmark */
    PANES
};

/* Where keys go. */
enum place { PLACE_PROMPT, PLACE_PANES };

/* A list with a cursor. `page` is how many items of `total` the pane showed last. `mark`
 * is where a range of items begins that goes on to the cursor, counted from 1; 0: there
 * is none. */
struct list {
    size_t cursor, top, page, total, mark;
};

struct data_desk {
    bool *selected;         /* (n_columns) marked by Space */
    int n_selected;         /* length of that array */
    bool only_warnings;
    enum { SORT_POSITION, SORT_NAME, SORT_MISSING, SORT_DISTINCT } sort;
    enum { LOWER_ROWS, LOWER_VALUES } lower; /* what stands below the schema */
    int first_column;       /* rows: the leftmost that is shown */
    char *filter;           /* rows: COLUMN=VALUE, or NULL */
    struct picked_rows {    /* rows: these alone, where there are some */
        uint32_t *rows;     /* (n) of the table, ascending, or NULL */
        size_t n;
        char *table;        /* its name, */
        size_t of;          /* and how many rows it has */
    } picked;
    bool one_row;           /* rows: the one under the cursor, a cell a line */
    struct list cells;      /* of that one */
};

struct train_desk {
    char *run;              /* shown; NULL: the one in training, else the last */
    bool log_y, by_time;
    double smooth;          /* what a step of the moving average keeps, 0: raw values */
    double cursor;          /* x, NAN: none */
    double low, high;       /* x range, NAN: all */
    char **overlaid;        /* names of further runs */
    size_t n_overlaid, overlaid_capacity;
    bool pretext;           /* the run that is shown is pre-trained: other panes */
    enum learned_sort {     /* the list of what was learned of columns */
        LEARNED_POSITION, LEARNED_NAME, LEARNED_WORST, LEARNED_GAIN, LEARNED_SORTS
    } sort;
    int example;            /* which of its rows is shown, from 0 */
    char **folded;          /* runs whose descendants are not listed */
    size_t n_folded, folded_capacity;
    char *listed;           /* the run under the cursor of the list, */
    size_t listed_at;       /* and the line on which it was */
};

struct attention_desk {
    size_t key;             /* column under the cursor of the map; the row is its list's */
    size_t left;            /* the leftmost column that is shown */
    double threshold;       /* smaller numbers than so many times 1 / columns, what each
                               has where all are asked alike, are not shown */
    bool plain;             /* shades without numbers */
};

struct embedding_desk {
    char *run;              /* whose layout is shown; NULL: the newest of all */
    enum points_colour {    /* what colour and glyph mean */
        COLOUR_COLUMN, COLOUR_TARGET, COLOUR_ROWS, COLOURS
    } colour;
    char *class;            /* whose share the target is; NULL: of two the positive one,
                               of several which is the most frequent */
    bool cells;             /* each cell is seen, too */
    bool bare;              /* values have no names beside them */
    bool other;             /* of two runs the other one is seen, */
    double way;             /* to which its points have gone so far, 0 to 1, */
    int64_t turned;         /* since then: ms of the clock */
    double zoom;            /* how much larger than all of it, around the cursor; 0: not */
    bool beside;            /* the layout before stands beside it where there is room,
                               not only when it has the keys */
    bool *hidden;           /* (n_hidden) columns that are not shown */
    int n_hidden;
    bool brushing;          /* points in a rectangle are told of: from one corner, which */
    double brush[2][2];     /* stands, to one that is moved, x and y in 0..1 of where all
                               points are, so that both keep their place in a layout that
                               goes on */
    char *brush_run;        /* in whose layouts; NULL: not known yet */
    double step[2];         /* two columns and a row of the pane in that measure, as it was
                               drawn last; 0: not yet */
};

struct study_desk {
    bool standings;         /* it is a benchmark, which has them */
    size_t model, setting;  /* the leftmost ones that are shown */
};

enum popup { POPUP_NONE, POPUP_KEYS, POPUP_MENU, POPUP_FIGURE };

struct desk {
    enum view_id view;
    enum place place;
    enum pane_id focus[VIEWS];
    bool zoomed;            /* the focused pane has the whole screen */
    int wider[VIEWS][PANES]; /* cells that a pane was given at its left border */
    int taller[VIEWS];       /* rows that the upper panes were given */
    bool frozen;
    struct list lists[PANES];
    bool log_held;          /* the log stays where it is read */
    struct data_desk data;
    struct train_desk train;
    struct attention_desk attention;
    struct embedding_desk embedding;
    struct study_desk study;
    struct str search;      /* of the last `find` */
    enum popup popup;
    struct list popup_list;
};

void desk_init(struct desk *d);
void desk_done(struct desk *d);

/* No rows are picked any more. */
void desk_unpick(struct data_desk *d);

/* Leaves out what is below the run of that name in the list of runs, or lists it
 * again. */
void desk_fold(struct desk *d, const char *run);
bool desk_is_folded(const struct desk *d, const char *run);

/* Moves the cursor by `by` items and keeps it within n. */
void list_move(struct list *l, long by, size_t n);
/* Puts the cursor within n items and the top so that it is seen on `page` lines. */
void list_fit(struct list *l, size_t page, size_t n);

/* Drops the marked range of the focused pane or the brush of the view, else makes the pane
 * one among others. False: it had none and was that. */
bool desk_leave(struct desk *d);
/* Whether item i is in the marked range. */
bool list_in_range(const struct list *l, size_t i);

const char *view_name(enum view_id view);   /* "data", as `view` takes it */
const char *view_title(enum view_id view);  /* "Data" */
enum view_id pane_view(enum pane_id pane);
/* Whether the view has that pane at present. */
bool desk_has(const struct desk *d, enum pane_id pane);
/* The run that the Train view shows is pre-trained, or not: where the panes are others
 * now, the focus moves to one that is there. */
void desk_show(struct desk *d, bool pretext);
/* The same of the Study view: it is a benchmark, or a search. */
void desk_show_study(struct desk *d, bool benchmark);

#endif
