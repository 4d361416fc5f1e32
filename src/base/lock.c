/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"

enum {
    MAX_TEXT = 300,
    TRIES = 5,     /* who only looks holds a lock for some microseconds */
    TRY_MS = 10,
};

struct lock {
    char *path;
    int fd;
};

/* "process 4711 on HOST works with it", from what the file holds. */
static bool refuse(int fd, const char *path, struct error *err)
{
    char text[MAX_TEXT] = "", host[MAX_TEXT] = "", here[MAX_TEXT] = "";
    ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
    char *shown_path = show(path, 0), *shown_host;
    long pid = 0;

    if (n > 0)
        sscanf(text, "%ld %299s", &pid, host);
    gethostname(here, sizeof(here) - 1);
    shown_host = show(host, 60);
    if (pid > 0)
        error_set(err, ERROR_STATE, "another tabscope, process %ld%s%s, has %s", pid,
                  strcmp(host, here) == 0 ? "" : " on ",
                  strcmp(host, here) == 0 ? "" : shown_host, shown_path);
    else
        error_set(err, ERROR_STATE, "another tabscope has %s", shown_path);
    free(shown_host);
    free(shown_path);
    return false;
}

/* Whoever had it may have removed the file between open and flock. */
static bool is_still_there(int fd, const char *path)
{
    struct stat own, there;

    return fstat(fd, &own) == 0 && stat(path, &there) == 0 && own.st_ino == there.st_ino
        && own.st_dev == there.st_dev;
}

static void sign(int fd)
{
    char text[MAX_TEXT], host[200] = "?";
    int n;

    gethostname(host, sizeof(host) - 1);
    n = snprintf(text, sizeof(text), "%ld %s\n", (long)getpid(), host);
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)n, 0) != n)
        return; /* others are told without a name */
}

static void pause_a_moment(void)
{
    nanosleep(&(struct timespec){.tv_nsec = TRY_MS * 1000000L}, NULL);
}

bool lock_take(const char *path, struct lock **lock, struct error *err)
{
    int fd, tries = 0;

    *lock = NULL;
    for (;;) {
        fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
        if (fd < 0)
            return true;
        if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
            if (is_still_there(fd, path))
                break;
        } else if (errno == EWOULDBLOCK && ++tries < TRIES) {
            pause_a_moment();
        } else if (errno == EWOULDBLOCK) {
            refuse(fd, path, err);
            close(fd);
            return false;
        } else if (errno != EINTR) {
            close(fd);
            return true;
        }
        close(fd);
    }
    sign(fd);
    *lock = xmalloc(sizeof(**lock));
    **lock = (struct lock){xstrdup(path), fd};
    return true;
}

void lock_leave(struct lock *lock)
{
    if (!lock)
        return;
    close(lock->fd);
    free(lock->path);
    free(lock);
}

void lock_release(struct lock *lock)
{
    if (lock)
        unlink(lock->path);
    lock_leave(lock);
}

bool lock_is_taken(const char *path, struct error *err)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    bool taken;

    if (fd < 0)
        return false;
    taken = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (taken)
        refuse(fd, path, err);
    close(fd);
    return taken;
}
