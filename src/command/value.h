/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What may stand in a place of a command line: the types that arguments, options of
 * commands and settings share. One description checks the text, names what would be right
 * and tells completion what to offer.
 */
#ifndef COMMAND_VALUE_H
#define COMMAND_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

enum value_type {
    VALUE_NONE,     /* ends a list */
    VALUE_TEXT,
    VALUE_FILE,     /* to be read */
    VALUE_NEW_FILE, /* to be written */
    VALUE_INT,      /* low..high */
    VALUE_NUMBER,   /* low..high */
    VALUE_SEED,     /* 0..2^63 - 1 */
    VALUE_CHOICE,   /* one of `choices`, or its unique beginning */
    VALUE_BYTE,     /* one character, or the word tab, space, blanks, none */
    VALUE_FLAG,     /* no value */
    VALUE_COLUMN,   /* of the current table; where several are taken, /regex/ too */
    VALUE_CELL,     /* COLUMN=VALUE, of the current table */
    VALUE_CLASS,    /* of the target of the current table */
    VALUE_DRAW,     /* a setting and what a search draws it from (command/space.h) */
    VALUE_TABLE,
    VALUE_SOURCE,   /* a table, or a file with one */
    VALUE_MODELS,   /* contenders of a benchmark, with commas between them */
    VALUE_RUN,
    VALUE_STUDY,    /* a search or a benchmark */
    VALUE_JOB,      /* number of a job, low..high */
    VALUE_PAUSED,   /* the same, or a run */
    VALUE_VERB,
    VALUE_OPTION,   /* name of a setting */
    VALUE_OPTION_VALUE, /* value of the setting named by the word before */
    VALUE_SETTING,  /* as the setting `choices` takes */
};

struct value {
    enum value_type type;
    const char *choices; /* "a|b|c"; name of the setting for VALUE_SETTING */
    double low, high;    /* both included */
};

/* What would be right: "a whole number from 1 to 100000". */
void value_describe(struct str *out, const struct value *v);

/* False and "NAME takes ..., not TEXT". Names of columns, tables, runs, files are not
 * looked up here. */
bool value_check(const struct value *v, const char *name, const char *text,
                 struct error *err);

/* Position of the choice that text names, -1: none or more than one. */
int value_choice(const char *choices, const char *text);
/* Choice number i into out[0..size); false: there is none. */
bool value_choice_name(const char *choices, int i, char *out, size_t size);

/* The byte that VALUE_BYTE means: a byte, DELIMITER_BLANKS for blanks, -1 for none. False
 * if it is no such text. */
bool value_byte(const char *text, int *out);

bool value_seed(const char *text, uint64_t *out);

#endif
