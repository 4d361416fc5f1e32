/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The layer summary of a model. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "model/private.h"

/* "layers.0.ffn.up" of a linear map, else the operation beside its name */
static void node_label(const struct node_info *n, char *to, size_t size)
{
    bool plain = strcmp(n->op, "linear") == 0 || strcmp(n->op, "add_norm") == 0
        || strcmp(n->op, "batch_norm") == 0;

    if (n->name[0] == '\0' || strcmp(n->name, n->op) == 0)
        snprintf(to, size, "%s", n->op);
    else if (plain)
        snprintf(to, size, "%s", n->name);
    else
        snprintf(to, size, "%s %s", n->name, n->op);
}

static void node_shape(const struct node_info *n, char *to, size_t size)
{
    if (n->columns)
        snprintf(to, size, "(rows, %d, %d)", n->columns, n->features);
    else
        snprintf(to, size, "(rows, %d)", n->features);
}

static void put_json_node(struct str *out, const struct node_info *n, bool first)
{
    char label[96];

    node_label(n, label, sizeof label);
    str_printf(out, "%s{\"name\":\"%s\",\"op\":\"%s\",\"shape\":", first ? "" : ",", label,
               n->op);
    if (n->columns)
        str_printf(out, "[%d,%d]", n->columns, n->features);
    else
        str_printf(out, "[%d]", n->features);
    str_printf(out, ",\"parameters\":%zu,\"flops\":%.0f}", n->parameters, n->flops);
}

static void put_line(struct str *out, const struct node_info *n)
{
    char label[96], shape[48];

    node_label(n, label, sizeof label);
    node_shape(n, shape, sizeof shape);
    str_printf(out, "%-34s %-18s %12zu %14.0f\n", label, shape, n->parameters, n->flops);
}

bool model_summary(const struct model_options *o, const struct encoder *e, bool json,
                   struct str *out, struct error *err)
{
    struct params *p;
    struct graph *g;
    double flops = 0;

    if (!model_fits(o, e, err))
        return false;
    p = params_new();
    g = model_describe(o, e, p);
    if (json)
        str_puts(out, "{\"layers\":[");
    else
        str_printf(out, "%-34s %-18s %12s %14s\n", "layer", "output", "parameters",
                   "FLOPs a row");
    for (int i = 0; i < graph_nodes(g); i++) {
        struct node_info n = graph_node(g, i);

        flops += n.flops;
        if (strcmp(n.op, "loss") == 0)
            continue;
        if (json)
            put_json_node(out, &n, i == 0);
        else
            put_line(out, &n);
    }
    if (json)
        str_printf(out, "],\"parameters\":%zu,\"flops\":%.0f}\n", params_trainable(p), flops);
    else
        str_printf(out, "%-34s %-18s %12zu %14.0f\n", "total", "", params_trainable(p),
                   flops);
    graph_free(g);
    params_free(p);
    return true;
}
