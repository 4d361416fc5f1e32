/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/infer.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/datetime.h"
#include "data/numbers.h"
#include "data/twins.h"

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
    SLICE = 1 << 15,      /* rows, or texts, that a step looks at */
};

/* In this order; some are skipped. */
enum stage { STAGE_TALLY, STAGE_NUMBERS, STAGE_COMMAS, STAGE_CELLS, STAGE_DATES };

/* All that the rules look at, gathered in slices. */
struct look {
    const struct dataset *data;
    const struct column *column;
    struct schema_column *out;
    enum stage stage;
    size_t at;                /* texts of the tally that this stage has seen */
    struct tally *tally;
    size_t present, distinct; /* cells and texts that are not missing */
    double words;             /* in all cells */
    struct numbers numbers, commas;
    struct datetime_votes dates;
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

static void count_cells(struct look *l, size_t begin, size_t end)
{
    const struct tally *t = l->tally;

    for (size_t code = begin; code < end; code++) {
        if (t->counts[code] == 0 || tally_missing(t, code))
            continue;
        l->present += t->counts[code];
        l->distinct++;
        l->words += (double)t->counts[code] * (double)count_words(tally_cell(t, code));
    }
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
    str_puts(reason, "\" in ");
    dataset_place(l->data, row, reason);
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
    char distinct[COUNT_TEXT];

    count_text(l->distinct, distinct);
    if (l->distinct <= 2 && r->odd == 0)
        conclude(l, KIND_CATEGORICAL, "numbers, %s distinct", distinct);
    else if (r->whole && r->min == -1 && r->max == 1)
        conclude(l, KIND_CATEGORICAL, "the signs -1, 0 and 1");
    else if (r->whole && word && l->distinct * ROWS_A_TEXT <= l->present)
        conclude(l, KIND_CATEGORICAL, "%s distinct whole numbers, by the name a %s",
                 distinct, word);
    else if (r->cells < l->present)
        conclude(l, KIND_CONTINUOUS, "%.4g %% of the cells are %snumbers, %s distinct",
                 percent(r->cells, l->present), whole, distinct);
    else
        conclude(l, KIND_CONTINUOUS, "%snumbers, %s distinct", whole, distinct);
}

static bool reads_as_numbers(const struct look *l)
{
    const struct numbers *r = &l->numbers;
    bool slip = (double)r->odd <= slips * (double)l->present && r->distinct > 2;

    return r->cells > 0 && whole_column(r->cells + r->nonfinite, l->present) &&
           (r->odd == 0 || slip ||
            (double)r->distinct >= enough_distinct * (double)l->distinct);
}

static bool guess_number(struct look *l)
{
    if (!reads_as_numbers(l))
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
    enum datetime_form form = datetime_choose(&l->dates, &cells);
    struct str place = {0};
    char count[COUNT_TEXT];

    if (!whole_column(cells, l->present))
        return false;
    if (cells == l->present) {
        conclude(l, KIND_DATETIME, "%s, %s distinct", datetime_form_name(form),
                 count_text(l->distinct, count));
        return true;
    }
    odd = find_odd_date(l, form);
    l->out->warnings |= WARN_MIXED;
    dataset_place(l->data, odd, &place);
    conclude(l, KIND_DATETIME,
             "%s, %s cells are not and taken as missing, first in %s",
             datetime_form_name(form), count_text(l->present - cells, count),
             str_text(&place));
    str_done(&place);
    return true;
}

static bool guess_text_id(struct look *l)
{
    double words = l->present > 0 ? l->words / (double)l->present : 0;

    if (!all_differ(l, ID_ROWS))
        return false;
    if (words > WORDS_OF_PROSE) {
        l->out->warnings |= WARN_TEXT;
        conclude(l, KIND_IGNORE, "free text, %.3g words a cell, every row another",
                 words);
    } else {
        l->out->warnings |= WARN_ID;
        conclude(l, KIND_IGNORE, "a different text in every row");
    }
    return true;
}

static bool guess_free_text(struct look *l)
{
    char count[COUNT_TEXT];

    if (l->distinct <= FEW_TEXTS || l->distinct * ROWS_A_TEXT <= l->present)
        return false;
    l->out->warnings |= WARN_TEXT;
    conclude(l, KIND_IGNORE, "%s distinct texts, %.3g rows each: too few to learn from",
             count_text(l->distinct, count), (double)l->present / (double)l->distinct);
    return true;
}

/* Texts with many numbers among them: what the others are, a person should see. */
static void describe_mixed(struct look *l)
{
    const struct numbers *r = &l->numbers;
    struct str reason = {0};
    char distinct[COUNT_TEXT], cells[COUNT_TEXT], present[COUNT_TEXT];

    str_printf(&reason, "%s distinct, %s of %s cells are numbers, the first other is ",
               count_text(l->distinct, distinct), count_text(r->cells, cells),
               count_text(l->present, present));
    describe_odd(l, &reason);
    if (whole_column(r->cells, l->present))
        l->out->warnings |= WARN_MIXED;
    conclude(l, KIND_CATEGORICAL, "%s", str_text(&reason));
    str_done(&reason);
}

static void conclude_categorical(struct look *l)
{
    const struct numbers *r = &l->numbers;
    char count[COUNT_TEXT];

    if (r->commas > 0 && r->grouped == r->commas && r->decimal == '.')
        conclude(l, KIND_CATEGORICAL,
                 "%s distinct texts; 1,234 may be a thousand or a decimal comma",
                 count_text(l->distinct, count));
    else if (2 * r->cells > l->present && r->odd > 0)
        describe_mixed(l);
    else
        conclude(l, KIND_CATEGORICAL, "%s distinct texts", count_text(l->distinct, count));
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

/* ---- a column, slice by slice ---- */

static bool begin_look(struct look *l, const struct dataset *d, int i,
                       struct schema_column *out)
{
    *l = (struct look){.data = d, .column = dataset_column(d, i), .out = out};
    out->name = xstrdup(column_name(l->column));
    l->tally = tally_begin(l->column);
    return l->tally != NULL;
}

static void end_look(struct look *l)
{
    numbers_done(&l->numbers);
    numbers_done(&l->commas);
    tally_free(l->tally);
    *l = (struct look){0};
}

static enum step enter(struct look *l, enum stage stage)
{
    l->stage = stage;
    l->at = 0;
    return STEP_MORE;
}

static void choose_numbers(struct look *l)
{
    if (numbers_are_commas(&l->numbers, &l->commas)) {
        struct numbers point = l->numbers;

        l->numbers = l->commas;
        l->commas = point;
    }
}

/* When all texts were seen by the present stage. */
static enum step leave(struct look *l)
{
    switch (l->stage) {
    case STAGE_TALLY:
        return numbers_begin(&l->numbers, '.', l->tally) ? enter(l, STAGE_NUMBERS)
                                                         : STEP_FAILED;
    case STAGE_NUMBERS:
        if (l->numbers.commas == 0)
            return enter(l, STAGE_CELLS);
        return numbers_begin(&l->commas, ',', l->tally) ? enter(l, STAGE_COMMAS)
                                                        : STEP_FAILED;
    case STAGE_COMMAS:
        choose_numbers(l);
        return enter(l, STAGE_CELLS);
    case STAGE_CELLS:
        if (!reads_as_numbers(l))
            return enter(l, STAGE_DATES);
        break;
    case STAGE_DATES:
        break;
    }
    keep_figures(l);
    guess_kind(l);
    return STEP_DONE;
}

static enum step look_step(struct look *l)
{
    size_t begin = l->at, n = l->tally->n, end = n - begin < SLICE ? n : begin + SLICE;
    enum step step;

    switch (l->stage) {
    case STAGE_TALLY:
        step = tally_step(l->tally, SLICE);
        return step == STEP_DONE ? leave(l) : step;
    case STAGE_NUMBERS:
        numbers_read(&l->numbers, l->tally, begin, end);
        break;
    case STAGE_COMMAS:
        numbers_read(&l->commas, l->tally, begin, end);
        break;
    case STAGE_CELLS:
        count_cells(l, begin, end);
        break;
    case STAGE_DATES:
        datetime_vote(&l->dates, l->tally, begin, end);
        break;
    }
    l->at = end;
    return end < n ? STEP_MORE : leave(l);
}

bool infer_decimal(const struct dataset *d, int column, int decimal,
                   struct schema_column *out)
{
    struct tally *t = tally_new(dataset_column(d, column));
    struct numbers numbers = {0};
    bool done = t && numbers_begin(&numbers, decimal, t);

    if (done) {
        numbers_read(&numbers, t, 0, t->n);
        keep_numbers(out, &numbers);
    }
    numbers_done(&numbers);
    tally_free(t);
    return done;
}

/* ---- the whole table ---- */

/* Column by column, first each is guessed, then held against the ones left of it. */
struct infer {
    const struct dataset *data;
    struct schema *schema;
    int guessed;
    struct look look;    /* at the next column, if it has a tally */
    struct twins *twins; /* once all columns are guessed */
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
    end_look(&f->look);
    schema_free(f->schema);
    twins_free(f->twins);
    free(f);
}

static enum step no_memory(struct error *err)
{
    error_set(err, ERROR_MEMORY, "not enough memory to look at all columns");
    return STEP_FAILED;
}

static enum step guess_step(struct infer *f)
{
    enum step step;

    if (!f->look.tally)
        return begin_look(&f->look, f->data, f->guessed, &f->schema->columns[f->guessed])
                   ? STEP_MORE
                   : STEP_FAILED;
    step = look_step(&f->look);
    if (step != STEP_DONE)
        return step;
    end_look(&f->look);
    f->guessed++;
    return STEP_MORE;
}

enum step infer_step(struct infer *f, struct error *err)
{
    if (f->guessed < f->schema->n_columns)
        return guess_step(f) == STEP_MORE ? STEP_MORE : no_memory(err);
    if (!f->twins) {
        f->twins = twins_new(f->data, f->schema);
        return f->twins ? STEP_MORE : no_memory(err);
    }
    return twins_step(f->twins);
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
