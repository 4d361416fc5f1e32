/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/spell.h"

#include <stdio.h>

#include "base/mem.h"
#include "base/text.h"

static size_t spell_function(const struct key *k, char out[SPELLED_KEY])
{
    static const char letters[] = {[KEY_UP] = 'A', [KEY_DOWN] = 'B', [KEY_RIGHT] = 'C',
                                   [KEY_LEFT] = 'D', [KEY_HOME] = 'H', [KEY_END] = 'F',
                                   [KEY_BACK_TAB] = 'Z'};
    static const char numbers[] = {[KEY_PAGE_UP] = '5', [KEY_PAGE_DOWN] = '6',
                                   [KEY_INSERT] = '2', [KEY_DELETE] = '3'};
    unsigned modifiers = k->modifiers + 1;
    int n;

    if (k->code < KEY_UP || k->code > KEY_BACK_TAB)
        return 0;
    if (letters[k->code] && modifiers == 1)
        n = snprintf(out, SPELLED_KEY, "\033[%c", letters[k->code]);
    else if (letters[k->code])
        n = snprintf(out, SPELLED_KEY, "\033[1;%u%c", modifiers, letters[k->code]);
    else if (modifiers == 1)
        n = snprintf(out, SPELLED_KEY, "\033[%c~", numbers[k->code]);
    else
        n = snprintf(out, SPELLED_KEY, "\033[%c;%u~", numbers[k->code], modifiers);
    return (size_t)n;
}

static size_t spell_character(const struct key *k, char out[SPELLED_KEY])
{
    int code = k->code;
    size_t n = 0;

    if (k->modifiers & KEY_ALT)
        out[n++] = '\033';
    if (k->modifiers & KEY_CONTROL && code >= '@' && code < 127)
        code &= 0x1f;
    else if (k->modifiers & KEY_CONTROL && code == ' ')
        code = 0;
    return n + (size_t)utf8_encode(code, out + n);
}

size_t spell_key(const struct key *k, char out[SPELLED_KEY])
{
    switch (k->kind) {
    case KEY_CHARACTER:
        return spell_character(k, out);
    case KEY_FUNCTION:
        return spell_function(k, out);
    default:
        return 0;
    }
}

char *spell_paste(const char *text, size_t n)
{
    char *out = xmalloc(n + 1);
    size_t length = 0;

    for (size_t i = 0; i < n; i++) {
        if (text[i] == '\r' && !(i + 1 < n && text[i + 1] == '\n'))
            out[length++] = '\n';
        else if (text[i] != '\r' && text[i] != '\0')
            out[length++] = text[i];
    }
    out[length] = '\0';
    return out;
}
