/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/prompt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <readline/history.h>
#include <readline/readline.h>

#include "base/mem.h"
#include "base/text.h"
#include "command/complete.h"
#include "ui/candidates.h"
#include "ui/histfile.h"
#include "ui/line.h"
#include "ui/spell.h"

enum {
    HISTORY_LINES = 5000,     /* kept from one session to the next */
    LISTED = 60,              /* candidates that Tab prints */
    LEAST_LINE = 4,           /* columns that a prompt has to leave */
    PASTE_LIMIT = 256 * 1024, /* of the line with a paste in it, in bytes */
    SEARCHES = RL_STATE_ISEARCH | RL_STATE_NSEARCH,
    HALF_DONE = SEARCHES | RL_STATE_NUMERICARG | RL_STATE_MULTIKEY |
                RL_STATE_CHARSEARCH | RL_STATE_VIMOTION,
};

/* Readline's callbacks take no argument: the one place with state of its own for it. */
static struct {
    struct context *context;
    const char *text;    /* of the prompt */
    bool open;
    enum prompt_news news;
    char *line;
    char *history_path;  /* NULL: not kept */

    bool cells;
    FILE *nowhere;       /* what readline has for a terminal then */
    struct str keys;     /* bytes for readline */
    size_t n_read;       /* how many of them it took */
    bool quoting;        /* behind quoted-insert */
    struct candidates candidates;
    bool completing;     /* the last key was one of completion */
    bool pastes;         /* readline's own way with pastes is wanted, on a terminal */
    long first;          /* see struct line */
    int cursor_x;        /* as drawn last */
} prompt;

/* ---- history ---- */

static void take_old_line(const char *line)
{
    add_history(line);
}

/* Writes the lines that readline remembers in place of a file that grew too long. */
static void trim_file(void)
{
    HIST_ENTRY **entries = history_list();
    size_t n = 0, capacity = 0;
    const char **lines = NULL;

    for (; entries && entries[n]; n++) {
        lines = xgrow(lines, n, &capacity, sizeof(*lines));
        lines[n] = entries[n]->line;
    }
    if (n > 0)
        histfile_write(prompt.history_path, lines, n, NULL);
    free(lines);
}

static void begin_history(void)
{
    struct error err;
    bool cut;

    using_history();
    stifle_history(HISTORY_LINES);
    prompt.history_path = histfile_path();
    if (!prompt.history_path)
        return;
    if (!histfile_read(prompt.history_path, take_old_line, &cut, &err))
        context_note(prompt.context, "%s", err.text);
    else if (cut)
        trim_file();
}

/* Lines that begin with a blank and repetitions are left out. */
static void remember(const char *line)
{
    HIST_ENTRY *last = history_length > 0 ? history_get(history_base + history_length - 1)
                                          : NULL;

    if (line[0] == ' ' || !histfile_keeps(line) ||
        (last && strcmp(last->line, line) == 0))
        return;
    add_history(line);
    if (prompt.history_path && !histfile_append(prompt.history_path, line)) {
        free(prompt.history_path); /* a full disk: no second try */
        prompt.history_path = NULL;
    }
}

/* A paste may hold several. */
static void remember_lines(const char *text)
{
    for (const char *end; *text; text = *end ? end + 1 : end) {
        char *line;

        end = text + strcspn(text, "\n");
        line = xstrndup(text, (size_t)(end - text));
        remember(line);
        free(line);
    }
}

/* ---- completion ---- */

/* Puts text in place of line[from..to), as one edit. */
static void put_in_line(int from, int to, const char *text)
{
    rl_begin_undo_group();
    rl_delete_text(from, to);
    rl_point = from;
    rl_insert_text(text);
    rl_end_undo_group();
}

static void put_candidate(size_t at, const char *text, size_t n, const char *end)
{
    char *piece = xasprintf("%.*s%s", (int)n, text, end);

    put_in_line((int)at, rl_point, piece);
    free(piece);
}

static void list_candidates(const struct completion *c)
{
    struct str out = {0};

    candidates_print(c, LISTED, &out);
    prompt_hide();
    fputs(str_text(&out), rl_outstream);
    prompt_show();
    str_done(&out);
}

/* One candidate is put in, several as far as they agree, else listed. */
static void complete_here(void)
{
    struct completion c;
    size_t typed, agreed;

    complete(prompt.context, rl_line_buffer, (size_t)rl_point, &c);
    typed = (size_t)rl_point - c.at;
    agreed = c.n > 0 ? candidates_common(&c) : 0;
    if (c.n == 0 && !prompt.cells)
        rl_ding();
    if (c.n == 1)
        put_candidate(c.at, c.texts[0], agreed, candidates_end(c.texts[0]));
    else if (agreed > typed)
        put_candidate(c.at, c.texts[0], agreed, "");
    else if (prompt.cells)
        candidates_show(&prompt.candidates, &c);
    else if (c.n > 0)
        list_candidates(&c);
    completion_done(&c);
}

static int complete_next(int count, int key)
{
    (void)key;
    prompt.completing = true;
    if (prompt.candidates.shown)
        candidates_move(&prompt.candidates, count < 0 ? -1 : 1);
    else
        complete_here();
    return 0;
}

static int complete_previous(int count, int key)
{
    return complete_next(-count, key);
}

/* All keys that have the one function in this keymap get the other. */
static void rebind(rl_command_func_t *from, rl_command_func_t *to, Keymap map)
{
    char **keys = rl_invoking_keyseqs_in_map(from, map);

    for (int i = 0; keys && keys[i]; i++) {
        rl_bind_keyseq_in_map(keys[i], to, map);
        free(keys[i]);
    }
    free(keys);
}

static int do_nothing(int count, int key)
{
    (void)count;
    (void)key;
    return 0;
}

/* Ours takes the place of readline's completion, which knows files only and would print
 * its lists; also where an inputrc has bound it. Keyboard macros crash it (8.2) where a
 * command in them fails. */
static void bind_keys(void)
{
    static const char *const maps[] = {"emacs", "vi-insert"};

    for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
        Keymap map = rl_get_keymap_by_name(maps[i]);

        rl_bind_key_in_map('\t', complete_next, map);
        rl_bind_keyseq_if_unbound_in_map("\033[Z", complete_previous, map);
        rebind(rl_complete, complete_next, map);
        rebind(rl_possible_completions, complete_next, map);
        rebind(rl_menu_complete, complete_next, map);
        rebind(rl_backward_menu_complete, complete_previous, map);
        rebind(rl_start_kbd_macro, do_nothing, map);
        rebind(rl_end_kbd_macro, do_nothing, map);
        rebind(rl_call_last_kbd_macro, do_nothing, map);
    }
}

/* What readline's own completion finds, where a key still has it: nothing. */
static char **complete_nothing(const char *text, int start, int end)
{
    (void)text;
    (void)start;
    (void)end;
    rl_attempted_completion_over = 1;
    return NULL;
}

/* ---- begin and end ---- */

static void begin(struct context *c, const char *text)
{
    prompt.context = c;
    prompt.text = text;
    rl_readline_name = "tabscope";
    rl_catch_signals = 0;
    rl_change_environment = 0;
    if (!rl_named_function("tabscope-complete")) {
        rl_add_funmap_entry("tabscope-complete", complete_next);
        rl_add_funmap_entry("tabscope-complete-backward", complete_previous);
    }
    rl_initialize();
    bind_keys();
    rl_attempted_completion_function = complete_nothing;
    begin_history();
}

void prompt_begin(struct context *c, const char *text)
{
    begin(c, text);
}

/* ---- readline without a terminal ---- */

static int next_byte(FILE *file)
{
    (void)file;
    return prompt.n_read < prompt.keys.length
        ? (unsigned char)prompt.keys.text[prompt.n_read++] : EOF;
}

static int has_byte(void)
{
    return prompt.n_read < prompt.keys.length;
}

/* Whether more is to come, for readline to tell Escape from the beginning of a sequence.
 * Asked elsewhere, it would read ahead, put a key back, and where that key fails (8.2)
 * jump into a function that was left. */
static int has_rest(void)
{
    return has_byte() && prompt.n_read > 0 &&
           prompt.keys.text[prompt.n_read - 1] == '\033';
}

static void ignore_meta(int meta)
{
    (void)meta;
}

static void ignore(void)
{
}

/* Only behind rl_initialize, which would take a redisplay function for a sign that there
 * is no terminal to be asked for its keys. */
bool prompt_begin_cells(struct context *c, const char *text)
{
    FILE *nowhere = fopen("/dev/null", "r+e");

    if (!nowhere)
        return false;
    rl_catch_sigwinch = 0;
    begin(c, text);
    prompt.cells = true;
    prompt.nowhere = rl_instream = rl_outstream = nowhere;
    prompt.pastes = strcmp(rl_variable_value("enable-bracketed-paste"), "on") == 0;
    rl_variable_bind("enable-bracketed-paste", "off"); /* it would look behind each ESC */
    rl_getc_function = next_byte;
    rl_input_available_hook = has_rest;
    rl_redisplay_function = ignore;
    rl_prep_term_function = ignore_meta;
    rl_deprep_term_function = ignore;
    candidates_hide(&prompt.candidates);
    return true;
}

static void end_cells(void)
{
    rl_instream = stdin;
    rl_outstream = stdout;
    rl_getc_function = rl_getc;
    rl_input_available_hook = NULL;
    rl_redisplay_function = rl_redisplay;
    rl_prep_term_function = rl_prep_terminal;
    rl_deprep_term_function = rl_deprep_terminal;
    rl_catch_sigwinch = 1;
    rl_variable_bind("enable-bracketed-paste", prompt.pastes ? "on" : "off");
    fclose(prompt.nowhere);
    prompt.nowhere = NULL;
    prompt.cells = false;
    candidates_hide(&prompt.candidates);
    str_done(&prompt.keys);
}

void prompt_end(void)
{
    prompt_close();
    if (prompt.cells)
        end_cells();
    clear_history();
    free(prompt.history_path);
    prompt.history_path = NULL;
}

/* ---- the line ---- */

/* Readline does not tell that quoted-insert waits for its key. */
static void feed(const char *bytes, size_t n)
{
    str_clear(&prompt.keys);
    str_add(&prompt.keys, bytes, n);
    prompt.n_read = 0;
    while (prompt.open && has_byte()) {
        bool quoted = prompt.quoting;

        if (!rl_executing_macro)
            RL_UNSETSTATE(RL_STATE_MACROINPUT); /* left over where a macro failed */
        rl_callback_read_char();
        prompt.quoting = prompt.open && !quoted && !RL_ISSTATE(HALF_DONE) &&
                         rl_last_func == rl_quoted_insert;
    }
}

/* Readline loses track of what it allocated where a quotation or a search for what begins
 * with a text is cut off. */
static void release_half_done(void)
{
    int from = rl_point;

    if (prompt.quoting) {
        feed("x", 1);
        rl_delete_text(from, rl_point);
        rl_point = from;
    }
    if (RL_ISSTATE(RL_STATE_NSEARCH))
        rl_free_undo_list();
}

/* Ends a search, a count and the like, and forgets what may be undone. */
static void forget_state(void)
{
    release_half_done();
    if (prompt.cells && RL_ISSTATE(RL_STATE_NUMERICARG))
        rl_restore_prompt();
    if (RL_ISSTATE(HALF_DONE))
        rl_callback_sigcleanup();
    rl_free_line_state();
    using_history(); /* else Up goes on from where the search was */
    candidates_hide(&prompt.candidates);
}

static void take_line(char *line)
{
    prompt.line = line;
    prompt.news = line ? PROMPT_LINE : PROMPT_END;
    rl_eof_found = 0; /* or a line more is put out at each turn from now on */
    if (!line && strcmp(rl_variable_value("enable-bracketed-paste"), "on") != 0)
        fputc('\n', rl_outstream); /* else readline has done it */
    rl_callback_handler_remove();
    prompt.open = false;
}

void prompt_open(void)
{
    if (prompt.open)
        return;
    prompt.news = PROMPT_NOTHING;
    rl_callback_handler_install(prompt.text, take_line);
    prompt.open = true;
}

void prompt_close(void)
{
    if (!prompt.open)
        return;
    if (RL_ISSTATE(HALF_DONE) || prompt.quoting)
        forget_state();
    if (!prompt.cells)
        rl_clear_visible_line();
    rl_callback_handler_remove();
    candidates_hide(&prompt.candidates);
    prompt.open = false;
}

bool prompt_is_open(void)
{
    return prompt.open;
}

void prompt_read(void)
{
    rl_callback_read_char();
}

enum prompt_news prompt_take(char **line)
{
    enum prompt_news news = prompt.news;

    prompt.news = PROMPT_NOTHING;
    *line = prompt.line;
    prompt.line = NULL;
    if (news == PROMPT_LINE)
        remember_lines(*line);
    return news;
}

/* Readline forgets the line that was typed before a walk through the history only where
 * it begins anew. */
bool prompt_interrupt(void)
{
    bool had_text = rl_end > 0 || prompt.candidates.shown || RL_ISSTATE(HALF_DONE);

    if (!prompt.open)
        return false;
    forget_state();
    if (!prompt.cells) {
        rl_point = rl_end;
        rl_redisplay();
        fputs("^C\n", rl_outstream);
    }
    rl_callback_handler_remove();
    rl_callback_handler_install(prompt.text, take_line);
    return had_text;
}

void prompt_hide(void)
{
    if (prompt.open)
        rl_clear_visible_line();
    fflush(rl_outstream);
}

void prompt_show(void)
{
    if (!prompt.open)
        return;
    rl_on_new_line();
    rl_redisplay();
}

/* ---- keys ---- */

static bool in_vi_insertion(void)
{
    return rl_editing_mode == 0 &&
           rl_get_keymap() == rl_get_keymap_by_name("vi-insert");
}

/* Ends what waits for further keys, as Escape does: a search with what it found, all else
 * without effect. */
static void settle(void)
{
    candidates_hide(&prompt.candidates);
    release_half_done();
    if (RL_ISSTATE(RL_STATE_ISEARCH) || (RL_ISSTATE(HALF_DONE) && rl_editing_mode == 0))
        feed("\033", 1);
    else if (RL_ISSTATE(HALF_DONE))
        feed("\007", 1);
    if (RL_ISSTATE(HALF_DONE))
        rl_callback_sigcleanup();
}

/* What readline does on these bytes, NULL: nothing. */
static rl_command_func_t *function_of(const char *bytes, size_t n, int *type)
{
    return n > 0 ? rl_function_of_keyseq_len(bytes, n, NULL, type) : NULL;
}

static bool is_bound(const char *bytes, size_t n)
{
    int type;

    return function_of(bytes, n, &type) != NULL;
}

static bool is_prefix(char byte)
{
    int type;

    return function_of(&byte, 1, &type) && type == ISKMAP;
}

static bool leaves_line(const char *bytes, size_t n)
{
    static rl_command_func_t *const leaving[] = {
        rl_get_previous_history, rl_get_next_history, rl_beginning_of_history,
        rl_end_of_history, rl_fetch_history, rl_operate_and_get_next,
        rl_reverse_search_history, rl_forward_search_history, rl_noninc_reverse_search,
        rl_noninc_forward_search, rl_noninc_reverse_search_again,
        rl_noninc_forward_search_again, rl_history_search_backward,
        rl_history_search_forward, rl_history_substr_search_backward,
        rl_history_substr_search_forward, rl_vi_search, rl_vi_search_again,
        rl_vi_fetch_history,
    };
    int type;
    rl_command_func_t *function = function_of(bytes, n, &type);

    for (size_t i = 0; i < sizeof(leaving) / sizeof(leaving[0]); i++) {
        if (function && type == ISFUNC && function == leaving[i])
            return true;
    }
    return false;
}

/* A key that came as a long sequence goes in as it came, if readline knows it, else in
 * the usual spelling; of one that means nothing there readline would type the end. */
static void feed_sequence(const struct key *k, const char *bytes, size_t n)
{
    char usual[SPELLED_KEY];
    size_t length = spell_key(k, usual);

    if (is_bound(bytes, n))
        feed(bytes, n);
    else if (k->kind == KEY_CHARACTER || is_bound(usual, length))
        feed(usual, length);
}

static bool is_plain_key(const struct key *k, int code)
{
    return k->kind == KEY_CHARACTER && k->code == code && k->modifiers == 0;
}

/* Enter or Space on a candidate that was chosen. */
static bool accept_candidate(const struct key *k)
{
    const char *text = candidates_chosen(&prompt.candidates);

    if (!text || !(is_plain_key(k, 13) || is_plain_key(k, ' ')))
        return false;
    put_candidate(prompt.candidates.list.at, text, strlen(text), candidates_end(text));
    candidates_hide(&prompt.candidates);
    return true;
}

/* After a key of another kind: an edit of the word shortens or lengthens the list, all
 * else closes it. `before`: the line before that key. */
static void follow_candidates(const char *before)
{
    size_t at = prompt.candidates.list.at;
    bool had = prompt.candidates.list.n > 0, done;
    struct completion c;

    candidates_hide(&prompt.candidates);
    if (!prompt.open || !had || RL_ISSTATE(HALF_DONE) ||
        strcmp(before, rl_line_buffer) == 0 || (size_t)rl_point <= at)
        return;
    complete(prompt.context, rl_line_buffer, (size_t)rl_point, &c);
    done = c.n == 0 || (c.n == 1 && strlen(c.texts[0]) == (size_t)rl_point - at);
    if (c.at == at && !done)
        candidates_show(&prompt.candidates, &c);
    completion_done(&c);
}

/* Two things that crash readline (8.2) are kept from it. A command of several keys that
 * fails within a search (C-r M-y): it ends the search before. And what may be undone on
 * a line that is left for another one of the history: it can be freed twice later, so it
 * is forgotten, and with it what was changed in a line of the history. */
static void edit(const struct key *k, const char *bytes, size_t n)
{
    bool sequence = n > 2 && bytes[0] == '\033' && strchr("[O\033", bytes[1]);

    if (RL_ISSTATE(RL_STATE_NSEARCH) && n > 1 && bytes[0] == '\033')
        return; /* it would type them */
    if (RL_ISSTATE(RL_STATE_ISEARCH) && is_prefix(bytes[0]))
        settle();
    if (!RL_ISSTATE(SEARCHES) && leaves_line(bytes, n))
        rl_free_undo_list();
    if (sequence && !prompt.quoting)
        feed_sequence(k, bytes, n);
    else
        feed(bytes, n);
}

/* Characters and function keys; all else has no meaning on a line. */
static void take_key(const struct key *k, const char *bytes, size_t n)
{
    bool listed = prompt.candidates.shown;
    char *before;

    if ((k->kind != KEY_CHARACTER && k->kind != KEY_FUNCTION) || accept_candidate(k))
        return;
    if (is_plain_key(k, 27) && !prompt.quoting && (listed || RL_ISSTATE(HALF_DONE))) {
        if (listed)
            candidates_hide(&prompt.candidates);
        else
            settle();
        return;
    }
    prompt.completing = false;
    before = listed ? xstrdup(rl_line_buffer) : NULL;
    edit(k, bytes, n);
    if (listed && !prompt.completing)
        follow_candidates(before);
    free(before);
}

size_t prompt_feed(const char *bytes, size_t n)
{
    size_t taken = 0, length;
    struct key k;

    for (; prompt.open && taken < n; taken += length) {
        length = key_decode(bytes + taken, n - taken, true, &k);
        if (k.kind == KEY_PASTE)
            prompt_paste(k.text, k.length);
        else
            take_key(&k, bytes + taken, length);
    }
    return taken;
}

bool prompt_wants_escape(void)
{
    return prompt.open && (prompt.candidates.shown || prompt.quoting ||
                           RL_ISSTATE(HALF_DONE) || in_vi_insertion());
}

bool prompt_wants_all(void)
{
    return prompt.open && prompt.quoting;
}

/* ---- whole texts ---- */

bool prompt_paste(const char *text, size_t n)
{
    char *clean;

    if (!prompt.open)
        return true;
    if (n > PASTE_LIMIT || n + (size_t)rl_end > PASTE_LIMIT)
        return false;
    clean = spell_paste(text, n);
    if (RL_ISSTATE(SEARCHES)) {
        feed(clean, strcspn(clean, "\n\t\033"));
    } else {
        settle();
        put_in_line(rl_point, rl_point, clean);
    }
    free(clean);
    return true;
}

void prompt_set_line(const char *text)
{
    if (!prompt.open)
        return;
    settle();
    put_in_line(0, rl_end, text);
}

const char *prompt_line(void)
{
    return rl_line_buffer ? rl_line_buffer : "";
}

/* ---- drawing ---- */

/* Appends what is to be seen of a text with \[...\] in it. */
static void add_visible(struct str *out, const char *text)
{
    bool visible = true;

    for (; text && *text; text++) {
        if (*text == RL_PROMPT_START_IGNORE || *text == RL_PROMPT_END_IGNORE)
            visible = *text == RL_PROMPT_END_IGNORE;
        else if (visible)
            str_putc(out, *text);
    }
}

/* Where it would leave few columns for the line, only its end stays: "> " or ">". */
static void shorten_prompt(struct str *text, int width)
{
    size_t keep = width < 6 ? 1 : 2, n = text->length;

    if (n <= keep || (int)show_width(text->text, n) + LEAST_LINE <= width ||
        (text->text[n - 1] | text->text[n - 2]) & 0x80)
        return;
    if (keep == 1 && text->text[n - 1] == ' ')
        n--;
    memmove(text->text, text->text + n - keep, keep);
    text->length = keep;
    text->text[keep] = '\0';
}

/* The prompt as it is now: our own, with the sign of the editing mode for those who want
 * it, or that of a search or count. */
static void add_prompt(struct str *out, int width)
{
    if (rl_display_prompt == rl_prompt &&
        strcmp(rl_variable_value("show-mode-in-prompt"), "on") == 0)
        add_visible(out, rl_variable_value(rl_editing_mode ? "emacs-mode-string"
                                           : in_vi_insertion() ? "vi-ins-mode-string"
                                                               : "vi-cmd-mode-string"));
    add_visible(out, rl_display_prompt);
    shorten_prompt(out, width);
}

static struct line line_now(const struct str *text)
{
    return (struct line){.prompt = str_text(text), .text = prompt_line(),
                         .point = (size_t)rl_point, .first = prompt.first};
}

int prompt_rows(int width, int most)
{
    struct str text = {0};
    struct line line;
    int rows = 1;

    if (prompt.open) {
        add_prompt(&text, width);
        line = line_now(&text);
        rows = line_rows(&line, width);
    }
    str_done(&text);
    return rows < most ? rows : most > 1 ? most : 1;
}

void prompt_draw(struct surface *s, int *x, int *y)
{
    struct str text = {0};
    struct line line;

    *x = *y = -1;
    if (!prompt.open)
        return;
    rl_set_screen_size(s->height, s->width);
    add_prompt(&text, s->width);
    line = line_now(&text);
    line_draw(&line, s, x, y);
    prompt.first = line.first;
    prompt.cursor_x = *x;
    str_done(&text);
}

void prompt_draw_candidates(struct surface *s)
{
    size_t at = prompt.candidates.list.at;

    if (prompt.open && prompt.candidates.shown && at <= (size_t)rl_point)
        candidates_draw(&prompt.candidates, s,
                        prompt.cursor_x - (int)show_width(rl_line_buffer + at,
                                                          (size_t)rl_point - at));
}
