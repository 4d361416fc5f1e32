/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command that shows what model the settings make of the current table. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "command/families.h"
#include "command/grid.h"
#include "engine/trainer.h"

/* What training would make of the current table: split and encoder as there, *rows to
 * learn from. */
static struct encoder *fit(struct context *c, size_t *rows, struct error *err)
{
    const struct table *t = c->session->table;
    struct split *split = split_new(t->data, t->schema, &t->split, err);
    struct encoder *e = NULL;
    struct str note = {0};

    if (split)
        e = encoder_fit(t->data, t->schema, split, &c->session->settings.data, &note,
                        err);
    if (e)
        context_note_lines(c, "", str_text(&note));
    if (split)
        *rows = split->count[PART_TRAIN];
    split_free(split);
    str_done(&note);
    return e;
}

static void shape_text(const struct model_layer *l, char *to, size_t size)
{
    if (l->columns > 0)
        snprintf(to, size, "(rows, %d, %d)", l->columns, l->features);
    else
        snprintf(to, size, "(rows, %d)", l->features);
}

static void put_layer(struct grid *g, const struct model_layer *l)
{
    char shape[48];

    shape_text(l, shape, sizeof shape);
    grid_puts(g, l->name);
    grid_puts(g, l->operation);
    grid_puts(g, shape);
    grid_count(g, l->parameters);
    grid_count(g, (size_t)l->flops);
}

/* ---- layers that only repeat another ---- */

/* The number in "layers.3.ffn.up"; -1: not inside a transformer layer. */
static int layer_number(const struct model_layer *l)
{
    int number;

    return sscanf(l->name, "layers.%d.", &number) == 1 ? number : -1;
}

static struct model_layer sum_of(const struct model_layer *layers, int n)
{
    struct model_layer sum = {0};

    for (int i = 0; i < n; i++) {
        sum.parameters += layers[i].parameters;
        sum.flops += layers[i].flops;
    }
    return sum;
}

/* One line for the transformer layers behind the first, which are all like it. */
static void put_repeats(struct grid *g, const struct model_layer *layers, int n)
{
    int last = layer_number(&layers[n - 1]);
    struct model_layer sum = sum_of(layers, n);

    sum.operation = last > 1 ? "each as layers.0" : "as layers.0";
    sum.columns = layers[n - 1].columns;
    sum.features = layers[n - 1].features;
    if (last > 1)
        snprintf(sum.name, sizeof sum.name, "layers.1 to layers.%d", last);
    else
        snprintf(sum.name, sizeof sum.name, "layers.1");
    put_layer(g, &sum);
}

/* From layers[i] on, layers that put_repeats can put down together. */
static int count_repeats(const struct model_layer *layers, int n, int i)
{
    int count = 0;

    while (i + count < n && layer_number(&layers[i + count]) > 0)
        count++;
    return count;
}

/* ---- model ---- */

static void print_grid(struct context *c, const struct model_layer *layers, int n)
{
    bool whole = c->format == FORMAT_CSV;
    struct grid *g = grid_new("layers");

    grid_column(g, "layer", false);
    grid_column(g, "operation", false);
    grid_column(g, "output", false);
    grid_column(g, "parameters", true);
    grid_column(g, "flops_a_row", true);
    for (int i = 0; i < n;) {
        int repeats = whole ? 0 : count_repeats(layers, n, i);

        if (repeats > 0)
            put_repeats(g, layers + i, repeats);
        else
            put_layer(g, &layers[i]);
        i += repeats > 0 ? repeats : 1;
    }
    if (!whole) {
        struct model_layer sum = sum_of(layers, n);

        grid_puts(g, "total");
        grid_puts(g, "");
        grid_puts(g, "");
        grid_count(g, sum.parameters);
        grid_count(g, (size_t)sum.flops);
    }
    grid_print(g, c);
}

/* Not a grid: shapes are lists. */
static void print_json(struct context *c, const struct model_layer *layers, int n)
{
    struct model_layer sum = sum_of(layers, n);
    struct str out = {0};

    str_puts(&out, "{\"layers\":[");
    for (int i = 0; i < n; i++) {
        const struct model_layer *l = &layers[i];

        str_printf(&out, "%s{\"name\":\"%s\",\"op\":\"%s\",\"shape\":[", i > 0 ? "," : "",
                   l->name, l->operation);
        if (l->columns > 0)
            str_printf(&out, "%d,", l->columns);
        str_printf(&out, "%d],\"parameters\":%zu,\"flops\":%.0f}", l->features,
                   l->parameters, l->flops);
    }
    str_printf(&out, "],\"parameters\":%zu,\"flops\":%.0f}\n", sum.parameters, sum.flops);
    context_print(c, out.text, out.length);
    str_done(&out);
}

static void note_memory(struct context *c, const struct model_options *o,
                        const struct encoder *e, size_t rows)
{
    int batch = train_batch(&c->session->settings.train, rows);
    size_t bytes = model_training_bytes(o, e, PRETEXT_NONE, batch,
                                        engine_threads(c->session->engine));
    char count[COUNT_TEXT];

    context_note(c, "training with batches of %s rows takes %.0f MB",
                 count_text((size_t)batch, count), ceil((double)bytes / 1e6));
}

static bool run_model(struct context *c, const struct call *call, struct error *err)
{
    struct model_options o = c->session->settings.model;
    struct model_layer *layers;
    struct encoder *e;
    size_t rows;
    int n;

    (void)call;
    if (!model_check(&o, err) || !train_check(&c->session->settings.train, err))
        return false;
    e = fit(c, &rows, err);
    if (!e)
        return false;
    model_settle(&o, rows);
    layers = model_layers(&o, e, &n, err);
    if (layers) {
        if (c->format == FORMAT_JSON)
            print_json(c, layers, n);
        else
            print_grid(c, layers, n);
        note_memory(c, &o, e, rows);
    }
    encoder_unref(e);
    free(layers);
    return layers != NULL;
}

const struct command command_model = {
    .name = "model",
    .help = "show layers, shapes, parameters and cost of the model to train",
    .more = "The names of a layer's tensors in the model's file begin with its name; but "
            "attention.in makes queries, keys and values. The table has one line for all "
            "transformer layers that are like the first; CSV and JSON have every layer.",
    .flags = COMMAND_TABLE | COMMAND_TARGET | COMMAND_DATA,
    .run = run_model,
};
