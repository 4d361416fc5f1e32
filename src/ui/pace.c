/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/pace.h"

enum {
    ASK_BYTES = 256,     /* not worth a question */
    WINDOW_BYTES = 1024, /* on their way when a picture begins: 1 s at 9600 baud */
    KNOWN_MS = 10000, UNKNOWN_MS = 1000,
    PATIENCE = 3         /* questions without an answer */
};

void pace_set(struct pace *p, bool on, size_t sent)
{
    if (on != p->on)
        *p = (struct pace){.on = on, .arrived = sent};
}

static bool is_deaf(const struct pace *p)
{
    return p->unanswered >= PATIENCE;
}

bool pace_wants_question(const struct pace *p, size_t sent)
{
    bool unknown = !p->answers && p->unanswered == 0;

    return p->on && !p->asked && !is_deaf(p) &&
           (unknown || sent - p->arrived >= ASK_BYTES);
}

void pace_asked(struct pace *p, size_t sent, int64_t now)
{
    p->asked = true;
    p->asked_for = sent;
    p->asked_at = now;
}

void pace_answered(struct pace *p)
{
    if (p->asked)
        p->arrived = p->asked_for;
    p->asked = false;
    p->answers = true;
    p->unanswered = 0;
}

/* Lost, or asked of something that does not answer. */
static void give_up_question(struct pace *p, size_t sent)
{
    p->asked = p->answers = false;
    p->unanswered++;
    p->arrived = sent;
}

bool pace_allows(struct pace *p, size_t sent, int64_t now)
{
    if (!p->on || is_deaf(p))
        return true;
    if (p->asked && now - p->asked_at >= (p->answers ? KNOWN_MS : UNKNOWN_MS))
        give_up_question(p, sent);
    return sent - p->arrived < WINDOW_BYTES;
}
