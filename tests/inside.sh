#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Commands that look inside of models, from outside: they agree with predict and evaluate,
# print the same with any number of threads, can be stopped, and show names and values that
# are hostile so that they do no harm.

. "${srcdir:-.}/tests/tap.sh"
command -v python3 > /dev/null || skip_all "no python3"
evidence() { tail -n 20 out; }

# Columns with names and values that mean something elsewhere, one that is a number with
# gaps, and a class that follows from two of them.
cat > table.py << 'EOF'
import csv, random
random.seed(3)
names = ["\033[2Ja", "a=b", "new\nline", '"; quit', "\u202egnp", "%s%n", "$(touch PWNED)",
         "x" * 300, "size", "class"]
values = ["\033]0;title\007", "--row", "=", "'", "{}", "\\", "a,b"]
with open("t.csv", "w", newline="") as f:
    out = csv.writer(f)
    out.writerow(names)
    for i in range(240):
        row = [random.choice(values[:3 + c]) for c in range(8)]
        size = "" if i % 9 == 0 else "%.2f" % random.gauss(0, 1)
        right = (row[0] == values[0]) != (row[1] == "--row")
        out.writerow(row + [size, "yes" if right else "no"])
EOF
python3 table.py
cat > setup << 'EOF'
load t.csv --header yes
mark size continuous
target class --positive yes
set model.layers 2
set model.dim 8
set model.heads 2
set model.head_cap 32
train --epochs 3 --name r
set model.layers 0
train --epochs 3 --name flat
EOF
"$tabscope" -b --no-rc -c 'source setup' > out 2>&1
point "models are trained"

# look [ARGUMENT...]: with the runs at hand; out gets what it says, data what it prints
look() {
    "$tabscope" -b --no-rc --seed 1 -c 'source reload' "$@" > data 2> out
}
grep '^load\|^mark\|^target' setup > reload

cat > commands << 'EOF'
whatif --run r --row 7 a=b== size=2.5 "new\nline='"
probe --run r --against flat --folds 3
robustness noise --run r --against flat --rates 0,0.4,0.8 --seeds 2
robustness missing --run r --rates 0,0.4,0.8 --seeds 2
importance --run r --repeats 2
importance --run r --by masking
dependence a=b --run r
dependence size --run r --values 5
EOF

# each FORMAT: all of the commands
each() {
    format=$1
    shift
    set -- "$@"
    while read -r line; do
        set -- "$@" -c "$(printf '%s' "$line" | sed 's/\\n/\
/') --format $format"
    done < commands
    look "$@"
}

# ---- with any number of threads ----

each json --threads 1 && mv data one && each json --threads 3 && cmp one data >> out
point "figures are the same with any number of threads"

# ---- what is printed ----

cat > judge.py << 'EOF'
import json, subprocess, sys
said = [json.loads(line) for line in open("one", encoding="utf-8")]
assert len(said) == 8, len(said)
names = [c["column"] for c in said[4]["columns"]]
assert sorted(names) == sorted(c["column"] for c in said[5]["columns"])
assert len(names) == 9 and "a=b" in names and "size" in names, names
changes = {c["column"]: c["after"] for c in said[0]["changes"]}
assert changes["a=b"] == "=" and changes["size"] == "2.5", changes
assert all(v["value"] is None or isinstance(v["value"], str) for v in said[6]["values"])
assert [round(r["rate"], 3) for r in said[3]["rates"]] == [0, 0.4, 0.8]
EOF
python3 judge.py >> out 2>&1
point "what is JSON is JSON, with names and values as they are"

each table && ! LC_ALL=C grep -q '[[:cntrl:]]' data && ! grep -q "$(printf '\342\200\256')" data
point "tables show no control characters"

each csv && [ ! -e PWNED ]
point "nothing is run"

# ---- the same as other commands ----

cat > same.py << 'EOF'
import csv, json
said = [json.loads(line) for line in open("one", encoding="utf-8")]
with open("row.csv", newline="") as f:
    p = list(csv.DictReader(f))
probability = [c for c in said[0]["classes"] if c["class"] == "yes"][0]
for row, key in ((p[0], "before"), (p[1], "after")):
    assert row["p(yes)"] == "%.6g" % probability[key], (row, probability)
    assert row["prediction"] == said[0][key]
auc = json.load(open("data"))["metrics"]["auc"]
assert said[1]["auc"] == said[2]["clean"] == said[4]["clean"] == said[5]["clean"] == auc
assert said[2]["rates"][0]["auc"] == auc
EOF
cat > rows.py << 'EOF'
import csv
with open("t.csv", newline="") as f:
    rows = list(csv.reader(f))
changed = list(rows[7])
for name, value in (("a=b", "="), ("size", "2.5"), ("new\nline", "'")):
    changed[rows[0].index(name)] = value
with open("new.csv", "w", newline="") as f:
    csv.writer(f).writerows([rows[0], rows[7], changed])
EOF
python3 rows.py
look -c 'predict new.csv --out row.csv --run r --header yes' -c 'evaluate --run r --format json' &&
    python3 same.py >> out 2>&1
point "whatif is what predict says of such a row; clean rows are those of evaluate"

# ---- jobs ----

look -c 'robustness noise --run r --seeds 1000 --rates 0.1,0.2,0.3,0.4,0.5,0.6,0.7 &' \
    -c 'importance --run r --repeats 100 &' -c jobs -c 'stop 2' -c 'stop 3' -c wait \
    -c jobs && [ "$(grep -c 'robustness r' data)" -eq 1 ] && grep -q 'importance r' data
point "they are jobs, and can be stopped"

look -c 'train --epochs 2 --name again &' -c 'importance --run r' -c 'wait' &&
    grep -q 'again: trained for 2 epochs' out && grep -q 'size' data
point "a training goes on beside them"

echo "1..$count"
