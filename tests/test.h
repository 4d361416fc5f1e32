/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A test program in TAP. Each test is a function `static void name(void)` full of
 * checks; `test_run(name)` in main runs it and prints "ok" or "not ok". A failed
 * check prints where and what and marks its test; `test_skip` says why one is not run.
 */
#ifndef TEST_H
#define TEST_H

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Built with a sanitizer that is in the way of limits, counts and locks of others: gcc has
 * a macro for each, clang a feature. */
#if defined __has_feature
#if __has_feature(address_sanitizer)
#define TEST_ADDRESS_SANITIZER
#endif
#if __has_feature(thread_sanitizer)
#define TEST_THREAD_SANITIZER
#endif
#endif
#if defined __SANITIZE_ADDRESS__
#define TEST_ADDRESS_SANITIZER
#endif
#if defined __SANITIZE_THREAD__
#define TEST_THREAD_SANITIZER
#endif
#if defined TEST_ADDRESS_SANITIZER || defined TEST_THREAD_SANITIZER
#define TEST_SANITIZED
#endif

static int test_count, test_failures, test_bad;
static const char *test_skip_reason;

#define check(condition) \
    test_check((condition), #condition, __FILE__, __LINE__)
#define check_int(got, want) \
    test_check_int((long long)(got), (long long)(want), #got, __FILE__, __LINE__)
#define check_str(got, want) \
    test_check_str((got), (want), #got, __FILE__, __LINE__)
#define check_near(got, want, tolerance) \
    test_check_near((got), (want), (tolerance), #got, __FILE__, __LINE__)
#define test_run(name) test_run_named(name, #name)

static inline bool test_check(bool ok, const char *what, const char *file, int line)
{
    if (!ok) {
        printf("# %s:%d: not true: %s\n", file, line, what);
        test_bad++;
    }
    return ok;
}

static inline bool test_check_int(long long got, long long want, const char *what,
                                  const char *file, int line)
{
    if (got != want) {
        printf("# %s:%d: %s is %lld, wanted %lld\n", file, line, what, got, want);
        test_bad++;
    }
    return got == want;
}

static inline bool test_check_str(const char *got, const char *want, const char *what,
                                  const char *file, int line)
{
    bool ok = got != NULL && strcmp(got, want) == 0;

    if (!ok) {
        printf("# %s:%d: %s is \"%s\", wanted \"%s\"\n", file, line, what,
               got ? got : "(null)", want);
        test_bad++;
    }
    return ok;
}

static inline bool test_check_near(double got, double want, double tolerance,
                                   const char *what, const char *file, int line)
{
    bool ok = fabs(got - want) <= tolerance;

    if (!ok) {
        printf("# %s:%d: %s is %.9g, wanted %.9g +- %g\n", file, line, what, got, want,
               tolerance);
        test_bad++;
    }
    return ok;
}

/* Called inside a test: it counts as skipped. */
static inline void test_skip(const char *why)
{
    test_skip_reason = why;
}

static inline void test_run_named(void (*run)(void), const char *name)
{
    test_bad = 0;
    test_skip_reason = NULL;
    run();
    test_count++;
    if (test_bad > 0) {
        test_failures++;
        printf("not ok %d - %s\n", test_count, name);
    } else if (test_skip_reason) {
        printf("ok %d - %s # SKIP %s\n", test_count, name, test_skip_reason);
    } else {
        printf("ok %d - %s\n", test_count, name);
    }
    fflush(stdout);
}

/* Prints the plan; the exit status of main. */
static inline int test_done(void)
{
    printf("1..%d\n", test_count);
    return test_failures > 0;
}

#endif
