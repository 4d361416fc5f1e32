/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A model: options, encoder and weights, all that is needed to predict new rows. How it
 * computes is in the files of its kind (model/tabtransformer.h); this is the side that
 * trainer, predict, evaluate, save and open see.
 *
 * A model is owned by one thread at a time. The encoder is shared by reference.
 */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/pool.h"
#include "base/str.h"
#include "data/encode.h"
#include "nn/graph.h"

/* What is trained: model/tabtransformer.h, mlp.h, vib.h, tabnet.h, logistic.h, gbdt.h. */
enum model_kind {
    MODEL_TABTRANSFORMER,
    MODEL_MLP,
    MODEL_SPARSE_MLP, /* the same, pruned in training (nn/prune.h) */
    MODEL_VIB,
    MODEL_TABNET,
    MODEL_LOGISTIC,
    MODEL_GBDT,       /* trees: it has no graph */
    MODEL_KINDS
};
#define MODEL_KIND_NAMES "tabtransformer|mlp|sparse-mlp|vib|tabnet|logistic|gbdt"
const char *model_kind_name(enum model_kind kind);
/* False: there is no kind of that name (NULL: none), *kind stays. */
bool model_kind_parse(const char *name, enum model_kind *kind);
/* An MLP, or with one in front. */
bool model_kind_is_mlp(enum model_kind kind);

/* How the MLP takes categorical columns; the TabTransformer has embeddings, logistic
 * regression one-hot classes. */
enum model_encoding { ENCODING_EMBEDDING, ENCODING_ONE_HOT };
#define ENCODING_NAMES "embedding|one-hot"

/* What a TabNet makes its masks by. */
enum model_mask { MASK_SPARSEMAX, MASK_SOFTMAX };
#define MASK_NAMES "sparsemax|softmax"
/* Whether continuous columns go to the head as features, as in the paper, are columns of
 * the TabTransformer's attention beside the categorical ones, or both. */
enum continuous { CONTINUOUS_FEATURES, CONTINUOUS_TOKENS, CONTINUOUS_BOTH };
#define CONTINUOUS_NAMES "features|tokens|both"
#define NUMBERS_NAMES "ple|periodic"

/* What the TabTransformer's head gets of the contextual embeddings: all of them, or that
 * of one more column, the same in every row, which attends to the others (FT-Transformer:
 * Gorishniy, Rubachev, Khrulkov, Babenko, arXiv 2106.11959). */
enum readout { READOUT_CONCAT, READOUT_CLS };
#define READOUT_NAMES "concat|cls"

enum head_norm { HEAD_NORM_NO, HEAD_NORM_YES, HEAD_NORM_AUTO };
#define HEAD_NORM_NAMES "no|yes|auto"

/* Table of the options: name as in `set model.NAME`, what the paper has, what is right.
 * Zero-initialise through model_defaults. */
struct model_options {
    enum model_kind kind;
    enum model_encoding encoding;
    int dim;                /* d, width of an embedding (32): a multiple of 8, of heads */
    int layers;             /* Transformer layers (6); 0: embeddings go to the head */
    int heads;              /* attention heads (8) */
    int identifier;         /* ell, width of the column identifier (d / 8); -1: d / 8 */
    int ffn;                /* feed-forward width as a multiple of d (4) */
    double dropout;         /* of attention weights and feed-forward activations */
    double head_dropout;    /* after each block of the head */
    int head_hidden1;       /* widths of the head's blocks, times its input's (4, 2) */
    int head_hidden2;
    int head_cap;           /* the head's first block is no wider than this, the second in
                               proportion; 0: no cap; -1: so that the first has at most
                               2,000,000 weights (and no fewer than 64 outputs) */
    enum head_norm head_norm; /* batch norm in the head's blocks; auto is yes, but where
                               model_settle has said no */
    int latent;             /* a VIB: width of its latent distribution (64) */
    int components;         /* and Gaussians in its marginal (5) */
    double beta;            /* and the weight of the distance between both (1e-3) */
    int steps;              /* a TabNet: decision steps (3 to 10) */
    int width;              /* of what a step decides by, N_d, and of what chooses the next
                               mask, N_a */
    int category_dim;       /* numbers a category becomes (1) */
    enum model_mask mask;
    double gamma;           /* what a mask may choose again: 1 not at all */
    double sparsity;        /* weight of the masks' entropy in the loss */
    int virtual_batch;      /* rows that ghost batch norm sees: a multiple of 16 */
    bool continuous_norm;   /* layer norm over the continuous features of a row */
    int rounds;             /* a GBDT: rounds of boosting that make an epoch (10) */
    int depth;              /* its trees' levels of splits at most (5); 0: any */
    int leaves;             /* their leaves at most, the best split first; 0: any, level by
                               level */
    double min_child;       /* smallest sum of second derivatives in a leaf */
    double subsample;       /* share of the rows that a tree is grown from (.8) */
    double colsample;       /* and of the columns (.8) */
    double l2;              /* penalty of the squares of what leaves answer */
    enum continuous continuous;
    enum number_encoding numbers;   /* how a continuous column is embedded (nn/graph.h) */
    int frequencies;        /* of the periodic encoding (24) */
    double sigma;           /* their deviation at first (0.3) */
    enum readout readout;
};

/* What a model is pre-trained by, without a target (model/pretrain.h). */
enum pretext { PRETEXT_NONE, PRETEXT_MLM, PRETEXT_RTD, PRETEXT_DAE, PRETEXTS };
#define PRETEXT_NAMES "mlm|rtd|dae" /* without "none" */
const char *pretext_name(enum pretext pretext); /* "none", "mlm", "rtd", "dae" */
/* False: there is none of that name (NULL: none), *pretext stays. */
bool pretext_parse(const char *name, enum pretext *pretext);

/* What stands for a missing cell of a categorical column when rows are predicted: the
 * vector of the missing class, or the mean of those of the column's known classes, for
 * columns whose training rows held few missing cells or none. To trees a missing cell is
 * a missing cell, whatever is asked for. */
enum fill { FILL_CLASS, FILL_MEAN };
#define FILL_NAMES "class|mean"

struct gbdt;

struct model_options model_defaults(void);
/* One sentence if a value is out of range or two do not go together. */
bool model_check(const struct model_options *o, struct error *err);
/* Numbers are columns of its attention, or the readout is. */
bool model_has_tokens(const struct model_options *o);
/* Only a TabTransformer has them: other kinds get what is so by default. */
void model_leave_tokens(struct model_options *o);
/* Decides what is left to kind and rows to learn from: only a TabTransformer has layers,
 * tokens and a readout; no batch norm below MODEL_FEW rows, because the statistics of small
 * batches of few rows disturb more than they help (share/doc/RESULTS, section 5). */
#define MODEL_FEW 1000
void model_settle(struct model_options *o, size_t rows);

struct model;

/* Fresh weights from seed. NULL: no memory, or options that model_check refuses. */
struct model *model_new(const struct model_options *o, struct encoder *encoder,
                        uint64_t seed, struct error *err);
/* The same with what a pretext learns by in the head's place; the encoder needs no
 * target, and but for a DAE categorical features. */
struct model *model_new_pretext(const struct model_options *o, struct encoder *encoder,
                                enum pretext pretext, uint64_t seed, struct error *err);
/* It is freed with its last reference. They may be taken and given up on any thread; the
 * weights belong to the thread that trains or asks it. */
struct model *model_ref(struct model *m);
void model_unref(struct model *m);

const struct model_options *model_options(const struct model *m);
const struct encoder *model_encoder(const struct model *m);
enum pretext model_pretext(const struct model *m); /* PRETEXT_NONE: it has a head */
/* Columns are vectors of width dim there, "hidden.0" to "hidden.LAYERS" of its graph. */
bool model_embeds(const struct model *m);
/* Why not, behind the name of a model that has categorical columns: "takes ...". */
const char *model_lacks_embeddings(const struct model *m);
/* Columns of the attention: categorical ones, behind them continuous ones that are tokens,
 * and that of the readout. */
int model_tokens(const struct model *m);
/* "job", "age", "date (year)", or "[CLS]" of the readout; the model's. */
const char *model_token_name(const struct model *m, int token);
/* In a row of a frame the cell of that token becomes missing; [CLS] has none. */
void model_hide_token(const struct model *m, int token, int32_t *codes, float *values);
/* The number of the parameter that has a row for each code of a column. */
int model_column_table(const struct model *m, int column);
size_t model_parameters(const struct model *m); /* trainable numbers */
/* Weights of linear maps, and how many of them were not pruned. */
size_t model_weights(const struct model *m, size_t *left);
double model_flops(const struct model *m);      /* of one row forward, matrix products */

/* Embeddings and Transformer layers of `from` become those of `to`: columns are found by
 * their names, classes by their texts; a number in other bins gets the vector that it had
 * at each edge; the rest of `to` stays as it is. Of a DAE all but its last map is taken
 * over, by an MLP that reads the same columns. *note gets one line on what was taken over.
 * Refused: bodies of different shape, no categorical column in common, no memory. */
bool model_take_body(struct model *to, struct model *from, struct str *note,
                     struct error *err);
bool model_has_body(const struct model *m); /* of another */
/* The vector of that code came with it. */
bool model_brought(const struct model *m, int column, int code);
/* (codes) as model_brought said of a model whose training goes on in this one. False: no
 * memory. */
bool model_set_brought(struct model *m, int column, const unsigned char *codes);

/* For who trains it or looks inside: its parameters, and a graph of it (not yet planned)
 * over them. The caller frees the graph before the model. */
struct params *model_params(struct model *m);
struct graph *model_graph(struct model *m);
/* The trees that a GBDT has in place of all that; NULL: it is none. */
struct gbdt *model_gbdt(struct model *m);

/* Number of outputs a row has in model_predict: classes (binary: 2), 1 for regression. */
int model_outputs(const struct model *m);

/* Bytes that training with this batch size takes beyond the frame: weights three times
 * (their average and the best are kept), gradients, moments, lanes, activations, and the
 * copy that autosave writes. Allocates none of it, so that too much can be refused
 * before. */
size_t model_training_bytes(const struct model_options *o, const struct encoder *e,
                            enum pretext pretext, int batch, int threads);

/* Logits of n rows, (n, classes) of several classes, else (n) -> out (n, model_outputs) as
 * of model_predict. */
void model_outputs_of(const struct model *m, const float *logits, size_t n, float *out);

/* Rows of the frame index[0..n) (NULL: all n) -> out (n, model_outputs): probabilities,
 * or the target in its own unit. False: no memory, or the frame is of another encoder. */
bool model_predict(struct model *m, struct pool *pool, const struct frame *f,
                   const uint32_t *index, size_t n, enum fill fill, float *out,
                   struct error *err);

/* What the model of these options would be made of, in order. */
struct model_layer {
    char name[48];         /* "layers.0.ffn.up", as its tensors begin in the file */
    const char *operation; /* "linear", ... */
    int columns, features; /* of the output; columns 0: one for the whole row */
    size_t parameters;
    double flops;          /* of one row forward, matrix products */
};

/* All layers, *n of them; caller frees. Needs no weights. NULL: they make no model. */
struct model_layer *model_layers(const struct model_options *o, const struct encoder *e,
                                 int *n, struct error *err);

/* One safetensors file with everything inside (share/doc/FORMATS has the layout).
 * `extra` (may be NULL) is a JSON object kept beside (training options, metrics,
 * lineage). */
bool model_save(const struct model *m, const json_t *extra, const char *path,
                struct error *err);
/* *extra (may be NULL) gets a new reference or NULL. */
struct model *model_open(const char *path, json_t **extra, struct error *err);

#endif
