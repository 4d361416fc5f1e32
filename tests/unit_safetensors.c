/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/safetensors.h"

#include <errno.h>
#include <jansson.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "shared.h"
#include "test.h"

static const char file[] = "unit_safetensors.tmp.model";

static const float weights[6] = {1, -2.5f, 3, 0, 1e-30f, 7};
static const int64_t codes[3] = {5, -1, 1LL << 40};
static const unsigned char flags[3] = {1, 0, 1};

/* Deliberately not in the order of the file. */
static const struct safetensors_tensor sample[] = {
    {.name = "flags", .dtype = DTYPE_U8, .rank = 1, .shape = {3}, .data = flags},
    {.name = "b.weight", .dtype = DTYPE_F32, .rank = 2, .shape = {2, 3}, .data = weights},
    {.name = "nothing", .dtype = DTYPE_F32, .rank = 2, .shape = {0, 4}},
    {.name = "a.scale", .dtype = DTYPE_F32, .rank = 0, .data = weights + 1},
    {.name = "codes", .dtype = DTYPE_I64, .rank = 1, .shape = {3}, .data = codes},
};
enum { SAMPLES = sizeof sample / sizeof sample[0] };

static const struct safetensors_pair pairs[] = {
    {"format", "tabscope"},
    {"model", "{\"a \\\"quoted\\\" key\":1,\"caf\xC3\xA9\":\"\\n\"}"},
};

static bool write_sample(void)
{
    struct error err;
    bool ok = safetensors_write(file, 0600, sample, SAMPLES, pairs, 2, &err);

    if (!ok)
        printf("# %s\n", err.text);
    return ok;
}

static void put_bytes(const char *bytes, size_t n)
{
    FILE *f = fopen(file, "wb");

    if (!f || fwrite(bytes, 1, n, f) != n || fclose(f) != 0)
        abort();
}

/* A file with this header and n zero bytes of data. */
static struct safetensors *open_header(const char *header, size_t n, struct error *err)
{
    struct str bytes = {0};
    size_t length = strlen(header);
    struct safetensors *s;

    for (int i = 0; i < 8; i++)
        str_putc(&bytes, (char)(length >> (8 * i)));
    str_puts(&bytes, header);
    for (size_t i = 0; i < n; i++)
        str_putc(&bytes, '\0');
    put_bytes(bytes.text, bytes.length);
    str_done(&bytes);
    s = safetensors_open(file, err);
    return s;
}

static void check_refused(const char *header, size_t n, const char *why)
{
    struct error err = {0};
    struct safetensors *s = open_header(header, n, &err);

    if (!check(s == NULL) || !check(strstr(err.text, why) != NULL))
        printf("# %s\n# said: %s\n", header, err.text);
    safetensors_free(s);
}

static void written_file_reads_back(void)
{
    struct error err;
    struct safetensors *s;
    const struct safetensors_tensor *t;
    static const char *const order[] = {"codes", "a.scale", "b.weight", "nothing",
                                        "flags"};

    check(write_sample());
    s = safetensors_open(file, &err);
    if (!check(s != NULL))
        return;
    check(safetensors_checked(s));
    check_int(safetensors_count(s), SAMPLES);
    for (size_t i = 0; i < SAMPLES; i++)
        check_str(safetensors_get(s, i)->name, order[i]);
    check_str(safetensors_metadata(s, "model"), pairs[1].value);
    check(safetensors_metadata(s, "absent") == NULL);
    t = safetensors_find(s, "b.weight");
    if (check(t != NULL)) {
        check(t->dtype == DTYPE_F32 && t->rank == 2);
        check(t->shape[0] == 2 && t->shape[1] == 3 && t->bytes == sizeof weights);
        check(memcmp(t->data, weights, sizeof weights) == 0);
    }
    t = safetensors_find(s, "codes");
    check(t && memcmp(t->data, codes, sizeof codes) == 0 && (uintptr_t)t->data % 64 == 0);
    t = safetensors_find(s, "nothing");
    check(t && t->bytes == 0 && t->shape[1] == 4);
    t = safetensors_find(s, "a.scale");
    check(t && t->rank == 0 && *(const float *)t->data == -2.5f);
    check(safetensors_find(s, "b.weigh") == NULL);
    safetensors_free(s);
}

static void every_prefix_is_refused(void)
{
    struct error err;
    size_t n;
    char *whole;
    int taken = 0;

    check(write_sample());
    whole = file_read(file, 1 << 20, &n, &err);
    for (size_t i = 0; i < n; i++) {
        struct safetensors *s;

        put_bytes(whole, i);
        s = safetensors_open(file, &err);
        taken += s != NULL;
        safetensors_free(s);
    }
    check_int(taken, 0);
    free(whole);
}

static bool same_as_sample(const struct safetensors *s)
{
    for (size_t i = 0; i < SAMPLES; i++) {
        const struct safetensors_tensor *t = safetensors_find(s, sample[i].name);

        if (!t || t->dtype != sample[i].dtype || t->rank != sample[i].rank ||
            memcmp(t->shape, sample[i].shape, sizeof t->shape) != 0 ||
            (t->bytes > 0 && memcmp(t->data, sample[i].data, t->bytes) != 0))
            return false;
    }
    return true;
}

/* A flip that is taken may only have renamed a checksum, and then it is not "checked". */
static void every_flipped_bit_is_seen(void)
{
    struct error err;
    size_t n;
    char *whole;
    int wrong = 0, taken = 0;

    check(write_sample());
    whole = file_read(file, 1 << 20, &n, &err);
    for (size_t i = 0; i < 8 * n; i++) {
        struct safetensors *s;

        whole[i / 8] ^= (char)(1 << i % 8);
        put_bytes(whole, n);
        s = safetensors_open(file, &err);
        if (s) {
            taken++;
            wrong += safetensors_checked(s) || !same_as_sample(s);
        }
        safetensors_free(s);
        whole[i / 8] ^= (char)(1 << i % 8);
    }
    check_int(wrong, 0);
    printf("# %d of %zu flips renamed header_crc32\n", taken, 8 * n);
    free(whole);
}

#define TENSOR(name, dtype, shape, offsets) \
    "{\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape                          \
    ",\"data_offsets\":" offsets "}}"

static void faults_are_named(void)
{
    check_refused(TENSOR("w", "F32", "[2]", "[0,8]") " {}", 8, "JSON");
    check_refused(" {}", 0, "one JSON object");
    check_refused(TENSOR("w", "F31", "[2]", "[0,8]"), 8, "dtype is not known");
    check_refused(TENSOR("w", "F32", "[2,-1]", "[0,8]"), 8, "shape");
    check_refused(TENSOR("w", "F4", "[3]", "[0,2]"), 2, "shape");
    check_refused(TENSOR("w", "F32", "[2]", "[0,8]"), 9, "1 bytes follow");
    check_refused(TENSOR("w", "F32", "[2]", "[0,8]"), 7, "outside the file");
    check_refused(TENSOR("\\u001bw", "U8", "[1]", "[1,2]"), 2, "tensor \"^[w\": a hole");
    check_refused("{\"__metadata__\":{\"data_crc32\":\"12345678\"}}", 0, "damaged");
    check_refused("{\"__metadata__\":{\"header_crc32\":\"1234567\"}}", 0, "damaged");
    check_refused("{\"__metadata__\":{\"header_crc32\" :\"12345678\"}}", 0, "damaged");
}

static void sub_byte_kinds_are_read(void)
{
    struct error err;
    struct safetensors *s = open_header(
        "{\"a\":{\"dtype\":\"F4\",\"shape\":[2,3],\"data_offsets\":[0,3]},"
        "\"b\":{\"dtype\":\"F6_E2M3\",\"shape\":[4],\"data_offsets\":[3,6]}}", 6, &err);

    check(s && safetensors_count(s) == 2 && safetensors_find(s, "b")->bytes == 3);
    check(s && !safetensors_checked(s));
    safetensors_free(s);
}

static void a_failed_write_keeps_the_old_file(void)
{
    struct error err;
    struct safetensors *s;

    check(write_sample());
    check(!safetensors_write("no/such/folder/x", 0600, sample, SAMPLES, pairs, 2, &err));
    check(strstr(err.text, "no/such/folder/x") != NULL);
    s = safetensors_open(file, &err);
    check(s != NULL && same_as_sample(s));
    safetensors_free(s);
}

/* The verdicts of the hostile corpus, which knows legal files from others. */
static void hostile_models_get_their_verdict(void)
{
    char *folder = test_shared("hostile/own/models"), *list;
    const char *name;
    json_t *expected, *entry;
    int seen = 0;

    if (!folder) {
        test_skip("no shared folder");
        return;
    }
    list = xasprintf("%s/EXPECT.json", folder);
    expected = json_load_file(list, 0, NULL);
    check(expected != NULL);
    json_object_foreach(expected, name, entry) {
        char *path = xasprintf("%s/%s", folder, name);
        const char *verdict = json_string_value(json_object_get(entry, "verdict"));
        struct error err = {0};
        struct safetensors *s = NULL;

        if (strstr(name, ".safetensors")) {
            s = safetensors_open(path, &err);
            if (!check((s != NULL) == (strcmp(verdict, "accept") == 0)))
                printf("# %s: wanted %s: %s\n", name, verdict, err.text);
            seen++;
        } else {
            check(safetensors_open(path, &err) == NULL);
        }
        safetensors_free(s);
        free(path);
    }
    check(seen > 50);
    json_decref(expected);
    free(list);
    free(folder);
}

static void another_reader_takes_our_file(void)
{
    char *checker = test_shared("hostile/safetensors_check.py"), *command;
    int status;

    if (!checker || system("python3 -c '' 2>/dev/null") != 0) {
        test_skip("no shared folder or no python3");
        free(checker);
        return;
    }
    check(write_sample());
    command = xasprintf("python3 '%s' %s >/dev/null", checker, file);
    status = system(command);
    check_int(status, 0);
    free(command);
    free(checker);
}

int main(void)
{
    test_run(written_file_reads_back);
    test_run(every_prefix_is_refused);
    test_run(every_flipped_bit_is_seen);
    test_run(faults_are_named);
    test_run(sub_byte_kinds_are_read);
    test_run(a_failed_write_keeps_the_old_file);
    test_run(hostile_models_get_their_verdict);
    test_run(another_reader_takes_our_file);
    unlink(file);
    return test_done();
}
