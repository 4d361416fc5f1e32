/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gnuplot as a child process. It is found when it is needed, never through a shell, reads
 * its script from a pipe and draws into another: the files are ours to write. It runs in
 * a group of its own without the person's start-up file, and has a deadline, after which
 * it is ended; its memory and processor time are limited, too. What it says is kept for
 * an error's sentence. No function here blocks for longer than it was told to. SIGPIPE
 * has to be ignored.
 */
#ifndef PLOT_GNUPLOT_H
#define PLOT_GNUPLOT_H

#include "base/error.h"
#include "base/step.h"
#include "base/str.h"

/* Of a gnuplot that answered. {0}: not asked yet. */
struct gnuplot_facts {
    int version;      /* 504: 5.4 */
    bool cairo, sixel, block; /* terminals that some lack: pngcairo, pdfcairo; sixelgd */
};

enum { GNUPLOT_OLDEST = 500 };

struct gnuplot;

/* Starts it on a script, which is copied; it may take that many seconds. NULL: there is
 * none, with a sentence that says how to get it, or it cannot be started. */
struct gnuplot *gnuplot_new(const char *script, size_t n, int seconds, struct error *err);
/* Waits for at most so long. MORE: it is not done; DONE: it ended well; FAILED: the
 * deadline has passed, it was killed, or it said what was wrong. */
enum step gnuplot_step(struct gnuplot *g, int wait_ms, struct error *err);
/* What it wrote to standard output. */
const struct str *gnuplot_output(const struct gnuplot *g);
/* Ends it, if it has not ended, and waits for that. NULL is fine. */
void gnuplot_free(struct gnuplot *g);

/* A script whose output gnuplot_facts_read understands. */
extern const char gnuplot_question[];
/* False: that was no answer, or it is older than GNUPLOT_OLDEST. */
bool gnuplot_facts_read(struct gnuplot_facts *f, const char *answer, struct error *err);

#endif
