#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Boosted trees from outside: trained, asked, kept, killed and gone on with; what they have
# not is said. In a build without XGBoost that is all there is to say.

. "${srcdir:-.}/tests/tap.sh"
evidence() { tail -n 20 out err; }

# batch LINE...: runs them
batch() {
    for line; do printf '%s\n' "$line"; done > lines
    "$tabscope" -b -c 'source begin' -c 'source lines' > out 2> err < /dev/null
}

# says PATTERN NAME: the last `batch` did, on standard error
says() { grep -q -- "$1" err; point "$2"; }

# refused PATTERN LINE...: the last of the lines is, with that sentence
refused() {
    pattern=$1
    shift
    ! batch "$@" && grep -q -- "$pattern" err
    point "refused: $*"
}

awk 'BEGIN {
    srand(7); print "a,b,x,y,kind,price"
    for (i = 0; i < 900; i++) {
        a = int(4 * rand()); b = int(4 * rand()); x = rand()
        print (i % 9 == 4 ? "" : "p" a) ",q" b "," (i % 11 == 3 ? "" : x) "," \
            (((a == b) != (x > 0.7)) ? "yes" : "no") ",k" (a + b) % 3 "," 10 * x + a
    }
}' > table.csv
cat > begin <<'END'
load table.csv
set model.kind gbdt
set model.min_child 0.5
set train.lr 0.1
set train.watch loss
END

if ! "$tabscope" --version | grep -q XGBoost; then
    refused 'built without XGBoost.*libxgboost-dev' 'target y' 'mark kind ignore' train
    [ ! -e runs ]
    point "a run that is refused leaves nothing"
    skip "training" "built without XGBoost"
    echo "1..$count"
    exit 0
fi

# ---- trained and asked ----

batch 'target y' 'mark kind price ignore' 'train --epochs 20 --name a' \
    'evaluate --format json' 'save a.safetensors' 'predict table.csv --out one.csv'
point "trees are trained"
sed 's/.*"auc":\([0-9.]*\).*/\1/' out | awk '{ exit !($1 > 0.8) }'
point "they have learned it"
says '^a: 10 rounds of trees an epoch from [0-9]* rows' "what an epoch is"
says '^a: [0-9]* trees with [0-9,]* leaves$' "how many trees there are"
"$tabscope" -b -c 'open a.safetensors' -c 'predict table.csv --out two.csv' 2> err &&
    cmp one.csv two.csv
point "the model that is opened predicts the same"
head -c 3000 a.safetensors > cut.safetensors
refused 'cut.safetensors' 'open cut.safetensors'

for target in kind price; do
    batch "target $target" 'mark y ignore' "train --epochs 5 --name of_$target" \
        'evaluate --format json' runs "run of_$target" 'predict table.csv --out p.csv' &&
        [ "$(wc -l < p.csv)" = 901 ]
    point "$target is learned too"
done

asked="target y|mark kind price ignore|open runs/a/model.safetensors --name b"
ask() {
    (IFS='|'; set -f; batch $asked "$1")
}
for line in 'importance --run b' 'robustness missing --run b' 'dependence x --run b' \
    'whatif --run b --row 3 a=p1' 'evaluate --run b --on valid' 'compare a b'; do
    ask "$line" && [ -s out ]
    point "asked: $line"
done
for line in 'report page.html --run a' 'plot loss loss.svg --run a'; do
    if [ "${line#plot}" != "$line" ] && ! command -v gnuplot > /dev/null; then
        skip "$line" "no gnuplot"
        continue
    fi
    set -- $line
    ask "$line"
    file=$2
    [ "$1" = plot ] && file=$3
    [ -s "$file" ]
    point "made: $line"
done

# ---- killed, and gone on with ----

cat >> begin <<'END'
set train.patience 0
set train.autosave 0.001
set model.subsample 0.7
END
lines='split --labeled 200'
for unlabeled in none pseudo; do
    rm -rf runs
    set -- 'target y' 'mark kind price ignore' "$lines" "set train.unlabeled $unlabeled" \
        'train --epochs 60 --name a'
    batch "$@"
    point "a run without a break, $unlabeled"
    cp runs/a/model.safetensors whole
    rm -rf runs
    for line; do printf '%s\n' "$line"; done > lines
    "$tabscope" -b -c 'source begin' -c 'source lines' > out 2> err < /dev/null &
    run=$!
    until_true test -s runs/a/resume.safetensors
    kill -9 $run
    wait $run 2> /dev/null
    if [ -e runs/a/resume.safetensors ]; then
        batch 'resume a' && cmp runs/a/model.safetensors whole
        point "killed and resumed it comes to the same, $unlabeled"
        says 'goes on in epoch' "it did go on"
    else
        skip "killed, $unlabeled" "it was done before"
    fi
done
says 'rows without a label have the class that the best trees find likeliest' \
    "guessed labels are told of"

# ---- what trees have not ----

rm -rf runs
batch 'target y' 'mark kind price ignore' 'train --epochs 1 --name a'
open='open runs/a/model.safetensors --name b'
refused 'trees have no layers' 'target y' model
refused 'only a TabTransformer is pre-trained' 'target y' 'pretrain mlm'
refused 'no embeddings to begin with' 'target y' "$open" 'train --from b'
refused 'takes its categorical columns as they are: there are no embeddings' \
    'target y' "$open" 'tsne --run b'
refused 'say `set train.unlabeled pseudo`' 'target y' 'split --labeled 100' \
    'set train.unlabeled entropy' 'train --epochs 1 --name c'
refused 'rows without labels help to learn classes' 'target price' \
    'split --labeled 100' 'set train.unlabeled pseudo' 'train --epochs 1 --name c'
refused 'both 0: a tree would have no end' 'target y' 'set model.depth 0' \
    'train --epochs 1 --name c'
refused 'model.leaves is 1' 'target y' 'set model.leaves 1' 'train --epochs 1 --name c'
echo "1..$count"
