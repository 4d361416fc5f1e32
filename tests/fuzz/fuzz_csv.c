/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any bytes as a CSV file: loading ends in a table or in a sentence. The table's export,
 * loaded with the dialect named, is the same table again.
 *
 * With clang and libFuzzer: make it from this file and libengine.a with
 * -fsanitize=fuzzer,address,undefined, and give it tests/fuzz/csv. `make check` builds it
 * with rerun.c, which only runs over that folder.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "data/dataset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fail(const char *what)
{
    fprintf(stderr, "fuzz_csv: %s\n", what);
    abort();
}

static struct dataset *load_bytes(const void *bytes, size_t n,
                                  const struct load_options *options, struct error *err)
{
    int file = memfd_create("fuzz", 0);
    struct dataset *d;
    char path[64];

    if (file < 0 || write(file, bytes, n) != (ssize_t)n)
        fail("no memory file");
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    d = dataset_load(path, options, err);
    close(file);
    return d;
}

static void put_row(struct str *out, const struct dataset *d, size_t row, bool names)
{
    int n = dataset_columns(d);

    for (int i = 0; i < n; i++) {
        const struct column *c = dataset_column(d, i);
        struct cell cell = names ? column_original_name(c) : column_cell(c, row);

        if (i > 0)
            str_putc(out, ',');
        if (n == 1 && cell.length == 0)
            str_puts(out, "\"\"");
        else
            csv_put_cell(out, cell.text, cell.length);
    }
    str_putc(out, '\n');
}

static void compare(const struct dataset *a, const struct dataset *b)
{
    if (dataset_columns(a) != dataset_columns(b))
        fail("another number of columns");
    if (dataset_rows(a) != dataset_rows(b))
        fail("another number of rows");
    for (int i = 0; i < dataset_columns(a); i++)
        for (size_t row = 0; row < dataset_rows(a); row++) {
            struct cell x = column_cell(dataset_column(a, i), row);
            struct cell y = column_cell(dataset_column(b, i), row);

            if (x.length != y.length || memcmp(x.text, y.text, x.length) != 0)
                fail("another cell");
        }
}

static void check_lines(const struct dataset *d)
{
    for (size_t row = 1; row < dataset_rows(d); row++)
        if (dataset_line(d, row) < dataset_line(d, row - 1))
            fail("lines go back");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct load_options options = {0};
    struct error err = {0};
    struct dataset *d = load_bytes(data, size, &options, &err), *again;
    struct str text = {0};

    if (!d) {
        if (err.kind == ERROR_NONE || err.text[0] == '\0')
            fail("refused without a sentence");
        return 0;
    }
    check_lines(d);
    if (dataset_dialect(d)->header)
        put_row(&text, d, 0, true);
    for (size_t row = 0; row < dataset_rows(d); row++)
        put_row(&text, d, row, false);
    options = (struct load_options){.delimiter = ',', .quote = '"', .skip_set = true,
                                    .header = dataset_dialect(d)->header ? 1 : -1,
                                    .encoding = "utf-8"};
    again = load_bytes(str_text(&text), text.length, &options, &err);
    /* a repaired row may have become equal to the names */
    if (again && dataset_repairs(again, REPAIR_SKIPPED) == 0)
        compare(d, again);
    dataset_unref(again);
    dataset_unref(d);
    str_done(&text);
    return 0;
}
