/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One page of all that can be said of a run: what commands print of it, and their figures.
 * The commands run here as in a script, with a way out that writes the page.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/text.h"
#include "command/asked.h"
#include "command/families.h"
#include "command/html.h"
#include "command/script.h"

enum { PAGE_WIDTH = 110, PAGE_PIXELS = 1024 }; /* columns of text; of figures */

struct report {
    struct context *context;
    const struct way_out *outer; /* of the front end, */
    void *self;                  /* and its own */
    struct str body;
    bool open;                   /* in preformatted text */
    int figures;
    bool failed;                 /* the line that was run last */
};

/* ---- the way out ---- */

static void close_text(struct report *r)
{
    if (r->open)
        str_puts(&r->body, "</pre>\n");
    r->open = false;
}

static void print(void *self, const char *bytes, size_t n)
{
    struct report *r = self;

    if (!r->open)
        str_puts(&r->body, "<pre>");
    r->open = true;
    html_text(&r->body, bytes, n);
}

/* Through show(), as on a screen. */
static void put_note(struct report *r, const char *sentence)
{
    char *shown = show(sentence, 0);

    close_text(r);
    str_puts(&r->body, "<p class=\"note\">");
    html_text(&r->body, shown, strlen(shown));
    str_puts(&r->body, "</p>\n");
    free(shown);
}

static void note(void *self, const char *sentence)
{
    put_note(self, sentence);
}

static void complain(void *self, const struct error *err)
{
    put_note(self, err->text);
}

static void status(void *self, const char *line)
{
    struct report *r = self;

    r->outer->status(r->self, line);
}

static bool ask(void *self, const char *question)
{
    struct report *r = self;

    return r->outer->ask(r->self, question);
}

static bool turn(void *self)
{
    struct report *r = self;

    return r->outer->turn(r->self);
}

static void room(void *self, struct picture_room *out)
{
    (void)self;
    out->page = true;
}

/* What does not fit the page keeps its size, so that its letters can be read. */
static bool is_wide(const struct str *svg)
{
    const char *width = strstr(str_text(svg), "width=\"");

    return width && strtol(width + strlen("width=\""), NULL, 10) > PAGE_PIXELS;
}

static void picture(void *self, const char *title, const struct str *picture,
                    enum plot_format format)
{
    struct report *r = self;

    (void)title; /* stands in the picture */
    (void)format;
    close_text(r);
    str_puts(&r->body, is_wide(picture) ? "<figure class=\"wide\">" : "<figure>");
    html_svg(&r->body, picture, ++r->figures);
    str_puts(&r->body, "</figure>\n");
}

static const struct way_out report_out = {
    .print = print,
    .note = note,
    .complain = complain,
    .status = status,
    .ask = ask,
    .turn = turn,
    .room = room,
    .picture = picture,
};

/* ---- the page ---- */

static const char style[] =
    "body{max-width:64em;margin:2em auto;padding:0 1em;font:16px/1.5 system-ui,sans-serif;"
    "color:#1b1b1b;background:#fff}"
    "pre{font:13px/1.4 ui-monospace,monospace;overflow-x:auto;background:#f5f5f2;"
    "padding:.8em;border-radius:4px}"
    "h2{margin-top:2.2em;border-bottom:1px solid #ccc}"
    "code{font-family:ui-monospace,monospace}"
    ".line{color:#555;font-size:14px}.note{color:#555;margin:.3em 0;font-size:14px}"
    "figure{margin:1em 0;overflow-x:auto}svg{max-width:100%;height:auto}"
    ".wide svg{max-width:none}";

/* In their order; %s is the run. What a run cannot do says so in a sentence. */
struct section {
    enum { OF_ALL, OF_PRETEXT, OF_TARGET } whose;
    bool lens;           /* takes time: only with --all */
    bool draws;          /* what the line before it found, if it found anything */
    const char *heading; /* NULL: that of the one before */
    const char *line;
};

static const struct section sections[] = {
    {OF_ALL, false, false, "The table", "describe"},
    {OF_TARGET, false, false, NULL, "split"},
    {OF_ALL, false, false, "The run", "run %s"},
    {OF_ALL, false, false, NULL, "plot loss --run %s"},
    {OF_ALL, false, false, NULL, "plot score --run %s"},
    {OF_PRETEXT, false, false, "What was learned of each column",
     "plot learned --run %s"},
    {OF_TARGET, false, false, "How well it predicts", "evaluate --run %s"},
    {OF_TARGET, false, false, NULL, "evaluate --on valid --run %s"},
    {OF_TARGET, false, false, NULL, "plot roc --run %s"},
    {OF_TARGET, false, false, NULL, "plot calibration --run %s"},
    {OF_TARGET, false, false, NULL, "plot confusion --run %s"},
    {OF_PRETEXT, true, false, "Attention", "attention --run %s"},
    {OF_TARGET, true, false, "Attention", "attention --run %s --masked"},
    {OF_ALL, true, true, NULL, "plot attention"},
    {OF_TARGET, true, false, "Columns that it hangs on", "importance --run %s"},
    {OF_TARGET, true, true, NULL, "plot importance"},
    {OF_ALL, true, false, "Embeddings", "tsne --run %s"},
    {OF_ALL, true, true, NULL, "plot tsne --run %s"},
    {OF_TARGET, true, false, "What each layer tells of the target", "probe --run %s"},
    {OF_TARGET, true, true, NULL, "plot probe"},
    {OF_TARGET, true, false, "Noise", "robustness noise --run %s"},
    {OF_TARGET, true, true, NULL, "plot robustness"},
    {OF_TARGET, true, false, "Missing values", "robustness missing --run %s"},
    {OF_TARGET, true, true, NULL, "plot robustness"},
};

static void put_heading(struct report *r, const char *heading)
{
    close_text(r);
    str_puts(&r->body, "<h2>");
    html_text(&r->body, heading, strlen(heading));
    str_puts(&r->body, "</h2>\n");
}

/* False: a person interrupted. */
static bool run_section(struct report *r, const struct section *section,
                        const struct run *run, struct error *err)
{
    struct str name = {0};
    char *line;
    bool ok;

    word_quote(&name, run->name);
    line = strstr(section->line, "%s")
               ? xasprintf("%.*s%s%s", (int)strcspn(section->line, "%"), section->line,
                           name.text, strstr(section->line, "%s") + 2)
               : xstrdup(section->line);
    if (section->heading)
        put_heading(r, section->heading);
    close_text(r);
    str_puts(&r->body, "<p class=\"line\"><code>");
    html_text(&r->body, line, strlen(line));
    str_puts(&r->body, "</code></p>\n");
    ok = command_run(r->context, line, err);
    r->failed = !ok;
    if (!ok && err->kind != ERROR_CANCELLED) {
        complain(r, err);
        ok = true;
    }
    close_text(r);
    free(line);
    str_done(&name);
    return ok;
}

static bool is_of(const struct section *section, const struct run *run, bool all)
{
    bool pretext = run->pretext != PRETEXT_NONE;

    return (all || !section->lens)
        && (section->whose == OF_ALL || (section->whose == OF_PRETEXT) == pretext);
}

/* The commands of the run's folder or, of a run that has none, those of the session. */
static void put_commands(struct report *r, const struct run *run)
{
    char *path = run->folder ? xasprintf("%s/commands", run->folder) : NULL;
    struct error ignored;
    char *text = path ? file_read(path, 1 << 20, NULL, &ignored) : NULL;
    const char *lines = text ? text : str_text(&r->context->record);

    put_heading(r, "How to get here again");
    if (*lines)
        print(r, lines, strlen(lines));
    else
        put_note(r, "Nothing is known of how this model was made.");
    close_text(r);
    free(text);
    free(path);
}

static bool make_body(struct report *r, const struct run *run, bool all,
                      struct error *err)
{
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
        const struct section *s = &sections[i];

        if (is_of(s, run, all) && !(s->draws && r->failed)
            && !run_section(r, s, run, err))
            return false;
    }
    put_commands(r, run);
    return true;
}

/* The commands write to the page as long as they run. */
static bool make_page(struct report *r, const struct run *run, bool all,
                      struct error *err)
{
    struct context *c = r->context;
    enum format format = c->usual_format;
    enum narration narration = c->narration;
    size_t width = c->width;
    bool ok;

    r->outer = c->out;
    r->self = c->self;
    c->out = &report_out;
    c->self = r;
    c->usual_format = FORMAT_TABLE;
    c->width = PAGE_WIDTH;
    c->scrolls = true;
    c->narration = NARRATE_STATUS;
    c->sourcing++;
    ok = make_body(r, run, all, err);
    c->sourcing--;
    c->narration = narration;
    c->scrolls = false;
    c->width = width;
    c->usual_format = format;
    c->self = r->self;
    c->out = r->outer;
    return ok;
}

static bool write_page(const struct report *r, const struct run *run, const char *path,
                       struct error *err)
{
    struct file_writer *w = file_writer_open(path, 0644, err);
    struct str title = {0};
    char day[32] = "";
    time_t now = time(NULL);
    struct tm when;

    if (!w)
        return false;
    if (localtime_r(&now, &when))
        strftime(day, sizeof day, "%Y-%m-%d %H:%M", &when);
    html_text(&title, run->name, strlen(run->name));
    file_writer_printf(w, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
                       "<meta charset=\"utf-8\">\n<title>%s</title>\n"
                       "<style>%s</style>\n</head>\n<body>\n<h1>%s</h1>\n"
                       "<p class=\"note\">" PACKAGE_STRING ", %s</p>\n", title.text,
                       style, title.text, day);
    file_writer_write(w, str_text(&r->body), r->body.length);
    file_writer_printf(w, "</body>\n</html>\n");
    str_done(&title);
    return file_writer_commit(w, err);
}

static bool check_ending(const char *path, struct error *err)
{
    const char *name = path_base_name(path), *dot = strrchr(name, '.');

    if (dot && dot > name
        && (strcasecmp(dot, ".html") == 0 || strcasecmp(dot, ".htm") == 0))
        return true;
    return error_set(err, ERROR_USAGE, "report writes FILE.html or FILE.htm, not \"%s\"",
                     path);
}

static bool run_report(struct context *c, const struct call *call, struct error *err)
{
    struct report r = {.context = c};
    struct run *run = asked_run(c, call, err);
    char *path = path_expand(call_word(call, 0)), *name;
    const char *told;
    bool ok = run && check_ending(path, err) && may_replace(c, path, &told, err);

    name = ok ? xstrdup(run->name) : NULL;
    ok = ok && make_page(&r, run, call_option(call, "all") != NULL, err);
    run = ok ? find_run(c, name, err) : NULL; /* it may be gone meanwhile */
    ok = run && write_page(&r, run, path, err);
    if (ok)
        context_note(c, "wrote %s: %d figures%s", path, r.figures, told);
    str_done(&r.body);
    free(name);
    free(path);
    return ok;
}

const struct command command_report = {
    .name = "report",
    .help = "write a page of what is known of a run, with figures: FILE.html",
    .more = "FILE ends with .html or .htm. One file that needs nothing else: the table, "
            "the run, its curves, what it predicts, and the commands that repeat it. "
            "--all looks inside the model, too, which takes a while: attention, "
            "importance of columns, embeddings, probes and robustness. What cannot be "
            "told of a run, or drawn because gnuplot is not there, is said in a "
            "sentence.",
    .arguments = {{"FILE", {VALUE_NEW_FILE, NULL, 0, 0}, REQUIRED, NULL,
                   "the page to write"}},
    .options = {
        RUN_OPTION,
        {"all", {VALUE_FLAG, NULL, 0, 0}, OPTIONAL, NULL, "with a look inside"},
    },
    .run = run_report,
};
