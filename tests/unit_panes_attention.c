/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The panes of the Attention view, drawn from a look that is made by hand. */
#include <locale.h>
#include <math.h>

#include "base/mem.h"
#include "command/attending.h"
#include "data/encode.h"
#include "engine/table.h"
#include "screen.h"
#include "subject.h"
#include "view.h"

enum { LAYERS = 2, HEADS = 3 };

/* ---- a look by hand ---- */

struct stage {
    struct subject subject;
    struct session *session;
    struct attending *attending;
    struct desk desk;
    struct view view;
    bool colourless;
};

/* Categorical columns of the names that stand in the head of the table. */
static struct dataset *make_table(const char *names, int columns)
{
    struct str text = {0};
    struct dataset *d;

    str_printf(&text, "%s,won\n", names);
    for (int row = 0; row < 60; row++) {
        for (int i = 0; i < columns; i++)
            str_printf(&text, "%c%d,", 'a' + (row * (i + 3) + row / 7) % 4, i);
        str_puts(&text, row % 3 ? "no\n" : "yes\n");
    }
    d = table_load(text.text, text.length);
    str_done(&text);
    return d;
}

/* Maps whose lines sum to one; no two heads are alike. */
static void fill_maps(struct attention *a, int columns, size_t rows)
{
    size_t cells = (size_t)columns * (size_t)columns;

    *a = (struct attention){.layers = LAYERS, .heads = HEADS, .columns = columns,
                            .rows = rows};
    a->sum = xcalloc(LAYERS * HEADS * cells, sizeof *a->sum);
    a->rollout = xcalloc(cells, sizeof *a->rollout);
    for (size_t line = 0; line < LAYERS * HEADS * (size_t)columns; line++) {
        double *x = a->sum + line * (size_t)columns, sum = 0;

        for (int i = 0; i < columns; i++)
            sum += x[i] = 1 + (double)((line * 7 + (size_t)i * (line + 5)) % 11);
        for (int i = 0; i < columns; i++)
            x[i] *= (double)rows / sum;
    }
    for (size_t i = 0; i < cells; i++)
        a->rollout[i] = (double)rows / columns;
}

static void stage_init(struct stage *t, const char *names, int columns)
{
    struct split_options split = split_defaults();
    struct run *r = run_new("r1");

    *t = (struct stage){.session = xcalloc(1, sizeof *t->session),
                        .subject = subject_new(make_table(names, columns), "won", NULL)};
    t->session->settings = settings_defaults();
    session_add_table(t->session,
                      table_new("games", "load games.csv", dataset_ref(t->subject.data),
                                schema_copy(t->subject.schema), &split));
    r->state = RUN_WAITING;
    r->progress.epoch = 3; /* behind the weights that were looked at */
    r->progress.batches = 10;
    session_add_run(t->session, r);
    t->attending = xcalloc(1, sizeof *t->attending);
    t->attending->wish = (struct attention_wish){.layer = LAYER_LAST, .head = HEADS_MEAN};
    t->attending->of = (struct attention_wish){.run = xstrdup("r1")};
    t->attending->step = 25;
    t->attending->found = xcalloc(1, sizeof *t->attending->found);
    t->attending->found->encoder = encoder_ref(t->subject.encoder);
    fill_maps(&t->attending->found->seen, columns, 1234);
    desk_init(&t->desk);
    t->desk.view = VIEW_ATTENTION;
    t->view = (struct view){.session = t->session, .desk = &t->desk, .now = 1.7e9,
                            .attending = t->attending};
}

static void stage_done(struct stage *t)
{
    attending_free(t->attending);
    session_free(t->session);
    desk_done(&t->desk);
    subject_done(&t->subject);
}

static void init_usual(struct stage *t)
{
    stage_init(t, "colour,opening,long name of a column,city", 4);
}

/* ---- drawing ---- */

static void check_view(const struct stage *t, const char *name, int width, int height,
                       enum glyphs glyphs, bool roles)
{
    struct surface s;

    surface_init(&s, width, height, glyphs);
    s.colourless = t->colourless;
    view_draw(&t->view, &s);
    check(screen_matches(name, &s, roles));
    surface_done(&s);
}

static void a_map_is_shown(void)
{
    struct stage t;

    init_usual(&t);
    t.desk.place = PLACE_PANES;
    check_view(&t, "attention", 80, 24, GLYPHS_ASCII, false);
    check_view(&t, "attention", 80, 24, GLYPHS_BRAILLE, false);
    check_view(&t, "attention", 80, 24, GLYPHS_BRAILLE, true);
    check_view(&t, "attention", 160, 48, GLYPHS_ASCII, false);
    check_view(&t, "attention", 60, 16, GLYPHS_BRAILLE, false);
    stage_done(&t);
}

static void masking_stands_beside_it(void)
{
    static const double effect[] = {0.0321, 0.0004, 0.12, 0};
    struct stage t;

    init_usual(&t);
    t.attending->found->effect = xcalloc(4, sizeof *effect);
    memcpy(t.attending->found->effect, effect, sizeof effect);
    t.attending->wish.head = 1;
    t.attending->wish.layer = 0;
    t.desk.lists[PANE_MAP].cursor = 2;
    t.desk.attention.key = 1;
    t.desk.attention.threshold = 0.8; /* of 1 / 4 */
    check_view(&t, "attention-masked", 80, 24, GLYPHS_BRAILLE, false);
    stage_done(&t);
}

static void a_row_is_told_with_its_prediction(void)
{
    struct stage t;

    init_usual(&t);
    t.attending->of.row = 6;
    attention_done(&t.attending->found->seen);
    fill_maps(&t.attending->found->seen, 4, 1);
    t.attending->found->outputs = xcalloc(2, sizeof(float));
    t.attending->found->outputs[0] = 0.25f;
    t.attending->found->outputs[1] = 0.75f;
    t.desk.focus[VIEW_ATTENTION] = PANE_LOOKED;
    check_view(&t, "attention-row", 80, 24, GLYPHS_BRAILLE, false);
    check_view(&t, "attention-row", 160, 48, GLYPHS_BRAILLE, false);
    stage_done(&t);
}

static void differences_have_signs(void)
{
    struct stage t;

    init_usual(&t);
    fill_maps(&t.attending->found->less, 4, 100);
    for (int i = 0; i < LAYERS * HEADS * 16; i++)
        t.attending->found->less.sum[i] = 25;
    t.attending->of.class = xstrdup("yes");
    t.attending->of.less_class = xstrdup("no");
    t.attending->found->effect = xcalloc(4, sizeof(double)); /* whose is said */
    t.attending->found->effect[1] = 0.25;
    check_view(&t, "attention-diff", 80, 24, GLYPHS_ASCII, false);
    check_view(&t, "attention-diff", 80, 24, GLYPHS_ASCII, true);
    stage_done(&t);
}

/* Of many columns shares are small: thousandths in place of hundredths. */
static void wide_maps_have_another_unit(void)
{
    struct stage t;

    stage_init(&t, "c1,c2,c3,c4,c5,c6,c7,c8,c9,c10,c11,c12,c13,c14", 14);
    check_view(&t, "attention-wide", 80, 24, GLYPHS_BRAILLE, false);
    fill_maps(&t.attending->found->less, 14, 100);
    for (int i = 0; i < LAYERS * HEADS * 14 * 14; i++)
        t.attending->found->less.sum[i] = 100 / 14.0;
    check_view(&t, "attention-wide-diff", 80, 24, GLYPHS_BRAILLE, false);
    stage_done(&t);
}

/* Ten steps, as in ASCII, in the small maps and around numbers. */
static void without_colours_characters_tell_steps(void)
{
    struct stage t;

    init_usual(&t);
    t.colourless = true;
    t.desk.focus[VIEW_ATTENTION] = PANE_HEADS;
    t.desk.attention.threshold = 0.5;
    check_view(&t, "attention-mono", 80, 24, GLYPHS_BRAILLE, false);
    check_view(&t, "attention-mono", 160, 48, GLYPHS_BRAILLE, false);
    stage_done(&t);
}

static void what_is_wrong_is_said(void)
{
    struct stage t;

    init_usual(&t);
    sight_free(t.attending->found);
    t.attending->found = NULL;
    check_view(&t, "attention-looking", 60, 16, GLYPHS_ASCII, false);
    error_set(&t.attending->why, ERROR_STATE, "this model has no Transformer layers: "
              "nothing attends to anything");
    check_view(&t, "attention-why", 80, 24, GLYPHS_ASCII, false);
    stage_done(&t);
}

/* What was found stays, above one line. */
static void what_is_wrong_stands_below_what_was_found(void)
{
    struct stage t;

    init_usual(&t);
    error_set(&t.attending->why, ERROR_STATE, "the run next has not begun to learn yet, "
              "which will take it a moment");
    check_view(&t, "attention-not-yet", 80, 24, GLYPHS_BRAILLE, false);
    stage_done(&t);
}

/* ---- moving ---- */

static void cursors_stay_inside(void)
{
    struct stage t;

    init_usual(&t);
    check(pane_map.move(&t.view, MOVE_RIGHT, 2));
    check_int(t.desk.attention.key, 2);
    check(pane_map.move(&t.view, MOVE_RIGHT, 9));
    check_int(t.desk.attention.key, 3);
    check(pane_map.move(&t.view, MOVE_LEFT, 100));
    check_int(t.desk.attention.key, 0);
    check(!pane_map.move(&t.view, MOVE_DOWN, 1));
    check_int(pane_map.count(&t.view), 4);
    stage_done(&t);
}

static void heads_are_walked_through(void)
{
    struct stage t;
    const struct attention_wish *w;

    init_usual(&t);
    w = &t.attending->wish;
    check(pane_heads.move(&t.view, MOVE_RIGHT, 1));
    check_int(w->head, 0);
    check(pane_heads.move(&t.view, MOVE_RIGHT, 5));
    check_int(w->head, HEADS - 1);
    check(pane_heads.move(&t.view, MOVE_UP, 1));
    check_int(w->layer, 0);
    check(pane_heads.move(&t.view, MOVE_DOWN, 7));
    check_int(w->layer, LAYERS - 1);
    stage_done(&t);
}

static void maps_are_copied(void)
{
    struct stage t;
    struct str text = {0};
    double *map;

    init_usual(&t);
    map = sight_map(t.attending->found, LAYERS - 1, HEADS_MEAN);
    pane_map.copy(&t.view, &text);
    check(str_starts(str_text(&text), "\tcolour\topening\tlong name of a column\tcity\n"
                     "colour\t"));
    check_near(strtod(strstr(str_text(&text), "colour\t0") + 7, NULL), map[0], 1e-4);
    free(map);
    str_done(&text);
    stage_done(&t);
}

/* Names of all sizes, and bytes that no screen may get. */
static void any_size_will_do(void)
{
    static const struct pane_type *const types[] = {&pane_map, &pane_heads, &pane_query,
                                                    &pane_looked};
    struct str names = {0};
    struct stage t;

    for (int i = 0; i < 40; i++)
        str_printf(&names, "%s%s%d", i ? "," : "",
                   i % 3 ? "x\033[2J" : "日本語のとても長い名前", i);
    stage_init(&t, names.text, 40);
    for (size_t k = 0; k < sizeof types / sizeof types[0]; k++)
        for (int width = 0; width < 90; width += 1 + width / 8)
            for (int height = 0; height < 50; height += 1 + height / 6) {
                struct surface s;

                t.desk.lists[PANE_MAP].cursor = (size_t)(width + height) % 40;
                t.desk.attention.key = (size_t)(width * height) % 40;
                surface_init(&s, width, height, (enum glyphs)(width % 3));
                types[k]->draw(&t.view, &s, true);
                for (int y = 0; y < height; y++)
                    for (int x = 0; x < width; x++)
                        check(surface_row(&s, y)[x].code != 27);
                surface_done(&s);
            }
    check(t.desk.attention.key < 40 && t.desk.lists[PANE_MAP].cursor < 40);
    str_done(&names);
    stage_done(&t);
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    test_run(a_map_is_shown);
    test_run(masking_stands_beside_it);
    test_run(a_row_is_told_with_its_prediction);
    test_run(differences_have_signs);
    test_run(wide_maps_have_another_unit);
    test_run(without_colours_characters_tell_steps);
    test_run(what_is_wrong_is_said);
    test_run(what_is_wrong_stands_below_what_was_found);
    test_run(cursors_stay_inside);
    test_run(heads_are_walked_through);
    test_run(maps_are_copied);
    test_run(any_size_will_do);
    return test_done();
}
