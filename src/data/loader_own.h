/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared by the files of the loader: how rows get into a table (loader.c) and what is
 * said of it (loader_notes.c). */
#ifndef DATA_LOADER_OWN_H
#define DATA_LOADER_OWN_H

#include "data/dataset_own.h"
#include "data/intake.h"
#include "data/layout.h"
#include "data/source.h"

struct loader {
    char *path;               /* of the first file */
    struct load_options options; /* with texts of its own */
    struct dataset *dataset;
    char **names;             /* (columns) shown; NULL: no file was looked at */
    struct str *originals;    /* (columns) */
    size_t n_names;           /* of both; the data set may not have its columns yet */
    bool header;              /* of the first file */
    struct str notes;         /* of the files that are done */
    char *first_note;         /* how the first file was read */
    size_t rows_taken;
    bool taken;
    /* of the file in hand, number n_done */
    size_t n_done;
    struct source *source;
    struct layout layout;
    int *place;               /* (columns) of the table; NULL: the same */
    struct csv_format format;
    const char *line_end;
    struct csv_reader *reader;
    struct intake *intake;
    char *text;               /* [begin, end) is read and not yet cut into records */
    size_t begin, end, room;
    bool at_end;              /* nothing comes after text */
    bool later;               /* a pipe has nothing yet */
    bool suspect;             /* text holds NUL bytes or invalid UTF-8 */
    size_t line;              /* of text[begin] */
    size_t lines_before;      /* in the files that are done */
    size_t table_line;        /* where the table begins */
};

/* How the file in hand is read. */
struct dialect loader_dialect(const struct loader *l);
/* The file is at its end: what was noted on the way goes to the notes of the files that
 * are done, behind how it was read. Of several files each line tells which it is about. */
void loader_note_file(struct loader *l);
/* Adds what is to be known of missing marks, once all texts are there. */
void loader_note_missing(struct loader *l);

#endif
