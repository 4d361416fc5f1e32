/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The panes of the Data view, drawn from tables that are there or made by hand. */
#include <locale.h>

#include "base/mem.h"
#include "data/infer.h"
#include "engine/job_profile.h"
#include "screen.h"
#include "table.h"
#include "test.h"
#include "ui/format.h"
#include "ui/layout.h"
#include "ui/pane.h"
#include "ui/scroll.h"

/* ---- a view by hand ---- */

struct stage {
    struct session *session;
    struct desk desk;
    struct view_job job;
    struct view view;
};

static void stage_init(struct stage *t, struct dataset *d, const char *name,
                       const char *target)
{
    struct split_options split = split_defaults();
    struct schema *schema = d ? infer_schema(d) : NULL;
    struct error err = {0};

    *t = (struct stage){.session = xcalloc(1, sizeof *t->session)};
    t->session->settings = settings_defaults();
    if (target)
        check(schema_set_target(schema, d, schema_find(schema, target), NULL, TASK_NONE,
                                NULL, &err));
    if (d)
        session_add_table(t->session, table_new(name, "load x.csv", d, schema, &split));
    desk_init(&t->desk);
    t->desk.place = PLACE_PANES;
    t->view = (struct view){.session = t->session, .desk = &t->desk, .now = 1.7e9};
}

/* What the job in the background does. */
static void profile(struct stage *t)
{
    struct table *table = t->session->table;
    struct profile_job *j = profile_job_new(table->data, table->schema);
    struct error err = {0};

    check(job_run(&profile_job_type, j, &err));
    profile_job_take(j, table->profiles);
    profile_job_type.free(j);
}

static void stage_done(struct stage *t)
{
    session_free(t->session);
    desk_done(&t->desk);
}

static void stage_income(struct stage *t, const char *target)
{
    struct load_options o = {.header = 1, .skip_set = true};
    struct error err = {0};
    char *path = test_source("share/demo/income.csv");

    stage_init(t, dataset_load(path, &o, &err), "income", target);
    profile(t);
    free(path);
}

static const enum pane_id panes[] = {PANE_SCHEMA, PANE_COLUMN, PANE_VALUES, PANE_ROWS};

/* ---- drawing ---- */

static const struct pane_type *type_of(enum pane_id pane)
{
    static const struct pane_type *const types[] = {
        [PANE_SCHEMA] = &pane_schema, [PANE_COLUMN] = &pane_column,
        [PANE_VALUES] = &pane_values, [PANE_ROWS] = &pane_rows,
    };

    return types[pane];
}

static void draw_pane(const struct view *v, struct surface *frame, enum pane_id pane,
                      bool focused)
{
    const struct pane_type *type = type_of(pane);
    struct str title = {0};
    struct surface inside = surface_part(frame, (struct rect){1, 1, frame->width - 2,
                                                              frame->height - 2});
    struct list *l = &v->desk->lists[pane];

    l->page = l->total = 0;
    type->draw(v, &inside, focused);
    type->title(v, &title);
    surface_frame(frame, str_text(&title), focused);
    scroll_sign(frame, l);
    str_done(&title);
}

/* The body of a screen of that size. */
static void draw_body(struct stage *t, struct surface *s)
{
    struct layout l;

    layout_make(&l, &t->desk, s->width, s->height, 1, 1, true);
    for (int i = 0; i < l.n; i++) {
        struct surface frame = surface_part(s, l.panes[i].rect);

        draw_pane(&t->view, &frame, l.panes[i].pane, i == layout_focus(&l, &t->desk));
    }
}

static void check_screen(struct stage *t, const char *name, int width, int height,
                         enum glyphs glyphs, bool roles)
{
    struct surface s;

    surface_init(&s, width, height, glyphs);
    draw_body(t, &s);
    check(screen_matches(name, &s, roles));
    surface_done(&s);
}

/* All sizes; ASCII everywhere, the other level where there is most to see. */
static void check_sizes(struct stage *t, const char *name)
{
    check_screen(t, name, 80, 24, GLYPHS_ASCII, false);
    check_screen(t, name, 80, 24, GLYPHS_BRAILLE, false);
    check_screen(t, name, 160, 48, GLYPHS_ASCII, false);
    check_screen(t, name, 160, 48, GLYPHS_BRAILLE, false);
    check_screen(t, name, 60, 16, GLYPHS_ASCII, false);
}

static void focus(struct stage *t, enum pane_id pane, size_t cursor)
{
    t->desk.focus[VIEW_DATA] = pane;
    t->desk.lists[pane].cursor = cursor;
}

/* ---- tables by hand ---- */

/* Everything that cells and names can be: wide characters, control bytes, endless names,
 * nothing at all, infinities, free text, dates, leaks. */
static struct dataset *nasty_table(void)
{
    struct str text = {0};
    struct dataset *d;

    str_puts(&text, "id,\xe5\x9b\xbd\xe5\xae\xb6 country,\"bell\x07 and \x1b[31mred\","
                    "empty,same,");
    for (int i = 0; i < 20; i++)
        str_puts(&text, "long_name_");
    str_puts(&text, ",odd,when,note,price,sold\n");
    for (int i = 0; i < 60; i++) {
        str_printf(&text, "%d,%s,", 1000 + i,
                   i % 3 ? "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe3\x81\xae\xe6\x96\x87"
                         : "Norge");
        str_printf(&text, "%s,,x,%d,", i % 2 ? "a\x1b]0;title\x07" "b" : "tab\there",
                   i % 4);
        str_printf(&text, "%s,2024-%02d-%02d,",
                   i == 7 ? "about 3" : i == 9 ? "inf" : "2.5", 1 + i % 12, 1 + i % 28);
        str_printf(&text, "the quick brown fox number %d jumps over it,", i * i);
        str_printf(&text, "%d.%02d,%s\n", i < 59 ? i * 3 : 9000000, i % 100,
                   i < 30 ? "no" : "yes");
    }
    d = table_load(text.text, text.length);
    str_done(&text);
    return d;
}

static struct dataset *flowers_table(void)
{
    struct str text = {0};
    struct dataset *d;

    str_puts(&text, "petal,colour,kind\n");
    for (int i = 0; i < 90; i++)
        str_printf(&text, "%d.%d,%s,%s\n", i / 30 + 1, i * 7 % 10,
                   i % 3 == 0 || i < 20 ? "red" : i % 3 == 1 ? "blue" : "green",
                   i < 30 ? "iris" : i < 60 ? "rose" : "tulip");
    d = table_load(text.text, text.length);
    str_done(&text);
    return d;
}

/* ---- tests ---- */

static void income_has_its_columns(void)
{
    struct stage t;

    stage_income(&t, "over_50k");
    t.desk.lists[PANE_SCHEMA].cursor = 2;
    check_sizes(&t, "data");
    check_screen(&t, "data", 80, 24, GLYPHS_ASCII, true);
    check_screen(&t, "data", 40, 10, GLYPHS_ASCII, false);
    stage_done(&t);
}

static void columns_are_seen_in_detail(void)
{
    struct stage t;

    stage_income(&t, "over_50k");
    t.desk.lists[PANE_SCHEMA].cursor = 7; /* household_size */
    focus(&t, PANE_COLUMN, 0);
    check_sizes(&t, "data-column");
    t.desk.lists[PANE_COLUMN].top = 1000;
    check_screen(&t, "data-column-end", 80, 24, GLYPHS_ASCII, false);
    t.desk.lists[PANE_COLUMN].top = 0;
    t.desk.lists[PANE_SCHEMA].cursor = 4;
    check_screen(&t, "data-column-values", 80, 24, GLYPHS_BRAILLE, false);
    stage_done(&t);
}

static void values_are_counted(void)
{
    struct stage t;

    stage_income(&t, "over_50k");
    t.desk.lists[PANE_SCHEMA].cursor = 5; /* years_in_area: with missing ones */
    t.desk.data.lower = LOWER_VALUES;
    focus(&t, PANE_VALUES, 2);
    check_sizes(&t, "data-values");
    check_screen(&t, "data-values", 80, 24, GLYPHS_ASCII, true);
    stage_done(&t);
}

static void rows_are_listed(void)
{
    struct stage t;

    stage_income(&t, "over_50k");
    focus(&t, PANE_ROWS, 30);
    t.desk.data.first_column = 5;
    check_sizes(&t, "data-rows");
    check_screen(&t, "data-rows", 80, 24, GLYPHS_ASCII, true);
    t.desk.data.filter = xstrdup("years_in_area=");
    t.desk.lists[PANE_ROWS].cursor = 0;
    check_screen(&t, "data-rows-missing", 80, 24, GLYPHS_ASCII, false);
    free(t.desk.data.filter);
    t.desk.data.filter = xstrdup("age=200");
    check_screen(&t, "data-rows-none", 60, 16, GLYPHS_ASCII, false);
    free(t.desk.data.filter);
    t.desk.data.filter = xstrdup("planet=Mars");
    check_screen(&t, "data-rows-nowhere", 60, 16, GLYPHS_ASCII, false);
    stage_done(&t);
}

static void odd_tables_do_no_harm(void)
{
    static const char *const names[] = {"data-odd", "data-odd-column", "data-odd-values",
                                        "data-odd-rows"};
    struct stage t;

    stage_init(&t, nasty_table(), "odd", "sold");
    profile(&t);
    for (int i = 0; i < 4; i++) {
        t.desk.lists[PANE_SCHEMA].cursor = i == 1 ? 9 : i == 2 ? 2 : 6;
        focus(&t, panes[i], 0);
        t.desk.lists[PANE_SCHEMA].cursor = i == 1 ? 9 : i == 2 ? 2 : 6;
        check_screen(&t, names[i], 80, 24, GLYPHS_ASCII, false);
        check_screen(&t, names[i], 160, 48, GLYPHS_BRAILLE, false);
    }
    t.desk.lists[PANE_SCHEMA].cursor = 7; /* when */
    focus(&t, PANE_COLUMN, 0);
    check_screen(&t, "data-dates", 80, 24, GLYPHS_ASCII, false);
    stage_done(&t);
}

static void warnings_can_be_listed(void)
{
    struct stage t;

    stage_init(&t, nasty_table(), "odd", "sold");
    profile(&t);
    t.desk.data.only_warnings = true;
    t.desk.data.sort = SORT_DISTINCT;
    t.desk.data.selected = xcalloc(11, sizeof(bool));
    t.desk.data.n_selected = 11;
    t.desk.data.selected[3] = t.desk.data.selected[8] = true;
    check_screen(&t, "data-warnings", 80, 24, GLYPHS_ASCII, false);
    check_screen(&t, "data-warnings", 60, 16, GLYPHS_ASCII, false);
    check_screen(&t, "data-warnings", 80, 24, GLYPHS_ASCII, true);
    stage_done(&t);
}

static void tasks_have_their_rates(void)
{
    struct stage t;

    stage_init(&t, flowers_table(), "flowers", "kind");
    profile(&t);
    focus(&t, PANE_COLUMN, 0);
    check_screen(&t, "data-multiclass", 80, 24, GLYPHS_ASCII, false);
    stage_done(&t);
    stage_init(&t, flowers_table(), "flowers", "petal");
    profile(&t);
    t.desk.lists[PANE_SCHEMA].cursor = 1;
    focus(&t, PANE_COLUMN, 0);
    check_screen(&t, "data-regression", 80, 24, GLYPHS_ASCII, false);
    stage_done(&t);
    stage_init(&t, flowers_table(), "flowers", NULL);
    profile(&t);
    check_screen(&t, "data-no-target", 80, 24, GLYPHS_ASCII, false);
    check_screen(&t, "data-no-target", 160, 48, GLYPHS_ASCII, false);
    stage_done(&t);
}

static void small_tables_are_drawn(void)
{
    struct stage t;

    stage_init(&t, table_of("x\n1\n"), "one", NULL);
    profile(&t);
    for (int i = 0; i < 4; i++) {
        char name[32];

        focus(&t, panes[i], 0);
        snprintf(name, sizeof name, "data-one-%s", type_of(panes[i])->name);
        check_screen(&t, name, 60, 16, GLYPHS_ASCII, false);
    }
    stage_done(&t);
}

static void what_is_not_known_is_waited_for(void)
{
    struct load_options o = {.header = 1, .skip_set = true};
    struct error err = {0};
    char *path = test_source("share/demo/income.csv");
    struct stage t;

    stage_init(&t, dataset_load(path, &o, &err), "income", NULL);
    check_screen(&t, "data-unknown", 80, 24, GLYPHS_ASCII, false);
    check_screen(&t, "data-unknown", 160, 48, GLYPHS_BRAILLE, false);
    stage_done(&t);
    free(path);
}

static void without_a_table_it_says_how_to_get_one(void)
{
    struct stage t;
    struct str out = {0};

    stage_init(&t, NULL, NULL, NULL);
    check_screen(&t, "data-none", 80, 24, GLYPHS_ASCII, false);
    for (int i = 0; i < 4; i++) {
        const struct pane_type *type = type_of(panes[i]);

        check_int(type->count ? type->count(&t.view) : 0, 0);
        if (type->copy)
            type->copy(&t.view, &out);
        if (type->move)
            type->move(&t.view, MOVE_RIGHT, 3);
    }
    check_str(str_text(&out), "");
    check_int(view_column(&t.view), -1);
    check(!view_value(&t.view, &out));
    t.job = (struct view_job){.number = 1, .what = "load kddcup99",
                              .status = "43 %, 211,000 rows"};
    t.view.jobs = &t.job;
    t.view.n_jobs = 1;
    check_screen(&t, "data-loading", 80, 24, GLYPHS_ASCII, false);
    check_screen(&t, "data-loading", 80, 24, GLYPHS_BRAILLE, false);
    str_done(&out);
    stage_done(&t);
}

static void columns_can_be_found_and_copied(void)
{
    struct stage t;
    struct str out = {0};
    size_t at = 1;

    stage_income(&t, "over_50k");
    check_int(pane_schema.count(&t.view), 14);
    check(pane_schema.find(&t.view, &at, false, "SEX"));
    check_int(at, 0);
    check(pane_schema.find(&t.view, &at, true, "UNDER"));
    check_int(at, 8);
    check(!pane_schema.find(&t.view, &at, false, "nothing"));
    check_int(at, 8);
    t.desk.data.sort = SORT_NAME;
    check(pane_schema.find(&t.view, &at, false, "years") && at == 13);
    check(pane_schema.find(&t.view, &at, true, "AGE") && at == 7); /* language */
    check_int(view_column(&t.view), 2); /* age */
    pane_schema.copy(&t.view, &out);
    check_str(str_text(&out), "age");
    str_clear(&out);
    t.desk.lists[PANE_SCHEMA].cursor = 10000;
    check_int(view_column(&t.view), 5); /* years_in_area, the last by name */
    t.desk.data.sort = SORT_MISSING;
    t.desk.lists[PANE_SCHEMA].cursor = 0;
    check_int(view_column(&t.view), 5);
    pane_column.copy(&t.view, &out);
    check(strstr(str_text(&out), "10+ years") != NULL);
    check(pane_column.move(&t.view, MOVE_RIGHT, 1));
    check_int(t.desk.lists[PANE_SCHEMA].cursor, 1);
    str_done(&out);
    stage_done(&t);
}

static void values_can_be_found_and_copied(void)
{
    struct stage t;
    struct str out = {0};
    size_t missing = 0;

    stage_income(&t, "over_50k");
    t.desk.lists[PANE_SCHEMA].cursor = 5;
    check_int(pane_values.count(&t.view), 6);
    check(pane_values.holds(&t.view, 0, "YEARS"));
    check(view_value(&t.view, &out));
    check_str(str_text(&out), "10+ years");
    str_clear(&out);
    for (size_t i = 0; i < 6; i++) {
        t.desk.lists[PANE_VALUES].cursor = i;
        str_clear(&out);
        check(view_value(&t.view, &out));
        missing += out.length == 0;
    }
    check_int(missing, 1);
    t.desk.lists[PANE_VALUES].cursor = 6;
    check(!view_value(&t.view, &out));
    str_done(&out);
    stage_done(&t);
}

static void rows_can_be_found_and_copied(void)
{
    struct stage t;
    struct str out = {0};

    stage_income(&t, "over_50k");
    check_int(pane_rows.count(&t.view), 8993);
    check(pane_rows.holds(&t.view, 0, "HOMEMAKER"));
    check(!pane_rows.holds(&t.view, 4, "homemaker"));
    t.desk.data.filter = xstrdup("age=65+");
    check_int(pane_rows.count(&t.view), 560);
    pane_rows.copy(&t.view, &out);
    check(str_starts(str_text(&out), "male\tmarried\t65+\tsome college\tretired"));
    check(pane_rows.move(&t.view, MOVE_RIGHT, 100));
    check_int(t.desk.data.first_column, 13);
    check(!pane_rows.move(&t.view, MOVE_DOWN, 1));
    str_done(&out);
    stage_done(&t);
}

static void a_row_shows_all_its_cells(void)
{
    struct stage t;
    struct str out = {0};

    stage_income(&t, "over_50k");
    focus(&t, PANE_ROWS, 2);
    t.desk.data.filter = xstrdup("age=65+");
    t.desk.data.one_row = true;
    check(pane_rows.move(&t.view, MOVE_DOWN, 5));
    check_screen(&t, "data-row", 80, 24, GLYPHS_ASCII, false);
    check_screen(&t, "data-row", 160, 48, GLYPHS_BRAILLE, false);
    check_screen(&t, "data-row", 60, 16, GLYPHS_ASCII, false);
    pane_rows.copy(&t.view, &out);
    check_str(str_text(&out), "10+ years");
    check(pane_rows.move(&t.view, MOVE_RIGHT, 1000));
    check_int(t.desk.lists[PANE_ROWS].cursor, 559);
    free(t.desk.data.filter);
    t.desk.data.filter = xstrdup("age=nobody");
    check_screen(&t, "data-row-none", 60, 16, GLYPHS_ASCII, false);
    str_done(&out);
    stage_done(&t);
}

/* Whatever the size, nothing is written outside; ASan sees to it. */
static void every_size_can_be_drawn(void)
{
    struct stage t;

    stage_init(&t, nasty_table(), "odd", "sold");
    profile(&t);
    for (int i = 0; i < 4; i++) {
        for (int width = 1; width < 130; width += width < 30 ? 1 : 7) {
            for (int height = 1; height < 40; height += height < 12 ? 1 : 5) {
                struct surface s;

                t.desk.lists[PANE_SCHEMA].cursor = (size_t)(width + height) % 11;
                surface_init(&s, width, height, GLYPHS_BLOCKS);
                type_of(panes[i])->draw(&t.view, &s, true);
                surface_done(&s);
            }
        }
    }
    check(t.desk.lists[PANE_SCHEMA].page > 0);
    stage_done(&t);
}

static void check_text(void (*format)(struct str *out, double x), double x,
                       const char *want)
{
    struct str out = {0};

    format(&out, x);
    check_str(str_text(&out), want);
    str_done(&out);
}

static void numbers_are_short(void)
{
    check_text(format_short, 2011, "2011");
    check_text(format_short, 178356, "178k");
    check_text(format_short, 1484705, "1.48M");
    check_text(format_short, -12285, "-12.3k");
    check_text(format_short, 0.25, "0.25");
    check_text(format_short, 999.96, "1k");
    check_text(format_short, 99.97, "100");
    check_text(format_short, 0.00012, "1.2e-04");
    check_text(format_short, 1e300, "1e+300");
    check_text(format_short, NAN, "-");
    check_text(format_number, 178356, "178,356");
    check_text(format_number, -1234.5678, "-1,234.6");
    check_text(format_number, 38.58164, "38.582");
    check_text(format_number, 99999.7, "100,000");
    check_text(format_number, 0.00012, "0.00012");
    check_text(format_number, 12, "12");
    check_text(format_number, 1e20, "1e+20");
    check_text(format_share, 0, "0%");
    check_text(format_share, 1, "100%");
    check_text(format_share, 0.99999, "99.9%");
    check_text(format_share, 0.0001, "<0.1%");
    check_text(format_share, 0.0564, "5.6%");
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    setlocale(LC_NUMERIC, "C");
    test_run(income_has_its_columns);
    test_run(columns_are_seen_in_detail);
    test_run(values_are_counted);
    test_run(rows_are_listed);
    test_run(odd_tables_do_no_harm);
    test_run(warnings_can_be_listed);
    test_run(tasks_have_their_rates);
    test_run(small_tables_are_drawn);
    test_run(what_is_not_known_is_waited_for);
    test_run(without_a_table_it_says_how_to_get_one);
    test_run(columns_can_be_found_and_copied);
    test_run(values_can_be_found_and_copied);
    test_run(rows_can_be_found_and_copied);
    test_run(a_row_shows_all_its_cells);
    test_run(every_size_can_be_drawn);
    test_run(numbers_are_short);
    return test_done();
}
