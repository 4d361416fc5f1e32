#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# share/doc/predict.py, which knows nothing of the program but FORMATS, predicts what the
# program does.

. "${srcdir:-.}/tests/tap.sh"
cp "$top/share/demo/income.csv" . || exit 99

python=
for candidate in python3 /usr/bin/python3; do
    "$candidate" -c 'import numpy' 2> /dev/null && python=$candidate && break
done
[ -n "$python" ] || skip_all "no python3 with numpy"

# Cells of all kinds: gaps, numbers that are none, texts that training does not know.
awk 'BEGIN {
    srand(1)
    print "town,grade,height,weight,kind,price"
    split("Rome,Oslo,Bern,,\"Ulm, old\"", town, ",")
    for (i = 0; i < 600; i++) {
        height = rand() * 10; weight = int(rand() * 200)
        grade = i > 500 && i % 50 == 0 ? "new" : substr("abc", 1 + int(rand() * 3), 1)
        printf "%s,%s,%s,%s,%s,%.3f\n",
            i % 7 == 0 ? "\"Ulm, old\"" : town[1 + int(rand() * 4)], grade,
            i % 11 == 0 ? "" : i % 97 == 5 ? "tall" : sprintf("%.3f", height),
            weight, substr("xyz", 1 + int(height / 4), 1), 50 + 3 * height + weight / 10
    }
}' > kinds.csv
head -n 1500 income.csv > few.csv

# same TABLE TARGET LINE...: the lines are run before `train`; predictions are the same to
# within that share
within=1e-5
same() {
    table=$1 target=$2
    shift 2
    {
        echo "load $table.csv"
        echo "target $target"
        printf '%s\n' 'set model.dim 16' 'set model.layers 2' 'set model.heads 4' \
            'set model.head_cap 32' "$@" 'train --epochs 2 --lr 0.01' 'save m.safetensors' \
            "predict $table.csv --out ours.csv"
    } > train.tabscope
    rm -rf runs
    "$tabscope" -b train.tabscope > out 2>&1 || sed 's/^/# /' out
    "$python" "$top/share/doc/predict.py" m.safetensors "$table.csv" > theirs.csv
    "$python" - "$within" <<'END'
import csv, sys
ours, theirs = (list(csv.DictReader(open(f))) for f in ("ours.csv", "theirs.csv"))
names = list(theirs[0])
print("#", len(ours), "rows, furthest apart",
      max(abs(float(a[n]) - float(b[n])) / max(1, abs(float(b[n])))
          for a, b in zip(ours, theirs) for n in names))
sys.exit(len(ours) != len(theirs) or len(ours) < 600 or any(
    abs(float(a[n]) - float(b[n])) > float(sys.argv[1]) * max(1, abs(float(b[n])))
    for a, b in zip(ours, theirs) for n in names))
END
    point "$target: $*"
}

same few over_50k 'set model.identifier 0'
same kinds kind 'set data.scaling quantile' 'set model.continuous_norm yes'
same kinds price 'set data.scaling both' 'set model.head_norm no' 'mark kind ignore'
same kinds grade 'set data.scaling standard' 'mark /^(town|kind)$/ ignore'
same few over_50k 'set model.continuous tokens'
same kinds kind 'set model.continuous both' 'set model.numbers periodic' \
    'set model.readout cls'
same kinds price 'set model.continuous tokens' 'set data.scaling standard' \
    'set model.identifier 0' 'set data.bins 5'
same kinds grade 'set model.continuous tokens' 'mark /^(town|kind)$/ ignore'
same few over_50k 'set model.readout cls'
same few over_50k 'set model.kind logistic'
same kinds kind 'set model.kind logistic' 'mark /^(height|weight)$/ ignore'
same kinds price 'set model.kind mlp' 'set model.encoding one-hot'
same kinds grade 'set model.kind mlp' 'set data.scaling standard'
same few over_50k 'set model.kind tabnet'
same kinds kind 'set model.kind tabnet' 'set model.mask softmax' 'set model.category_dim 3' \
    'set model.continuous_norm yes'
within=5e-5 # the last bit of a weight moves row 7 by 5e-6, ten times as far as any other row
same kinds price 'set model.kind tabnet' 'set model.steps 5' 'mark /^(town|kind|grade)$/ ignore'
within=1e-5
same kinds grade 'set model.kind tabnet' 'mark /^(height|weight|price)$/ ignore'
if "$tabscope" --version | grep -q XGBoost; then
    same few over_50k 'set model.kind gbdt'
    same kinds kind 'set model.kind gbdt' 'set model.depth 0' 'set model.leaves 9'
    same kinds price 'set model.kind gbdt' 'set data.scaling standard'
else
    skip "gbdt" "built without XGBoost"
fi
printf '%s\n' 'load few.csv' 'target over_50k' 'set model.kind vib' 'train --epochs 1' \
    'save v.safetensors' > vib.tabscope
"$tabscope" -b vib.tabscope > out 2>&1 &&
    ! "$python" "$top/share/doc/predict.py" v.safetensors few.csv > theirs.csv 2> said &&
    grep -q 'a VIB predicts from samples' said && [ ! -s theirs.csv ]
point "a VIB is refused"
echo "1..$count"
