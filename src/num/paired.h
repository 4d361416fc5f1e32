/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether one model is better than another on the same splits of a table: the corrected
 * resampled t-test (Nadeau, Bengio, "Inference for the Generalization Error", Machine
 * Learning 52, 2003). The usual paired t-test takes splits for independent, though they
 * share most of their training rows, and finds differences where there are none.
 */
#ifndef NUM_PAIRED_H
#define NUM_PAIRED_H

/* Two-sided p of the hypothesis that a[i] and b[i] (n) are the same in the mean; the
 * test part of a split has `ratio` times the rows of its training part (0: the usual
 * paired t-test). NAN: fewer than two pairs; 1 or 0 where all differences are equal. */
double paired_p(const double *a, const double *b, int n, double ratio);

/* Two-sided p of Student's t with so many degrees of freedom. */
double student_p(double t, double freedom);

#endif
