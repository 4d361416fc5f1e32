/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lens/logistic.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
    TASKS = 32,      /* at most; their sums are added up in order */
    TASK_PANELS = 8, /* at a time */
    PAIRS = 10,      /* steps that L-BFGS remembers */
    HALVINGS = 30,   /* of a step that does not go down */
};

/* What a descent remembers, and room to work in; vectors of logistic.size. */
struct descent {
    int tasks, pairs; /* pairs: so far, the latest at (pairs - 1) % PAIRS */
    double rows;      /* that are learned */
    double *gradient, *next, *next_gradient, *direction;
    double *step[PAIRS], *change[PAIRS], curve[PAIRS];
    double *memory;   /* all of these */
    float *weight;    /* as the kernels take them: (outputs, d), then intercepts */
    float *part;      /* (tasks, size) the tasks' gradients */
    float *score;     /* (tasks, TASK_PANELS panels of outputs) */
    double value[TASKS];
};

struct logistic_options logistic_defaults(void)
{
    return (struct logistic_options){.strength = 1, .tolerance = 1e-5, .iterations = 300};
}

/* ---- rows ---- */

static void standardise(struct design *x, const float *from, int f)
{
    size_t d = (size_t)x->d;
    double mean = 0, square = 0, scale;

    for (size_t i = 0; i < x->n; i++)
        mean += from[i * d + (size_t)f] / (double)x->n;
    for (size_t i = 0; i < x->n; i++) {
        double off = from[i * d + (size_t)f] - mean;

        square += off * off / (double)x->n;
    }
    scale = square > 1e-12 * mean * mean && square > 0 ? 1 / sqrt(square) : 0;
    for (size_t i = 0; i < x->n; i++)
        x->panel[i / LANES * x->size + (size_t)f * LANES + i % LANES] =
            (float)((from[i * d + (size_t)f] - mean) * scale);
}

bool design_init(struct design *x, const float *from, size_t n, int d, struct error *err)
{
    *x = (struct design){.n = n, .d = d, .panels = (int)((n + LANES - 1) / LANES),
                         .size = panel_size(d), .kernels = kernels_best()};
    for (size_t i = 0; i < n * (size_t)d; i++)
        if (!isfinite(from[i]))
            return error_set(err, ERROR_NUMERIC, "number %zu of row %zu is not finite",
                             i % (size_t)d + 1, i / (size_t)d + 1);
    x->panel = try_aligned((size_t)x->panels * x->size, sizeof *x->panel);
    if (!x->panel)
        return error_set(err, ERROR_MEMORY, "no memory for %zu rows of %d numbers", n, d);
    for (int f = 0; f < d; f++)
        standardise(x, from, f);
    return true;
}

void design_done(struct design *x)
{
    free(x->panel);
    x->panel = NULL;
}

/* ---- value and gradient ---- */

static bool is_learned(const struct logistic *l, size_t row)
{
    return row < l->x->n && (!l->learned || l->learned[row]);
}

/* Of scores z, LANES apart: probabilities (classes). Returns -log of that of class. */
static double find_probabilities(const struct logistic *l, const float *z, int class,
                                 double *p)
{
    double top = 0, sum = 0;

    for (int c = 0; c < l->classes; c++) {
        p[c] = c == 0 && l->outputs == 1 ? 0 : z[(l->outputs == 1 ? 0 : c) * LANES];
        top = c == 0 || p[c] > top ? p[c] : top;
    }
    for (int c = 0; c < l->classes; c++)
        sum += exp(p[c] - top);
    for (int c = 0; c < l->classes; c++)
        p[c] = exp(p[c] - top) / sum;
    return -log(fmax(p[class], 1e-300));
}

/* Scores of a panel's rows become the slopes of their losses; returns these. */
static double slope_of_panel(const struct logistic *l, size_t first, float *z, double *p)
{
    double value = 0;

    for (size_t lane = 0; lane < LANES; lane++) {
        bool counts = is_learned(l, first + lane);

        if (counts)
            value += find_probabilities(l, z + lane, l->class[first + lane], p);
        for (int o = 0; o < l->outputs; o++) {
            int c = l->outputs == 1 ? 1 : o;

            z[(size_t)o * LANES + lane] =
                counts ? (float)(p[c] - (l->class[first + lane] == c)) : 0;
        }
    }
    return value;
}

static void score_panels(const struct logistic *l, int first, int n, float *score)
{
    const struct design *x = l->x;
    size_t d = (size_t)x->d;

    x->kernels->linear_forward(n, l->outputs, x->d, l->own->weight, d,
                               l->own->weight + (size_t)l->outputs * d,
                               x->panel + (size_t)first * x->size, x->size, score,
                               panel_size(l->outputs));
}

static double *probabilities_of(const struct logistic *l, int task)
{
    return l->own->memory + (4 + 2 * PAIRS) * l->size + (size_t)task * (size_t)l->classes;
}

static void add_task(void *arg, int task, int worker)
{
    const struct logistic *l = arg;
    const struct design *x = l->x;
    struct descent *own = l->own;
    size_t line = panel_size(l->outputs), d = (size_t)x->d;
    float *part = own->part + (size_t)task * l->size;
    float *score = own->score + (size_t)task * TASK_PANELS * line;
    int at = (int)((long)x->panels * task / own->tasks);
    int end = (int)((long)x->panels * (task + 1) / own->tasks);

    (void)worker;
    memset(part, 0, l->size * sizeof *part);
    own->value[task] = 0;
    for (; at < end; at += TASK_PANELS) {
        int n = end - at < TASK_PANELS ? end - at : TASK_PANELS;

        score_panels(l, at, n, score);
        for (int k = 0; k < n; k++)
            own->value[task] += slope_of_panel(l, (size_t)(at + k) * LANES,
                                               score + (size_t)k * line,
                                               probabilities_of(l, task));
        x->kernels->linear_backward_weight(n, l->outputs, x->d, score, line,
                                           x->panel + (size_t)at * x->size, x->size, part,
                                           d, true);
        x->kernels->bias_backward(n, l->outputs, score, line,
                                  part + (size_t)l->outputs * d, true);
    }
}

/* At w; the gradient is set. */
static double evaluate(const struct logistic *l, const double *w, double *gradient)
{
    struct descent *own = l->own;
    size_t weights = (size_t)l->outputs * (size_t)l->x->d;
    double value = 0, share = 1 / own->rows, penalty = share / l->options.strength;

    for (size_t i = 0; i < l->size; i++)
        own->weight[i] = (float)w[i];
    pool_run(l->pool, own->tasks, add_task, (void *)l);
    for (size_t i = 0; i < l->size; i++) {
        gradient[i] = i < weights ? penalty * w[i] : 0;
        value += i < weights ? penalty / 2 * w[i] * w[i] : 0;
    }
    for (int t = 0; t < own->tasks; t++) {
        value += share * own->value[t];
        for (size_t i = 0; i < l->size; i++)
            gradient[i] += share * own->part[(size_t)t * l->size + i];
    }
    return value;
}

static double largest(const double *v, size_t n)
{
    double most = 0;

    for (size_t i = 0; i < n; i++)
        most = fmax(most, fabs(v[i]));
    return most;
}

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* ---- beginning and end ---- */

static bool reserve(struct logistic *l)
{
    struct descent *own = l->own;
    size_t vectors = 4 + 2 * PAIRS, tasks = (size_t)own->tasks;

    own->memory = try_calloc(vectors * l->size + tasks * (size_t)l->classes,
                             sizeof *own->memory);
    own->weight = try_aligned(l->size, sizeof *own->weight);
    own->part = try_aligned(tasks * l->size, sizeof *own->part);
    own->score = try_aligned(tasks * TASK_PANELS * panel_size(l->outputs),
                             sizeof *own->score);
    l->w = try_calloc(l->size, sizeof *l->w);
    if (!own->memory || !own->weight || !own->part || !own->score || !l->w)
        return false;
    own->gradient = own->memory;
    own->next = own->memory + l->size;
    own->next_gradient = own->memory + 2 * l->size;
    own->direction = own->memory + 3 * l->size;
    for (size_t k = 0; k < PAIRS; k++) {
        own->step[k] = own->memory + (4 + 2 * k) * l->size;
        own->change[k] = own->memory + (5 + 2 * k) * l->size;
    }
    return true;
}

bool logistic_init(struct logistic *l, const struct design *x, const int *class,
                   int classes, const unsigned char *learned,
                   const struct logistic_options *o, struct pool *pool, struct error *err)
{
    int tasks = (x->panels + TASK_PANELS - 1) / TASK_PANELS;

    *l = (struct logistic){.x = x, .class = class, .learned = learned, .classes = classes,
                           .outputs = classes == 2 ? 1 : classes, .options = *o,
                           .pool = pool};
    l->size = (size_t)l->outputs * (size_t)(x->d + 1);
    l->own = xcalloc(1, sizeof *l->own);
    l->own->tasks = tasks < TASKS ? tasks : TASKS;
    if (!reserve(l)) {
        logistic_done(l);
        return error_set(err, ERROR_MEMORY, "no memory for a regression on %d numbers",
                         x->d);
    }
    for (size_t i = 0; i < x->n; i++)
        l->own->rows += is_learned(l, i);
    l->own->rows = fmax(l->own->rows, 1);
    l->value = evaluate(l, l->w, l->own->gradient);
    l->slope = largest(l->own->gradient, l->size);
    return true;
}

void logistic_done(struct logistic *l)
{
    if (l->own) {
        free(l->own->memory);
        free(l->own->weight);
        free(l->own->part);
        free(l->own->score);
    }
    free(l->own);
    free(l->w);
    l->own = NULL;
    l->w = NULL;
}

/* ---- one iteration ---- */

/* The two loops of L-BFGS: minus the gradient, bent by the latest steps. */
static void find_direction(const struct logistic *l)
{
    struct descent *own = l->own;
    int kept = own->pairs < PAIRS ? own->pairs : PAIRS;
    double along[PAIRS], *v = own->direction, scale = 1;

    for (size_t i = 0; i < l->size; i++)
        v[i] = -own->gradient[i];
    for (int k = 1; k <= kept; k++) {
        int at = (own->pairs - k) % PAIRS;

        along[at] = dot(own->step[at], v, l->size) / own->curve[at];
        for (size_t i = 0; i < l->size; i++)
            v[i] -= along[at] * own->change[at][i];
    }
    if (kept > 0) {
        int last = (own->pairs - 1) % PAIRS;

        scale = own->curve[last] / dot(own->change[last], own->change[last], l->size);
    }
    for (size_t i = 0; i < l->size; i++)
        v[i] *= scale;
    for (int k = kept; k >= 1; k--) {
        int at = (own->pairs - k) % PAIRS;
        double back = dot(own->change[at], v, l->size) / own->curve[at];

        for (size_t i = 0; i < l->size; i++)
            v[i] += (along[at] - back) * own->step[at][i];
    }
}

/* Halves the step until it goes down enough (Armijo). False: it never does, as far as
 * numbers of this precision can tell. */
static bool go_down(struct logistic *l, double *value)
{
    struct descent *own = l->own;
    double slope = dot(own->direction, own->gradient, l->size), length = 1;

    for (int k = 0; k < HALVINGS && slope < 0; k++, length /= 2) {
        for (size_t i = 0; i < l->size; i++)
            own->next[i] = l->w[i] + length * own->direction[i];
        *value = evaluate(l, own->next, own->next_gradient);
        if (*value <= l->value + 1e-4 * length * slope)
            return true;
    }
    return false;
}

/* Remembers the step if the function curves along it, as the method asks for. */
static void remember(struct logistic *l)
{
    struct descent *own = l->own;
    int at = own->pairs % PAIRS;

    for (size_t i = 0; i < l->size; i++) {
        own->step[at][i] = own->next[i] - l->w[i];
        own->change[at][i] = own->next_gradient[i] - own->gradient[i];
    }
    own->curve[at] = dot(own->step[at], own->change[at], l->size);
    if (own->curve[at] > 0)
        own->pairs++;
}

enum step logistic_step(struct logistic *l)
{
    struct descent *own = l->own;
    double value;

    if (l->slope <= l->options.tolerance || l->iteration >= l->options.iterations)
        return STEP_DONE;
    find_direction(l);
    if (!go_down(l, &value))
        return STEP_DONE;
    remember(l);
    memcpy(l->w, own->next, l->size * sizeof *l->w);
    memcpy(own->gradient, own->next_gradient, l->size * sizeof *own->gradient);
    l->value = value;
    l->slope = largest(own->gradient, l->size);
    l->iteration++;
    return STEP_MORE;
}

void logistic_predict(const struct logistic *l, float *probability)
{
    struct descent *own = l->own;
    double *p = probabilities_of(l, 0);

    for (size_t i = 0; i < l->size; i++)
        own->weight[i] = (float)l->w[i];
    for (int panel = 0; panel < l->x->panels; panel++) {
        score_panels(l, panel, 1, own->score);
        for (size_t lane = 0; lane < LANES; lane++) {
            size_t row = (size_t)panel * LANES + lane;

            if (row >= l->x->n)
                break;
            find_probabilities(l, own->score + lane, 0, p);
            for (int c = 0; c < l->classes; c++)
                probability[row * (size_t)l->classes + (size_t)c] = (float)p[c];
        }
    }
}
