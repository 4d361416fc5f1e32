/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/histfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "command/parse.h"

/* Of the file that are looked at, from its end. */
enum { HISTORY_BYTES = 1024 * 1024 };

char *histfile_path(void)
{
    char *path = path_user("STATE", ".local/state", "history"), *folder;

    if (!path)
        return NULL;
    folder = xstrndup(path, (size_t)(strrchr(path, '/') - path));
    if (!path_make_folder(folder, NULL)) {
        free(path);
        path = NULL;
    }
    free(folder);
    return path;
}

bool histfile_keeps(const char *line)
{
    size_t n = 0;

    for (; line[n]; n++) {
        if ((unsigned char)line[n] < ' ' && line[n] != '\t')
            return false;
    }
    return n > 0 && n <= LINE_LIMIT;
}

/* The last HISTORY_BYTES of an ordinary file, or NULL with a reason in errno. Caller
 * frees. */
static char *read_tail(const char *path, bool *cut)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    char *text = NULL;
    ssize_t n = -1;
    off_t from;

    if (fd < 0)
        return NULL;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        from = st.st_size > HISTORY_BYTES ? st.st_size - HISTORY_BYTES : 0;
        *cut = from > 0;
        text = xmalloc(HISTORY_BYTES + 1);
        n = pread(fd, text, HISTORY_BYTES, from);
    } else {
        errno = EINVAL;
    }
    if (n < 0) {
        free(text);
        text = NULL;
    } else {
        text[n] = '\0';
    }
    close(fd);
    return text;
}

bool histfile_read(const char *path, void (*take)(const char *line), bool *cut,
                   struct error *err)
{
    char *text, *at;

    *cut = false;
    text = at = read_tail(path, cut);
    if (!text)
        return errno == ENOENT ||
               error_set(err, ERROR_SYSTEM, "the history in %s is not read: %s", path,
                         strerror(errno));
    if (*cut)
        at += strcspn(at, "\n");
    while (*at) {
        size_t n = strcspn(at, "\n");
        bool last = at[n] == '\0';

        at[n] = '\0';
        if (histfile_keeps(at))
            take(at);
        at += n + !last;
    }
    free(text);
    return true;
}

bool histfile_write(const char *path, const char *const *lines, size_t n,
                    struct error *err)
{
    struct file_writer *w = file_writer_open(path, 0600, err);

    if (!w)
        return false;
    for (size_t i = 0; i < n; i++)
        file_writer_printf(w, "%s\n", lines[i]);
    return file_writer_commit(w, err);
}

bool histfile_append(const char *path, const char *line)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW |
                        O_NONBLOCK, 0600);
    char *text;
    bool ok;

    if (fd < 0)
        return false;
    text = xasprintf("%s\n", line);
    ok = write(fd, text, strlen(text)) >= 0;
    free(text);
    close(fd);
    return ok;
}
