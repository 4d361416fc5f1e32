/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command line of the program itself. One table serves parsing, --help and the
 * completion of shells. */
#ifndef UI_ARGUMENTS_H
#define UI_ARGUMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

struct arguments {
    bool batch;
    const char *script; /* a file, "-" for standard input, or NULL */
    const char **tables; /* (n_tables) files to load, as one table */
    int n_tables;
    const char **lines; /* of -c, in order */
    int n_lines;
    bool plain, no_rc, keys, version, help, complete_bash;
    bool has_seed;
    uint64_t seed;
    int threads; /* 0: one a core */
    int format;  /* as enum format */
};

/* A script is a file whose name ends in .tabscope or whose first bytes are "#!"; anything
 * else that is no option is a table. False and a sentence for the person. */
bool arguments_parse(int argc, char **argv, struct arguments *out, struct error *err);
void arguments_done(struct arguments *a);

/* Appends the text of --help. */
void arguments_help(struct str *out);
/* Name of option number i as it is written ("--seed"), NULL behind the last. */
const char *arguments_option(int i);
/* Appends a completion script for bash. */
void arguments_complete_bash(struct str *out);

#endif
