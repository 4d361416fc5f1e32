/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/keylist.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "command/command.h"
#include "ui/keys.h"

enum { FILE_LIMIT = 1 << 20 }; /* bytes of a file of keys */

static bool take_binding(void *self, const struct call *call, struct error *err)
{
    if (strcmp(call->command->name, "bind") == 0)
        return keys_bind(self, call_word(call, 0), call_word(call, 1), call_word(call, 2),
                         err);
    return keys_unbind(self, call_word(call, 0), call_word(call, 1), err);
}

static const struct way_out only_keys = {.screen = take_binding};

/* What a file of keys may hold beside bindings is for the workbench. */
static bool is_binding(const char *line)
{
    struct words w;
    const struct command *command;

    if (!words_split(line, &w, NULL))
        return false;
    command = w.n > 0 ? command_find(w.words[0].text, NULL) : NULL;
    words_done(&w);
    return command && (strcmp(command->name, "bind") == 0 ||
                       strcmp(command->name, "unbind") == 0);
}

static bool take_lines(struct context *c, char *text, const char *path, struct error *err)
{
    char *end;
    bool ok = true;

    for (int number = 1; ok && text; text = end, number++) {
        end = strchr(text, '\n');
        if (end)
            *end++ = '\0';
        if (is_binding(text))
            ok = command_run(c, text, err) || error_prefix(err, "%s:%d", path, number);
    }
    return ok;
}

bool keylist_print(const char *path, struct str *out, struct error *err)
{
    struct keys *keys = keys_new();
    struct context c = {.out = &only_keys, .self = keys, .batch = true};
    char *text = path ? file_read(path, FILE_LIMIT, NULL, err) : NULL;
    bool ok = !path || (text && take_lines(&c, text, path, err));

    if (ok)
        keys_print(keys, out);
    free(text);
    str_done(&c.record);
    keys_free(keys);
    return ok;
}
