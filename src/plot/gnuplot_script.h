/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A figure as a script for gnuplot and its data. Texts from outside reach the script
 * through plot/gnuplot_quote.h only; data are numbers and nothing else. So
 * whatever columns and values are called, nothing of it is run.
 *
 * A script draws to standard output and has its data in it, or, to be kept beside a
 * picture, names files for both.
 */
#ifndef PLOT_GNUPLOT_SCRIPT_H
#define PLOT_GNUPLOT_SCRIPT_H

#include "plot/figure.h"
#include "plot/gnuplot.h"

/* Begins the files that are kept. */
#define GNUPLOT_MARK "# a figure of tabscope"

enum plot_format {
    PLOT_SVG, PLOT_PNG, PLOT_PDF,
    PLOT_TEXT,  /* characters: `width` x `height` cells */
    PLOT_SIXEL, /* for a terminal */
};

struct plot_look {
    enum plot_format format;
    bool dark;          /* on a dark ground */
    bool blocks;        /* PLOT_TEXT: other characters than ASCII's are fine */
    int width, height;  /* pixels (a 96th of an inch), or cells; 0: as the figure needs */
};

/* Appends the script. out_name, data_name: of files in its folder, as
 * gnuplot_quote_file takes them; NULL: standard output, and the data within. The figure
 * has content. False: it does not fit this format. */
bool gnuplot_script(struct str *out, const struct figure *f, const struct plot_look *look,
                    const struct gnuplot_facts *facts, const char *out_name,
                    const char *data_name, struct error *err);
/* Appends the data that such a script reads. */
void gnuplot_data(struct str *out, const struct figure *f);

/* Whether these bytes are a whole picture of that format. */
bool gnuplot_is_whole(enum plot_format format, const struct str *picture);

#endif
