/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Memory that is not there: each soft allocation on the way from a file to a model that
 * has learned and predicts fails, alone or with all behind it, and that ends in a
 * sentence and leaks nothing. Where a model is written every allocation fails, also
 * those that end the program. The linker puts the functions __wrap_... in the place of
 * those of base/mem.h and of the C library (Makefile.am).
 */
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/mem.h"
#include "base/path.h"
#include "data/vocabulary.h"
#include "engine/job_load.h"
#include "engine/trainer.h"
#include "lens/job_embeddings.h"
#include "lens/job_tsne.h"
#include "model/model.h"
#include "subject.h"

struct countdown {
    long calls, fail_at; /* the number of the one that fails; 0: none */
    bool all_after;      /* and so do those behind it */
};

static struct countdown soft; /* of base/mem.h */
static struct countdown hard; /* of the C library; those that become soft ones, too */

static bool fails_now(struct countdown *c)
{
    c->calls++;
    return c->fail_at > 0 &&
           (c->all_after ? c->calls >= c->fail_at : c->calls == c->fail_at);
}

static bool fails(void)
{
    return fails_now(&soft);
}

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

void *__wrap_malloc(size_t n)
{
    return hard.fail_at > 0 && fails_now(&hard) ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return hard.fail_at > 0 && fails_now(&hard) ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    return hard.fail_at > 0 && fails_now(&hard) ? NULL : __real_realloc(p, n);
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

    model_unref(m);
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
    model_unref(m);
    unlink(path);
    free(path);
    subject_done(&s);
}

/* ---- learning and predicting ---- */

struct lesson {
    struct subject subject;
    enum pretext pretext;
    struct pool *pool;
    struct model *model;
    float *right; /* what it predicts: two classes a row */
    char *path;
};

static struct model *new_model(const struct lesson *l, struct error *err)
{
    struct model_options o = model_defaults();

    o.dim = 4;
    o.layers = o.heads = 1;
    o.head_cap = 8;
    return model_new_pretext(&o, l->subject.encoder, l->pretext, 1, err);
}

/* So many slices, or to the end. */
static bool train(struct trainer *t, int slices, struct error *err)
{
    enum step step = STEP_MORE;

    for (int i = 0; i != slices && step == STEP_MORE; i++)
        step = trainer_step(t, err);
    return step != STEP_FAILED;
}

static bool learn_and_keep(const struct lesson *l, struct trainer *t, struct error *err)
{
    struct train_state state = {0}, back = {0};
    bool done = train(t, 3, err) && trainer_keep(t, &state, err)
        && train_state_write(&state, l->path, "running", "{}", err)
        && train_state_read(&back, l->path, err) && trainer_restore(t, &back, err)
        && train(t, -1, err);

    train_state_done(&state);
    train_state_done(&back);
    return done;
}

static bool learn(void *arg, struct error *err)
{
    const struct lesson *l = arg;
    const struct subject *s = &l->subject;
    struct train_options o = train_defaults();
    struct model *m = new_model(l, err);
    struct trainer *t;
    bool done;

    o.epochs = 2;
    o.batch = 32;
    t = m ? trainer_new(m, s->frame, s->split, &o, l->pool, err) : NULL;
    done = t && learn_and_keep(l, t, err);
    trainer_free(t);
    model_unref(m);
    return done;
}

static bool predict(void *arg, struct error *err)
{
    const struct lesson *l = arg;
    struct model *m = new_model(l, err);
    size_t rows = l->subject.frame->rows, n = 2 * rows;
    float *out = xcalloc(n, sizeof *out);
    bool done = m && model_predict(m, l->pool, l->subject.frame, NULL, rows, FILL_CLASS,
                                    out, err);

    if (done)
        check(memcmp(out, l->right, n * sizeof *out) == 0);
    free(out);
    model_unref(m);
    return done;
}

static struct lesson lesson_new(enum pretext pretext)
{
    struct lesson l = {.subject = make_subject(), .pretext = pretext,
                       .path = table_path()};
    struct error err = {0};

    l.pool = pool_new(1, &err);
    l.model = new_model(&l, &err);
    return l;
}

static void lesson_done(struct lesson *l)
{
    model_unref(l->model);
    pool_free(l->pool);
    subject_done(&l->subject);
    unlink(l->path);
    free(l->path);
    free(l->right);
}

static void learning(void)
{
    for (int i = PRETEXT_NONE; i <= PRETEXT_RTD; i++) {
        struct lesson l = lesson_new((enum pretext)i);

        check_each(learn, &l);
        lesson_done(&l);
    }
}

static void predicting(void)
{
    struct lesson l = lesson_new(PRETEXT_NONE);
    size_t rows = l.subject.frame->rows;
    struct error err = {0};

    check_int(model_outputs(l.model), 2);
    l.right = xcalloc(2 * rows, sizeof *l.right);
    check(model_predict(l.model, l.pool, l.subject.frame, NULL, rows, FILL_CLASS, l.right,
                        &err));
    check_each(predict, &l);
    lesson_done(&l);
}

/* ---- looking inside ---- */

/* What is looked at. */
struct looked {
    struct subject *s;
    struct model *model;
    struct pool *pool;
};

static struct embeddings_request embeddings_of(const struct looked *l,
                                               enum embedding_points points)
{
    return (struct embeddings_request){
        .rows = {.model = l->model, .pool = l->pool, .data = l->s->data,
                 .schema = l->s->schema, .split = split_defaults(), .part = PART_TRAIN},
        .first = 0, .last = 0, .points = points, .most = 30, .seed = 1};
}

static bool write_embeddings(void *arg, struct error *err)
{
    struct embeddings_job_request q = {
        .run = "r", .embeddings = embeddings_of(arg, EMBEDDING_VALUES),
        .path = "unit_memory.csv"};
    struct embeddings_job *j = embeddings_job_new(&q);
    bool done = job_run(&embeddings_job_type, j, err);

    embeddings_job_type.free(j);
    unlink(q.path);
    return done;
}

/* Without memory for what is published nothing is seen meanwhile. */
static bool lay_out(void *arg, struct error *err)
{
    struct tsne_job_request q = {
        .run = "r", .embeddings = embeddings_of(arg, EMBEDDING_CELLS),
        .tsne = tsne_defaults(), .random = true};
    struct tsne_job *j;
    enum step step;

    q.tsne.perplexity = 0;
    q.tsne.iterations = 3;
    q.tsne.early = 0;
    j = tsne_job_new(&q, err);
    if (!j)
        return false;
    do {
        step = tsne_job_type.run(j, err);
        tsne_job_type.publish(j);
    } while (step == STEP_MORE);
    tsne_job_type.free(j);
    return step == STEP_DONE;
}

static void looking_inside(void)
{
    char *text = make_text();
    struct subject s = subject_new(table_of(text), "y", "weight");
    struct model_options o = model_defaults();
    struct error err = {0};
    struct looked l = {.s = &s, .pool = pool_new(1, &err)};

    o.dim = 8;
    o.layers = 1;
    o.heads = 2;
    o.head_cap = 8;
    l.model = model_new(&o, s.encoder, 1, &err);
    check_each(write_embeddings, &l);
    check_each(lay_out, &l);
    model_unref(l.model);
    pool_free(l.pool);
    subject_done(&s);
    free(text);
}

/* ---- saving ---- */

enum { SAVED = 0, TOLD = 3, SILENT = 4, DIED = 5, ENOUGH = 6 };

/* What becomes of a save in a process of its own whose allocation n fails. */
static int save_without(const struct lesson *l, long n)
{
    static const struct rlimit no_core = {0, 0};
    int status;
    pid_t pid;

    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        struct error err = {0};
        bool saved;

        setrlimit(RLIMIT_CORE, &no_core);
        fclose(stderr);
        close(2);
        json_set_alloc_funcs(__wrap_malloc, free);
        hard.fail_at = n;
        saved = model_save(l->model, NULL, l->path, &err);
        _exit(!saved ? (err.text[0] ? TOLD : SILENT) : hard.calls < n ? ENOUGH : SAVED);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return SILENT;
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT ? DIED
           : WIFEXITED(status) ? WEXITSTATUS(status) : SILENT;
}

static bool holds(const char *path, const char *bytes, size_t n)
{
    struct error err;
    size_t size;
    char *got = file_read(path, 1 << 20, &size, &err);
    bool same = got && size == n && memcmp(got, bytes, n) == 0;

    free(got);
    return same;
}

/* The old file, which is empty, or all of the new one: a model that lacks a part never
 * passes for one. */
static void saving(void)
{
    struct lesson l = lesson_new(PRETEXT_NONE);
    struct error err = {0};
    size_t size = 0;
    char *right, *copy = table_path();
    int end = SAVED;
    long n;

    check(model_save(l.model, NULL, copy, &err));
    right = file_read(copy, 1 << 20, &size, &err);
    for (n = 1; n < 100000 && end != ENOUGH; n++) {
        bool is_new, is_old;

        check(truncate(l.path, 0) == 0);
        end = save_without(&l, n);
        is_old = holds(l.path, "", 0);
        is_new = holds(l.path, right, size);
        if (!check(end == TOLD ? is_old : end == DIED ? is_old || is_new
                                                      : end != SILENT && is_new))
            printf("# allocation %ld ends in %d\n", n, end);
    }
    printf("# %ld allocations\n", n - 2);
    check(n > 10);
    unlink(copy);
    free(copy);
    free(right);
    lesson_done(&l);
}

int main(void)
{
    test_run(reading_a_record);
    test_run(loading);
    test_run(encoding);
    test_run(reading_an_encoder);
    test_run(opening_a_model);
    test_run(learning);
    test_run(predicting);
    test_run(looking_inside);
    test_run(saving);
    return test_done();
}
