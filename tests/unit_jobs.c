/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The jobs that load and train: without the worker's thread, slice by slice, and on
 * it. */
#include <poll.h>
#include <sys/stat.h>
#include <zlib.h>

#include "base/mem.h"
#include "base/rng.h"
#include "engine/job_load.h"
#include "engine/job_train.h"
#include "subject.h"

/* ---- load ---- */

/* A file of so many columns, the second half of them equal to the first. Caller unlinks
 * and frees. */
static char *make_file(int columns, int rows)
{
    char *path = table_path();
    FILE *f = fopen(path, "w");

    if (!check(f != NULL))
        return path;
    for (int row = -1; row < rows; row++)
        for (int i = 0; i < columns; i++)
            fprintf(f, row < 0 ? "c%d%c" : "%d%c",
                    row < 0 ? i : row / 2 * (i % (columns / 2) + 1),
                    i < columns - 1 ? ',' : '\n');
    check(fclose(f) == 0);
    return path;
}

/* Other jobs get their turn between any two columns. */
static void kinds_are_guessed_a_column_a_slice(void)
{
    enum { COLUMNS = 40 };
    char *path = make_file(COLUMNS, 50);
    struct load_options options = {0};
    struct load_job *job = load_job_new(path, &options);
    struct error err = {0};
    enum step step = STEP_MORE;
    struct dataset *data = NULL;
    struct schema *schema = NULL, *whole;
    int slices = 0;

    for (; step == STEP_MORE; slices++)
        step = load_job_type.run(job, &err);
    check_int(step, STEP_DONE);
    check(slices >= 2 * COLUMNS);
    load_job_take(job, &data, &schema);
    load_job_type.free(job);
    whole = data ? infer_schema(data) : NULL;
    if (check(schema && whole && schema->n_columns == COLUMNS)) {
        for (int i = 0; i < COLUMNS; i++)
            check_str(schema->columns[i].reason, whole->columns[i].reason);
        check_str(schema->columns[COLUMNS - 1].reason, "equal to c19");
    }
    schema_free(schema);
    schema_free(whole);
    dataset_unref(data);
    unlink(path);
    free(path);
}

/* And within a column of many texts: grouping, counting, reading and looking at them. */
static void a_long_column_takes_several_slices(void)
{
    char *path = table_path();
    FILE *f = fopen(path, "w");
    struct load_options options = {0};
    struct load_job *job = load_job_new(path, &options);
    struct error err = {0};
    enum step step = STEP_MORE;
    int slices = 0;

    if (!check(f != NULL))
        return;
    fputs("a\n", f);
    for (int i = 0; i < 100000; i++)
        fprintf(f, "%d\n", i);
    check(fclose(f) == 0);
    for (; step == STEP_MORE; slices++)
        step = load_job_type.run(job, &err);
    check_int(step, STEP_DONE);
    check(slices >= 16);
    load_job_type.free(job);
    unlink(path);
    free(path);
}

/* A slice after which a job is ended may be any; a sanitizer tells what is left. */
static void loading_ends_at_any_slice(void)
{
    char *path = make_file(6, 20);
    struct load_options options = {0};
    enum step step = STEP_MORE;

    for (int slices = 0; step == STEP_MORE; slices++) {
        struct load_job *job = load_job_new(path, &options);
        struct error err = {0};

        step = STEP_MORE;
        for (int i = 0; i < slices && step == STEP_MORE; i++)
            step = load_job_type.run(job, &err);
        load_job_type.free(job);
    }
    check_int(step, STEP_DONE);
    unlink(path);
    free(path);
}

/* Damage that shows only far into the file. */
static void a_failure_names_the_file(void)
{
    char *path = table_path();
    struct load_options options = {0};
    struct load_job *job = load_job_new(path, &options);
    struct rng r = rng_make(1, RNG_TEST, 0);
    struct error err = {0};
    struct stat st = {0};
    gzFile f = gzopen(path, "wb1");

    if (!check(f != NULL))
        return;
    gzputs(f, "a,b\n");
    for (int i = 0; i < 200000; i++)
        gzprintf(f, "%d,%d\n", i, (int)rng_below(&r, 1000000));
    check(gzclose(f) == Z_OK);
    check(stat(path, &st) == 0 && truncate(path, st.st_size / 2) == 0);
    check(!job_run(&load_job_type, job, &err));
    check(str_starts(err.text, path) && strstr(err.text, ": damaged gzip file"));
    load_job_type.free(job);
    unlink(path);
    free(path);
}

/* ---- train ---- */

static struct train_request small_request(const struct subject *s)
{
    struct train_request r = {
        .data = s->data, .schema = s->schema, .split = split_defaults(),
        .encode = encode_defaults(), .model = model_defaults(), .train = train_defaults(),
    };

    r.model.dim = 4;
    r.model.layers = r.model.heads = 1;
    r.model.head_cap = 8;
    r.train.epochs = 50;
    r.train.patience = 0;
    r.train.batch = 32;
    return r;
}

/* What training says beside its figures, of a table of that many rows in which every row
 * is one of `distinct`. Caller frees. */
static char *notes_of_training(int rows, int distinct)
{
    struct train_request r;
    struct error err = {0};
    struct str text = {0};
    struct subject s;
    struct train_job *job;
    char *notes;

    str_puts(&text, "a,x,y\n");
    for (int i = 0; i < rows; i++)
        str_printf(&text, "%c,%d.5,%d\n", "pq"[i % 2], i % distinct, i % 2);
    s = subject_new(table_load(text.text, text.length), "y", NULL);
    r = small_request(&s);
    r.train.epochs = 1;
    r.pool = pool_new(1, &err);
    job = train_job_new(&r, &err);
    check(job && job_run(&train_job_type, job, &err));
    notes = xstrdup(str_text(&train_job_view(job)->note));
    train_job_type.free(job);
    pool_free(r.pool);
    subject_done(&s);
    str_done(&text);
    return notes;
}

static void training_warns_of_equal_rows(void)
{
    char *notes = notes_of_training(600, 6);

    check_str(notes, "warning: only 6 of 600 rows differ, so nearly every row of the "
                     "test part stands in the training part too\n");
    free(notes);
    notes = notes_of_training(600, 8);
    check_str(notes, "");
    free(notes);
}

/* ---- train, on threads ---- */

enum {
    SEQUENCES = 200, ACTIONS = 12, TRAININGS = 3,
    NEWS_MS = 20, /* a look comes after news, or a moment without any */
};

/* What a pane does: it reads the whole of what was published. */
static void read_view(void *work, void *arg)
{
    const struct train_view *v = train_job_view(work);
    double *sum = arg;

    for (size_t i = 0; i < v->n_history; i++)
        *sum += v->history[i].train_loss;
    *sum += v->progress.loss + (double)v->progress.step;
}

static bool collect(struct engine *e, int job)
{
    struct error err = {0};
    struct train_job *work = engine_collect(e, job, &err);

    if (work)
        train_job_type.free(work);
    return work != NULL;
}

/* Start, pause, resume, stop, look, collect in any order, then quit: TSan and ASan watch,
 * and nothing that is read may be no number. */
static void play_training(struct train_request *request, uint64_t seed)
{
    struct rng r = rng_make(seed, RNG_TEST, 1);
    struct error err = {0};
    struct engine *e = engine_new(2, &err);
    int jobs[TRAININGS] = {0};
    double sum = 0;

    request->pool = engine_pool(e, &err);
    for (int i = 0; i < ACTIONS; i++) {
        int *job = &jobs[rng_below(&r, TRAININGS)];

        switch (*job == 0 ? 0 : 1 + rng_below(&r, 5)) {
        case 0:
            *job = engine_submit(e, &train_job_type, train_job_new(request, &err), &err);
            break;
        case 1:
            engine_pause(e, *job, true);
            break;
        case 2:
            engine_pause(e, *job, false);
            break;
        case 3:
            engine_stop(e, *job);
            break;
        case 4:
            poll(&(struct pollfd){engine_fd(e), POLLIN, 0}, 1, NEWS_MS);
            engine_quiet(e);
            engine_look(e, *job, read_view, &sum);
            break;
        default:
            *job = collect(e, *job) ? 0 : *job;
        }
    }
    check(isfinite(sum));
    engine_free(e);
}

static void training_bears_any_order(void)
{
    struct str text = {0};
    struct train_request request;
    struct subject s;

    str_puts(&text, "a,x,y\n");
    for (int i = 0; i < 200; i++)
        str_printf(&text, "%c,%d.5,%d\n", "pqr"[i % 3], i * 7 % 50, i % 2);
    s = subject_new(table_load(text.text, text.length), "y", NULL);
    request = small_request(&s);
    for (uint64_t seed = 1; seed <= SEQUENCES; seed++)
        play_training(&request, seed);
    subject_done(&s);
    str_done(&text);
}

int main(void)
{
    test_run(kinds_are_guessed_a_column_a_slice);
    test_run(a_long_column_takes_several_slices);
    test_run(loading_ends_at_any_slice);
    test_run(a_failure_names_the_file);
    test_run(training_warns_of_equal_rows);
    test_run(training_bears_any_order);
    return test_done();
}
