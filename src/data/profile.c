/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Everything is found once a distinct text, of which the tally knows the rows; only the
 * target has to be asked row by row. Numbers and frequencies are put in order by radix
 * sort: its passes are slices of equal length.
 */
#include "data/profile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/number.h"
#include "data/scaling.h"
#include "data/tally.h"

enum {
    SLICE = 1 << 16,        /* rows or texts of a slice */
    FORM_TEXTS = 1000,      /* by which the form of dates is guessed */
    SIGNAL_VALUES = 30,     /* that are groups of their own for the signal */
    SIGNAL_ROWS = 5,        /* if they have so many rows */
    DIGIT = 8, DIGITS = 64 / DIGIT,
    NO_TENTH = PROFILE_TENTHS,
};

static const double shares[PROFILE_QUANTILES + 2] = {0.005, 0.05, 0.25, 0.5,
                                                     0.75,  0.95, 0.995};

/* Something to be put in order by its key. */
struct item {
    uint64_t key;
    uint32_t code;
};

enum stage { STAGE_TALLY, STAGE_READ, STAGE_SORT_NUMBERS, STAGE_NUMBERS, STAGE_COUNTS,
             STAGE_SORT_COUNTS, STAGE_VALUES, STAGE_TARGET, STAGE_END };

struct profiler {
    const struct answers *answers;
    int decimal;
    size_t most_values;
    struct profile *profile;
    struct tally *tally;
    enum stage stage;
    size_t at;            /* codes or rows of this stage that are done, or digits */
    struct item *items, *spare; /* (tally->n) */
    size_t n_items;
    struct sample *samples; /* (numbers) distinct, in order */
    uint8_t *tenth;       /* (tally->n) of each code, NO_TENTH without a number */
    uint32_t *place;      /* (tally->n) among the values; n_values others, + 1 missing */
    struct signal by_tenth, by_value, rates;
};

/* ---- sorting ---- */

/* Order of the keys is that of the numbers. */
static uint64_t key_of(double x)
{
    uint64_t bits;

    memcpy(&bits, &x, sizeof bits);
    return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
}

static double number_of(uint64_t key)
{
    uint64_t bits = key >> 63 ? key & ~((uint64_t)1 << 63) : ~key;
    double x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Orders by one digit of the keys and leaves what is equal in it as it was. */
static void sort_by_digit(struct profiler *p, int digit)
{
    size_t begin[1 << DIGIT] = {0}, sum = 0;
    int shift = digit * DIGIT;
    struct item *sorted = p->spare;

    for (size_t i = 0; i < p->n_items; i++)
        begin[p->items[i].key >> shift & 0xff]++;
    for (int i = 0; i < 1 << DIGIT; i++) {
        size_t count = begin[i];

        if (count == p->n_items)
            return;
        begin[i] = sum;
        sum += count;
    }
    for (size_t i = 0; i < p->n_items; i++)
        sorted[begin[p->items[i].key >> shift & 0xff]++] = p->items[i];
    p->spare = p->items;
    p->items = sorted;
}

static bool sort_step(struct profiler *p)
{
    size_t passes = 0;

    while (p->at < DIGITS && passes < SLICE) {
        sort_by_digit(p, (int)p->at++);
        passes += p->n_items + 1;
    }
    return p->at == DIGITS;
}

/* ---- numbers ---- */

/* Without numbers, a column whose first texts are dates is read as such. */
static enum datetime_form guess_form(const struct tally *t, int decimal)
{
    struct tally head = *t;
    size_t present = 0, numbers = 0, cells;
    enum datetime_form form;
    double x;

    head.n = t->n < FORM_TEXTS ? t->n : FORM_TEXTS;
    for (size_t code = 0; code < head.n; code++) {
        if (tally_missing(t, code))
            continue;
        present += t->counts[code];
        if (number_parse(tally_cell(t, code), decimal, &x))
            numbers += t->counts[code];
    }
    if (numbers > 0 || present == 0)
        return DATETIME_NONE;
    form = datetime_guess(&head, &cells);
    return cells * 20 >= present * 19 ? form : DATETIME_NONE;
}

static bool read_number(const struct profiler *p, struct cell cell, double *x)
{
    struct datetime t;

    if (p->profile->form == DATETIME_NONE)
        return number_parse(cell, p->decimal, x);
    if (!datetime_parse(cell, p->profile->form, &t))
        return false;
    *x = datetime_seconds(&t);
    return true;
}

static bool begin_read(struct profiler *p)
{
    const struct tally *t = p->tally;

    p->items = try_alloc(t->n, sizeof *p->items);
    p->spare = try_alloc(t->n, sizeof *p->spare);
    p->tenth = try_alloc(t->n, sizeof *p->tenth);
    p->place = try_alloc(t->n, sizeof *p->place);
    if (!p->items || !p->spare || !p->tenth || !p->place)
        return false;
    p->profile->form = guess_form(t, p->decimal);
    return true;
}

static void read_code(struct profiler *p, uint32_t code)
{
    const struct tally *t = p->tally;
    struct profile *out = p->profile;
    double x;

    p->tenth[code] = NO_TENTH;
    p->place[code] = 0;
    if (t->counts[code] == 0)
        return;
    if (tally_missing(t, code)) {
        out->missing += t->counts[code];
        p->place[code] = 1; /* to be told from others, until places are known */
        return;
    }
    out->distinct++;
    if (!read_number(p, tally_cell(t, code), &x))
        return;
    out->numeric += t->counts[code];
    p->items[p->n_items++] = (struct item){key_of(x), code};
}

static bool read_step(struct profiler *p)
{
    size_t end = p->tally->n - p->at < SLICE ? p->tally->n : p->at + SLICE;

    for (; p->at < end; p->at++)
        read_code(p, (uint32_t)p->at);
    return p->at == p->tally->n;
}

/* The tenth in which the middle of so many equal numbers lies. */
static int tenth_of(size_t before, size_t count, size_t all)
{
    double middle = (double)before + (double)count / 2;
    int tenth = (int)(middle * PROFILE_TENTHS / (double)all);

    return tenth < PROFILE_TENTHS ? tenth : PROFILE_TENTHS - 1;
}

static void add_to_tenth(struct profile *out, struct sample s, int tenth, int *last)
{
    struct profile_tenth *t;

    if (tenth != *last) {
        out->tenths[out->n_tenths++] = (struct profile_tenth){s.value, s.value, 0, NAN};
        *last = tenth;
    }
    t = &out->tenths[out->n_tenths - 1];
    t->high = s.value;
    t->rows += s.count;
}

/* Texts of the same number, as 1 and 1.0, become one sample. */
static size_t merge_numbers(struct profiler *p)
{
    struct profile *out = p->profile;
    size_t n = 0, before = 0;
    int last = -1;

    for (size_t i = 0, end; i < p->n_items; i = end) {
        struct sample s = {number_of(p->items[i].key), 0};

        for (end = i; end < p->n_items && number_of(p->items[end].key) == s.value; end++)
            s.count += p->tally->counts[p->items[end].code];
        add_to_tenth(out, s, tenth_of(before, s.count, out->numeric), &last);
        for (size_t k = i; k < end; k++)
            p->tenth[p->items[k].code] = (uint8_t)(out->n_tenths - 1);
        before += s.count;
        p->samples[n++] = s;
    }
    return n;
}

static void measure_shape(struct profile *out, const struct sample *v, size_t n)
{
    double cubes = 0, unit;

    scaling_moments(v, n, &out->mean, &out->deviation);
    unit = out->deviation;
    out->whole = out->form == DATETIME_NONE;
    for (size_t i = 0; i < n; i++) {
        double off = unit > 0 ? v[i].value / unit - out->mean / unit : 0;

        cubes += (double)v[i].count * off * off * off;
        out->whole = out->whole && v[i].value == floor(v[i].value);
        if (v[i].value == 0 && out->form == DATETIME_NONE)
            out->zeros += v[i].count;
    }
    out->skew = cubes / (double)out->numeric;
    if (fabs(out->skew) < 1e-9) /* rounding of what is symmetric */
        out->skew = 0;
}

/* What the histogram shows: from low to high, given the quantiles 0.5 % and 99.5 %. */
static void choose_range(const struct profile *out, double bottom, double top,
                         double *low, double *high)
{
    double room = top / 2 - bottom / 2;
    bool few = out->whole && out->max - out->min < PROFILE_BINS;

    *low = out->min < bottom - room && room > 0 && !few ? bottom : out->min;
    *high = out->max > top + room && room > 0 && !few ? top : out->max;
    if (out->whole) {
        *low = floor(*low);
        *high = ceil(*high);
    }
}

static void choose_bins(struct profile *out, double low, double high)
{
    double range = high - low;

    out->low = low;
    if (out->whole && range < 9e15) {
        out->width = ceil((range + 1) / PROFILE_BINS);
        out->n_bins = (int)ceil((range + 1) / out->width);
    } else {
        out->width = high / PROFILE_BINS - low / PROFILE_BINS;
        out->n_bins = PROFILE_BINS;
    }
    if (!(out->width > 0)) {
        out->width = 1;
        out->n_bins = 1;
    }
}

static void fill_bins(struct profile *out, const struct sample *v, size_t n, double high)
{
    if (out->whole) /* the last bin may reach further */
        high = out->low + out->n_bins * out->width - 1;
    for (size_t i = 0; i < n; i++) {
        double bin = floor(v[i].value / out->width - out->low / out->width);

        if (v[i].value < out->low)
            out->below += v[i].count;
        else if (v[i].value > high)
            out->above += v[i].count;
        else
            out->bins[(int)fmin(fmax(bin, 0), out->n_bins - 1)] += v[i].count;
    }
}

static bool measure_numbers(struct profiler *p)
{
    struct profile *out = p->profile;
    double at[PROFILE_QUANTILES + 2], low, high;
    size_t n;

    if (p->n_items == 0)
        return true;
    p->samples = try_alloc(p->n_items, sizeof *p->samples);
    if (!p->samples)
        return false;
    n = merge_numbers(p);
    out->min = p->samples[0].value;
    out->max = p->samples[n - 1].value;
    measure_shape(out, p->samples, n);
    scaling_quantiles_at(p->samples, n, shares, PROFILE_QUANTILES + 2, at);
    memcpy(out->quantiles, at + 1, sizeof out->quantiles);
    choose_range(out, at[0], at[PROFILE_QUANTILES + 1], &low, &high);
    choose_bins(out, low, high);
    fill_bins(out, p->samples, n, high);
    return true;
}

/* ---- values ---- */

/* The largest count first. Codes are in the order of the rows, and the sort keeps it. */
static bool list_codes(struct profiler *p)
{
    size_t end = p->tally->n - p->at < SLICE ? p->tally->n : p->at + SLICE;

    if (p->at == 0)
        p->n_items = 0;
    for (; p->at < end; p->at++) {
        if (p->tally->counts[p->at] > 0 && p->place[p->at] == 0)
            p->items[p->n_items++] =
                (struct item){~(uint64_t)p->tally->counts[p->at], (uint32_t)p->at};
    }
    return p->at == p->tally->n;
}

static bool list_values(struct profiler *p)
{
    struct profile *out = p->profile;
    size_t n = p->n_items < p->most_values ? p->n_items : p->most_values;

    out->values = try_alloc(n, sizeof *out->values);
    if (!out->values)
        return false;
    for (size_t code = 0; code < p->tally->n; code++)
        p->place[code] += (uint32_t)n;
    for (size_t i = 0; i < p->n_items; i++) {
        uint32_t code = p->items[i].code;

        if (i >= n) {
            out->rest_rows += p->tally->counts[code];
            continue;
        }
        out->values[i] = (struct profile_value){tally_cell(p->tally, code),
                                                p->tally->counts[code], NAN};
        p->place[code] = (uint32_t)i;
    }
    out->n_values = n;
    return true;
}

/* ---- target ---- */

static bool begin_target(struct profiler *p)
{
    int values = (int)p->profile->n_values;

    return signal_init(&p->by_tenth, p->answers, PROFILE_TENTHS + 1, true) &&
           signal_init(&p->by_value, p->answers, SIGNAL_VALUES + 2, true) &&
           signal_init(&p->rates, p->answers, values + 2, false);
}

/* Frequent values by themselves, then others, then missing ones. */
static int group_of(const struct profiler *p, uint32_t place)
{
    const struct profile *out = p->profile;

    if (place > out->n_values)
        return SIGNAL_VALUES + 1;
    if (place < SIGNAL_VALUES && place < out->n_values &&
        out->values[place].rows >= SIGNAL_ROWS)
        return (int)place;
    return SIGNAL_VALUES;
}

static bool ask_target(struct profiler *p)
{
    size_t rows = p->tally->rows, end = rows - p->at < SLICE ? rows : p->at + SLICE;

    for (; p->at < end; p->at++) {
        uint32_t code = tally_code(p->tally, p->at), place = p->place[code];

        signal_add(&p->rates, (int)place, p->at);
        signal_add(&p->by_value, group_of(p, place), p->at);
        signal_add(&p->by_tenth, p->tenth[code], p->at);
    }
    return p->at == rows;
}

static void take_rates(struct profiler *p)
{
    struct profile *out = p->profile;
    int n = (int)out->n_values;

    for (int i = 0; i < n; i++)
        out->values[i].rate = signal_rate(&p->rates, i);
    out->rest_rate = signal_rate(&p->rates, n);
    out->missing_rate = signal_rate(&p->rates, n + 1);
    for (int i = 0; i < out->n_tenths; i++)
        out->tenths[i].rate = signal_rate(&p->by_tenth, i);
    out->value_signal = signal_share(&p->by_value);
    out->number_signal = out->numeric > 0 ? signal_share(&p->by_tenth) : NAN;
}

/* ---- slices ---- */

struct profiler *profiler_new(const struct column *c, int decimal,
                              const struct answers *answers, size_t values)
{
    struct profiler *p = xcalloc(1, sizeof *p);

    p->answers = answers;
    p->decimal = decimal;
    p->most_values = values < PROFILE_VALUES ? values : PROFILE_VALUES;
    p->profile = xcalloc(1, sizeof *p->profile);
    *p->profile = (struct profile){
        .rows = column_rows(c), .rest_rate = NAN, .missing_rate = NAN, .min = NAN,
        .max = NAN, .mean = NAN, .deviation = NAN, .skew = NAN, .number_signal = NAN,
        .value_signal = NAN, .quantiles = {NAN, NAN, NAN, NAN, NAN},
    };
    p->tally = tally_begin(c);
    if (p->tally)
        return p;
    profiler_free(p);
    return NULL;
}

/* One slice of a stage; *over: the stage is done with it. */
static bool work(struct profiler *p, bool *over)
{
    enum step step;

    *over = true;
    switch (p->stage) {
    case STAGE_TALLY:
        step = tally_step(p->tally, SLICE);
        *over = step == STEP_DONE;
        return step != STEP_FAILED && (!*over || begin_read(p));
    case STAGE_READ:
        *over = read_step(p);
        return true;
    case STAGE_NUMBERS:
        return measure_numbers(p);
    case STAGE_COUNTS:
        *over = list_codes(p);
        return true;
    case STAGE_SORT_NUMBERS:
    case STAGE_SORT_COUNTS:
        *over = sort_step(p);
        return true;
    case STAGE_VALUES:
        return list_values(p) && (!p->answers || begin_target(p));
    case STAGE_TARGET:
        *over = ask_target(p);
        if (*over)
            take_rates(p);
        return true;
    case STAGE_END:
        break;
    }
    return true;
}

enum step profiler_step(struct profiler *p)
{
    bool over;

    if (!work(p, &over))
        return STEP_FAILED;
    if (over) {
        p->at = 0;
        p->stage++;
        if (p->stage == STAGE_TARGET && !p->answers)
            p->stage++;
    }
    return p->stage == STAGE_END ? STEP_DONE : STEP_MORE;
}

struct profile *profiler_take(struct profiler *p)
{
    struct profile *profile = p->profile;

    p->profile = NULL;
    return profile;
}

void profiler_free(struct profiler *p)
{
    if (!p)
        return;
    signal_done(&p->by_tenth);
    signal_done(&p->by_value);
    signal_done(&p->rates);
    free(p->samples);
    free(p->items);
    free(p->spare);
    free(p->tenth);
    free(p->place);
    tally_free(p->tally);
    profile_free(p->profile);
    free(p);
}

struct profile *profile_column(const struct column *c, int decimal,
                               const struct answers *answers, size_t values)
{
    struct profiler *p = profiler_new(c, decimal, answers, values);
    enum step step = p ? STEP_MORE : STEP_FAILED;
    struct profile *profile;

    while (step == STEP_MORE)
        step = profiler_step(p);
    profile = step == STEP_DONE ? profiler_take(p) : NULL;
    profiler_free(p);
    return profile;
}

/* ---- a finished one ---- */

void profile_free(struct profile *p)
{
    if (!p)
        return;
    free(p->values);
    free(p);
}

void profile_forget_target(struct profile *p)
{
    for (size_t i = 0; i < p->n_values; i++)
        p->values[i].rate = NAN;
    for (int i = 0; i < p->n_tenths; i++)
        p->tenths[i].rate = NAN;
    p->rest_rate = p->missing_rate = p->number_signal = p->value_signal = NAN;
}

double profile_signal(const struct profile *p, enum kind kind)
{
    bool numbers = kind == KIND_CONTINUOUS || kind == KIND_DATETIME ||
                   kind == KIND_WEIGHT ||
                   (kind == KIND_IGNORE && 2 * p->numeric > p->rows - p->missing);

    return numbers && p->numeric > 0 ? p->number_signal : p->value_signal;
}
