/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Memory that is not there: each soft allocation on the way from a file to a model
 * fails, alone or with all behind it, and that ends in a sentence and leaks nothing. The
 * linker puts the functions __wrap_try_... in the place of those of base/mem.h
 * (Makefile.am).
 */
#include "base/mem.h"
#include "base/path.h"
#include "data/vocabulary.h"
#include "engine/job_load.h"
#include "model/model.h"
#include "subject.h"

static struct {
    long calls, fail_at; /* the number of the one that fails; 0: none */
    bool all_after;      /* and so do those behind it */
} soft;

static bool fails(void)
{
    soft.calls++;
    return soft.fail_at > 0 &&
           (soft.all_after ? soft.calls >= soft.fail_at : soft.calls == soft.fail_at);
}

void *__real_try_alloc(size_t n, size_t size);
void *__real_try_calloc(size_t n, size_t size);
void *__real_try_realloc(void *p, size_t n, size_t size);
void *__real_try_aligned(size_t n, size_t size);
void *__wrap_try_alloc(size_t n, size_t size);
void *__wrap_try_calloc(size_t n, size_t size);
void *__wrap_try_realloc(void *p, size_t n, size_t size);
void *__wrap_try_aligned(size_t n, size_t size);

void *__wrap_try_alloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_try_alloc(n, size);
}

void *__wrap_try_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_try_calloc(n, size);
}

void *__wrap_try_realloc(void *p, size_t n, size_t size)
{
    return fails() ? NULL : __real_try_realloc(p, n, size);
}

void *__wrap_try_aligned(size_t n, size_t size)
{
    return fails() ? NULL : __real_try_aligned(n, size);
}

/* Does `work` again and again, each time with a later allocation that fails, until it
 * needs no more. It may do without one: a block that was to become smaller can stay. */
static void check_failures(bool (*work)(void *arg, struct error *err), void *arg,
                           bool all_after)
{
    bool done, failed;
    long n = 0;

    do {
        struct error err = {0};

        soft.calls = 0;
        soft.all_after = all_after;
        soft.fail_at = ++n;
        done = work(arg, &err);
        failed = soft.calls >= n;
        soft.fail_at = 0;
        if (!done && !check(err.kind == ERROR_MEMORY && err.text[0] != '\0'))
            printf("# allocation %ld: %s\n", n, err.text);
        if (!failed && !check(done))
            printf("# %s\n", err.text);
    } while (failed);
    printf("# %ld allocations\n", n - 1);
    check(n > 1);
}

static void check_each(bool (*work)(void *arg, struct error *err), void *arg)
{
    check_failures(work, arg, false);
    check_failures(work, arg, true);
}

/* ---- what is done ---- */

/* All kinds of columns, a date, quotes that are right and wrong. */
static char *make_text(void)
{
    struct str text = {0};

    str_puts(&text, "a,b,day,note,weight,y\n");
    for (int i = 0; i < 90; i++)
        str_printf(&text, "%c,%d.5,2024-0%d-1%d,\"say \"\"%d\"\"\",%d,%s\n", "pqr"[i % 3],
                   i * i % 17, 1 + i % 9, i % 7, i % 2, 1 + i % 2,
                   i % 5 == 0 ? "yes" : "no");
    str_puts(&text, "p,1.5,2024-01-01,\"so \"they, say\",1,no\n");
    return text.text;
}

/* A file, and what is to be read from it. */
struct source {
    char *path;
    struct dataset *right;
};

static void check_cells(const struct dataset *got, const struct dataset *right)
{
    if (!check_int(dataset_columns(got), dataset_columns(right)) ||
        !check_int(dataset_rows(got), dataset_rows(right)))
        return;
    for (int i = 0; i < dataset_columns(got); i++)
        for (size_t row = 0; row < dataset_rows(got); row++)
            check(cell_equal(column_cell(dataset_column(got, i), row),
                             column_cell(dataset_column(right, i), row)));
}

static bool load(void *arg, struct error *err)
{
    const struct source *s = arg;
    struct load_options options = {0};
    struct load_job *job = load_job_new(s->path, &options);
    struct dataset *data = NULL;
    struct schema *schema = NULL;
    bool done = job_run(&load_job_type, job, err);

    load_job_take(job, &data, &schema);
    load_job_type.free(job);
    if (done)
        check_cells(data, s->right);
    dataset_unref(data);
    schema_free(schema);
    return done;
}

static void loading(void)
{
    char *text = make_text();
    struct source s = {.path = table_path()};
    struct error err = {0};
    struct file_writer *w = file_writer_open(s.path, 0600, &err);

    file_writer_write(w, text, strlen(text));
    check(file_writer_commit(w, &err));
    s.right = dataset_load(s.path, NULL, &err);
    check_int(dataset_rows(s.right), 91);
    check_each(load, &s);
    dataset_unref(s.right);
    unlink(s.path);
    free(s.path);
    free(text);
}

/* Of a row with a stray quote no cell gets lost. */
static bool read_record(void *arg, struct error *err)
{
    const struct csv_format format = {.delimiter = ',', .quote = '"', .line_end = '\n'};
    char bytes[] = "a,\"b\" c\",d\n";
    struct csv_reader *r = csv_reader_new(&format);
    struct csv_record record;
    enum csv_status status = csv_reader_next(r, bytes, strlen(bytes), true, &record);

    (void)arg;
    if (status == CSV_STATUS_RECORD)
        check_int(record.n, 3);
    csv_reader_free(r);
    return status == CSV_STATUS_RECORD || error_set(err, ERROR_MEMORY, "no memory");
}

static void reading_a_record(void)
{
    check_each(read_record, NULL);
}

static bool set_target(void *arg, struct error *err)
{
    const struct subject *s = arg;
    struct schema *copy = schema_copy(s->schema);
    bool done = schema_set_target(copy, s->data, schema_find(copy, "y"), NULL, TASK_NONE,
                                  NULL, err);

    schema_free(copy);
    return done;
}

static bool divide(void *arg, struct error *err)
{
    const struct subject *s = arg;
    struct split_options o = split_defaults();
    struct split *split = split_new(s->data, s->schema, &o, err);

    split_free(split);
    return split != NULL;
}

static bool fit(void *arg, struct error *err)
{
    const struct subject *s = arg;
    struct encode_options o = encode_defaults();
    struct encoder *e = encoder_fit(s->data, s->schema, s->split, &o, NULL, err);

    encoder_unref(e);
    return e != NULL;
}

static bool apply(void *arg, struct error *err)
{
    const struct subject *s = arg;
    struct frame *f = encoder_apply(s->encoder, s->data, NULL, err);

    frame_free(f);
    return f != NULL;
}

static struct subject make_subject(void)
{
    char *text = make_text();
    struct subject s = subject_new(table_of(text), "y", "weight");

    free(text);
    return s;
}

static void encoding(void)
{
    struct subject s = make_subject();

    check_each(set_target, &s);
    check_each(divide, &s);
    check_each(fit, &s);
    check_each(apply, &s);
    subject_done(&s);
}

static bool read_json(void *arg, struct error *err)
{
    struct encoder *e = encoder_from_json(arg, err);

    encoder_unref(e);
    return e != NULL;
}

static void reading_an_encoder(void)
{
    struct subject s = make_subject();
    json_t *json = encoder_to_json(s.encoder);

    check_each(read_json, json);
    json_decref(json);
    subject_done(&s);
}

static bool open_model(void *arg, struct error *err)
{
    struct model *m = model_open(arg, NULL, err);

    model_free(m);
    return m != NULL;
}

static void opening_a_model(void)
{
    struct subject s = make_subject();
    struct model_options o = model_defaults();
    char *path = table_path();
    struct error err = {0};
    struct model *m;

    o.dim = 4;
    o.layers = o.heads = 1;
    o.head_cap = 8;
    m = model_new(&o, s.encoder, 1, &err);
    check(m && model_save(m, NULL, path, &err));
    check_each(open_model, path);
    model_free(m);
    unlink(path);
    free(path);
    subject_done(&s);
}

int main(void)
{
    test_run(reading_a_record);
    test_run(loading);
    test_run(encoding);
    test_run(reading_an_encoder);
    test_run(opening_a_model);
    return test_done();
}
