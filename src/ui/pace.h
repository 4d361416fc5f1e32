/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How fast pictures may follow one another on a line that is slower than the program.
 * Over SSH a pty always takes more: what does not fit the line piles up in buffers along
 * the way, and keys are seen seconds later. Only an answer from the other end tells what
 * has arrived. So after some bytes the terminal is asked for its state (DSR, ESC [ 5 n),
 * and while more than a screenful of differences is on the way nothing new is drawn.
 * Pure: bytes and milliseconds come from the caller.
 */
#ifndef UI_PACE_H
#define UI_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pace {
    bool on;
    bool asked;         /* and no answer yet */
    size_t asked_for;   /* bytes sent when it was asked */
    int64_t asked_at;   /* ms */
    size_t arrived;     /* bytes that are known to have arrived */
    bool answers;       /* the terminal answered the last question */
    int unanswered;     /* questions since the last answer */
};

/* Off: everything is allowed. On: nothing is known of the terminal yet, or any more; what
 * was sent before counts as arrived. */
void pace_set(struct pace *p, bool on, size_t sent);
/* Whether the terminal should be asked now, behind `sent` bytes; then pace_asked. The
 * first question does not wait for bytes, so that it is soon known whether there are
 * answers. */
bool pace_wants_question(const struct pace *p, size_t sent);
void pace_asked(struct pace *p, size_t sent, int64_t now);
void pace_answered(struct pace *p);
/* Whether another picture may go. An answer that does not come is waited for 10 s where
 * the terminal answered before, else 1 s; after three it is asked no more. */
bool pace_allows(struct pace *p, size_t sent, int64_t now);

#endif
