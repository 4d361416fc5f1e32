/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where a long text goes piece by piece: into a file, which is there when it is whole, or
 * to standard output, as it is made. Nobody is waited for: a slow reader makes
 * sink_flush say that it is to be called again.
 */
#ifndef ENGINE_SINK_H
#define ENGINE_SINK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/step.h"

struct sink;

/* "-" is standard output; else as file_writer_open. */
struct sink *sink_open(const char *path, struct error *err);
/* Gives up: a file that stood there still does. */
void sink_abort(struct sink *s);

/* Keeps the bytes until they are flushed. */
void sink_put(struct sink *s, const char *bytes, size_t n);
/* DONE: nothing is kept any more. MORE: the reader is slow. FAILED: no more can be
 * written. */
enum step sink_flush(struct sink *s, struct error *err);
/* After sink_flush is DONE: it was all. Frees s. */
bool sink_commit(struct sink *s, struct error *err);

#endif
