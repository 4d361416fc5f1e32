/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/html.h"

#include <string.h>

void html_text(struct str *out, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        switch (text[i]) {
        case '&': str_puts(out, "&amp;"); break;
        case '<': str_puts(out, "&lt;"); break;
        case '>': str_puts(out, "&gt;"); break;
        case '"': str_puts(out, "&quot;"); break;
        default: str_putc(out, text[i]);
        }
    }
}

/* Length of what stands in front of a name at p: id=' href='# url(#; 0: nothing. */
static size_t before_name(const char *p)
{
    static const char *const marks[] = {" id=\"", " id='", "href=\"#", "href='#", "url(#"};

    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (strncmp(p, marks[i], strlen(marks[i])) == 0)
            return strlen(marks[i]);
    return 0;
}

/* Names stand within tags; texts between them are left as they are. */
void html_svg(struct str *out, const struct str *svg, int number)
{
    const char *p = strstr(str_text(svg), "<svg");
    bool in_tag = false;

    while (p && *p) {
        size_t n = in_tag ? before_name(p) : 0;

        in_tag = *p == '<' || (in_tag && *p != '>');
        str_add(out, p, n > 0 ? n : 1);
        if (n > 0)
            str_printf(out, "f%d-", number);
        p += n > 0 ? n : 1;
    }
}
