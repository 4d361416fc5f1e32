/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Values as points of the plane: what a layout (lens/tsne.h) of their embeddings came to,
 * and all that one wants to know of it later, when the model is gone. Of cells
 * each is a point, and a value stands at their mean (Huang et al. 2020, figure 2).
 */
#ifndef LENS_SCATTER_H
#define LENS_SCATTER_H

#include "lens/embeddings.h"
#include "lens/procrustes.h"

struct scatter {
    /* how it came about */
    char *run;                      /* name, for people */
    struct encoder *encoder;        /* referenced: names of columns and values */
    struct dataset *data;           /* referenced: whose rows row_of counts; or NULL */
    enum embedding_points points;
    int layer, layers;              /* and how many the model has */
    size_t rows;                    /* looked at */
    size_t most;                    /* that were asked for; 0: as is usual */
    enum part part;                 /* of these */
    double perplexity;
    uint64_t seed;
    /* what is laid out */
    struct embedding_value *values; /* (n_values) */
    float *vectors;                 /* (n_values, width) their mean embeddings */
    size_t n_values;
    int width;
    size_t n_points;                /* cells, or values */
    uint32_t *row_of;               /* (n_points) row of the table of a cell, else NULL */
    uint32_t *value_of;             /* (n_points) number of the value */
    float *target;                  /* (n_points) of a cell's row: its class, or the
                                       number that is predicted; NAN: not known. NULL: of
                                       values, or there is no target */
    size_t *class_rows;             /* (n_values, classes of the encoder) rows of each;
                                       NULL: no classes, or no target */
    /* how it lies at present */
    float *layout;                  /* (n_points, 2) */
    float *place;                   /* (n_values, 2) */
    int iteration, iterations;      /* done and in all */
    double kl, trust;               /* NAN: not known yet */
    bool ended;                     /* it will not move any more */
    struct scatter *against;        /* the same points in another run, laid over it; owned,
                                       or NULL */
    double unlike;                  /* of one that is laid over another: share of the
                                       variance that is left; NAN: it is not */
};

/* The points of a layer of e, which is whole; all lie at 0. NULL: no memory. */
struct scatter *scatter_new(const struct embeddings *e, const char *run, int layer,
                            struct error *err);
/* NULL: no memory. */
struct scatter *scatter_copy(const struct scatter *s);
void scatter_free(struct scatter *s);

/* Bytes of scatter_new. */
size_t scatter_memory(const struct embeddings *e);

/* Puts values where the mean of their cells is. */
void scatter_settle(struct scatter *s);
/* Takes over how `from`, a copy of s or what s is a copy of, lies at present; the one that
 * it is against, too, if both have one. */
void scatter_follow(struct scatter *s, const struct scatter *from);

/* same (n_values) out: the number in `to` of each value of s, whatever model it is of;
 * the number of values of `to`: it is not there. */
void scatter_match(const struct scatter *s, const struct scatter *to, uint32_t *same);

/* layout (n_points, 2) of s out: each point where it, or at least its value, lies in
 * `from`, whatever rows, layer or run that is of; others in the middle. Returns how many
 * were found. */
size_t scatter_start(const struct scatter *s, const struct scatter *from, float *layout);

/* The share of a class among the rows of a value, and its most frequent class, the first
 * of several. NAN, -1: no row is known to have one. */
double scatter_share(const struct scatter *s, size_t value, int class);
int scatter_class(const struct scatter *s, size_t value);

/* How `from` is laid over `to` by the values that both have. False: they are too few. */
bool scatter_fit(const struct scatter *from, const struct scatter *to,
                 struct procrustes *p);
/* Lays s over `to`, in the same size. */
void scatter_align(struct scatter *s, const struct scatter *to);
/* Between the two, at `way` from 0, `from`, to 1, s: where the points of s are,
 * layout (n_points, 2) and place (n_values, 2) out. */
void scatter_between(const struct scatter *from, const struct scatter *s, double way,
                     float *layout, float *place);

/* The limits of what is seen: of the places of values, or of all points. */
void scatter_range(const struct scatter *s, bool cells, double *left, double *right,
                   double *bottom, double *top);

#endif
