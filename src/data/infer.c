/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/infer.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/datetime.h"
#include "data/number.h"
#include "data/scaling.h"
#include "data/tally.h"

/* A kind holds if this share of the non-missing cells agrees... */
static const double enough = 0.95;
/* ...and, for numbers, this share of the distinct texts: in 0, 1, 2, 3+ the last is not a
 * slip but a class. Unless it is as rare as this. */
static const double enough_distinct = 0.9;
static const double slips = 0.005;

enum {
    ID_ROWS = 20,         /* in fewer rows all may differ by chance */
    ID_ROWS_NUMBERS = 1000, /* the same for whole numbers that nothing else calls an id */
    FEW_TEXTS = 50,       /* so many texts are categories however few rows there are */
    ROWS_A_TEXT = 5,      /* more texts need so many rows each */
    WORDS_OF_PROSE = 3,   /* a mean above this is free text */
    SHOWN = 24,           /* columns of a cell that a reason quotes */
};

/* A column's cells read as numbers under one decimal sign. */
struct numbers {
    int decimal;
    size_t cells, distinct; /* that are finite numbers */
    size_t nonfinite;
    size_t odd;             /* cells that are neither */
    size_t first_odd;       /* the row of the first of them */
    size_t commas, grouped; /* texts with a comma; of them those like 1,234 */
    bool whole;             /* all numbers are whole */
    struct sample *samples; /* (distinct) */
    double min, max;
};

/* All that the rules look at. */
struct look {
    const struct dataset *data;
    const struct column *column;
    const struct tally *tally;
    size_t present, distinct; /* cells and texts that are not missing */
    double words;             /* in a cell, mean */
    struct numbers numbers;
    struct schema_column *out;
};

static void conclude(struct look *l, enum kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void conclude(struct look *l, enum kind kind, const char *format, ...)
{
    struct str reason = {0};
    va_list args;

    va_start(args, format);
    str_vprintf(&reason, format, args);
    va_end(args);
    l->out->kind = kind;
    free(l->out->reason);
    l->out->reason = xstrdup(str_text(&reason));
    str_done(&reason);
}

/* 1,234 or 12,345,678: what a thousands mark looks like. */
static bool looks_grouped(struct cell c)
{
    const char *comma = memchr(c.text, ',', c.length);
    size_t before, after;

    if (!comma)
        return false;
    before = (size_t)(comma - c.text);
    after = c.length - before - 1;
    return after == 3 && before >= 1 && before <= 4 && c.text[0] != '0' &&
           strncmp(c.text, "-0", 2) != 0;
}

static void count_number(struct numbers *r, double x, size_t count)
{
    r->samples[r->distinct++] = (struct sample){x, count};
    r->cells += count;
    r->whole = r->whole && x == floor(x);
    r->min = fmin(r->min, x);
    r->max = fmax(r->max, x);
}

static void count_text(struct numbers *r, const struct tally *t, size_t code)
{
    struct cell cell = tally_cell(t, code);
    double x = 0;

    if (cell.length > 0 && memchr(cell.text, ',', cell.length)) {
        r->commas++;
        r->grouped += looks_grouped(cell);
    }
    switch (number_read(cell, r->decimal, &x)) {
    case NUMBER_FINITE:
        count_number(r, x, t->counts[code]);
        break;
    case NUMBER_NONFINITE:
        r->nonfinite += t->counts[code];
        break;
    case NUMBER_NONE:
        if (r->odd == 0 || t->first[code] < r->first_odd)
            r->first_odd = t->first[code];
        r->odd += t->counts[code];
    }
}

static bool read_numbers(struct numbers *r, int decimal, const struct tally *t)
{
    *r = (struct numbers){.decimal = decimal, .whole = true, .min = INFINITY,
                          .max = -INFINITY};
    r->samples = try_alloc(t->n, sizeof *r->samples);
    if (!r->samples)
        return false;
    for (size_t code = 0; code < t->n; code++)
        if (t->counts[code] > 0 && !tally_missing(t, code))
            count_text(r, t, code);
    return true;
}

/* A decimal comma is taken for a whole column only: every number reads with it, some have
 * one, and not all that have one could be thousands. */
static bool choose_numbers(struct numbers *r, const struct tally *t)
{
    struct numbers comma;

    if (!read_numbers(r, '.', t))
        return false;
    if (r->commas == 0)
        return true;
    if (!read_numbers(&comma, ',', t))
        return false;
    if (comma.cells > r->cells && comma.odd <= r->odd && comma.grouped < comma.commas) {
        struct numbers point = *r;

        *r = comma;
        comma = point;
    }
    free(comma.samples);
    return true;
}

static size_t count_words(struct cell c)
{
    size_t words = 0;
    bool inside = false;

    for (uint32_t i = 0; i < c.length; i++) {
        bool blank = isspace((unsigned char)c.text[i]);

        words += !blank && !inside;
        inside = !blank;
    }
    return words;
}

static void count_cells(struct look *l)
{
    const struct tally *t = l->tally;
    double words = 0;

    for (size_t code = 0; code < t->n; code++) {
        if (t->counts[code] == 0 || tally_missing(t, code))
            continue;
        l->present += t->counts[code];
        l->distinct++;
        words += (double)t->counts[code] * (double)count_words(tally_cell(t, code));
    }
    l->words = l->present ? words / (double)l->present : 0;
}

static bool whole_column(size_t part, size_t of)
{
    return part > 0 && (double)part >= enough * (double)of;
}

static double percent(size_t part, size_t of)
{
    return of ? 100.0 * (double)part / (double)of : 0;
}

/* "income_code", "zipCode", "Pclass": the end of the name, whole words for the short
 * ones. With a limit only numbers up to it are believed to be such codes. */
static const char *find_code_word(const char *name, double max)
{
    static const struct {
        const char *word;
        double limit;
    } hints[] = {
        {"id", 0},          {"code", 0},    {"type", 0},     {"class", 0},
        {"mode", 0},        {"zip", 0},     {"category", 0}, {"status", 0},
        {"cluster", 0},     {"region", 0},  {"kind", 0},     {"gender", 0},
        {"label", 0},       {"month", 12},  {"weekday", 7},  {"dayofweek", 7},
        {"dayofmonth", 31}, {"quarter", 4},
    };
    char plain[256];
    size_t n = 0, word_start = 0;

    for (size_t i = 0; name[i] && n + 1 < sizeof plain; i++) {
        unsigned char c = (unsigned char)name[i];

        if (!isalpha(c) || (isupper(c) && i > 0 && islower((unsigned char)name[i - 1])))
            word_start = n;
        if (isalpha(c))
            plain[n++] = (char)tolower(c);
    }
    plain[n] = '\0';
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++) {
        size_t length = strlen(hints[i].word);
        bool ends = n >= length && strcmp(plain + n - length, hints[i].word) == 0;

        if (ends && (length > 3 || n - length <= word_start) &&
            (hints[i].limit == 0 || max <= hints[i].limit))
            return hints[i].word;
    }
    return NULL;
}

static bool guess_empty(struct look *l)
{
    if (l->present == 0) {
        l->out->warnings |= WARN_ALL_MISSING;
        conclude(l, KIND_IGNORE, "no cell has a value");
        return true;
    }
    return false;
}

/* One value in some rows only is a mark that a row has or has not: kept. */
static bool guess_constant(struct look *l)
{
    if (l->distinct > 1 || l->out->missing > 0)
        return false;
    l->out->warnings |= WARN_CONSTANT;
    conclude(l, KIND_IGNORE, "the same value in every row");
    return true;
}

static bool all_differ(const struct look *l, size_t least)
{
    return l->present >= least && l->distinct == l->present;
}

static bool guess_number_id(struct look *l)
{
    const struct numbers *r = &l->numbers;
    const char *word = find_code_word(l->out->name, INFINITY);
    bool dense = r->max - r->min < 2 * (double)l->present;
    bool named = word && strcmp(word, "id") == 0;

    if (!r->whole || !all_differ(l, ID_ROWS) ||
        !(dense || named || l->present >= ID_ROWS_NUMBERS))
        return false;
    l->out->warnings |= WARN_ID;
    conclude(l, KIND_IGNORE, "a different whole number in every row");
    return true;
}

/* Quotes the first cell that is no number and says where it is. */
static void describe_odd(const struct look *l, struct str *reason)
{
    size_t row = l->numbers.first_odd;
    struct cell cell = column_cell(l->column, row);

    str_putc(reason, '"');
    show_to(reason, cell.text, cell.length, SHOWN);
    str_printf(reason, "\" in line %zu", dataset_line(l->data, row));
}

static void describe_numbers(struct look *l)
{
    const struct numbers *r = &l->numbers;
    struct str reason = {0};

    str_puts(&reason, l->out->reason);
    if (r->decimal == ',')
        str_puts(&reason, ", decimal comma");
    if (r->nonfinite) {
        l->out->warnings |= WARN_NONFINITE;
        str_printf(&reason, ", %zu not finite and taken as missing", r->nonfinite);
    }
    if (r->odd) {
        l->out->warnings |= WARN_MIXED;
        str_printf(&reason, ", %zu not numbers and taken as missing, first ", r->odd);
        describe_odd(l, &reason);
    }
    conclude(l, l->out->kind, "%s", str_text(&reason));
    str_done(&reason);
}

static void name_number_kind(struct look *l)
{
    const struct numbers *r = &l->numbers;
    const char *word = find_code_word(l->out->name, r->max);
    const char *whole = r->whole ? "whole " : "";

    if (l->distinct <= 2 && r->odd == 0)
        conclude(l, KIND_CATEGORICAL, "numbers, %zu distinct", l->distinct);
    else if (r->whole && r->min == -1 && r->max == 1)
        conclude(l, KIND_CATEGORICAL, "the signs -1, 0 and 1");
    else if (r->whole && word && l->distinct * ROWS_A_TEXT <= l->present)
        conclude(l, KIND_CATEGORICAL, "%zu distinct whole numbers, by the name a %s",
                 l->distinct, word);
    else if (r->cells < l->present)
        conclude(l, KIND_CONTINUOUS, "%.4g %% of the cells are %snumbers, %zu distinct",
                 percent(r->cells, l->present), whole, l->distinct);
    else
        conclude(l, KIND_CONTINUOUS, "%snumbers, %zu distinct", whole, l->distinct);
}

static bool guess_number(struct look *l)
{
    const struct numbers *r = &l->numbers;

    bool slip = (double)r->odd <= slips * (double)l->present && r->distinct > 2;

    if (r->cells == 0 || !whole_column(r->cells + r->nonfinite, l->present) ||
        (r->odd > 0 && !slip &&
         (double)r->distinct < enough_distinct * (double)l->distinct))
        return false;
    if (guess_number_id(l))
        return true;
    name_number_kind(l);
    describe_numbers(l);
    return true;
}

/* The first row whose cell is no date. */
static size_t find_odd_date(const struct look *l, enum datetime_form form)
{
    size_t first = l->tally->rows;
    struct datetime t;

    for (size_t code = 0; code < l->tally->n; code++)
        if (!tally_missing(l->tally, code) && l->tally->first[code] < first &&
            !datetime_parse(tally_cell(l->tally, code), form, &t))
            first = l->tally->first[code];
    return first;
}

static bool guess_datetime(struct look *l)
{
    size_t cells, odd;
    enum datetime_form form = datetime_guess(l->tally, &cells);

    if (!whole_column(cells, l->present))
        return false;
    if (cells == l->present) {
        conclude(l, KIND_DATETIME, "%s, %zu distinct", datetime_form_name(form),
                 l->distinct);
        return true;
    }
    odd = find_odd_date(l, form);
    l->out->warnings |= WARN_MIXED;
    conclude(l, KIND_DATETIME,
             "%s, %zu cells are not and taken as missing, first in line %zu",
             datetime_form_name(form), l->present - cells, dataset_line(l->data, odd));
    return true;
}

static bool guess_text_id(struct look *l)
{
    if (!all_differ(l, ID_ROWS))
        return false;
    if (l->words > WORDS_OF_PROSE) {
        l->out->warnings |= WARN_TEXT;
        conclude(l, KIND_IGNORE, "free text, %.3g words a cell, every row another",
                 l->words);
    } else {
        l->out->warnings |= WARN_ID;
        conclude(l, KIND_IGNORE, "a different text in every row");
    }
    return true;
}

static bool guess_free_text(struct look *l)
{
    if (l->distinct <= FEW_TEXTS || l->distinct * ROWS_A_TEXT <= l->present)
        return false;
    l->out->warnings |= WARN_TEXT;
    conclude(l, KIND_IGNORE, "%zu distinct texts, %.3g rows each: too few to learn from",
             l->distinct, (double)l->present / (double)l->distinct);
    return true;
}

/* Texts with many numbers among them: what the others are, a person should see. */
static void describe_mixed(struct look *l)
{
    const struct numbers *r = &l->numbers;
    struct str reason = {0};

    str_printf(&reason, "%zu distinct, %zu of %zu cells are numbers, the first other is ",
               l->distinct, r->cells, l->present);
    describe_odd(l, &reason);
    if (whole_column(r->cells, l->present))
        l->out->warnings |= WARN_MIXED;
    conclude(l, KIND_CATEGORICAL, "%s", str_text(&reason));
    str_done(&reason);
}

static void conclude_categorical(struct look *l)
{
    const struct numbers *r = &l->numbers;

    if (r->commas > 0 && r->grouped == r->commas && r->decimal == '.')
        conclude(l, KIND_CATEGORICAL,
                 "%zu distinct texts; 1,234 may be a thousand or a decimal comma",
                 l->distinct);
    else if (2 * r->cells > l->present && r->odd > 0)
        describe_mixed(l);
    else
        conclude(l, KIND_CATEGORICAL, "%zu distinct texts", l->distinct);
    if (l->distinct > SCHEMA_MAX_CLASSES)
        l->out->warnings |= WARN_CARDINALITY;
}

static void guess_kind(struct look *l)
{
    if (guess_empty(l) || guess_constant(l) || guess_number(l) || guess_datetime(l) ||
        guess_text_id(l) || guess_free_text(l))
        return;
    conclude_categorical(l);
}

static void keep_numbers(struct schema_column *out, const struct numbers *r)
{
    out->numeric = r->cells;
    out->decimal = r->decimal;
    out->min = out->max = out->mean = out->deviation = NAN;
    if (r->distinct == 0)
        return;
    out->min = r->min;
    out->max = r->max;
    scaling_moments(r->samples, r->distinct, &out->mean, &out->deviation);
}

static void keep_figures(struct look *l)
{
    l->out->missing = l->tally->rows - l->present;
    l->out->distinct = l->distinct;
    keep_numbers(l->out, &l->numbers);
}

static bool infer_column(const struct dataset *d, int i, struct schema_column *out)
{
    struct look l = {.data = d, .column = dataset_column(d, i), .out = out};
    struct tally *t = tally_new(l.column);

    out->name = xstrdup(column_name(l.column));
    if (!t || !choose_numbers(&l.numbers, t)) {
        free(l.numbers.samples);
        tally_free(t);
        return false;
    }
    l.tally = t;
    count_cells(&l);
    keep_figures(&l);
    guess_kind(&l);
    free(l.numbers.samples);
    tally_free(t);
    return true;
}

bool infer_decimal(const struct dataset *d, int column, int decimal,
                   struct schema_column *out)
{
    struct tally *t = tally_new(dataset_column(d, column));
    struct numbers numbers = {0};
    bool done = t && read_numbers(&numbers, decimal, t);

    if (done)
        keep_numbers(out, &numbers);
    free(numbers.samples);
    tally_free(t);
    return done;
}

static bool equal_columns(const struct column *a, const struct column *b)
{
    size_t rows = column_rows(a), n = column_dictionary_size(a);

    if (n != column_dictionary_size(b))
        return false;
    for (size_t code = 0; code < n; code++)
        if (!cell_equal(column_dictionary_cell(a, code), column_dictionary_cell(b, code)))
            return false;
    for (size_t row = 0; row < rows; row++)
        if (n ? column_code(a, row) != column_code(b, row)
              : !cell_equal(column_cell(a, row), column_cell(b, row)))
            return false;
    return true;
}

/* What equal columns agree in and others hardly ever do: figures and the first cells. */
struct print {
    double figures[4];
    struct cell cells[4];
    int column;
};

static struct print take_print(const struct dataset *d, const struct schema *s, int i)
{
    const struct schema_column *c = &s->columns[i];
    struct print print = {.column = i};
    size_t rows = dataset_rows(d);

    print.figures[0] = (double)c->distinct;
    print.figures[1] = (double)c->missing;
    print.figures[2] = (double)c->numeric;
    print.figures[3] = c->numeric ? c->mean : 0;
    for (size_t k = 0; k < 4 && k < rows; k++)
        print.cells[k] = column_cell(dataset_column(d, i), k * (rows / 4));
    return print;
}

static int compare_prints(const void *a, const void *b)
{
    const struct print *x = a, *y = b;
    int order = 0;

    for (int k = 0; k < 4 && order == 0; k++)
        order = (x->figures[k] > y->figures[k]) - (x->figures[k] < y->figures[k]);
    for (int k = 0; k < 4 && order == 0; k++)
        order = cell_compare(x->cells[k], y->cells[k]);
    return order;
}

static int compare_prints_in_order(const void *a, const void *b)
{
    const struct print *x = a, *y = b;
    int order = compare_prints(a, b);

    return order ? order : (x->column > y->column) - (x->column < y->column);
}

static void mark_duplicate(struct schema *s, int first, int second)
{
    struct schema_column *c = &s->columns[second];

    c->warnings |= WARN_DUPLICATE;
    c->kind = KIND_IGNORE;
    free(c->reason);
    c->reason = xasprintf("equal to %s", s->columns[first].name);
}

/* A step is a column, first to be guessed, then to be held against the ones left of it. */
struct infer {
    const struct dataset *data;
    struct schema *schema;
    struct print *prints; /* (n_prints), sorted once all columns are guessed */
    int n_prints;
    int guessed, compared;
};

struct infer *infer_new(const struct dataset *d)
{
    struct infer *f = xcalloc(1, sizeof *f);

    f->data = d;
    f->schema = xcalloc(1, sizeof *f->schema);
    f->schema->target = -1;
    f->schema->n_columns = dataset_columns(d);
    f->schema->columns =
        xcalloc((size_t)f->schema->n_columns, sizeof *f->schema->columns);
    return f;
}

void infer_cancel(struct infer *f)
{
    schema_free(f->schema);
    free(f->prints);
    free(f);
}

/* Sorted by print, so that a table of 100,000 columns is not compared pair by pair. */
static bool take_prints(struct infer *f)
{
    const struct schema *s = f->schema;

    f->prints = try_alloc((size_t)s->n_columns, sizeof *f->prints);
    if (!f->prints)
        return false;
    for (int i = 0; i < s->n_columns; i++)
        if (!(s->columns[i].warnings & (WARN_CONSTANT | WARN_ALL_MISSING)))
            f->prints[f->n_prints++] = take_print(f->data, s, i);
    qsort(f->prints, (size_t)f->n_prints, sizeof *f->prints, compare_prints_in_order);
    return true;
}

/* prints[i] against those before it that look the same. */
static void find_duplicate(struct infer *f, int i)
{
    const struct print *p = f->prints;

    for (int j = i - 1; j >= 0 && compare_prints(&p[j], &p[i]) == 0; j--) {
        int a = p[j].column, b = p[i].column;

        if (f->schema->columns[a].warnings & WARN_DUPLICATE)
            continue;
        if (equal_columns(dataset_column(f->data, a), dataset_column(f->data, b))) {
            mark_duplicate(f->schema, a, b);
            return;
        }
    }
}

static enum step no_memory(struct error *err)
{
    error_set(err, ERROR_MEMORY, "not enough memory to look at all columns");
    return STEP_FAILED;
}

enum step infer_step(struct infer *f, struct error *err)
{
    struct schema *s = f->schema;

    if (f->guessed < s->n_columns) {
        if (!infer_column(f->data, f->guessed, &s->columns[f->guessed]))
            return no_memory(err);
        f->guessed++;
        return STEP_MORE;
    }
    if (!f->prints)
        return take_prints(f) ? STEP_MORE : no_memory(err);
    if (f->compared < f->n_prints) {
        find_duplicate(f, f->compared++);
        return STEP_MORE;
    }
    return STEP_DONE;
}

struct schema *infer_finish(struct infer *f)
{
    struct schema *s = f->schema;

    f->schema = NULL;
    infer_cancel(f);
    return s;
}

struct schema *infer_schema(const struct dataset *d)
{
    struct infer *f = infer_new(d);
    enum step step = STEP_MORE;

    while (step == STEP_MORE)
        step = infer_step(f, NULL);
    if (step == STEP_DONE)
        return infer_finish(f);
    infer_cancel(f);
    return NULL;
}
