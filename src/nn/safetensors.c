/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/safetensors.h"

#include <assert.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "base/text.h"

enum {
    MAX_HEADER = 16000000, /* the format has 100,000,000; ours stay far below */
    SMALL = 1 << 20,       /* bytes; to ask what memory there is takes longer */
};

static const struct {
    const char *name;
    int bits;
} kinds[DTYPES] = {
    [DTYPE_F64] = {"F64", 64},         [DTYPE_I64] = {"I64", 64},
    [DTYPE_U64] = {"U64", 64},         [DTYPE_C64] = {"C64", 64},
    [DTYPE_F32] = {"F32", 32},         [DTYPE_I32] = {"I32", 32},
    [DTYPE_U32] = {"U32", 32},         [DTYPE_F16] = {"F16", 16},
    [DTYPE_BF16] = {"BF16", 16},       [DTYPE_I16] = {"I16", 16},
    [DTYPE_U16] = {"U16", 16},         [DTYPE_F8_E4M3] = {"F8_E4M3", 8},
    [DTYPE_F8_E5M2] = {"F8_E5M2", 8},  [DTYPE_F8_E8M0] = {"F8_E8M0", 8},
    [DTYPE_F8_E4M3FNUZ] = {"F8_E4M3FNUZ", 8},
    [DTYPE_F8_E5M2FNUZ] = {"F8_E5M2FNUZ", 8},
    [DTYPE_I8] = {"I8", 8},            [DTYPE_U8] = {"U8", 8},
    [DTYPE_BOOL] = {"BOOL", 8},        [DTYPE_F6_E2M3] = {"F6_E2M3", 6},
    [DTYPE_F6_E3M2] = {"F6_E3M2", 6},  [DTYPE_F4] = {"F4", 4},
};

static const char header_crc_key[] = "\"header_crc32\":\"";

struct safetensors {
    char *header;       /* (header_size) and a NUL */
    size_t header_size; /* N */
    unsigned char *data;
    size_t data_size;
    json_t *root;       /* owns names and metadata */
    json_t *metadata;   /* in root, or NULL */
    size_t n;
    struct safetensors_tensor *tensors;        /* (n) by place in data */
    const struct safetensors_tensor **by_name; /* (n) */
    bool checked;
};

const char *dtype_name(enum dtype dtype)
{
    return kinds[dtype].name;
}

int dtype_bits(enum dtype dtype)
{
    return kinds[dtype].bits;
}

/* ---- the file ---- */

static bool is_text(const unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] < ' ' && p[i] != '\t' && p[i] != '\r' && p[i] != '\n')
            return false;
    return true;
}

/* What a file that is no safetensors may be instead, by its first 8 bytes, or NULL. */
static const char *guess_format(const unsigned char *first)
{
    if (memcmp(first, "PK\3\4", 4) == 0)
        return "a zip archive, perhaps a PyTorch checkpoint";
    if (first[0] == 0x80 && first[1] >= 2 && first[1] <= 5)
        return "a Python pickle, which is never run here";
    if (memcmp(first, "GGUF", 4) == 0)
        return "a GGUF file";
    if (memcmp(first, "\x93NUMPY", 6) == 0)
        return "a NumPy array";
    if (is_text(first, 8))
        return "text; `load` reads tables";
    return NULL;
}

/* Exactly n bytes; a file that became shorter since its size was asked is refused. */
static bool read_exactly(int fd, void *bytes, size_t n, struct error *err)
{
    char *at = bytes;

    while (n > 0) {
        ssize_t got = read(fd, at, n);

        if (got > 0) {
            at += got;
            n -= (size_t)got;
        } else if (got == 0) {
            return error_set(err, ERROR_INPUT, "the file was cut while it was read");
        } else if (errno != EINTR) {
            return error_set(err, ERROR_SYSTEM, "cannot be read: %s", strerror(errno));
        }
    }
    return true;
}

static bool refuse_format(const unsigned char *first, uint64_t header, uint64_t file_size,
                          struct error *err)
{
    const char *format = guess_format(first);

    if (format)
        return error_set(err, ERROR_INPUT, "not a tabscope model but %s", format);
    return error_set(err, ERROR_INPUT,
                     "not a tabscope model: its header would take %llu bytes, the file "
                     "has %llu", (unsigned long long)header,
                     (unsigned long long)file_size);
}

/* The header's length, held against the file's size before anything is made of it. */
static bool read_length(struct safetensors *s, int fd, uint64_t file_size,
                        struct error *err)
{
    unsigned char first[8];
    uint64_t n = 0;

    if (file_size < 8)
        return error_set(err, ERROR_INPUT, "not a tabscope model: %llu bytes are too few",
                         (unsigned long long)file_size);
    if (!read_exactly(fd, first, 8, err))
        return false;
    for (int i = 7; i >= 0; i--)
        n = n << 8 | first[i];
    if (n > file_size - 8)
        return refuse_format(first, n, file_size, err);
    if (n > MAX_HEADER)
        return error_set(err, ERROR_INPUT, "the header has %llu bytes, more than %d",
                         (unsigned long long)n, MAX_HEADER);
    s->header_size = (size_t)n;
    s->data_size = (size_t)(file_size - 8 - n);
    return true;
}

static bool read_header(struct safetensors *s, int fd, struct error *err)
{
    s->header = try_alloc(s->header_size + 1, 1);
    if (!s->header)
        return error_set(err, ERROR_MEMORY, "no memory for a header of %zu bytes",
                         s->header_size);
    s->header[s->header_size] = '\0';
    return read_exactly(fd, s->header, s->header_size, err);
}

/* Only now that the header promised just as many bytes. */
static bool read_data(struct safetensors *s, int fd, struct error *err)
{
    char more;

    if (s->data_size <= SMALL || s->data_size <= mem_available())
        s->data = try_aligned(s->data_size, 1);
    if (!s->data)
        return error_set(err, ERROR_MEMORY, "no memory for %zu bytes of tensors",
                         s->data_size);
    if (!read_exactly(fd, s->data, s->data_size, err))
        return false;
    if (read(fd, &more, 1) != 0)
        return error_set(err, ERROR_INPUT, "the file grew while it was read");
    return true;
}

/* ---- the header ---- */

static bool refuse_tensor(struct error *err, const char *name, const char *why)
{
    char *shown = show(name, 60);

    error_set(err, ERROR_INPUT, "tensor \"%s\": %s", shown, why);
    free(shown);
    return false;
}

static bool parse_json(struct safetensors *s, struct error *err)
{
    size_t n = s->header_size;
    json_error_t fault;

    while (n > 0 && s->header[n - 1] == ' ')
        n--;
    if (n < 2 || s->header[0] != '{' || s->header[n - 1] != '}')
        return error_set(err, ERROR_INPUT,
                         "the header is not one JSON object with only blanks behind it");
    s->root = json_loadb(s->header, n, JSON_REJECT_DUPLICATES, &fault);
    if (!s->root) {
        char *shown = show(fault.text, 120);

        error_set(err, ERROR_INPUT, "the header is not right JSON, at byte %d: %s",
                  fault.position, shown);
        free(shown);
        return false;
    }
    return true;
}

static bool check_metadata(struct safetensors *s, struct error *err)
{
    const char *key;
    json_t *value;

    s->metadata = json_object_get(s->root, "__metadata__");
    if (!s->metadata)
        return true;
    if (!json_is_object(s->metadata))
        return error_set(err, ERROR_INPUT, "__metadata__ is not an object");
    json_object_foreach(s->metadata, key, value)
        if (!json_is_string(value)) {
            char *shown = show(key, 60);

            error_set(err, ERROR_INPUT, "metadata \"%s\" is not text", shown);
            free(shown);
            return false;
        }
    return true;
}

static bool find_dtype(const json_t *value, enum dtype *dtype)
{
    const char *name = json_string_value(value);

    for (int i = 0; name && i < DTYPES; i++)
        if (strcmp(name, kinds[i].name) == 0) {
            *dtype = (enum dtype)i;
            return true;
        }
    return false;
}

/* A number of the file that cannot be negative. */
static bool take_size(const json_t *value, uint64_t *size)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return false;
    *size = (uint64_t)json_integer_value(value);
    return true;
}

/* Sets rank, shape and bytes; false if the shape is malformed or wraps round. */
static bool take_shape(struct safetensors_tensor *t, const json_t *shape)
{
    uint64_t count = 1, size;
    size_t rank = json_array_size(shape);

    if (!json_is_array(shape))
        return false;
    for (size_t i = 0; i < rank; i++) {
        if (!take_size(json_array_get(shape, i), &size) ||
            __builtin_mul_overflow(count, size, &count))
            return false;
        if (i < SAFETENSORS_RANK)
            t->shape[i] = size;
    }
    t->rank = (int)rank;
    if (__builtin_mul_overflow(count, (uint64_t)dtype_bits(t->dtype), &count) ||
        count % 8 != 0)
        return false;
    t->bytes = (size_t)(count / 8);
    return true;
}

/* A tensor and where its data begins: a pointer only once the data is there. */
struct place {
    uint64_t begin;
    struct safetensors_tensor tensor;
};

static bool take_tensor(struct place *p, const char *name, const json_t *fields,
                        uint64_t data_size, struct error *err)
{
    struct safetensors_tensor *t = &p->tensor;
    const json_t *offsets = json_object_get(fields, "data_offsets");
    uint64_t end;

    t->name = name;
    if (json_object_size(fields) != 3 || !json_object_get(fields, "dtype") ||
        !json_object_get(fields, "shape") || !offsets)
        return refuse_tensor(err, name, "its fields are not dtype, shape, data_offsets");
    if (!find_dtype(json_object_get(fields, "dtype"), &t->dtype))
        return refuse_tensor(err, name, "its dtype is not known");
    if (!take_shape(t, json_object_get(fields, "shape")))
        return refuse_tensor(err, name, "its shape is not one of whole numbers of bytes");
    if (json_array_size(offsets) != 2 ||
        !take_size(json_array_get(offsets, 0), &p->begin) ||
        !take_size(json_array_get(offsets, 1), &end))
        return refuse_tensor(err, name, "its data_offsets are not two numbers");
    if (end < p->begin || end > data_size)
        return refuse_tensor(err, name, "its data_offsets lie outside the file");
    if (end - p->begin != t->bytes)
        return refuse_tensor(err, name, "its data_offsets do not fit its shape");
    return true;
}

static int compare_places(const void *a, const void *b)
{
    const struct place *p = a, *q = b;

    if (p->begin != q->begin)
        return p->begin < q->begin ? -1 : 1;
    return (p->tensor.bytes > q->tensor.bytes) - (p->tensor.bytes < q->tensor.bytes);
}

/* Sorted, each must begin where the one before ends, and the last end with the file. */
static bool check_places(struct place *places, size_t n, uint64_t data_size,
                         struct error *err)
{
    uint64_t at = 0;

    if (n > 0)
        qsort(places, n, sizeof *places, compare_places);
    for (size_t i = 0; i < n; i++) {
        if (places[i].begin != at)
            return refuse_tensor(err, places[i].tensor.name,
                                 places[i].begin > at ? "a hole lies before its data"
                                                      : "it shares data with another");
        at += places[i].tensor.bytes;
    }
    if (at != data_size)
        return error_set(err, ERROR_INPUT, "%llu bytes follow the last tensor",
                         (unsigned long long)(data_size - at));
    return true;
}

static bool take_tensors(struct safetensors *s, struct place *places, struct error *err)
{
    const char *name;
    json_t *fields;
    size_t n = 0;

    json_object_foreach(s->root, name, fields)
        if (fields != s->metadata &&
            !take_tensor(&places[n++], name, fields, s->data_size, err))
            return false;
    return check_places(places, n, s->data_size, err);
}

static bool parse_tensors(struct safetensors *s, struct error *err)
{
    struct place *places;
    bool ok;

    s->n = json_object_size(s->root) - (s->metadata != NULL);
    places = try_calloc(s->n, sizeof *places);
    s->tensors = try_calloc(s->n, sizeof *s->tensors);
    s->by_name = try_calloc(s->n, sizeof *s->by_name);
    ok = places && s->tensors && s->by_name;
    if (!ok)
        error_set(err, ERROR_MEMORY, "no memory for the names of %zu tensors", s->n);
    else
        ok = take_tensors(s, places, err);
    for (size_t i = 0; ok && i < s->n; i++)
        s->tensors[i] = places[i].tensor;
    free(places);
    return ok;
}

static int compare_names(const void *a, const void *b)
{
    const struct safetensors_tensor *const *p = a, *const *q = b;

    return strcmp((*p)->name, (*q)->name);
}

/* Points the tensors at their bytes and sorts their names. */
static void place_tensors(struct safetensors *s)
{
    size_t at = 0;

    for (size_t i = 0; i < s->n; i++) {
        s->tensors[i].data = s->data ? s->data + at : NULL;
        at += s->tensors[i].bytes;
        s->by_name[i] = &s->tensors[i];
    }
    if (s->n > 0)
        qsort(s->by_name, s->n, sizeof *s->by_name, compare_names);
}

/* ---- checksums ---- */

/* The CRC of the header as if the one that it holds, at `value`, were "00000000". */
static uint32_t header_crc(const char *header, size_t n, const char *value)
{
    size_t before = (size_t)(value - header);
    uint32_t crc = path_crc32(0, header, before);

    crc = path_crc32(crc, "00000000", 8);
    return path_crc32(crc, value + 8, n - before - 8);
}

static bool check_crc(const char *key, const char *text, uint32_t crc, struct error *err)
{
    char right[9];

    snprintf(right, sizeof right, "%08x", crc);
    if (strcmp(text, right) == 0)
        return true;
    return error_set(err, ERROR_INPUT, "damaged: its %s does not fit its content", key);
}

/* A quote within a JSON string is escaped, so the key with its quotes can be looked for
 * as plain text; a tensor of that name has no quote behind the colon. */
static bool check_crcs(struct safetensors *s, bool whole, struct error *err)
{
    const char *data = safetensors_metadata(s, "data_crc32");
    const char *header = safetensors_metadata(s, "header_crc32");
    const char *at = header ? strstr(s->header, header_crc_key) : NULL;

    if (header && (!at || strlen(header) != 8))
        return error_set(err, ERROR_INPUT, "damaged: its header_crc32 is not 8 digits");
    if (header && !check_crc("header_crc32", header,
                             header_crc(s->header, s->header_size,
                                        at + sizeof header_crc_key - 1), err))
        return false;
    if (data && whole &&
        !check_crc("data_crc32", data, path_crc32(0, s->data, s->data_size), err))
        return false;
    s->checked = header && data;
    return true;
}

/* ---- reading ---- */

static bool read_file(struct safetensors *s, int fd, bool whole, struct error *err)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return error_set(err, ERROR_SYSTEM, "cannot be read: %s", strerror(errno));
    return read_length(s, fd, (uint64_t)st.st_size, err) && read_header(s, fd, err) &&
           parse_json(s, err) && check_metadata(s, err) && parse_tensors(s, err) &&
           (!whole || read_data(s, fd, err)) && check_crcs(s, whole, err);
}

static struct safetensors *read_path(const char *path, bool whole, struct error *err)
{
    struct safetensors *s;
    int fd = file_open(path, err);
    bool ok;

    if (fd < 0)
        return NULL;
    s = xcalloc(1, sizeof *s);
    ok = read_file(s, fd, whole, err);
    close(fd);
    if (!ok) {
        char *shown = show(path, 0);

        error_prefix(err, "%s", shown);
        free(shown);
        safetensors_free(s);
        return NULL;
    }
    place_tensors(s);
    return s;
}

struct safetensors *safetensors_open(const char *path, struct error *err)
{
    return read_path(path, true, err);
}

struct safetensors *safetensors_peek(const char *path, struct error *err)
{
    return read_path(path, false, err);
}

void safetensors_free(struct safetensors *s)
{
    if (!s)
        return;
    json_decref(s->root);
    free(s->by_name);
    free(s->tensors);
    free(s->data);
    free(s->header);
    free(s);
}

size_t safetensors_count(const struct safetensors *s)
{
    return s->n;
}

const struct safetensors_tensor *safetensors_get(const struct safetensors *s, size_t i)
{
    return &s->tensors[i];
}

const struct safetensors_tensor *safetensors_find(const struct safetensors *s,
                                                  const char *name)
{
    struct safetensors_tensor wanted = {.name = name};
    const struct safetensors_tensor *key = &wanted, **found;

    if (s->n == 0)
        return NULL;
    found = bsearch(&key, s->by_name, s->n, sizeof *s->by_name, compare_names);
    return found ? *found : NULL;
}

const char *safetensors_metadata(const struct safetensors *s, const char *key)
{
    return json_string_value(json_object_get(s->metadata, key));
}

bool safetensors_checked(const struct safetensors *s)
{
    return s->checked;
}

/* ---- writing ---- */

static bool name_is_ours(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz"
                            "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.");

    return n > 0 && n <= 128 && name[n] == '\0';
}

static size_t tensor_bytes(const struct safetensors_tensor *t)
{
    size_t bytes = (size_t)dtype_bits(t->dtype) / 8;

    for (int i = 0; i < t->rank; i++)
        bytes *= (size_t)t->shape[i];
    return bytes;
}

static int compare_for_file(const void *a, const void *b)
{
    const struct safetensors_tensor *const *p = a, *const *q = b;

    if ((*p)->dtype != (*q)->dtype)
        return (*p)->dtype < (*q)->dtype ? -1 : 1;
    return strcmp((*p)->name, (*q)->name);
}

/* Pointers to the tensors in the order of the file: widest kind first, then by name. */
static const struct safetensors_tensor **
sort_tensors(const struct safetensors_tensor *tensors, size_t n)
{
    const struct safetensors_tensor **order = xcalloc(n, sizeof *order);

    for (size_t i = 0; i < n; i++) {
        assert(name_is_ours(tensors[i].name) && dtype_bits(tensors[i].dtype) % 8 == 0);
        assert(tensors[i].rank <= SAFETENSORS_RANK);
        order[i] = &tensors[i];
    }
    if (n > 0)
        qsort(order, n, sizeof *order, compare_for_file);
    return order;
}

static void put_string(struct str *out, const char *text)
{
    str_json_string(out, text, strlen(text));
}

static void put_metadata(struct str *out, const struct safetensors_pair *pairs, size_t n,
                         uint32_t data_crc)
{
    str_puts(out, "{\"__metadata__\":{");
    for (size_t i = 0; i < n; i++) {
        put_string(out, pairs[i].key);
        str_putc(out, ':');
        put_string(out, pairs[i].value);
        str_putc(out, ',');
    }
    str_printf(out, "\"data_crc32\":\"%08x\",%s00000000\"}", data_crc, header_crc_key);
}

static void put_tensor(struct str *out, const struct safetensors_tensor *t, size_t begin)
{
    str_putc(out, ',');
    put_string(out, t->name);
    str_printf(out, ":{\"dtype\":\"%s\",\"shape\":[", dtype_name(t->dtype));
    for (int i = 0; i < t->rank; i++)
        str_printf(out, "%s%llu", i ? "," : "", (unsigned long long)t->shape[i]);
    str_printf(out, "],\"data_offsets\":[%zu,%zu]}", begin, begin + tensor_bytes(t));
}

/* The whole header, padded so that the data begins at a multiple of 8; its own checksum
 * is put in last. */
static void make_header(struct str *out, const struct safetensors_tensor **order,
                        size_t n, const struct safetensors_pair *pairs, size_t n_pairs)
{
    uint32_t crc = 0;
    size_t begin = 0;
    char digits[9], *value;

    for (size_t i = 0; i < n; i++)
        crc = path_crc32(crc, order[i]->data, tensor_bytes(order[i]));
    put_metadata(out, pairs, n_pairs, crc);
    for (size_t i = 0; i < n; i++) {
        put_tensor(out, order[i], begin);
        begin += tensor_bytes(order[i]);
    }
    str_putc(out, '}');
    while (out->length % 8 != 0)
        str_putc(out, ' ');
    value = strstr(out->text, header_crc_key) + sizeof header_crc_key - 1;
    snprintf(digits, sizeof digits, "%08x", header_crc(out->text, out->length, value));
    memcpy(value, digits, 8);
}

bool safetensors_write(const char *path, int mode,
                       const struct safetensors_tensor *tensors, size_t n,
                       const struct safetensors_pair *pairs, size_t n_pairs,
                       struct error *err)
{
    const struct safetensors_tensor **order;
    struct str header = {0};
    unsigned char length[8];
    struct file_writer *w = file_writer_open(path, mode, err);

    if (!w)
        return false;
    order = sort_tensors(tensors, n);
    make_header(&header, order, n, pairs, n_pairs);
    for (int i = 0; i < 8; i++)
        length[i] = (unsigned char)((uint64_t)header.length >> (8 * i));
    file_writer_write(w, length, 8);
    file_writer_write(w, header.text, header.length);
    for (size_t i = 0; i < n; i++)
        file_writer_write(w, order[i]->data, tensor_bytes(order[i]));
    free(order);
    str_done(&header);
    return file_writer_commit(w, err);
}
