/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plot/gnuplot_quote.h"

#include <string.h>

#include "base/text.h"

static bool is_harmless(int code)
{
    return code >= 0x20 && !(code >= 0x7F && code < 0xA0) && code != 0x200E &&
           code != 0x200F && !(code >= 0x2028 && code <= 0x202E) &&
           !(code >= 0x2066 && code <= 0x2069) && code != 0xFEFF &&
           !(code >= 0xE000 && code <= 0xF8FF);
}

/* Columns count as characters: a picture's letters have no cells. A quote at the
 * beginning would stand with the opening one, which gnuplot takes for an empty string. */
static void quote(struct str *out, const char *text, size_t width, bool format)
{
    size_t n = strlen(text), used;

    str_puts(out, text[0] == '\'' ? "' " : "'");
    for (size_t column = 0; n > 0; text += used, n -= used, column++) {
        int code;

        used = (size_t)utf8_decode(text, n, &code);
        if (column + 1 >= width && n > used) {
            str_puts(out, "\xE2\x80\xA6");
            break;
        }
        if (!is_harmless(code))
            str_putc(out, '?');
        else
            str_add(out, text, used);
        if (code == '\'' || (format && code == '%'))
            str_putc(out, (char)code);
    }
    str_putc(out, '\'');
}

void gnuplot_quote(struct str *out, const char *text, size_t width)
{
    quote(out, text, width > 0 ? width : 120, false);
}

void gnuplot_quote_format(struct str *out, const char *text, size_t width)
{
    quote(out, text, width > 0 ? width : 120, true);
}

bool gnuplot_quote_file(struct str *out, const char *name)
{
    for (const char *c = name; *c; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7F)
            return false;
    }
    str_puts(out, "'./");
    for (; *name; name++) {
        str_putc(out, *name);
        if (*name == '\'')
            str_putc(out, '\'');
    }
    str_putc(out, '\'');
    return true;
}
