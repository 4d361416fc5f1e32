/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Speed and memory of loading tables, beside a plain read() of the same file and, where
 * Python has it, pandas.read_csv. Every measurement is one load in a process of its own,
 * so that its peak memory is its own; they take turns, and the medians are printed.
 * A file packed with gzip is unpacked first and all read the plain one.
 *
 *   load [--rounds N] [--python PROGRAM] FILE...
 *
 * Ends with lines "load FILE KEY VALUE": rows/s, MB/s, peak memory over the file's size,
 * and pandas' seconds over ours, without and with guessing the columns' kinds (pandas
 * guesses its types while it reads). "cpu" is the processor's time, where others disturb.
 */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "data/infer.h"

enum { ROUNDS_MAX = 99, BLOCK = 1 << 20 };

struct settings {
    int rounds;
    const char *python;
};

/* What a process tells of its work. */
struct outcome {
    double seconds, cpu;             /* of loading */
    double infer_seconds, infer_cpu; /* of infer_schema */
    size_t rows;
    int columns;
    double peak; /* bytes resident at most, by the kernel */
};

/* A process that does one measurement, writes its outcome as a line of text to standard
 * output and ends. */
typedef void measurement(const struct settings *set, const char *path);

static void die(const char *what)
{
    fprintf(stderr, "load: %s\n", what);
    exit(1);
}

/* ---- the measurements ---- */

static void read_plainly(const struct settings *set, const char *path)
{
    char *block = xmalloc(BLOCK);
    double start = clock_seconds(), start_cpu = clock_cpu_seconds();
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    (void)set;
    if (fd < 0)
        die("cannot open the file");
    while (read(fd, block, BLOCK) > 0)
        continue;
    printf("%.9f %.9f\n", clock_seconds() - start, clock_cpu_seconds() - start_cpu);
    close(fd);
    free(block);
}

static void load_and_infer(const struct settings *set, const char *path)
{
    struct error err = {0};
    double start = clock_seconds(), start_cpu = clock_cpu_seconds(), loaded, loaded_cpu;
    struct dataset *d = dataset_load(path, NULL, &err);
    struct schema *s;

    (void)set;
    if (!d)
        die(err.text);
    loaded = clock_seconds();
    loaded_cpu = clock_cpu_seconds();
    s = infer_schema(d);
    if (!s)
        die("no memory to guess the columns' kinds");
    printf("%.9f %.9f %zu %d %.9f %.9f\n", loaded - start, loaded_cpu - start_cpu,
           dataset_rows(d), dataset_columns(d), clock_seconds() - loaded,
           clock_cpu_seconds() - loaded_cpu);
    schema_free(s);
    dataset_unref(d);
}

static void load_with_pandas(const struct settings *set, const char *path)
{
    static const char script[] =
        "import sys, time\n"
        "try: import pandas\n"
        "except ImportError: sys.exit(0)\n"
        "wall, cpu = time.perf_counter(), time.process_time()\n"
        "table = pandas.read_csv(sys.argv[1])\n"
        "wall, cpu = time.perf_counter() - wall, time.process_time() - cpu\n"
        "print(wall, cpu, *table.shape)\n";

    execlp(set->python, set->python, "-W", "ignore", "-c", script, path, (char *)NULL);
    _exit(0); /* no such program: as if there were no pandas */
}

/* False: it told nothing. */
static bool measure(measurement *work, const struct settings *set, const char *path,
                    struct outcome *o)
{
    char line[256] = "";
    int ends[2], status, fields;
    struct rusage usage;
    FILE *from;
    pid_t pid;

    fflush(stdout);
    if (pipe2(ends, O_CLOEXEC) < 0)
        die("cannot make a pipe");
    pid = fork();
    if (pid < 0)
        die("cannot start a process");
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        work(set, path);
        exit(0);
    }
    close(ends[1]);
    from = fdopen(ends[0], "r");
    if (!from || !fgets(line, sizeof line, from))
        line[0] = '\0';
    wait4(pid, &status, 0, &usage);
    if (from)
        fclose(from);
    if (status != 0)
        die("a measurement failed");
    *o = (struct outcome){.peak = (double)usage.ru_maxrss * 1024};
    fields = sscanf(line, "%lf %lf %zu %d %lf %lf", &o->seconds, &o->cpu, &o->rows,
                    &o->columns, &o->infer_seconds, &o->infer_cpu);
    return fields >= 2;
}

/* ---- medians ---- */

static int rising(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Of one field of n outcomes. */
static double median(const struct outcome *list, int n, size_t field)
{
    double v[ROUNDS_MAX];

    for (int i = 0; i < n; i++)
        v[i] = *(const double *)((const char *)&list[i] + field);
    qsort(v, (size_t)n, sizeof *v, rising);
    return (v[(n - 1) / 2] + v[n / 2]) / 2;
}

static struct outcome medians(const struct outcome *list, int n)
{
    struct outcome o = list[0];

    o.seconds = median(list, n, offsetof(struct outcome, seconds));
    o.cpu = median(list, n, offsetof(struct outcome, cpu));
    o.infer_seconds = median(list, n, offsetof(struct outcome, infer_seconds));
    o.infer_cpu = median(list, n, offsetof(struct outcome, infer_cpu));
    o.peak = median(list, n, offsetof(struct outcome, peak));
    return o;
}

/* ---- one file ---- */

static void print_line(const char *what, const struct outcome *o, double size)
{
    printf("  %-16s %8.4f s (cpu %.4f) %8.0f MB/s", what, o->seconds, o->cpu,
           size / o->seconds * 1e-6);
    if (o->rows > 0)
        printf(" %9.0f rows/s  peak %.1f MB, %.2f of the file",
               (double)o->rows / o->seconds, o->peak * 1e-6, o->peak / size);
    putchar('\n');
}

static void print_file(const char *name, double size, const struct outcome *plain,
                       const struct outcome *ours, const struct outcome *pandas)
{
    double all = ours->seconds + ours->infer_seconds;

    printf("%s: %.1f MB, %zu rows, %d columns\n", name, size * 1e-6, ours->rows,
           ours->columns);
    print_line("read()", plain, size);
    print_line("dataset_load", ours, size);
    printf("  %-16s %8.4f s (cpu %.4f)\n", "infer_schema", ours->infer_seconds,
           ours->infer_cpu);
    printf("load %s rows/s %.0f\n", name, (double)ours->rows / ours->seconds);
    printf("load %s MB/s %.1f\n", name, size / ours->seconds * 1e-6);
    printf("load %s memory %.2f\n", name, ours->peak / size);
    if (!pandas)
        return;
    print_line("pandas.read_csv", pandas, size);
    printf("load %s pandas %.2f\n", name, pandas->seconds / ours->seconds);
    printf("load %s pandas-inferred %.2f\n", name, pandas->seconds / all);
    printf("load %s pandas-cpu %.2f\n", name, pandas->cpu / ours->cpu);
}

static void bench_file(const struct settings *set, const char *name, const char *path)
{
    struct outcome plain[ROUNDS_MAX], ours[ROUNDS_MAX], pandas[ROUNDS_MAX], m[3];
    struct stat st;
    bool has_pandas = true;

    if (stat(path, &st) < 0 || st.st_size == 0)
        die("a file is empty or not there");
    for (int i = 0; i < set->rounds; i++) {
        measure(read_plainly, set, path, &plain[i]);
        measure(load_and_infer, set, path, &ours[i]);
        has_pandas = has_pandas && measure(load_with_pandas, set, path, &pandas[i]);
    }
    m[0] = medians(plain, set->rounds);
    m[1] = medians(ours, set->rounds);
    if (has_pandas)
        m[2] = medians(pandas, set->rounds);
    print_file(name, (double)st.st_size, &m[0], &m[1], has_pandas ? &m[2] : NULL);
    if (!has_pandas)
        printf("  %s has no pandas\n", set->python);
}

/* The unpacked copy of a gzip file, for the caller to unlink; NULL: it is a plain one. */
static char *unpack(const char *path)
{
    const char *folder = getenv("TMPDIR");
    gzFile in = gzopen(path, "rb");
    char *copy = NULL, *block;
    FILE *out = NULL;

    if (!in)
        die("cannot open a file");
    if (!gzdirect(in)) {
        block = xmalloc(BLOCK);
        copy = xasprintf("%s/tabscope-load-XXXXXX", folder ? folder : "/tmp");
        out = fdopen(mkstemp(copy), "w");
        for (int n; out && (n = gzread(in, block, BLOCK)) > 0;)
            fwrite(block, 1, (size_t)n, out);
        if (!out || fclose(out) != 0)
            die("cannot unpack a file");
        free(block);
    }
    gzclose(in);
    return copy;
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"rounds", required_argument, NULL, 'r'},
        {"python", required_argument, NULL, 'p'},
        {0},
    };
    struct settings set = {.rounds = 5, .python = "/usr/bin/python3"};

    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;)
        switch (c) {
        case 'r': set.rounds = atoi(optarg); break;
        case 'p': set.python = optarg; break;
        default: return 2;
        }
    if (optind == argc || set.rounds < 1 || set.rounds > ROUNDS_MAX) {
        fputs("usage: load [--rounds 1..99] [--python PROGRAM] FILE...\n", stderr);
        return 2;
    }
    for (; optind < argc; optind++) {
        char *copy = unpack(argv[optind]);

        bench_file(&set, last_part(argv[optind]), copy ? copy : argv[optind]);
        if (copy)
            unlink(copy);
        free(copy);
    }
    return 0;
}
