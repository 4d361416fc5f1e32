/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The job that has gnuplot draw a figure, and writes it to a file with the script and the
 * data it was made from beside it. gnuplot is looked after between the slices of other
 * jobs, which go on.
 */
#ifndef COMMAND_PLOTTING_H
#define COMMAND_PLOTTING_H

#include "engine/engine.h"
#include "plot/gnuplot_script.h"

struct plot_request {
    struct figure *figure;      /* is taken over */
    struct plot_look look;
    const char *path;           /* copied; NULL: the picture is for a terminal */
    int seconds;                /* that gnuplot may take */
    struct gnuplot_facts facts; /* if they are known */
};

struct plot_job;

extern const struct job_type plot_job_type;

struct plot_job *plot_job_new(const struct plot_request *r);

/* The format that the end of a file's name means; false, with a sentence: none, or the
 * name is one that no script can have. */
bool plot_format_of(const char *path, enum plot_format *format, struct error *err);
/* "DIR/NAME.gp" of "DIR/NAME.svg". Caller frees. */
char *plot_beside(const char *path, const char *ending);

/* ---- after the end ---- */

const struct gnuplot_facts *plot_job_facts(const struct plot_job *j);
const char *plot_job_path(const struct plot_job *j);
/* The picture; of PLOT_TEXT lines without blanks around them. */
const struct str *plot_job_picture(const struct plot_job *j);
const struct plot_look *plot_job_look(const struct plot_job *j);

#endif
