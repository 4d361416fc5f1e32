/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A command line becomes words.
 *
 *     verb [object ...] [--option value ...] [&]     # comment
 *
 * Words are separated by blanks. A word that begins with a quote, or has one right after
 * "=", goes on to the closing quote: between '...' every byte stands for itself, between
 * "..." \" \\ \n \t and \xHH are taken, any other backslash stands for itself. A quote or
 * a backslash in the middle of a plain word has no meaning. "#" at the beginning of a
 * word starts a comment; a last word "&" asks for the background.
 */
#ifndef COMMAND_PARSE_H
#define COMMAND_PARSE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"

/* Longest line that is looked at, in bytes. */
enum { LINE_LIMIT = 65536 };

struct word {
    char *text;
    size_t at;    /* byte of the line where the word begins */
    bool quoted;  /* begins with a quote: never an option, "&" or comment */
};

struct words {
    int n;
    struct word *words;
    size_t capacity;
    bool background;
};

/* False and a sentence for an open quote and the like; *out is then empty. */
bool words_split(const char *line, struct words *out, struct error *err);
void words_done(struct words *w);

/* Appends `word` so that words_split gives it back as one word that is not an option. */
void word_quote(struct str *out, const char *word);
/* Whether it stands for itself, without quotes. */
bool word_is_plain(const char *word);

/* The word that ends at byte `point` of the line, for completion. */
struct cut {
    struct words before;  /* complete words in front of it */
    char *text;           /* what is there of it, quotes taken away */
    size_t at;            /* where it begins in the line, its quote included */
    char quote;           /* the quote that is open in it, or 0 */
    bool comment;         /* point is in a comment: nothing to complete */
};
void line_cut(const char *line, size_t point, struct cut *out);
void cut_done(struct cut *c);

#endif
