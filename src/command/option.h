/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The options of `set` and `show`: one table with name, type, range, place and a line of
 * help each. A value goes straight into struct settings; defaults are those of
 * settings_defaults().
 */
#ifndef COMMAND_OPTION_H
#define COMMAND_OPTION_H

#include <stddef.h>

#include "base/error.h"
#include "base/str.h"
#include "command/value.h"
#include "engine/session.h"

struct option {
    const char *name;
    struct value value;
    enum storage { STORE_INT, STORE_DOUBLE, STORE_BOOL, STORE_SEED, STORE_TEXT } storage;
    size_t offset; /* in struct settings */
    const char *help;
};

/* Option number i, NULL behind the last. */
const struct option *option_at(int i);
/* True if the option is called `name`, or is in the group `name` ("train"). */
bool option_is_named(const struct option *o, const char *name);
/* Whether several options are called so. */
bool option_is_group(const char *name);
/* By name or unique beginning. NULL and a sentence if there is none. */
const struct option *option_find(const char *name, struct error *err);

/* Refused with the range that is right; then nothing changes. */
bool option_set(const struct option *o, struct settings *s, const char *text,
                struct error *err);
/* Appends the value as option_set takes it. */
void option_print(const struct option *o, const struct settings *s, struct str *out);
/* False for what concerns the screen only, not how a run comes out. */
bool option_is_of_runs(const struct option *o);
/* What is left to the kind of model counts as what that takes. */
bool option_is_default(const struct option *o, const struct settings *s);

#endif
