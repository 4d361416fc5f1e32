/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * csv_export IN OUT: loads a table with everything detected and exports it. Exit 0, or 1
 * and one sentence on stderr. The runners of hostile and polluted files drive it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "data/dataset.h"

int main(int argc, char **argv)
{
    struct load_options options = {0};
    struct error err = {0};
    struct dataset *d;
    bool ok;

    if (argc != 3) {
        fputs("usage: csv_export IN OUT\n", stderr);
        return 2;
    }
    d = dataset_load(argv[1], &options, &err);
    ok = d && dataset_export(d, argv[2], false, &err);
    dataset_unref(d);
    if (!ok) {
        char *sentence = show(err.text, 0);

        fprintf(stderr, "%s\n", sentence);
        free(sentence);
    }
    return ok ? 0 : 1;
}
