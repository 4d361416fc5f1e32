/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lens/look.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "nn/graph.h"

/* Maps of wide tables are large: 16 rows of 116 columns, 6 layers, 8 heads take 41 MB. */
enum { MOST = 64, MOST_WIDE = 16, WIDE = 40 };

struct look {
    struct model *model;
    struct graph *graph;
    int32_t *codes, *answers; /* answers of a pretext: none is asked */
    float *values;
};

struct look *look_new(struct model *m, struct pool *pool, struct error *err)
{
    const struct encoder *e = model_encoder(m);
    struct look *l;

    if (e->n_categorical == 0) {
        error_set(err, ERROR_STATE, "this model has no categorical columns: there are no "
                  "embeddings to look at");
        return NULL;
    }
    if (!model_embeds(m)) {
        error_set(err, ERROR_STATE, "this model %s: there are no embeddings to look at",
                  model_lacks_embeddings(m));
        return NULL;
    }
    l = xcalloc(1, sizeof *l);
    l->model = m;
    l->graph = model_graph(m);
    graph_plan(l->graph, &(struct graph_plan){.rows = look_most(l), .keep = true});
    l->codes = xcalloc((size_t)look_most(l) * (size_t)e->n_categorical, sizeof *l->codes);
    l->answers = xcalloc((size_t)look_most(l) * (size_t)e->n_categorical,
                         sizeof *l->answers);
    l->values = xcalloc((size_t)look_most(l) * (size_t)e->n_continuous + 1,
                        sizeof *l->values);
    if (graph_allocate(l->graph, pool, err))
        return l;
    look_free(l);
    return NULL;
}

void look_free(struct look *l)
{
    if (!l)
        return;
    graph_free(l->graph);
    free(l->codes);
    free(l->answers);
    free(l->values);
    free(l);
}

int look_most(const struct look *l)
{
    return look_columns(l) > WIDE ? MOST_WIDE : MOST;
}

int look_layers(const struct look *l)
{
    return model_options(l->model)->layers;
}

int look_heads(const struct look *l)
{
    return model_options(l->model)->heads;
}

int look_columns(const struct look *l)
{
    return model_encoder(l->model)->n_categorical;
}

int look_width(const struct look *l)
{
    return model_options(l->model)->dim;
}

void look_at(struct look *l, const struct frame *f, const uint32_t *index, int n)
{
    struct graph_input in = {.rows = n, .codes = l->codes, .values = l->values,
                             .answers = l->answers};

    frame_pick(f, index, 0, (size_t)n, l->codes, l->values);
    graph_infer(l->graph, &in);
}

void look_attention(const struct look *l, int layer, real *out)
{
    graph_read_attention(l->graph, layer, out);
}

void look_hidden(const struct look *l, int layer, real *out)
{
    char name[32];

    snprintf(name, sizeof name, "hidden.%d", layer);
    graph_read(l->graph, name, out);
}
