/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Commands of the screen: what is looked at and how. They change nothing of the session;
 * the front end that has a screen runs them (way_out.screen), and every key of the
 * workbench is one of them or of the others.
 */
#include "command/families.h"
#include "command/grid.h"
#include "command/option.h"

static bool run_on_screen(struct context *c, const struct call *call, struct error *err)
{
    if (!c->out->screen)
        return error_set(err, ERROR_STATE,
                         "%s needs the screen of the workbench; start tabscope on a "
                         "terminal, without -b and --plain", call->command->name);
    return c->out->screen(c->self, call, err);
}

#define TEXT {VALUE_TEXT, NULL, 0, 0}
#define CHOICES(choices) {VALUE_CHOICE, choices, 0, 0}
#define COUNT(low, high) {VALUE_INT, NULL, low, high}

const struct command command_view = {
    .name = "view",
    .help = "go to a view",
    .arguments = {{"NAME", CHOICES("data|train|runs|attention|embeddings|log|study"),
                   REQUIRED, NULL, "the view"}},
    .flags = COMMAND_SCREEN,
    .run = run_on_screen,
};

const struct command command_focus = {
    .name = "focus",
    .help = "give the keys to a pane or to the prompt",
    .arguments = {{"PANE", CHOICES("next|previous|prompt|panes|schema|column|values|rows|"
                                   "loss|score|facts|roc|confusion|calibration|learned|"
                                   "example|runs|compare|curves|map|heads|query|"
                                   "looked|points|beside|legend|point|log|standings|"
                                   "trials"), REQUIRED, NULL,
                   "the pane"}},
    .flags = COMMAND_SCREEN,
    .run = run_on_screen,
};

const struct command command_move = {
    .name = "move",
    .help = "move the cursor of the focused pane",
    .arguments = {
        {"DIRECTION", CHOICES("up|down|left|right|page-up|page-down|home|end"), REQUIRED,
         NULL, "where to"},
        {"N", COUNT(1, 1000000000), OPTIONAL, NULL, "steps; 1"},
    },
    .flags = COMMAND_SCREEN,
    .run = run_on_screen,
};

const struct command command_enter = {
    .name = "enter",
    .help = "go deeper into what is under the cursor",
    .flags = COMMAND_SCREEN,
    .run = run_on_screen,
};

const struct command command_back = {
    .name = "back",
    .help = "close the pop-up or full-size pane, or go to the view before",
    .options = {{"leave", {VALUE_FLAG, NULL, 0, 0}, OPTIONAL, NULL,
                 "where there is nothing to go back to, leave the program"}},
    .flags = COMMAND_SCREEN,
    .run = run_on_screen,
};

const struct command command_find_verb = {
    .name = "find",
    .help = "search the focused pane",
    .more = "Without a text the next match of the last one is found. Capital and small "
            "letters are equal.",
    .arguments = {{"TEXT", TEXT, OPTIONAL, NULL, "what to look for"}},
    .options = {{"backwards", {VALUE_FLAG, NULL, 0, 0}, OPTIONAL, NULL,
                 "towards the beginning"}},
    .flags = COMMAND_SCREEN,
    .run = run_on_screen,
};

const struct command command_zoom = {
    .name = "zoom",
    .help = "show a part of the curves or of a layout, or more of it",
    .arguments = {{"HOW", CHOICES("in|out|reset"), REQUIRED, NULL,
                   "in and out around the value cursor, else at the end; reset: all "
                   "of it"}},
    .flags = COMMAND_SCREEN,
    .run = run_on_screen,
};

const struct command command_layout = {
    .name = "layout",
    .help = "resize the focused pane; zoom: it takes the whole screen",
    .arguments = {{"HOW", CHOICES("zoom|wider|narrower|taller|shorter|reset"), REQUIRED,
                   NULL, "zoom again: all panes; reset: the sizes of the beginning"}},
    .flags = COMMAND_SCREEN,
    .run = run_on_screen,
};

const struct command command_select = {
    .name = "select",
    .help = "mark columns for the keys that act on columns, or unmark them",
    .more = "Those that are marked are unmarked, and without a column all are. Keys that "
            "act on columns take the marked ones.",
    .arguments = {{"COLUMN", {VALUE_COLUMN, NULL, 0, 0}, MANY_OR_NONE, NULL,
                   "names or /regular expressions/"}},
    .flags = COMMAND_SCREEN | COMMAND_TABLE,
    .run = run_on_screen,
};

const struct command command_arrange = {
    .name = "arrange",
    .help = "order and filter lists of columns",
    .options = {
        {"sort", CHOICES("position|name|missing|distinct|next"), OPTIONAL,
         "position|name|missing|distinct|next",
         "by what; next: by the one after the present"},
        {"only", CHOICES("all|warnings|other"), OPTIONAL, "all|warnings|other",
         "which columns; other: warnings if it was all, or back"},
        {"learned", CHOICES("position|name|worst|gain|next"), OPTIONAL,
         "position|name|worst|gain|next",
         "of what pre-training has learned: worst first, or most learned first"},
    },
    .flags = COMMAND_SCREEN,
    .run = run_on_screen,
};

const struct command command_rows = {
    .name = "rows",
    .help = "show rows of the table, all or those with a value",
    .arguments = {{"COLUMN=VALUE", {VALUE_CELL, NULL, 0, 0}, OPTIONAL, NULL,
                   "those with this value, byte for byte; without it all"}},
    .flags = COMMAND_SCREEN | COMMAND_TABLE,
    .run = run_on_screen,
};

const struct command command_values = {
    .name = "values",
    .help = "show how often each value of a column is there",
    .arguments = {{"COLUMN", {VALUE_COLUMN, NULL, 0, 0}, OPTIONAL, NULL,
                   "the column; else the one under the cursor"}},
    .flags = COMMAND_SCREEN | COMMAND_TABLE,
    .run = run_on_screen,
};

const struct command command_chart = {
    .name = "chart",
    .help = "say how the curves of the Train view are drawn",
    .options = {
        {"y", CHOICES("linear|log|other"), OPTIONAL, "linear|log|other",
         "the axis of the loss; other: the one that it has not now"},
        {"x", CHOICES("epoch|time|other"), OPTIONAL, "epoch|time|other",
         "what they run over; other: the one that they do not now"},
        {"smooth", {VALUE_NUMBER, NULL, 0, 0.99}, OPTIONAL, "X",
         "what a point keeps of the average of those before; 0 shows raw values"},
        {"cursor", CHOICES("left|right|off"), OPTIONAL, "left|right|off",
         "moves the value cursor, which shows the numbers behind the curves"},
        {"steps", COUNT(1, 1000), OPTIONAL, "N", "how far the cursor goes; 1"},
    },
    .flags = COMMAND_SCREEN,
    .run = run_on_screen,
};

const struct command command_overlay = {
    .name = "overlay",
    .help = "draw one more run into curves and comparison, or take it out",
    .arguments = {{"RUN", {VALUE_RUN, NULL, 0, 0}, OPTIONAL, NULL,
                   "the run; without it all are taken out"}},
    .flags = COMMAND_SCREEN,
    .run = run_on_screen,
};

const struct command command_fold = {
    .name = "fold",
    .help = "leave out the runs that began with a run's body, or list them again",
    .arguments = {{"RUN", {VALUE_RUN, NULL, 0, 0}, OPTIONAL, NULL,
                   "the run; without it all are listed again"}},
    .flags = COMMAND_SCREEN,
    .run = run_on_screen,
};

const struct command command_map = {
    .name = "map",
    .help = "say which attention the Attention view shows",
    .more = "It shows what was asked last, here or by `attention`. Rows that are not said "
            "stay as they are.",
    .arguments = {{"CLASS", {VALUE_CLASS, NULL, 0, 0}, OPTIONAL, NULL, "with --diff: what is subtracted"}},
    .options = {
        {"run", {VALUE_RUN, NULL, 0, 0}, OPTIONAL, "R", "of that run"},
        {"layer", TEXT, OPTIONAL, "L|next|previous", "from 1"},
        {"head", TEXT, OPTIONAL, "H|mean|max|rollout|next|previous|other",
         "one from 1; other: a head, the mean, the largest, the rollout in turn"},
        {"row", TEXT, OPTIONAL, "N|next|previous", "of that row of the table"},
        {"cell", {VALUE_CELL, NULL, 0, 0}, OPTIONAL, "COLUMN=VALUE",
         "what if that cell of the row were another"},
        {"class", {VALUE_CLASS, NULL, 0, 0}, OPTIONAL, "V", "of the rows of that class"},
        {"diff", {VALUE_CLASS, NULL, 0, 0}, OPTIONAL, "V", "of the rows of that class less those of CLASS"},
        {"all", {VALUE_FLAG, NULL, 0, 0}, OPTIONAL, NULL,
         "of all rows of the part, nothing subtracted"},
        {"against", {VALUE_RUN, NULL, 0, 0}, OPTIONAL, "R", "less the same of that run"},
        {"on", CHOICES("test|valid|train|all"), OPTIONAL, "test|valid|train|all",
         "which part of the rows"},
        {"masked", CHOICES("off|on|other"), OPTIONAL, "off|on|other",
         "with the masking test"},
        {"threshold", TEXT, OPTIONAL, "X|next",
         "numbers below X / columns are not shown; 1: less than if all are asked alike"},
        {"numbers", CHOICES("off|on|other"), OPTIONAL, "off|on|other",
         "numbers in the cells"},
    },
    .flags = COMMAND_SCREEN,
    .run = run_on_screen,
};

const struct command command_points = {
    .name = "points",
    .help = "say which layout the Embeddings view shows, and how",
    .more = "Another layer, perplexity or seed is laid out anew by `tsne`, which begins "
            "where the values lie, or for a seed anywhere.",
    .options = {
        {"run", {VALUE_RUN, NULL, 0, 0}, OPTIONAL, "R", "the newest layout of that run"},
        {"newest", {VALUE_FLAG, NULL, 0, 0}, OPTIONAL, NULL, "of any run again"},
        {"layer", TEXT, OPTIONAL, "L|next|previous", "from 0"},
        {"perplexity", {VALUE_NUMBER, NULL, 2, 1000}, OPTIONAL, "P",
         "how many neighbours a point has, more or less"},
        {"seed", TEXT, OPTIONAL, "N|next", "of a start from anywhere"},
        {"colour", CHOICES("column|target|rows|other"), OPTIONAL,
         "column|target|rows|other",
         "what colours and glyphs mean: the column; of the target the share of the "
         "positive class, which of several is the most frequent, or the mean; or how "
         "frequent a value is; other: the next of them"},
        {"class", {VALUE_CLASS, NULL, 0, 0}, OPTIONAL, "V|next",
         "colours mean the share of that class; next: of the one behind it, and behind the "
         "last again which is the most frequent"},
        {"cells", CHOICES("off|on|other"), OPTIONAL, "off|on|other",
         "each cell behind the values"},
        {"names", CHOICES("off|on|other"), OPTIONAL, "off|on|other",
         "of values beside them"},
        {"beside", CHOICES("off|on|other"), OPTIONAL, "off|on|other",
         "the layout before or the other of two runs, laid over it by shift, turn and "
         "scale"},
        {"against", CHOICES("off|on|other"), OPTIONAL, "off|on|other",
         "the other of the two runs of `tsne --against`; points move to where it has them"},
        {"hide", {VALUE_COLUMN, NULL, 0, 0}, OPTIONAL, "COLUMN",
         "a column's values, or show them again"},
        {"all", {VALUE_FLAG, NULL, 0, 0}, OPTIONAL, NULL, "show all columns"},
    },
    .flags = COMMAND_SCREEN,
    .run = run_on_screen,
};

const struct command command_brush = {
    .name = "brush",
    .help = "tell what is in a rectangle of the layout",
    .more = "Without anything it begins at the value under the cursor, and the cursor's "
            "keys move its other corner; once more, or Esc, drops it. Which values are in "
            "it more than in all of the layout is told, which others stand beside them in "
            "the same rows (or, where values are points, how frequent they are), and what "
            "the target is there and elsewhere, a row as often as it has cells there, also "
            "while the layout goes on. A lift of 2 is twice the share that a value has of "
            "all that is shown; what chance might have done, less than two standard "
            "deviations, is left out.",
    .arguments = {
        {"LEFT", {VALUE_NUMBER, NULL, -1e9, 1e9}, OPTIONAL, NULL,
         "its side in the numbers that tsne prints; with the next three"},
        {"BOTTOM", {VALUE_NUMBER, NULL, -1e9, 1e9}, OPTIONAL, NULL, "the lower side"},
        {"RIGHT", {VALUE_NUMBER, NULL, -1e9, 1e9}, OPTIONAL, NULL, "the right side"},
        {"TOP", {VALUE_NUMBER, NULL, -1e9, 1e9}, OPTIONAL, NULL, "the upper side"},
    },
    .options = {
        {"swap", {VALUE_FLAG, NULL, 0, 0}, OPTIONAL, NULL, "move its other corner now"},
        {"rows", {VALUE_FLAG, NULL, 0, 0}, OPTIONAL, NULL,
         "show the rows of its points in the Data view"},
        {"export", {VALUE_NEW_FILE, NULL, 0, 0}, OPTIONAL, "FILE",
         "write them to a CSV file, cells as they were read"},
    },
    .flags = COMMAND_SCREEN,
    .run = run_on_screen,
};

const struct command command_range = {
    .name = "range",
    .help = "begin a range of lines to copy at the cursor, or drop it",
    .more = "It goes on to wherever the cursor is moved, in the log and in the lists of "
            "columns, rows and values.",
    .flags = COMMAND_SCREEN,
    .run = run_on_screen,
};

const struct command command_copy = {
    .name = "copy",
    .help = "put what is under the cursor, or the range, into your machine's clipboard",
    .more = "It goes through the terminal (OSC 52), over SSH too, and into the file "
            "`copied` in ~/.local/state/tabscope.",
    .flags = COMMAND_SCREEN,
    .run = run_on_screen,
};

const struct command command_menu = {
    .name = "menu",
    .help = "list what can be done with what is under the cursor",
    .flags = COMMAND_SCREEN,
    .run = run_on_screen,
};

const struct command command_keys = {
    .name = "keys",
    .help = "list the keys that work here",
    .flags = COMMAND_SCREEN,
    .run = run_on_screen,
};

const struct command command_freeze = {
    .name = "freeze",
    .help = "hold the picture for reading, or let it go on",
    .flags = COMMAND_SCREEN,
    .run = run_on_screen,
};

const struct command command_repaint = {
    .name = "repaint",
    .help = "draw the whole screen anew",
    .flags = COMMAND_SCREEN,
    .run = run_on_screen,
};

const struct command command_suspend = {
    .name = "suspend",
    .help = "give the terminal to the shell; all stands still until `fg`",
    .flags = COMMAND_SCREEN,
    .run = run_on_screen,
};

const struct command command_edit = {
    .name = "edit",
    .help = "write the line of the prompt in your editor",
    .more = "It is the one that VISUAL or EDITOR names, else vi. The text comes back to "
            "the prompt and is run by Enter; it may have several lines. All else stands "
            "still meanwhile, but jobs go on.",
    .flags = COMMAND_SCREEN,
    .run = run_on_screen,
};

const struct command command_screen_dump = {
    .name = "screen-dump",
    .help = "write what the screen shows to a text file",
    .arguments = {{"FILE", {VALUE_NEW_FILE, NULL, 0, 0}, REQUIRED, NULL,
                   "the file to write"}},
    .flags = COMMAND_SCREEN,
    .run = run_on_screen,
};

const struct command command_say = {
    .name = "say",
    .help = "show a sentence in the status line",
    .arguments = {{"TEXT", TEXT, REQUIRED, NULL, "the sentence, in quotes"}},
    .flags = COMMAND_SCREEN,
    .run = run_on_screen,
};

const struct command command_linger = {
    .name = "linger",
    .help = "let time go by, as a script that shows something needs it",
    .more = "The screen goes on meanwhile; Ctrl-C ends the script.",
    .arguments = {{"SECONDS", COUNT(1, 3600), REQUIRED, NULL, "how long"}},
    .flags = COMMAND_SCREEN,
    .run = run_on_screen,
};

const struct command command_bind = {
    .name = "bind",
    .help = "give a key a command",
    .more = "CONTEXT is anywhere, panes, a view or a pane. In LINE %column, %columns, "
            "%value, %run and %job stand for what is under the cursor, and %ask{} leaves "
            "the line at the prompt to be completed. The file keys in "
            "~/.config/tabscope holds such lines; `tabscope --keys` prints all keys.",
    .arguments = {
        {"CONTEXT", TEXT, REQUIRED, NULL, "where the key works"},
        {"KEY", TEXT, REQUIRED, NULL, "a, C-a, M-a, F5, Enter, \"g g\" ..."},
        {"LINE", TEXT, REQUIRED, NULL, "the command line"},
    },
    .flags = COMMAND_SCREEN,
    .run = run_on_screen,
};

const struct command command_unbind = {
    .name = "unbind",
    .help = "take the command from a key",
    .arguments = {
        {"CONTEXT", TEXT, REQUIRED, NULL, "where the key works"},
        {"KEY", TEXT, REQUIRED, NULL, "the key"},
    },
    .flags = COMMAND_SCREEN,
    .run = run_on_screen,
};

/* ---- themes ---- */

/* In the order of SCREEN_THEMES. */
static const char *const theme_uses[] = {
    "colours for a dark background",
    "colours for a light background",
    "no colours: bold, reverse and underlined",
    "told apart by the colour-blind: blue and orange, never green beside red",
    "the strongest contrasts",
};

static void list_themes(struct context *c)
{
    struct grid *g = grid_new("themes");
    char name[32];

    grid_column(g, "theme", false);
    grid_column(g, "current", false);
    grid_prose(g, "looks");
    for (int i = 0; value_choice_name(SCREEN_THEMES, i, name, sizeof(name)); i++) {
        grid_puts(g, name);
        grid_bool(g, i == c->session->settings.screen.theme);
        grid_puts(g, theme_uses[i]);
    }
    grid_print(g, c);
}

/* An option like others, which is why it may stand in the start-up file too. */
static bool run_theme(struct context *c, const struct call *call, struct error *err)
{
    if (call_word(call, 0))
        return option_set(option_find("screen.theme", err), &c->session->settings,
                          call_word(call, 0), err);
    list_themes(c);
    return true;
}

const struct command command_theme = {
    .name = "theme",
    .help = "choose how the screen is coloured, or list the themes",
    .more = "`keep screen.theme` makes it that of every session.",
    .arguments = {{"NAME", {VALUE_SETTING, "screen.theme", 0, 0}, OPTIONAL, NULL,
                   "the theme; without it all are listed"}},
    .flags = COMMAND_DATA,
    .run = run_theme,
};
