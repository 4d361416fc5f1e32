/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files of named tensors in the safetensors format:
 *
 *   u64 little-endian N | N bytes of JSON, padded with blanks | the tensors' bytes
 *
 * The reader takes any legal file and believes nothing: every number is compared with the
 * file's size before it is used, the tensors must fill the data without hole, overlap
 * or tail, no name may come twice. Whether the tensors are those of a model is for the
 * model to say. The file is read, not mapped, so nobody can cut it under our feet.
 *
 * Two checksums in the metadata are ours: data_crc32 over the tensors' bytes, and
 * header_crc32 over the JSON with its own value as "00000000". Both are 8 hexadecimal
 * digits and are checked where they are present; other programs see two more strings.
 */
#ifndef NN_SAFETENSORS_H
#define NN_SAFETENSORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum dtype { /* widest first, as files are sorted */
    DTYPE_F64, DTYPE_I64, DTYPE_U64, DTYPE_C64,
    DTYPE_F32, DTYPE_I32, DTYPE_U32,
    DTYPE_F16, DTYPE_BF16, DTYPE_I16, DTYPE_U16,
    DTYPE_F8_E4M3, DTYPE_F8_E5M2, DTYPE_F8_E8M0, DTYPE_F8_E4M3FNUZ, DTYPE_F8_E5M2FNUZ,
    DTYPE_I8, DTYPE_U8, DTYPE_BOOL,
    DTYPE_F6_E2M3, DTYPE_F6_E3M2, DTYPE_F4,
    DTYPES
};

enum { SAFETENSORS_RANK = 8 };

struct safetensors_tensor {
    const char *name; /* UTF-8, outside text when read */
    enum dtype dtype;
    int rank;         /* 0: one number */
    uint64_t shape[SAFETENSORS_RANK]; /* of a legal rank beyond 8 only the first sizes */
    const void *data; /* little-endian, row-major; aligned if the writer was ours */
    size_t bytes;     /* of data; the writer works it out itself */
};

struct safetensors; /* opaque */

/* Reads and checks the whole file. NULL with a sentence that names the first fault. */
struct safetensors *safetensors_open(const char *path, struct error *err);
/* The same, but for the tensors' bytes: their data is NULL and its checksum not looked
 * at. For who wants to know what a file is. */
struct safetensors *safetensors_peek(const char *path, struct error *err);
void safetensors_free(struct safetensors *s);

/* Tensors in the order of their data. All pointers live as long as s. */
size_t safetensors_count(const struct safetensors *s);
const struct safetensors_tensor *safetensors_get(const struct safetensors *s, size_t i);
/* NULL: not there. */
const struct safetensors_tensor *safetensors_find(const struct safetensors *s,
                                                  const char *name);
/* The metadata's text of that key, or NULL. */
const char *safetensors_metadata(const struct safetensors *s, const char *key);
/* True if both checksums were there (and so were right). */
bool safetensors_checked(const struct safetensors *s);

struct safetensors_pair {
    const char *key, *value; /* UTF-8 */
};

/* Writes n tensors and n_pairs metadata atomically (base/path.h), with both checksums.
 * `mode` as in file_writer_open. Names are of [A-Za-z0-9_.]{1,128}, each once, kinds of
 * whole bytes, ranks up to 8; of all that only asserts make sure. */
bool safetensors_write(const char *path, int mode,
                       const struct safetensors_tensor *tensors, size_t n,
                       const struct safetensors_pair *pairs, size_t n_pairs,
                       struct error *err);

const char *dtype_name(enum dtype dtype); /* "F32", ... */
int dtype_bits(enum dtype dtype);

#endif
