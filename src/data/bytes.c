/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/mem.h"
#include "base/text.h"

enum {
    ROOM = 1 << 16,
    PATIENCE_MS = 100,
    GZIP_ONLY = 16 + MAX_WBITS, /* for inflateInit2 */
};

struct bytes {
    char *name;
    int fd;
    bool piped;
    size_t size, done;   /* of the file; size 0: not known */
    bool begun;          /* it is known whether it is gzip */
    bool gzip, between;  /* between: no member of it is open */
    bool at_end;         /* of the file */
    z_stream stream;
    size_t begin, end;   /* room[begin..end) is read and not yet given out or unpacked */
    char room[ROOM];
};

static bool fail_read(const struct bytes *b, struct error *err)
{
    return error_set(err, ERROR_SYSTEM, "%s: %s", b->name, strerror(errno));
}

static bool refuse(const struct bytes *b, const char *what, struct error *err)
{
    return error_set(err, ERROR_INPUT, "%s: %s, not a table of text", b->name, what);
}

static bool open_file(struct bytes *b, const char *path, struct error *err)
{
    struct stat st;

    if (strcmp(path, "-") == 0)
        b->fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
    else /* O_NONBLOCK: a FIFO, which is refused, must not make us wait */
        b->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (b->fd < 0 || fstat(b->fd, &st) < 0)
        return fail_read(b, err);
    if (S_ISDIR(st.st_mode))
        return refuse(b, "a folder", err);
    b->piped = !S_ISREG(st.st_mode);
    if (b->piped && strcmp(path, "-") != 0)
        return refuse(b, "not a plain file", err);
    b->size = b->piped ? 0 : (size_t)st.st_size;
    return true;
}

struct bytes *bytes_open(const char *path, struct error *err)
{
    struct bytes *b = xcalloc(1, sizeof *b);

    b->name = strcmp(path, "-") == 0 ? xstrdup("standard input") : show(path, 0);
    b->fd = -1;
    if (open_file(b, path, err))
        return b;
    bytes_close(b);
    return NULL;
}

void bytes_close(struct bytes *b)
{
    if (!b)
        return;
    if (b->gzip)
        inflateEnd(&b->stream);
    if (b->fd >= 0)
        close(b->fd);
    free(b->name);
    free(b);
}

/* From the file itself. */
static enum bytes_status read_file(struct bytes *b, char *to, size_t room, size_t *n,
                                   struct error *err)
{
    struct pollfd waits = {.fd = b->fd, .events = POLLIN};
    ssize_t got;

    if (b->at_end)
        return BYTES_END;
    if (b->piped && poll(&waits, 1, PATIENCE_MS) <= 0)
        return BYTES_LATER;
    do
        got = read(b->fd, to, room);
    while (got < 0 && errno == EINTR);
    if (got < 0 && errno == EAGAIN && b->piped)
        return BYTES_LATER;
    if (got < 0) {
        fail_read(b, err);
        return BYTES_FAILED;
    }
    *n = (size_t)got;
    b->done += *n;
    b->at_end = got == 0;
    return b->at_end ? BYTES_END : BYTES_SOME;
}

/* Adds to what is in the room. */
static enum bytes_status fill(struct bytes *b, struct error *err)
{
    enum bytes_status status;
    size_t n;

    if (b->begin == b->end)
        b->begin = b->end = 0;
    status = read_file(b, b->room + b->end, ROOM - b->end, &n, err);
    b->end += status == BYTES_SOME ? n : 0;
    return status;
}

/* Looks at the first two bytes. */
static enum bytes_status begin(struct bytes *b, struct error *err)
{
    enum bytes_status status;

    while (b->end < 2 && !b->at_end) {
        status = fill(b, err);
        if (status == BYTES_LATER || status == BYTES_FAILED)
            return status;
    }
    b->begun = true;
    if (b->end < 2 || memcmp(b->room, "\x1f\x8b", 2) != 0)
        return BYTES_SOME;
    if (inflateInit2(&b->stream, GZIP_ONLY) != Z_OK) {
        error_set(err, ERROR_MEMORY, "not enough memory to unpack gzip");
        return BYTES_FAILED;
    }
    b->gzip = true;
    return BYTES_SOME;
}

static enum bytes_status fail_gzip(const struct bytes *b, struct error *err)
{
    error_set(err, ERROR_INPUT, "%s: damaged gzip file", b->name);
    return BYTES_FAILED;
}

/* Makes something to unpack. Behind a member another one may come; what is none is
 * padding. */
static enum bytes_status feed(struct bytes *b, struct error *err)
{
    enum bytes_status status = BYTES_SOME;

    if (b->begin == b->end)
        status = fill(b, err);
    if (status == BYTES_END && !b->between)
        return fail_gzip(b, err);
    if (status != BYTES_SOME || !b->between)
        return status;
    if (b->room[b->begin] != '\x1f')
        return BYTES_END;
    b->between = false;
    return inflateReset(&b->stream) == Z_OK ? BYTES_SOME : fail_gzip(b, err);
}

static bool unpack(struct bytes *b)
{
    int code;

    b->stream.next_in = (Bytef *)b->room + b->begin;
    b->stream.avail_in = (uInt)(b->end - b->begin);
    code = inflate(&b->stream, Z_NO_FLUSH);
    b->begin = b->end - b->stream.avail_in;
    b->between = code == Z_STREAM_END;
    return code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR;
}

static enum bytes_status read_gzip(struct bytes *b, char *to, size_t room, size_t *n,
                                   struct error *err)
{
    enum bytes_status status = BYTES_SOME;

    room = room < ROOM ? room : ROOM;
    b->stream.next_out = (Bytef *)to;
    b->stream.avail_out = (uInt)room;
    while (b->stream.avail_out > 0) {
        status = feed(b, err);
        if (status == BYTES_FAILED)
            return status;
        if (status != BYTES_SOME)
            break;
        if (!unpack(b))
            return fail_gzip(b, err);
    }
    *n = room - b->stream.avail_out;
    return *n > 0 ? BYTES_SOME : status;
}

enum bytes_status bytes_read(struct bytes *b, char *to, size_t room, size_t *n,
                             struct error *err)
{
    enum bytes_status status = b->begun ? BYTES_SOME : begin(b, err);

    *n = 0;
    if (status != BYTES_SOME)
        return status;
    if (b->gzip)
        return read_gzip(b, to, room, n, err);
    if (b->begin == b->end)
        return read_file(b, to, room, n, err);
    *n = b->end - b->begin < room ? b->end - b->begin : room;
    memcpy(to, b->room + b->begin, *n);
    b->begin += *n;
    return BYTES_SOME;
}

const char *bytes_name(const struct bytes *b)
{
    return b->name;
}

bool bytes_gzip(const struct bytes *b)
{
    return b->gzip;
}

bool bytes_piped(const struct bytes *b)
{
    return b->piped;
}

double bytes_progress(const struct bytes *b)
{
    if (b->piped)
        return NAN;
    return b->size ? fmin((double)b->done / (double)b->size, 1) : 1;
}
