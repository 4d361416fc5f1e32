/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What one slice of a long piece of work says of the whole. */
#ifndef BASE_STEP_H
#define BASE_STEP_H

enum step {
    STEP_MORE,   /* call again */
    STEP_DONE,   /* finished */
    STEP_FAILED, /* the error says why */
};

#endif
