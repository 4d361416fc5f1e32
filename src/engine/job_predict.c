/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/job_predict.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/encode.h"
#include "engine/answers.h"
#include "engine/reader.h"
#include "engine/sink.h"

enum {
    SLICE_ROWS = 1024,  /* predicted in one slice */
    PIECE_ROWS = 8192,  /* read before they are predicted, */
    PIECE_SLICES = 16,  /* or as many as so many slices read: rows may be long */
};

struct predict_job {
    struct model *model;
    struct pool *pool;
    char *out;
    enum fill fill;

    struct reader *reader;
    bool read;             /* all of it */
    size_t slices;         /* of reading, since the last piece */
    struct dataset *piece; /* the rows in hand, or NULL */
    struct frame *frame;   /* and they as numbers */
    size_t at;             /* rows of it that are predicted */
    struct sink *sink;     /* NULL: nothing is predicted yet */
    bool flushing;
    float *outputs;        /* (SLICE_ROWS, model_outputs) */
    uint32_t *index;       /* (SLICE_ROWS) */
    struct str line;

    size_t rows, unseen;   /* so far */
    size_t *odd;           /* (continuous inputs) cells that cannot be read */
    int further;           /* columns that are not used */
    struct str note;

    struct {
        double share;
        size_t rows;
    } view;                /* published */
};

struct predict_job *predict_job_new(const struct predict_request *r)
{
    struct predict_job *j = xcalloc(1, sizeof(*j));
    const struct encoder *e = model_encoder(r->model);
    struct load_options options = *r->options;

    /* what was missing for the model is missing here */
    if (!options.missing)
        options.missing = e->missing;
    j->model = r->model;
    j->pool = r->pool;
    j->out = xstrdup(r->out);
    j->fill = r->fill;
    j->reader = reader_new(r->in, &options);
    j->outputs = xcalloc((size_t)SLICE_ROWS * (size_t)model_outputs(r->model),
                         sizeof(*j->outputs));
    j->index = xcalloc(SLICE_ROWS, sizeof(*j->index));
    j->odd = xcalloc((size_t)e->n_continuous + 1, sizeof(*j->odd));
    return j;
}

/* ---- lines ---- */

/* A name for a new column that the table does not have yet. */
static void put_name(struct predict_job *j, const char *name, size_t n)
{
    struct str unique = {0};

    str_add(&unique, name, n);
    for (int i = 2; dataset_find(j->piece, str_text(&unique)) >= 0; i++) {
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
    sink_put(j->sink, j->line.text, j->line.length);
    str_clear(&j->line);
}

/* A file without names has them now. */
static void write_header(struct predict_job *j)
{
    bool named = dataset_dialect(j->piece)->header;

    for (int i = 0; i < dataset_columns(j->piece); i++) {
        const struct column *c = dataset_column(j->piece, i);
        struct cell name = {column_name(c), (uint32_t)strlen(column_name(c))};

        if (named)
            name = column_original_name(c);
        if (i > 0)
            str_putc(&j->line, ',');
        csv_put_cell(&j->line, name.text, name.length);
    }
    put_new_names(j, model_encoder(j->model));
    write_line(j);
}

/* Six digits are what a float of this kind is worth. */
static void put_number(struct str *line, double x)
{
    str_printf(line, ",%.6g", x);
}

static void put_prediction(struct str *line, const struct encoder *e, const float *output)
{
    int best;

    if (e->n_classes == 0) {
        put_number(line, output[0]);
        return;
    }
    best = answers_class(e, output);
    str_putc(line, ',');
    csv_put_cell(line, e->classes[best], strlen(e->classes[best]));
    for (int c = e->n_classes == 2 ? 1 : 0; c < e->n_classes; c++)
        put_number(line, output[c]);
}

static void write_row(struct predict_job *j, size_t row, const float *output)
{
    for (int c = 0; c < dataset_columns(j->piece); c++) {
        struct cell cell = column_cell(dataset_column(j->piece, c), row);

        if (c > 0)
            str_putc(&j->line, ',');
        csv_put_cell(&j->line, cell.text, cell.length);
    }
    put_prediction(&j->line, model_encoder(j->model), output);
    write_line(j);
}

/* ---- slices ---- */

/* The first rows show whether the table has what the model reads; only then is anything
 * written. */
static bool begin_output(struct predict_job *j, struct error *err)
{
    if (j->sink)
        return true;
    j->further = j->frame->further;
    j->sink = sink_open(j->out, err);
    if (j->sink)
        write_header(j);
    return j->sink != NULL;
}

static bool encode(struct predict_job *j, struct error *err)
{
    j->slices = j->at = 0;
    j->frame = encoder_apply_inputs(model_encoder(j->model), j->piece, err);
    if (!j->frame || !begin_output(j, err))
        return false;
    j->flushing = true;
    j->unseen += j->frame->unseen;
    for (int i = 0; i < j->frame->n_continuous; i++)
        j->odd[i] += j->frame->odd[i];
    return true;
}

static bool is_enough(const struct predict_job *j)
{
    size_t rows = reader_waiting(j->reader);

    return rows >= PIECE_ROWS || (rows > 0 && j->slices >= PIECE_SLICES);
}

static enum step read_piece(struct predict_job *j, struct error *err)
{
    enum step step = reader_step(j->reader, err);

    j->slices++;
    if (step == STEP_FAILED || (step == STEP_MORE && !is_enough(j)))
        return step;
    j->read = step == STEP_DONE;
    j->piece = j->read ? reader_take(j->reader) : reader_take_piece(j->reader, err);
    return j->piece && encode(j, err) ? STEP_MORE : STEP_FAILED;
}

static bool predict(struct predict_job *j, struct error *err)
{
    size_t n = j->frame->rows - j->at, outputs = (size_t)model_outputs(j->model);

    if (n > SLICE_ROWS)
        n = SLICE_ROWS;
    for (size_t i = 0; i < n; i++)
        j->index[i] = (uint32_t)(j->at + i);
    if (n > 0 && !model_predict(j->model, j->pool, j->frame, j->index, n, j->fill,
                                j->outputs, err))
        return false;
    for (size_t i = 0; i < n; i++)
        write_row(j, j->at + i, j->outputs + i * outputs);
    j->at += n;
    j->rows += n;
    j->flushing = true;
    return true;
}

static void drop_frame(struct predict_job *j)
{
    frame_free(j->frame);
    j->frame = NULL;
    if (j->read)
        return; /* who asks what was repaired wants the last piece */
    dataset_unref(j->piece);
    j->piece = NULL;
}

static enum step end(struct predict_job *j, struct error *err)
{
    struct sink *sink = j->sink;

    j->sink = NULL;
    if (!sink_commit(sink, err))
        return STEP_FAILED;
    if (j->further > 0)
        str_printf(&j->note, "%d further column%s not used\n", j->further,
                   j->further == 1 ? " is" : "s are");
    encoder_note_odd(model_encoder(j->model), j->odd, &j->note);
    return STEP_DONE;
}

static enum step run(void *work, struct error *err)
{
    struct predict_job *j = work;
    enum step step;

    if (j->flushing) {
        step = sink_flush(j->sink, err);
        if (step != STEP_DONE)
            return step;
        j->flushing = false;
    }
    if (j->frame && j->at == j->frame->rows)
        drop_frame(j);
    if (!j->frame)
        return j->read ? end(j, err) : read_piece(j, err);
    return predict(j, err) ? STEP_MORE : STEP_FAILED;
}

static void publish(void *work)
{
    struct predict_job *j = work;

    j->view.share = reader_share(j->reader);
    j->view.rows = j->rows;
}

static void release(void *work)
{
    struct predict_job *j = work;

    sink_abort(j->sink);
    reader_free(j->reader);
    frame_free(j->frame);
    dataset_unref(j->piece);
    str_done(&j->note);
    str_done(&j->line);
    free(j->outputs);
    free(j->index);
    free(j->odd);
    free(j->out);
    free(j);
}

const struct job_type predict_job_type = {
    .name = "predict",
    .run = run,
    .publish = publish,
    .free = release,
};

void predict_job_view(const struct predict_job *j, double *share, size_t *rows)
{
    *share = j->view.share;
    *rows = j->view.rows;
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

const struct dataset *predict_job_data(const struct predict_job *j)
{
    return j->piece;
}
