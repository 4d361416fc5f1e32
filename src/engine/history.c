/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/history.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/path.h"
#include "engine/metric.h"

enum { MOST_BYTES = 64 << 20, MOST_FIELDS = 32 };

/* Which number of a record stands in which column. */
struct header {
    size_t offsets[MOST_FIELDS]; /* in struct epoch_record; 0: another column */
    int n;
};

static size_t offset_of(const char *name, size_t n, enum task task)
{
    static const struct {
        const char *name;
        size_t offset;
    } own[] = {
        {"seconds", offsetof(struct epoch_record, seconds)},
        {"lr", offsetof(struct epoch_record, lr)},
        {"train_loss", offsetof(struct epoch_record, train_loss)},
        {"valid_loss", offsetof(struct epoch_record, valid.loss)},
    };
    const size_t valid = strlen("valid_");
    const struct metric_field *f;

    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (strlen(own[i].name) == n && memcmp(own[i].name, name, n) == 0)
            return own[i].offset;
    for (int i = 0; n > valid && (f = metric_field(task, i)); i++)
        if (strlen(f->name) == n - valid && memcmp(f->name, name + valid, n - valid) == 0)
            return offsetof(struct epoch_record, valid) + f->offset;
    return 0;
}

/* Returns what is behind the line. */
static const char *read_header(const char *text, enum task task, struct header *h)
{
    bool more = true;

    h->n = 0;
    while (more && h->n < MOST_FIELDS) {
        size_t n = strcspn(text, ",\n");

        h->offsets[h->n++] = offset_of(text, n, task);
        more = text[n] == ',';
        text += n + (text[n] != '\0');
    }
    return text;
}

/* The next line; false: there is none, or it is cut short or makes no sense. */
static bool read_record(const char **text, const struct header *h,
                        struct epoch_record *e)
{
    const char *p = *text;
    double x = 0;

    *e = (struct epoch_record){.lr = NAN, .train_loss = NAN};
    e->valid = (struct metrics){
        .loss = NAN, .auc = NAN, .accuracy = NAN, .f1 = NAN, .average_precision = NAN,
        .calibration_error = NAN, .rmse = NAN, .mae = NAN, .r2 = NAN,
    };
    for (int i = 0; i < h->n; i++) {
        size_t n = strcspn(p, ",\n");

        if (p[n] != (i + 1 < h->n ? ',' : '\n') || (n > 0 && !str_to_double(p, n, &x)))
            return false;
        if (i == 0)
            e->epoch = x >= 1 && x <= 1e6 ? (int)x : 0;
        else if (n > 0 && h->offsets[i] > 0)
            *(double *)((char *)e + h->offsets[i]) = x;
        p += n + 1;
    }
    *text = p;
    return true;
}

/* As the trainer judged them. */
static void judge(struct run *r)
{
    struct train_progress *p = &r->progress;
    int best = 0;

    for (size_t i = 0; i < r->n_history; i++) {
        struct epoch_record *e = &r->history[i];
        double value = train_watched(&r->settings.train, r->task, &e->valid);

        e->best = best == 0 || value > p->best;
        if (!e->best)
            continue;
        best = e->epoch;
        p->best = value;
    }
    if (r->files.resumable)
        return; /* its state knows */
    p->best_epoch = best;
    p->epoch = r->history[r->n_history - 1].epoch;
    p->seconds = r->history[r->n_history - 1].seconds;
}

static void read_lines(struct run *r, const char *text)
{
    struct epoch_record e;
    struct header h;

    if (!str_starts(text, "epoch,"))
        return;
    text = read_header(text, r->task, &h);
    while (read_record(&text, &h, &e) && e.epoch == (int)r->n_history + 1) {
        e.valid.rows = r->valid.rows > 0 ? r->valid.rows : 1;
        r->history = xgrow(r->history, r->n_history, &r->history_capacity,
                           sizeof *r->history);
        r->history[r->n_history++] = e;
    }
}

void history_read(struct run *r)
{
    char *path = xasprintf("%s/metrics.csv", r->folder);
    char *text = file_read(path, MOST_BYTES, NULL, NULL);

    r->n_history = 0;
    if (text)
        read_lines(r, text);
    if (r->n_history > 0)
        judge(r);
    free(text);
    free(path);
}
