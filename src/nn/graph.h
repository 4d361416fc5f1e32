/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The graph of a model. A model describes itself once by calls such as
 *
 *     x = graph_linear(g, x, 128, "layers.0.ffn.up", ACTIVATION_NONE);
 *
 * each of which appends a node and returns its output. The nodes in order are the forward
 * pass, in reverse the backward pass. graph_plan then places every tensor in memory,
 * once.
 *
 * Two layouts (num/real.h), two ways of sharing the work:
 *   tokens    the body. A batch is cut into shards of whole row blocks; a task runs all
 *             nodes of the body over its shards. Tensors that only one shard needs for a
 *             moment lie in the worker's scratch and stay in its cache; those that the
 *             backward pass needs lie in memory for the whole batch.
 *   features  the head. Every task has all rows of some output features, so batch norm
 *             sees the true batch and no gradient has to be summed. Tasks meet after each
 *             node.
 * How the work is cut depends on sizes only, never on the number of threads.
 *
 * A graph borrows params and pool. It is used by one thread at a time.
 */
#ifndef NN_GRAPH_H
#define NN_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/pool.h"
#include "nn/params.h"

struct graph;
struct tensor;

enum activation { ACTIVATION_NONE, ACTIVATION_SELU };

enum loss {
    LOSS_BINARY,     /* cross-entropy of one logit, target 0 or 1 */
    LOSS_MULTICLASS, /* cross-entropy of softmax over the logits, target a class number */
    LOSS_SQUARED,    /* mean squared error of one output */
    LOSS_CELLS,      /* mean cross-entropy of a logit a column, answers 0 or 1 */
    LOSS_CLEAN,      /* graph_loss_clean */
};

/* ---- describing (parameters are added to params by name, or found there) ---- */

struct graph *graph_new(struct params *p);
void graph_free(struct graph *g);

/* Column i with classes[i] classes: codes 0 (missing) .. classes[i]. Embedding of value j
 * = [identifier_i (identifier numbers), value_ij (d - identifier)]. Parameters
 * "columns.identifier" (columns, identifier), "columns.I.value" (classes + 1, d -
 * identifier). */
struct tensor *graph_embedding(struct graph *g, int columns, const int *classes, int d,
                               int identifier);

/* How a number x becomes e(x), of which its vector is a linear map (Gorishniy, Rubachev,
 * Babenko, arXiv 2203.05556, sections 3.2 and 3.3):
 *
 *   NUMBERS_PLE       piecewise-linear, one feature a bin [a, b]: (x - a) / (b - a), kept
 *                     within 0 .. 1 also in the outer bins: what lies beyond all that
 *                     training knew is as the last of it
 *   NUMBERS_PERIODIC  sin(2 pi c x) and cos(2 pi c x), frequencies c learned from N(0,
 *                     sigma^2) on
 */
enum number_encoding { NUMBERS_PLE, NUMBERS_PERIODIC };

struct number_column {
    int value;          /* place in a row of graph_input.values; -1: e(x) is not there */
    int missing;        /* likewise, of what is 1 where x is missing; -1: it never is */
    int n_edges;        /* of bins: one more than these */
    const float *edges; /* (n_edges) ascending; read while describing */
};

/* Categorical columns as for graph_embedding, behind them numbers, and at the end perhaps
 * a vector that is the same for all rows ("readout.cls", d). Number i's vector is its
 * identifier, "columns.identifier" having lines for the numbers too, and e(x) times
 * "numbers.I.weight" (d - identifier, features of e) + "numbers.I.bias"; or where x is
 * missing "numbers.I.missing" in place of that. "numbers.I.frequency" has the c. */
struct embedding {
    int columns, d, identifier;
    const int *classes; /* (columns) */
    int n_numbers;
    const struct number_column *number; /* (n_numbers) */
    int values;         /* in a row of graph_input.values */
    enum number_encoding numbers;
    int frequencies;
    double sigma;
    bool cls;
};
struct tensor *graph_embed(struct graph *g, const struct embedding *e);

/* y = W x + b; "NAME.weight" (out, in), "NAME.bias". Over tokens without activation; over
 * features the activation is part of the node. */
struct tensor *graph_linear(struct graph *g, struct tensor *x, int out, const char *name,
                            enum activation activation);
/* The same map of features c (NULL: none) and of the classes of all columns, one-hot, to
 * features: the parameters are "NAME.weight" (out, features of c), "NAME.bias" and a row
 * for each code of column I, "columns.I.weight" (classes + 1, out). */
struct tensor *graph_linear_one_hot(struct graph *g, struct tensor *c, int columns,
                                    const int *classes, int out, const char *name,
                                    enum activation activation);
int graph_features(const struct tensor *t); /* all of a row's, of all columns */
/* Queries, keys and values in one product: "NAME.query", "NAME.key", "NAME.value" (d,
 * d). */
struct tensor *graph_query_key_value(struct graph *g, struct tensor *x, const char *name);
struct tensor *graph_attention(struct graph *g, struct tensor *qkv, int heads,
                               double dropout);
struct tensor *graph_gelu(struct graph *g, struct tensor *x, double dropout);
/* LayerNorm(x + sublayer), "NAME.weight", "NAME.bias" */
struct tensor *graph_add_norm(struct graph *g, struct tensor *x, struct tensor *sublayer,
                              const char *name);
/* The continuous inputs of a batch, (features n). */
struct tensor *graph_continuous(struct graph *g, int n);
/* LayerNorm across the features of a row, "NAME.weight", "NAME.bias" */
struct tensor *graph_row_norm(struct graph *g, struct tensor *x, const char *name);
/* [x flattened column after column; c]; one of them may be NULL. */
struct tensor *graph_concatenate(struct graph *g, struct tensor *x, struct tensor *c);
/* [the last column of x; c]; c may be NULL. */
struct tensor *graph_readout(struct graph *g, struct tensor *x, struct tensor *c);
/* "NAME.weight", "NAME.bias" and buffers "NAME.mean", "NAME.variance" */
struct tensor *graph_batch_norm(struct graph *g, struct tensor *x, const char *name);
struct tensor *graph_dropout(struct graph *g, struct tensor *x, double rate);
/* The end: mean loss over the rows, weighted. */
void graph_loss(struct graph *g, struct tensor *logits, enum loss loss);

/* The other end, of a variational information bottleneck (Alemi, Fischer, Dillon, Murphy,
 * arXiv 1612.00410): x (features 2 latent) is mean mu and s of a latent distribution with
 * sigma = softplus(s - 5); the logits are linear in samples of it. The loss of a row is
 * its mean over the samples plus beta (log q(z | x) - log r(z)), r a mixture of Gaussians
 * with diagonal covariance. "logits" have the mean of the samples' probabilities (the mean
 * itself for LOSS_SQUARED). Parameters "decoder.weight" (outputs, latent), "decoder.bias",
 * "marginal.weight" (components), "marginal.mean" and "marginal.log_std" (components,
 * latent). */
struct bottleneck {
    int latent, components;
    double beta;
};
#define BOTTLENECK_SAMPLES 10     /* in training; the TabTransformer's paper */
#define BOTTLENECK_PREDICTIONS 20 /* in graph_infer */
void graph_loss_bottleneck(struct graph *g, struct tensor *x, int outputs, enum loss loss,
                           const struct bottleneck *b);

/* ---- describing a TabNet (Arik, Pfister, arXiv 1908.07442) ----
 *
 * Rows are one column of tokens there. In training a shard is a virtual batch, so that
 * what is normalised together is worked on together. */

/* Features as one column of tokens. */
struct tensor *graph_rows(struct graph *g, struct tensor *x);
/* y = W x; "WEIGHT.weight" (out, in), at first N(0, deviation^2), may be that of several
 * maps. */
struct tensor *graph_linear_shared(struct graph *g, struct tensor *x, int out,
                                   const char *name, const char *weight,
                                   double deviation);
/* Batch norm over each virtual batch by itself, of at most virtual_batch rows: a multiple
 * of LANES, the same for all of a graph. There are as few of them as can be, and they are
 * as even as whole blocks of LANES rows can be. "NAME.weight", "NAME.bias", and buffers
 * "NAME.mean", "NAME.variance": the mean over the first fifty virtual batches, then running
 * averages that move by 0.02. */
struct tensor *graph_ghost_norm(struct graph *g, struct tensor *x, int virtual_batch,
                                const char *name);
/* x (features 2 d), a and b: a sigmoid(b), with a residual (d; may be NULL)
 * sqrt(1/2) (a sigmoid(b) + residual). */
struct tensor *graph_glu(struct graph *g, struct tensor *x, struct tensor *residual,
                         const char *name);
/* Shares p of 1 for the features of each row: the sparsemax (Martins, Astudillo 2016) of
 * prior x, or else its softmax; prior NULL: 1. `entropy` times the mean over the rows of
 * -sum p log p is added to the loss, but not to that of rows without labels. */
struct tensor *graph_mask(struct graph *g, struct tensor *x, struct tensor *prior,
                          bool sparse, double entropy, const char *name);
/* prior (gamma - mask); prior NULL: 1 */
struct tensor *graph_prior(struct graph *g, struct tensor *mask, struct tensor *prior,
                           double gamma, const char *name);
/* feature by feature */
struct tensor *graph_multiply(struct graph *g, struct tensor *x, struct tensor *y,
                              const char *name);
/* `features` of x from number `first` on */
struct tensor *graph_part(struct graph *g, struct tensor *x, int first, int features,
                          const char *name);
/* total + ReLU of the first `features` of x; total NULL: 0 */
struct tensor *graph_decision(struct graph *g, struct tensor *x, struct tensor *total,
                              int features, const char *name);

/* ---- describing the heads of pre-training ---- */

/* A logit for the vector of each of the first columns of x, (features columns), for
 * LOSS_CELLS: "NAME.I.weight" (1, d), "NAME.I.bias". */
struct tensor *graph_column_logits(struct graph *g, struct tensor *x, int columns,
                                   const char *name);
/* A classifier for each of them, "NAME.I.weight" (classes, d), "NAME.I.bias", asked only
 * where graph_input.answers has the right class 1..classes and not 0. The output, named
 * "cells", has three features a column, each of all columns: the cross-entropy of the
 * cell, 1 if the right class has the largest logit, and the logarithm of the sum of all
 * e^logit; the first two are 0 where nothing was asked. */
struct tensor *graph_classify_columns(struct graph *g, struct tensor *x, int columns,
                                      const int *classes, const char *name);
/* The end: mean cross-entropy over the cells that were asked, 0 without any. */
void graph_loss_asked(struct graph *g, struct tensor *cells);

/* The end of a denoising autoencoder: z (features: classes + 1 logits of each column, code
 * after code, then a number for each continuous input) against the row as it was, codes in
 * graph_input.answers and numbers in graph_input.clean: the mean, over the cells of a row
 * and the rows, of cross-entropy or squared error. */
void graph_loss_clean(struct graph *g, struct tensor *z, int columns, const int *classes,
                      int continuous);

/* Names a tensor to be read after a forward pass: "hidden.0". */
void graph_name(struct tensor *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- planning ---- */

struct graph_plan {
    int rows;      /* largest batch */
    bool training; /* with backward pass */
    bool keep;     /* named tensors and attention maps can be read afterwards */
};

/* Places all tensors; allocates nothing. Must come before the rest. */
void graph_plan(struct graph *g, const struct graph_plan *plan);
/* Bytes of activations and gradients of activations that graph_allocate will take, and
 * lanes for params_allocate_training. */
size_t graph_bytes(const struct graph *g, int threads);
int graph_lanes(const struct graph *g);
bool graph_allocate(struct graph *g, struct pool *pool, struct error *err);

/* ---- running ---- */

/* What a batch without targets has for a loss instead (engine/unlabeled.h): the mean
 * entropy of its predictions, or their cross-entropy against the likeliest class, which
 * has no gradient. Not of LOSS_SQUARED. */
enum unlabeled { UNLABELED_NOT, UNLABELED_ENTROPY, UNLABELED_PSEUDO };

struct graph_input {
    int rows;             /* 1..plan.rows */
    const int32_t *codes; /* (rows, columns) */
    const float *values;  /* (rows, continuous) */
    const float *target;  /* (rows); only for the loss */
    const float *weight;  /* (rows) or NULL: all 1; not of graph_loss_asked */
    const int32_t *answers; /* (rows, categorical columns) of pre-training, else NULL */
    const float *clean;   /* (rows, continuous) of graph_loss_clean, else NULL */
    const real *missing;  /* (columns, numbers of a code) what stands for code 0 in
                             graph_infer; NULL: those of the parameters */
    enum unlabeled unlabeled;
    double scale;         /* of its loss */
    const float *noise;   /* (noise_samples, rows, latent) of a bottleneck; NULL: by key */
    int noise_samples;
};

/* Forward without dropout and with the running averages of batch norm. */
void graph_infer(struct graph *g, const struct graph_input *in);
/* Forward as in training; `key` makes the dropout masks. Returns the loss. */
double graph_train_forward(struct graph *g, const struct graph_input *in, uint64_t key);
/* Gradients of the last graph_train_forward, added to params' lanes and set in its
 * gradient. */
void graph_backward(struct graph *g);
/* The same for the head only: nothing goes into the body, whose lanes stay as they are. */
void graph_backward_head(struct graph *g);

/* Row-major copy of a tensor of the last forward pass: (rows, columns, features) or
 * (rows, features). By name ("logits" is always there), or of a layer's attention:
 * (rows, heads, columns, columns). False if it was not kept. */
bool graph_read(const struct graph *g, const char *name, real *out);
bool graph_read_attention(const struct graph *g, int layer, real *out);
/* Sizes of a named tensor. */
bool graph_tensor_size(const struct graph *g, const char *name, int *columns,
                       int *features);

/* ---- looking at it ---- */

struct node_info {
    const char *op;      /* "linear", "attention", ... */
    const char *name;    /* each another: "layers.0.ffn.up", "layers.0.ffn.up.gelu" */
    int columns, features; /* of the output; columns 0: layout "features" */
    size_t parameters;
    double flops;        /* of one row forward: 2 a multiplication in matrix products */
    double bytes;        /* of one row forward: inputs and output, not parameters */
    double seconds_forward, seconds_backward; /* spent by all workers while profiling */
};

int graph_nodes(const struct graph *g);
struct node_info graph_node(const struct graph *g, int i);
void graph_profile(struct graph *g, bool on); /* clears the times */
/* Seconds that a worker was in nodes while profiling. */
double graph_busy(const struct graph *g, int worker);

#endif
