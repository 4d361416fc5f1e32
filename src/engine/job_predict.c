/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/job_predict.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/path.h"
#include "data/encode.h"
#include "engine/reader.h"

enum { BLOCK = 8192 }; /* rows a slice */

struct predict_job {
    struct model *model;
    struct pool *pool;
    char *out;

    struct reader *reader;
    struct dataset *data;
    struct frame *frame;
    struct file_writer *writer;
    float *outputs;   /* (BLOCK, model_outputs) */
    uint32_t *index;  /* (BLOCK) */
    size_t done;      /* rows written */
    size_t rows, unseen;
    struct str note, line;

    double share;     /* published */
};

struct predict_job *predict_job_new(struct model *m, const char *path, const char *out,
                                    const struct load_options *options, struct pool *pool)
{
    struct predict_job *j = xcalloc(1, sizeof(*j));
    struct load_options mine = *options;

    /* what was missing for the model is missing here */
    if (!mine.missing)
        mine.missing = model_encoder(m)->missing;
    j->model = m;
    j->pool = pool;
    j->out = xstrdup(out);
    j->reader = reader_new(path, &mine);
    return j;
}

static enum step load(struct predict_job *j, struct error *err)
{
    enum step step = reader_step(j->reader, err);

    if (step != STEP_DONE)
        return step;
    j->data = reader_take(j->reader);
    return STEP_MORE;
}

/* A name for a new column that the table does not have yet. */
static void put_name(struct predict_job *j, const char *name, size_t n)
{
    struct str unique = {0};

    str_add(&unique, name, n);
    for (int i = 2; dataset_find(j->data, str_text(&unique)) >= 0; i++) {
        unique.length = n;
        str_printf(&unique, "_%d", i);
    }
    csv_put_cell(&j->line, unique.text, unique.length);
    str_done(&unique);
}

static void put_new_names(struct predict_job *j, const struct encoder *e)
{
    struct str name = {0};

    str_putc(&j->line, ',');
    put_name(j, "prediction", strlen("prediction"));
    for (int c = e->n_classes == 2 ? 1 : 0; c < e->n_classes; c++) {
        str_clear(&name);
        str_printf(&name, "p(%s)", e->classes[c]);
        str_putc(&j->line, ',');
        put_name(j, name.text, name.length);
    }
    str_done(&name);
}

static void write_line(struct predict_job *j)
{
    str_putc(&j->line, '\n');
    file_writer_write(j->writer, j->line.text, j->line.length);
    str_clear(&j->line);
}

static void write_header(struct predict_job *j)
{
    for (int c = 0; c < dataset_columns(j->data); c++) {
        struct cell name = column_original_name(dataset_column(j->data, c));

        if (c > 0)
            str_putc(&j->line, ',');
        csv_put_cell(&j->line, name.text, name.length);
    }
    put_new_names(j, model_encoder(j->model));
    write_line(j);
}

static void note_further(struct predict_job *j)
{
    int n = j->frame->further;

    if (n > 0)
        str_printf(&j->note, "%d further column%s not used\n", n,
                   n == 1 ? " is" : "s are");
}

/* Encodes the table and begins the file. */
static enum step begin(struct predict_job *j, struct error *err)
{
    const struct encoder *e = model_encoder(j->model);

    j->frame = encoder_apply(e, j->data, &j->note, err);
    if (!j->frame)
        return STEP_FAILED;
    j->rows = dataset_rows(j->data);
    j->unseen = j->frame->unseen;
    note_further(j);
    j->outputs = try_alloc((size_t)BLOCK * (size_t)model_outputs(j->model),
                           sizeof(float));
    j->index = try_alloc(BLOCK, sizeof(*j->index));
    if (!j->outputs || !j->index) {
        error_set(err, ERROR_MEMORY, "not enough memory for the predictions");
        return STEP_FAILED;
    }
    j->writer = file_writer_open(j->out, 0644, err);
    if (!j->writer)
        return STEP_FAILED;
    write_header(j);
    return STEP_MORE;
}

/* Six digits are what a float of this kind is worth. */
static void put_number(struct str *line, double x)
{
    str_printf(line, ",%.6g", x);
}

static void put_prediction(struct str *line, const struct encoder *e, const float *output)
{
    int best = 0;

    if (e->n_classes == 0) {
        put_number(line, output[0]);
        return;
    }
    for (int c = 1; c < e->n_classes; c++) {
        if (output[c] > output[best] || (e->n_classes == 2 && output[c] == output[best]))
            best = c;
    }
    str_putc(line, ',');
    csv_put_cell(line, e->classes[best], strlen(e->classes[best]));
    for (int c = e->n_classes == 2 ? 1 : 0; c < e->n_classes; c++)
        put_number(line, output[c]);
}

static void write_row(struct predict_job *j, size_t row, const float *output)
{
    for (int c = 0; c < dataset_columns(j->data); c++) {
        struct cell cell = column_cell(dataset_column(j->data, c), row);

        if (c > 0)
            str_putc(&j->line, ',');
        csv_put_cell(&j->line, cell.text, cell.length);
    }
    put_prediction(&j->line, model_encoder(j->model), output);
    write_line(j);
}

static enum step predict(struct predict_job *j, struct error *err)
{
    size_t n = j->rows - j->done < BLOCK ? j->rows - j->done : BLOCK;
    int outputs = model_outputs(j->model);

    for (size_t i = 0; i < n; i++)
        j->index[i] = (uint32_t)(j->done + i);
    if (n > 0 && !model_predict(j->model, j->pool, j->frame, j->index, n, j->outputs,
                                err))
        return STEP_FAILED;
    for (size_t i = 0; i < n; i++)
        write_row(j, j->done + i, j->outputs + i * (size_t)outputs);
    j->done += n;
    if (j->done < j->rows)
        return STEP_MORE;
    if (!file_writer_commit(j->writer, err)) {
        j->writer = NULL;
        return STEP_FAILED;
    }
    j->writer = NULL;
    return STEP_DONE;
}

static enum step run(void *work, struct error *err)
{
    struct predict_job *j = work;

    if (!j->data)
        return load(j, err);
    if (!j->frame)
        return begin(j, err);
    return predict(j, err);
}

/* Reading counts for one half, the rest for the other. */
static void publish(void *work)
{
    struct predict_job *j = work;

    j->share = reader_share(j->reader) / 2;
    if (j->rows > 0)
        j->share += 0.5 * (double)j->done / (double)j->rows;
}

static void release(void *work)
{
    struct predict_job *j = work;

    if (j->writer)
        file_writer_abort(j->writer);
    reader_free(j->reader);
    if (j->frame)
        frame_free(j->frame);
    if (j->data)
        dataset_unref(j->data);
    str_done(&j->note);
    str_done(&j->line);
    free(j->outputs);
    free(j->index);
    free(j->out);
    free(j);
}

const struct job_type predict_job_type = {
    .name = "predict",
    .run = run,
    .publish = publish,
    .free = release,
};

double predict_job_share(const struct predict_job *j)
{
    return j->share;
}

size_t predict_job_rows(const struct predict_job *j)
{
    return j->rows;
}

size_t predict_job_unseen(const struct predict_job *j)
{
    return j->unseen;
}

const char *predict_job_out(const struct predict_job *j)
{
    return j->out;
}

const char *predict_job_note(const struct predict_job *j)
{
    return str_text(&j->note);
}
