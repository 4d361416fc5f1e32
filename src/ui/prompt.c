/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <readline/history.h>
#include <readline/readline.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/text.h"
#include "command/complete.h"

enum {
    HISTORY_LINES = 5000,        /* kept from one session to the next */
    HISTORY_BYTES = 1024 * 1024, /* of the file that are looked at, from its end */
    LISTED = 60,                 /* candidates that Tab shows */
};

/* Readline's callbacks take no argument: the one place with state of its own for it. */
static struct {
    struct context *context;
    const char *text;    /* of the prompt */
    bool open;
    enum prompt_news news;
    char *line;
    char *history_path;  /* NULL: not kept */
} prompt;

/* ---- history ---- */

static bool is_clean(const char *line)
{
    for (; *line; line++) {
        if ((unsigned char)*line < ' ' && *line != '\t')
            return false;
    }
    return true;
}

/* The last HISTORY_BYTES of an ordinary file, or NULL with a reason in errno (0: it is
 * not there, or no file). Caller frees. */
static char *read_tail(const char *path, bool *cut)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    char *text = NULL;
    ssize_t n = -1;
    off_t from;

    *cut = false;
    if (fd < 0)
        return NULL;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        from = st.st_size > HISTORY_BYTES ? st.st_size - HISTORY_BYTES : 0;
        *cut = from > 0;
        text = xmalloc(HISTORY_BYTES + 1);
        n = pread(fd, text, HISTORY_BYTES, from);
    } else {
        errno = EINVAL;
    }
    if (n < 0) {
        free(text);
        text = NULL;
    } else {
        text[n] = '\0';
    }
    close(fd);
    return text;
}

/* Writes the lines that readline remembers in place of a file that grew too long. */
static void trim_file(void)
{
    HIST_ENTRY **entries = history_list();
    struct file_writer *w = file_writer_open(prompt.history_path, 0600, NULL);

    for (int i = 0; w && entries && entries[i]; i++)
        file_writer_printf(w, "%s\n", entries[i]->line);
    if (w)
        file_writer_commit(w, NULL);
}

static void read_history_file(void)
{
    bool cut;
    char *text = read_tail(prompt.history_path, &cut), *at = text;

    if (!text) {
        if (errno != ENOENT)
            context_note(prompt.context, "the history in %s is not read: %s",
                         prompt.history_path, strerror(errno));
        return;
    }
    if (cut)
        at += strcspn(at, "\n");
    while (*at) {
        size_t n = strcspn(at, "\n");
        bool last = at[n] == '\0';

        at[n] = '\0';
        if (n > 0 && n <= LINE_LIMIT && is_clean(at))
            add_history(at);
        at += n + !last;
    }
    free(text);
    if (cut)
        trim_file();
}

static void begin_history(void)
{
    char *folder;

    using_history();
    stifle_history(HISTORY_LINES);
    prompt.history_path = path_user("STATE", ".local/state", "history");
    if (!prompt.history_path)
        return;
    folder = xstrndup(prompt.history_path,
                      (size_t)(strrchr(prompt.history_path, '/') - prompt.history_path));
    if (path_make_folder(folder, NULL))
        read_history_file();
    free(folder);
}

/* At once, so that a crash loses nothing. */
static void append_to_file(const char *line)
{
    int fd = prompt.history_path ? open(prompt.history_path,
                                        O_WRONLY | O_APPEND | O_CREAT |
                                        O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600) : -1;
    char *text = xasprintf("%s\n", line);

    if (fd >= 0 && write(fd, text, strlen(text)) < 0) {
        free(prompt.history_path); /* a full disk: no second try */
        prompt.history_path = NULL;
    }
    if (fd >= 0)
        close(fd);
    free(text);
}

/* Lines that begin with a blank and repetitions are left out. */
static void remember(const char *line)
{
    HIST_ENTRY *last = history_length > 0 ? history_get(history_base + history_length - 1)
                                          : NULL;

    if (line[0] == '\0' || line[0] == ' ' || strlen(line) > LINE_LIMIT ||
        !is_clean(line) || (last && strcmp(last->line, line) == 0))
        return;
    add_history(line);
    append_to_file(line);
}

/* ---- completion ---- */

static size_t common_prefix(const struct completion *c)
{
    size_t n = strlen(c->texts[0]);

    for (int i = 1; i < c->n; i++) {
        size_t k = 0;

        while (k < n && c->texts[0][k] == c->texts[i][k])
            k++;
        n = k;
    }
    while (n > 0 && (c->texts[0][n] & 0xc0) == 0x80)
        n--; /* no half characters */
    return n;
}

static void put_in_line(size_t at, const char *text, size_t n, const char *end)
{
    char *piece = xasprintf("%.*s%s", (int)n, text, end);

    rl_begin_undo_group();
    rl_delete_text((int)at, rl_point);
    rl_point = (int)at;
    rl_insert_text(piece);
    rl_end_undo_group();
    free(piece);
}

static void list_candidates(const struct completion *c)
{
    struct str out = {0};
    size_t width = 0;

    for (int i = 0; i < c->n && i < LISTED; i++) {
        size_t n = show_width(c->texts[i], strlen(c->texts[i]));

        width = n > width && n < 40 ? n : width;
    }
    for (int i = 0; i < c->n && i < LISTED; i++) {
        size_t n = show_to(&out, c->texts[i], strlen(c->texts[i]), 0);

        for (; c->helps[i] && n < width + 2; n++)
            str_putc(&out, ' ');
        if (c->helps[i])
            show_to(&out, c->helps[i], strlen(c->helps[i]), 0);
        str_putc(&out, '\n');
    }
    if (c->n > LISTED)
        str_printf(&out, "... and %d more\n", c->n - LISTED);
    prompt_hide();
    fputs(str_text(&out), rl_outstream);
    prompt_show();
    str_done(&out);
}

/* Bound to Tab: one candidate is put in, several as far as they agree, else listed. */
static int complete_here(int count, int key)
{
    struct completion c;
    size_t typed, agreed;

    (void)count;
    (void)key;
    complete(prompt.context, rl_line_buffer, (size_t)rl_point, &c);
    typed = (size_t)rl_point - c.at;
    agreed = c.n > 0 ? common_prefix(&c) : 0;
    if (c.n == 0)
        rl_ding();
    else if (c.n == 1)
        put_in_line(c.at, c.texts[0], agreed, c.more ? "" : " ");
    else if (agreed > typed)
        put_in_line(c.at, c.texts[0], agreed, "");
    else
        list_candidates(&c);
    completion_done(&c);
    return 0;
}

/* ---- the line ---- */

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

void prompt_begin(struct context *c, const char *text)
{
    prompt.context = c;
    prompt.text = text;
    rl_readline_name = "tabscope";
    rl_catch_signals = 0;
    rl_change_environment = 0;
    rl_initialize();
    rl_bind_key('\t', complete_here);
    begin_history();
}

void prompt_end(void)
{
    prompt_close();
    free(prompt.history_path);
    prompt.history_path = NULL;
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
    rl_clear_visible_line();
    rl_callback_handler_remove();
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
        remember(*line);
    return news;
}

bool prompt_interrupt(void)
{
    bool had_text = rl_end > 0;

    if (RL_ISSTATE(RL_STATE_ISEARCH | RL_STATE_NSEARCH | RL_STATE_NUMERICARG |
                   RL_STATE_MULTIKEY | RL_STATE_CHARSEARCH | RL_STATE_VIMOTION))
        rl_callback_sigcleanup();
    rl_free_line_state();
    using_history();
    rl_point = rl_end;
    rl_redisplay();
    fputs("^C\n", rl_outstream);
    rl_replace_line("", 1);
    rl_on_new_line();
    rl_redisplay();
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
