/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Embeddings of cells and values against single looks and PyTorch, the nearest of them
 * against a plain loop, and the files they are written to. */
#include <sys/stat.h>

#include "base/mem.h"
#include "base/path.h"
#include "data/vocabulary.h"
#include "fixture.h"
#include "lens/cosine.h"
#include "lens/job_embeddings.h"
#include "nn/params.h"
#include "nn/safetensors.h"
#include "shared.h"

enum { ROWS = 150, LAYERS = 2, M = 3, WIDTH = FIXTURE_DIM };

/* An untrained model of a, b and kind, with the continuous columns x and price. */
static struct fixture fixture_new(int layers, const char *target)
{
    return fixture_of(learnable_table(ROWS, -1), target, NULL, layers, 3, 2);
}

static struct embeddings_request request_of(const struct fixture *f,
                                            enum embedding_points points)
{
    return (struct embeddings_request){
        .rows = fixture_rows(f, PART_NONE),
        .first = 0, .last = -1, .points = points, .seed = 1};
}

static void find(struct embeddings *e, const struct embeddings_request *q)
{
    struct error err = {0};
    enum step step;

    embeddings_init(e, q);
    while ((step = embeddings_step(e, &err)) == STEP_MORE)
        ;
    if (!check_int(step, STEP_DONE))
        printf("# %s\n", err.text);
}

/* ---- points ---- */

/* (rows of e, columns, width) of a layer, each row looked at alone. */
static real *looked_at(const struct embeddings *e, int layer)
{
    size_t size = (size_t)e->columns * (size_t)e->width;
    real *x = xcalloc(e->n_rows * size, sizeof *x);
    struct error err = {0};
    struct look *l = look_new(e->rows.asked.model, e->rows.asked.pool, &err);

    for (size_t i = 0; i < e->n_rows; i++) {
        look_at(l, e->rows.frame, &e->picked[i], 1);
        look_hidden(l, layer, x + i * size);
    }
    look_free(l);
    return x;
}

static void cells_are_what_the_layers_hold(void)
{
    struct fixture f = fixture_new(LAYERS, "yes");
    struct embeddings_request q = request_of(&f, EMBEDDING_CELLS);
    struct embeddings e;

    q.rows.part = PART_TRAIN;
    find(&e, &q);
    check_int(e.n_rows, f.s.split->count[PART_TRAIN]);
    check_int(e.n_points, e.n_rows * M);
    for (int layer = 0; layer <= LAYERS; layer++) {
        real *want = looked_at(&e, layer);
        const float *got = embeddings_points(&e, layer);
        size_t wrong = 0;

        for (size_t i = 0; i < e.n_points * WIDTH; i++)
            wrong += got[i] != want[i];
        check_int(wrong, 0);
        free(want);
    }
    for (size_t i = 0; i < e.n_rows; i++) {
        check_int(f.s.split->part[e.picked[i]], PART_TRAIN);
        check(i == 0 || e.picked[i] > e.picked[i - 1]);
    }
    embeddings_done(&e);
    fixture_done(&f);
}

/* Mean of column c over the rows with that code, of the target likewise. */
static void check_mean(const struct fixture *f, const struct embeddings *e, size_t v,
                       int layer, const real *cells)
{
    const struct embedding_value *value = &e->values[v];
    double sum[WIDTH] = {0}, yes = 0;
    size_t rows = 0;

    for (size_t i = 0; i < e->n_rows; i++) {
        if (f->s.frame->codes[e->picked[i] * M + (size_t)value->column] != value->code)
            continue;
        rows++;
        yes += (double)f->s.frame->target[e->picked[i]];
        for (int k = 0; k < WIDTH; k++)
            sum[k] += (double)cells[(i * M + (size_t)value->column) * WIDTH + (size_t)k];
    }
    check(rows > 0);
    check_int(value->rows, rows);
    check_near(value->target, yes / (double)rows, 1e-12);
    for (int k = 0; k < WIDTH; k++)
        check_near((double)embeddings_points(e, layer)[v * WIDTH + (size_t)k],
                   sum[k] / (double)rows, 1e-6);
}

static void values_are_the_means_of_their_cells(void)
{
    struct fixture f = fixture_new(LAYERS, "yes");
    struct embeddings_request q = request_of(&f, EMBEDDING_VALUES);
    struct embeddings e;

    find(&e, &q);
    check_int(e.n_points, e.n_values);
    check_int(e.n_values, 4 + 4 + 3);
    for (int layer = 0; layer <= LAYERS; layer++) {
        real *cells = looked_at(&e, layer);

        for (size_t v = 0; v < e.n_values; v++)
            check_mean(&f, &e, v, layer, cells);
        free(cells);
    }
    for (size_t v = 1; v < e.n_values; v++)
        check(e.values[v].column > e.values[v - 1].column
              || e.values[v].code > e.values[v - 1].code);
    embeddings_done(&e);
    fixture_done(&f);
}

static void regressions_have_means_in_their_own_unit(void)
{
    struct fixture f = fixture_new(1, "price");
    struct embeddings_request q = request_of(&f, EMBEDDING_VALUES);
    struct embeddings e;
    double sum = 0;
    size_t rows = 0;

    find(&e, &q);
    for (size_t i = 0; i < ROWS; i++) {
        struct cell cell = column_cell(dataset_column(f.s.data, 5), i);
        double price;

        check(str_to_double(cell.text, cell.length, &price));
        if (f.s.frame->codes[i * (size_t)e.columns] == e.values[0].code) {
            sum += price;
            rows++;
        }
    }
    check_near(e.values[0].target, sum / (double)rows, 1e-3);
    embeddings_done(&e);
    fixture_done(&f);
}

static void threads_do_not_matter(void)
{
    struct fixture f = fixture_new(LAYERS, "yes");
    struct embeddings_request q = request_of(&f, EMBEDDING_VALUES);
    struct embeddings one, two;
    struct error err = {0};

    find(&two, &q);
    q.rows.pool = pool_new(1, &err);
    find(&one, &q);
    check(memcmp(one.x, two.x, 3 * one.n_values * WIDTH * sizeof *one.x) == 0);
    embeddings_done(&one);
    embeddings_done(&two);
    pool_free(q.rows.pool);
    fixture_done(&f);
}

static void rows_are_drawn_by_the_seed(void)
{
    struct fixture f = fixture_new(1, "yes");
    struct embeddings_request q = request_of(&f, EMBEDDING_CELLS);
    struct embeddings e[3];
    size_t same = 0;

    q.most = 20;
    find(&e[0], &q);
    find(&e[1], &q);
    q.seed = 2;
    find(&e[2], &q);
    for (int k = 0; k < 3; k++)
        check_int(e[k].n_rows, 20);
    for (size_t i = 0; i < 20; i++) {
        check(e[0].picked[i] == e[1].picked[i] && e[0].picked[i] < ROWS);
        check(i == 0 || e[0].picked[i] > e[0].picked[i - 1]);
        same += e[0].picked[i] == e[2].picked[i];
    }
    check(same < 20);
    for (int k = 0; k < 3; k++)
        embeddings_done(&e[k]);
    fixture_done(&f);
}

static void models_without_layers_have_the_first_one(void)
{
    struct fixture f = fixture_new(0, "yes");
    struct embeddings_request q = request_of(&f, EMBEDDING_VALUES);
    struct embeddings e;
    real *cells;

    find(&e, &q);
    check_int(e.asked.last, 0);
    cells = looked_at(&e, 0);
    for (size_t i = 0; i < e.n_rows; i++) /* they do not depend on the row */
        check_near((double)cells[i * M * WIDTH],
                   (double)e.x[embeddings_value(&e, i, 0) * WIDTH], 1e-6);
    free(cells);
    embeddings_done(&e);
    fixture_done(&f);
}

static void what_is_not_there_is_refused(void)
{
    struct fixture f = fixture_new(LAYERS, "yes");
    struct embeddings_request q = request_of(&f, EMBEDDING_VALUES);
    struct error err = {0};
    struct embeddings e;
    enum step step;

    q.first = q.last = 3;
    embeddings_init(&e, &q);
    while ((step = embeddings_step(&e, &err)) == STEP_MORE)
        ;
    check_int(step, STEP_FAILED);
    check_str(err.text, "the model has 2 layers, so no embeddings behind layer 3");
    embeddings_done(&e);
    q.first = q.last = 1;
    find(&e, &q);
    check(embeddings_find(&e, "a=p", &err) >= 0);
    check(embeddings_find(&e, "a=other", &err) < 0);
    check_str(err.text, "no row that was looked at has \"other\" in a, as training knew "
              "it; there are s, p, r, q");
    check(embeddings_find(&e, "a=", &err) < 0);
    check_str(err.text, "no row that was looked at misses a");
    check(embeddings_find(&e, "x=1", &err) < 0);
    check_str(err.text, "x=1 names no categorical column of the model; write "
              "COLUMN=VALUE");
    check(embeddings_find(&e, "a", &err) < 0);
    embeddings_done(&e);
    fixture_done(&f);
}

/* ---- PyTorch ---- */

/* Cells that become the codes of the reference: classes of equal frequency are in the
 * order of their texts, missing ones are empty. */
static struct dataset *table_of_codes(const struct safetensors_tensor *codes)
{
    struct str text = {0};
    struct dataset *d;

    str_puts(&text, "c0,c1,x,y\nv1,v1,1,yes\nv2,v1,2,no\nv1,v1,3,yes\nv2,z,4,no\n");
    for (uint64_t i = 0; i < codes->shape[0]; i++) {
        for (int c = 0; c < 2; c++) {
            int64_t code;

            memcpy(&code, (const char *)codes->data + (i * 2 + (uint64_t)c) * 8,
                   sizeof code);
            if (code > 0)
                str_printf(&text, "v%d", (int)code);
            str_putc(&text, ',');
        }
        str_puts(&text, "1,yes\n");
    }
    d = table_load(text.text, text.length);
    str_done(&text);
    return d;
}

/* Fitted on the first four rows only, and on what is there twice: in the others there are
 * cells of no known class. */
static struct encoder *reference_encoder(const struct dataset *d, struct schema *s)
{
    struct encode_options options = encode_defaults();
    size_t rows = dataset_rows(d);
    struct split split = {.rows = rows, .part = xcalloc(rows, 1), .count = {0, 4}};
    struct error err = {0};
    struct encoder *e;

    options.min_count = 2;
    check(schema_mark(s, 0, KIND_CATEGORICAL, &err));
    check(schema_mark(s, 1, KIND_CATEGORICAL, &err));
    check(schema_mark(s, 2, KIND_CONTINUOUS, &err));
    check(schema_set_target(s, d, 3, "yes", TASK_BINARY, NULL, &err));
    memset(split.part, PART_TRAIN, 4);
    e = encoder_fit(d, s, &split, &options, NULL, &err);
    free(split.part);
    return e;
}

static void take_parameters(struct model *m, struct safetensors *file)
{
    struct params *p = model_params(m);

    for (int i = 0; i < p->n; i++) {
        char name[96];
        const struct safetensors_tensor *t;

        snprintf(name, sizeof name, "parameter.%s", p->list[i].name);
        t = safetensors_find(file, name);
        if (strncmp(p->list[i].name, "layers", 6) == 0
            || strncmp(p->list[i].name, "columns", 7) == 0) {
            if (check(t != NULL))
                memcpy(param_value(p, i), t->data, p->list[i].count * sizeof(real));
        }
    }
}

static void layers_are_those_of_pytorch(void)
{
    char *path = test_source("tests/reference/binary.safetensors");
    struct error err = {0};
    struct safetensors *file = safetensors_open(path, &err);
    struct dataset *d = table_of_codes(safetensors_find(file, "input.categorical"));
    struct schema *s = infer_schema(d);
    struct encoder *encoder = reference_encoder(d, s);
    struct model_options o = model_defaults();
    struct fixture f = {.pool = pool_new(2, &err)};
    struct embeddings_request q;
    struct embeddings e;
    size_t wrong = 0;

    check_int(encoder->n_categorical, 2);
    o.dim = 8;
    o.layers = o.heads = 2;
    o.identifier = 1;
    f.model = model_new(&o, encoder, 1, &err);
    take_parameters(f.model, file);
    f.s.data = d;
    f.s.schema = s;
    q = request_of(&f, EMBEDDING_CELLS);
    find(&e, &q);
    for (int layer = 0; layer <= 2; layer++) {
        char name[32];
        const float *want, *got = embeddings_points(&e, layer) + 4 * 2 * 8;

        snprintf(name, sizeof name, "output.hidden.%d", layer);
        want = safetensors_find(file, name)->data;
        for (int i = 0; i < 19 * 2 * 8; i++)
            wrong += !(fabs((double)got[i] - (double)want[i])
                       <= 1e-5 + 1e-4 * fabs((double)want[i]));
    }
    check_int(wrong, 0);
    embeddings_done(&e);
    model_unref(f.model);
    pool_free(f.pool);
    encoder_unref(encoder);
    schema_free(s);
    dataset_unref(d);
    safetensors_free(file);
    free(path);
}

/* ---- nearest ---- */

static void nearest_are_those_of_a_plain_loop(void)
{
    enum { N = 200, D = 5, K = 9 };
    struct rng r = rng_make(5, RNG_TEST, 0);
    float x[N * D];
    uint32_t index[N];
    double cosine[N];

    for (int i = 0; i < N * D; i++)
        x[i] = (float)rng_normal(&r);
    memcpy(x + 7 * D, x + 30 * D, D * sizeof *x); /* equal ones go by number */
    memset(x + 11 * D, 0, D * sizeof *x);         /* without a direction */
    for (size_t of = 0; of < N; of += 7) {
        check_int(cosine_nearest(x, N, D, of, K, index, cosine), K);
        for (size_t k = 0; k < K; k++) {
            size_t before = 0;

            check_near(cosine[k], cosine_of(x + of * D, x + index[k] * D, D), 0);
            for (size_t i = 0; i < N; i++) {
                double c = cosine_of(x + of * D, x + i * D, D);

                before += i != of && (c > cosine[k] || (c == cosine[k] && i < index[k]));
            }
            check_int(before, k);
        }
    }
    check_int(cosine_nearest(x, 3, D, 0, K, index, cosine), 2);
    check_near(cosine_of(x, x, D), 1, 1e-12);
    check_near(cosine_of(x, x + 11 * D, D), 0, 0);
}

/* ---- files ---- */

/* A model of a table whose names and values want quotes, as CSV and as TSV. */
static struct fixture hostile_fixture(void)
{
    return fixture_of(table_of(
        "\"" "a \"\"b\"\",\n\tc" "\",x,y\n"
        "\"=1+1, \"\"q\"\"\",1,yes\n\"t\tn\nr\rz\",2,no\n`id`,3,yes\n\"\",4,no\n"
        "\"=1+1, \"\"q\"\"\",5,yes\n\"t\tn\nr\rz\",6,no\n`id`,7,yes\n,8,no\n"
        "\"=1+1, \"\"q\"\"\",9,yes\n\"t\tn\nr\rz\",1,no\n`id`,2,yes\n,3,no\n"
        "\"=1+1, \"\"q\"\"\",4,yes\n\"t\tn\nr\rz\",5,no\n`id`,6,yes\n,7,no\n"),
        "y", NULL, 1, 3, 1);
}

static char *written(const struct fixture *f, const char *path,
                     enum embedding_points points, char **metadata)
{
    char *metadata_path = embeddings_metadata_path(path), *text;
    struct embeddings_job_request q = {"r", request_of(f, points), path, metadata_path};
    struct embeddings_job *j;
    struct error err = {0};

    q.embeddings.first = -1;
    j = embeddings_job_new(&q);
    if (!check(job_run(&embeddings_job_type, j, &err)))
        printf("# %s\n", err.text);
    embeddings_job_type.free(j);
    text = file_read(path, 1 << 20, NULL, &err);
    if (metadata_path)
        *metadata = file_read(metadata_path, 1 << 20, NULL, &err);
    unlink(path);
    if (metadata_path)
        unlink(metadata_path);
    free(metadata_path);
    return text;
}

static void csv_reads_back(void)
{
    struct fixture f = hostile_fixture();
    struct embeddings_request q = request_of(&f, EMBEDDING_VALUES);
    char *text = written(&f, "unit_embeddings.csv", EMBEDDING_VALUES, NULL);
    struct dataset *d = table_of(text);
    struct embeddings e;

    find(&e, &q);
    check_int(dataset_rows(d), e.n_values);
    check_int(dataset_columns(d), 4 + WIDTH);
    check_str(column_original_name(dataset_column(d, 3)).text, "positive");
    for (size_t v = 0; v < e.n_values; v++) {
        struct cell name = column_cell(dataset_column(d, 0), v);
        struct cell value = column_cell(dataset_column(d, 1), v);
        const char *want = embedding_text(f.s.encoder, &e.values[v]);

        check_int(name.length, strlen(f.s.encoder->categorical[0].name));
        check(memcmp(name.text, f.s.encoder->categorical[0].name, name.length) == 0);
        check_int(value.length, strlen(want));
        check(memcmp(value.text, want, value.length) == 0);
        for (int k = 0; k < WIDTH; k++) {
            struct cell cell = column_cell(dataset_column(d, 4 + k), v);
            double x;

            check(str_to_double(cell.text, cell.length, &x));
            check((float)x == embeddings_points(&e, 1)[v * WIDTH + (size_t)k]);
        }
    }
    embeddings_done(&e);
    dataset_unref(d);
    free(text);
    fixture_done(&f);
}

static size_t count(const char *text, char c)
{
    size_t n = 0;

    for (; *text; text++)
        n += *text == c;
    return n;
}

static void cells_are_written_row_by_row(void)
{
    struct fixture f = fixture_new(1, "kind");
    struct embeddings_request q = request_of(&f, EMBEDDING_CELLS);
    char *text = written(&f, "unit_embeddings_cells.csv", EMBEDDING_CELLS, NULL);
    struct dataset *d = table_of(text);
    struct embeddings e;

    find(&e, &q);
    check_int(dataset_rows(d), e.n_points);
    for (size_t i = 0; i < e.n_points; i++) {
        struct cell row = column_cell(dataset_column(d, 0), i);
        struct cell kind = column_cell(dataset_column(d, 3), i);
        struct cell last = column_cell(dataset_column(d, 3 + WIDTH), i);
        double number, x;

        check(str_to_double(row.text, row.length, &number));
        check_int((size_t)number, i / (size_t)e.columns + 1);
        check(cell_equal(kind, column_cell(dataset_column(f.s.data, 4),
                                           i / (size_t)e.columns)));
        check(str_to_double(last.text, last.length, &x));
        check((float)x == embeddings_points(&e, 1)[i * WIDTH + WIDTH - 1]);
    }
    embeddings_done(&e);
    dataset_unref(d);
    free(text);
    fixture_done(&f);
}

/* No cell of a TSV may hold what separates them. */
static void tsv_is_two_files(void)
{
    struct fixture f = hostile_fixture();
    char *metadata = NULL;
    char *text = written(&f, "unit_embeddings.tsv", EMBEDDING_VALUES, &metadata);

    check_int(count(text, '\n'), 4);
    check_int(count(text, '\t'), 4 * (WIDTH - 1));
    check_str(metadata, "column\tvalue\trows\tpositive\n"
              "a \"b\",^J^Ic\t(missing)\t4\t0\n"
              "a \"b\",^J^Ic\t=1+1, \"q\"\t4\t1\n"
              "a \"b\",^J^Ic\t`id`\t4\t1\n"
              "a \"b\",^J^Ic\tt n r z\t4\t0\n");
    free(text);
    free(metadata);
    fixture_done(&f);
}

static void what_is_stopped_leaves_no_file(void)
{
    struct fixture f = fixture_new(1, "yes");
    struct embeddings_job_request q = {"r", request_of(&f, EMBEDDING_CELLS),
                                       "unit_embeddings_stopped.csv", NULL};
    struct embeddings_job *j;
    struct error err = {0};
    struct stat st;
    size_t done = 0, rows;

    q.embeddings.first = -1;
    j = embeddings_job_new(&q);
    while (done == 0 && check(embeddings_job_type.run(j, &err) == STEP_MORE)) {
        embeddings_job_type.publish(j);
        embeddings_job_view(j, &done, &rows);
    }
    check(done < rows && rows == ROWS);
    embeddings_job_type.free(j);
    check(stat(q.path, &st) != 0);
    fixture_done(&f);
}

static void what_cannot_be_written_fails(void)
{
    struct fixture f = fixture_new(1, "yes");
    struct embeddings_job_request q = {"r", request_of(&f, EMBEDDING_VALUES),
                                       "no such folder/e.csv", NULL};
    struct embeddings_job *j = embeddings_job_new(&q);
    struct error err = {0};

    check(!job_run(&embeddings_job_type, j, &err));
    check(strstr(err.text, "no such folder/e.csv") != NULL);
    embeddings_job_type.free(j);
    fixture_done(&f);
}

int main(void)
{
    test_run(cells_are_what_the_layers_hold);
    test_run(values_are_the_means_of_their_cells);
    test_run(regressions_have_means_in_their_own_unit);
    test_run(threads_do_not_matter);
    test_run(rows_are_drawn_by_the_seed);
    test_run(models_without_layers_have_the_first_one);
    test_run(what_is_not_there_is_refused);
    test_run(layers_are_those_of_pytorch);
    test_run(nearest_are_those_of_a_plain_loop);
    test_run(csv_reads_back);
    test_run(cells_are_written_row_by_row);
    test_run(tsv_is_two_files);
    test_run(what_is_stopped_leaves_no_file);
    test_run(what_cannot_be_written_fails);
    return test_done();
}
