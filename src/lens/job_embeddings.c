/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lens/job_embeddings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/path.h"
#include "data/csv.h"

enum { SLICE_POINTS = 1024 };

struct embeddings_job {
    struct embeddings e;
    char *run, *path, *metadata_path;
    struct file_writer *vectors, *metadata; /* of CSV only the first */
    struct str line, facts;
    size_t written;                         /* points */
    bool found;                             /* all rows are looked at */
    struct {
        size_t done, rows;
    } view;                                 /* published */
};

struct embeddings_job *embeddings_job_new(const struct embeddings_job_request *r)
{
    struct embeddings_job *j = xcalloc(1, sizeof *j);
    struct embeddings_request q = r->embeddings;

    q.passing = r->path && q.points == EMBEDDING_CELLS;
    embeddings_init(&j->e, &q);
    j->run = xstrdup(r->run);
    j->path = r->path ? xstrdup(r->path) : NULL;
    j->metadata_path = r->metadata ? xstrdup(r->metadata) : NULL;
    return j;
}

char *embeddings_metadata_path(const char *path)
{
    const char *dot = strrchr(path, '.');

    if (!dot || strcmp(dot, ".tsv") != 0)
        return NULL;
    return xasprintf("%.*s.metadata.tsv", (int)(dot - path), path);
}

/* ---- lines ---- */

static bool is_cells(const struct embeddings_job *j)
{
    return j->e.asked.points == EMBEDDING_CELLS;
}

static const struct encoder *encoder_of(const struct embeddings_job *j)
{
    return model_encoder(j->e.rows.asked.model);
}

/* TSV knows no quotes: what separates in it becomes a blank. */
static void put_text(struct embeddings_job *j, const char *text)
{
    if (!j->metadata) {
        csv_put_cell(&j->facts, text, strlen(text));
        return;
    }
    for (; *text; text++)
        str_putc(&j->facts, *text == '\t' || *text == '\n' || *text == '\r' ? ' '
                                                                              : *text);
}

static void separate(struct embeddings_job *j)
{
    str_putc(&j->facts, j->metadata ? '\t' : ',');
}

static void put_header(struct embeddings_job *j)
{
    const char *target = embedding_target(encoder_of(j));

    if (is_cells(j)) {
        put_text(j, "row");
        separate(j);
    }
    put_text(j, "column");
    separate(j);
    put_text(j, "value");
    if (!is_cells(j)) {
        separate(j);
        put_text(j, "rows");
    }
    if (is_cells(j) ? encoder_of(j)->target != NULL : target != NULL) {
        separate(j);
        put_text(j, is_cells(j) ? "target" : target);
    }
}

static void put_number(struct embeddings_job *j, double x)
{
    if (!isnan(x))
        str_printf(&j->facts, "%.6g", x);
}

static void put_class(struct embeddings_job *j, double y)
{
    const struct encoder *e = encoder_of(j);

    if (isnan(y))
        return;
    if (e->task == TASK_REGRESSION)
        put_number(j, y * e->target_deviation + e->target_mean);
    else
        put_text(j, e->classes[(int)y]);
}

static void put_value(struct embeddings_job *j, const struct embedding_value *v)
{
    put_text(j, encoder_of(j)->categorical[v->column].name);
    separate(j);
    put_text(j, embedding_text(encoder_of(j), v));
}

static void put_facts_of_value(struct embeddings_job *j, const struct embedding_value *v)
{
    put_value(j, v);
    separate(j);
    str_printf(&j->facts, "%zu", v->rows);
    if (embedding_target(encoder_of(j))) {
        separate(j);
        put_number(j, v->target);
    }
}

/* i: which of the rows that are looked at */
static void put_facts_of_cell(struct embeddings_job *j, size_t i, int column)
{
    const float *target = j->e.rows.frame->target;

    str_printf(&j->facts, "%zu", (size_t)j->e.picked[i] + 1);
    separate(j);
    put_value(j, &j->e.values[embeddings_value(&j->e, i, column)]);
    if (encoder_of(j)->target) {
        separate(j);
        put_class(j, target ? (double)target[j->e.picked[i]] : NAN);
    }
}

/* Nine digits read back as the same number. */
static void put_vector(struct embeddings_job *j, const float *x)
{
    for (int k = 0; k < j->e.width; k++)
        str_printf(&j->line, "%s%.9g", k == 0 ? "" : j->metadata ? "\t" : ",",
                   (double)x[k]);
}

/* What the point is stands before its numbers, or in the other file. */
static void write_line(struct embeddings_job *j)
{
    str_putc(&j->line, '\n');
    if (j->metadata)
        str_putc(&j->facts, '\n');
    else
        str_putc(&j->facts, ',');
    file_writer_write(j->metadata ? j->metadata : j->vectors, j->facts.text,
                      j->facts.length);
    file_writer_write(j->vectors, j->line.text, j->line.length);
    str_clear(&j->facts);
    str_clear(&j->line);
}

static bool write_header(struct embeddings_job *j, struct error *err)
{
    j->vectors = file_writer_open(j->path, 0644, err);
    if (!j->vectors)
        return false;
    if (j->metadata_path)
        j->metadata = file_writer_open(j->metadata_path, 0644, err);
    if (j->metadata_path && !j->metadata)
        return false;
    put_header(j);
    if (j->metadata) {
        str_putc(&j->facts, '\n');
        file_writer_write(j->metadata, j->facts.text, j->facts.length);
        str_clear(&j->facts);
        return true;
    }
    for (int k = 0; k < j->e.width; k++)
        str_printf(&j->line, "%se%d", k > 0 ? "," : "", k + 1);
    write_line(j);
    return true;
}

/* ---- slices ---- */

static void write_cells(struct embeddings_job *j)
{
    const float *x = j->e.slice;

    for (size_t i = j->e.done - j->e.n_slice; i < j->e.done; i++)
        for (int c = 0; c < j->e.columns; c++, x += j->e.width) {
            put_facts_of_cell(j, i, c);
            put_vector(j, x);
            write_line(j);
        }
    j->written = j->e.done * (size_t)j->e.columns;
}

static void write_values(struct embeddings_job *j)
{
    const float *x = embeddings_points(&j->e, j->e.asked.first);

    for (int n = 0; n < SLICE_POINTS && j->written < j->e.n_values; n++, j->written++) {
        put_facts_of_value(j, &j->e.values[j->written]);
        put_vector(j, x + j->written * (size_t)j->e.width);
        write_line(j);
    }
}

static enum step end(struct embeddings_job *j, struct error *err)
{
    struct file_writer *vectors = j->vectors, *metadata = j->metadata;
    bool ok;

    j->vectors = j->metadata = NULL;
    ok = file_writer_commit(vectors, err);
    if (ok && metadata)
        ok = file_writer_commit(metadata, err);
    else
        file_writer_abort(metadata);
    return ok ? STEP_DONE : STEP_FAILED;
}

static enum step write_on(struct embeddings_job *j, struct error *err)
{
    if (!j->vectors && !write_header(j, err))
        return STEP_FAILED;
    if (!is_cells(j) && j->found)
        write_values(j);
    else if (is_cells(j))
        write_cells(j);
    if (j->written < j->e.n_points && file_writer_going(j->vectors)
        && (!j->metadata || file_writer_going(j->metadata)))
        return STEP_MORE;
    return end(j, err);
}

static enum step run(void *work, struct error *err)
{
    struct embeddings_job *j = work;
    enum step step = j->found ? STEP_DONE : embeddings_step(&j->e, err);

    j->found = step == STEP_DONE;
    if (step == STEP_FAILED || !j->path)
        return step;
    if (is_cells(j) ? j->e.n_slice == 0 : !j->found)
        return STEP_MORE;
    return write_on(j, err);
}

static void publish(void *work)
{
    struct embeddings_job *j = work;

    j->view.done = j->e.done;
    j->view.rows = j->e.n_rows;
}

static void release(void *work)
{
    struct embeddings_job *j = work;

    file_writer_abort(j->vectors);
    file_writer_abort(j->metadata);
    embeddings_done(&j->e);
    str_done(&j->line);
    str_done(&j->facts);
    free(j->run);
    free(j->path);
    free(j->metadata_path);
    free(j);
}

const struct job_type embeddings_job_type = {
    .name = "embeddings",
    .run = run,
    .publish = publish,
    .free = release,
};

void embeddings_job_view(const struct embeddings_job *j, size_t *done, size_t *rows)
{
    *done = j->view.done;
    *rows = j->view.rows;
}

const struct embeddings *embeddings_job_found(const struct embeddings_job *j)
{
    return &j->e;
}

const char *embeddings_job_run(const struct embeddings_job *j)
{
    return j->run;
}

const char *embeddings_job_path(const struct embeddings_job *j)
{
    return j->path;
}

const char *embeddings_job_metadata(const struct embeddings_job *j)
{
    return j->metadata_path;
}
