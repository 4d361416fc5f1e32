/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any bytes as those of a keyboard: decoding goes on and stays within them, the keys do
 * not depend on how the bytes were cut into reads, and every key has a name that leads
 * back to it. Build and corpus as for fuzz_csv: tests/fuzz/keycode, libui.a before
 * libengine.a.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ui/keycode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fail(const char *what)
{
    fprintf(stderr, "fuzz_keycode: %s\n", what);
    abort();
}

static void check_name(const struct key *k)
{
    struct str name = {0};
    struct key back;

    key_print(k, &name);
    if (!key_parse(str_text(&name), &back) || !key_equal(k, &back))
        fail("a name that does not lead back");
    str_done(&name);
}

static void check_key(const struct key *k, const char *bytes, size_t used)
{
    if (k->kind == KEY_CHARACTER || k->kind == KEY_FUNCTION)
        check_name(k);
    else if (k->kind == KEY_MOUSE && (k->x < 0 || k->y < 0 || k->code < 0 || k->code > 3))
        fail("a mouse where none can be");
    else if (k->kind == KEY_PASTE &&
             (k->text < bytes || k->text + k->length > bytes + used))
        fail("a paste outside of the bytes");
    else if (k->kind < KEY_NONE || k->kind > KEY_FEATURES)
        fail("no such kind of key");
}

/* The first key of bytes[0..n) again, of ever longer beginnings of them: once it is known
 * it stays. */
static void check_beginnings(const char *bytes, size_t n, size_t used,
                             const struct key *want)
{
    for (size_t length = 1; length < n; length++) {
        struct key k;
        size_t early = key_decode(bytes, length, false, &k);

        if (early > 0) {
            if (early != used || !key_equal(&k, want))
                fail("another key after more bytes");
            return;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *bytes = xmalloc(size > 0 ? size : 1);

    if (size > 0)
        memcpy(bytes, data, size);
    for (size_t at = 0; at < size;) {
        struct key k;
        size_t left = size - at, used = key_decode(bytes + at, left, true, &k);

        if (used == 0 || used > left)
            fail("no progress");
        check_key(&k, bytes + at, used);
        check_beginnings(bytes + at, left, used, &k);
        at += used;
    }
    free(bytes);
    return 0;
}
