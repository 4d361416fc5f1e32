/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is in a rectangle of a layout, against plain loops over the table. */
#include "base/mem.h"
#include "fixture.h"
#include "lens/brush.h"

enum { ROWS = 120, M = 3 };

/* Cells or values of an untrained model; x is their number a value or row, y the column. */
static struct scatter *scatter_of(const struct fixture *f, enum embedding_points points)
{
    struct embeddings_request q = {.rows = fixture_rows(f, PART_NONE), .first = 2,
                                   .last = 2, .points = points, .seed = 1};
    struct error err = {0};
    struct embeddings e;
    struct scatter *s;

    embeddings_init(&e, &q);
    while (embeddings_step(&e, &err) == STEP_MORE)
        ;
    s = scatter_new(&e, "r", 2, &err);
    if (!check(s != NULL)) {
        printf("# %s\n", err.text);
        exit(1);
    }
    for (size_t i = 0; i < s->n_points; i++) {
        s->layout[2 * i] = s->row_of ? (float)s->row_of[i] : (float)i;
        s->layout[2 * i + 1] = (float)s->values[s->value_of[i]].column;
    }
    scatter_settle(s);
    embeddings_done(&e);
    return s;
}

/* An untrained model of two of a, b, yes, kind and of the target. */
static struct fixture fixture_new(const char *target)
{
    return fixture_of(learnable_table(ROWS, -1), target, NULL, 2, 3, 1);
}

static const struct brush everything = {-1, 1e6, -1, 1e6};

static int32_t code_at(const struct fixture *f, size_t row, int column)
{
    return f->s.frame->codes[row * M + (size_t)column];
}

static bool has(const struct fixture *f, size_t row, const struct embedding_value *v)
{
    return code_at(f, row, v->column) == v->code;
}

/* Rows 10..39, columns 0 and 1. */
static void cells_rows_and_values_are_counted(void)
{
    struct fixture f = fixture_new("yes");
    struct scatter *s = scatter_of(&f, EMBEDDING_CELLS);
    struct brush brush = {10, 39, 0, 1};
    struct brushed *b = brush_look(s, &brush, NULL, 0);
    size_t values = 0;

    check_int(b->points, 60);
    check_int(b->all, ROWS * M);
    check_int(b->rows, 30);
    check_int(b->all_rows, ROWS);
    for (size_t i = 0; i < b->rows; i++)
        check_int(b->row_of[i], 10 + i);
    for (size_t v = 0; v < s->n_values; v++) {
        bool any = false;

        for (size_t row = 10; row < 40; row++)
            any |= s->values[v].column < 2 && has(&f, row, &s->values[v]);
        check(b->has[v] == any);
        values += any;
    }
    check_int(b->values, values);
    brushed_free(b);
    scatter_free(s);
    fixture_done(&f);
}

/* Of one column, the rows where it has a certain value. */
static struct brush brush_value(const struct fixture *f, struct scatter *s, size_t value)
{
    for (size_t i = 0; i < s->n_points; i++)
        s->layout[2 * i] = has(f, s->row_of[i], &s->values[s->value_of[i]])
            && s->value_of[i] == value ? -5 : (float)i;
    return (struct brush){-5, -5, -1, 10};
}

/* A value alone in the brush: all of it is that value. */
static void a_value_of_its_own_has_all_of_the_share(void)
{
    struct fixture f = fixture_new("yes");
    struct scatter *s = scatter_of(&f, EMBEDDING_CELLS);

    for (size_t v = 0; v < s->n_values; v++) {
        struct brush brush = brush_value(&f, s, v);
        struct brushed *b = brush_look(s, &brush, NULL, 0);

        check_int(b->points, s->values[v].rows);
        check_int(b->rows, s->values[v].rows);
        check_int(b->n_telling, 1);
        check_int(b->telling[0].value, v);
        check_int(b->telling[0].n, s->values[v].rows);
        check_near(b->telling[0].share, 1, 0);
        check_near(b->telling[0].lift, (double)(ROWS * M) / (double)s->values[v].rows,
                   1e-9);
        for (int i = 0; i < b->n_beside; i++) {
            const struct brush_share *x = &b->beside[i];
            size_t both = 0;

            for (size_t row = 0; row < ROWS; row++)
                both += has(&f, row, &s->values[v]) && has(&f, row, &s->values[x->value]);
            check(x->value != v);
            check_int(x->n, both);
            check_near(x->share, (double)both / (double)b->rows, 1e-9);
            check_near(x->lift, x->share * ROWS / (double)s->values[x->value].rows, 1e-9);
        }
        brushed_free(b);
    }
    scatter_free(s);
    fixture_done(&f);
}

/* kind follows from a and b, so with a and b of the brushed rows it is told. */
static void what_is_beside_is_told_by_weight(void)
{
    struct fixture f = fixture_new("yes");
    struct scatter *s = scatter_of(&f, EMBEDDING_CELLS);
    struct brush brush = {-5, -5, -5, 10};
    struct brushed *b;
    int found = 0;

    for (size_t row = 0; row < ROWS; row++) /* cells of a where kind is its first value */
        if (code_at(&f, row, 2) == 1)
            s->layout[2 * row * M] = -5;
    b = brush_look(s, &brush, NULL, 0);
    for (int i = 0; i < b->n_beside; i++) {
        const struct brush_share *x = &b->beside[i];

        found += s->values[x->value].column == 2 && s->values[x->value].code == 1;
        check(x->lift > 1);
        if (i > 0)
            check(x->share * log(x->lift)
                  <= x[-1].share * log(x[-1].lift) + 1e-12);
    }
    check_int(found, 1);
    check_near(b->beside[0].share, 1, 0); /* and it tells most */
    brushed_free(b);
    scatter_free(s);
    fixture_done(&f);
}

static void chance_tells_nothing(void)
{
    struct fixture f = fixture_new("yes");
    struct scatter *s = scatter_of(&f, EMBEDDING_CELLS);
    struct brush nothing = {-9, -8, -9, -8}, one = {5, 5, 0, 0};
    struct brushed *b = brush_look(s, &everything, NULL, 0);

    check_int(b->points, ROWS * M);
    check_int(b->n_telling + b->n_beside, 0);
    brushed_free(b);
    b = brush_look(s, &nothing, NULL, 0);
    check_int(b->points + b->rows + b->values, 0);
    check_int(b->n_telling + b->n_beside, 0);
    check(isnan(b->mean[0]) && !isnan(b->mean[1]));
    brushed_free(b);
    b = brush_look(s, &one, NULL, 0);
    check(b->points == 1 && b->rows == 1 && b->row_of[0] == 5);
    for (int i = 0; i < b->n_beside; i++) /* no value of one row is frequent in it */
        check(s->values[b->beside[i].value].rows < ROWS / 5);
    brushed_free(b);
    scatter_free(s);
    fixture_done(&f);
}

static void hidden_columns_do_not_count(void)
{
    static const bool hidden[] = {false, true};
    struct fixture f = fixture_new("yes");
    struct scatter *s = scatter_of(&f, EMBEDDING_CELLS);
    struct brush brush = {10, 39, 1, 1};
    struct brushed *b = brush_look(s, &brush, hidden, 2);

    check_int(b->points + b->rows, 0);
    check_int(b->all, ROWS * (M - 1));
    check_int(b->all_rows, ROWS);
    brushed_free(b);
    brush.top = 2;
    b = brush_look(s, &brush, hidden, 2);
    check_int(b->points, 30);
    for (int i = 0; i < b->n_beside; i++)
        check(b->beside[i].column != 1);
    brushed_free(b);
    scatter_free(s);
    fixture_done(&f);
}

/* ---- the target ---- */

/* What is true of some rows: how many are of each class, and the sum of the numbers, or
 * of the classes. */
struct truth {
    size_t counts[3];
    double sum;
};

static struct truth truth_of(const struct fixture *f, size_t from, size_t to)
{
    const struct encoder *e = f->s.encoder;
    struct truth t = {.sum = 0};

    for (size_t row = from; row < to; row++) {
        double y = (double)f->s.frame->target[row];

        if (e->n_classes > 0)
            t.counts[(size_t)y]++;
        t.sum += e->n_classes > 0 ? y : y * e->target_deviation + e->target_mean;
    }
    return t;
}

/* All cells of rows 0..29 against those of others. */
static void targets_are_those_of_cells(void)
{
    static const char *const targets[] = {"yes", "kind", "price"};

    for (int t = 0; t < 3; t++) {
        struct fixture f = fixture_new(targets[t]);
        struct scatter *s = scatter_of(&f, EMBEDDING_CELLS);
        struct brush brush = {0, 29, 0, 9};
        struct brushed *b = brush_look(s, &brush, NULL, 0);
        const struct encoder *e = f.s.encoder;
        size_t columns = (size_t)e->n_categorical;

        for (int side = 0; side < 2; side++) {
            size_t from = side ? 30 : 0, to = side ? ROWS : 30;
            struct truth truth = truth_of(&f, from, to);

            check_int(b->known[side], (to - from) * columns);
            for (int k = 0; k < e->n_classes; k++)
                check_int(b->class_rows[side][k], truth.counts[k] * columns);
            if (e->n_classes > 2)
                check(isnan(b->mean[side]));
            else
                check_near(b->mean[side], truth.sum / (double)(to - from), 1e-4);
            check((b->class_rows[side] != NULL) == (e->n_classes > 0));
        }
        brushed_free(b);
        scatter_free(s);
        fixture_done(&f);
    }
}

/* Of values those of all their cells: column 0 has each row once. */
static void values_have_the_targets_of_their_cells(void)
{
    static const char *const targets[] = {"yes", "kind", "price"};

    for (int t = 0; t < 3; t++) {
        struct fixture f = fixture_new(targets[t]);
        struct scatter *s = scatter_of(&f, EMBEDDING_VALUES);
        struct brush brush = {0, 1e6, 0, 0};
        struct brushed *b = brush_look(s, &brush, NULL, 0);
        const struct encoder *e = f.s.encoder;
        struct truth truth = truth_of(&f, 0, ROWS);
        size_t values = 0;

        for (size_t v = 0; v < s->n_values; v++)
            values += s->values[v].column == 0;
        check_int(b->points, values);
        check_int(b->all, s->n_values);
        check(b->rows == 0 && b->all_rows == 0 && !b->row_of);
        check_int(b->known[0], ROWS);
        check_int(b->known[1], s->encoder->n_categorical * ROWS - ROWS);
        for (int k = 0; k < e->n_classes; k++)
            check_int(b->class_rows[0][k], truth.counts[k]);
        if (e->n_classes <= 2)
            check_near(b->mean[0], truth.sum / ROWS, 1e-4);
        check_int(b->telling[0].column, 0); /* the column that is in it whole */
        check_int(b->telling[0].value, s->n_values);
        check_near(b->telling[0].share, 1, 0);
        check_int(b->n_beside, values);
        for (int i = 1; i < b->n_beside; i++)
            check(b->beside[i].n <= b->beside[i - 1].n);
        brushed_free(b);
        scatter_free(s);
        fixture_done(&f);
    }
}

int main(void)
{
    test_run(cells_rows_and_values_are_counted);
    test_run(a_value_of_its_own_has_all_of_the_share);
    test_run(what_is_beside_is_told_by_weight);
    test_run(chance_tells_nothing);
    test_run(hidden_columns_do_not_count);
    test_run(targets_are_those_of_cells);
    test_run(values_have_the_targets_of_their_cells);
    return test_done();
}
