/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table as it stands: what is built in, with the changes of `bind` and `unbind`. Keys
 * are parsed once, so that looking one up is a walk over some hundred numbers.
 */
#include "ui/keys.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "command/command.h"
#include "command/name.h"
#include "ui/keys_private.h"

/* Contexts by number: "anywhere", "panes", the views, the panes. A pane that is called as
 * its view is has no context of its own. */
enum { ANYWHERE, IN_PANES, IN_VIEW, IN_PANE = IN_VIEW + VIEWS,
       CONTEXTS = IN_PANE + PANES };

struct entry {
    struct binding b; /* texts are owned */
    int context;
    struct key keys[2];
    int n_keys;
};

struct keys {
    struct entry *entries;
    size_t n, capacity;
};

/* The contexts in which a key is looked up, in that order. */
struct active {
    int n;
    int contexts[4];
};

static const char *context_name(int context)
{
    static const char *const panes[PANES] = { /* as `focus` takes them */
        "schema", "column", "values", "rows", "loss", "score", "facts", "roc",
        "confusion", "calibration", "learned", "example", "runs", "compare", "curves",
        "map", "heads", "query", "looked", "points", "beside", "legend", "point", "log",
        "standings", "trials",
    };

    return context == ANYWHERE ? "anywhere" : context == IN_PANES ? "panes"
         : context < IN_PANE ? view_name((enum view_id)(context - IN_VIEW))
                             : panes[context - IN_PANE];
}

static struct active active_contexts(const struct desk *d)
{
    struct active a = {0};
    enum pane_id pane = d->focus[d->view];

    if (d->place == PLACE_PANES) {
        if (strcmp(context_name(IN_PANE + (int)pane), view_name(d->view)) != 0)
            a.contexts[a.n++] = IN_PANE + (int)pane;
        a.contexts[a.n++] = IN_VIEW + (int)d->view;
        a.contexts[a.n++] = IN_PANES;
    }
    a.contexts[a.n++] = ANYWHERE;
    return a;
}

static int find_context(const char *name, struct error *err)
{
    const char *names[CONTEXTS];
    int numbers[CONTEXTS], n = 0, found;

    for (int i = 0; i < CONTEXTS; i++) {
        bool known = false;

        for (int j = 0; j < n; j++)
            known = known || strcmp(names[j], context_name(i)) == 0;
        if (!known) {
            names[n] = context_name(i);
            numbers[n++] = i;
        }
    }
    found = name_find("context", name, names, n,
                      "keys belong to anywhere, panes, a view or a pane", err);
    return found >= 0 ? numbers[found] : -1;
}

/* ---- keys of a binding ---- */

/* One or two keys, a blank between them. Returns how many, 0: they are none. */
static int parse_keys(const char *text, struct key out[2])
{
    const char *blank = strchr(text, ' ');
    char *first;
    bool ok;

    if (!blank)
        return key_parse(text, &out[0]);
    first = xstrndup(text, (size_t)(blank - text));
    ok = key_parse(first, &out[0]) && key_parse(blank + 1, &out[1]);
    free(first);
    return ok ? 2 : 0;
}

static char *print_keys(const struct key *keys, int n)
{
    struct str text = {0};

    key_print(&keys[0], &text);
    if (n == 2) {
        str_putc(&text, ' ');
        key_print(&keys[1], &text);
    }
    return text.text;
}

/* Whether one of the two keeps the other from being reached. */
static bool clash(const struct entry *a, const struct entry *b)
{
    return key_equal(&a->keys[0], &b->keys[0]) &&
           (a->n_keys == 1 || b->n_keys == 1 || key_equal(&a->keys[1], &b->keys[1]));
}

/* ---- the table ---- */

static void done_entry(struct entry *e)
{
    free((char *)e->b.key);
    free((char *)e->b.line);
    free((char *)e->b.help);
    free((char *)e->b.hint);
}

/* Copies the texts. */
static struct entry make_entry(int context, const struct key *keys, int n_keys,
                               const char *line, const char *help, const char *hint)
{
    struct entry e = {
        .b = {
            .context = context_name(context),
            .key = print_keys(keys, n_keys),
            .line = xstrdup(line),
            .help = xstrdup(help),
            .hint = hint ? xstrdup(hint) : NULL,
        },
        .context = context,
        .n_keys = n_keys,
    };

    memcpy(e.keys, keys, (size_t)n_keys * sizeof(*keys));
    return e;
}

static void add_entry(struct keys *k, struct entry e)
{
    k->entries = xgrow(k->entries, k->n, &k->capacity, sizeof(*k->entries));
    k->entries[k->n++] = e;
}

struct keys *keys_new(void)
{
    struct keys *k = xcalloc(1, sizeof(*k));

    for (const struct binding *b = keys_builtin; b->context; b++) {
        struct key keys[2];
        int n = parse_keys(b->key, keys);

        add_entry(k, make_entry(find_context(b->context, NULL), keys, n, b->line, b->help,
                                b->hint));
    }
    return k;
}

void keys_free(struct keys *k)
{
    if (!k)
        return;
    for (size_t i = 0; i < k->n; i++)
        done_entry(&k->entries[i]);
    free(k->entries);
    free(k);
}

const struct binding *keys_at(const struct keys *k, int i)
{
    return i >= 0 && (size_t)i < k->n ? &k->entries[i].b : NULL;
}

/* ---- bind and unbind ---- */

static bool refuse_key(const char *key, struct error *err)
{
    char *shown = show(key, 40);

    error_set(err, ERROR_USAGE,
              "there is no key \"%s\"; keys are written a, A, C-a, M-a, F5, Enter, "
              "Space, PgUp, C-Left, or two of them: \"g g\"", shown);
    free(shown);
    return false;
}

/* What a person types at the prompt must reach it. */
static bool is_typed(const struct key *k)
{
    return k->kind == KEY_CHARACTER && k->modifiers == 0;
}

static int check_keys(int context, const char *key, struct key out[2], struct error *err)
{
    static const struct key interrupt = {.kind = KEY_CHARACTER, .code = 'c',
                                         .modifiers = KEY_CONTROL};
    int n = parse_keys(key, out);

    if (n == 0)
        refuse_key(key, err);
    else if (key_equal(&out[0], &interrupt))
        error_set(err, ERROR_USAGE, "C-c interrupts, whatever goes on, and cannot get "
                  "another command");
    else if (context == ANYWHERE && is_typed(&out[0]))
        error_set(err, ERROR_USAGE, "%s belongs to the prompt and cannot get a command "
                  "anywhere; `bind panes %s ...` gives it one in the panes", key, key);
    else
        return n;
    return 0;
}

/* Every %name has to be one that keys_expand knows. */
static bool check_words(const char *line, struct error *err)
{
    for (const char *p = line; (p = strchr(p, '%')); p++) {
        size_t n = strspn(p + 1, "abcdefghijklmnopqrstuvwxyz");

        if (n > 0 && !keys_is_word(p + 1, n))
            return error_set(err, ERROR_USAGE,
                             "%%%.*s stands for nothing; what is under the cursor is "
                             "%%column, %%columns, %%value, %%run, %%job, %%pause, "
                             "%%figure",
                             (int)n, p + 1);
    }
    return true;
}

/* The command that a line runs; NULL and a sentence if there is none. */
static const struct command *find_verb(const char *line, struct error *err)
{
    const struct command *found;
    char *verb;

    line += strspn(line, " \t");
    if (str_starts(line, keys_ask))
        line += ASK_LENGTH;
    else if (str_starts(line, "%pause"))
        line++;
    verb = xstrndup(line, strcspn(line, " \t}"));
    found = command_find(verb, err);
    free(verb);
    return found;
}

static const struct command *check_line(const char *line, struct error *err)
{
    struct words words;

    if (!words_split(line, &words, err))
        return NULL;
    words_done(&words);
    return check_words(line, err) ? find_verb(line, err) : NULL;
}

/* The entry of just these keys in this context. */
static struct entry *find_entry(const struct keys *k, const struct entry *wanted)
{
    for (size_t i = 0; i < k->n; i++) {
        struct entry *e = &k->entries[i];

        if (e->context == wanted->context && e->n_keys == wanted->n_keys &&
            clash(e, wanted))
            return e;
    }
    return NULL;
}

bool keys_bind(struct keys *k, const char *context, const char *key, const char *line,
               struct error *err)
{
    int where = find_context(context, err);
    const struct command *command;
    struct entry made, *old;
    struct key keys[2];
    int n;

    if (where < 0 || (n = check_keys(where, key, keys, err)) == 0 ||
        !(command = check_line(line, err)))
        return false;
    made = make_entry(where, keys, n, line, command->help, NULL);
    old = find_entry(k, &made);
    if (old) {
        done_entry(old);
        *old = made;
    } else {
        add_entry(k, made);
    }
    return true;
}

bool keys_unbind(struct keys *k, const char *context, const char *key, struct error *err)
{
    struct entry wanted = {.context = find_context(context, err)}, *found;

    if (wanted.context < 0)
        return false;
    wanted.n_keys = parse_keys(key, wanted.keys);
    if (wanted.n_keys == 0)
        return refuse_key(key, err);
    found = find_entry(k, &wanted);
    if (!found)
        return error_set(err, ERROR_USAGE,
                         "%s has no command in %s; `tabscope --keys` lists the keys", key,
                         context_name(wanted.context));
    done_entry(found);
    memmove(found, found + 1,
            (size_t)(k->entries + k->n - (found + 1)) * sizeof(*found));
    k->n--;
    return true;
}

/* ---- looking up ---- */

/* The entry of a single key, else the first of two that begins with it. */
static const struct entry *find_first(const struct keys *k, int context,
                                      const struct key *key)
{
    const struct entry *pair = NULL;

    for (size_t i = 0; i < k->n; i++) {
        const struct entry *e = &k->entries[i];

        if (e->context != context || !key_equal(&e->keys[0], key))
            continue;
        if (e->n_keys == 1)
            return e;
        pair = pair ? pair : e;
    }
    return pair;
}

static const struct entry *find_second(const struct keys *k, int context,
                                       const struct key *first, const struct key *second)
{
    for (size_t i = 0; i < k->n; i++) {
        const struct entry *e = &k->entries[i];

        if (e->context == context && e->n_keys == 2 && key_equal(&e->keys[0], first) &&
            key_equal(&e->keys[1], second))
            return e;
    }
    return NULL;
}

enum keys_news keys_find(const struct keys *k, const struct desk *d, struct str *pending,
                         const struct key *key, const struct binding **out)
{
    struct active a = active_contexts(d);
    const struct entry *found = NULL;
    struct key first;
    bool second = pending->length > 0 && key_parse(pending->text, &first);

    *out = NULL;
    str_clear(pending);
    for (int i = 0; i < a.n && !found; i++)
        found = second ? find_second(k, a.contexts[i], &first, key)
                       : find_first(k, a.contexts[i], key);
    if (!found)
        return KEYS_NONE;
    if (!second && found->n_keys == 2) {
        key_print(key, pending);
        return KEYS_MORE;
    }
    *out = &found->b;
    return KEYS_BOUND;
}

/* Whether an entry of a context that is looked at before keeps this one from being
 * reached, or in its own context a single key a pair. */
static const struct entry *hider(const struct keys *k, const struct active *a,
                                 const struct entry *e)
{
    for (int i = 0; i < a->n; i++) {
        for (size_t j = 0; j < k->n; j++) {
            const struct entry *other = &k->entries[j];

            if (other != e && other->context == a->contexts[i] && clash(other, e) &&
                (other->context != e->context || other->n_keys < e->n_keys))
                return other;
        }
        if (a->contexts[i] == e->context)
            break;
    }
    return NULL;
}

static bool is_of_item(const struct binding *b)
{
    static const char *const words[] = {"%column", "%value", "%run", "%job", "%pause",
                                        "%figure"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strstr(b->line, words[i]))
            return true;
    return strcmp(b->line, "enter") == 0 || strcmp(b->line, "copy") == 0;
}

static bool runs_line(const struct binding *const *b, int n, const char *line)
{
    for (int i = 0; i < n; i++)
        if (strcmp(b[i]->line, line) == 0)
            return true;
    return false;
}

int keys_here(const struct keys *k, const struct desk *d, bool item,
              const struct binding **out, int most)
{
    struct active a = active_contexts(d);
    int n = 0;

    for (int i = 0; i < a.n; i++)
        for (size_t j = 0; j < k->n && n < most; j++) {
            const struct entry *e = &k->entries[j];

            if (e->context == a.contexts[i] && (!item || is_of_item(&e->b)) &&
                !runs_line(out, n, e->b.line) && !hider(k, &a, e))
                out[n++] = &e->b;
        }
    return n;
}

void keys_print_all(const struct keys *k, const struct desk *d, const struct binding *b,
                    struct str *out)
{
    struct active a = active_contexts(d);

    str_puts(out, b->key);
    for (int i = 0; i < a.n; i++)
        for (size_t j = 0; j < k->n; j++) {
            const struct entry *e = &k->entries[j];

            if (&e->b != b && e->context == a.contexts[i] &&
                strcmp(e->b.line, b->line) == 0 && !hider(k, &a, e))
                str_printf(out, " %s", e->b.key);
        }
}

/* ---- printing ---- */

/* The contexts looked at while the pane has the keys, down to that of e. False: e is not
 * among them. */
static bool active_above(const struct entry *e, int pane, struct active *out)
{
    struct desk d = {.place = PLACE_PANES, .view = pane_view((enum pane_id)pane)};

    d.focus[d.view] = (enum pane_id)pane;
    *out = active_contexts(&d);
    for (int i = 0; i < out->n; i++)
        if (out->contexts[i] == e->context) {
            out->n = i + 1;
            return true;
        }
    return false;
}

/* What hides an entry in any place. */
static const struct entry *any_hider(const struct keys *k, const struct entry *e)
{
    const struct entry *found = NULL;
    struct active a;

    for (int pane = 0; pane < PANES && !found; pane++)
        if (active_above(e, pane, &a))
            found = hider(k, &a, e);
    return found;
}

static void print_conflicts(const struct keys *k, struct str *out)
{
    struct str list = {0};
    int n = 0;

    for (size_t i = 0; i < k->n; i++) {
        const struct entry *e = &k->entries[i], *over = any_hider(k, e);

        if (!over)
            continue;
        str_printf(&list, "  %s %s (%s) hides %s %s (%s)\n", over->b.context, over->b.key,
                   over->b.line, e->b.context, e->b.key, e->b.line);
        n++;
    }
    if (n == 0)
        str_puts(out, "conflicts: none\n");
    else
        str_printf(out, "conflicts: %d\n%s", n, str_text(&list));
    str_done(&list);
}

void keys_print(const struct keys *k, struct str *out)
{
    enum { LINE_COLUMNS = 32 };
    int contexts = 0, widest = 0;

    for (size_t i = 0; i < k->n; i++) {
        const struct binding *b = &k->entries[i].b;
        int context = (int)strlen(b->context);
        int key = (int)show_width(b->key, strlen(b->key));

        contexts = context > contexts ? context : contexts;
        widest = key > widest ? key : widest;
    }
    for (int context = 0; context < CONTEXTS; context++)
        for (size_t i = 0; i < k->n; i++) {
            const struct entry *e = &k->entries[i];
            int gap = widest - (int)show_width(e->b.key, strlen(e->b.key));

            if (e->context == context)
                str_printf(out, "%-*s  %s%*s  %-*s  %s\n", contexts, e->b.context,
                           e->b.key, gap, "", LINE_COLUMNS, e->b.line, e->b.help);
        }
    print_conflicts(k, out);
}
