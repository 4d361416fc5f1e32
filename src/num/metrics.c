/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "num/metrics.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct scored {
    float score;
    unsigned char positive;
};

static int by_score(const void *a, const void *b)
{
    float x = ((const struct scored *)a)->score, y = ((const struct scored *)b)->score;

    return (x > y) - (x < y);
}

/* Sorted by rising score; caller frees. */
static struct scored *sort(const float *score, const unsigned char *positive, size_t n)
{
    struct scored *s = xmalloc((n + 1) * sizeof *s);

    for (size_t i = 0; i < n; i++)
        s[i] = (struct scored){score[i], positive[i] != 0};
    qsort(s, n, sizeof *s, by_score);
    return s;
}

/* Number of rows from i on that share its score. */
static size_t ties(const struct scored *s, size_t i, size_t n, size_t *positives)
{
    size_t k = i;

    *positives = 0;
    for (; k < n && s[k].score == s[i].score; k++)
        *positives += s[k].positive;
    return k - i;
}

/* Mann and Whitney: pairs (positive, negative) in the right order, ties count half. */
double metric_auc(const float *score, const unsigned char *positive, size_t n)
{
    struct scored *s = sort(score, positive, n);
    double pairs = 0;
    size_t negatives = 0, positives = 0;

    for (size_t i = 0; i < n;) {
        size_t p, k = ties(s, i, n, &p);

        pairs += (double)p * ((double)negatives + 0.5 * (double)(k - p));
        negatives += k - p;
        positives += p;
        i += k;
    }
    free(s);
    return positives && negatives ? pairs / ((double)positives * (double)negatives) : NAN;
}

double metric_average_precision(const float *score, const unsigned char *positive,
                                size_t n)
{
    struct scored *s = sort(score, positive, n);
    double sum = 0;
    size_t all = 0, found = 0;

    for (size_t i = 0; i < n; i++)
        all += s[i].positive;
    for (size_t i = n; i > 0;) { /* by falling score */
        size_t k = i, p = 0;

        while (k > 0 && s[k - 1].score == s[i - 1].score)
            p += s[--k].positive;
        found += p;
        sum += (double)p * (double)found / (double)(n - k);
        i = k;
    }
    free(s);
    return all ? sum / (double)all : NAN;
}

static bool turns(struct roc_point a, struct roc_point b, struct roc_point c)
{
    return (b.x - a.x) * (c.y - b.y) != (b.y - a.y) * (c.x - b.x);
}

/* All corners of the curve, by falling score; returns how many. */
static size_t corners(const struct scored *s, size_t n, size_t positives,
                      struct roc_point *out)
{
    size_t hits = 0, alarms = 0, count = 1;

    out[0] = (struct roc_point){0, 0};
    for (size_t i = n; i > 0;) {
        struct roc_point p;
        size_t k = i;

        for (; k > 0 && s[k - 1].score == s[i - 1].score; k--) {
            hits += s[k - 1].positive;
            alarms += !s[k - 1].positive;
        }
        i = k;
        p.x = (float)((double)alarms / (double)(n - positives));
        p.y = (float)((double)hits / (double)positives);
        if (count > 1 && !turns(out[count - 2], out[count - 1], p))
            count--;
        out[count++] = p;
    }
    return count;
}

/* The curve rises and goes right only, so its way from corner to corner is 2 long. */
static int thin_out(const struct roc_point *all, size_t n, int most,
                    struct roc_point *out)
{
    double way = 2.0 / (most - 1);
    int count = 1;

    out[0] = all[0];
    for (size_t i = 1; i + 1 < n && count < most - 1; i++)
        if ((double)all[i].x + (double)all[i].y >= count * way)
            out[count++] = all[i];
    out[count++] = all[n - 1];
    return count;
}

int metric_roc(const float *score, const unsigned char *positive, size_t n, int most,
               struct roc_point *out)
{
    struct scored *s = sort(score, positive, n);
    struct roc_point *all;
    size_t positives = 0, count;

    for (size_t i = 0; i < n; i++)
        positives += s[i].positive;
    if (positives == 0 || positives == n) {
        free(s);
        return 0;
    }
    all = xmalloc((n + 1) * sizeof *all);
    count = corners(s, n, positives, all);
    if (count > (size_t)most)
        count = (size_t)thin_out(all, count, most, out);
    else
        memcpy(out, all, count * sizeof *all);
    free(all);
    free(s);
    return (int)count;
}

/* The rows that have a truth, classes one after another. */
struct known {
    size_t n;
    int classes;
    float *probability; /* (n, classes) */
    int *truth;         /* (n) */
    float *score;       /* (n) of the class in question */
    unsigned char *positive;
};

static struct known known_rows(const float *probability, const float *truth, size_t n,
                               int classes)
{
    struct known k = {.classes = classes};
    size_t width = (size_t)classes;

    k.probability = xmalloc((n + 1) * width * sizeof *k.probability);
    k.truth = xmalloc((n + 1) * sizeof *k.truth);
    k.score = xmalloc((n + 1) * sizeof *k.score);
    k.positive = xmalloc(n + 1);
    for (size_t i = 0; i < n; i++) {
        if (isnan(truth[i]))
            continue;
        memcpy(k.probability + k.n * width, probability + i * width,
               width * sizeof *probability);
        k.truth[k.n++] = (int)truth[i];
    }
    return k;
}

static void known_done(struct known *k)
{
    free(k->probability);
    free(k->truth);
    free(k->score);
    free(k->positive);
}

static void pick_class(struct known *k, int class)
{
    for (size_t i = 0; i < k->n; i++) {
        k->score[i] = k->probability[i * (size_t)k->classes + (size_t)class];
        k->positive[i] = k->truth[i] == class;
    }
}

static int top_class(const struct known *k, size_t i)
{
    const float *p = k->probability + i * (size_t)k->classes;
    int best = 0;

    for (int c = 1; c < k->classes; c++)
        if (p[c] > p[best])
            best = c;
    return best;
}

/* AUC and average precision: of class 1, or the mean over classes that have both
 * kinds. */
static void ranking(struct known *k, struct metrics *m)
{
    int from = k->classes == 2 ? 1 : 0, used = 0;
    double auc = 0, precision = 0;

    for (int c = from; c < k->classes; c++) {
        pick_class(k, c);

        double one = metric_auc(k->score, k->positive, k->n);

        if (isnan(one))
            continue;
        auc += one;
        precision += metric_average_precision(k->score, k->positive, k->n);
        used++;
    }
    m->auc = used ? auc / used : NAN;
    m->average_precision = used ? precision / used : NAN;
}

/* F1 of class 1, or the mean over classes that occur in truth or prediction. */
static double f1_score(const struct known *k, const int *predicted)
{
    int from = k->classes == 2 ? 1 : 0, used = 0;
    double sum = 0;

    for (int c = from; c < k->classes; c++) {
        size_t hit = 0, said = 0, there = 0;

        for (size_t i = 0; i < k->n; i++) {
            hit += predicted[i] == c && k->truth[i] == c;
            said += predicted[i] == c;
            there += k->truth[i] == c;
        }
        if (said + there == 0)
            continue;
        sum += 2.0 * (double)hit / (double)(said + there);
        used++;
    }
    return used ? sum / used : NAN;
}

/* Guo et al. 2017: |accuracy - confidence| over bins of confidence, weighted by rows */
static double calibration_error(const struct known *k, const int *predicted)
{
    enum { BINS = 10 };
    double confidence[BINS] = {0}, hits[BINS] = {0}, error = 0;

    for (size_t i = 0; i < k->n; i++) {
        double p = k->probability[i * (size_t)k->classes + (size_t)predicted[i]];
        int bin = (int)(p * BINS);

        bin = bin < 0 ? 0 : bin < BINS ? bin : BINS - 1;
        confidence[bin] += p;
        hits[bin] += predicted[i] == k->truth[i];
    }
    for (int b = 0; b < BINS; b++)
        error += fabs(hits[b] - confidence[b]);
    return error / (double)k->n;
}

static const struct metrics undefined = {
    .loss = NAN, .auc = NAN, .accuracy = NAN, .f1 = NAN, .average_precision = NAN,
    .calibration_error = NAN, .rmse = NAN, .mae = NAN, .r2 = NAN,
};

struct metrics metrics_classification(const float *probability, const float *truth,
                                      size_t n, int classes)
{
    struct metrics m = undefined;
    struct known k = known_rows(probability, truth, n, classes);
    int *predicted = xmalloc((k.n + 1) * sizeof *predicted);
    double loss = 0, hits = 0;

    m.rows = k.n;
    for (size_t i = 0; i < k.n; i++) {
        double p = k.probability[i * (size_t)classes + (size_t)k.truth[i]];

        loss -= log(p > 1e-15 ? p : 1e-15);
        predicted[i] = top_class(&k, i);
        hits += predicted[i] == k.truth[i];
    }
    if (k.n > 0) {
        m.loss = loss / (double)k.n;
        m.accuracy = hits / (double)k.n;
        m.f1 = f1_score(&k, predicted);
        m.calibration_error = calibration_error(&k, predicted);
        ranking(&k, &m);
    }
    free(predicted);
    known_done(&k);
    return m;
}

struct metrics metrics_regression(const float *prediction, const float *truth, size_t n)
{
    struct metrics m = undefined;
    double square = 0, absolute = 0, mean = 0, spread = 0;

    for (size_t i = 0; i < n; i++)
        if (!isnan(truth[i])) {
            double e = (double)prediction[i] - (double)truth[i];

            square += e * e;
            absolute += fabs(e);
            mean += (double)truth[i];
            m.rows++;
        }
    if (m.rows == 0)
        return m;
    mean /= (double)m.rows;
    for (size_t i = 0; i < n; i++)
        if (!isnan(truth[i]))
            spread += ((double)truth[i] - mean) * ((double)truth[i] - mean);
    m.loss = square / (double)m.rows;
    m.rmse = sqrt(m.loss);
    m.mae = absolute / (double)m.rows;
    m.r2 = spread > 0 ? 1 - square / spread : NAN;
    return m;
}
