#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Layouts and embeddings through the command: the same for any number of threads, whatever
# columns and values are called.

. "${srcdir:-.}/tests/tap.sh"
evidence() { cat out 2> /dev/null; }

# Values and columns with what separates and quotes, and an empty one.
awk 'BEGIN {
    print "\"a \"\"b\"\", c=d\",\"<new\nline>\",`id`,x,y"
    for (i = 0; i < 300; i++)
        printf "\"%s\",%s,\"v=%d,\t;\",%d,%s\n", i % 5 ? "q\"\"" i % 5 "\"\"" : "",
               i % 7 ? "k" i % 7 : "\"\\u202e\n\"", i * i % 4, i % 11,
               (i % 5 + i % 7) % 2 ? "yes" : "no"
}' > odd.csv
cat > setup << 'EOF'
load odd.csv --header yes
target y
set model.layers 2
set model.dim 8
set model.heads 2
train --epochs 2 --name r1
train --epochs 1 --seed 2 --name r2
mark /id/ ignore
train --epochs 1 --name narrow
EOF
run() { "$tabscope" -b --no-rc "$@" 2> out; }

run -c 'source setup' > /dev/null
point "a table of odd names is learned"

for threads in 1 3; do
    run --threads $threads -c 'load odd.csv --header yes' \
        -c 'tsne --run r1 --on all --rows 60 --perplexity 8 --iterations 300 --format json' \
        > tsne.$threads
    run --threads $threads -c 'load odd.csv --header yes' \
        -c 'tsne --run r1 --on all --points values --iterations 300 --format json' \
        >> tsne.$threads
    run --threads $threads -c 'load odd.csv --header yes' \
        -c 'tsne --run r1 --against r2 --rows 60 --on all --iterations 50 --format json' \
        > against.$threads
done
[ -s tsne.1 ] && cmp tsne.1 tsne.3 && [ -s against.1 ] && cmp against.1 against.3
point "layouts do not depend on the number of threads"

run -c 'load odd.csv --header yes' -c 'tsne --run r1 --against narrow'
grep -q 'r1 and narrow have other categorical columns' out
point "runs of other columns are not compared"
run -c 'load odd.csv --header yes' \
    -c 'tsne --run r1 --against r2 --points values --iterations 50 --format csv' > csv
grep -q '^column,value,x,y,its x,its y,rows,positive' csv
point "CSV has the places of both"

# Several classes: the shares that a table has of them.
awk 'BEGIN {
    print "a,b,kind"
    for (i = 0; i < 240; i++)
        printf "a%d,b%d,k%d\n", i % 4, i % 5, (i % 4 == 0) ? 2 : i % 3
}' > three.csv
run -c 'load three.csv' -c 'target kind' -c 'set model.layers 1' -c 'set model.dim 8' \
    -c 'set model.heads 2' -c 'train --epochs 1 --name three' \
    -c 'tsne --on all --points values --iterations 50 --format csv' \
    -c 'tsne --on all --points values --iterations 50 --format json' > classes
head -1 classes | grep -q '^column,value,x,y,rows,class,share' && grep -q '^a,a0,.*,k2,1' classes
point "the most frequent of several classes is told"
run -c 'load three.csv' -c 'tsne --run three --points values --iterations 50' \
    -c 'plot tsne three.svg --class k9' > /dev/null
grep -q 'there is no class "k9"' out
point "a class that there is not is refused"

run -c 'load odd.csv --header yes' -c 'embeddings e.csv --run r1 --points cells' \
    -c 'embeddings e.tsv --run r1' > /dev/null
[ "$(wc -l < e.tsv)" -eq "$(($(wc -l < e.metadata.tsv) - 1))" ] \
    && [ "$(awk -F '\t' '{ print NF }' e.tsv | sort -u)" = 8 ] \
    && [ "$(awk -F '\t' '{ print NF }' e.metadata.tsv | sort -u)" = 4 ]
point "no line of a TSV has more or fewer cells"

if command -v python3 > /dev/null; then
    python3 - > out 2>&1 << 'EOF'
import csv, json
names = {'a "b", c=d', '`id`'}
for line in open("tsne.1", encoding="utf-8"):
    j = json.loads(line)
    values = j["points"] if j["of"] == "values" else j["values"]
    assert names < {v["column"] for v in values}, values
    assert {'q"1"', None, "v=1,\t;"} < {v["value"] for v in values}, values
    assert j["kl"] > 0 and 0 < j["trustworthiness"] <= 1
    if j["of"] == "cells":
        assert len(j["points"]) == 60 * 3 == sum(v["rows"] for v in values)
        for v in values:
            mine = [p for p in j["points"]
                    if (p["column"], p["value"]) == (v["column"], v["value"])]
            assert len(mine) == v["rows"], v
            assert abs(sum(p["x"] for p in mine) / len(mine) - v["x"]) < 1e-3, v
j = json.loads(open("against.1", encoding="utf-8").read())
b = j["against"]
assert (j["run"], b["run"]) == ("r1", "r2") and "unlike" not in j
assert 0 <= b["unlike"] <= 1 and b["kl"] > 0 and b["iterations"] == 50
key = lambda p: (p["row"], p["column"], p["value"])
assert [key(p) for p in j["points"]] == [key(p) for p in b["points"]]
mean = lambda k, j: sum(v[k] for v in j["values"]) / len(j["values"])
assert abs(mean("x", j) - mean("x", b)) < 1e-2, "laid over each other"
assert abs(mean("y", j) - mean("y", b)) < 1e-2
j = json.loads(open("classes", encoding="utf-8").read().splitlines()[-1])
table = list(csv.DictReader(open("three.csv")))
for v in j["points"]:
    kinds = [r["kind"] for r in table if r[v["column"]] == v["value"]]
    assert abs(sum(v["classes"].values()) - 1) < 1e-9, v
    for k, share in v["classes"].items():
        assert abs(kinds.count(k) / len(kinds) - share) < 1e-9, (v, k)
rows = list(csv.reader(open("e.csv", encoding="utf-8", newline="")))
assert all(len(r) == 4 + 8 for r in rows), [len(r) for r in rows]
assert {r[1] for r in rows[1:]} > names
EOF
    point "JSON and CSV are read by others"
else
    skip "JSON and CSV are read by others" "no python3"
fi

echo "1..$count"
