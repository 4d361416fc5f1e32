/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The one table of keys: context, key, command line, help. It feeds dispatch, the hint
 * line, the list of `?`, the action menu of `x`, `tabscope --keys`, the manual page, and
 * the tests that look for conflicts. `bind` and `unbind` change a copy of it.
 *
 * A command line may hold words that stand for what is under the cursor:
 *
 *     %column   the column of the Data view     %columns  the marked ones, else that one
 *     %value    COLUMN=VALUE of the frequency table
 *     %run      the run of the view             %job      the job that trains it, else
 *                                                         the only one
 *     %run{T}   its name with T behind it, of a file
 *     %pause    "pause N" or "resume N" for that job
 *     %figure   what `plot` draws of the focused pane of the Train or the Runs view, and
 *               how: "loss --run r1 --y log"
 *     %smooth   the next of a few values for `chart --smooth`
 *     %next{O}  the value after that of option O, the first one after the last
 *     %ask{...} nothing: the line goes to the prompt to be completed there, with the text
 *               in braces as it stands
 *
 * Names come out quoted where the command language wants it. Any other % is a %.
 */
#ifndef UI_KEYS_H
#define UI_KEYS_H

#include "base/error.h"
#include "ui/keycode.h"
#include "ui/pane.h"

/* In the order in which a key is looked up while panes have the keys: pane, view,
 * "panes", "anywhere". The last holds function, Ctrl and Alt keys that work at the prompt
 * too. */
struct binding {
    const char *context; /* "anywhere", "panes", "data", "schema", ... */
    const char *key;     /* as key_print writes it; two keys: "g g" */
    const char *line;
    const char *help;
    const char *hint;    /* one word for the hint line, or NULL */
};

struct keys;

struct keys *keys_new(void); /* the table as it is built in */
void keys_free(struct keys *k);

/* Texts are copied; what was on the key in that context is replaced, and what other
 * contexts have there is hidden. Refused: no such context or key, a key that could not be
 * typed at the prompt any more, a verb or %word that does not exist. Bindings that were
 * handed out are not valid any more. */
bool keys_bind(struct keys *k, const char *context, const char *key, const char *line,
               struct error *err);
bool keys_unbind(struct keys *k, const char *context, const char *key, struct error *err);

/* Binding number i of the effective table, NULL behind the last. */
const struct binding *keys_at(const struct keys *k, int i);

enum keys_news { KEYS_NONE, KEYS_MORE, KEYS_BOUND };
/* What the key does here: BOUND sets *out; MORE: the first half of a pair (said in
 * `pending`, which is the caller's and empty at first). NONE after MORE: the two mean
 * nothing together, `pending` is empty again. */
enum keys_news keys_find(const struct keys *k, const struct desk *d, struct str *pending,
                         const struct key *key, const struct binding **out);

/* The bindings of use here, those of the pane first, one for each line; for `?` and `x`.
 * Returns how many went into out. `item`: only those whose line acts on what is under the
 * cursor. */
int keys_here(const struct keys *k, const struct desk *d, bool item,
              const struct binding **out, int most);

/* Puts what is under the cursors in place of %words. False: there is no such thing here,
 * with a sentence. *ask is set when the line is to be completed at the prompt. */
bool keys_expand(const struct view *v, const char *line, struct str *out, bool *ask,
                 struct error *err);

/* The hint line of this place, as many hints as find room; how to get on with a pop-up
 * while one is open. */
void keys_draw_hints(const struct keys *k, const struct desk *d, struct surface *s);
/* The list of `?` (popup_list.cursor is the first line that is seen) or the menu of `x`
 * (the cursor is on an item of keys_here) over the surface. The list is fitted to what is
 * there. */
void keys_draw_popup(const struct keys *k, const struct view *v, struct surface *s);

/* "context key line help" lines, then "conflicts: none" or what hides what: what --keys
 * prints. */
void keys_print(const struct keys *k, struct str *out);

#endif
