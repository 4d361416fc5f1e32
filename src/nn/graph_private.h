/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside of the graph: shared by graph.c (describing, planning, running) and the files
 * of operations. */
#ifndef NN_GRAPH_PRIVATE_H
#define NN_GRAPH_PRIVATE_H

#include "nn/graph.h"
#include "num/kernels.h"

/* More threads than this would find no shards to work on. */
#define GRAPH_MAX_WORKERS 64

enum layout { TOKENS, FEATURES };

enum where {
    NOWHERE,  /* not needed */
    IN_BATCH, /* memory for the whole batch */
    IN_SHARD, /* scratch of the worker that runs the shard */
};

struct place {
    enum where where;
    size_t offset; /* numbers */
};

struct tensor {
    char name[32];
    enum layout layout;
    int columns; /* TOKENS only, else 1 */
    int features;
    struct tensor *same; /* lies in the memory of that tensor (in-place operation) */
    int first_feature;   /* inside `same` (concatenation) */
    struct tensor *grad_same; /* the gradient lies in the memory of that tensor's */
    bool needs_grad;
    bool saved;          /* the backward pass reads the value */
    bool keep;           /* can be read after the pass */
    int producer;        /* node */
    int last_use;        /* node, of the forward pass */
    int last_grad;       /* node of the last consumer: first to write the gradient */
    int grad_until;      /* node of the last, in backward order, to read it */
    struct place value, grad;
};

struct node;

/* What a task of a pass works on. */
struct task {
    struct graph *g;
    struct node *node;
    int worker;
    /* TOKENS: a shard */
    int first_block, blocks;
    int lane;
    /* FEATURES: output features [from, to) */
    int from, to;
};

enum op_needs { NEEDS_IN0 = 1, NEEDS_IN1 = 2, NEEDS_OUT = 4 };

struct op {
    const char *name;
    enum layout layout; /* how its work is cut; the output's may differ */
    unsigned needs; /* what backward reads */
    bool local;     /* FEATURES: an output feature needs the same input feature only */
    bool whole;     /* FEATURES: one task does it all */
    void (*forward)(const struct task *t);
    void (*backward)(const struct task *t);
    /* FEATURES, not local: the input's gradient, [from, to) being input features */
    void (*backward_input)(const struct task *t);
    /* Once behind each forward pass in training. */
    void (*after)(struct graph *g, struct node *n);
};

struct node {
    const struct op *op;
    struct tensor *in[2], *out, *aux[2];
    bool add[2];    /* the gradient of in[i] is added to, not set */
    int weight, bias; /* numbers of parameters, -1: none */
    int buffers[2];
    real *moments;    /* batch norm: mean and 1 / deviation of the batch, (2, features) */
    int *values;    /* of each column a parameter; behind them, where n_values is twice
                       the number of columns, another */
    int n_values;
    struct numbers_node *numbers; /* an embedding with more than categorical columns */
    int heads;
    bool qkv;         /* linear: weight and bias are the first of three in a row */
    enum activation activation;
    bool centred;    /* linear: batch norm follows, its gradient has mean 0 */
    enum loss loss;
    int n_columns, *logits; /* LOSS_CLEAN: logits of each column */
    struct bottleneck bottleneck;
    bool sparse;     /* mask: sparsemax */
    double factor;   /* mask: weight of its entropy in the loss; prior: gamma */
    int first;       /* part: of the features */
    double rate;    /* of dropout */
    struct dropout dropout; /* of this pass */
    char name[48];
    double flops;
    double seconds[2][GRAPH_MAX_WORKERS]; /* forward, backward; while profiling */
};

/* A run of nodes between two meetings of all tasks. */
struct stage {
    int first, last; /* nodes, last included */
    int tasks;       /* FEATURES: chunks of the output features */
    int input_tasks; /* FEATURES: chunks of the first node's input, for its gradient; or 0 */
};

struct graph {
    struct params *params;
    const struct kernels *kernels;
    struct pool *pool;
    struct tensor **tensors;
    size_t n_tensors, tensors_capacity;
    struct node *nodes;
    size_t n_nodes, nodes_capacity;
    struct stage *stages;
    int n_stages;
    struct graph_plan plan;
    int virtual_batch;  /* rows, 0: no norm asks for them */
    int shard_blocks;   /* row blocks a shard, at most */
    size_t batch_size;  /* numbers in memory for the batch */
    size_t shard_size;  /* numbers in each worker's scratch */
    size_t lines_offset, scratch_offset; /* in the worker's scratch, see task_lines */
    int scratch_lines;  /* that a node wants in task_scratch */
    real *batch, *shard;
    /* the present pass */
    bool training;
    struct graph_input input;
    int blocks;         /* row blocks in use */
    double weight_sum, loss;
    uint64_t key;
    bool profile;
};

/* Value and gradient of a tensor: for TOKENS at the task's first row block, for FEATURES
 * at the batch's. NULL where the plan has no place for it. */
real *tensor_value(const struct task *t, const struct tensor *x);
real *tensor_grad(const struct task *t, const struct tensor *x);
/* Numbers from one of its panels to the next. */
size_t tensor_panel(const struct tensor *x);
/* FEATURES: number of row r, feature 0 in panels `panel` apart. */
static inline size_t row_at(int r, size_t panel)
{
    return (size_t)(r / LANES) * panel + (size_t)(r % LANES);
}

/* Loss of a row's logits, LANES apart as their gradients dz are. */
double graph_row_loss(enum loss loss, const real *z, int features, float target, real *dz);

/* Scratch of the worker beside tensors: first two lines for each feature, zero at first
 * use and to be left so; then task_scratch, 16 lines for each column, or scratch_lines if
 * these are more. */
real *task_lines(const struct task *t);
real *task_scratch(const struct task *t);

static inline int task_panels(const struct task *t, const struct tensor *x)
{
    return t->blocks * x->columns;
}

/* Shards of the present pass, and the row blocks of one of them, for t. */
int graph_shards(const struct graph *g);
void graph_shard(const struct graph *g, int shard, struct task *t);

/* Gradient of a parameter where this task may add to it or set it. */
real *task_gradient(const struct task *t, int param);
static inline real *task_param(const struct task *t, int param)
{
    return param < 0 ? NULL : param_value(t->g->params, param);
}

/* The numbers of an embedding and the vector of all rows (nn/ops_numbers.c): what
 * describes them, their panels of one row block behind those of the categorical columns,
 * and their parameters. */
struct numbers_node;
struct numbers_node *numbers_describe(struct graph *g, const struct embedding *e);
void numbers_free(struct numbers_node *q);
void numbers_forward(const struct task *t, int block, real *to);
void numbers_backward(const struct task *t, int block, const real *from);
size_t numbers_parameters(const struct graph *g, const struct numbers_node *q);

extern const struct op op_linear_tokens; /* for graph_linear */

struct node *graph_add_node(struct graph *g, const struct op *op, struct tensor *in0,
                            struct tensor *in1);
/* The number of the parameter "NAME.PART"; rows 0: a vector of `columns`. Weight decay is
 * for matrices of linear maps only. */
int graph_param(struct graph *g, const char *name, const char *part, size_t rows,
                size_t columns, enum param_kind kind, enum param_init init, double scale);
/* Weight (first 1) and bias (first 0) of a norm over so many features, and its name. */
void graph_add_norm_params(struct graph *g, struct node *n, const char *name,
                           size_t features, enum param_kind kind);
/* A node without parameters gets the name of the one before it and of its operation. */
void graph_name_after(struct graph *g, struct node *n);
struct tensor *graph_add_tensor(struct graph *g, struct node *n, enum layout layout,
                                int columns, int features);

/* chunk number `task` of `tasks` over n features: [*from, *to) */
void graph_chunk(int n, int tasks, int task, int *from, int *to);

#endif
