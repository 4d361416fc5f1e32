/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The end of a variational information bottleneck: a latent distribution for each row,
 * samples of it, a linear decoder, and a marginal that is a mixture of Gaussians. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "nn/graph_private.h"

#define HALF_LOG_2PI 0.91893853320467274178
/* sigma = softplus(s - SHIFT), near 0 at first */
#define SHIFT 5

/* What one row needs, in the worker's scratch, and all rows share. K latent numbers, C
 * components. */
struct room {
    real *mu, *sigma, *slope; /* (K); slope: of sigma in s */
    real *dmu, *dsigma;       /* (K) */
    real *e, *z, *dz;         /* (K) of a sample: z = mu + sigma e */
    real *logits, *dlogits;   /* (outputs, LANES), of which the first lane is used */
    real *sum;                /* (outputs) of what samples predict */
    real *share;              /* (C) of the components for a sample */
    real *prior, *peak;       /* (C) of all rows: a component's share, and its logarithm
                                 with that of the density at the mean */
    real *inverse;            /* (C, K) of all rows: 1 / standard deviation */
    real *noise;              /* (BOTTLENECK_PREDICTIONS, K) of all rows to be predicted */
};

static struct room room_of(const struct task *t)
{
    const struct node *n = t->node;
    size_t k = (size_t)n->bottleneck.latent, c = (size_t)n->bottleneck.components;
    size_t o = (size_t)n->out->features;
    real *p = task_scratch(t), *q = p + 8 * k, *u = q + 2 * o * LANES, *v = u + o + 3 * c;

    return (struct room){
        .mu = p, .sigma = p + k, .slope = p + 2 * k, .dmu = p + 3 * k,
        .dsigma = p + 4 * k, .e = p + 5 * k, .z = p + 6 * k, .dz = p + 7 * k,
        .logits = q, .dlogits = q + o * LANES, .sum = u,
        .share = u + o, .prior = u + o + c, .peak = u + o + 2 * c,
        .inverse = v, .noise = v + c * k,
    };
}

static int room_lines(int latent, int components, int outputs)
{
    return ((8 + components + BOTTLENECK_PREDICTIONS) * latent + outputs + 3 * components)
        / LANES + 1 + 2 * outputs;
}

static void read_row(const struct task *t, int row, struct room *r)
{
    const struct tensor *x = t->node->in[0];
    const real *from = tensor_value(t, x) + row_at(row, tensor_panel(x));
    int latent = t->node->bottleneck.latent;

    for (int k = 0; k < latent; k++) {
        double s = (double)from[(latent + k) * LANES] - SHIFT;

        r->mu[k] = from[k * LANES];
        r->sigma[k] = (real)(s > 30 ? s : log1p(exp(s)));
        r->slope[k] = (real)(1 / (1 + exp(-s)));
        r->dmu[k] = r->dsigma[k] = 0;
    }
}

static void draw_noise(struct rng *g, int n, real *e)
{
    double pair[2];

    for (int k = 0; k < n; k++) {
        if (k % 2 == 0)
            rng_normal_pair(g, pair);
        e[k] = (real)pair[k % 2];
    }
}

/* Standard normal numbers of a row's sample. */
static void read_noise(const struct task *t, struct rng *g, int sample, int row, real *e)
{
    const struct graph_input *in = &t->g->input;
    int latent = t->node->bottleneck.latent;
    size_t at = ((size_t)sample * (size_t)in->rows + (size_t)row) * (size_t)latent;

    if (!in->noise) {
        draw_noise(g, latent, e);
        return;
    }
    for (int k = 0; k < latent; k++)
        e[k] = (real)in->noise[at + (size_t)k];
}

static void sample_latent(const struct room *r, const real *e, int latent)
{
    for (int k = 0; k < latent; k++)
        r->z[k] = r->mu[k] + r->sigma[k] * e[k];
}

static void decode(const struct task *t, const struct room *r)
{
    const struct node *n = t->node;
    const real *w = task_param(t, n->weight), *b = task_param(t, n->bias);
    int latent = n->bottleneck.latent;

    for (int o = 0; o < n->out->features; o++, w += latent) {
        real sum = b[o];

        for (int k = 0; k < latent; k++)
            sum += w[k] * r->z[k];
        r->logits[o * LANES] = sum;
    }
}

/* Adds what the sample predicts: probabilities, or the number. */
static void add_prediction(const struct node *n, struct room *r)
{
    int outputs = n->out->features;
    double largest = -INFINITY, sum = 0;

    if (n->loss == LOSS_SQUARED) {
        r->sum[0] += r->logits[0];
        return;
    }
    if (n->loss == LOSS_BINARY) {
        r->sum[0] += (real)(1 / (1 + exp(-(double)r->logits[0])));
        return;
    }
    for (int o = 0; o < outputs; o++)
        largest = fmax(largest, (double)r->logits[o * LANES]);
    for (int o = 0; o < outputs; o++)
        sum += exp((double)r->logits[o * LANES] - largest);
    for (int o = 0; o < outputs; o++)
        r->sum[o] += (real)(exp((double)r->logits[o * LANES] - largest) / sum);
}

/* Logits that have the mean of the samples' probabilities. */
static void write_logits(const struct task *t, int row, const struct room *r, int samples)
{
    const struct node *n = t->node;
    real *to = tensor_value(t, n->out) + row_at(row, tensor_panel(n->out));

    for (int o = 0; o < n->out->features; o++) {
        double mean = (double)r->sum[o] / samples;
        double p = fmin(fmax(mean, 1e-12), 1 - 1e-7);

        to[o * LANES] = (real)(n->loss == LOSS_SQUARED ? mean
                               : n->loss == LOSS_BINARY ? log(p / (1 - p)) : log(p));
    }
}

/* ---- the marginal ---- */

struct marginal {
    const real *weight, *mean, *log_std; /* (C), (C, K), (C, K) */
    real *dweight, *dmean, *dlog_std;
};

static struct marginal marginal_of(const struct task *t)
{
    const int *p = t->node->values;

    return (struct marginal){
        task_param(t, p[0]), task_param(t, p[1]), task_param(t, p[2]),
        task_gradient(t, p[0]), task_gradient(t, p[1]), task_gradient(t, p[2]),
    };
}

/* What does not depend on the row. The weights are logits of the shares. */
static void read_marginal(const struct task *t, const struct marginal *m, struct room *r)
{
    int latent = t->node->bottleneck.latent, c_n = t->node->bottleneck.components;
    double largest = -INFINITY, sum = 0;

    for (int c = 0; c < c_n; c++)
        largest = fmax(largest, (double)m->weight[c]);
    for (int c = 0; c < c_n; c++)
        sum += exp((double)m->weight[c] - largest);
    for (int c = 0; c < c_n; c++) {
        double log_prior = (double)m->weight[c] - largest - log(sum), peak = log_prior;

        for (int k = 0; k < latent; k++) {
            double log_std = (double)m->log_std[c * latent + k];

            r->inverse[c * latent + k] = (real)exp(-log_std);
            peak -= log_std + HALF_LOG_2PI;
        }
        r->prior[c] = (real)exp(log_prior);
        r->peak[c] = (real)peak;
    }
}

/* Sum of ((z - mean) inverse)^2 over n numbers, as four sums side by side, which do not
 * wait for each other. */
static double square_distance(const real *z, const real *mean, const real *inverse, int n)
{
    double sum[4] = {0};

    for (int k = 0; k < n; k++) {
        double d = (double)((z[k] - mean[k]) * inverse[k]);

        sum[k % 4] += d * d;
    }
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* log r(z); r->share gets each component's part in it. */
static double log_marginal(const struct task *t, const struct marginal *m, struct room *r)
{
    int latent = t->node->bottleneck.latent, c_n = t->node->bottleneck.components;
    double largest = -INFINITY, sum = 0;

    for (int c = 0; c < c_n; c++) {
        double log_p = (double)r->peak[c]
            - 0.5 * square_distance(r->z, m->mean + c * latent, r->inverse + c * latent,
                                    latent);

        r->share[c] = (real)log_p;
        largest = fmax(largest, log_p);
    }
    for (int c = 0; c < c_n; c++)
        sum += exp((double)r->share[c] - largest);
    for (int c = 0; c < c_n; c++)
        r->share[c] = (real)(exp((double)r->share[c] - largest) / sum);
    return largest + log(sum);
}

/* Of -scale log r(z): into dz and the marginal's parameters. */
static void marginal_backward(const struct task *t, const struct marginal *m,
                              const struct room *r, double scale)
{
    int latent = t->node->bottleneck.latent;

    for (int c = 0; c < t->node->bottleneck.components; c++) {
        const real *mean = m->mean + c * latent, *inverse = r->inverse + c * latent;
        real *restrict dmean = m->dmean + c * latent, *restrict dz = r->dz;
        real *restrict dlog_std = m->dlog_std + c * latent;
        real share = (real)(scale * (double)r->share[c]);

        m->dweight[c] -= share - (real)scale * r->prior[c];
        for (int k = 0; k < latent; k++) {
            real d = (r->z[k] - mean[k]) * inverse[k], slope = share * d * inverse[k];

            dz[k] += slope;
            dmean[k] -= slope;
            dlog_std[k] -= share * (d * d - 1);
        }
    }
}

/* ---- a row in training ---- */

static void decoder_backward(const struct task *t, const struct room *r, double scale)
{
    const struct node *n = t->node;
    int latent = n->bottleneck.latent;
    const real *w = task_param(t, n->weight);
    real *dw = task_gradient(t, n->weight), *db = task_gradient(t, n->bias);

    for (int o = 0; o < n->out->features; o++, w += latent, dw += latent) {
        real d = (real)((double)r->dlogits[o * LANES] * scale);

        db[o] += d;
        for (int k = 0; k < latent; k++) {
            dw[k] += d * r->z[k];
            r->dz[k] += d * w[k];
        }
    }
}

/* log q(z) of the row where z is its mean. */
static double log_peak(const struct room *r, int latent)
{
    double sum = -latent * HALF_LOG_2PI;

    for (int k = 0; k < latent; k++)
        sum -= log((double)r->sigma[k]);
    return sum;
}

/* The sample's share of the row's loss, without log_peak, and all its gradients; `scale`
 * is what the loss of a sample is multiplied by. */
static double sample_loss(const struct task *t, const struct marginal *m, struct room *r,
                          struct rng *g, int sample, int row, double scale)
{
    const struct node *n = t->node;
    int latent = n->bottleneck.latent;
    double beta = n->bottleneck.beta, log_q = 0, loss, log_r; /* log_q over its peak */

    read_noise(t, g, sample, row, r->e);
    sample_latent(r, r->e, latent);
    for (int k = 0; k < latent; k++)
        log_q -= 0.5 * (double)r->e[k] * (double)r->e[k];
    decode(t, r);
    add_prediction(n, r);
    loss = graph_row_loss(n->loss, r->logits, n->out->features,
                          t->g->input.target[row], r->dlogits);
    log_r = log_marginal(t, m, r);
    memset(r->dz, 0, (size_t)latent * sizeof *r->dz);
    decoder_backward(t, r, scale);
    marginal_backward(t, m, r, scale * beta);
    for (int k = 0; k < latent; k++) {
        r->dmu[k] += r->dz[k];
        r->dsigma[k] += r->dz[k] * r->e[k] - (real)(scale * beta) / r->sigma[k];
    }
    return scale * (loss + beta * (log_q - log_r));
}

static void write_gradient(const struct task *t, int row, const struct room *r)
{
    const struct tensor *x = t->node->in[0];
    real *to = tensor_grad(t, x) + row_at(row, tensor_panel(x));
    int latent = t->node->bottleneck.latent;

    for (int k = 0; k < latent; k++) {
        to[k * LANES] = r->dmu[k];
        to[(latent + k) * LANES] = r->dsigma[k] * r->slope[k];
    }
}

static void clear_gradients(const struct task *t)
{
    const struct node *n = t->node;
    const int params[] = {n->weight, n->bias, n->values[0], n->values[1], n->values[2]};

    for (size_t i = 0; i < sizeof params / sizeof *params; i++)
        memset(task_gradient(t, params[i]), 0,
               t->g->params->list[params[i]].count * sizeof(real));
}

static void train_rows(const struct task *t)
{
    const struct node *n = t->node;
    const struct graph_input *in = &t->g->input;
    struct marginal m = marginal_of(t);
    struct room r = room_of(t);
    int samples = BOTTLENECK_SAMPLES;
    double total = 0;

    if (in->noise)
        samples = in->noise_samples;
    clear_gradients(t);
    read_marginal(t, &m, &r);
    for (int row = 0; row < t->blocks * LANES; row++) {
        double weight = row >= in->rows ? 0
            : (in->weight ? (double)in->weight[row] : 1) / t->g->weight_sum;
        struct rng g = rng_make(t->g->key, RNG_LATENT, (uint64_t)row);

        read_row(t, row, &r);
        memset(r.sum, 0, (size_t)n->out->features * sizeof *r.sum);
        if (weight > 0)
            total += weight * n->bottleneck.beta * log_peak(&r, n->bottleneck.latent);
        for (int s = 0; weight > 0 && s < samples; s++)
            total += sample_loss(t, &m, &r, &g, s, row, weight / samples);
        write_gradient(t, row, &r);
        write_logits(t, row, &r, samples);
    }
    t->g->loss = total;
}

/* ---- a row to be predicted ---- */

/* All rows have the same noise, so that what is predicted of one does not depend on the
 * others. */
static void infer_rows(const struct task *t)
{
    int latent = t->node->bottleneck.latent;
    struct room r = room_of(t);
    struct rng g = rng_make(0, RNG_LATENT, 0);

    draw_noise(&g, BOTTLENECK_PREDICTIONS * latent, r.noise);
    for (int row = 0; row < t->g->input.rows; row++) {
        read_row(t, row, &r);
        memset(r.sum, 0, (size_t)t->node->out->features * sizeof *r.sum);
        for (int s = 0; s < BOTTLENECK_PREDICTIONS; s++) {
            sample_latent(&r, r.noise + s * latent, latent);
            decode(t, &r);
            add_prediction(t->node, &r);
        }
        write_logits(t, row, &r, BOTTLENECK_PREDICTIONS);
    }
}

static void bottleneck_forward(const struct task *t)
{
    if (t->g->training)
        train_rows(t);
    else
        infer_rows(t);
}

static const struct op op_bottleneck = {
    .name = "bottleneck", .layout = FEATURES, .whole = true,
    .forward = bottleneck_forward,
};

static int add_param(struct graph *g, const char *name, size_t rows, size_t columns,
                     enum param_init init, double scale)
{
    return params_want(g->params, name, rows, columns, PARAM_HEAD, init, scale, false);
}

void graph_loss_bottleneck(struct graph *g, struct tensor *x, int outputs, enum loss loss,
                           const struct bottleneck *b)
{
    struct node *n = graph_add_node(g, &op_bottleneck, x, NULL);
    size_t latent = (size_t)b->latent, components = (size_t)b->components;
    int lines = room_lines(b->latent, b->components, outputs);

    n->bottleneck = *b;
    n->loss = loss;
    n->weight = graph_param(g, "decoder", "weight", (size_t)outputs, latent, PARAM_HEAD,
                            INIT_UNIFORM, 1 / sqrt((double)latent));
    n->bias = graph_param(g, "decoder", "bias", 0, (size_t)outputs, PARAM_HEAD,
                          INIT_UNIFORM, 1 / sqrt((double)latent));
    n->values = xcalloc(3, sizeof *n->values);
    n->values[0] = add_param(g, "marginal.weight", 0, components, INIT_ZERO, 0);
    n->values[1] = add_param(g, "marginal.mean", components, latent, INIT_NORMAL, 1);
    n->values[2] = add_param(g, "marginal.log_std", components, latent, INIT_ZERO, 0);
    n->n_values = 3;
    snprintf(n->name, sizeof n->name, "decoder");
    if (g->scratch_lines < lines)
        g->scratch_lines = lines;
    n->out = graph_add_tensor(g, n, FEATURES, 1, outputs);
    n->out->needs_grad = false;
    n->flops = 2.0 * outputs * b->latent * BOTTLENECK_PREDICTIONS;
    graph_name(n->out, "logits");
}
