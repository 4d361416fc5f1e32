/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Cells masked (MLM), replaced (RTD) or swapped (DAE) for pre-training. What happens to a
 * row depends on the seed, the epoch and the row only, so every epoch asks anew and any
 * epoch can be made again.
 *
 *   MLM   a cell with a class is masked with the probability `mask`: its code becomes 0,
 *         that of missing cells, and the answer its class. Missing cells are never
 *         masked, nor are classes that no training row has.
 *   RTD   any cell, missing or not, is replaced with the probability `mask` by another
 *         class of its column that training rows have; the answer is 1 there, else 0. A
 *         column with one class only is left as it is.
 *   DAE   each cell takes with the probability `swap` what stands in the same column of
 *         another row, all features that are made of the column together; the answers are
 *         the codes as they were.
 */
#ifndef MODEL_CORRUPTION_H
#define MODEL_CORRUPTION_H

#include "data/batch.h"
#include "data/encode.h"
#include "model/pretrain.h"

struct corruption;

/* An epoch that no training reaches: what validation asks is always the same. */
#define CORRUPTION_VALID (((uint64_t)1 << 24) - 1)

/* Copies what it needs of the encoder. NULL: no memory. */
struct corruption *corruption_new(const struct encoder *e, enum pretext pretext,
                                  const struct pretrain_options *o, uint64_t seed,
                                  struct error *err);
void corruption_free(struct corruption *c);

/* Rows index[0..rows) of a frame with their codes (rows, columns), which are changed;
 * answers (rows, columns) are set. */
void corruption_apply(const struct corruption *c, uint64_t epoch, const uint32_t *index,
                      int rows, int32_t *codes, int32_t *answers);

/* DAE: rows[0..n) of the frame, which are copied, are the others that cells come from; the
 * frame outlives c. False: no memory. */
bool corruption_swap_with(struct corruption *c, const struct encoder *e,
                          const struct frame *f, const uint32_t *rows, size_t n,
                          struct error *err);
/* DAE: the same as corruption_apply, of codes and of values (rows, continuous), which are
 * changed; clean gets the values as they were. */
void corruption_swap(const struct corruption *c, uint64_t epoch, const uint32_t *index,
                     int rows, int32_t *codes, float *values, int32_t *answers,
                     float *clean);

/* Training without a pretext: each cell becomes missing, code 0, with the probability
 * `share`, drawn anew for each seed, epoch (below 2^24) and row. */
void corruption_hide(double share, uint64_t seed, uint64_t epoch, const uint32_t *index,
                     int rows, int columns, int32_t *codes);

#endif
