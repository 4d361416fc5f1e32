/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Training that was cut off goes on to the same bits: the state of a trainer into a file
 * and out of it again, at any step; and jobs that are left and gone on with. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/lock.h"
#include "base/mem.h"
#include "base/path.h"
#include "engine/job_train.h"
#include "nn/params.h"
#include "nn/safetensors.h"
#include "run.h"

enum { ROWS = 300, EPOCHS = 4 };

/* How one trains: everything that may be carried from step to step is in some of them. */
struct way {
    const char *target;
    enum pretext pretext;
    bool from; /* with a body that was pre-trained */
    enum model_kind kind;
    struct train_options options;
};

static struct way way_of(int i)
{
    static const char *const targets[] = {"yes", "kind", "price", "yes", "yes",
                                          "yes", "kind", "yes"};
    struct way k = {targets[i], PRETEXT_NONE, i == 5,
                    i == 6 ? MODEL_TABNET : i == 7 ? MODEL_MLP : MODEL_TABTRANSFORMER,
                    train_defaults()};

    k.pretext = i == 3 ? PRETEXT_MLM : i == 4 ? PRETEXT_RTD : i == 7 ? PRETEXT_DAE
                                                                     : PRETEXT_NONE;
    k.options.epochs = EPOCHS;
    k.options.passes = i == 4 || i == 5 ? 2 : 1;
    k.options.batch = 32;
    k.options.lr = 3e-3;
    k.options.average = i == 1 ? 0 : 0.9;
    k.options.schedule = i == 2 ? SCHEDULE_COSINE : SCHEDULE_CONSTANT;
    k.options.warmup = i == 2 ? 0.5 : 0;
    k.options.clip = i == 1 ? 0 : 1;
    k.options.freeze = i == 5 ? 2 : 0;
    k.options.missing_dropout = i == 0 || i == 5 ? 0.2 : 0;
    k.options.class_weight = i == 0 ? CLASS_WEIGHT_BALANCED : CLASS_WEIGHT_NONE;
    return k;
}

enum { WAYS = 8 };

static struct run run_new(struct subject *s, const struct way *k, bool fresh,
                          int threads)
{
    struct model_options m = model_defaults();
    struct error err = {0};
    struct model *model;

    m.dim = 8;
    m.layers = 1;
    m.heads = 2;
    m.head_cap = 16;
    m.kind = k->kind;
    m.virtual_batch = 16;
    model = model_new_pretext(&m, s->encoder, k->pretext, fresh ? 3 : 4, &err);
    if (k->from && fresh) {
        struct model *body = model_new_pretext(&m, s->encoder, PRETEXT_MLM, 5, &err);
        struct str note = {0};

        check(model_take_body(model, body, &note, &err));
        str_done(&note);
        model_unref(body);
    }
    return run_start(model, s, &k->options, threads, &err);
}

/* Two runs have come to the same, but for the time they took. */
static void check_same(struct run *a, struct run *b)
{
    const struct params *p = model_params(a->model), *q = model_params(b->model);
    const struct train_progress *s = trainer_progress(a->trainer);
    const struct train_progress *t = trainer_progress(b->trainer);
    const struct curve *c = trainer_curve(a->trainer), *d = trainer_curve(b->trainer);
    const struct epoch_record *x, *y;
    size_t n = 0, m = 0;

    check(memcmp(p->value, q->value, params_values(p) * sizeof *p->value) == 0);
    check(s->step == t->step && s->epoch == t->epoch && s->best_epoch == t->best_epoch
          && s->since_best == t->since_best && s->best == t->best && s->end == t->end
          && s->loss == t->loss && s->lr == t->lr);
    x = trainer_history(a->trainer, &n);
    y = trainer_history(b->trainer, &m);
    if (check(n == m && n > 0))
        for (size_t i = 0; i < n; i++)
            check(x[i].epoch == y[i].epoch && x[i].train_loss == y[i].train_loss
                  && x[i].valid.loss == y[i].valid.loss && x[i].best == y[i].best);
    if (check(c->n == d->n && c->steps == d->steps && c->n > 0))
        for (size_t i = 0; i < c->n; i++)
            check(c->points[i].loss == d->points[i].loss
                  && c->points[i].epochs == d->points[i].epochs);
    check_int(trainer_diagnosis(a->trainer)->epoch, trainer_diagnosis(b->trainer)->epoch);
    check_int(trainer_learned(a->trainer)->n, trainer_learned(b->trainer)->n);
    if (trainer_learned(a->trainer)->n > 0)
        check(learned_at(trainer_learned(a->trainer), 1)->accuracy
              == learned_at(trainer_learned(b->trainer), 1)->accuracy);
}

/* A trainer that has the state of another one, by way of a file. */
static struct run go_on(struct subject *s, const struct way *k, struct run *from,
                        const char *path)
{
    struct run r = run_new(s, k, false, 2);
    struct train_state out = {0}, in = {0};
    struct error err = {0};

    if (!check(trainer_keep(from->trainer, &out, &err)
               && train_state_write(&out, path, "running", "{}", &err)
               && train_state_read(&in, path, &err)
               && trainer_restore(r.trainer, &in, &err)))
        printf("# %s\n", err.text);
    train_state_done(&out);
    train_state_done(&in);
    return r;
}

static void goes_on_from_any_step(void)
{
    char *path = table_path();

    for (int i = 0; i < WAYS; i++) {
        struct way k = way_of(i);
        struct subject s = subject_new(learnable_table(ROWS, -1), k.target, "weight");
        struct run whole = run_new(&s, &k, true, 1);

        run_train(&whole, -1);
        /* 6 batches an epoch, and the validation behind them: all places of it */
        for (int slices = 0; slices < 4 * 7; slices += 1 + slices / 4) {
            struct run first = run_new(&s, &k, true, 2), second;

            run_train(&first, slices);
            second = go_on(&s, &k, &first, path);
            run_train(&second, -1);
            check_same(&whole, &second);
            run_done(&first);
            run_done(&second);
        }
        run_done(&whole);
        subject_done(&s);
    }
    unlink(path);
    free(path);
}

/* The same memory takes the state again and again; the steps in between are the same as
 * without. */
static void keeping_changes_nothing(void)
{
    struct way k = way_of(0);
    struct subject s = subject_new(learnable_table(ROWS, -1), k.target, "weight");
    struct run whole = run_new(&s, &k, true, 1), kept = run_new(&s, &k, true, 1);
    struct train_state state = {0};
    struct error err = {0};
    const real *memory = NULL;

    run_train(&whole, -1);
    while (trainer_progress(kept.trainer)->end == TRAIN_RUNNING) {
        check(trainer_keep(kept.trainer, &state, &err));
        check(!memory || memory == state.weights);
        memory = state.weights;
        run_train(&kept, 1);
    }
    check_same(&whole, &kept);
    train_state_done(&state);
    run_done(&whole);
    run_done(&kept);
    subject_done(&s);
}

static void another_table_is_refused(void)
{
    struct way k = way_of(0), mlm = way_of(3);
    struct subject s = subject_new(learnable_table(ROWS, -1), k.target, "weight");
    struct subject other = subject_new(learnable_table(ROWS, 17), k.target, "weight");
    struct run r = run_new(&s, &k, true, 1), q = run_new(&other, &k, false, 1);
    struct run p = run_new(&s, &mlm, false, 1);
    struct train_state state = {0};
    struct error err = {0};

    run_train(&r, 9);
    check(trainer_keep(r.trainer, &state, &err));
    check(!trainer_restore(q.trainer, &state, &err));
    check_str(err.text, "the table has other values than it had");
    check(!trainer_restore(p.trainer, &state, &err));
    state.counts.rows++;
    check(!trainer_restore(q.trainer, &state, &err));
    check_str(err.text, "the table has 300 rows; it had 301");
    train_state_done(&state);
    run_done(&r);
    run_done(&q);
    run_done(&p);
    subject_done(&other);
    subject_done(&s);
}

/* ---- files that are not whole ---- */

static void write_bytes(const char *path, const char *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");

    check(f && fwrite(bytes, 1, n, f) == n);
    check(f && fclose(f) == 0);
}

static bool is_refused(const char *path)
{
    struct train_state state = {0};
    struct error err = {0};
    bool ok = train_state_read(&state, path, &err);

    train_state_done(&state);
    return !ok && str_starts(err.text, path);
}

static void damaged_files_are_refused(void)
{
    struct way k = way_of(3);
    struct subject s = subject_new(learnable_table(ROWS, -1), k.target, "weight");
    struct run r = run_new(&s, &k, true, 1);
    struct train_state state = {0};
    struct error err = {0};
    struct train_about about = {0};
    char *path = table_path(), *bytes;
    size_t n = 0;

    run_train(&r, 10);
    check(trainer_keep(r.trainer, &state, &err));
    check(train_state_write(&state, path, "running", "{\"name\":\"r\"}", &err));
    check(train_state_peek(&about, path, &err) && !about.stopped);
    check_int(about.epoch, 1);
    check_str(about.run, "{\"name\":\"r\"}");
    bytes = file_read(path, 1 << 24, &n, &err);
    if (check(bytes != NULL)) {
        for (size_t cut = 0; cut < n; cut += 1 + cut / 20) {
            write_bytes(path, bytes, cut);
            if (!check(is_refused(path)))
                printf("# cut at byte %zu of %zu\n", cut, n);
        }
        for (size_t bit = 0; bit < 8 * n; bit += 1 + bit / 60) {
            bytes[bit / 8] ^= (char)(1 << bit % 8);
            write_bytes(path, bytes, n);
            if (!check(is_refused(path)))
                printf("# bit %zu of %zu\n", bit, 8 * n);
            bytes[bit / 8] ^= (char)(1 << bit % 8);
        }
    }
    free(bytes);
    free(about.run);
    train_state_done(&state);
    unlink(path);
    check(is_refused(path) || errno == ENOENT);
    free(path);
    run_done(&r);
    subject_done(&s);
}

/* With checksums that are right: counts are held against each other and the table. */
static void numbers_out_of_range_are_refused(void)
{
    static const size_t fields[] = {
        offsetof(struct train_counts, epoch), offsetof(struct train_counts, batch),
        offsetof(struct train_counts, step), offsetof(struct train_counts, best_epoch),
        offsetof(struct train_counts, since_best),
        offsetof(struct train_counts, since_steps),
        offsetof(struct train_counts, curve_steps),
        offsetof(struct train_counts, has_best), offsetof(struct train_counts, rows),
    };
    static const int64_t values[] = {-1, 1000, INT64_MAX, INT64_MIN};
    struct way k = way_of(3);
    struct subject s = subject_new(learnable_table(ROWS, -1), k.target, "weight");
    struct run r = run_new(&s, &k, true, 1);
    struct train_state state = {0};
    char *path = table_path();
    struct error err = {0};

    run_train(&r, 16);
    check(trainer_keep(r.trainer, &state, &err));
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
            int64_t *field = (int64_t *)((char *)&state.counts + fields[i]), was = *field;
            struct run q = run_new(&s, &k, false, 1);
            struct train_state in = {0};

            *field = values[v];
            check(train_state_write(&state, path, "running", "{}", &err));
            if (!check(!train_state_read(&in, path, &err)
                       || !trainer_restore(q.trainer, &in, &err)
                       || fields[i] == offsetof(struct train_counts, since_best)
                       || fields[i] == offsetof(struct train_counts, curve_steps)))
                printf("# field %zu, %lld\n", i, (long long)values[v]);
            *field = was;
            train_state_done(&in);
            run_done(&q);
        }
    train_state_done(&state);
    run_done(&r);
    subject_done(&s);
    unlink(path);
    free(path);
}

/* Of a good file all but one tensor, which is empty, with checksums that are right. */
static void write_without(const struct safetensors *file, const char *name,
                          const char *path)
{
    static const char *const keys[] = {"format", "version", "end", "epoch", "best_epoch",
                                       "kernels", "run"};
    enum { KEYS = sizeof keys / sizeof *keys, MOST = 32 };
    struct safetensors_tensor list[MOST];
    struct safetensors_pair pairs[KEYS];
    struct error err = {0};
    size_t n = safetensors_count(file);

    check(n <= MOST);
    for (size_t i = 0; i < n && i < MOST; i++) {
        list[i] = *safetensors_get(file, i);
        if (strcmp(list[i].name, name) == 0)
            list[i].shape[0] = 0;
    }
    for (int i = 0; i < KEYS; i++)
        pairs[i] = (struct safetensors_pair){keys[i], safetensors_metadata(file, keys[i])};
    check(safetensors_write(path, 0600, list, n, pairs, KEYS, &err));
}

/* The others would say how many numbers there are. */
static void empty_tensors_are_refused(void)
{
    static const char *const names[] = {"weights", "average", "best", "moment1",
                                        "moment2"};
    struct way k = way_of(0);
    struct subject s = subject_new(learnable_table(ROWS, -1), k.target, "weight");
    struct run r = run_new(&s, &k, true, 1);
    struct train_state state = {0};
    struct safetensors *file;
    char *path = table_path(), *spoilt = table_path();
    struct error err = {0};

    run_train(&r, 10);
    check(trainer_keep(r.trainer, &state, &err));
    check(train_state_write(&state, path, "running", "{}", &err));
    file = safetensors_open(path, &err);
    for (size_t i = 0; check(file != NULL) && i < sizeof names / sizeof *names; i++) {
        write_without(file, names[i], spoilt);
        if (!check(is_refused(spoilt)))
            printf("# %s\n", names[i]);
    }
    safetensors_free(file);
    train_state_done(&state);
    run_done(&r);
    subject_done(&s);
    unlink(path);
    unlink(spoilt);
    free(path);
    free(spoilt);
}

/* ---- whole jobs, with folders and threads ---- */

static struct train_request request_of(const struct subject *s, const char *folder)
{
    struct train_request r = {
        .data = s->data, .schema = s->schema, .split = split_defaults(),
        .encode = encode_defaults(), .model = model_defaults(),
        .train = way_of(0).options, .folder = folder, .recipe = "{}", .commands = "\n",
    };

    r.model.dim = 8;
    r.model.layers = 1;
    r.model.heads = 2;
    r.model.head_cap = 16;
    r.train.epochs = 30;
    r.train.patience = 0;
    r.train.autosave = 1e-6;
    return r;
}

static char *folder_new(void)
{
    char *path = table_path();

    unlink(path);
    return path;
}

static void remove_file(const char *folder, const char *name)
{
    char *path = xasprintf("%s/%s", folder, name);

    unlink(path);
    free(path);
}

static void folder_done(char *folder)
{
    static const char *const names[] = {"commands", "metrics.csv", "log", RUN_MODEL,
                                        RUN_RESUME, RUN_LOCK};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        remove_file(folder, names[i]);
    if (!check(rmdir(folder) == 0)) /* nothing else was left there */
        perror(folder);
    free(folder);
}

/* Caller frees. */
static char *model_bytes(const char *folder, size_t *n)
{
    char *path = xasprintf("%s/" RUN_MODEL, folder);
    struct error err = {0};
    char *bytes = file_read(path, 1 << 24, n, &err);

    if (!check(bytes != NULL))
        printf("# %s\n", err.text);
    free(path);
    return bytes;
}

/* A job on a worker until it ends by itself, or for some news. */
static void run_job(struct train_request *request, int news, bool stop)
{
    struct error err = {0};
    struct engine *e = engine_new(2, &err);
    struct train_job *job;
    int id;

    request->pool = engine_pool(e, &err);
    job = train_job_new(request, &err);
    id = engine_submit(e, &train_job_type, job, &err);
    check(id > 0);
    for (int i = 0; i != news && engine_state(e, id) < JOB_DONE; i++) {
        poll(&(struct pollfd){engine_fd(e), POLLIN, 0}, 1, 20);
        engine_quiet(e);
    }
    if (stop)
        engine_stop(e, id);
    while (stop && engine_state(e, id) < JOB_DONE)
        poll(&(struct pollfd){engine_fd(e), POLLIN, 0}, 1, 20);
    engine_free(e);
}

static bool has_file(const char *folder, const char *name)
{
    char *path = xasprintf("%s/%s", folder, name);
    bool has = access(path, F_OK) == 0;

    free(path);
    return has;
}

static bool is_done(const char *folder)
{
    return has_file(folder, RUN_MODEL) && !has_file(folder, RUN_RESUME);
}

/* Left or stopped after any news, again and again, until it is done. */
static void jobs_go_on_until_they_are_done(void)
{
    struct subject s = subject_new(learnable_table(ROWS, -1), "yes", "weight");
    char *whole = folder_new(), *parts = folder_new(), *want, *got;
    struct train_request r = request_of(&s, whole);
    size_t n = 0, m = 0;
    int turns = 0;

    run_job(&r, -1, false);
    check(!has_file(whole, RUN_RESUME) && !has_file(whole, RUN_LOCK));
    r.folder = parts;
    for (; turns < 200 && !is_done(parts); turns++) {
        r.resume = has_file(parts, RUN_RESUME);
        if (!r.resume)
            remove_file(parts, "commands");
        run_job(&r, turns < 20 ? 1 + turns / 4 : -1, turns % 2 == 0);
    }
    check(turns > 1 && turns < 200);
    want = model_bytes(whole, &n);
    got = model_bytes(parts, &m);
    check(want && got && n == m && memcmp(want, got, n) == 0);
    free(want);
    free(got);
    folder_done(whole);
    folder_done(parts);
    subject_done(&s);
}

/* The second to come is told, and the first one's files stay as they are. */
static void a_folder_has_one_trainer(void)
{
    struct subject s = subject_new(learnable_table(ROWS, -1), "yes", "weight");
    char *folder = folder_new(), *lock;
    struct train_request r = request_of(&s, folder);
    struct error err = {0};
    struct train_job *first, *second;
    struct lock *held = NULL;

    r.pool = pool_new(1, &err);
    first = train_job_new(&r, &err);
    while (train_job_view(first)->phase != PHASE_STEPPING) {
        check_int(train_job_type.run(first, &err), STEP_MORE);
        train_job_type.publish(first);
    }
    lock = xasprintf("%s/" RUN_LOCK, folder);
    check(lock_is_taken(lock, &err) && strstr(err.text, "another tabscope, process"));
    check(!lock_take(lock, &held, &err));
    second = train_job_new(&r, &err);
    check(!job_run(&train_job_type, second, &err));
    check(strstr(err.text, "another tabscope, process"));
    train_job_type.free(second);
    train_job_type.free(first);
    check(!lock_is_taken(lock, NULL));
    check(lock_take(lock, &held, &err) && held);
    lock_release(held);
    free(lock);
    second = train_job_new(&r, &err);
    check(!job_run(&train_job_type, second, &err));
    check(strstr(err.text, "was begun in") && strstr(err.text, "meanwhile"));
    train_job_type.free(second);
    pool_free(r.pool);
    folder_done(folder);
    subject_done(&s);
}

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;

    check(getrlimit(RLIMIT_FSIZE, &limit) == 0);
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    check(setrlimit(RLIMIT_FSIZE, &limit) == 0);
}

/* Slices until the notes have that text. Whether they have. */
static bool run_until(struct train_job *job, const char *text)
{
    struct error err = {0};
    enum step step = STEP_MORE;
    const char *note = NULL;

    while (step == STEP_MORE && !(note && strstr(note, text))) {
        step = train_job_type.run(job, &err);
        train_job_type.publish(job);
        note = train_job_view(job)->note.text;
    }
    return step == STEP_MORE;
}

/* That is said once, the old file stays as it is, and with room again saving works. */
static void a_full_disk_loses_nothing(void)
{
    struct subject s = subject_new(learnable_table(ROWS, -1), "yes", "weight");
    char *folder = folder_new(), *path = xasprintf("%s/" RUN_RESUME, folder);
    struct train_request r = request_of(&s, folder);
    struct train_state state = {0};
    struct error err = {0};
    struct train_job *job;
    int64_t step;

    signal(SIGXFSZ, SIG_IGN);
    r.pool = pool_new(1, &err);
    r.train.epochs = 100000;
    job = train_job_new(&r, &err);
    while (!has_file(folder, RUN_RESUME))
        check_int(train_job_type.run(job, &err), STEP_MORE);
    limit_files(2000);
    check(run_until(job, "not autosaved"));
    for (int i = 0; i < 300; i++)
        check_int(train_job_type.run(job, &err), STEP_MORE);
    check(train_state_read(&state, path, &err));
    step = state.counts.step;
    train_state_done(&state);
    limit_files(RLIM_INFINITY);
    check(run_until(job, "autosaved again"));
    check(train_state_read(&state, path, &err) && state.counts.step > step);
    train_state_done(&state);
    check(strstr(train_job_view(job)->note.text, "File too large; training goes on"));
    check(!strstr(strstr(train_job_view(job)->note.text, "not autosaved") + 1,
                  "not autosaved"));
    train_job_type.free(job);
    pool_free(r.pool);
    free(path);
    folder_done(folder);
    subject_done(&s);
}

int main(void)
{
    test_run(goes_on_from_any_step);
    test_run(keeping_changes_nothing);
    test_run(another_table_is_refused);
    test_run(damaged_files_are_refused);
    test_run(numbers_out_of_range_are_refused);
    test_run(empty_tensors_are_refused);
    test_run(jobs_go_on_until_they_are_done);
    test_run(a_folder_has_one_trainer);
    test_run(a_full_disk_loses_nothing);
    return test_done();
}
