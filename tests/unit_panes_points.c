/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The panes of the Embeddings view, drawn from layouts that are made by hand. */
#include <locale.h>

#include "base/mem.h"
#include "command/mapping.h"
#include "engine/table.h"
#include "screen.h"
#include "subject.h"
#include "ui/pane_points.h"
#include "view.h"

enum { COLUMNS = 4, VALUES = 5, WIDTH = 4, ROWS = 60 };

/* ---- layouts by hand ---- */

struct stage {
    struct subject subject;
    struct session *session;
    struct mapping mapping;
    struct desk desk;
    struct view view;
};

/* Each column has so many values, all as often. Whether a game was won is of three classes
 * or of two. */
static struct dataset *make_table(const char *names, bool three)
{
    struct str text = {0};
    struct dataset *d;

    str_printf(&text, "%s,won\n", names);
    for (int row = 0; row < ROWS; row++) {
        for (int i = 0; i < COLUMNS; i++)
            str_printf(&text, "%s %c%d,", i == 1 ? "gambit" : "of", 'a' + row % VALUES,
                       i);
        str_puts(&text, row % 3 == 0 ? "yes\n" : three && row % 3 == 1 ? "drawn\n"
                                                                       : "no\n");
    }
    d = table_load(text.text, text.length);
    str_done(&text);
    return d;
}

/* Columns on rings around the middle, turned by `turn`; two cells beside each value. Rows
 * 0..4 have its left ones, 5..9 the right ones. */
static void place_values(struct scatter *s, double turn)
{
    for (size_t v = 0; v < s->n_values; v++) {
        double angle = turn + 0.7 * (double)v, radius = 4 + 3 * s->values[v].column;

        s->place[2 * v] = (float)(radius * cos(angle));
        s->place[2 * v + 1] = (float)(radius * sin(angle));
        for (size_t k = 0; k < WIDTH; k++)
            s->vectors[v * WIDTH + k] = (float)cos((double)((k + 1) * (v + 1)));
        for (size_t cell = 0; cell < 2; cell++) {
            size_t row = cell * VALUES + v % VALUES, i = row * COLUMNS + v / VALUES;

            s->value_of[i] = (uint32_t)v;
            s->row_of[i] = (uint32_t)row;
            s->target[i] = row % 3 == 0; /* of three classes, the first or second */
            s->layout[2 * i] = s->place[2 * v] + (cell ? 0.5f : -0.5f);
            s->layout[2 * i + 1] = s->place[2 * v + 1];
        }
    }
}

static struct scatter *scatter_by_hand(struct encoder *e, int layer, double turn)
{
    struct scatter *s = xcalloc(1, sizeof *s);

    *s = (struct scatter){
        .run = xstrdup("r1"), .encoder = encoder_ref(e), .points = EMBEDDING_CELLS,
        .layer = layer, .layers = 6, .rows = 1200, .part = PART_TEST, .perplexity = 30,
        .seed = 1, .n_values = COLUMNS * VALUES, .n_points = 2 * COLUMNS * VALUES,
        .width = WIDTH, .iteration = 640, .iterations = 1000, .kl = 1.314, .trust = NAN};
    s->values = xcalloc(s->n_values, sizeof *s->values);
    s->vectors = xcalloc(s->n_values * WIDTH, sizeof *s->vectors);
    s->place = xcalloc(s->n_values, 2 * sizeof *s->place);
    s->layout = xcalloc(s->n_points, 2 * sizeof *s->layout);
    s->value_of = xcalloc(s->n_points, sizeof *s->value_of);
    s->row_of = xcalloc(s->n_points, sizeof *s->row_of);
    s->target = xcalloc(s->n_points, sizeof *s->target);
    for (size_t v = 0; v < s->n_values; v++)
        s->values[v] = (struct embedding_value){
            .column = (int)v / VALUES, .code = (int32_t)(v % VALUES) + 1,
            .rows = 10 + v * v * 3, .known = 10 + v * v * 3,
            .target = v == 7 ? NAN : (double)v / 25};
    place_values(s, turn);
    return s;
}

static void stage_init(struct stage *t, const char *names, bool three)
{
    struct split_options split = split_defaults();

    *t = (struct stage){.session = xcalloc(1, sizeof *t->session),
                        .subject = subject_new(make_table(names, three), "won",
                                               NULL)};
    t->session->settings = settings_defaults();
    session_add_table(t->session,
                      table_new("games", "load games.csv", dataset_ref(t->subject.data),
                                schema_copy(t->subject.schema), &split));
    t->mapping = (struct mapping){.n = 1};
    t->mapping.kept[0].scatter = scatter_by_hand(t->subject.encoder, 6, 0);
    desk_init(&t->desk);
    t->desk.view = VIEW_EMBEDDING;
    t->desk.place = PLACE_PANES;
    t->view = (struct view){.session = t->session, .desk = &t->desk, .now = 1.7e9,
                            .mapping = &t->mapping};
}

static void init_usual(struct stage *t)
{
    stage_init(t, "colour,opening,long name of a column,city", false);
}

static void stage_done(struct stage *t)
{
    for (int i = 0; i < t->mapping.n; i++)
        scatter_free(t->mapping.kept[i].scatter);
    session_free(t->session);
    desk_done(&t->desk);
    subject_done(&t->subject);
}

static struct scatter *shown(struct stage *t)
{
    return t->mapping.kept[0].scatter;
}

/* ---- drawing ---- */

static void check_view(const struct stage *t, const char *name, int width, int height,
                       enum glyphs glyphs, bool roles)
{
    struct surface s;

    surface_init(&s, width, height, glyphs);
    view_draw(&t->view, &s);
    check(screen_matches(name, &s, roles));
    surface_done(&s);
}

static void values_stand_where_they_lie(void)
{
    struct stage t;

    init_usual(&t);
    check_view(&t, "points", 80, 24, GLYPHS_ASCII, false);
    check_view(&t, "points", 80, 24, GLYPHS_BRAILLE, true);
    check_view(&t, "points", 160, 48, GLYPHS_ASCII, false);
    check_view(&t, "points", 60, 16, GLYPHS_BRAILLE, false);
    stage_done(&t);
}

static void cells_are_dots_behind_them(void)
{
    struct stage t;

    init_usual(&t);
    shown(&t)->ended = true;
    shown(&t)->trust = 0.9412;
    t.desk.embedding.cells = true;
    t.desk.lists[PANE_POINTS].cursor = 12;
    check_view(&t, "points-cells", 80, 24, GLYPHS_ASCII, false);
    check_view(&t, "points-cells", 160, 48, GLYPHS_BRAILLE, false);
    stage_done(&t);
}

static void colours_mean_target_or_frequency(void)
{
    struct stage t;

    init_usual(&t);
    t.desk.embedding.colour = COLOUR_TARGET;
    t.desk.embedding.bare = true;
    check_view(&t, "points-target", 80, 24, GLYPHS_ASCII, false);
    check_view(&t, "points-target", 80, 24, GLYPHS_ASCII, true);
    t.desk.embedding.colour = COLOUR_ROWS;
    check_view(&t, "points-rows", 160, 48, GLYPHS_ASCII, false);
    stage_done(&t);
}

/* Of value 7 no row is known to have one. */
static void set_classes(struct scatter *s)
{
    s->class_rows = xcalloc(s->n_values * 3, sizeof *s->class_rows);
    for (size_t v = 0; v < s->n_values; v++) {
        s->values[v].known = 0;
        s->values[v].target = NAN;
        for (size_t k = 0; k < 3 && v != 7; k++) {
            s->class_rows[3 * v + k] = (v * (k + 2) + 3 * k) % 11 + 1;
            s->values[v].known += s->class_rows[3 * v + k];
        }
    }
}

static void colours_mean_one_of_several_classes(void)
{
    struct stage t;
    struct embedding_desk *d = &t.desk.embedding;

    stage_init(&t, "colour,opening,long name of a column,city", true);
    set_classes(shown(&t));
    d->colour = COLOUR_TARGET;
    check(points_by_class(&t.view, shown(&t)));
    check_view(&t, "points-classes", 80, 24, GLYPHS_ASCII, false);
    check_view(&t, "points-classes", 80, 24, GLYPHS_ASCII, true);
    check_view(&t, "points-classes", 160, 48, GLYPHS_ASCII, false);
    d->class = xstrdup("drawn");
    check(!points_by_class(&t.view, shown(&t)));
    check_int(points_class(&t.view, shown(&t)), 0);
    check_view(&t, "points-class", 80, 24, GLYPHS_ASCII, false);
    d->brushing = true;
    d->brush[1][0] = d->brush[1][1] = 1;
    check_view(&t, "points-class-brush", 80, 24, GLYPHS_ASCII, false);
    free(d->class);
    d->class = xstrdup("of another table");
    check(points_by_class(&t.view, shown(&t)));
    stage_done(&t);
}

/* The value under the cursor is in the middle, and the distances are twice as large. */
static void one_can_come_closer(void)
{
    struct stage t;

    init_usual(&t);
    t.desk.embedding.zoom = 2;
    t.desk.lists[PANE_POINTS].cursor = 12;
    check_view(&t, "points-zoom", 80, 24, GLYPHS_ASCII, false);
    stage_done(&t);
}

static void columns_are_hidden(void)
{
    struct stage t;

    init_usual(&t);
    t.desk.embedding.hidden = xcalloc(COLUMNS, sizeof(bool));
    t.desk.embedding.n_hidden = COLUMNS;
    t.desk.embedding.hidden[1] = t.desk.embedding.hidden[3] = true;
    t.desk.focus[VIEW_EMBEDDING] = PANE_LEGEND;
    t.desk.lists[PANE_LEGEND].cursor = 1;
    check_view(&t, "points-hidden", 80, 24, GLYPHS_ASCII, false);
    stage_done(&t);
}

/* The one before is the same, turned, stretched and mirrored: laid over it nothing is
 * left. */
static void the_layout_before_is_laid_over_it(void)
{
    struct stage t;
    struct scatter *before;

    init_usual(&t);
    before = scatter_by_hand(t.subject.encoder, 5, 1);
    for (size_t v = 0; v < before->n_values; v++) {
        before->place[2 * v] *= -2;
        before->place[2 * v + 1] *= 2;
    }
    t.mapping.kept[1].scatter = before;
    t.mapping.n = 2;
    t.desk.embedding.beside = true;
    check_view(&t, "points-beside", 160, 48, GLYPHS_ASCII, false);
    t.desk.focus[VIEW_EMBEDDING] = PANE_BESIDE;
    check_view(&t, "points-beside", 80, 24, GLYPHS_ASCII, false);
    stage_done(&t);
}

/* Half of the cells of the first columns; and a step of an arrow is a cell of the pane. */
static void a_brush_tells_what_is_in_it(void)
{
    struct stage t;
    struct embedding_desk *d = &t.desk.embedding;

    init_usual(&t);
    shown(&t)->ended = true;
    d->brushing = d->cells = true;
    d->brush[0][0] = 0.52;
    d->brush[0][1] = 0.3;
    d->brush[1][0] = 0.75;
    d->brush[1][1] = 0.8;
    check_view(&t, "points-brush", 80, 24, GLYPHS_ASCII, false);
    check_view(&t, "points-brush", 80, 24, GLYPHS_BRAILLE, true);
    check_view(&t, "points-brush", 160, 48, GLYPHS_BRAILLE, false);
    shown(&t)->encoder->task = TASK_REGRESSION;
    shown(&t)->encoder->n_classes = 0;
    check_view(&t, "points-brush-mean", 80, 24, GLYPHS_ASCII, false);
    shown(&t)->encoder->task = TASK_BINARY;
    shown(&t)->encoder->n_classes = 2;
    shown(&t)->points = EMBEDDING_VALUES;
    free(shown(&t)->row_of);
    free(shown(&t)->target);
    shown(&t)->row_of = NULL;
    shown(&t)->target = NULL;
    shown(&t)->n_points /= 2;
    for (size_t v = 0; v < shown(&t)->n_values; v++)
        shown(&t)->value_of[v] = (uint32_t)v;
    memcpy(shown(&t)->layout, shown(&t)->place, 2 * shown(&t)->n_values * sizeof(float));
    check_view(&t, "points-brush-values", 80, 24, GLYPHS_ASCII, false);
    stage_done(&t);
}

static void arrows_move_the_corner_of_the_brush(void)
{
    struct stage t;
    struct embedding_desk *d = &t.desk.embedding;
    struct brush before, after;
    double left, right, bottom, top;

    init_usual(&t);
    d->brushing = true;
    d->brush[0][0] = d->brush[0][1] = d->brush[1][0] = d->brush[1][1] = 0.5;
    check(pane_points.move(&t.view, MOVE_RIGHT, 2)); /* not drawn yet */
    check_near(d->brush[1][0], 0.5 + 2 / 24.0, 1e-9);
    d->step[0] = 0.01;
    d->step[1] = 0.02;
    check(pane_points.move(&t.view, MOVE_LEFT, 1));
    check(pane_points.move(&t.view, MOVE_UP, 3));
    check_near(d->brush[1][0], 0.49 + 2 / 24.0, 1e-9);
    check_near(d->brush[1][1], 0.56, 1e-9);
    check_near(d->brush[0][0], 0.5, 0);
    check_int(t.desk.lists[PANE_POINTS].cursor, 0);
    check(pane_points.move(&t.view, MOVE_DOWN, 1000));
    check(pane_points.move(&t.view, MOVE_RIGHT, 1000));
    before = points_brush(&t.view, shown(&t));
    scatter_range(shown(&t), true, &left, &right, &bottom, &top);
    check(before.bottom == bottom && before.right == right); /* to the last point */
    for (size_t i = 0; i < 2 * shown(&t)->n_points; i++)
        shown(&t)->layout[i] *= 3; /* the layout goes on */
    after = points_brush(&t.view, shown(&t));
    check_near(after.left, 3 * before.left, 1e-4);
    check_near(after.top, 3 * before.top, 1e-4);
    check(desk_leave(&t.desk) && !d->brushing);
    check(!desk_leave(&t.desk));
    check(pane_points.move(&t.view, MOVE_RIGHT, 1)); /* a value again */
    check(t.desk.lists[PANE_POINTS].cursor != 0);
    stage_done(&t);
}

/* Of two runs the other one, as it is and half of the way there. */
static void points_go_to_the_other_run(void)
{
    struct stage t;
    struct scatter *other;

    init_usual(&t);
    other = scatter_by_hand(t.subject.encoder, 6, 0.9);
    free(other->run);
    other->run = xstrdup("r2");
    other->unlike = 0.4;
    shown(&t)->against = other;
    shown(&t)->ended = other->ended = true;
    check(points_shown(&t.view) == shown(&t));
    check(points_beside(&t.view) == other);
    t.desk.embedding.other = true;
    check(points_shown(&t.view) == other);
    check(points_beside(&t.view) == shown(&t));
    check(points_made(&t.view) == shown(&t));
    check_view(&t, "points-other", 80, 24, GLYPHS_ASCII, false);
    t.desk.embedding.way = 0.5;
    t.desk.embedding.cells = true;
    check_view(&t, "points-moving", 80, 24, GLYPHS_ASCII, false);
    t.desk.embedding.way = 1;
    t.desk.embedding.beside = true;
    check_view(&t, "points-other", 160, 48, GLYPHS_ASCII, false);
    stage_done(&t);
}

static void without_a_layout_one_learns_how(void)
{
    struct view_job job = {.number = 1, .what = "tsne r1", .status = "neighbours, 40 %"};
    struct stage t;

    init_usual(&t);
    t.view.mapping = NULL;
    check_view(&t, "points-none", 80, 24, GLYPHS_ASCII, false);
    t.view.jobs = &job;
    t.view.n_jobs = 1;
    check_view(&t, "points-begun", 60, 16, GLYPHS_ASCII, false);
    stage_done(&t);
}

/* ---- moving ---- */

/* A step goes the way of the arrow, whatever stands in between. */
static void arrows_go_from_value_to_value(void)
{
    static const enum movement ways[] = {MOVE_UP, MOVE_DOWN, MOVE_LEFT, MOVE_RIGHT};
    struct stage t;
    struct list *l = &t.desk.lists[PANE_POINTS];
    const struct scatter *s;

    init_usual(&t);
    s = shown(&t);
    for (size_t from = 0; from < s->n_values; from++)
        for (int w = 0; w < 4; w++) {
            const float *a = s->place + 2 * from, *b;

            l->cursor = from;
            check(pane_points.move(&t.view, ways[w], 1));
            check(l->cursor < s->n_values);
            b = s->place + 2 * l->cursor;
            check(l->cursor == from
                  || (ways[w] == MOVE_UP ? b[1] > a[1] : ways[w] == MOVE_DOWN ? b[1] < a[1]
                      : ways[w] == MOVE_LEFT ? b[0] < a[0] : b[0] > a[0]));
        }
    l->cursor = 3;
    check(pane_points.move(&t.view, MOVE_UP, 100));
    for (size_t v = 0; v < s->n_values; v++)
        check(s->place[2 * v + 1] <= s->place[2 * l->cursor + 1] + 1e-6f || v == l->cursor
              || fabs((double)(s->place[2 * v] - s->place[2 * l->cursor])) > 0);
    check(!pane_points.move(&t.view, MOVE_PAGE_DOWN, 1));
    stage_done(&t);
}

static void the_value_under_the_cursor_is_a_word(void)
{
    struct stage t;
    struct str text = {0};

    init_usual(&t);
    t.desk.lists[PANE_POINTS].cursor = 5;
    check(points_put_value(&t.view, &text));
    check_str(str_text(&text), "opening=gambit d1");
    str_clear(&text);
    check(points_put_column(&t.view, &text));
    check_str(str_text(&text), "opening");
    t.desk.focus[VIEW_EMBEDDING] = PANE_LEGEND;
    t.desk.lists[PANE_LEGEND].cursor = 2;
    str_clear(&text);
    check(points_put_column(&t.view, &text));
    check_str(str_text(&text), "'long name of a column'");
    str_done(&text);
    stage_done(&t);
}

static void columns_have_letters_of_their_own(void)
{
    struct feature features[40];
    struct encoder e = {.n_categorical = 40, .categorical = features};
    char letters[40], names[40][8];

    for (int i = 0; i < 40; i++) {
        snprintf(names[i], sizeof names[i], i % 2 ? "\xff%d" : "a%d", i);
        features[i].name = names[i];
    }
    points_letters(&e, letters);
    for (int i = 0; i < 40; i++) {
        check(letters[i] > ' ' && letters[i] <= '~');
        for (int k = 0; k < i; k++)
            check(letters[i] != letters[k]);
    }
    check(letters[0] == 'A');
}

/* Names of all sizes, and bytes that no screen may get. */
static void any_size_will_do(void)
{
    struct stage t;

    stage_init(&t, "\"\x1b[31mred\",\"\xff\",\"a\nb\",\"\xe5\xad\x97\xe5\xad\x97\"", true);
    set_classes(shown(&t));
    t.desk.embedding.cells = true;
    for (int focus = PANE_POINTS; focus <= PANE_POINT; focus++) {
        t.desk.focus[VIEW_EMBEDDING] = (enum pane_id)focus;
        t.desk.embedding.beside = focus % 2;
        t.desk.embedding.brushing = focus != PANE_POINTS;
        t.desk.embedding.colour = (enum points_colour)(focus % COLOURS);
        for (int width = 40; width <= 200; width += 9)
            for (int height = 10; height <= 60; height += 7) {
                struct surface s;
                bool clean = true;

                surface_init(&s, width, height, GLYPHS_BRAILLE);
                view_draw(&t.view, &s);
                for (int i = 0; i < width * height; i++)
                    clean &= s.cells[i].code == 0 || s.cells[i].code >= 32;
                check(clean);
                surface_done(&s);
            }
    }
    stage_done(&t);
}

/* All values at one place, and a single one. */
static void flat_layouts_are_drawn(void)
{
    struct stage t;
    struct surface s;

    init_usual(&t);
    memset(shown(&t)->place, 0, 2 * shown(&t)->n_values * sizeof(float));
    memset(shown(&t)->layout, 0, 2 * shown(&t)->n_points * sizeof(float));
    memset(shown(&t)->vectors, 0, WIDTH * shown(&t)->n_values * sizeof(float));
    surface_init(&s, 80, 24, GLYPHS_ASCII);
    view_draw(&t.view, &s);
    shown(&t)->n_values = 1;
    shown(&t)->n_points = 2;
    view_draw(&t.view, &s);
    check(points_cursor(&t.view, shown(&t)) == 0);
    surface_done(&s);
    stage_done(&t);
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    setlocale(LC_NUMERIC, "C");
    test_run(values_stand_where_they_lie);
    test_run(cells_are_dots_behind_them);
    test_run(colours_mean_target_or_frequency);
    test_run(colours_mean_one_of_several_classes);
    test_run(one_can_come_closer);
    test_run(columns_are_hidden);
    test_run(the_layout_before_is_laid_over_it);
    test_run(a_brush_tells_what_is_in_it);
    test_run(arrows_move_the_corner_of_the_brush);
    test_run(points_go_to_the_other_run);
    test_run(without_a_layout_one_learns_how);
    test_run(arrows_go_from_value_to_value);
    test_run(the_value_under_the_cursor_is_a_word);
    test_run(columns_have_letters_of_their_own);
    test_run(any_size_will_do);
    test_run(flat_layouts_are_drawn);
    return test_done();
}
