/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lens/look.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/graph.h"

/* Maps of wide tables are large: 16 rows of 116 columns, 6 layers, 8 heads take 41 MB. */
enum { MOST = 64, MOST_WIDE = 16, WIDE = 40 };

struct look {
    struct model *model;
    struct graph *graph;
    int32_t *codes, *answers; /* answers of a pretext: none is asked */
    float *values;
    int tokens, rows; /* rows that were looked at last */
    real *hidden; /* (look_most, tokens, width), where there are more than columns */
};

static bool check_model(const struct model *m, int columns, struct error *err)
{
    if (columns == 0)
        return error_set(err, ERROR_STATE, "this model has no categorical columns: there "
                         "are no embeddings to look at");
    return model_embeds(m) || model_tokens(m) > model_encoder(m)->n_categorical
        || error_set(err, ERROR_STATE, "this model %s: there are no embeddings to look at",
                     model_lacks_embeddings(m));
}

struct look *look_new(struct model *m, struct pool *pool, struct error *err)
{
    const struct encoder *e = model_encoder(m);
    struct look *l;
    size_t most;

    if (!check_model(m, model_tokens(m), err))
        return NULL;
    l = xcalloc(1, sizeof *l);
    l->model = m;
    l->tokens = model_tokens(m);
    most = (size_t)look_most(l);
    l->graph = model_graph(m);
    graph_plan(l->graph, &(struct graph_plan){.rows = look_most(l), .keep = true});
    l->codes = xcalloc(most * (size_t)e->n_categorical + 1, sizeof *l->codes);
    l->answers = xcalloc(most * (size_t)e->n_categorical + 1, sizeof *l->answers);
    l->values = xcalloc(most * (size_t)e->n_continuous + 1, sizeof *l->values);
    if (l->tokens > look_columns(l))
        l->hidden = xcalloc(most * (size_t)l->tokens * (size_t)look_width(l),
                            sizeof *l->hidden);
    if (graph_allocate(l->graph, pool, err))
        return l;
    look_free(l);
    return NULL;
}

struct look *look_new_embeddings(struct model *m, struct pool *pool, struct error *err)
{
    return check_model(m, model_encoder(m)->n_categorical, err) ? look_new(m, pool, err)
                                                               : NULL;
}

void look_free(struct look *l)
{
    if (!l)
        return;
    graph_free(l->graph);
    free(l->codes);
    free(l->answers);
    free(l->values);
    free(l->hidden);
    free(l);
}

int look_most(const struct look *l)
{
    return look_tokens(l) > WIDE ? MOST_WIDE : MOST;
}

int look_layers(const struct look *l)
{
    return model_options(l->model)->layers;
}

int look_heads(const struct look *l)
{
    return model_options(l->model)->heads;
}

int look_tokens(const struct look *l)
{
    return l->tokens;
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

    l->rows = n;
    frame_pick(f, index, 0, (size_t)n, l->codes, l->values);
    graph_infer(l->graph, &in);
}

void look_attention(const struct look *l, int layer, real *out)
{
    graph_read_attention(l->graph, layer, out);
}

void look_hidden(const struct look *l, int layer, real *out)
{
    size_t row = (size_t)look_columns(l) * (size_t)look_width(l);
    size_t whole = (size_t)l->tokens * (size_t)look_width(l);
    char name[32];

    snprintf(name, sizeof name, "hidden.%d", layer);
    graph_read(l->graph, name, l->hidden ? l->hidden : out);
    for (int r = 0; l->hidden && r < l->rows; r++)
        memcpy(out + (size_t)r * row, l->hidden + (size_t)r * whole, row * sizeof *out);
}
