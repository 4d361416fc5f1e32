/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every take_ function decodes what its name says at bytes[0..n) and returns the bytes it
 * took, 0 if it has to see more. With `final` none returns 0. A decision taken without
 * `final` is one that further bytes would not change.
 */
#include "ui/keycode.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

enum {
    ESC = 27,
    SEQUENCE_LIMIT = 128, /* bytes of a sequence; what is longer is none */
    ANSWER_LIMIT = 4096,  /* of an answer that is a string */
    PARAMETERS = 16,
    PARTS = 3,            /* of a parameter, "a:b:c" */
};

static const char paste_end[] = "\033[201~";

/* ---- one form for each key ---- */

/* What terminals send in several ways, or cannot tell apart, becomes one key. */
static void normalise(struct key *k)
{
    static const char from[] = "ijmh[?@", to[] = {9, 13, 13, 127, 27, 127, ' '};
    const char *found;

    if (k->kind == KEY_FUNCTION && k->code == KEY_BACK_TAB)
        k->modifiers &= ~(unsigned)KEY_SHIFT;
    if (k->kind != KEY_CHARACTER)
        return;
    if (k->modifiers & KEY_CONTROL) {
        if (k->code >= 'A' && k->code <= 'Z')
            k->code += 'a' - 'A';
        found = k->code > 0 && k->code < 127 ? strchr(from, k->code) : NULL;
        if (found) {
            k->code = to[found - from];
            if (k->code != ' ')
                k->modifiers &= ~(unsigned)KEY_CONTROL;
        }
    }
    if (!(k->modifiers & KEY_SHIFT))
        return;
    if (k->code == 9) {
        k->kind = KEY_FUNCTION;
        k->code = KEY_BACK_TAB;
        k->modifiers &= ~(unsigned)KEY_SHIFT;
    } else if (k->code >= 'A' && k->code <= 'Z') {
        k->modifiers &= ~(unsigned)KEY_SHIFT;
    } else if (k->code >= 'a' && k->code <= 'z' && !(k->modifiers & KEY_CONTROL)) {
        k->code += 'A' - 'a';
        k->modifiers &= ~(unsigned)KEY_SHIFT;
    }
}

static void set_key(struct key *out, enum key_kind kind, int code, unsigned modifiers)
{
    *out = (struct key){.kind = kind, .code = code, .modifiers = modifiers};
    normalise(out);
}

/* ---- characters ---- */

/* Whether bytes[0..n) is the beginning of a character of UTF-8. */
static bool is_cut(const char *bytes, size_t n)
{
    unsigned char first = (unsigned char)bytes[0];
    size_t length = first < 0xC2 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3
                  : first < 0xF5 ? 4 : 1;

    for (size_t i = 1; i < n && i < length; i++)
        if (((unsigned char)bytes[i] & 0xC0) != 0x80)
            return false;
    return n < length;
}

static size_t take_character(const char *bytes, size_t n, bool final, struct key *out)
{
    int code, length = utf8_decode(bytes, n, &code);

    if (code < 0)
        return !final && is_cut(bytes, n) ? 0 : 1;
    if (code < ' ')
        set_key(out, KEY_CHARACTER, code == 0 ? ' ' : code < ESC ? code + 'a' - 1
                                                                 : code + '@',
                KEY_CONTROL);
    else if (code < 0x80 || code >= 0xA0)
        set_key(out, KEY_CHARACTER, code, 0);
    return (size_t)length;
}

/* ---- sequences ---- */

/* "ESC [ ? 1:2;3 $ y": mark '?', two parameters, last byte 'y'. */
struct sequence {
    char mark, last;  /* 0: none; a sequence without a last byte is broken */
    int n;
    int values[PARAMETERS][PARTS]; /* 0 where nothing stands */
};

static void read_digit(struct sequence *s, int part, char digit)
{
    int *value;

    if (s->n == 0)
        s->n = 1;
    if (s->n > PARAMETERS || part >= PARTS)
        return;
    value = &s->values[s->n - 1][part];
    if (*value < 10000000)
        *value = *value * 10 + (digit - '0');
}

/* What stands behind "ESC [" (or "ESC O"); a byte that cannot belong to a sequence ends
 * it and is left. rxvt ends keys in '$', which is no last byte elsewhere. */
static size_t read_sequence(const char *bytes, size_t n, struct sequence *s)
{
    int part = 0;
    size_t i = 2;

    *s = (struct sequence){0};
    if (i < n && strchr("<=>?", bytes[i]) && bytes[i])
        s->mark = bytes[i++];
    for (; i < n && i < SEQUENCE_LIMIT; i++) {
        char c = bytes[i];

        if (c >= '0' && c <= '9') {
            read_digit(s, part, c);
        } else if (c == ':') {
            part++;
        } else if (c == ';') {
            s->n += s->n == 0 ? 2 : 1;
            part = 0;
        } else if ((c >= '@' && c <= '~') || (c == '$' && s->n == 1 && !s->mark)) {
            s->last = c;
            return i + 1;
        } else if (c < ' ' || c > '/') {
            return i;
        }
    }
    return i < SEQUENCE_LIMIT ? 0 : i;
}

static int parameter(const struct sequence *s, int i)
{
    return i >= 0 && i < s->n && i < PARAMETERS ? s->values[i][0] : 0;
}

/* As xterm counts them: 1 and a bit for each. */
static unsigned modifiers_of(int parameter)
{
    return parameter > 1 ? (unsigned)(parameter - 1) & (KEY_SHIFT | KEY_ALT | KEY_CONTROL)
                         : 0;
}

/* The function key that a last byte stands for, 0: none. */
static int function_of_letter(char last)
{
    switch (last) {
    case 'A': return KEY_UP;
    case 'B': return KEY_DOWN;
    case 'C': return KEY_RIGHT;
    case 'D': return KEY_LEFT;
    case 'H': return KEY_HOME;
    case 'F': return KEY_END;
    case 'Z': return KEY_BACK_TAB;
    case 'P': case 'Q': case 'R': case 'S': return KEY_F + 1 + (last - 'P');
    default: return 0;
    }
}

/* The one of "ESC [ number ~": those of VT220, rxvt's 7 and 8, xterm's for F21 to F24. */
static int function_of_number(int number)
{
    static const signed char functions[] = {
        [1] = KEY_HOME, KEY_INSERT, KEY_DELETE, KEY_END, KEY_PAGE_UP, KEY_PAGE_DOWN,
        KEY_HOME, KEY_END,
        [11] = -1, -2, -3, -4, -5, [17] = -6, -7, -8, -9, -10, [23] = -11, -12, -13, -14,
        [28] = -15, -16, [31] = -17, -18, -19, -20, [42] = -21, -22, -23, -24,
    };
    int function = number > 0 && number < (int)sizeof functions ? functions[number] : 0;

    return function < 0 ? KEY_F - function : function;
}

/* A key by the number that CSI u has for it: a code point, or one of the private area for
 * a key that has none (as kitty assigned them). */
static void set_coded(struct key *out, int code, unsigned modifiers)
{
    static const char keypad[] = "0123456789./*-+\r=,";
    static const int functions[] = {KEY_LEFT, KEY_RIGHT, KEY_UP, KEY_DOWN, KEY_PAGE_UP,
                                    KEY_PAGE_DOWN, KEY_HOME, KEY_END, KEY_INSERT,
                                    KEY_DELETE};
    enum { F13 = 57376, KEYPAD = 57399, ARROWS = 57417, BEHIND = 57427 };

    if (code >= F13 && code < F13 + 12)
        set_key(out, KEY_FUNCTION, KEY_F + 13 + (code - F13), modifiers);
    else if (code >= KEYPAD && code < ARROWS)
        set_key(out, KEY_CHARACTER, keypad[code - KEYPAD], modifiers);
    else if (code >= ARROWS && code < BEHIND)
        set_key(out, KEY_FUNCTION, functions[code - ARROWS], modifiers);
    else if (code == 8 || code == 10)
        set_key(out, KEY_CHARACTER, code == 8 ? 127 : 13, modifiers);
    else if (code == 9 || code == 13 || code == ESC || (code >= ' ' && code < 0x80) ||
             (code >= 0xA0 && code < 0xD800) || (code >= 0xF900 && code < 0xF0000))
        set_key(out, KEY_CHARACTER, code, modifiers);
}

/* "ESC [ code:shifted ; modifiers:event u" */
static void set_csi_u(struct key *out, const struct sequence *s)
{
    enum { RELEASE = 3 };
    unsigned modifiers = modifiers_of(parameter(s, 1));

    if (s->n > 1 && s->values[1][1] == RELEASE)
        return;
    if (modifiers == KEY_SHIFT && s->values[0][1] > 0)
        set_coded(out, s->values[0][1], 0);
    else
        set_coded(out, parameter(s, 0), modifiers);
}

/* ESC [ ... ~, and rxvt's ^ $ @, which say the modifiers. */
static void set_numbered(struct key *out, const struct sequence *s)
{
    unsigned modifiers = s->last == '^' ? KEY_CONTROL : s->last == '$' ? KEY_SHIFT
                       : s->last == '@' ? KEY_CONTROL | KEY_SHIFT
                       : modifiers_of(parameter(s, 1));
    int function = function_of_number(parameter(s, 0));

    if (parameter(s, 0) == 27 && s->n == 3) /* xterm's modifyOtherKeys */
        set_coded(out, parameter(s, 2), modifiers);
    else if (function)
        set_key(out, KEY_FUNCTION, function, modifiers);
}

/* ESC [ ... with a letter at its end. */
static void set_lettered(struct key *out, const struct sequence *s)
{
    int function = function_of_letter(s->last);
    unsigned modifiers = modifiers_of(parameter(s, s->n - 1));

    if (s->n == 0 && (s->last == 'I' || s->last == 'O')) {
        set_key(out, KEY_FOCUS, s->last == 'I', 0);
    } else if (s->n == 0 && s->last >= 'a' && s->last <= 'd') { /* rxvt */
        set_key(out, KEY_FUNCTION, function_of_letter((char)(s->last - 'a' + 'A')),
                KEY_SHIFT);
    } else if (s->last == 'n') {
        set_key(out, KEY_ANSWER, parameter(s, 0), 0);
    } else if (s->last == 'R' && s->n > 1 && (parameter(s, 0) != 1 || modifiers == 0)) {
        return; /* where the cursor is, not F3 */
    } else if (function) {
        set_key(out, KEY_FUNCTION, function, modifiers);
    }
}

/* b: button and modifiers as xterm packs them; x and y from 1. */
static void set_mouse(struct key *out, int b, int x, int y, bool release)
{
    enum { SHIFT = 4, ALT = 8, CONTROL = 16, MOTION = 32, WHEEL = 64, EXTRA = 128 };
    int button = b & 3;
    bool wheel = b & WHEEL;

    if (x < 1 || y < 1 || b >= EXTRA || (wheel && button > 1) || (!wheel && button == 3))
        return; /* sideways wheels, further buttons, motion without a button */
    *out = (struct key){.kind = KEY_MOUSE, .x = x - 1, .y = y - 1};
    out->code = wheel ? 0 : button + 1;
    out->action = wheel ? (button == 0 ? MOUSE_WHEEL_UP : MOUSE_WHEEL_DOWN)
                : release ? MOUSE_RELEASE
                : b & MOTION ? MOUSE_DRAG : MOUSE_PRESS;
    out->modifiers = (b & SHIFT ? KEY_SHIFT : 0u) | (b & ALT ? KEY_ALT : 0u) |
                     (b & CONTROL ? KEY_CONTROL : 0u);
}

/* "ESC [ ? 62 ; 4 ; 22 c": what is behind the class of terminals; 4 are sixels. */
static void set_features(struct key *out, const struct sequence *s)
{
    bool sixels = false;

    for (int i = 1; i < s->n && i < PARAMETERS; i++)
        sixels |= parameter(s, i) == 4;
    set_key(out, KEY_FEATURES, sixels, 0);
}

static void set_sequence(struct key *out, const struct sequence *s)
{
    if (s->mark == '<' && (s->last == 'M' || s->last == 'm') && s->n == 3)
        set_mouse(out, parameter(s, 0), parameter(s, 1), parameter(s, 2),
                  s->last == 'm');
    else if (s->mark == '?' && s->last == 'c')
        set_features(out, s);
    else if (s->mark)
        return; /* an answer */
    else if (s->last == 'u')
        set_csi_u(out, s);
    else if (strchr("~^$@", s->last))
        set_numbered(out, s);
    else
        set_lettered(out, s);
}

/* ---- what begins with ESC ---- */

static size_t take_lone_escape(struct key *out)
{
    set_key(out, KEY_CHARACTER, ESC, 0);
    return 1;
}

/* Alt and a character. */
static size_t take_alt(const char *bytes, size_t n, bool final, struct key *out)
{
    size_t used = take_character(bytes + 1, n - 1, final, out);

    if (used == 0)
        return 0;
    if (out->kind == KEY_NONE)
        return take_lone_escape(out);
    set_key(out, out->kind, out->code, out->modifiers | KEY_ALT);
    return used + 1;
}

/* The old mouse report: ESC [ M and three bytes, each 32 more than its value. */
static size_t take_old_mouse(const char *bytes, size_t n, bool final, struct key *out)
{
    enum { LENGTH = 6, OFFSET = 32 };
    int b, x, y;

    if (n < LENGTH)
        return final ? n : 0;
    b = (unsigned char)bytes[3] - OFFSET;
    x = (unsigned char)bytes[4] - OFFSET;
    y = (unsigned char)bytes[5] - OFFSET;
    if (b < 0 || x < 1 || y < 1)
        return 3;
    if ((b & 0x43) == 3) /* it does not say which button was released */
        set_mouse(out, b & ~3, x, y, true);
    else
        set_mouse(out, b, x, y, false);
    return LENGTH;
}

/* Linux' console: ESC [ [ A to E are F1 to F5. */
static size_t take_linux(const char *bytes, size_t n, bool final, struct key *out)
{
    if (n == 3)
        return final ? n : 0;
    if (bytes[3] < 'A' || bytes[3] > 'E')
        return 3;
    set_key(out, KEY_FUNCTION, KEY_F + 1 + (bytes[3] - 'A'), 0);
    return 4;
}

/* begin: bytes of "ESC [ 200 ~" */
static size_t take_paste(const char *bytes, size_t n, size_t begin, bool final,
                         struct key *out)
{
    const char *end = memmem(bytes + begin, n - begin, paste_end, sizeof paste_end - 1);

    if (!end && !final)
        return 0;
    out->kind = KEY_PASTE;
    out->text = bytes + begin;
    out->length = (size_t)((end ? end : bytes + n) - out->text);
    return end ? begin + out->length + sizeof paste_end - 1 : n;
}

static bool begins_paste(const struct sequence *s)
{
    return s->last == '~' && !s->mark && s->n == 1 && parameter(s, 0) == 200;
}

static size_t take_sequence(const char *bytes, size_t n, bool final, struct key *out)
{
    struct sequence s;
    size_t used;

    if (n == 2)
        return final ? take_alt(bytes, n, final, out) : 0;
    if (bytes[2] == 'M')
        return take_old_mouse(bytes, n, final, out);
    if (bytes[2] == '[')
        return take_linux(bytes, n, final, out);
    used = read_sequence(bytes, n, &s);
    if (used == 0)
        return final ? n : 0;
    if (begins_paste(&s))
        return take_paste(bytes, n, used, final, out);
    if (s.last)
        set_sequence(out, &s);
    return used;
}

/* ESC O: arrows and F1 to F4 as some modes have them, the keypad, rxvt's Ctrl-arrows. */
static size_t take_keypad(const char *bytes, size_t n, bool final, struct key *out)
{
    static const char characters[] = "*+,-./0123456789"; /* of j to y */
    struct sequence s;
    size_t used;
    int function;

    if (n == 2)
        return final ? take_alt(bytes, n, final, out) : 0;
    used = read_sequence(bytes, n, &s);
    if (used == 0)
        return final ? n : 0;
    function = function_of_letter(s.last);
    if (s.mark || s.n > 2)
        s.last = 0;
    else if (function)
        set_key(out, KEY_FUNCTION, function, modifiers_of(parameter(&s, s.n - 1)));
    else if (s.last >= 'a' && s.last <= 'd')
        set_key(out, KEY_FUNCTION, function_of_letter((char)(s.last - 'a' + 'A')),
                KEY_CONTROL);
    else if (s.last >= 'j' && s.last <= 'y')
        set_key(out, KEY_CHARACTER, characters[s.last - 'j'], 0);
    else if (s.last == 'M')
        set_key(out, KEY_CHARACTER, 13, 0);
    return out->kind != KEY_NONE ? used : take_alt(bytes, 2, true, out);
}

/* Whether ESC, `kind` and `next` begin an answer rather than Alt and a key. */
static bool begins_answer(char kind, char next)
{
    return next != '\0' && strchr(kind == ']' ? "0123456789" : kind == 'P' ? "01>!" : "G",
                                  next);
}

/* An answer that is a string: OSC (also ended by BEL), DCS, APC. */
static size_t take_answer(const char *bytes, size_t n, bool final, struct key *out)
{
    enum { BEL = 7, CAN = 24, SUB = 26 };
    size_t i;

    if (n == 2)
        return final ? take_alt(bytes, n, final, out) : 0;
    if (!begins_answer(bytes[1], bytes[2]))
        return take_alt(bytes, 2, true, out);
    for (i = 3; i < n && i < ANSWER_LIMIT; i++) {
        if ((bytes[i] == BEL && bytes[1] == ']') || bytes[i] == CAN || bytes[i] == SUB)
            return i + 1;
        if (bytes[i] == ESC && i + 1 < n)
            return bytes[i + 1] == '\\' ? i + 2 : i;
    }
    return n > ANSWER_LIMIT || final ? i : 0;
}

/* Where Alt is an ESC before the key, a sequence may have one too. */
static size_t take_two_escapes(const char *bytes, size_t n, bool final, struct key *out)
{
    size_t used;

    if (n == 2 && !final)
        return 0;
    if (n > 2 && (bytes[2] == '[' || bytes[2] == 'O')) {
        used = bytes[2] == '[' ? take_sequence(bytes + 1, n - 1, final, out)
                               : take_keypad(bytes + 1, n - 1, final, out);
        if (used == 0)
            return 0;
        if (out->kind == KEY_FUNCTION) {
            out->modifiers |= KEY_ALT;
            return used + 1;
        }
    }
    return take_lone_escape(out);
}

static size_t take_escape(const char *bytes, size_t n, bool final, struct key *out)
{
    if (n == 1)
        return final ? take_lone_escape(out) : 0;
    switch (bytes[1]) {
    case '[': return take_sequence(bytes, n, final, out);
    case 'O': return take_keypad(bytes, n, final, out);
    case 'P': case ']': case '_': return take_answer(bytes, n, final, out);
    case ESC: return take_two_escapes(bytes, n, final, out);
    default: return take_alt(bytes, n, final, out);
    }
}

size_t key_decode(const char *bytes, size_t n, bool final, struct key *out)
{
    *out = (struct key){.kind = KEY_NONE};
    return bytes[0] == ESC ? take_escape(bytes, n, final, out)
                           : take_character(bytes, n, final, out);
}

bool key_in_paste(const char *bytes, size_t n)
{
    struct sequence s;
    size_t begin;

    if (n < 3 || bytes[0] != ESC || bytes[1] != '[')
        return false;
    begin = read_sequence(bytes, n, &s);
    return begin > 0 && begins_paste(&s) &&
           !memmem(bytes + begin, n - begin, paste_end, sizeof paste_end - 1);
}

/* ---- names ---- */

/* The first name of a key is the one that is printed. */
static const struct {
    const char *name;
    enum key_kind kind;
    int code;
} names[] = {
    {"Enter", KEY_CHARACTER, 13}, {"Return", KEY_CHARACTER, 13},
    {"Tab", KEY_CHARACTER, 9},
    {"Bksp", KEY_CHARACTER, 127}, {"Backspace", KEY_CHARACTER, 127},
    {"Esc", KEY_CHARACTER, ESC}, {"Escape", KEY_CHARACTER, ESC},
    {"Space", KEY_CHARACTER, ' '},
    {"Up", KEY_FUNCTION, KEY_UP}, {"Down", KEY_FUNCTION, KEY_DOWN},
    {"Left", KEY_FUNCTION, KEY_LEFT}, {"Right", KEY_FUNCTION, KEY_RIGHT},
    {"Home", KEY_FUNCTION, KEY_HOME}, {"End", KEY_FUNCTION, KEY_END},
    {"PgUp", KEY_FUNCTION, KEY_PAGE_UP}, {"PageUp", KEY_FUNCTION, KEY_PAGE_UP},
    {"PgDn", KEY_FUNCTION, KEY_PAGE_DOWN}, {"PageDown", KEY_FUNCTION, KEY_PAGE_DOWN},
    {"Ins", KEY_FUNCTION, KEY_INSERT}, {"Insert", KEY_FUNCTION, KEY_INSERT},
    {"Del", KEY_FUNCTION, KEY_DELETE}, {"Delete", KEY_FUNCTION, KEY_DELETE},
};

enum { N_NAMES = sizeof names / sizeof names[0], LAST_F = 24 };

static void print_character(int code, struct str *out)
{
    char bytes[4];

    str_add(out, bytes, (size_t)utf8_encode(code, bytes));
}

void key_print(const struct key *k, struct str *out)
{
    bool back_tab = k->kind == KEY_FUNCTION && k->code == KEY_BACK_TAB;

    if (k->kind != KEY_CHARACTER && k->kind != KEY_FUNCTION)
        return;
    if (k->modifiers & KEY_CONTROL)
        str_puts(out, "C-");
    if (k->modifiers & KEY_ALT)
        str_puts(out, "M-");
    if (k->modifiers & KEY_SHIFT || back_tab)
        str_puts(out, "S-");
    for (int i = 0; i < N_NAMES; i++)
        if (names[i].kind == k->kind && names[i].code == k->code) {
            str_puts(out, names[i].name);
            return;
        }
    if (back_tab)
        str_puts(out, "Tab");
    else if (k->kind == KEY_FUNCTION)
        str_printf(out, "F%d", k->code - KEY_F);
    else
        print_character(k->code, out);
}

/* The name without its modifiers. */
static bool parse_bare(const char *name, struct key *out)
{
    int code, length = name[0] ? utf8_decode(name, strlen(name), &code) : 0;
    long number;

    if (length > 0 && name[length] == '\0') {
        out->kind = KEY_CHARACTER;
        out->code = code;
        return code > ' ' && code != 127 && (code < 0x80 || code >= 0xA0);
    }
    for (int i = 0; i < N_NAMES; i++)
        if (strcasecmp(name, names[i].name) == 0) {
            out->kind = names[i].kind;
            out->code = names[i].code;
            return true;
        }
    if ((name[0] != 'F' && name[0] != 'f') || !str_to_long(name + 1, 1, LAST_F, &number))
        return false;
    out->kind = KEY_FUNCTION;
    out->code = KEY_F + (int)number;
    return true;
}

bool key_parse(const char *name, struct key *out)
{
    *out = (struct key){.kind = KEY_NONE};
    for (; name[0] && strchr("CMS", name[0]) && name[1] == '-' && name[2]; name += 2)
        out->modifiers |= name[0] == 'C' ? KEY_CONTROL : name[0] == 'M' ? KEY_ALT
                                                                        : KEY_SHIFT;
    if (!parse_bare(name, out)) {
        *out = (struct key){.kind = KEY_NONE};
        return false;
    }
    normalise(out);
    return true;
}

bool key_equal(const struct key *a, const struct key *b)
{
    if (a->kind != b->kind || a->code != b->code || a->modifiers != b->modifiers)
        return false;
    if (a->kind == KEY_MOUSE)
        return a->action == b->action && a->x == b->x && a->y == b->y;
    return a->kind != KEY_PASTE ||
           (a->length == b->length && memcmp(a->text, b->text, a->length) == 0);
}
