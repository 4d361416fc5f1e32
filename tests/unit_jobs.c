/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The jobs that load and train, run here without the worker's thread. */
#include "base/mem.h"
#include "engine/job_train.h"
#include "subject.h"

/* What training says beside its figures, of a table of that many rows in which every row
 * is one of `distinct`. Caller frees. */
static char *notes_of_training(int rows, int distinct)
{
    struct train_request r = {
        .split = split_defaults(), .encode = encode_defaults(),
        .model = model_defaults(), .train = train_defaults(),
    };
    struct error err = {0};
    struct str text = {0};
    struct subject s;
    struct train_job *job;
    char *notes;

    str_puts(&text, "a,x,y\n");
    for (int i = 0; i < rows; i++)
        str_printf(&text, "%c,%d.5,%d\n", "pq"[i % 2], i % distinct, i % 2);
    s = subject_new(table_load(text.text, text.length), "y", NULL);
    r.data = s.data;
    r.schema = s.schema;
    r.model.dim = 4;
    r.model.layers = r.model.heads = 1;
    r.model.head_cap = 8;
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

    check_str(notes, "warning: only 6 of 600 rows differ, so nearly every row of the test "
                     "part stands in the training part too\n");
    free(notes);
    notes = notes_of_training(600, 8);
    check_str(notes, "");
    free(notes);
}

int main(void)
{
    test_run(training_warns_of_equal_rows);
    return test_done();
}
