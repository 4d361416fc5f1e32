/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/name.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/text.h"

enum { NEAR_LENGTH = 64 };

/* Levenshtein's distance with swaps of neighbours, case ignored; both short. */
static int distance(const char *a, const char *b)
{
    int n = (int)strlen(a), m = (int)strlen(b);
    int rows[3][NEAR_LENGTH + 1];

    for (int j = 0; j <= m; j++)
        rows[0][j] = j;
    for (int i = 1; i <= n; i++) {
        int *row = rows[i % 3], *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];

        row[0] = i;
        for (int j = 1; j <= m; j++) {
            int p = tolower((unsigned char)a[i - 1]), q =
                tolower((unsigned char)b[j - 1]);
            int best = above[j - 1] + (p != q);

            best = above[j] + 1 < best ? above[j] + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            if (i > 1 && j > 1 && p == tolower((unsigned char)b[j - 2]) &&
                q == tolower((unsigned char)a[i - 2]) && before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            row[j] = best;
        }
    }
    return rows[n % 3][m];
}

const char *name_nearest(const char *word, const char *const *names, int n)
{
    size_t length = strlen(word);
    int limit = length < 3 ? 0 : length < 6 ? 1 : length < 10 ? 2 : 3;
    const char *best = NULL;

    if (length > NEAR_LENGTH)
        return NULL;
    for (int i = 0; i < n; i++) {
        int d = strlen(names[i]) > NEAR_LENGTH ? limit + 1 : distance(word, names[i]);

        if (d <= limit && (!best || d < limit)) {
            best = names[i];
            limit = d;
        }
    }
    return best;
}

bool name_refuse(const char *what, const char *word, const char *const *names, int n,
                 const char *hint, struct error *err)
{
    const char *near = name_nearest(word, names, n);
    char *shown = show(word, 60);

    if (near)
        error_set(err, ERROR_USAGE, "there is no %s \"%s\"; did you mean %s?", what,
                  shown, near);
    else
        error_set(err, ERROR_USAGE, "there is no %s \"%s\"; %s", what, shown, hint);
    free(shown);
    return false;
}

bool name_refuse_ambiguous(const char *what, const char *word, const char *const *names,
                           int n, struct error *err)
{
    struct str list = {0};

    for (int i = 0; i < n; i++)
        str_printf(&list, "%s%s", i == 0 ? "" : i == n - 1 ? " or " : ", ", names[i]);
    error_set(err, ERROR_USAGE, "the %s \"%s\" may be %s", what, word, str_text(&list));
    str_done(&list);
    return false;
}

int name_find(const char *what, const char *word, const char *const *names, int n,
              const char *hint, struct error *err)
{
    const char **fitting = xcalloc((size_t)n, sizeof(*fitting));
    int n_fitting = 0, found = -1;
    bool exact = false;

    for (int i = 0; i < n && !exact && word[0] != '\0'; i++) {
        exact = strcmp(names[i], word) == 0;
        if (exact || str_starts(names[i], word)) {
            fitting[n_fitting++] = names[i];
            found = i;
        }
    }
    if (!exact && n_fitting != 1) {
        found = -1;
        if (n_fitting > 1)
            name_refuse_ambiguous(what, word, fitting, n_fitting, err);
        else
            name_refuse(what, word, names, n, hint, err);
    }
    free(fitting);
    return found;
}
