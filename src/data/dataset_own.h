/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inside of a dataset, for dataset.c and the loader that fills it. */
#ifndef DATA_DATASET_OWN_H
#define DATA_DATASET_OWN_H

#include <stdatomic.h>

#include "base/str.h"
#include "data/dataset.h"
#include "data/lines.h"
#include "data/missing.h"
#include "data/names.h"

#define REPAIR_NOTES_MAX 1000

struct dataset_file {
    char *name;       /* visible, for sentences */
    size_t first_row; /* of the table */
    size_t lines;     /* of the files before it */
};

struct dataset {
    atomic_int references;
    char *path;
    struct load_options options; /* with texts of its own */
    struct dataset_file *files;  /* (n_files), those that were begun */
    size_t n_files, file_room;
    size_t rows;
    int n_columns;
    struct column **columns; /* (n_columns) */
    struct missing *missing;
    struct name_index *names, *originals;
    struct lines lines; /* counted through all files */
    struct dialect dialect;
    size_t repairs[REPAIR_KINDS];
    struct repair_note *repair_notes; /* (n_repair_notes), by line */
    size_t n_repair_notes, repair_room;
    struct str notes;
};

struct dataset *dataset_new(const char *path, const struct load_options *options);
/* Rows and repairs to come are of that file, `lines` further than theirs. */
void dataset_begin_file(struct dataset *d, const char *name, size_t lines);
/* Adds a repair to the count and, while there is room, to the list. */
void dataset_add_repair(struct dataset *d, enum repair kind, size_t line,
                        const char *text, size_t n);

#endif
