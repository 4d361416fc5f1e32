/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/tabnet.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

/* Blocks of a feature transformer, the first of which have the weights of the others'. */
enum { BLOCKS = 4, SHARED = 2 };

/* "transform.%d.%d" of 3 and 2 -> "transform.3.2" */
struct name {
    char text[32];
};

__attribute__((format(printf, 1, 2)))
static struct name name_of(const char *format, ...)
{
    struct name n;
    va_list args;

    va_start(args, format);
    vsnprintf(n.text, sizeof n.text, format, args);
    va_end(args);
    return n;
}

/* Xavier's normal distribution times the gain of that code, sqrt((in + out) / sqrt(4 in)),
 * or sqrt((in + out) / sqrt(in)) in front of a gate. */
static double deviation(const struct tensor *x, bool gated)
{
    return (gated ? sqrt(2) : 1) / sqrt(sqrt(graph_features(x)));
}

static struct tensor *inputs(struct graph *g, const struct model_options *o,
                             const struct model_shape *s)
{
    struct tensor *c = shape_continuous(g, o, s), *x = NULL;

    if (s->columns > 0)
        x = graph_embedding(g, s->columns, s->classes, o->category_dim, 0);
    x = graph_batch_norm(g, graph_concatenate(g, x, c), "input.norm");
    return graph_rows(g, x);
}

/* Feature transformer t: 2 o->width features of the masked ones. */
static struct tensor *transform(struct graph *g, const struct model_options *o, int t,
                                struct tensor *x)
{
    struct tensor *y, *before = NULL;

    for (int b = 0; b < BLOCKS; b++, before = x) {
        struct name name = name_of("transform.%d.%d", t, b);
        struct name weight = b < SHARED ? name_of("shared.%d", b) : name;

        y = graph_linear_shared(g, x, 4 * o->width, name.text, weight.text,
                                deviation(x, true));
        y = graph_ghost_norm(g, y, o->virtual_batch, name_of("%s.norm", name.text).text);
        x = graph_glu(g, y, before, name_of("%s.glu", name.text).text);
    }
    return x;
}

/* Attentive transformer i, from the half of the features that the last step hands on. */
static struct tensor *attend(struct graph *g, const struct model_options *o, int i,
                             struct tensor *last, struct tensor *prior, int features)
{
    struct name name = name_of("attentive.%d", i);
    struct tensor *a = graph_part(g, last, o->width, o->width,
                                  name_of("attentive.%d.part", i).text);

    a = graph_linear_shared(g, a, features, name.text, name.text, deviation(a, false));
    a = graph_ghost_norm(g, a, o->virtual_batch, name_of("%s.norm", name.text).text);
    a = graph_mask(g, a, prior, o->mask == MASK_SPARSEMAX, o->sparsity / o->steps,
                   name_of("mask.%d", i).text);
    graph_name(a, "mask.%d", i);
    return a;
}

void tabnet_describe(struct graph *g, const struct model_options *o,
                     const struct model_shape *s)
{
    struct tensor *x = inputs(g, o, s), *last = transform(g, o, 0, x);
    struct tensor *mask = NULL, *prior = NULL, *total = NULL;

    for (int i = 1; i <= o->steps; i++) {
        if (mask)
            prior = graph_prior(g, mask, prior, o->gamma, name_of("prior.%d", i).text);
        mask = attend(g, o, i, last, prior, graph_features(x));
        last = transform(g, o, i, graph_multiply(g, mask, x,
                                                 name_of("mask.%d.features", i).text));
        graph_name(last, "decision.%d", i);
        total = graph_decision(g, last, total, o->width, name_of("decision.%d", i).text);
    }
    total = graph_linear_shared(g, total, s->outputs, "out", "out",
                                deviation(total, false));
    graph_loss(g, graph_concatenate(g, total, NULL), s->loss);
}
