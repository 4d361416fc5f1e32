/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The commands that train. */
#include <stdlib.h>

#include "base/mem.h"
#include "command/families.h"
#include "command/option.h"
#include "command/recipe.h"
#include "command/repeat.h"
#include "command/training.h"

/* The settings with the options of this call in place of the session's. */
static bool take_settings(const struct call *call, struct settings *s, struct error *err)
{
    for (int i = 0; call->command->options[i].name; i++) {
        const struct parameter *p = &call->command->options[i];
        const struct option *o;

        if (p->value.type != VALUE_SETTING || !call->options[i])
            continue;
        o = option_find(p->value.choices, err);
        if (!o || !option_set(o, s, call->options[i], err))
            return false;
    }
    return true;
}

static struct run *make_run(struct context *c, const struct call *call,
                            const struct settings *settings, enum pretext pretext)
{
    const struct table *t = c->session->table;
    const char *asked = call_option(call, "name");
    char *name = asked ? xstrdup(asked) : session_free_name(c->session, "r");
    struct run *r = run_new(name);

    r->folder = session_run_folder(c->session, name);
    r->origin = xstrdup(t->name);
    r->table = xstrdup(t->name);
    r->data = dataset_ref(t->data);
    r->schema = schema_copy(t->schema);
    r->split = t->split;
    r->settings = *settings;
    r->pretext = pretext;
    r->task = pretext == PRETEXT_NONE ? t->schema->task : TASK_NONE;
    free(name);
    return r;
}

static bool begin_run(struct context *c, const struct call *call, enum pretext pretext,
                      struct error *err)
{
    struct settings settings = c->session->settings;
    const char *name = call_option(call, "name");
    struct training how = {0};
    struct str commands = {0};
    struct run *r;
    bool ok;

    if (!take_settings(call, &settings, err) || (name && !training_check_name(c, name, err))
        || !training_find_parent(c, call, settings.model.kind, &how.parent, err))
        return false;
    training_take_shape(how.parent, &settings);
    train_settle(&settings.train, settings.model.kind);
    r = make_run(c, call, &settings, pretext);
    r->parent = how.parent ? xstrdup(how.parent->name) : NULL;
    repeat_run(&commands, c->session->table, r, how.parent);
    how.commands = str_text(&commands);
    how.recipe = recipe_text(c->session->table, r);
    ok = training_start(c, call, r, &how, err);
    free(how.recipe);
    str_done(&commands);
    return ok;
}

static bool run_train(struct context *c, const struct call *call, struct error *err)
{
    return begin_run(c, call, PRETEXT_NONE, err);
}

static bool run_pretrain(struct context *c, const struct call *call, struct error *err)
{
    enum pretext pretext = PRETEXT_NONE;

    pretext_parse(call_word(call, 0), &pretext);
    return begin_run(c, call, pretext, err);
}

#define SETTING(name, setting, sample, help) \
    {name, {VALUE_SETTING, setting, 0, 0}, OPTIONAL, sample, help}

/* What training and pre-training have in common. */
#define LEARNING_SETTINGS(drawn) \
    SETTING("epochs", "train.epochs", "N", "epochs at most"), \
    SETTING("batch", "train.batch", "N", "rows of a step; 0: chosen by the table"), \
    SETTING("lr", "train.lr", "X", "learning rate; 0: by the kind of model"), \
    SETTING("patience", "train.patience", "N", \
            "epochs without a better one; 0: no limit"), \
    SETTING("weight_decay", "train.weight_decay", "X", "decoupled weight decay"), \
    SETTING("schedule", "train.schedule", "constant|cosine", "of the learning rate"), \
    SETTING("warmup", "train.warmup", "X", "epochs of warm-up"), \
    SETTING("clip", "train.clip", "X", "largest norm of the gradient; 0: any"), \
    SETTING("seed", "train.seed", "N", "of " drawn)
#define NAME \
    {"name", {VALUE_TEXT, NULL, 0, 0}, OPTIONAL, "R", "of the run; else r1, r2, ..."}

const struct command command_train = {
    .name = "train",
    .help = "train a model of the current table",
    .more = "The options stand in for those of `set train...` for this run only. At the "
            "prompt it goes on in the background: `jobs`, `pause`, `stop` and `wait` "
            "deal with it. The weights of the best epoch are kept, in the run's folder "
            "too. With --from it begins with the embeddings and Transformer layers of a "
            "run that was pre-trained, or trained for the same or another target: "
            "columns are found by name, classes by text, and what that run does not know "
            "begins anew. Of an MLP that was pre-trained (dae) its blocks come too. A "
            "model that cannot be written is an error; at the prompt it stays in memory, "
            "and `save` writes it elsewhere.",
    .options = {
        TRAIN_FROM,
        SETTING("freeze", "train.freeze", "N", "epochs in which that body stands still"),
        SETTING("body_lr", "train.body_lr", "X", "its learning rate, as a share of --lr"),
        LEARNING_SETTINGS("weights, order and dropout"),
        SETTING("watch", "train.watch", "auto|auc|loss|r2",
                "what early stopping watches"),
        SETTING("class_weight", "train.class_weight", "none|balanced", "of rare classes"),
        NAME,
    },
    .flags = COMMAND_TABLE | COMMAND_TARGET | COMMAND_JOB,
    .run = run_train,
};

const struct command command_pretrain = {
    .name = "pretrain",
    .help = "learn from the rows of the current table without their labels",
    .more = "From the other columns of a row, mlm learns what stands in cells that are "
            "masked, rtd which cells were replaced by another value of their column. dae "
            "is for an MLP: where some cells, of numbers too, stand as in another row, it "
            "learns to give the row back as it was. All "
            "rows are used but those for validation and test; choose the target before, "
            "if there is one, so that it is no input and the same rows are left out "
            "later. It ends when the loss on the validation rows gets no better.",
    .arguments = {{"PRETEXT", {VALUE_CHOICE, PRETEXT_NAMES, 0, 0}, REQUIRED, NULL,
                   "what is learned"}},
    .options = {
        TRAIN_FROM,
        SETTING("mask", "pretrain.mask", "X", "share of cells mlm masks or rtd replaces"),
        SETTING("swap", "pretrain.swap", "X", "share of cells that dae swaps"),
        SETTING("replace", "pretrain.replace", "uniform|empirical",
                "by what rtd replaces: any class, or the value of any row"),
        LEARNING_SETTINGS("weights, order, dropout and masks"),
        NAME,
    },
    .flags = COMMAND_TABLE | COMMAND_JOB,
    .run = run_pretrain,
};
