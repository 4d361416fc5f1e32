/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table of keys: its lines run, nothing hides anything, what stands under the cursor
 * gets into lines, and how a person sees all that. What is under the cursor comes from
 * here instead of the panes.
 */
#include "ui/keys.h"

#include <locale.h>

#include "base/mem.h"
#include "base/text.h"
#include "command/command.h"
#include "command/option.h"
#include "data/infer.h"
#include "screen.h"
#include "table.h"
#include "test.h"

/* ---- a view ---- */

static struct run *shown_run, *listed_run;
static int cursor_column;
static const char *cursor_value;

int view_column(const struct view *v)
{
    (void)v;
    return cursor_column;
}

const struct run *view_run(const struct view *v)
{
    (void)v;
    return shown_run;
}

const struct run *view_listed_run(const struct view *v)
{
    (void)v;
    return listed_run;
}

bool view_value(const struct view *v, struct str *out)
{
    (void)v;
    if (cursor_value)
        str_puts(out, cursor_value);
    return cursor_value != NULL;
}

static struct desk desk;
static struct session *session;
static struct view_job jobs[2];
static struct view view;
static struct keys *keys;

/* A table of census columns and some with odd names; two runs, the second in training. */
static void begin(void)
{
    static bool selected[6];
    struct split_options split = {0};
    struct dataset *data = table_of("age,native country,--x,it's,\"a\"\"b\",sex\n"
                                    "1,2,3,4,5,6\n2,3,4,5,6,7\n");
    struct error err;

    session = session_new(1, &err);
    session_add_table(session,
                      table_new("t", "load t.csv", data, infer_schema(data), &split));
    session_add_run(session, run_new("r1"));
    session_add_run(session, run_new("r2"));
    shown_run = session_find_run(session, "r2");
    listed_run = session_find_run(session, "r1");
    cursor_column = 0;
    cursor_value = "a b";
    desk_init(&desk);
    memset(selected, 0, sizeof selected);
    desk.place = PLACE_PANES;
    desk.data.selected = selected;
    desk.data.n_selected = 6;
    jobs[0] = (struct view_job){.number = 3, .what = "train r2", .run = shown_run};
    jobs[1] = (struct view_job){.number = 4, .what = "load x"};
    view = (struct view){.session = session, .desk = &desk, .jobs = jobs, .n_jobs = 2};
    keys = keys_new();
}

static void end(void)
{
    desk.data.selected = NULL;
    desk_done(&desk);
    session_free(session);
    keys_free(keys);
}

static const struct binding *press(const char *name)
{
    static struct str pending;
    const struct binding *b = NULL;
    enum keys_news news = KEYS_NONE;

    for (const char *p = name; *p; p += strcspn(p, " ") + (strchr(p, ' ') != NULL)) {
        char *key = xstrndup(p, strcspn(p, " "));
        struct key k;

        check(key_parse(key, &k));
        news = keys_find(keys, &desk, &pending, &k, &b);
        check((news == KEYS_BOUND) == (b != NULL));
        check((news == KEYS_MORE) == (pending.length > 0));
        free(key);
    }
    str_done(&pending);
    return news == KEYS_BOUND ? b : NULL;
}

static void check_press(const char *name, const char *line)
{
    const struct binding *b = press(name);

    if (line)
        check_str(b ? b->line : NULL, line);
    else if (!check(!b))
        printf("# %s is bound to %s\n", name, b->line);
}

static void check_expand(const char *line, const char *wanted)
{
    struct str out = {0};
    struct error err = {0};
    bool ask;

    if (check(keys_expand(&view, line, &out, &ask, &err))) {
        check_str(str_text(&out), wanted);
        check(ask == (strstr(line, "%ask") != NULL));
    } else {
        printf("# %s: %s\n", line, err.text);
    }
    str_done(&out);
}

static void check_no_expand(const char *line, const char *part)
{
    struct str out = {0};
    struct error err = {0};
    bool ask;

    check(!keys_expand(&view, line, &out, &ask, &err));
    if (!check(strstr(err.text, part) != NULL))
        printf("# %s: %s\n", line, err.text);
    str_done(&out);
}

/* ---- the table as it is built in ---- */

static bool is_option_value(const struct value *v, const char *before, const char *word)
{
    const struct option *o;

    if (v->type == VALUE_OPTION)
        return option_find(word, NULL) != NULL;
    if (v->type != VALUE_OPTION_VALUE)
        return value_check(v, "it", word, NULL);
    o = before ? option_find(before, NULL) : NULL;
    return o && value_check(&o->value, "it", word, NULL);
}

/* Whether the words behind the verb are what the command takes. */
static bool fits(const struct command *c, const struct words *w, bool whole)
{
    const char *words[8] = {0};
    int n = 0, needed = 0;

    for (int i = 1; i < w->n; i++) {
        const char *text = w->words[i].text;
        const struct parameter *p;

        if (strncmp(text, "--", 2) != 0 || w->words[i].quoted) {
            words[n++] = text;
            continue;
        }
        p = command_option(c, text + 2, NULL);
        if (!p)
            return false;
        if (!whole && i + 1 == w->n)
            break; /* its value is asked for */
        if (p->value.type != VALUE_FLAG &&
            (++i == w->n || !value_check(&p->value, "it", w->words[i].text, NULL)))
            return false;
    }
    for (int i = 0; i < n; i++) {
        const struct parameter *p = command_argument(c, i, n);

        if (!p || !is_option_value(&p->value, i > 0 ? words[i - 1] : NULL, words[i]))
            return false;
    }
    for (const struct parameter *p = c->arguments; p->name; p++)
        needed += p->count == REQUIRED || p->count == MANY;
    return !whole || n >= needed;
}

static void every_line_runs(void)
{
    const struct binding *b;

    begin();
    for (int i = 0; (b = keys_at(keys, i)); i++) {
        const struct command *c = NULL;
        struct str line = {0};
        struct words w = {0};
        struct error err = {0};
        bool ask = false;

        desk.view = strcmp(b->context, "runs") == 0 ? VIEW_RUNS : VIEW_TRAIN;
        listed_run = shown_run;
        check(keys_expand(&view, b->line, &line, &ask, &err));
        check(words_split(str_text(&line), &w, &err) && w.n > 0);
        c = w.n > 0 ? command_find(w.words[0].text, &err) : NULL;
        if (!check(c && strcmp(c->name, w.words[0].text) == 0 && fits(c, &w, !ask)))
            printf("# %s %s: %s %s\n", b->context, b->key, str_text(&line), err.text);
        words_done(&w);
        str_done(&line);
    }
    check(keys_at(keys, -1) == NULL);
    end();
}

static void every_key_is_spelled_well(void)
{
    const struct binding *b;

    begin();
    for (int i = 0; (b = keys_at(keys, i)); i++) {
        struct str again = {0};
        const char *second = strchr(b->key, ' ');
        char *first = xstrndup(b->key, strcspn(b->key, " "));
        struct key k;

        if (check(key_parse(first, &k)))
            key_print(&k, &again);
        if (second && check(key_parse(second + 1, &k))) {
            str_putc(&again, ' ');
            key_print(&k, &again);
        }
        check_str(str_text(&again), b->key);
        check(b->help && b->help[0] && strlen(b->help) <= 31);
        check(!b->hint || (b->hint[0] && strlen(b->hint) <= 8));
        str_done(&again);
        free(first);
    }
    end();
}

/* Built-in keys belong to views, panes and anywhere; a view is never active with another
 * one, all else is. */
static bool active_together(const char *a, const char *b)
{
    return strcmp(a, b) == 0 || strcmp(a, "panes") == 0 || strcmp(b, "panes") == 0 ||
           strcmp(a, "anywhere") == 0 || strcmp(b, "anywhere") == 0;
}

/* "g" and "g g" clash as "g" and "g" do. */
static bool keys_clash(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b), least = n < m ? n : m;

    return memcmp(a, b, least) == 0 && (n == m || (n < m ? b : a)[least] == ' ');
}

static void nothing_hides_anything(void)
{
    static const char contexts[] = " data train runs attention embeddings log "
                                   "study panes anywhere ";
    const struct binding *a, *b;

    begin();
    for (int i = 0; (a = keys_at(keys, i)); i++) {
        char *padded = xasprintf(" %s ", a->context);

        check(strstr(contexts, padded) != NULL);
        free(padded);
        for (int j = 0; j < i; j++) {
            b = keys_at(keys, j);
            if (!check(!active_together(a->context, b->context) ||
                       !keys_clash(a->key, b->key)))
                printf("# %s %s and %s %s\n", a->context, a->key, b->context, b->key);
        }
    }
    end();
}

static void prompt_keeps_what_is_typed(void)
{
    begin();
    desk.place = PLACE_PROMPT;
    for (int code = ' '; code < 0x7f; code++) {
        char text[] = {(char)code, '\0'};

        check_press(code == ' ' ? "Space" : text, NULL);
    }
    check_press("Enter", NULL);
    check_press("Tab", NULL);
    check_press("Up", NULL);
    check_press("Esc", NULL);
    check_press("C-r", NULL);
    check_press("C-x C-u", NULL);
    end();
}

static void pane_contexts_are_those_of_focus(void)
{
    const struct command *focus = command_find("focus", NULL);
    struct error err;
    char name[32];
    int i = 0;

    begin();
    while (value_choice_name(focus->arguments[0].value.choices, i, name, sizeof name) &&
           strcmp(name, "schema") != 0)
        i++;
    for (int pane = 0; pane < PANES; pane++) {
        check(value_choice_name(focus->arguments[0].value.choices, i + pane, name,
                                sizeof name));
        check(keys_bind(keys, name, "M-x", "copy", &err));
        desk.view = pane_view((enum pane_id)pane);
        desk.focus[desk.view] = (enum pane_id)pane;
        check_press("M-x", "copy");
        check(keys_unbind(keys, name, "M-x", &err));
        check_press("M-x", NULL);
    }
    end();
}

/* ---- looking up ---- */

static void keys_do_what_they_should(void)
{
    begin();
    check_press("c", "mark %columns categorical");
    check_press("p", NULL);
    check_press("g g", "move home");
    check_press("g j", NULL);
    check_press("j", "move down");
    check_press("C-x o", "focus next");
    check_press("F3", "view train");
    desk.view = VIEW_TRAIN;
    check_press("c", NULL);
    check_press("p", "%pause");
    check_press("+", "zoom in");
    desk.view = VIEW_RUNS;
    check_press("Space", "overlay %run");
    desk.view = VIEW_LOG;
    check_press("/", "%ask{find }");
    desk.place = PLACE_PROMPT;
    check_press("F3", "view train");
    check_press("M-2", "view train");
    check_press("PgUp", "move page-up");
    check_press("C-x o", "focus next");
    check_press("C-x C-e", "edit");
    check_press("C-x C-x", NULL);
    check_press("/", NULL);
    end();
}

static void half_a_pair_waits(void)
{
    struct str pending = {0};
    const struct binding *b;
    struct key g, mouse = {.kind = KEY_MOUSE};

    begin();
    key_parse("g", &g);
    check_int(keys_find(keys, &desk, &pending, &g, &b), KEYS_MORE);
    check_str(str_text(&pending), "g");
    check_int(keys_find(keys, &desk, &pending, &g, &b), KEYS_BOUND);
    check_int(pending.length, 0);
    check_int(keys_find(keys, &desk, &pending, &g, &b), KEYS_MORE);
    check_int(keys_find(keys, &desk, &pending, &mouse, &b), KEYS_NONE);
    check_int(pending.length, 0);
    str_done(&pending);
    end();
}

/* ---- %words ---- */

static void columns(void)
{
    begin();
    check_expand("mark %columns ignore", "mark age ignore");
    cursor_column = 1;
    check_expand("target %column", "target 'native country'");
    cursor_column = 2;
    check_expand("values %column", "values '--x'");
    cursor_column = 3;
    check_expand("values %column", "values \"it's\"");
    cursor_column = 4;
    check_expand("select %column", "select 'a\"b'");
    desk.data.selected[1] = desk.data.selected[5] = true;
    check_expand("mark %columns ignore", "mark 'native country' sex ignore");
    check_expand("select %column", "select 'a\"b'");
    desk.data.n_selected = 0;
    check_expand("mark %columns ignore", "mark 'a\"b' ignore");
    check_expand("rows %value", "rows 'a\"b=a b'");
    cursor_value = NULL;
    check_no_expand("rows %value", "no value under the cursor");
    cursor_column = -1;
    check_no_expand("target %column", "no column under the cursor");
    session->table = NULL;
    check_no_expand("target %column", "load FILE");
    check_no_expand("mark %columns ignore", "load FILE");
    end();
}

static void runs_and_jobs(void)
{
    begin();
    desk.view = VIEW_TRAIN;
    check_expand("evaluate --run %run", "evaluate --run r2");
    check_expand("stop %job", "stop 3");
    check_expand("%pause", "pause 3");
    jobs[0].paused = true;
    check_expand("%pause", "resume 3");
    desk.view = VIEW_RUNS;
    check_expand("overlay %run", "overlay r1");
    check_expand("save %run{.safetensors}", "save r1.safetensors");
    check_expand("resume %run{never closed", "resume 'r1never closed'");
    check_no_expand("stop %job", "several jobs");
    view.n_jobs = 1;
    check_expand("stop %job", "stop 3");
    view.n_jobs = 0;
    check_no_expand("stop %job", "no job runs");
    check_no_expand("%pause", "no job runs");
    listed_run = NULL;
    check_no_expand("overlay %run", "no run yet");
    end();
}

static void check_figure(enum pane_id pane, const char *wanted)
{
    desk.view = pane_view(pane);
    desk.focus[desk.view] = pane;
    check_expand("plot %figure %ask{}", wanted);
}

/* The pane that has the keys says what is drawn, the curves how. */
static void what_is_looked_at_is_drawn(void)
{
    char *overlaid[] = {"gone", "r2", "r1"};

    begin();
    check_figure(PANE_LOSS, "plot loss --run r2 ");
    check_figure(PANE_FACTS, "plot loss --run r2 ");
    check_figure(PANE_SCORE, "plot score --run r2 ");
    check_figure(PANE_ROC, "plot roc --run r2 ");
    check_figure(PANE_CONFUSION, "plot confusion --run r2 ");
    check_figure(PANE_CALIBRATION, "plot calibration --run r2 ");
    check_figure(PANE_EXAMPLE, "plot learned --run r2 ");
    check_figure(PANE_LEARNED, "plot learned --run r2 ");
    check_figure(PANE_RUNS, "plot loss --run r1 ");
    desk.train.by_time = desk.train.log_y = true;
    desk.train.smooth = 0.9;
    desk.train.overlaid = overlaid;
    desk.train.n_overlaid = 3;
    check_figure(PANE_LOSS, "plot loss --run r2 --x time --y log --smooth 0.9 --beside r1 ");
    check_figure(PANE_CURVES, "plot score --run r1 --x time --beside r2 ");
    check_figure(PANE_ROC, "plot roc --run r2 ");
    desk.train.overlaid = NULL;
    desk.train.n_overlaid = 0;
    shown_run = NULL;
    desk.view = VIEW_TRAIN;
    check_no_expand("plot %figure", "no run yet");
    desk.view = VIEW_LOG;
    check_no_expand("plot %figure", "no figure of this pane");
    end();
}

static void what_goes_round(void)
{
    begin();
    desk.train.smooth = 0;
    check_expand("chart --smooth %smooth", "chart --smooth 0.6");
    desk.train.smooth = 0.6;
    check_expand("chart --smooth %smooth", "chart --smooth 0.9");
    desk.train.smooth = 0.95;
    check_expand("chart --smooth %smooth", "chart --smooth 0.97");
    desk.train.smooth = 0.97;
    check_expand("chart --smooth %smooth", "chart --smooth 0");
    check_expand("set screen.glyphs %next{screen.glyphs}", "set screen.glyphs blocks");
    session->settings.screen.glyphs = SCREEN_BRAILLE;
    check_expand("set screen.glyphs %next{screen.glyphs}", "set screen.glyphs auto");
    check_expand("set screen.mouse %next{screen.mouse}", "set screen.mouse yes");
    session->settings.screen.mouse = true;
    check_expand("set screen.mouse %next{screen.mouse}", "set screen.mouse no");
    check_no_expand("set train.lr %next{train.lr}", "no choices");
    check_no_expand("set x %next{nonsense}", "nonsense");
    end();
}

static void lines_for_the_prompt(void)
{
    begin();
    desk.view = VIEW_TRAIN;
    check_expand("%ask{find }", "find ");
    check_expand("%ask{select /}", "select /");
    check_expand("save --run %run %ask{}", "save --run r2 ");
    check_expand("%ask{never closed", "never closed");
    check_expand("find 50% of %nothing", "find 50% of %nothing");
    check_expand("find %", "find %");
    check_expand("", "");
    end();
}

/* ---- bind and unbind ---- */

static void check_refused(const char *context, const char *key, const char *line,
                          const char *part)
{
    struct error err = {0};

    if (!check(!keys_bind(keys, context, key, line, &err)) ||
        !check(strstr(err.text, part) != NULL))
        printf("# bind %s %s %s: %s\n", context, key, line, err.text);
}

static void bindings_of_ones_own(void)
{
    struct error err = {0};

    begin();
    check(keys_bind(keys, "data", "K", "mark %columns weight", &err));
    check_press("K", "mark %columns weight");
    check_str(press("K")->help, command_find("mark", NULL)->help);
    check(keys_bind(keys, "data", "c", "describe %column", &err)); /* in place of one */
    check_press("c", "describe %column");
    check(keys_bind(keys, "panes", "return", "copy", &err));       /* spelled otherwise */
    check_press("Enter", "copy");
    check(keys_bind(keys, "panes", "g e", "move end", &err));
    check_press("g e", "move end");
    check_press("g g", "move home");
    check(keys_bind(keys, "anywhere", "C-g", "%pause", &err));
    check(keys_bind(keys, "train", "Q", "%ask{session save }", &err));
    check(keys_bind(keys, "dat", "M-q", "quit", &err)); /* a unique beginning */
    check_press("M-q", "quit");
    check(keys_unbind(keys, "data", "M-q", &err));
    check_press("M-q", NULL);
    check(keys_unbind(keys, "panes", "g g", &err));
    check_press("g g", NULL);
    check(!keys_unbind(keys, "panes", "g g", &err));
    check(strstr(err.text, "no command in panes") != NULL);
    end();
}

static void bindings_that_are_refused(void)
{
    begin();
    check_refused("nowhere", "a", "undo", "no context \"nowhere\"");
    check_refused("panes", "Ctrl-a", "undo", "no key \"Ctrl-a\"");
    check_refused("panes", "a b c", "undo", "no key");
    check_refused("panes", "", "undo", "no key");
    check_refused("panes", "a", "frobnicate", "no command \"frobnicate\"");
    check_refused("panes", "a", "%ask{frobnicate }", "no command \"frobnicate\"");
    check_refused("panes", "a", "", "no command");
    check_refused("panes", "a", "find 'open", "never closed");
    check_refused("panes", "a", "mark %colums ignore", "%colums stands for nothing");
    check_refused("anywhere", "a", "undo", "belongs to the prompt");
    check_refused("anywhere", "Enter", "undo", "belongs to the prompt");
    check_refused("anywhere", "Space x", "undo", "belongs to the prompt");
    check_refused("panes", "C-c", "undo", "interrupts");
    check_refused("panes", "C-c a", "undo", "interrupts");
    check_press("a", NULL);
    end();
}

static void nearer_ones_come_first(void)
{
    const struct binding *here[256];
    struct error err = {0};
    int n;

    begin();
    check(keys_bind(keys, "schema", "y", "undo", &err));
    check_press("y", "undo");
    desk.focus[VIEW_DATA] = PANE_ROWS;
    check_press("y", "copy");
    desk.focus[VIEW_DATA] = PANE_SCHEMA;
    n = keys_here(keys, &desk, false, here, 256);
    for (int i = 0; i < n; i++)
        check(strcmp(here[i]->key, "y") != 0 || strcmp(here[i]->line, "copy") != 0);
    end();
}

/* ---- here ---- */

static void one_for_each_line(void)
{
    const struct binding *here[256];
    int n;

    begin();
    n = keys_here(keys, &desk, false, here, 256);
    check(n > 40);
    for (int i = 0; i < n; i++) {
        check(i == 0 || strcmp(here[0]->context, "data") == 0);
        for (int j = 0; j < i; j++)
            check(strcmp(here[i]->line, here[j]->line) != 0);
    }
    check_int(keys_here(keys, &desk, false, here, 5), 5);
    desk.place = PLACE_PROMPT;
    n = keys_here(keys, &desk, false, here, 256);
    for (int i = 0; i < n; i++)
        check_str(here[i]->context, "anywhere");
    end();
}

static void items_are_acted_on(void)
{
    const struct binding *here[256];
    struct str list = {0};
    int n;

    begin();
    n = keys_here(keys, &desk, true, here, 256);
    for (int i = 0; i < n; i++)
        str_printf(&list, "%s ", here[i]->key);
    check_str(str_text(&list), "c # i d t Space F E Enter y ");
    str_clear(&list);
    desk.view = VIEW_RUNS;
    n = keys_here(keys, &desk, true, here, 256);
    for (int i = 0; i < n; i++)
        str_printf(&list, "%s ", here[i]->key);
    check_str(str_text(&list), "Space e d s P R A r F E p S Enter y ");
    str_done(&list);
    end();
}

/* ---- as text ---- */

static void printed(void)
{
    struct str text = {0};
    struct error err = {0};

    begin();
    keys_print(keys, &text);
    check(screen_is("keys", &text));
    str_clear(&text);
    check(keys_bind(keys, "train", "y", "undo", &err));
    check(keys_bind(keys, "panes", "g", "move end", &err));
    check(keys_bind(keys, "loss", "M-1", "undo", &err));
    keys_print(keys, &text);
    check_str(strstr(str_text(&text), "conflicts:"),
              "conflicts: 3\n"
              "  train y (undo) hides panes y (copy)\n"
              "  panes g (move end) hides panes g g (move home)\n"
              "  loss M-1 (undo) hides anywhere M-1 (view data)\n");
    str_done(&text);
    end();
}

/* ---- as seen ---- */

static void draw_screen(struct surface *s, int width, int height, enum glyphs glyphs)
{
    struct surface part;

    surface_init(s, width, height, glyphs);
    part = surface_part(s, (struct rect){0, 1, width, height - 4});
    surface_fill(&part, (struct rect){0, 0, width, height}, '.', ROLE_DIM);
    keys_draw_popup(keys, &view, &part);
    part = surface_part(s, (struct rect){0, height - 3, width, 1});
    keys_draw_hints(keys, &desk, &part);
}

static void check_screen(const char *name, int width, int height, enum glyphs glyphs)
{
    struct surface s;

    draw_screen(&s, width, height, glyphs);
    check(screen_matches(name, &s, false));
    surface_done(&s);
}

static void list_of_keys(void)
{
    begin();
    desk.popup = POPUP_KEYS;
    check_screen("keys-data", 80, 24, GLYPHS_ASCII);
    check_screen("keys-data", 60, 16, GLYPHS_ASCII);
    check_screen("keys-data", 160, 48, GLYPHS_ASCII);
    check_screen("keys-data", 80, 24, GLYPHS_BRAILLE);
    desk.view = VIEW_TRAIN;
    check_screen("keys-train", 80, 24, GLYPHS_ASCII);
    check_screen("keys-train", 160, 48, GLYPHS_ASCII);
    desk.view = VIEW_RUNS;
    check_screen("keys-runs", 80, 24, GLYPHS_ASCII);
    desk.place = PLACE_PROMPT;
    check_screen("keys-prompt", 80, 24, GLYPHS_ASCII);
    end();
}

static void list_scrolls(void)
{
    struct surface s;

    begin();
    desk.popup = POPUP_KEYS;
    desk.popup_list.cursor = 5;
    draw_screen(&s, 80, 24, GLYPHS_ASCII);
    check_int(desk.popup_list.cursor, 5);
    check_int(desk.popup_list.page, 18);
    surface_done(&s);
    desk.popup_list.cursor = (size_t)-1 / 2;
    check_screen("keys-end", 80, 24, GLYPHS_ASCII);
    check(desk.popup_list.cursor > 18 && desk.popup_list.cursor < 100);
    end();
}

static void menu(void)
{
    struct surface s;

    begin();
    desk.popup = POPUP_MENU;
    cursor_column = 1;
    desk.popup_list.cursor = 2;
    check_screen("menu-data", 80, 24, GLYPHS_ASCII);
    check_screen("menu-data", 60, 16, GLYPHS_ASCII);
    check_screen("menu-data", 160, 48, GLYPHS_ASCII);
    draw_screen(&s, 80, 24, GLYPHS_BRAILLE);
    check(screen_matches("menu-data", &s, false));
    check(screen_matches("menu-data", &s, true));
    surface_done(&s);
    desk.view = VIEW_RUNS;
    view.n_jobs = 0;
    check_screen("menu-runs", 80, 24, GLYPHS_ASCII);
    desk.popup_list.cursor = 1000;
    draw_screen(&s, 60, 10, GLYPHS_ASCII);
    check_int(desk.popup_list.cursor, 13);
    check_int(desk.popup_list.top, 10);
    surface_done(&s);
    end();
}

static void menu_of_nothing(void)
{
    begin();
    session->table = NULL;
    desk.popup = POPUP_MENU;
    check_screen("menu-nothing", 80, 24, GLYPHS_ASCII);
    end();
}

static void add_hints(struct str *out, const char *what, int width)
{
    struct surface s;

    surface_init(&s, width, 1, GLYPHS_ASCII);
    keys_draw_hints(keys, &desk, &s);
    str_printf(out, "%s, %d columns\n", what, width);
    surface_dump(&s, out);
    surface_done(&s);
}

static void hint_lines(void)
{
    static const int widths[] = {40, 60, 80, 160};
    struct str text = {0};

    begin();
    for (int i = 0; i < 4; i++) {
        desk.place = PLACE_PANES;
        for (int id = 0; id < VIEWS; id++) {
            desk.view = (enum view_id)id;
            add_hints(&text, view_title(desk.view), widths[i]);
        }
        desk.place = PLACE_PROMPT;
        add_hints(&text, "Prompt", widths[i]);
    }
    desk.popup = POPUP_KEYS;
    add_hints(&text, "List of keys", 80);
    desk.popup = POPUP_MENU;
    add_hints(&text, "Menu", 80);
    check(screen_is("keys-hints", &text));
    str_done(&text);
    end();
}

/* On 80 columns the hints that a view is about are there, and how to get on. */
static void hints_fit(void)
{
    static const char *const wanted[] = {"c#itT", "pSLw[", "edsT", "[{asP", "t[cpS",
                                         "e/", "tbpS"};

    _Static_assert(sizeof wanted / sizeof wanted[0] == VIEWS, "one for each view");

    begin();
    for (int id = 0; id < VIEWS; id++) {
        struct str line = {0};
        struct surface s;

        desk.view = (enum view_id)id;
        surface_init(&s, 80, 1, GLYPHS_ASCII);
        keys_draw_hints(keys, &desk, &s);
        surface_dump(&s, &line);
        check(strstr(line.text, "  ? keys") && strstr(line.text, "  : prompt"));
        for (const char *p = wanted[id]; *p; p++) {
            char key[] = {' ', *p, ' ', '\0'};

            if (!check(strstr(line.text, key) != NULL))
                printf("# %s is not in %s", key, line.text);
        }
        surface_done(&s);
        str_done(&line);
    }
    end();
}

/* Nothing is drawn outside, whatever the size. */
static void any_size(void)
{
    begin();
    for (int popup = POPUP_NONE; popup <= POPUP_MENU; popup++)
        for (int width = 0; width <= 200; width += 1 + width / 8)
            for (int height = 0; height <= 60; height += 1 + height / 8) {
                struct surface s;

                desk.popup = (enum popup)popup;
                desk.popup_list = (struct list){.cursor = 30};
                surface_init(&s, width, height, GLYPHS_ASCII);
                keys_draw_popup(keys, &view, &s);
                keys_draw_hints(keys, &desk, &s);
                surface_done(&s);
            }
    end();
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    test_run(every_line_runs);
    test_run(every_key_is_spelled_well);
    test_run(nothing_hides_anything);
    test_run(prompt_keeps_what_is_typed);
    test_run(pane_contexts_are_those_of_focus);
    test_run(keys_do_what_they_should);
    test_run(half_a_pair_waits);
    test_run(columns);
    test_run(runs_and_jobs);
    test_run(what_is_looked_at_is_drawn);
    test_run(what_goes_round);
    test_run(lines_for_the_prompt);
    test_run(bindings_of_ones_own);
    test_run(bindings_that_are_refused);
    test_run(nearer_ones_come_first);
    test_run(one_for_each_line);
    test_run(items_are_acted_on);
    test_run(printed);
    test_run(list_of_keys);
    test_run(list_scrolls);
    test_run(menu);
    test_run(menu_of_nothing);
    test_run(hint_lines);
    test_run(hints_fit);
    test_run(any_size);
    return test_done();
}
