/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The one way in. command_run(ctx, line, err) is what the prompt, a script, the start-up
 * file, -c and batch call; nothing else changes the session. One table of struct command
 * yields parsing, checking, messages, completion, help and the manual's list.
 *
 * A command has one way out: the functions of struct way_out. Data goes to print, what is
 * said about it to note. A command that fails has changed nothing.
 */
#ifndef COMMAND_COMMAND_H
#define COMMAND_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "command/parse.h"
#include "command/value.h"
#include "engine/session.h"
#include "plot/gnuplot_script.h"

/* ---- the way out ---- */

enum format { FORMAT_TABLE, FORMAT_CSV, FORMAT_JSON };

/* What a picture may take. */
struct picture_room {
    int columns, rows; /* in characters */
    int width, height; /* in pixels, where the terminal takes sixels; else 0 */
    bool blocks;       /* characters beyond ASCII are fine */
    bool dark;         /* its ground */
    bool page;         /* SVG of any size is wanted, the rest does not count */
};

/* `self` is the front end's. */
struct call;

struct way_out {
    /* Data, as it is to stand there. */
    void (*print)(void *self, const char *bytes, size_t n);
    /* A sentence that may hold outside text: it is shown here. */
    void (*note)(void *self, const char *sentence);
    /* The sentence of a failure. */
    void (*complain)(void *self, const struct error *err);
    /* A line of a script that runs next; NULL: nobody wants to know. */
    void (*echo)(void *self, const char *line);
    /* What goes on now; NULL: nothing. */
    void (*status)(void *self, const char *line);
    /* Yes or no; without a person: yes. */
    bool (*ask)(void *self, const char *question);
    /* Waits until there is news from the engine. False: a person interrupted. */
    bool (*turn)(void *self);
    /* Runs a COMMAND_SCREEN command; NULL: there is no screen. */
    bool (*screen)(void *self, const struct call *call, struct error *err);
    /* A place for pictures, and one that is to be shown there, in a format that has its
     * place there. NULL: there is none, text is printed. */
    void (*room)(void *self, struct picture_room *out);
    void (*picture)(void *self, const char *title, const struct str *picture,
                    enum plot_format format);
};

/* How much is said while a run trains. */
enum narration {
    NARRATE_LINES,  /* a line an epoch */
    NARRATE_STATUS, /* the status line only */
    NARRATE_SPARSE, /* a line an epoch, at most one in two seconds */
    NARRATE_ASIDE,  /* the same, indented: what stands elsewhere too */
};

struct pending;
struct figure;
struct attending;
struct mapping;

/* Results that `plot` can draw after they were printed. */
enum kept_figure {
    KEPT_WHATIF, KEPT_PROBE, KEPT_ROBUSTNESS, KEPT_IMPORTANCE,
    KEPT_DEPENDENCE, KEPT_FIGURES
};

struct context {
    struct session *session;
    const struct way_out *out;
    void *self;
    enum format format;       /* of this command */
    enum format usual_format; /* where it does not say --format */
    size_t width;             /* columns of the screen, 0: no limit */
    bool scrolls;             /* to the right, too: tables are not cut */
    enum narration narration;
    bool batch;               /* no person: every job is waited for, interrupts end it */
    bool background_loads;    /* at the prompt nothing is waited for, `load` neither */
    bool quit;                /* the command `quit` ran */
    int signal;               /* that asked the program to end, or 0 */
    int sourcing;             /* scripts within scripts */
    const char *line;         /* that runs now */
    struct pending *pending;    /* jobs on their way, command/pending.h */
    struct gnuplot_facts gnuplot; /* once it was asked */
    struct figure *figures[KEPT_FIGURES]; /* of the last results, or NULL; owned */
    struct attending *attending; /* what of the attention is looked at; NULL: nothing yet */
    struct mapping *mapping;     /* layouts of embeddings; NULL: none yet */
    struct error background;  /* the first failure of a job nobody waited for */
    struct str record;        /* what was run at the prompt, for `session save` */
    const char *screen;       /* what the screen can do, in words; NULL: there is none */
    bool input_free;          /* standard input is no person's and no script's, */
    bool output_free;         /* and standard output no screen's: data may go through */
};

/* Frees what it owns itself; jobs are pending_clear's. */
void context_done(struct context *c);
/* Takes the figure over, in place of the one before. */
void context_keep_figure(struct context *c, enum kept_figure which, struct figure *f);

void context_print(struct context *c, const char *bytes, size_t n);
void context_note(struct context *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Each line of text as a note, `indent` in front of it. */
void context_note_lines(struct context *c, const char *indent, const char *text);

/* ---- the table ---- */

enum { MAX_ARGUMENTS = 4, MAX_OPTIONS = 16 };

struct parameter {
    const char *name;  /* "FILE"; of an option "rows", written --rows */
    struct value value;
    /* of arguments; MANY: one or more */
    enum { REQUIRED, OPTIONAL, MANY, MANY_OR_NONE } count;
    const char *sample; /* of an option: what stands for its value in the usage, "N" */
    const char *help;
};

enum command_flag {
    COMMAND_TABLE = 1,  /* needs a current table */
    COMMAND_TARGET = 2, /* needs a target in it */
    COMMAND_DATA = 4,   /* prints data: takes --format */
    COMMAND_JOB = 8,    /* may end in & */
    COMMAND_SCREEN = 16, /* changes what is looked at and nothing else */
    COMMAND_UNRECORDED = 32, /* not to be repeated in a saved session */
};

struct command {
    const char *name;
    const char *help;   /* one line */
    const char *more;   /* what else `help NAME` says, NULL or lines */
    struct parameter arguments[MAX_ARGUMENTS + 1];
    struct parameter options[MAX_OPTIONS + 1];
    unsigned flags;
    bool (*run)(struct context *c, const struct call *call, struct error *err);
};

/* Command number i in the order of `help`, NULL behind the last. */
const struct command *command_at(int i);
/* Of the group that begins with this command; NULL: none does. */
const char *command_heading(const struct command *command);
/* By name or unique beginning. NULL and a sentence if there is none. */
const struct command *command_find(const char *name, struct error *err);
/* Appends "load FILE [--name N] ...". */
void command_usage(const struct command *command, struct str *out);
/* The option of that name or unique beginning (without --). NULL and a sentence. */
const struct parameter *command_option(const struct command *command, const char *name,
                                       struct error *err);
/* The option --format, which all COMMAND_DATA commands have beside their own. */
const struct parameter *command_format_option(void);
/* Which argument word number i of n stands for (n: words so far, i < n); NULL: too
 * many. */
const struct parameter *command_argument(const struct command *command, int i, int n);

/* ---- a call ---- */

struct call {
    const struct command *command;
    int n_words;              /* arguments, quotes taken away */
    char *const *words;
    const char *options[MAX_OPTIONS]; /* as in the command's table; NULL: not given */
    const char *format;       /* of --format, or NULL */
    bool background;          /* the line ends in & */
};

/* NULL if it is not there. */
const char *call_word(const struct call *call, int i);
/* The value of an option, checked against its type; NULL: not given. */
const char *call_option(const struct call *call, const char *name);
long call_int(const struct call *call, const char *name, long otherwise);
double call_number(const struct call *call, const char *name, double otherwise);
uint64_t call_seed(const struct call *call, const char *name, uint64_t otherwise);
int call_choice(const struct call *call, const char *name, int otherwise);

/* Appends the call as a command line that says the same, without --format and &. */
void call_print(const struct call *call, struct str *out);

/* Runs one line. An empty one is fine. */
bool command_run(struct context *c, const char *line, struct error *err);
/* Takes a line out of the record: its job failed after all. */
void command_unrecord(struct context *c, const char *line);

/* ---- what several commands need ---- */

/* The column of the current table, or a sentence with the nearest name. */
int find_column(struct context *c, const char *name, struct error *err);
/* Columns of the current table chosen so far, one flag each. */
struct column_choice {
    bool *chosen; /* (n_columns) */
    int n;
};
/* Adds the column of that name, or those that a word between slashes matches as a regular
 * expression (the target is left out then). */
bool column_choose(struct context *c, const char *word, struct column_choice *choice,
                   struct error *err);
/* The run of that name, of this session or kept in run.dir; NULL: the current one. */
struct run *find_run(struct context *c, const char *name, struct error *err);
/* Reads the model of a run that was kept. False: it has none yet. */
bool run_needs_model(struct run *r, struct error *err);
/* False, with a sentence, if the file is there and a person does not want it replaced.
 * Where nobody can be asked *told gets what is to be added to the report, else "". */
bool may_replace(struct context *c, const char *path, const char **told,
                 struct error *err);
/* Writes what was done so far as a script. */
bool session_write(const struct context *c, const char *path, struct error *err);
/* The options that load and predict share, and what they say; texts stay the call's. */
#define LOAD_OPTIONS \
    {"delimiter", {VALUE_BYTE, NULL, 0, 0}, OPTIONAL, "C", \
     "what separates cells: one character, tab, or blanks for runs of blanks"}, \
    {"quote", {VALUE_BYTE, NULL, 0, 0}, OPTIONAL, "C", \
     "the quote around cells: one character, or none"}, \
    {"header", {VALUE_CHOICE, "no|yes", 0, 0}, OPTIONAL, "yes|no", \
     "whether the first line holds the names"}, \
    {"skip", {VALUE_INT, NULL, 0, 1000000000}, OPTIONAL, "N", \
     "lines to leave out before the table"}, \
    {"missing", {VALUE_TEXT, NULL, 0, 0}, OPTIONAL, "LIST", \
     "texts that mean a missing value, separated by commas, in place of the usual " \
     "ones"}, \
    {"encoding", {VALUE_CHOICE, "utf-8|cp1252", 0, 0}, OPTIONAL, "utf-8|cp1252", \
     "how bytes are read as letters"}
bool load_options_of(const struct call *call, struct load_options *out,
                     struct error *err);
/* Tells how a table was read and what was repaired in it, each line indented. */
void note_reading(struct context *c, const struct dataset *d);

#endif
