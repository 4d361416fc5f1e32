/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The job that predicts a file piece by piece, held against the table as a whole. */
#include "engine/job_predict.h"

#include "base/mem.h"
#include "base/path.h"
#include "base/rng.h"
#include "subject.h"

enum { ROWS = 20000 };

/* Some rows are longer than others, some have gaps or numbers that are none. */
static void make_text(struct str *out, int rows, const char *target)
{
    static const char *const towns[] = {"Rome", "Oslo", "", "Bern", "Ulm"};
    struct rng r = rng_make(3, RNG_TEST, 0);

    str_printf(out, "id,town,height,grade,%s\n", target);
    for (int i = 0; i < rows; i++) {
        double height = rng_normal(&r);
        int town = (int)rng_below(&r, 5), grade = (int)rng_below(&r, 3);

        str_printf(out, "%d,%s,", i, towns[town]);
        if (i % 501 == 500)
            str_puts(out, "tall");
        else
            str_printf(out, "%.3f", height);
        str_printf(out, ",%c,%s\n", "abc"[grade], height + grade > 1 ? "yes" : "no");
    }
}

struct scene {
    struct subject s;
    struct pool *pool;
    struct model *model;
    char *in, *out;
    struct error err;
};

static struct scene scene_new(void)
{
    struct scene s = {.in = table_path(), .out = table_path()};
    struct model_options o = model_defaults();
    struct str text = {0};

    make_text(&text, 500, "yes");
    s.s = subject_new(table_load(text.text, text.length), "yes", NULL);
    str_done(&text);
    o.dim = 8;
    o.layers = 1;
    o.heads = 2;
    o.head_cap = 16;
    s.pool = pool_new(2, &s.err);
    s.model = model_new(&o, s.s.encoder, 3, &s.err);
    if (!s.model || !s.pool) {
        printf("# %s\n", s.err.text);
        exit(99);
    }
    return s;
}

static void scene_done(struct scene *s)
{
    model_unref(s->model);
    pool_free(s->pool);
    subject_done(&s->s);
    unlink(s->in);
    unlink(s->out);
    free(s->in);
    free(s->out);
}

static void write_in(const struct scene *s, const char *text, size_t n)
{
    FILE *f = fopen(s->in, "w");

    if (!f || fwrite(text, 1, n, f) != n || fclose(f) != 0)
        exit(99);
}

/* NULL: failed. The job is for the caller to free. */
static struct predict_job *run(struct scene *s, enum fill fill)
{
    struct load_options options = {0};
    struct predict_request r = {s->model, s->pool, s->in, s->out, &options, fill};
    struct predict_job *j = predict_job_new(&r);

    s->err = (struct error){0};
    if (job_run(&predict_job_type, j, &s->err))
        return j;
    predict_job_type.free(j);
    return NULL;
}

/* What the file must hold, from all rows at once. Caller frees. */
static char *expected(struct scene *s, enum fill fill)
{
    struct dataset *d = dataset_load(s->in, NULL, &s->err);
    struct frame *f = encoder_apply(s->s.encoder, d, NULL, &s->err);
    float *p = xcalloc(2 * dataset_rows(d), sizeof *p);
    struct str out = {0};

    check(model_predict(s->model, s->pool, f, NULL, f->rows, fill, p, &s->err));
    str_puts(&out, "id,town,height,grade,yes,prediction,p(yes)\n");
    for (size_t row = 0; row < dataset_rows(d); row++) {
        for (int i = 0; i < dataset_columns(d); i++) {
            struct cell cell = column_cell(dataset_column(d, i), row);

            str_printf(&out, "%.*s,", (int)cell.length, cell.text);
        }
        str_printf(&out, "%s,%.6g\n", p[2 * row + 1] >= p[2 * row] ? "yes" : "no",
                   (double)p[2 * row + 1]);
    }
    free(p);
    frame_free(f);
    dataset_unref(d);
    return out.text;
}

static void pieces_are_predicted_as_the_whole(void)
{
    struct scene s = scene_new();
    struct str text = {0};

    make_text(&text, ROWS, "yes");
    write_in(&s, text.text, text.length);
    for (int fill = FILL_CLASS; fill <= FILL_MEAN; fill++) {
        struct predict_job *j = run(&s, (enum fill)fill);
        char *want = expected(&s, (enum fill)fill);
        char *got = file_read(s.out, SIZE_MAX, NULL, &s.err);

        if (check(j && got)) {
            check_int(predict_job_rows(j), ROWS);
            check(strcmp(got, want) == 0);
            check_str(predict_job_note(j), "1 further column is not used\n"
                      "height: 39 cells cannot be read and count as missing\n");
            check(dataset_rows(predict_job_data(j)) < ROWS / 2); /* it was in pieces */
            predict_job_type.free(j);
        }
        free(got);
        free(want);
    }
    str_done(&text);
    scene_done(&s);
}

/* Cells of the target are handed on, whatever they hold, and need not be there. */
static void no_target_is_needed(void)
{
    struct scene s = scene_new();
    struct str text = {0};
    struct predict_job *j;
    char *got;

    make_text(&text, 3, "other");
    write_in(&s, text.text, text.length);
    j = run(&s, FILL_CLASS);
    got = file_read(s.out, SIZE_MAX, NULL, &s.err);
    check(got && str_starts(got, "id,town,height,grade,other,prediction,p(yes)\n0,"));
    if (check(j != NULL)) {
        check_str(predict_job_note(j), "2 further columns are not used\n");
        predict_job_type.free(j);
    }
    free(got);
    str_done(&text);
    scene_done(&s);
}

/* A slice after which it is ended may be any: nothing is left but the old file. */
static void it_ends_at_any_slice(void)
{
    struct scene s = scene_new();
    struct load_options options = {0};
    struct predict_request r = {s.model, s.pool, s.in, s.out, &options, FILL_CLASS};
    struct str text = {0};
    enum step step = STEP_MORE;

    make_text(&text, 9000, "yes");
    write_in(&s, text.text, text.length);
    for (int slices = 0; step == STEP_MORE; slices++) {
        struct predict_job *j = predict_job_new(&r);
        size_t length = 1;

        step = STEP_MORE;
        for (int i = 0; i < slices && step == STEP_MORE; i++)
            step = predict_job_type.run(j, &s.err);
        predict_job_type.free(j);
        free(file_read(s.out, SIZE_MAX, &length, &s.err));
        check(step == STEP_DONE ? length > 9000 : length == 0);
    }
    check_int(step, STEP_DONE);
    str_done(&text);
    scene_done(&s);
}

static void other_tables_are_refused(void)
{
    struct scene s = scene_new();

    write_in(&s, "town,Height,grade\nRome,1,a\nOslo,2,b\n", 36);
    check(run(&s, FILL_CLASS) == NULL);
    check_str(s.err.text, "the table lacks a column that the model reads: height; not "
              "known to the model: Height");
    write_in(&s, "1,2,3\n4,5,6\n7,8,9\n", 18);
    check(run(&s, FILL_CLASS) == NULL);
    check(strstr(s.err.text, "town, grade, height; not known to the model: col_1, col_2, "
                 "col_3; its first line was not taken for names") != NULL);
    scene_done(&s);
}

int main(void)
{
    test_run(pieces_are_predicted_as_the_whole);
    test_run(no_target_is_needed);
    test_run(it_ends_at_any_slice);
    test_run(other_tables_are_refused);
    return test_done();
}
