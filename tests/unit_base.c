/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The small ones of src/base: error, mem, rng. */
#include <stdint.h>
#include <sys/resource.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/text.h"
#include "test.h"

static void error_is_set_and_prefixed(void)
{
    struct error err = {0};

    check(!error_set(&err, ERROR_INPUT, "row %d: %s", 7, "no number"));
    check_int(err.kind, ERROR_INPUT);
    check_str(err.text, "row 7: no number");
    check(!error_prefix(&err, "%s", "file.csv"));
    check_int(err.kind, ERROR_INPUT);
    check_str(err.text, "file.csv: row 7: no number");
    check(!error_set(&err, ERROR_STATE, "again: %s", err.text));
    check_str(err.text, "again: file.csv: row 7: no number");
    check(!error_set(NULL, ERROR_STATE, "nobody listens"));
    check(!error_prefix(NULL, "nobody"));
}

static void long_error_is_cut_between_characters(void)
{
    struct error err = {0};

    for (int shift = 0; shift < 4; shift++) {
        char long_text[2000] = "";

        memset(long_text, 'x', (size_t)shift);
        for (int i = 0; i < 300; i++)
            strcat(long_text, "\xE2\x82\xAC"); /* euro */
        error_set(&err, ERROR_INPUT, "%s", long_text);
        check(utf8_valid(err.text, strlen(err.text)));
        check(strlen(err.text) > sizeof err.text - 5);
        error_prefix(&err, "%s", long_text);
        check(utf8_valid(err.text, strlen(err.text)));
    }
}

static void try_functions_refuse_what_wraps(void)
{
    volatile size_t half = SIZE_MAX / 2, two = 2;
    void *p = try_alloc(0, 8);

    check(p != NULL);
    check(try_alloc(half, two + 1) == NULL);
    check(try_alloc(half + 2, two) == NULL);
    check(try_aligned(half + 2, two) == NULL);
    check(try_aligned(1, SIZE_MAX - 10) == NULL);
    check(try_realloc(p, half, two + 1) == NULL); /* p is still ours */
    free(p);
}

static void aligned_memory_is_zero_and_aligned(void)
{
    for (size_t n = 0; n < 300; n += 37) {
        unsigned char *p = try_aligned(n, 1);
        int sum = 0;

        check((uintptr_t)p % 64 == 0);
        for (size_t i = 0; i < n; i++)
            sum += p[i];
        check_int(sum, 0);
        free(p);
    }
}

static void grow_doubles(void)
{
    size_t capacity = 0, moves = 0;
    int *v = NULL;

    for (size_t i = 0; i < 1000; i++) {
        size_t before = capacity;

        v = xgrow(v, i, &capacity, sizeof *v);
        v[i] = (int)i;
        moves += capacity != before;
    }
    check_int(capacity, 1024);
    check_int(moves, 9);
    check_int(v[999], 999);
    free(v);
}

static void available_memory_heeds_limits(void)
{
    size_t free_bytes = mem_available();

    check(free_bytes > 1 << 20);
#if !defined TEST_SANITIZED
    struct rlimit limit, tight;

    getrlimit(RLIMIT_AS, &limit);
    tight = limit;
    tight.rlim_cur = (rlim_t)256 << 20;
    setrlimit(RLIMIT_AS, &tight);
    check(mem_available() < (size_t)256 << 20);
    setrlimit(RLIMIT_AS, &limit);
#endif
}

/* The known answers that come with Random123 (kat_vectors, philox2x64 10). */
static void philox_gives_known_answers(void)
{
    static const uint64_t known[3][5] = { /* counter, stream, seed, two numbers */
        {0, 0, 0, 0xca00a0459843d731, 0x66c24222c9a845b5},
        {UINT64_MAX, UINT64_MAX, UINT64_MAX, 0x65b021d60cd8310f, 0x4d02f3222f86df20},
        {0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0, 0x0a5e742c2997341c,
         0xb0f883d38000de5d},
    };

    for (int i = 0; i < 3; i++) {
        uint64_t out[2];

        rng_block(known[i][2], known[i][1], known[i][0], out);
        check(out[0] == known[i][3] && out[1] == known[i][4]);
    }
}

static void streams_repeat_and_differ(void)
{
    struct rng a = rng_make(1, RNG_TEST, 5), b = rng_make(1, RNG_TEST, 5);
    struct rng other[3] = {rng_make(2, RNG_TEST, 5), rng_make(1, RNG_MASK, 5),
                           rng_make(1, RNG_TEST, 6)};
    int same = 0;

    for (int i = 0; i < 1000; i++) {
        uint64_t x = rng_u64(&a);

        check(x == rng_u64(&b));
        for (int k = 0; k < 3; k++)
            same += x == rng_u64(&other[k]);
    }
    check_int(same, 0);
}

static void uniform_and_normal_have_their_moments(void)
{
    struct rng r = rng_make(3, RNG_TEST, 0);
    double u = 0, uu = 0, z = 0, zz = 0, zzzz = 0, low = 1, high = 0;
    enum { N = 200000 };

    for (int i = 0; i < N; i++) {
        double x = rng_uniform(&r), y = rng_normal(&r);

        u += x;
        uu += x * x;
        low = fmin(low, x);
        high = fmax(high, x);
        z += y;
        zz += y * y;
        zzzz += y * y * y * y;
    }
    check_near(u / N, 0.5, 0.004);
    check_near(uu / N, 1.0 / 3, 0.004);
    check(low >= 0 && low < 1e-4 && high < 1 && high > 1 - 1e-4);
    check_near(z / N, 0, 0.012);
    check_near(zz / N, 1, 0.016);
    check_near(zzzz / N, 3, 0.12);
}

static void below_is_even(void)
{
    struct rng r = rng_make(4, RNG_TEST, 0);
    int count[7] = {0};
    double chi = 0;

    for (int i = 0; i < 70000; i++)
        count[rng_below(&r, 7)]++;
    for (int k = 0; k < 7; k++)
        chi += (count[k] - 10000.0) * (count[k] - 10000.0) / 10000;
    check(chi < 22.5); /* 6 degrees of freedom, p = 0.001 */
    check_int(rng_below(&r, 1), 0);
    for (int i = 0; i < 1000; i++)
        check(rng_below(&r, (UINT64_C(1) << 63) + 1) <= UINT64_C(1) << 63);
}

static void shuffle_is_a_fair_permutation(void)
{
    enum { N = 5, ROUNDS = 50000 };
    struct rng r = rng_make(5, RNG_TEST, 0);
    int at[N][N] = {{0}};

    for (int round = 0; round < ROUNDS; round++) {
        uint32_t v[N], seen = 0;

        for (uint32_t i = 0; i < N; i++)
            v[i] = i;
        rng_shuffle(&r, v, N);
        for (int i = 0; i < N; i++) {
            seen |= 1u << v[i];
            at[i][v[i]]++;
        }
        if (seen != 31)
            test_bad++;
    }
    for (int i = 0; i < N; i++)
        for (int k = 0; k < N; k++)
            check_near(at[i][k] / (double)ROUNDS, 1.0 / N, 0.008);
    rng_shuffle(&r, NULL, 0);
}

int main(void)
{
    test_run(error_is_set_and_prefixed);
    test_run(long_error_is_cut_between_characters);
    test_run(try_functions_refuse_what_wraps);
    test_run(aligned_memory_is_zero_and_aligned);
    test_run(grow_doubles);
    test_run(available_memory_heeds_limits);
    test_run(philox_gives_known_answers);
    test_run(streams_repeat_and_differ);
    test_run(uniform_and_normal_have_their_moments);
    test_run(below_is_even);
    test_run(shuffle_is_a_fair_permutation);
    return test_done();
}
