/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was asked and answered in this session, line by line, for the Log view. The oldest
 * lines are forgotten. */
#ifndef UI_LOG_H
#define UI_LOG_H

#include <stddef.h>
#include <time.h>

enum log_kind {
    LOG_COMMAND, /* typed at the prompt or in a script */
    LOG_KEY,     /* run by a key */
    LOG_DATA,    /* what a command printed */
    LOG_NOTE,    /* what was said */
    LOG_ERROR,
    LOG_STDERR,  /* what a library wrote */
};

enum {
    LOG_LIMIT = 20000,
    LOG_MARK = 2, /* columns in front of a line, which tell its kind */
};

struct log_line {
    enum log_kind kind;
    time_t at;
    char *text; /* harmless: it went through show() */
};

struct log;

struct log *log_new(void);
void log_free(struct log *l);

/* Text of any bytes; each of its lines becomes one. A last line without an end is
 * continued by the next text of that kind. */
void log_add(struct log *l, enum log_kind kind, time_t at, const char *bytes, size_t n);
void log_puts(struct log *l, enum log_kind kind, time_t at, const char *text);

/* A command that a key ran; the same one again counts up in its line. */
void log_key(struct log *l, time_t at, const char *line);

size_t log_lines(const struct log *l);
/* Line i, 0 the oldest that is known. */
const struct log_line *log_line(const struct log *l, size_t i);
/* Lines that were forgotten: log_forgotten + i stays the same line. */
size_t log_forgotten(const struct log *l);

#endif
