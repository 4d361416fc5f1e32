/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Screens as text files that a person reads: tests/screens/NAME.txt. With UPDATE_GOLDEN=1
 * in the environment they are written anew, and the diff is the review.
 */
#ifndef TESTS_SCREEN_H
#define TESTS_SCREEN_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "shared.h"
#include "ui/surface.h"

static inline bool screen_write(const char *path, const struct str *text)
{
    FILE *file = fopen(path, "wb");
    bool ok = file && fwrite(str_text(text), 1, text->length, file) == text->length;

    return file && fclose(file) == 0 && ok;
}

static inline void screen_read(const char *path, struct str *out)
{
    FILE *file = fopen(path, "rb");
    char bytes[4096];
    size_t n;

    while (file && (n = fread(bytes, 1, sizeof bytes, file)) > 0)
        str_add(out, bytes, n);
    if (file)
        fclose(file);
}

/* Says where the two go apart. */
static inline void screen_differ(const char *name, const char *got, const char *want)
{
    int line = 1;

    printf("# %s.txt is not what was drawn:\n", name);
    for (; *got || *want; line++) {
        size_t n = strcspn(got, "\n"), m = strcspn(want, "\n");

        if (n != m || memcmp(got, want, n) != 0)
            printf("# %3d got  %.*s\n# %3d want %.*s\n", line, (int)n, got, line, (int)m,
                   want);
        got += n + (got[n] == '\n');
        want += m + (want[m] == '\n');
    }
}

/* True if the text is that of tests/screens/NAME.txt. */
static inline bool screen_is(const char *name, const struct str *got)
{
    struct str file = {0}, want = {0};
    const char *update = getenv("UPDATE_GOLDEN");
    char *path;
    bool ok;

    str_printf(&file, "tests/screens/%s.txt", name);
    path = test_source(file.text);
    if (update && strcmp(update, "1") == 0 && !screen_write(path, got))
        printf("# %s cannot be written\n", path);
    screen_read(path, &want);
    ok = got->length == want.length &&
         memcmp(str_text(got), str_text(&want), want.length) == 0;
    if (!ok)
        screen_differ(name, str_text(got), str_text(&want));
    str_done(&file);
    str_done(&want);
    free(path);
    return ok;
}

/* NAME.WIDTHxHEIGHT.LEVEL for what stands on the surface; roles: their letters, as
 * NAME.WIDTHxHEIGHT.roles. */
static inline bool screen_matches(const char *name, const struct surface *s, bool roles)
{
    static const char *const levels[] = {"ascii", "blocks", "utf8"};
    struct str file = {0}, got = {0};
    bool ok;

    str_printf(&file, "%s.%dx%d.%s", name, s->width, s->height,
               roles ? "roles" : levels[s->glyphs]);
    if (roles)
        surface_dump_roles(s, &got);
    else
        surface_dump(s, &got);
    ok = screen_is(file.text, &got);
    str_done(&file);
    str_done(&got);
    return ok;
}

#endif
