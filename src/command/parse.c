/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/parse.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Where the scanner stands. */
struct scan {
    const char *line;
    size_t at, end;
    char open; /* a quote that was not closed, or 0 */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_blanks(struct scan *s)
{
    while (s->at < s->end && is_blank(s->line[s->at]))
        s->at++;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The escape at s->at, which holds a backslash, between double quotes. */
static void take_escape(struct scan *s, struct str *out)
{
    const char *p = s->line + s->at;
    size_t left = s->end - s->at;
    char next = left > 1 ? p[1] : '\0';

    if (next == '"' || next == '\\') {
        str_putc(out, next);
        s->at += 2;
    } else if (next == 'n' || next == 't') {
        str_putc(out, next == 'n' ? '\n' : '\t');
        s->at += 2;
    } else if (next == 'x' && left > 3 && hex_digit(p[2]) >= 0 && hex_digit(p[3]) >= 0 &&
               (p[2] != '0' || p[3] != '0')) {
        str_putc(out, (char)(hex_digit(p[2]) * 16 + hex_digit(p[3])));
        s->at += 4;
    } else {
        str_putc(out, '\\');
        s->at++;
    }
}

/* From the opening quote to behind the closing one. */
static void take_quoted(struct scan *s, struct str *out)
{
    char quote = s->line[s->at++];

    while (s->at < s->end && s->line[s->at] != quote) {
        if (quote == '"' && s->line[s->at] == '\\')
            take_escape(s, out);
        else
            str_putc(out, s->line[s->at++]);
    }
    if (s->at < s->end)
        s->at++;
    else
        s->open = quote;
}

static bool begins_quote(const struct scan *s, size_t start)
{
    char c = s->line[s->at];

    return (c == '"' || c == '\'') && (s->at == start || s->line[s->at - 1] == '=');
}

/* One word into out. False: something stands right behind a closing quote. */
static bool take_word(struct scan *s, struct str *out)
{
    size_t start = s->at;

    while (s->at < s->end && !is_blank(s->line[s->at])) {
        if (begins_quote(s, start)) {
            take_quoted(s, out);
            return s->at == s->end || is_blank(s->line[s->at]);
        }
        str_putc(out, s->line[s->at++]);
    }
    return true;
}

static void add_word(struct words *w, struct str *text, size_t at, bool quoted)
{
    w->words = xgrow(w->words, (size_t)w->n, &w->capacity, sizeof(*w->words));
    w->words[w->n++] = (struct word){xstrdup(str_text(text)), at, quoted};
    str_clear(text);
}

static bool refuse_quote(const struct scan *s, size_t at, struct error *err)
{
    if (s->open)
        return error_set(err, ERROR_USAGE, "the quote %c that opens at character %zu is "
                         "never closed", s->open, at + 1);
    return error_set(err, ERROR_USAGE,
                     "a blank is missing after the quote that closes at "
                     "character %zu", s->at);
}

static bool is_background(const struct words *w)
{
    return w->n > 0 && !w->words[w->n - 1].quoted &&
           strcmp(w->words[w->n - 1].text, "&") == 0;
}

bool words_split(const char *line, struct words *out, struct error *err)
{
    struct scan s = {line, 0, strlen(line), 0};
    struct str text = {0};
    bool ok = true;

    *out = (struct words){0};
    if (s.end > LINE_LIMIT)
        return error_set(err, ERROR_USAGE,
                         "the line has %zu bytes; a command has at most %d",
                         s.end, LINE_LIMIT);
    for (skip_blanks(&s); ok && s.at < s.end && line[s.at] != '#'; skip_blanks(&s)) {
        size_t at = s.at;
        bool quoted = begins_quote(&s, at);

        ok = take_word(&s, &text) && !s.open;
        if (ok)
            add_word(out, &text, at, quoted);
        else
            refuse_quote(&s, at, err);
    }
    str_done(&text);
    if (!ok) {
        words_done(out);
    } else if (is_background(out)) {
        free(out->words[--out->n].text);
        out->background = true;
    }
    return ok;
}

void words_done(struct words *w)
{
    for (int i = 0; i < w->n; i++)
        free(w->words[i].text);
    free(w->words);
    *w = (struct words){0};
}

bool word_is_plain(const char *word)
{
    return word[0] != '\0' && strchr("#\"'&", word[0]) == NULL &&
           strncmp(word, "--", 2) != 0 && word[strcspn(word, " \t\r\n\"'\\")] == '\0';
}

void word_quote(struct str *out, const char *word)
{
    bool control = false;

    if (word_is_plain(word)) {
        str_puts(out, word);
        return;
    }
    for (const char *p = word; *p; p++)
        control = control || (unsigned char)*p < ' ' || *p == 0x7f;
    if (!control && !strchr(word, '\'')) {
        str_printf(out, "'%s'", word);
        return;
    }
    str_putc(out, '"');
    for (const char *p = word; *p; p++) {
        if (*p == '"' || *p == '\\')
            str_printf(out, "\\%c", *p);
        else if ((unsigned char)*p < ' ' || *p == 0x7f)
            str_printf(out, "\\x%02X", (unsigned)(unsigned char)*p);
        else
            str_putc(out, *p);
    }
    str_putc(out, '"');
}

void line_cut(const char *line, size_t point, struct cut *out)
{
    struct scan s = {line, 0, point, 0};
    struct str text = {0};

    *out = (struct cut){.at = point};
    for (skip_blanks(&s); s.at < s.end; skip_blanks(&s)) {
        size_t at = s.at;
        bool quoted = begins_quote(&s, at);

        if (line[at] == '#') {
            out->comment = true;
            break;
        }
        take_word(&s, &text);
        if (s.at == s.end) {
            out->at = at;
            out->quote = s.open;
            break;
        }
        add_word(&out->before, &text, at, quoted);
    }
    out->text = xstrdup(str_text(&text));
    str_done(&text);
}

void cut_done(struct cut *c)
{
    words_done(&c->before);
    free(c->text);
    *c = (struct cut){0};
}
