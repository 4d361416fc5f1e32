/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/path.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "test.h"

/* All happens in a new folder, which is the working directory. */
static void put(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    if (!f || fputs(text, f) < 0 || fclose(f) != 0)
        abort();
}

static void holds(const char *path, const char *want)
{
    struct error err = {0};
    char *got = file_read(path, 1 << 20, NULL, &err);

    if (!check_str(got, want))
        printf("# %s\n", err.text);
    free(got);
}

static bool save(const char *path, int mode, const char *text, struct error *err)
{
    struct file_writer *w = file_writer_open(path, mode, err);

    if (!w)
        return false;
    file_writer_printf(w, "%s", text);
    return file_writer_commit(w, err);
}

static int mode_of(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? (int)(st.st_mode & 07777) : -1;
}

/* Files whose name says that they are temporary. */
static int strays(void)
{
    DIR *dir = opendir(".");
    struct dirent *e;
    int n = 0;

    while ((e = readdir(dir)) != NULL)
        n += strstr(e->d_name, ".tmp.") != NULL;
    closedir(dir);
    return n;
}

static void a_file_is_written_and_replaced(void)
{
    struct error err;

    check(save("a", 0644, "one", &err));
    holds("a", "one");
    check(save("a", 0644, "two", &err));
    holds("a", "two");
    check_int(strays(), 0);
}

static void big_and_small_writes_keep_their_order(void)
{
    struct error err;
    struct file_writer *w = file_writer_open("big", 0644, &err);
    size_t n, total = 0;
    char *block = xcalloc(1, 200000), *got;
    bool same = true;

    for (int i = 0; i < 40; i++) {
        size_t size = i % 3 == 0 ? 150001 : (size_t)i * 977;

        memset(block, 'a' + i % 26, size);
        file_writer_write(w, block, size);
        total += size;
    }
    check(file_writer_commit(w, &err));
    got = file_read("big", 1 << 24, &n, &err);
    check_int(n, total);
    for (size_t i = 0, at = 0; i < 40; i++) {
        size_t size = i % 3 == 0 ? 150001 : i * 977;

        for (size_t k = 0; k < size; k++)
            same &= got[at++] == (char)('a' + i % 26);
    }
    check(same);
    free(got);
    free(block);
    unlink("big");
}

static void abort_leaves_nothing(void)
{
    struct error err;
    struct file_writer *w;

    put("a", "old");
    w = file_writer_open("a", 0644, &err);
    file_writer_printf(w, "new");
    check_int(strays(), 1);
    file_writer_abort(w);
    holds("a", "old");
    check_int(strays(), 0);
    file_writer_abort(NULL);
}

static void modes_are_kept_or_as_asked(void)
{
    struct error err;
    mode_t mask = umask(0);

    check(save("secret", 0600, "x", &err));
    check_int(mode_of("secret"), 0600);
    check(save("secret", 0644, "y", &err));
    check_int(mode_of("secret"), 0600);
    umask(077);
    put("open", "x");
    chmod("open", 0664);
    check(save("open", 0600, "y", &err));
    check_int(mode_of("open"), 0664);
    umask(mask);
}

static void links_stay_links(void)
{
    struct error err;
    struct stat st;

    check(mkdir("sub", 0700) == 0);
    put("sub/target", "old");
    check(symlink("sub/target", "link") == 0 && symlink("link", "chain") == 0);
    check(save("chain", 0644, "new", &err));
    check(lstat("chain", &st) == 0 && S_ISLNK(st.st_mode));
    check(lstat("link", &st) == 0 && S_ISLNK(st.st_mode));
    holds("sub/target", "new");
    check(symlink("sub/not-yet", "dangling") == 0);
    check(save("dangling", 0644, "born", &err));
    holds("sub/not-yet", "born");
    check(symlink("loop", "loop") == 0);
    check(!save("loop", 0644, "x", &err) && strstr(err.text, "loop"));
}

static void what_is_no_file_is_refused(void)
{
    struct error err;

    check(!save("sub", 0644, "x", &err) && strstr(err.text, "folder"));
    check(mkfifo("fifo", 0600) == 0);
    check(!save("fifo", 0644, "x", &err) && strstr(err.text, "FIFO"));
    check(!save("/dev/full", 0644, "x", &err) && strstr(err.text, "device"));
    check(!save("absent/x", 0644, "x", &err) && strstr(err.text, "absent/x"));
    check(!save("a/x", 0644, "x", &err));
    check(file_read("fifo", 100, NULL, &err) == NULL && strstr(err.text, "FIFO"));
    check(file_read("sub", 100, NULL, &err) == NULL && strstr(err.text, "folder"));
    check(file_read("absent", 100, NULL, &err) == NULL && err.kind == ERROR_SYSTEM);
}

/* A limit on the size of files stands for a full disk: the write fails half way. */
static void a_failed_write_keeps_the_old_file(void)
{
    struct error err;
    struct rlimit limit, tight;
    char block[5000];
    struct file_writer *w;

    put("a", "old");
    memset(block, 'x', sizeof block);
    getrlimit(RLIMIT_FSIZE, &limit);
    tight = limit;
    tight.rlim_cur = 100000;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &tight);
    w = file_writer_open("a", 0644, &err);
    for (int i = 0; i < 100; i++)
        file_writer_write(w, block, sizeof block);
    check(!file_writer_commit(w, &err));
    setrlimit(RLIMIT_FSIZE, &limit);
    check(strstr(err.text, "cannot write a: File too large") != NULL);
    holds("a", "old");
    check_int(strays(), 0);
    check(save("a", 0644, "and again", &err));
    holds("a", "and again");
}

static void a_read_only_folder_says_so(void)
{
    struct error err;

    if (geteuid() == 0) {
        test_skip("root may write anywhere");
        return;
    }
    check(mkdir("locked", 0700) == 0);
    put("locked/a", "old");
    chmod("locked/a", 0400);
    check(!save("locked/a", 0644, "x", &err) && strstr(err.text, "Permission"));
    chmod("locked/a", 0600);
    chmod("locked", 0500);
    check(!save("locked/a", 0644, "x", &err) && strstr(err.text, "Permission"));
    holds("locked/a", "old");
    chmod("locked", 0700);
}

static void strays_of_dead_processes_are_swept(void)
{
    struct error err;
    pid_t dead = fork();
    char name[64];

    if (dead == 0)
        _exit(0);
    waitpid(dead, NULL, 0);
    snprintf(name, sizeof name, "a.tmp.%ld", (long)dead);
    put(name, "half");
    strcat(name, ".3");
    put(name, "half of another");
    snprintf(name, sizeof name, "b.tmp.%ld", (long)dead);
    put(name, "of another file");
    put("a.tmp.x", "of somebody else");
    snprintf(name, sizeof name, "a.tmp.%ld", (long)getppid());
    put(name, "of a living one");
    check_int(strays(), 5);
    check(save("a", 0644, "x", &err));
    check_int(strays(), 3);
    check(access(name, F_OK) == 0 && access("a.tmp.x", F_OK) == 0);
    check(save("b", 0644, "x", &err));
    check_int(strays(), 2);
    unlink(name);
    unlink("a.tmp.x");
}

static void two_writers_of_one_file_do_not_meet(void)
{
    struct error err;
    struct file_writer *v = file_writer_open("a", 0644, &err);
    struct file_writer *w = file_writer_open("a", 0644, &err);

    check(v && w);
    file_writer_printf(v, "first");
    file_writer_printf(w, "second");
    check(file_writer_commit(w, &err));
    holds("a", "second");
    check(file_writer_commit(v, &err));
    holds("a", "first");
    check_int(strays(), 0);
}

static void reading_stops_at_the_limit(void)
{
    struct error err;
    size_t n = 0;
    char *got;

    put("ten", "0123456789");
    got = file_read("ten", 10, &n, &err);
    check_str(got, "0123456789");
    check_int(n, 10);
    free(got);
    check(file_read("ten", 9, &n, &err) == NULL);
    check(err.kind == ERROR_INPUT && strstr(err.text, "more than 9 bytes"));
    check(file_read("/dev/zero", 100000, &n, &err) == NULL && err.kind == ERROR_INPUT);
    put("none", "");
    got = file_read("none", 0, &n, &err);
    check_str(got, "");
    free(got);
}

static void folders_are_made(void)
{
    struct error err;

    check(path_make_folder("x/y//z/", &err));
    check_int(mode_of("x/y/z"), 0700);
    check(path_make_folder("x/y/z", &err));
    check(path_make_folder("/", &err));
    check(!path_make_folder("ten/more", &err) && strstr(err.text, "ten/more"));
    check(!path_make_folder("ten", &err));
    check(!path_make_folder("", &err));
}

static void check_user(const char *kind, const char *under_home, const char *want)
{
    char *got = path_user(kind, under_home, "rc");

    if (want)
        check_str(got, want);
    else
        check(got == NULL);
    free(got);
}

static void the_users_places_are_found(void)
{
    char *got;

    setenv("HOME", "/home/me", 1);
    unsetenv("XDG_CONFIG_HOME");
    check_user("CONFIG", ".config", "/home/me/.config/tabscope/rc");
    setenv("XDG_CONFIG_HOME", "/cfg", 1);
    check_user("CONFIG", ".config", "/cfg/tabscope/rc");
    setenv("XDG_CONFIG_HOME", "relative", 1);
    check_user("CONFIG", ".config", "/home/me/.config/tabscope/rc");
    got = path_expand("~/t.csv");
    check_str(got, "/home/me/t.csv");
    free(got);
    got = path_expand("~other/t.csv");
    check_str(got, "~other/t.csv");
    free(got);
    unsetenv("HOME");
    check_user("CONFIG", ".config", NULL);
    got = path_expand("~/t.csv");
    check_str(got, "~/t.csv");
    free(got);
}

static void crc_is_that_of_zip(void)
{
    check_int(path_crc32(0, "123456789", 9), 0xCBF43926);
    check_int(path_crc32(path_crc32(0, "1234", 4), "56789", 5), 0xCBF43926);
    check_int(path_crc32(0xCBF43926, NULL, 0), 0xCBF43926);
}

int main(void)
{
    char folder[] = "/tmp/tabscope-path-XXXXXX", command[64];

    if (!mkdtemp(folder) || chdir(folder) != 0)
        return 99;
    test_run(a_file_is_written_and_replaced);
    test_run(big_and_small_writes_keep_their_order);
    test_run(abort_leaves_nothing);
    test_run(modes_are_kept_or_as_asked);
    test_run(links_stay_links);
    test_run(what_is_no_file_is_refused);
    test_run(a_failed_write_keeps_the_old_file);
    test_run(a_read_only_folder_says_so);
    test_run(strays_of_dead_processes_are_swept);
    test_run(two_writers_of_one_file_do_not_meet);
    test_run(reading_stops_at_the_limit);
    test_run(folders_are_made);
    test_run(the_users_places_are_found);
    test_run(crc_is_that_of_zip);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) != 0 ? 99 : test_done();
}
