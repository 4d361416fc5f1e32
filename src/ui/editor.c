/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/editor.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

enum { LONGEST = 256 * 1024 }; /* bytes of a text that comes back */

static const char *editor_name(void)
{
    const char *name = getenv("VISUAL");

    if (!name || !*name)
        name = getenv("EDITOR");
    return name && *name ? name : "vi";
}

/* Its words are the shell's, as `EDITOR="emacs -nw"` has several. */
static void become_editor(const char *path)
{
    char *line = xasprintf("%s \"$1\"", editor_name());
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_DFL);
    execl("/bin/sh", "sh", "-c", line, "sh", path, (char *)NULL);
    _exit(127);
}

/* Keys of the editor that are signals are not ours: it may end a search by Ctrl-C, and
 * Ctrl-Z stops both. */
static bool wait_for(pid_t child, int *status)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, usual = {.sa_handler = SIG_DFL};
    struct sigaction interrupt, quit, stop;
    pid_t ended;

    sigemptyset(&ignore.sa_mask);
    sigemptyset(&usual.sa_mask);
    sigaction(SIGINT, &ignore, &interrupt);
    sigaction(SIGQUIT, &ignore, &quit);
    sigaction(SIGTSTP, &usual, &stop);
    do
        ended = waitpid(child, status, 0);
    while (ended < 0 && errno == EINTR);
    sigaction(SIGINT, &interrupt, NULL);
    sigaction(SIGQUIT, &quit, NULL);
    sigaction(SIGTSTP, &stop, NULL);
    return ended == child;
}

static bool run(const char *path, struct error *err)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0)
        become_editor(path);
    if (child < 0 || !wait_for(child, &status))
        return error_set(err, ERROR_SYSTEM, "the editor cannot be run: %s",
                         strerror(errno));
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return error_set(err, ERROR_SYSTEM, "the editor (%s) ended with an error; the "
                         "line is as it was", editor_name());
    return true;
}

static bool write_all(int fd, const char *text, size_t n)
{
    while (n > 0) {
        ssize_t written = write(fd, text, n);

        if (written < 0 && errno != EINTR)
            return false;
        if (written > 0) {
            text += written;
            n -= (size_t)written;
        }
    }
    return true;
}

/* Editors want a line end at the end. NULL: a disk is full, or the like. */
static char *write_file(const char *text, struct error *err)
{
    const char *folder = getenv("TMPDIR");
    char *path = xasprintf("%s/tabscope-XXXXXX", folder && *folder ? folder : "/tmp");
    int fd = mkstemp(path);
    bool ok = fd >= 0 && write_all(fd, text, strlen(text)) && write_all(fd, "\n", 1);

    if (!ok)
        error_set(err, ERROR_SYSTEM, "cannot write %s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    if (!ok && fd >= 0)
        unlink(path);
    if (ok)
        return path;
    free(path);
    return NULL;
}

static char *read_file(const char *path, struct error *err)
{
    FILE *file = fopen(path, "re");
    char *text = xmalloc(LONGEST + 1);
    size_t n = file ? fread(text, 1, LONGEST, file) : 0;

    if (!file) {
        error_set(err, ERROR_SYSTEM, "cannot read %s: %s", path, strerror(errno));
        free(text);
        return NULL;
    }
    fclose(file);
    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
        n--;
    text[n] = '\0';
    return text;
}

char *editor_run(const char *text, struct error *err)
{
    char *path = write_file(text, err), *edited = NULL;

    if (path && run(path, err))
        edited = read_file(path, err);
    if (path)
        unlink(path);
    free(path);
    return edited;
}
