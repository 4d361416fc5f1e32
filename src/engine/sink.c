/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/sink.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"

enum { PATIENCE_MS = 100 };

struct sink {
    struct file_writer *writer; /* NULL: standard output */
    struct str kept;
    size_t gone;                /* bytes of it that are written */
};

struct sink *sink_open(const char *path, struct error *err)
{
    struct sink *s = xcalloc(1, sizeof *s);

    if (strcmp(path, "-") == 0)
        return s;
    s->writer = file_writer_open(path, 0644, err);
    if (s->writer)
        return s;
    free(s);
    return NULL;
}

static void sink_free(struct sink *s)
{
    str_done(&s->kept);
    free(s);
}

void sink_abort(struct sink *s)
{
    if (!s)
        return;
    file_writer_abort(s->writer);
    sink_free(s);
}

void sink_put(struct sink *s, const char *bytes, size_t n)
{
    str_add(&s->kept, bytes, n);
}

static bool fail_output(struct error *err)
{
    if (errno == EPIPE)
        return error_set(err, ERROR_SYSTEM,
                         "standard output was closed by its reader before the end");
    return error_set(err, ERROR_SYSTEM, "standard output: %s", strerror(errno));
}

/* A pipe that can be written to takes so many bytes at once. */
static enum step write_output(struct sink *s, struct error *err)
{
    struct pollfd waits = {.fd = STDOUT_FILENO, .events = POLLOUT};

    while (s->gone < s->kept.length) {
        size_t left = s->kept.length - s->gone;
        ssize_t n;

        if (poll(&waits, 1, PATIENCE_MS) <= 0)
            return STEP_MORE;
        n = write(STDOUT_FILENO, s->kept.text + s->gone,
                  left < PIPE_BUF ? left : PIPE_BUF);
        if (n < 0 && errno != EINTR && errno != EAGAIN) {
            fail_output(err);
            return STEP_FAILED;
        }
        s->gone += n > 0 ? (size_t)n : 0;
    }
    return STEP_DONE;
}

static enum step write_file(struct sink *s, struct error *err)
{
    struct file_writer *w = s->writer;

    file_writer_write(w, str_text(&s->kept), s->kept.length);
    if (file_writer_going(w))
        return STEP_DONE;
    s->writer = NULL;
    file_writer_commit(w, err); /* which says why */
    return STEP_FAILED;
}

enum step sink_flush(struct sink *s, struct error *err)
{
    enum step step = s->writer ? write_file(s, err) : write_output(s, err);

    if (step == STEP_DONE) {
        str_clear(&s->kept);
        s->gone = 0;
    }
    return step;
}

bool sink_commit(struct sink *s, struct error *err)
{
    bool ok = !s->writer || file_writer_commit(s->writer, err);

    sink_free(s);
    return ok;
}
