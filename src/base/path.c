/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <zlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/text.h"

enum {
    BUFFER = 65536,
    MAX_LINKS = 40, /* links to links, as the kernel counts */
};

struct file_writer {
    char *path;      /* the file that is replaced, links resolved */
    char *temporary; /* path.tmp.PID, in the same folder */
    int fd;
    int failure;     /* errno of the first failed write, or 0 */
    size_t used;
    char buffer[BUFFER];
};

const char *path_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* The folder part: "." for a bare name, "/" for "/name". Caller frees. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return xstrdup(".");
    return xstrndup(path, slash == path ? 1 : (size_t)(slash - path));
}

/* "cannot VERB PATH: reason", with the room left where the disk is full. */
static bool fail(struct error *err, const char *verb, const char *path, int code)
{
    char *shown = show(path, 0), *folder = folder_of(path), room[64] = "";
    struct statvfs disk;

    if (code == ENOSPC && statvfs(folder, &disk) == 0)
        snprintf(room, sizeof room, " (%llu kB free)",
                 (unsigned long long)disk.f_bavail * disk.f_frsize / 1000);
    error_set(err, ERROR_SYSTEM, "cannot %s %s: %s%s", verb, shown, strerror(code), room);
    free(folder);
    free(shown);
    return false;
}

/* Follows symbolic links to the name that they stand for, which need not exist yet.
 * NULL and errno if there are too many. Caller frees. */
static char *follow_links(const char *path)
{
    char target[PATH_MAX];
    char *at = xstrdup(path);

    for (int i = 0; i < MAX_LINKS; i++) {
        ssize_t n = readlink(at, target, sizeof target - 1);
        char *folder, *next;

        if (n < 0)
            return at;
        target[n] = '\0';
        folder = folder_of(at);
        next = target[0] == '/' ? xstrdup(target) : xasprintf("%s/%s", folder, target);
        free(folder);
        free(at);
        at = next;
    }
    free(at);
    errno = ELOOP;
    return NULL;
}

/* The process that a name such as "NAME.tmp.4711" or "NAME.tmp.4711.2" tells of; 0 for
 * any other. */
static pid_t writer_of(const char *entry, const char *name)
{
    size_t length = strlen(name), digits;
    char number[16];
    long pid = 0;

    if (strncmp(entry, name, length) != 0 || !str_starts(entry + length, ".tmp."))
        return 0;
    entry += length + 5;
    digits = strspn(entry, "0123456789");
    if (digits >= sizeof number || (entry[digits] != '\0' && entry[digits] != '.'))
        return 0;
    memcpy(number, entry, digits);
    number[digits] = '\0';
    return str_to_long(number, 2, INT_MAX, &pid) ? (pid_t)pid : 0;
}

/* Removes what processes left that were killed while they wrote this file. */
static void sweep(const char *path)
{
    char *folder = folder_of(path);
    const char *name = path_base_name(path);
    DIR *dir = opendir(folder);
    struct dirent *e;

    while (dir && (e = readdir(dir)) != NULL) {
        pid_t pid = writer_of(e->d_name, name);

        if (pid > 0 && kill(pid, 0) < 0 && errno == ESRCH)
            unlinkat(dirfd(dir), e->d_name, 0);
    }
    if (dir)
        closedir(dir);
    free(folder);
}

/* What stands at the path now: *mode is its mode or, for a new file, stays. */
static bool check_target(const char *path, int *mode, bool *exists, struct error *err)
{
    struct stat st;
    char *shown;

    *exists = stat(path, &st) == 0;
    if (!*exists)
        return errno == ENOENT || fail(err, "write", path, errno);
    if (!S_ISREG(st.st_mode)) {
        shown = show(path, 0);
        error_set(err, ERROR_SYSTEM, "cannot write %s: it is a %s, not a file", shown,
                  S_ISDIR(st.st_mode)    ? "folder"
                  : S_ISFIFO(st.st_mode) ? "FIFO"
                                         : "device");
        free(shown);
        return false;
    }
    if (faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) < 0)
        return fail(err, "write", path, errno);
    *mode = st.st_mode & 0777;
    return true;
}

/* Creates the temporary file. A name that is taken belongs to another writer of this
 * process, or to a process that had our number: the next name is tried. */
static bool create_temporary(struct file_writer *w, int mode)
{
    for (int i = 0; i < 100; i++) {
        free(w->temporary);
        w->temporary = i == 0 ? xasprintf("%s.tmp.%ld", w->path, (long)getpid())
                              : xasprintf("%s.tmp.%ld.%d", w->path, (long)getpid(), i);
        w->fd = open(w->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                     mode);
        if (w->fd >= 0 || errno != EEXIST)
            break;
    }
    return w->fd >= 0;
}

static void free_writer(struct file_writer *w)
{
    free(w->path);
    free(w->temporary);
    free(w);
}

struct file_writer *file_writer_open(const char *path, int mode, struct error *err)
{
    struct file_writer *w;
    char *target = follow_links(path);
    bool exists;

    if (!target) {
        fail(err, "write", path, errno);
        return NULL;
    }
    if (!check_target(target, &mode, &exists, err)) {
        free(target);
        return NULL;
    }
    sweep(target);
    w = xcalloc(1, sizeof *w);
    w->path = target;
    if (!create_temporary(w, mode)) {
        fail(err, "write", path, errno);
        free_writer(w);
        return NULL;
    }
    if (exists && fchmod(w->fd, (mode_t)mode) < 0) /* the umask took something away */
        w->failure = errno;
    return w;
}

static void write_all(struct file_writer *w, const char *bytes, size_t n)
{
    while (n > 0 && w->failure == 0) {
        ssize_t got = write(w->fd, bytes, n);

        if (got >= 0) {
            bytes += got;
            n -= (size_t)got;
        } else if (errno != EINTR) {
            w->failure = errno;
        }
    }
}

static void flush(struct file_writer *w)
{
    write_all(w, w->buffer, w->used);
    w->used = 0;
}

void file_writer_write(struct file_writer *w, const void *bytes, size_t n)
{
    if (n > BUFFER - w->used)
        flush(w);
    if (n > BUFFER) {
        write_all(w, bytes, n);
    } else if (n > 0) {
        memcpy(w->buffer + w->used, bytes, n);
        w->used += n;
    }
}

bool file_writer_going(const struct file_writer *w)
{
    return w->failure == 0;
}

void file_writer_printf(struct file_writer *w, const char *format, ...)
{
    struct str text = {0};
    va_list args;

    va_start(args, format);
    str_vprintf(&text, format, args);
    va_end(args);
    file_writer_write(w, text.text, text.length);
    str_done(&text);
}

/* True if the folder says that the new name is on the disk, or cannot say: one may be
 * allowed to write into it and not to read it. */
static bool sync_folder(const char *path)
{
    char *folder = folder_of(path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd < 0 ? errno == EACCES
                     : fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP;
    int code = errno;

    if (fd >= 0)
        close(fd);
    free(folder);
    errno = code;
    return ok;
}

/* Some file systems have nothing to sync and say EINVAL. */
static void finish_temporary(struct file_writer *w)
{
    flush(w);
    if (w->failure == 0 && fsync(w->fd) < 0 && errno != EINVAL && errno != ENOTSUP)
        w->failure = errno;
    if (close(w->fd) < 0 && w->failure == 0 && errno != EINTR)
        w->failure = errno;
    w->fd = -1;
    if (w->failure == 0 && rename(w->temporary, w->path) < 0)
        w->failure = errno;
}

bool file_writer_commit(struct file_writer *w, struct error *err)
{
    bool ok;

    finish_temporary(w);
    if (w->failure != 0) {
        fail(err, "write", w->path, w->failure);
        file_writer_abort(w);
        return false;
    }
    ok = sync_folder(w->path) || fail(err, "make sure of", w->path, errno);
    free_writer(w);
    return ok;
}

void file_writer_abort(struct file_writer *w)
{
    if (!w)
        return;
    if (w->fd >= 0)
        close(w->fd);
    unlink(w->temporary);
    free_writer(w);
}

bool file_write(const char *path, int mode, const void *bytes, size_t n,
                struct error *err)
{
    struct file_writer *w = file_writer_open(path, mode, err);

    if (!w)
        return false;
    file_writer_write(w, bytes, n);
    return file_writer_commit(w, err);
}

/* Reads to the end; false and errno on failure, EFBIG for more than limit bytes. Room
 * is made for what comes, not for what the file's size claims. */
static bool read_all(int fd, size_t limit, struct str *out)
{
    char block[BUFFER];

    str_add(out, "", 0);
    for (;;) {
        ssize_t n = read(fd, block, sizeof block);

        if (n == 0)
            return true;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        if ((size_t)n > limit - out->length) {
            errno = EFBIG;
            return false;
        }
        str_add(out, block, (size_t)n);
    }
}

int file_open(const char *path, struct error *err)
{
    /* O_NONBLOCK: a FIFO, which is refused, must not make us wait for its other end */
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct stat st;
    char *shown;

    if (fd < 0 || fstat(fd, &st) < 0) {
        fail(err, "read", path, errno);
        if (fd >= 0)
            close(fd);
        return -1;
    }
    if (S_ISREG(st.st_mode) || S_ISCHR(st.st_mode))
        return fd;
    close(fd);
    shown = show(path, 0);
    error_set(err, ERROR_SYSTEM, "cannot read %s: it is a %s, not a file", shown,
              S_ISDIR(st.st_mode) ? "folder" : "FIFO or device");
    free(shown);
    return -1;
}

char *file_read(const char *path, size_t limit, size_t *length, struct error *err)
{
    struct str out = {0};
    int fd = file_open(path, err);
    int code;
    char *shown;

    if (fd < 0)
        return NULL;
    code = read_all(fd, limit, &out) ? 0 : errno;
    close(fd);
    if (code == 0) {
        if (length)
            *length = out.length;
        return out.text;
    }
    if (code == EFBIG) {
        shown = show(path, 0);
        error_set(err, ERROR_INPUT, "%s has more than %zu bytes, the most that is taken",
                  shown, limit);
        free(shown);
    } else {
        fail(err, "read", path, code);
    }
    str_done(&out);
    return NULL;
}

bool path_make_folder(const char *path, struct error *err)
{
    char *at = xstrdup(path), *p = at;
    struct stat st;
    int code = 0;

    /* folders that are there say EEXIST, EROFS or EACCES: only the end counts */
    while (*p != '\0') {
        char next;

        p += strspn(p, "/");
        p += strcspn(p, "/");
        next = *p;
        *p = '\0';
        code = mkdir(at, 0700) < 0 ? errno : 0;
        *p = next;
    }
    free(at);
    if (stat(path, &st) == 0) {
        if (S_ISDIR(st.st_mode))
            return true;
        code = ENOTDIR;
    }
    return fail(err, "make the folder", path, code ? code : ENOENT);
}

char *path_user(const char *kind, const char *under_home, const char *name)
{
    char *variable = xasprintf("XDG_%s_HOME", kind);
    const char *base = getenv(variable), *home = getenv("HOME");

    free(variable);
    if (base && base[0] == '/') /* others are to be passed over, as XDG says */
        return xasprintf("%s/tabscope/%s", base, name);
    if (home && home[0] == '/')
        return xasprintf("%s/%s/tabscope/%s", home, under_home, name);
    return NULL;
}

char *path_expand(const char *path)
{
    const char *home = getenv("HOME");

    if (home && path[0] == '~' && (path[1] == '/' || path[1] == '\0'))
        return xasprintf("%s%s", home, path + 1);
    return xstrdup(path);
}

uint32_t path_crc32(uint32_t crc, const void *bytes, size_t n)
{
    return n == 0 ? crc : (uint32_t)crc32_z(crc, bytes, n); /* NULL would begin anew */
}

bool path_is_here(const char *folder)
{
    struct stat here, there;

    return stat(".", &here) == 0 && stat(folder, &there) == 0
        && here.st_ino == there.st_ino && here.st_dev == there.st_dev;
}
