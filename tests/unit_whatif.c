/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows with some cells changed: they are read and predicted as if the table had them so,
 * and the attention that moved is the one that moved. */
#include "base/mem.h"
#include "data/edit.h"
#include "data/vocabulary.h"
#include "fixture.h"
#include "lens/job_whatif.h"

enum { ROWS = 150, LAYERS = 2, HEADS = FIXTURE_HEADS, M = 3, CELLS = M * M, ROW = 17 };

/* An untrained model of a, b, kind, x and price. */
static struct fixture fixture_new(const char *target, int layers)
{
    return fixture_of(learnable_table(ROWS, -1), target, "weight", layers, 3, 2);
}

static struct whatif_job *job_of(struct fixture *f, const struct whatif_edit *edits,
                                 int n, int most)
{
    struct whatif_request q = {.model = f->model, .pool = f->pool, .data = f->s.data,
                               .row = ROW, .edits = edits, .n_edits = n, .most = most};
    struct whatif_job *j = whatif_job_new(&q);
    struct error err = {0};

    check(job_run(&whatif_job_type, j, &err));
    return j;
}

/* The same table as text, with other texts in one row. */
static struct dataset *table_with(const struct dataset *d,
                                  const struct whatif_edit *edits, int n)
{
    struct str text = {0};
    struct dataset *made;

    for (int c = 0; c < dataset_columns(d); c++)
        str_printf(&text, "%s%s", c ? "," : "", column_name(dataset_column(d, c)));
    for (size_t row = 0; row < dataset_rows(d); row++) {
        for (int c = 0; c < dataset_columns(d); c++) {
            struct cell cell = column_cell(dataset_column(d, c), row);

            for (int i = 0; i < n && row == ROW - 1; i++)
                if (strcmp(edits[i].column, column_name(dataset_column(d, c))) == 0)
                    cell = cell_of(edits[i].text);
            str_putc(&text, c ? ',' : '\n');
            csv_put_cell(&text, cell.text, cell.length);
        }
    }
    str_putc(&text, '\n');
    made = table_load(text.text, text.length);
    str_done(&text);
    return made;
}

/* To the last bit what comes out when the table is read with the cells as they would be,
 * in the middle of all its other rows. */
static void check_as_predicted(struct fixture *f, const struct whatif_edit *edits, int n)
{
    size_t outputs = (size_t)model_outputs(f->model);
    struct whatif_job *j = job_of(f, edits, n, 5);
    const float *found = whatif_job_outputs(j);
    struct dataset *tables[2] = {table_with(f->s.data, edits, 0),
                                 table_with(f->s.data, edits, n)};
    float *all = xcalloc(ROWS * outputs, sizeof *all);
    struct error err = {0};

    for (int k = 0; k < 2; k++) {
        struct frame *frame = encoder_apply_inputs(f->s.encoder, tables[k], &err);

        check(model_predict(f->model, f->pool, frame, NULL, ROWS, FILL_CLASS, all, &err));
        check(memcmp(all + (ROW - 1) * outputs, found + (size_t)k * outputs,
                     outputs * sizeof *all) == 0);
        frame_free(frame);
        dataset_unref(tables[k]);
    }
    free(all);
    whatif_job_type.free(j);
}

static void changed_rows_are_predicted_as_rows_of_a_table(void)
{
    static const char *const targets[] = {"yes", "kind", "price"};
    struct whatif_edit one = {.column = "a", .text = "s"};
    struct whatif_edit some[] = {{.column = "b", .text = "t"},
                                 {.column = "x", .text = "2.5"}};
    struct whatif_edit odd[] = {{.column = "a", .text = "never seen"},
                                {.column = "b", .text = ""},
                                {.column = "x", .text = "NA"}};
    struct whatif_edit unread = {.column = "x", .text = "tall"};

    for (int i = 0; i < 3; i++) {
        struct fixture f = fixture_new(targets[i], LAYERS);

        check_as_predicted(&f, &one, 1);
        check_as_predicted(&f, some, 2);
        check_as_predicted(&f, odd, 3);
        check_as_predicted(&f, &unread, 1);
        fixture_done(&f);
    }
}

static void it_is_said_how_texts_are_read(void)
{
    struct fixture f = fixture_new("yes", LAYERS);
    struct whatif_edit edits[] = {{.column = "a", .text = "q"},
                                  {.column = "b", .text = "never seen"},
                                  {.column = "kind", .text = "?"},
                                  {.column = "x", .text = "tall"}};
    struct whatif_job *j = job_of(&f, edits, 4, 0);
    const struct whatif_request *q = whatif_job_asked(j);
    struct cell cell = whatif_job_cell(j, &q->edits[0]);

    check_int(q->edits[0].reading, EDIT_KNOWN);
    check_int(q->edits[1].reading, EDIT_UNSEEN);
    check_int(q->edits[2].reading, EDIT_MISSING);
    check_int(q->edits[3].reading, EDIT_ODD);
    check(cell_equal(cell, column_cell(dataset_column(f.s.data, 0), ROW - 1)));
    whatif_job_type.free(j);
    fixture_done(&f);
}

/* Dates bring several features, of both kinds; plain columns have no dictionary. */
static void single_rows_are_encoded_as_all_are(void)
{
    struct str text = {0};
    struct dataset *d;
    struct subject s;
    struct error err = {0};

    str_puts(&text, "day,id,x,yes\n");
    for (int i = 0; i < 300; i++)
        str_printf(&text, "%04d-%02d-%02d,n%d,%s,%d\n", 2000 + i % 20, 1 + i % 12,
                   1 + i % 28, i * 7919, i % 9 ? "1.5" : "", i % 2);
    d = table_load(text.text, text.length);
    s = subject_new(d, "yes", NULL);
    check(s.encoder->n_categorical > 1 && s.encoder->n_continuous > 1);
    for (size_t row = 0; row < 300; row++) {
        struct frame *one = encoder_apply_row(s.encoder, d, row, &err);
        size_t m = (size_t)s.frame->n_categorical, c = (size_t)s.frame->n_continuous;

        check(one->rows == 1);
        check(memcmp(one->codes, s.frame->codes + row * m, m * sizeof *one->codes) == 0);
        check(memcmp(one->values, s.frame->values + row * c, c * sizeof *one->values)
              == 0);
        check_int(edit_cell(s.encoder, one, 0, "day", cell_of("2003-05-20")), EDIT_KNOWN);
        check_int(edit_cell(s.encoder, one, 0, "day", cell_of("last May")), EDIT_ODD);
        frame_free(one);
    }
    str_done(&text);
    subject_done(&s);
}

static void names_may_hold_equal_signs(void)
{
    struct str text = {0};
    struct subject s;
    const char *value = NULL;

    str_puts(&text, "a=b,\"new\nline\",c,yes\n");
    for (int i = 0; i < 60; i++)
        str_printf(&text, "%c,%c,%c,%d\n", "pq"[i % 2], "kl"[i % 5 > 1], "uv"[i % 3 == 0],
                   i % 2);
    s = subject_new(table_load(text.text, text.length), "yes", NULL);
    check_str(edit_split(s.encoder, s.data, "a=b=q=r", &value), "a=b");
    check_str(value, "q=r");
    check_str(edit_split(s.encoder, s.data, "c=", &value), "c");
    check_str(value, "");
    check_str(edit_split(s.encoder, s.data, "new\nline=k", &value),
              column_name(dataset_column(s.data, 1)));
    check_str(value, "k");
    check(edit_split(s.encoder, s.data, "d=1", &value) == NULL);
    check(edit_split(s.encoder, s.data, "c", &value) == NULL);
    check(edit_split(s.encoder, s.data, "a=1", &value) == NULL);
    check(edit_split(s.encoder, s.data, "yes=1", &value) == NULL);
    str_done(&text);
    subject_done(&s);
}

/* (LAYERS, HEADS, CELLS) of row `row` of a frame. */
static void read_attention(struct fixture *f, const struct frame *frame, uint32_t row,
                           real *out)
{
    struct error err = {0};
    struct look *l = look_new(f->model, f->pool, &err);

    look_at(l, frame, &row, 1);
    for (int layer = 0; layer < LAYERS; layer++)
        look_attention(l, layer, out + layer * HEADS * CELLS);
    look_free(l);
}

static void the_weights_that_moved_most_are_told(void)
{
    enum { ALL = LAYERS * HEADS * CELLS };
    struct fixture f = fixture_new("yes", LAYERS);
    struct whatif_edit edit = {.column = "b", .text = "w"};
    struct dataset *changed = table_with(f.s.data, &edit, 1);
    struct error err = {0};
    struct frame *after = encoder_apply_inputs(f.s.encoder, changed, &err);
    struct whatif_job *j = job_of(&f, &edit, 1, ALL), *few = job_of(&f, &edit, 1, 3);
    struct whatif_weight w[ALL], first[3];
    real was[ALL], is[ALL];
    double *mean = whatif_job_difference(j, 1);
    int n = whatif_job_weights(j, w);

    read_attention(&f, f.s.frame, ROW - 1, was);
    read_attention(&f, after, ROW - 1, is);
    check(n > 3 && n <= ALL);
    for (int i = 0; i < n; i++) {
        int at = ((w[i].layer * HEADS + w[i].head) * M + w[i].from) * M + w[i].to;

        check(w[i].before == (double)was[at] && w[i].after == (double)is[at]);
        check(i == 0 || fabs(w[i].after - w[i].before)
                            <= fabs(w[i - 1].after - w[i - 1].before));
        was[at] = is[at]; /* each is told once, and none that moved is left out */
    }
    check(memcmp(was, is, sizeof was) == 0);
    read_attention(&f, f.s.frame, ROW - 1, was);
    for (int i = 0; i < CELLS; i++) {
        int at = HEADS * CELLS + i;

        check_near(mean[i], ((double)is[at] - (double)was[at] + (double)is[at + CELLS]
                             - (double)was[at + CELLS]) / 2, 1e-7);
    }
    check_int(whatif_job_weights(few, first), 3);
    for (int i = 0; i < 3; i++)
        check(first[i].before == w[i].before && first[i].after == w[i].after);
    free(mean);
    whatif_job_type.free(j);
    whatif_job_type.free(few);
    frame_free(after);
    dataset_unref(changed);
    fixture_done(&f);
}

/* Continuous columns pass by the layers; a model may have none. */
static void attention_need_not_move(void)
{
    struct fixture f = fixture_new("yes", LAYERS), flat = fixture_new("yes", 0);
    struct whatif_edit edit = {.column = "x", .text = "3"};
    struct whatif_weight w[5];
    struct whatif_job *j = job_of(&f, &edit, 1, 5);

    check(whatif_job_attends(j));
    check_int(whatif_job_weights(j, w), 0);
    whatif_job_type.free(j);
    j = job_of(&flat, &edit, 1, 5);
    check(!whatif_job_attends(j));
    check_int(whatif_job_weights(j, w), 0);
    whatif_job_type.free(j);
    fixture_done(&f);
    fixture_done(&flat);
}

static void rows_that_are_not_there_are_refused(void)
{
    struct fixture f = fixture_new("yes", LAYERS);
    struct whatif_edit edit = {.column = "a", .text = "p"};
    struct whatif_request q = {.model = f.model, .pool = f.pool, .data = f.s.data,
                               .row = ROWS + 1, .edits = &edit, .n_edits = 1};
    struct whatif_job *j = whatif_job_new(&q);
    struct error err = {0};

    check(!job_run(&whatif_job_type, j, &err));
    check_str(err.text, "the table has 150 rows, so no row 151");
    whatif_job_type.free(j);
    fixture_done(&f);
}

int main(void)
{
    test_run(changed_rows_are_predicted_as_rows_of_a_table);
    test_run(it_is_said_how_texts_are_read);
    test_run(single_rows_are_encoded_as_all_are);
    test_run(names_may_hold_equal_signs);
    test_run(the_weights_that_moved_most_are_told);
    test_run(attention_need_not_move);
    test_run(rows_that_are_not_there_are_refused);
    return test_done();
}
