/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/mapping.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "command/grid.h"
#include "command/pending.h"

enum { SPARSE_MS = 5000 }; /* between two lines on how far it is */

/* ---- those that are kept ---- */

static struct mapping *mapping_of(struct context *c)
{
    if (!c->mapping) {
        c->mapping = xcalloc(1, sizeof *c->mapping);
        c->mapping->coming = -1;
    }
    return c->mapping;
}

void mapping_free(struct mapping *m)
{
    for (int i = 0; m && i < m->n; i++)
        scatter_free(m->kept[i].scatter);
    free(m);
}

int mapping_find_all(const struct context *c, const char *run, int n,
                     const struct scatter **out)
{
    const struct scatter *found[MAPPING_KEPT];
    int have = 0;

    for (int i = 0; c->mapping && i < c->mapping->n && have < n; i++) {
        const struct scatter *s = c->mapping->kept[i].scatter;

        if (!run || strcmp(s->run, run) == 0)
            found[have++] = s;
    }
    for (int i = 0; i < have; i++)
        out[i] = found[have - 1 - i];
    return have;
}

const struct scatter *mapping_find(const struct context *c, const char *run)
{
    const struct scatter *s;

    return mapping_find_all(c, run, 1, &s) == 1 ? s : NULL;
}

const struct scatter *mapping_before(const struct context *c, const struct scatter *s)
{
    const struct mapping *m = c->mapping;

    for (int i = 0; m && i + 1 < m->n; i++)
        if (m->kept[i].scatter == s)
            return m->kept[i + 1].scatter;
    return NULL;
}

static void drop(struct mapping *m, int i)
{
    scatter_free(m->kept[i].scatter);
    memmove(&m->kept[i], &m->kept[i + 1],
            (size_t)(m->n - i - 1) * sizeof m->kept[i]);
    m->n--;
}

static struct mapped *moved_by(struct mapping *m, int job)
{
    for (int i = 0; i < m->n; i++)
        if (m->kept[i].job == job)
            return &m->kept[i];
    return NULL;
}

/* One that would be the same picture is not kept beside it. */
static bool is_alike(const struct scatter *a, const struct scatter *b)
{
    if (!a || !b)
        return a == b;
    return strcmp(a->run, b->run) == 0 && a->layer == b->layer && a->points == b->points
        && a->perplexity == b->perplexity && a->seed == b->seed
        && is_alike(a->against, b->against);
}

static void keep(struct mapping *m, struct scatter *s, int job)
{
    struct mapped *at = moved_by(m, job);

    if (at) {
        scatter_free(at->scatter);
        at->scatter = s;
        return;
    }
    for (int i = m->n - 1; i >= 0; i--)
        if (is_alike(m->kept[i].scatter, s))
            drop(m, i);
    if (m->n == MAPPING_KEPT)
        drop(m, m->n - 1);
    memmove(&m->kept[1], &m->kept[0], (size_t)m->n * sizeof m->kept[0]);
    m->kept[0] = (struct mapped){s, job};
    m->n++;
    m->coming = -1;
}

/* It lies still; what it has so far is kept. */
static void let_go(struct mapping *m, int job)
{
    struct mapped *at = moved_by(m, job);

    if (at) {
        at->job = 0;
        at->scatter->ended = true;
        if (at->scatter->against)
            at->scatter->against->ended = true;
    }
}

/* ---- while it goes on ---- */

void mapping_status(struct str *out, const struct tsne_view *v)
{
    const struct tsne_progress *p = &v->progress;
    char done[COUNT_TEXT], all[COUNT_TEXT];

    if (v->run)
        str_printf(out, "%s: ", v->run);
    if (v->bytes == 0 && v->rows == 0)
        str_puts(out, "choosing rows");
    else if (v->bytes == 0)
        str_printf(out, "%s of %s rows", count_text(v->done, done),
                   count_text(v->rows, all));
    else if (v->measuring)
        str_puts(out, "measuring trustworthiness");
    else if (p->phase == TSNE_LAYOUT)
        str_printf(out, "iteration %s of %s", count_text((size_t)p->iteration, done),
                   count_text((size_t)p->iterations, all));
    else
        str_printf(out, "%s, %.0f %%", p->phase == TSNE_NEIGHBOURS ? "neighbours"
                   : "probabilities", floor(100 * p->share));
    if (v->bytes > 0 && !isnan(p->kl))
        str_printf(out, ", KL %.3f", p->kl);
}

struct look {
    struct mapping *mapping;
    int job;
    struct tsne_view view; /* its scatter is not looked at here */
    struct str status, note;
    size_t points;
};

/* Under the engine's lock: copies what has moved. */
static void look_at_job(void *work, void *arg)
{
    struct look *l = arg;
    const struct tsne_view *v = tsne_job_view(work);
    struct mapped *at = moved_by(l->mapping, l->job);
    struct scatter *copy;

    l->view = *v;
    mapping_status(&l->status, v);
    if (v->note)
        str_puts(&l->note, str_text(v->note));
    if (!v->scatter)
        return;
    l->points = v->scatter->n_points;
    if (at && !at->scatter->against == !v->scatter->against) {
        scatter_follow(at->scatter, v->scatter);
    } else {
        copy = scatter_copy(v->scatter);
        if (copy)
            keep(l->mapping, copy, l->job);
    }
}

static void look_done(struct look *l)
{
    str_done(&l->status);
    str_done(&l->note);
}

static void note_begin(struct context *c, const struct pending *p, const struct look *l)
{
    char points[COUNT_TEXT];

    context_note_lines(c, "", str_text(&l->note));
    context_note(c, "%s: t-SNE of %s points, %.0f MB of memory", p->name,
                 count_text(l->points, points), ceil((double)l->view.bytes / 1e6));
}

static void watch_tsne(struct context *c, struct pending *p)
{
    struct look l = {.mapping = mapping_of(c), .job = p->job};
    int64_t now = clock_ms();

    if (p->told > 0 || !engine_look(c->session->engine, p->job, look_at_job, &l))
        return;
    if (p->told_at == 0 && l.points > 0) {
        note_begin(c, p, &l);
        p->told_at = now;
    } else if (p->told_at > 0 && c->narration != NARRATE_STATUS
               && now - p->told_at > SPARSE_MS) {
        context_note(c, "%s%s: %s", c->narration == NARRATE_ASIDE ? "  " : "", p->name,
                     str_text(&l.status));
        p->told_at = now;
    }
    look_done(&l);
}

static void look_at_status(void *work, void *arg)
{
    mapping_status(arg, tsne_job_view(work));
}

static void tsne_status(struct context *c, const struct pending *p, struct str *out)
{
    engine_look(c->session->engine, p->job, look_at_status, out);
}

/* ---- what came of it ---- */

static void json_text(struct str *out, const char *key, const char *text)
{
    str_printf(out, "\"%s\":", key);
    str_json_string(out, text, strlen(text));
}

/* Six digits: a layout has no more. */
static void json_place(struct str *out, const float *at)
{
    str_printf(out, ",\"x\":%.6g,\"y\":%.6g", (double)at[0], (double)at[1]);
}

static void json_value(struct str *out, const struct scatter *s, size_t v)
{
    str_puts(out, "{");
    json_text(out, "column", s->encoder->categorical[s->values[v].column].name);
    str_puts(out, ",");
    if (s->values[v].code == 0)
        str_puts(out, "\"value\":null");
    else
        json_text(out, "value", embedding_text(s->encoder, &s->values[v]));
}

/* Of several classes. */
static bool has_classes(const struct scatter *s)
{
    return s->class_rows && s->encoder->n_classes > 2;
}

static void json_classes(struct str *out, const struct scatter *s, size_t v)
{
    str_puts(out, ",\"classes\":{");
    for (int k = 0; k < s->encoder->n_classes; k++) {
        str_puts(out, k > 0 ? "," : "");
        str_json_string(out, s->encoder->classes[k], strlen(s->encoder->classes[k]));
        str_puts(out, ":");
        str_json_number(out, scatter_share(s, v, k));
    }
    str_puts(out, "}");
}

static void json_values(struct str *out, const struct scatter *s)
{
    const char *target = embedding_target(s->encoder);

    for (size_t v = 0; v < s->n_values; v++) {
        str_puts(out, v > 0 ? "," : "");
        json_value(out, s, v);
        json_place(out, s->place + 2 * v);
        str_printf(out, ",\"rows\":%zu", s->values[v].rows);
        if (target) {
            str_printf(out, ",\"%s\":", target);
            str_json_number(out, s->values[v].target);
        }
        if (has_classes(s))
            json_classes(out, s, v);
        str_puts(out, "}");
    }
}

static void json_cells(struct str *out, const struct scatter *s)
{
    for (size_t i = 0; i < s->n_points; i++) {
        str_puts(out, i > 0 ? "," : "");
        json_value(out, s, s->value_of[i]);
        str_printf(out, ",\"row\":%u", s->row_of[i] + 1);
        json_place(out, s->layout + 2 * i);
        str_puts(out, "}");
    }
}

/* Without the bracket at its end, as more may follow. */
static void json_scatter(struct str *out, const struct scatter *s)
{
    bool cells = s->points == EMBEDDING_CELLS;

    str_puts(out, "{");
    json_text(out, "run", s->run);
    str_printf(out, ",\"layer\":%d,\"of\":\"%s\",\"rows\":%zu,\"perplexity\":", s->layer,
               cells ? "cells" : "values", s->rows);
    str_json_number(out, s->perplexity);
    str_printf(out, ",\"seed\":%llu,\"iterations\":%d,\"kl\":",
               (unsigned long long)s->seed, s->iteration);
    str_json_number(out, s->kl);
    str_puts(out, ",\"trustworthiness\":");
    str_json_number(out, s->trust);
    if (!isnan(s->unlike)) {
        str_puts(out, ",\"unlike\":");
        str_json_number(out, s->unlike);
    }
    str_puts(out, ",\"points\":[");
    if (cells) {
        json_cells(out, s);
        str_puts(out, "],\"values\":[");
    }
    json_values(out, s);
    str_puts(out, "]");
}

static void print_json(struct context *c, const struct scatter *s)
{
    struct str out = {0};

    json_scatter(&out, s);
    if (s->against) {
        str_puts(&out, ",\"against\":");
        json_scatter(&out, s->against);
        str_puts(&out, "}");
    }
    str_puts(&out, "}\n");
    context_print(c, out.text, out.length);
    str_done(&out);
}

static double six_digits(float x)
{
    char text[32];

    snprintf(text, sizeof text, "%.6g", (double)x);
    return strtod(text, NULL);
}

static void print_facts(struct grid *g, const struct scatter *s)
{
    grid_fact_text(g, "run", s->run);
    grid_fact_count(g, "layer", (size_t)s->layer);
    grid_fact_count(g, "rows", s->rows);
    grid_fact_count(g, s->points == EMBEDDING_CELLS ? "cells" : "values", s->n_points);
    grid_fact_number(g, "perplexity", s->perplexity, -1);
    grid_fact_number(g, "KL", s->kl, 4);
    grid_fact_number(g, "trustworthiness", s->trust, 4);
    if (!s->against)
        return;
    grid_fact_text(g, "against", s->against->run);
    grid_fact_count(g, "its layer", (size_t)s->against->layer);
    grid_fact_number(g, "its KL", s->against->kl, 4);
    grid_fact_number(g, "its trustworthiness", s->against->trust, 4);
    grid_fact_number(g, "unlike", s->against->unlike, 3);
}

static void print_places(struct grid *g, const float *at)
{
    grid_number(g, at ? six_digits(at[0]) : NAN, 2);
    grid_number(g, at ? six_digits(at[1]) : NAN, 2);
}

/* The most frequent one, and its share. */
static void print_class(struct grid *g, const struct scatter *s, size_t v)
{
    int k = scatter_class(s, v);

    grid_puts(g, k < 0 ? "" : s->encoder->classes[k]);
    grid_number(g, k < 0 ? NAN : scatter_share(s, v, k), 3);
}

/* same: the number of each value in the other run; NULL: there is none. */
static void print_values(struct grid *g, const struct scatter *s, const uint32_t *same)
{
    const char *target = embedding_target(s->encoder);

    for (size_t v = 0; v < s->n_values; v++) {
        grid_puts(g, s->encoder->categorical[s->values[v].column].name);
        grid_puts(g, embedding_text(s->encoder, &s->values[v]));
        print_places(g, s->place + 2 * v);
        if (same)
            print_places(g, same[v] < s->against->n_values
                                ? s->against->place + 2 * same[v] : NULL);
        grid_count(g, s->values[v].rows);
        if (target)
            grid_number(g, s->values[v].target,
                        s->encoder->task == TASK_BINARY ? 3 : -1);
        if (has_classes(s))
            print_class(g, s, v);
    }
}

static void print_grid(struct context *c, const struct scatter *s)
{
    uint32_t *same = s->against ? xcalloc(s->n_values, sizeof *same) : NULL;
    struct grid *g = grid_new("values");

    print_facts(g, s);
    grid_column(g, "column", false);
    grid_column(g, "value", false);
    grid_column(g, "x", true);
    grid_column(g, "y", true);
    if (same) {
        scatter_match(s, s->against, same);
        grid_column(g, "its x", true);
        grid_column(g, "its y", true);
    }
    grid_column(g, "rows", true);
    if (embedding_target(s->encoder))
        grid_column(g, embedding_target(s->encoder), true);
    if (has_classes(s)) {
        grid_column(g, "class", false);
        grid_column(g, "share", true);
    }
    print_values(g, s, same);
    grid_print(g, c);
    free(same);
}

static void note_end(struct context *c, const struct scatter *s, double seconds)
{
    char points[COUNT_TEXT], iterations[COUNT_TEXT];

    context_note(c, "%s: layer %d, %s %s, %s iterations in %.1f s: KL %.4f, "
                 "trustworthiness %.4f", s->run, s->layer,
                 count_text(s->n_points, points),
                 s->points == EMBEDDING_CELLS ? "cells" : "values",
                 count_text((size_t)s->iteration, iterations), seconds, s->kl, s->trust);
}

static void note_against(struct context *c, const struct scatter *s)
{
    if (s->against)
        context_note(c, "%s: layer %d: KL %.4f, trustworthiness %.4f; laid over %s, %.0f "
                     "%% unlike", s->against->run, s->against->layer, s->against->kl,
                     s->against->trust, s->run, 100 * s->against->unlike);
}

/* On a screen it is looked at, not read. */
static void print_scatter(struct context *c, const struct scatter *s)
{
    if (c->format == FORMAT_JSON)
        print_json(c, s);
    else if (c->format == FORMAT_CSV || !c->out->screen)
        print_grid(c, s);
}

/* p->told > 0: another took its place */
static bool finish_tsne(struct context *c, struct pending *p, void *work,
                        enum job_state ended, struct error *err)
{
    struct mapping *m = mapping_of(c);
    struct scatter *s = NULL;

    (void)err;
    if (ended == JOB_DONE && p->told == 0) {
        s = tsne_job_take(work);
        note_end(c, s, tsne_job_seconds(work));
        note_against(c, s);
        print_scatter(c, s);
        keep(m, s, p->job);
    }
    let_go(m, p->job);
    if (p->told == 0)
        m->coming = -1;
    tsne_job_type.free(work);
    return s != NULL || p->told > 0;
}

static const struct pending_type tsne_pending = {
    .job = &tsne_job_type,
    .watch = watch_tsne,
    .status = tsne_status,
    .finish = finish_tsne,
};

/* ---- beginning ---- */

/* At once: nobody wants to know how good they were. */
static void end_others(struct context *c, const char *run)
{
    for (struct pending *p = c->pending; p; p = p->next) {
        if (p->type != &tsne_pending || strcmp(p->name, run) != 0)
            continue;
        p->told = 1;
        p->quiet = true;
        engine_stop(c->session->engine, p->job);
        engine_stop(c->session->engine, p->job);
        let_go(mapping_of(c), p->job);
    }
}

bool mapping_start(struct context *c, const struct call *call, const struct run *r,
                   const struct tsne_job_request *q, struct error *err)
{
    struct pending p = {.type = &tsne_pending};
    struct tsne_job *job = tsne_job_new(q, err);

    if (!job)
        return false;
    if (!c->batch)
        end_others(c, r->name);
    p.run = r->model ? (struct run *)r : NULL; /* one in training may go meanwhile */
    p.what = xasprintf("tsne %s", r->name);
    p.name = xstrdup(r->name);
    mapping_of(c)->coming = q->embeddings.first;
    return pending_start(c, call, GO_ON, p, job, err);
}
