/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Real tables from one end to the other: guess the kinds and compare them with those that
 * a person gave, set the target, split, fit, apply, and read the encoder back from JSON.
 * Skipped where the folder of reference data is not there.
 */
#include <dirent.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "data/encode.h"
#include "data/infer.h"
#include "shared.h"
#include "table.h"
#include "test.h"

enum { MAX_TABLES = 32 };

/* One line of INDEX.tsv. */
struct entry {
    char *name, *file, *target, *positive, *task;
    size_t rows, columns;
};

static struct entry entries[MAX_TABLES];
static int n_entries;
static size_t agreeing, compared;

static struct dataset *load_shared(const char *folder, const char *file, int delimiter)
{
    struct load_options o = {.delimiter = delimiter, .header = 1, .skip_set = true};
    struct error err = {0};
    struct str name = {0};
    struct dataset *d;
    char *path;

    str_printf(&name, "data/%s%s", folder, file);
    path = test_shared(str_text(&name));
    d = path ? dataset_load(path, &o, &err) : NULL;
    if (!d)
        printf("# %s: %s\n", str_text(&name), err.text);
    free(path);
    str_done(&name);
    return d;
}

static char *cell_text(const struct dataset *d, size_t row, const char *column)
{
    struct cell c = column_cell(dataset_column(d, dataset_find(d, column)), row);

    return strndup(c.length ? c.text : "", c.length);
}

static size_t cell_number(const struct dataset *d, size_t row, const char *column)
{
    char *text = cell_text(d, row, column);
    size_t number = strtoul(text, NULL, 10);

    free(text);
    return number;
}

static void free_entry(struct entry *e)
{
    free(e->name);
    free(e->file);
    free(e->target);
    free(e->positive);
    free(e->task);
}

/* The first file of each table. */
static void read_index(void)
{
    struct dataset *d = load_shared("", "INDEX.tsv", '\t');

    for (size_t row = 0; d && row < dataset_rows(d) && n_entries < MAX_TABLES; row++) {
        struct entry e = {.name = cell_text(d, row, "name"),
                          .file = cell_text(d, row, "file"),
                          .target = cell_text(d, row, "target"),
                          .positive = cell_text(d, row, "positive_class"),
                          .task = cell_text(d, row, "task"),
                          .rows = cell_number(d, row, "rows"),
                          .columns = cell_number(d, row, "columns")};

        if (n_entries == 0 || strcmp(entries[n_entries - 1].name, e.name) != 0)
            entries[n_entries++] = e;
        else
            free_entry(&e);
    }
    dataset_unref(d);
}

/* cat, cont or drop of a schema.tsv against a guess. */
static bool kinds_agree(const char *theirs, const struct schema_column *ours)
{
    if (strcmp(theirs, "cat") == 0)
        return ours->kind == KIND_CATEGORICAL;
    if (strcmp(theirs, "cont") == 0)
        return ours->kind == KIND_CONTINUOUS;
    return ours->kind == KIND_IGNORE;
}

static void compare_kinds(const struct entry *e, const struct schema *s)
{
    struct dataset *d = load_shared(e->name, "/schema.tsv", '\t');
    size_t agree = 0, all = 0;
    struct str odd = {0};

    for (size_t row = 0; d && row < dataset_rows(d); row++) {
        char *name = cell_text(d, row, "column"), *kind = cell_text(d, row, "kind");
        int column = schema_find(s, name);

        if (check(column >= 0) && strcmp(kind, "target") != 0) {
            bool same = kinds_agree(kind, &s->columns[column]);

            all++;
            agree += same;
            if (!same)
                str_printf(&odd, " %s=%s", name, kind);
        }
        free(name);
        free(kind);
    }
    printf("# %-18s kinds %zu of %zu%s%s\n", e->name, agree, all,
           odd.length ? ", not" : "", str_text(&odd));
    agreeing += agree;
    compared += all;
    dataset_unref(d);
    str_done(&odd);
}

static void check_target(const struct entry *e, struct schema *s, const struct dataset *d)
{
    struct str note = {0};
    struct error err = {0};

    if (!check(schema_set_target(s, d, schema_find(s, e->target), NULL, TASK_NONE, &note,
                                 &err)))
        printf("# %s\n", err.text);
    check(strncmp(e->task, task_name(s->task), strlen(task_name(s->task))) == 0);
    if (e->positive[0])
        check_str(s->positive, e->positive);
    /* none of these tables has a column that is the target */
    check(strstr(str_text(&note), "give the target away") == NULL);
    str_done(&note);
}

static void check_frame(const struct frame *f, const struct encoder *e,
                        const struct split *split)
{
    size_t bad = 0, without = 0;

    for (size_t row = 0; row < f->rows; row++) {
        for (int k = 0; k < f->n_categorical; k++) {
            int32_t code = f->codes[row * (size_t)f->n_categorical + (size_t)k];

            bad += code < 0 || code > e->categorical[k].classes;
        }
        for (int k = 0; k < f->n_continuous; k++)
            bad += !isfinite(f->values[row * (size_t)f->n_continuous + (size_t)k]);
        without += isnan(f->target[row]);
        bad += isnan(f->target[row]) != (split->part[row] == PART_NONE);
    }
    check_int(bad, 0);
    check_int(without, split->count[PART_NONE]);
}

/* Each feature's counts sum up to the training rows. */
static void check_counts(const struct encoder *e, const struct split *split)
{
    for (int k = 0; k < e->n_categorical; k++) {
        size_t sum = 0;

        for (int code = 0; code <= e->categorical[k].classes; code++)
            sum += e->categorical[k].counts[code];
        check_int(sum, split->count[PART_TRAIN]);
    }
    for (int i = 0; i < e->n_classes; i++)
        check(e->class_counts[i] > 0);
}

static void check_json(const struct encoder *e, const struct dataset *d,
                       const struct frame *f)
{
    json_t *j = encoder_to_json(e);
    struct error err = {0};
    struct encoder *back = encoder_from_json(j, &err);
    struct frame *again = back ? encoder_apply(back, d, NULL, &err) : NULL;

    if (check(again != NULL)) {
        size_t rows = f->rows;

        check(!f->codes ||
              memcmp(f->codes, again->codes,
                     rows * (size_t)f->n_categorical * sizeof *f->codes) == 0);
        check(!f->values ||
              memcmp(f->values, again->values,
                     rows * (size_t)f->n_continuous * sizeof *f->values) == 0);
    }
    frame_free(again);
    encoder_unref(back);
    json_decref(j);
}

static void check_encoding(const struct entry *entry, const struct dataset *d,
                           const struct schema *s, enum scaling scaling)
{
    struct split_options so = split_defaults();
    struct encode_options eo = encode_defaults();
    struct error err = {0};
    double begin = clock_seconds(), fitted;
    struct split *split = split_new(d, s, &so, &err);
    struct encoder *e;
    struct frame *f;

    eo.scaling = scaling;
    e = split ? encoder_fit(d, s, split, &eo, NULL, &err) : NULL;
    fitted = clock_seconds();
    f = e ? encoder_apply(e, d, NULL, &err) : NULL;
    if (check(f != NULL)) {
        printf("# %-18s %zu rows, %d + %d features, split and fit %.3f s, apply %.3f s\n",
               entry->name, f->rows, f->n_categorical, f->n_continuous, fitted - begin,
               clock_seconds() - fitted);
        check_frame(f, e, split);
        check_counts(e, split);
        if (scaling == SCALING_QUANTILE)
            check_json(e, d, f);
    } else {
        printf("# %s\n", err.text);
    }
    frame_free(f);
    encoder_unref(e);
    split_free(split);
}

static void check_table(const struct entry *e)
{
    struct dataset *d = load_shared("", e->file, ',');
    struct schema *s;
    double begin = clock_seconds();

    if (!check(d != NULL))
        return;
    s = infer_schema(d);
    printf("# %-18s infer %.3f s\n", e->name, clock_seconds() - begin);
    check_int(dataset_rows(d), e->rows);
    check_int(dataset_columns(d), e->columns);
    compare_kinds(e, s);
    check_target(e, s, d);
    check_encoding(e, d, s, SCALING_QUANTILE);
    check_encoding(e, d, s, SCALING_STANDARD);
    schema_free(s);
    dataset_unref(d);
}

static void tables_become_batches(void)
{
    char *index = test_shared("data/INDEX.tsv");

    if (!index) {
        test_skip("no reference data");
        return;
    }
    free(index);
    read_index();
    check_int(n_entries, 14);
    for (int i = 0; i < n_entries; i++) {
        check_table(&entries[i]);
        free_entry(&entries[i]);
    }
    printf("# kinds agree for %zu of %zu columns\n", agreeing, compared);
    check((double)agreeing >= 0.97 * (double)compared);
}

/* Whatever a table holds: each step succeeds or says why not, and numbers are finite. */
static bool go_through(const struct dataset *d)
{
    struct schema *s = infer_schema(d);
    struct split_options so = split_defaults();
    struct encode_options eo = encode_defaults();
    struct error err = {0};
    struct split *split = NULL;
    struct encoder *e = NULL;
    struct frame *f = NULL;
    bool all;

    so.valid = so.test = 0; /* many have two rows only */
    if (schema_set_target(s, d, s->n_columns - 1, NULL, TASK_NONE, NULL, &err))
        split = split_new(d, s, &so, &err);
    if (split)
        e = encoder_fit(d, s, split, &eo, NULL, &err);
    if (e)
        f = encoder_apply(e, d, NULL, &err);
    all = f != NULL;
    if (f) {
        check_frame(f, e, split);
        check_json(e, d, f);
    } else {
        check(err.text[0] != '\0');
    }
    frame_free(f);
    encoder_unref(e);
    split_free(split);
    schema_free(s);
    return all;
}

static void hostile_tables_are_survived(void)
{
    char *folder = test_shared("hostile/own/tables");
    DIR *dir = folder ? opendir(folder) : NULL;
    struct dirent *entry;
    int loaded = 0, encoded = 0;

    if (!dir)
        test_skip("no hostile tables");
    while (dir && (entry = readdir(dir))) {
        struct load_options o = {0};
        struct error err = {0};
        struct str path = {0};
        struct dataset *d;

        str_printf(&path, "%s/%s", folder, entry->d_name);
        d = dataset_load(str_text(&path), &o, &err);
        str_done(&path);
        if (!d)
            continue;
        loaded++;
        encoded += go_through(d);
        dataset_unref(d);
    }
    if (dir) {
        printf("# %d tables loaded, %d of them encoded\n", loaded, encoded);
        check(encoded > 20);
        closedir(dir);
    }
    free(folder);
}

int main(void)
{
    test_run(tables_become_batches);
    test_run(hostile_tables_are_survived);
    return test_done();
}
