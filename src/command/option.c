/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/option.h"

#include <string.h>

#include "command/name.h"
#include "data/bins.h"

#define AT(member) offsetof(struct settings, member)
#define INT(low, high) {VALUE_INT, NULL, low, high}, STORE_INT
#define NUMBER(low, high) {VALUE_NUMBER, NULL, low, high}, STORE_DOUBLE
#define CHOICE(choices) {VALUE_CHOICE, choices, 0, 0}, STORE_INT
#define SWITCH {VALUE_CHOICE, "no|yes", 0, 0}, STORE_BOOL
#define SEED {VALUE_SEED, NULL, 0, 0}, STORE_SEED

static const struct option options[] = {
    {"model.kind", CHOICE(MODEL_KIND_NAMES), AT(model.kind), "which model is trained"},
    {"model.encoding", CHOICE(ENCODING_NAMES), AT(model.encoding),
     "how an MLP takes categorical columns: vectors that are learned, or a number for each "
     "class"},
    {"model.dim", INT(4, 1024), AT(model.dim),
     "width of an embedding; a multiple of model.heads"},
    {"model.layers", INT(0, 64), AT(model.layers),
     "Transformer layers; 0 puts the embeddings straight into the head"},
    {"model.heads", INT(1, 64), AT(model.heads), "attention heads of a layer"},
    {"model.identifier", INT(-1, 1023), AT(model.identifier),
     "how much of model.dim tells the column apart; -1 is an eighth"},
    {"model.ffn", INT(1, 16), AT(model.ffn),
     "width of the feed-forward part, in multiples of model.dim"},
    {"model.dropout", NUMBER(0, 0.9), AT(model.dropout),
     "share of attention weights and feed-forward values dropped in training"},
    {"model.head_dropout", NUMBER(0, 0.9), AT(model.head_dropout),
     "share of values dropped after each block of the head"},
    {"model.head_hidden1", INT(1, 64), AT(model.head_hidden1),
     "width of the head's first block, in multiples of the head's input"},
    {"model.head_hidden2", INT(1, 64), AT(model.head_hidden2),
     "width of the head's second block, in multiples of the head's input"},
    {"model.head_cap", INT(-1, 1e6), AT(model.head_cap),
     "the head's first block is no wider than this, the second in proportion; 0 sets no "
     "cap, -1 allows the first two million weights"},
    {"model.head_norm", CHOICE(HEAD_NORM_NAMES), AT(model.head_norm),
     "batch norm in the head's blocks; auto leaves it out below 1,000 rows to learn from"},
    {"model.latent", INT(1, 1024), AT(model.latent),
     "a VIB: width of its latent distribution"},
    {"model.components", INT(1, 100), AT(model.components),
     "a VIB: Gaussians in the mixture that its latent distributions are held against"},
    {"model.beta", NUMBER(0, 100), AT(model.beta),
     "a VIB: weight of the distance between them in the loss"},
    {"model.steps", INT(1, 20), AT(model.steps), "a TabNet: decision steps"},
    {"model.width", INT(1, 512), AT(model.width),
     "a TabNet: features that a step decides by, and as many to choose the next mask by"},
    {"model.category_dim", INT(1, 64), AT(model.category_dim),
     "a TabNet: numbers that a category becomes"},
    {"model.mask", CHOICE(MASK_NAMES), AT(model.mask),
     "a TabNet: what makes masks; sparsemax leaves most features out"},
    {"model.gamma", NUMBER(1, 10), AT(model.gamma),
     "a TabNet: how freely a mask takes what masks before it took; 1 forbids it"},
    {"model.sparsity", NUMBER(0, 10), AT(model.sparsity),
     "a TabNet: weight of the masks' entropy in the loss"},
    {"model.virtual_batch", INT(16, 65536), AT(model.virtual_batch),
     "a TabNet: rows at most that are normalised together in training; a multiple of 16"},
    {"model.continuous_norm", SWITCH, AT(model.continuous_norm),
     "layer norm over the continuous features of a row"},
    {"model.rounds", INT(1, 10000), AT(model.rounds),
     "a GBDT: rounds of boosting that make an epoch; each grows a tree, of several classes "
     "one a class"},
    {"model.depth", INT(0, 32), AT(model.depth),
     "a GBDT: levels of splits that a tree has at most; 0 sets none"},
    {"model.leaves", INT(0, 65536), AT(model.leaves),
     "a GBDT: leaves that a tree has at most, where the best split comes first; 0 sets none "
     "and grows level by level"},
    {"model.min_child", NUMBER(0, 1e9), AT(model.min_child),
     "a GBDT: smallest sum of second derivatives of the loss that a leaf may have"},
    {"model.subsample", NUMBER(0.01, 1), AT(model.subsample),
     "a GBDT: share of the rows that a tree is grown from, drawn for each round"},
    {"model.colsample", NUMBER(0.01, 1), AT(model.colsample),
     "a GBDT: share of the columns that a tree is grown from, drawn for each tree"},
    {"model.l2", NUMBER(0, 1e9), AT(model.l2),
     "a GBDT: penalty of the squares of what leaves answer"},
    {"model.continuous", CHOICE(CONTINUOUS_NAMES), AT(model.continuous),
     "what continuous columns are to a TabTransformer: features of the head, tokens of the "
     "attention beside the categorical columns, or both"},
    {"model.numbers", CHOICE(NUMBERS_NAMES), AT(model.numbers),
     "how a continuous column becomes a token: piecewise-linear in data.bins, or by sines "
     "and cosines"},
    {"model.frequencies", INT(1, 500), AT(model.frequencies),
     "model.numbers periodic: learned frequencies of a column"},
    {"model.sigma", NUMBER(1e-6, 1000), AT(model.sigma),
     "model.numbers periodic: their deviation at first"},
    {"model.readout", CHOICE(READOUT_NAMES), AT(model.readout),
     "what the head of a TabTransformer gets of its columns: all their embeddings, or that "
     "of one more column that attends to them"},
    {"train.epochs", INT(1, 1e6), AT(train.epochs), "epochs at most"},
    {"train.batch", INT(0, 65536), AT(train.batch),
     "rows of a training step; 0 takes 16 to 256 by the number of rows to learn from"},
    {"train.passes", INT(1, 10000), AT(train.passes),
     "passes over the rows to learn from that make an epoch; more than one spares time "
     "where the validation rows are many times as many"},
    {"train.lr", NUMBER(0, 1), AT(train.lr),
     "learning rate; 0 takes what suits the kind of model: 0.001, of a TabNet 0.02, of trees "
     "0.05"},
    {"train.weight_decay", NUMBER(0, 1), AT(train.weight_decay),
     "decoupled weight decay of linear maps"},
    {"train.schedule", CHOICE("constant|cosine"), AT(train.schedule),
     "how the learning rate goes on after the warm-up"},
    {"train.warmup", NUMBER(0, 1e6), AT(train.warmup), "epochs of linear warm-up"},
    {"train.patience", INT(0, 1e6), AT(train.patience),
     "epochs without a better validation value before training ends; 0 never ends early"},
    {"train.watch", CHOICE("auto|auc|loss|r2"), AT(train.watch),
     "the validation value that early stopping watches; auto is auc, or r2 for "
     "regression"},
    {"train.clip", NUMBER(0, 1e9), AT(train.clip),
     "largest norm of the gradient; 0 sets none"},
    {"train.class_weight", CHOICE("none|balanced"), AT(train.class_weight),
     "balanced makes rare classes count as much as frequent ones"},
    {"train.average", NUMBER(0, 0.99999), AT(train.average),
     "what a step keeps of the running average of weights, which is what is kept; 0 sets "
     "none"},
    {"train.autosave", NUMBER(0, 86400), AT(train.autosave),
     "seconds from one saving of a run's state to the next; `resume` goes on from there; "
     "0 saves none"},
    {"train.missing_dropout", NUMBER(0, 0.9), AT(train.missing_dropout),
     "share of the categorical cells that each step takes for missing, so that the "
     "missing class of a column is learned"},
    {"train.freeze", INT(0, 1e6), AT(train.freeze),
     "fine-tuning: epochs in which the body that was brought stands still"},
    {"train.body_lr", NUMBER(0, 1), AT(train.body_lr),
     "fine-tuning: learning rate of that body, as a share of train.lr"},
    {"train.unlabeled", CHOICE(UNLABELED_NAMES), AT(train.unlabeled.kind),
     "what training rows without labels add to the loss: nothing, the entropy of what is "
     "predicted for them, or their cross-entropy against the likeliest class"},
    {"train.entropy", NUMBER(0, 100), AT(train.unlabeled.entropy),
     "train.unlabeled entropy: its weight beside the loss of labelled rows"},
    {"train.pseudo", NUMBER(0, 100), AT(train.unlabeled.pseudo),
     "train.unlabeled pseudo: its weight in the end"},
    {"train.pseudo_begin", INT(0, 1e6), AT(train.unlabeled.pseudo_begin),
     "train.unlabeled pseudo: epochs without it"},
    {"train.pseudo_growth", INT(0, 1e6), AT(train.unlabeled.pseudo_growth),
     "train.unlabeled pseudo: epochs in which it then grows to its weight; early stopping "
     "waits for it"},
    {"train.pseudo_share", NUMBER(0.001, 1), AT(train.unlabeled.pseudo_share),
     "train.unlabeled pseudo with a GBDT: share of the rows without labels that are given "
     "their likeliest class, once, to grow all trees anew"},
    {"train.prune", NUMBER(0, 0.9), AT(train.prune),
     "a sparse MLP: share of its weights, the smallest, that goes each time"},
    {"train.prune_every", INT(1, 1e6), AT(train.prune_every),
     "a sparse MLP: epochs from one time to the next"},
    {"train.seed", SEED, AT(train.seed), "seed of weights, order of rows and dropout"},
    {"pretrain.mask", NUMBER(0.01, 0.99), AT(train.pretrain.mask),
     "share of the cells that mlm masks or rtd replaces"},
    {"pretrain.swap", NUMBER(0.01, 0.99), AT(train.pretrain.swap),
     "share of the cells that a denoising autoencoder (dae) gets from other rows"},
    {"pretrain.replace", CHOICE("uniform|empirical"), AT(train.pretrain.replace),
     "what RTD puts in their place: any class of the column, or the value of any row"},
    {"data.scaling", CHOICE("standard|quantile|both"), AT(data.scaling),
     "how continuous columns are scaled; both gives each column two inputs"},
    {"data.max_classes", INT(2, 1000000), AT(data.max_classes),
     "classes of a column that get their own embedding; rarer ones share one"},
    {"data.min_count", INT(1, 1000000), AT(data.min_count),
     "a class seen less often in training shares the embedding of unseen ones"},
    {"data.bins", INT(1, BINS_MOST), AT(data.bins),
     "model.numbers ple: bins of a continuous column, of as many training rows each"},
    {"split.seed", SEED, AT(split_seed),
     "seed of the split of tables loaded from now on"},
    {"screen.theme", CHOICE(SCREEN_THEMES), AT(screen.theme),
     "colours of the workbench; deut keeps apart what the colour-blind confuse"},
    {"screen.glyphs", CHOICE("auto|blocks|ascii|braille"), AT(screen.glyphs),
     "what curves and frames are made of; auto goes by the locale and the terminal"},
    {"screen.fps", INT(0, 60), AT(screen.fps),
     "pictures a second at most while jobs run; 0 takes 10, or 4 over SSH"},
    {"screen.pace", CHOICE("auto|on|off"), AT(screen.pace),
     "ask the terminal what has arrived, and wait for that; auto: over SSH"},
    {"screen.images", CHOICE("auto|text|sixel"), AT(screen.images),
     "how `plot` shows figures; auto: as the terminal answers when it is asked"},
    {"screen.hints", SWITCH, AT(screen.hints), "the line of keys above the status line"},
    {"screen.mouse", SWITCH, AT(screen.mouse),
     "clicks and the wheel; then Shift and a drag select text"},
    {"screen.hangup", CHOICE("leave|continue"), AT(screen.hangup),
     "when the terminal is lost: stop jobs with their best weights, or let them end "
     "first"},
    {"run.dir", {VALUE_NEW_FILE, NULL, 0, 0}, STORE_TEXT, AT(run_dir),
     "folder in which every run gets one of its own"},
};

enum { N_OPTIONS = sizeof(options) / sizeof(options[0]) };

const struct option *option_at(int i)
{
    return i >= 0 && i < N_OPTIONS ? &options[i] : NULL;
}

bool option_is_named(const struct option *o, const char *name)
{
    size_t n = strlen(name);

    return strncmp(o->name, name, n) == 0 &&
           (o->name[n] == '\0' || o->name[n] == '.' || (n > 0 && name[n - 1] == '.'));
}

bool option_is_group(const char *name)
{
    int n = 0;

    for (int i = 0; i < N_OPTIONS; i++)
        n += option_is_named(&options[i], name);
    return n > 1;
}

const struct option *option_find(const char *name, struct error *err)
{
    const char *names[N_OPTIONS];
    int found;

    for (int i = 0; i < N_OPTIONS; i++)
        names[i] = options[i].name;
    found = name_find("option", name, names, N_OPTIONS, "`show` lists them", err);
    return found >= 0 ? &options[found] : NULL;
}

bool option_set(const struct option *o, struct settings *s, const char *text,
                struct error *err)
{
    char *at = (char *)s + o->offset;
    long i;

    if (!value_check(&o->value, o->name, text, err))
        return false;
    switch (o->storage) {
    case STORE_INT:
        if (o->value.type == VALUE_CHOICE)
            *(int *)at = value_choice(o->value.choices, text);
        else if (str_to_long(text, (long)o->value.low, (long)o->value.high, &i))
            *(int *)at = (int)i;
        break;
    case STORE_BOOL:
        *(bool *)at = value_choice(o->value.choices, text) == 1;
        break;
    case STORE_DOUBLE:
        str_to_double(text, strlen(text), (double *)at);
        break;
    case STORE_SEED:
        value_seed(text, (uint64_t *)at);
        break;
    case STORE_TEXT:
        if (strlen(text) >= sizeof(s->run_dir))
            return error_set(err, ERROR_USAGE, "%s takes at most %zu bytes", o->name,
                             sizeof(s->run_dir) - 1);
        memcpy(at, text, strlen(text) + 1);
        break;
    }
    return true;
}

void option_print(const struct option *o, const struct settings *s, struct str *out)
{
    const char *at = (const char *)s + o->offset;
    char choice[64];

    switch (o->storage) {
    case STORE_INT:
        if (o->value.type == VALUE_CHOICE &&
            value_choice_name(o->value.choices, *(const int *)at, choice, sizeof(choice)))
            str_puts(out, choice);
        else
            str_printf(out, "%d", *(const int *)at);
        break;
    case STORE_BOOL:
        str_puts(out, *(const bool *)at ? "yes" : "no");
        break;
    case STORE_DOUBLE:
        str_json_number(out, *(const double *)at);
        break;
    case STORE_SEED:
        str_printf(out, "%llu", (unsigned long long)*(const uint64_t *)at);
        break;
    case STORE_TEXT:
        str_puts(out, at);
        break;
    }
}

bool option_is_default(const struct option *o, const struct settings *s)
{
    struct settings settled = *s, defaults = settings_defaults();
    struct str now = {0}, usual = {0};
    bool same;

    train_settle(&settled.train, s->model.kind);
    train_settle(&defaults.train, s->model.kind);
    option_print(o, &settled, &now);
    option_print(o, &defaults, &usual);
    same = strcmp(str_text(&now), str_text(&usual)) == 0;
    str_done(&now);
    str_done(&usual);
    return same;
}

bool option_is_of_runs(const struct option *o)
{
    return !str_starts(o->name, "screen.");
}
