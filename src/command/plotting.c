/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/plotting.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/path.h"
#include "plot/gnuplot_quote.h"

enum { WAIT_MS = 5 }; /* of a slice: others have to wait for its end */

struct plot_job {
    struct figure *figure;
    struct plot_look look;
    char *path;
    int seconds;
    struct gnuplot_facts facts;
    struct gnuplot *child; /* NULL: none runs */
    bool drawing;          /* it draws, else it is asked what it can do */
    struct str picture;
};

struct plot_job *plot_job_new(const struct plot_request *r)
{
    struct plot_job *j = xcalloc(1, sizeof(*j));

    j->figure = r->figure;
    j->look = r->look;
    j->path = r->path ? xstrdup(r->path) : NULL;
    j->seconds = r->seconds;
    j->facts = r->facts;
    return j;
}

/* ---- names ---- */

bool plot_format_of(const char *path, enum plot_format *format, struct error *err)
{
    static const struct {
        const char *ending;
        enum plot_format format;
    } endings[] = {{".svg", PLOT_SVG}, {".png", PLOT_PNG}, {".pdf", PLOT_PDF},
                   {".txt", PLOT_TEXT}};
    const char *name = path_base_name(path), *dot = strrchr(name, '.');
    struct str quoted = {0};
    bool fine = gnuplot_quote_file(&quoted, name);

    str_done(&quoted);
    if (!fine)
        return error_set(err, ERROR_USAGE, "the name of a figure's file may not hold "
                         "control characters: gnuplot's script has to name it, too");
    for (size_t i = 0; dot && dot > name && i < sizeof(endings) / sizeof(endings[0]);
         i++) {
        if (strcasecmp(dot, endings[i].ending) == 0) {
            *format = endings[i].format;
            return true;
        }
    }
    return error_set(err, ERROR_USAGE, "plot writes FILE.svg, FILE.png, FILE.pdf or "
                     "FILE.txt, not \"%s\"", path);
}

char *plot_beside(const char *path, const char *ending)
{
    return xasprintf("%.*s%s", (int)(strrchr(path, '.') - path), path, ending);
}

/* ---- drawing ---- */

static bool start_child(struct plot_job *j, const char *script, size_t n,
                        struct error *err)
{
    j->child = gnuplot_new(script, n, j->seconds, err);
    return j->child != NULL;
}

static bool start_drawing(struct plot_job *j, struct error *err)
{
    struct str script = {0};
    bool ok = gnuplot_script(&script, j->figure, &j->look, &j->facts, NULL, NULL, err) &&
              start_child(j, str_text(&script), script.length, err);

    j->drawing = true;
    str_done(&script);
    return ok;
}

/* Lines without what only fills the page. */
static void tidy_text(struct str *out, const struct str *text)
{
    size_t empty = 0;

    for (size_t at = 0; at < text->length;) {
        const char *line = text->text + at, *end;
        size_t n = strcspn(line, "\n");

        at += n + 1;
        end = line + n;
        while (line < end && *line == '\f')
            line++;
        while (end > line && end[-1] == ' ')
            end--;
        if (line == end) {
            empty++;
            continue;
        }
        for (; empty > 0; empty--) {
            if (out->length > 0)
                str_putc(out, '\n');
        }
        str_add(out, line, (size_t)(end - line));
        str_putc(out, '\n');
    }
}

static bool take_picture(struct plot_job *j, struct error *err)
{
    const struct str *output = gnuplot_output(j->child);

    if (!gnuplot_is_whole(j->look.format, output))
        return error_set(err, ERROR_SYSTEM, "gnuplot ended well, but what it drew is not "
                         "whole");
    if (j->look.format == PLOT_TEXT)
        tidy_text(&j->picture, output);
    else
        str_add(&j->picture, output->text, output->length);
    return true;
}

/* ---- files ---- */

/* With the script, a picture can be made again; it names files without their folder. */
static bool write_source(const struct plot_job *j, const char *script_path,
                         const char *data_path, struct error *err)
{
    struct str script = {0}, data = {0};
    bool ok;

    str_puts(&script, GNUPLOT_MARK "; `gnuplot FILE.gp` draws it again, in the folder of "
             "its files\n");
    str_puts(&data, GNUPLOT_MARK "\n");
    gnuplot_data(&data, j->figure);
    ok = gnuplot_script(&script, j->figure, &j->look, &j->facts, path_base_name(j->path),
                        path_base_name(data_path), err) &&
         file_write(data_path, 0644, data.text, data.length, err) &&
         file_write(script_path, 0644, script.text, script.length, err);
    str_done(&script);
    str_done(&data);
    return ok;
}

static bool write_files(const struct plot_job *j, struct error *err)
{
    char *script = plot_beside(j->path, ".gp"), *data = plot_beside(j->path, ".dat");
    bool ok = write_source(j, script, data, err)
        && file_write(j->path, 0644, j->picture.text, j->picture.length, err);

    free(script);
    free(data);
    return ok;
}

/* ---- the job ---- */

static enum step begin(struct plot_job *j, struct error *err)
{
    bool ok = j->facts.version > 0
                  ? start_drawing(j, err)
                  : start_child(j, gnuplot_question, strlen(gnuplot_question), err);

    return ok ? STEP_MORE : STEP_FAILED;
}

static enum step finish(struct plot_job *j, struct error *err)
{
    const char *said = str_text(gnuplot_output(j->child));
    bool ok = j->drawing ? take_picture(j, err)
                         : gnuplot_facts_read(&j->facts, said, err);

    gnuplot_free(j->child);
    j->child = NULL;
    if (!ok)
        return STEP_FAILED;
    if (!j->drawing)
        return STEP_MORE;
    return !j->path || write_files(j, err) ? STEP_DONE : STEP_FAILED;
}

static enum step run(void *work, struct error *err)
{
    struct plot_job *j = work;
    enum step step;

    if (!j->child)
        return begin(j, err);
    step = gnuplot_step(j->child, WAIT_MS, err);
    return step == STEP_DONE ? finish(j, err) : step;
}

static void release(void *work)
{
    struct plot_job *j = work;

    gnuplot_free(j->child);
    figure_free(j->figure);
    str_done(&j->picture);
    free(j->path);
    free(j);
}

const struct job_type plot_job_type = {
    .name = "plot",
    .run = run,
    .free = release,
};

/* ---- after the end ---- */

const struct gnuplot_facts *plot_job_facts(const struct plot_job *j)
{
    return &j->facts;
}

const char *plot_job_path(const struct plot_job *j)
{
    return j->path;
}

const struct str *plot_job_picture(const struct plot_job *j)
{
    return &j->picture;
}

const struct plot_look *plot_job_look(const struct plot_job *j)
{
    return &j->look;
}
