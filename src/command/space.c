/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/space.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/text.h"

/* ---- reading ---- */

static bool refuse(const char *word, struct error *err)
{
    char *shown = show(word, 60);

    error_set(err, ERROR_USAGE, "\"%s\" says not what to draw: write OPTION=LOW..HIGH, "
              "OPTION=LOW..HIGH:log or OPTION=A,B,C", shown);
    free(shown);
    return false;
}

/* Whether the option takes it. */
static bool check_value(const struct option *o, const char *text, size_t n,
                        struct error *err)
{
    struct settings scratch = settings_defaults();
    char *value = xstrndup(text, n);
    bool ok = option_set(o, &scratch, value, err);

    free(value);
    return ok;
}

static bool parse_range(struct dimension *d, const char *word, const char *text,
                        struct error *err)
{
    const char *dots = strstr(text, ".."), *colon = strchr(text, ':');
    size_t end = colon ? (size_t)(colon - text) : strlen(text);
    size_t low = (size_t)(dots - text), high = low + 2;

    if (colon && strcmp(colon, ":log") != 0)
        return refuse(word, err);
    if (!check_value(d->option, text, low, err)
        || !check_value(d->option, text + high, end - high, err))
        return false;
    d->how = colon ? DRAW_LOG : DRAW_UNIFORM;
    if (!str_to_double(text, low, &d->low)
        || !str_to_double(text + high, end - high, &d->high) || !(d->low < d->high)
        || (colon && d->low <= 0))
        return refuse(word, err);
    return true;
}

static bool parse_list(struct dimension *d, const char *text, struct error *err)
{
    const char *at = text;

    d->how = DRAW_ONE_OF;
    while (at) {
        size_t n = strcspn(at, ",");

        if (!check_value(d->option, at, n, err))
            return false;
        d->values = xrealloc(d->values, ((size_t)d->n + 1) * sizeof *d->values);
        d->values[d->n++] = xstrndup(at, n);
        at = at[n] ? at + n + 1 : NULL;
    }
    return true;
}

/* Screens and folders are not of models. */
static bool is_of_models(const struct option *o)
{
    return str_starts(o->name, "model.") || str_starts(o->name, "train.")
        || str_starts(o->name, "data.");
}

static bool parse_dimension(struct space *s, const char *word, struct error *err)
{
    const char *equals = strchr(word, '=');
    char *name = xstrndup(word, equals ? (size_t)(equals - word) : 0);
    const struct option *o = equals ? option_find(name, err) : NULL;
    struct dimension *d;

    free(name);
    if (!equals)
        return refuse(word, err);
    if (!o)
        return false;
    if (!is_of_models(o))
        return error_set(err, ERROR_USAGE, "%s does not change what is trained: draw "
                         "options of model, train or data", o->name);
    for (int i = 0; i < s->n; i++)
        if (s->dimensions[i].option == o)
            return error_set(err, ERROR_USAGE, "%s is given twice", o->name);
    s->dimensions = xrealloc(s->dimensions, ((size_t)s->n + 1) * sizeof *s->dimensions);
    d = &s->dimensions[s->n++];
    *d = (struct dimension){.option = o};
    return strstr(equals + 1, "..") && o->value.type != VALUE_CHOICE
        ? parse_range(d, word, equals + 1, err) : parse_list(d, equals + 1, err);
}

bool space_parse(struct space *s, const char *const *words, int n, struct error *err)
{
    bool ok = true;

    *s = (struct space){0};
    for (int i = 0; ok && i < n; i++)
        ok = parse_dimension(s, words[i], err);
    return ok;
}

void space_drop(struct space *s, int dimension)
{
    struct dimension *d = &s->dimensions[dimension];

    for (int k = 0; k < d->n; k++)
        free(d->values[k]);
    free(d->values);
    s->n--;
    memmove(d, d + 1, (size_t)(s->n - dimension) * sizeof *d);
}

void space_done(struct space *s)
{
    while (s->n > 0)
        space_drop(s, s->n - 1);
    free(s->dimensions);
}

/* ---- the paper's ---- */

#define DEEP "train.lr=1e-6..1e-3:log", "train.weight_decay=1e-6..1e-1:log"
#define DROPOUTS "0,0.1,0.2,0.3,0.4,0.5"
#define MLP DEEP, "model.head_dropout=" DROPOUTS, "model.encoding=embedding,one-hot", \
    "model.head_hidden1=1..8", "model.head_hidden2=1..3"

static const struct {
    const char *kind;
    const char *words[12];
} spaces[] = {
    {"tabtransformer", {DEEP, "model.dropout=" DROPOUTS, "model.head_dropout=" DROPOUTS}},
    {"mlp", {MLP}},
    {"sparse-mlp", {MLP, "train.prune=0.05..0.5:log"}},
    {"vib", {MLP, "model.components=3..10"}},
    {"tabnet", {DEEP, "model.steps=3..10", "model.width=8..128",
                "model.sparsity=1e-6..1e-2:log"}},
    /* leaves, rows of a leaf (whose second derivatives are 1/4 at most), rate and trees */
    {"gbdt", {"model.leaves=5..50", "model.depth=0", "model.min_child=0.25..25",
              "train.lr=0.005..0.5:log", "train.epochs=1..100"}},
    {"logistic", {"train.lr=1e-5..1e-1:log", "train.weight_decay=1e-6..1e-1:log"}},
};

void space_of_paper(struct space *s, enum model_kind kind)
{
    *s = (struct space){0};
    for (size_t i = 0; i < sizeof spaces / sizeof spaces[0]; i++)
        for (int k = 0; spaces[i].words[k]; k++)
            if (strcmp(spaces[i].kind, model_kind_name(kind)) == 0)
                parse_dimension(s, spaces[i].words[k], NULL);
}

/* ---- drawing ---- */

/* Three digits are enough, and can be said again. */
static void draw_number(const struct dimension *d, double u, char *out, size_t size)
{
    bool whole = d->option->storage == STORE_INT;
    double x;

    if (d->how == DRAW_LOG)
        x = d->low * pow(d->high / d->low, u);
    else
        x = d->low + u * (d->high - d->low + (whole ? 1 : 0));
    x = fmin(whole && d->how == DRAW_UNIFORM ? floor(x) : whole ? round(x) : x, d->high);
    snprintf(out, size, whole ? "%.0f" : "%.3g", x);
}

void space_draw(const struct space *s, uint64_t seed, int round, struct settings *out)
{
    for (int i = 0; i < s->n; i++) {
        const struct dimension *d = &s->dimensions[i];
        struct rng r = rng_make(seed, RNG_SEARCH, (uint64_t)round << 16 | (uint64_t)i);
        char text[40];

        if (d->how == DRAW_ONE_OF) {
            option_set(d->option, out, d->values[rng_below(&r, (uint64_t)d->n)], NULL);
        } else {
            draw_number(d, rng_uniform(&r), text, sizeof text);
            option_set(d->option, out, text, NULL);
        }
    }
}
