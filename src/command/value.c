/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/value.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "data/dataset.h"

/* Choice i of "a|b|c" as a piece of it; NULL: there is none. */
static const char *choice_at(const char *choices, int i, size_t *length)
{
    for (; i > 0; i--) {
        choices = strchr(choices, '|');
        if (!choices)
            return NULL;
        choices++;
    }
    *length = strcspn(choices, "|");
    return choices;
}

bool value_choice_name(const char *choices, int i, char *out, size_t size)
{
    size_t length;
    const char *choice = choice_at(choices, i, &length);

    if (!choice || length >= size)
        return false;
    memcpy(out, choice, length);
    out[length] = '\0';
    return true;
}

int value_choice(const char *choices, const char *text)
{
    size_t length, n = strlen(text);
    const char *choice;
    int found = -1, count = 0;

    for (int i = 0; n > 0 && (choice = choice_at(choices, i, &length)); i++) {
        if (strncmp(choice, text, n) != 0 || n > length)
            continue;
        if (n == length)
            return i;
        found = i;
        count++;
    }
    return count == 1 ? found : -1;
}

bool value_byte(const char *text, int *out)
{
    static const struct { const char *word; int byte; } words[] = {
        {"tab", '\t'}, {"\\t", '\t'}, {"space", ' '}, {"blanks", DELIMITER_BLANKS},
        {"none", -1}, {"comma", ','}, {"semicolon", ';'},
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(text, words[i].word) == 0) {
            *out = words[i].byte;
            return true;
        }
    }
    *out = (unsigned char)text[0];
    return text[0] != '\0' && text[1] == '\0' && text[0] != '\n' && text[0] != '\r';
}

bool value_seed(const char *text, uint64_t *out)
{
    char *end;
    unsigned long long seed;

    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    seed = strtoull(text, &end, 10);
    if (*end != '\0' || errno != 0 || seed > INT64_MAX)
        return false;
    *out = seed;
    return true;
}

static void describe_choices(struct str *out, const char *choices)
{
    const char *choice;
    size_t length;

    for (int i = 0; (choice = choice_at(choices, i, &length)); i++) {
        if (i > 0)
            str_puts(out, choice[length] == '\0' ? " or " : ", ");
        str_add(out, choice, length);
    }
}

void value_describe(struct str *out, const struct value *v)
{
    switch (v->type) {
    case VALUE_JOB:
        str_puts(out, "the number of a job");
        break;
    case VALUE_PAUSED:
        str_puts(out, "the name of a run or the number of a job");
        break;
    case VALUE_INT:
        str_printf(out, "a whole number from %.0f to %.0f", v->low, v->high);
        break;
    case VALUE_NUMBER:
        str_puts(out, "a number from ");
        str_json_number(out, v->low);
        str_puts(out, " to ");
        str_json_number(out, v->high);
        break;
    case VALUE_SEED:
        str_puts(out, "a whole number from 0 to 9223372036854775807");
        break;
    case VALUE_CHOICE:
        describe_choices(out, v->choices);
        break;
    case VALUE_BYTE:
        str_puts(out, "one character, or tab, space, blanks, none");
        break;
    case VALUE_FILE:
    case VALUE_NEW_FILE:
        str_puts(out, "a file name");
        break;
    case VALUE_COLUMN:
        str_puts(out, "the name of a column");
        break;
    case VALUE_RUN:
        str_puts(out, "the name of a run");
        break;
    case VALUE_STUDY:
        str_puts(out, "the name of a search or a benchmark");
        break;
    case VALUE_TABLE:
        str_puts(out, "the name of a table");
        break;
    default:
        str_puts(out, "some text");
        break;
    }
}

static bool fits(const struct value *v, const char *text)
{
    uint64_t seed;
    double x;
    long i;
    int byte;

    switch (v->type) {
    case VALUE_INT:
    case VALUE_JOB:
        return str_to_long(text, (long)v->low, (long)v->high, &i);
    case VALUE_NUMBER:
        return str_to_double(text, strlen(text), &x) && x >= v->low && x <= v->high;
    case VALUE_SEED:
        return value_seed(text, &seed);
    case VALUE_CHOICE:
        return value_choice(v->choices, text) >= 0;
    case VALUE_BYTE:
        return value_byte(text, &byte);
    case VALUE_TEXT:
    case VALUE_MODELS:
    case VALUE_CELL:
    case VALUE_CLASS:
        return true;
    default:
        return text[0] != '\0';
    }
}

bool value_check(const struct value *v, const char *name, const char *text,
                 struct error *err)
{
    struct str right = {0};
    char *shown;

    if (fits(v, text))
        return true;
    value_describe(&right, v);
    shown = show(text, 60);
    error_set(err, ERROR_USAGE, "%s takes %s, not \"%s\"", name, str_text(&right), shown);
    free(shown);
    str_done(&right);
    return false;
}
