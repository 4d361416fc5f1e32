#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Predicting streams: pipes, gzip, memory that does not grow, and all that can go wrong.

. "${srcdir:-.}/tests/tap.sh"
cp "$top/share/demo/income.csv" . || exit 99
evidence() { cat err; }

# serve LINE: predicts with the model; `begin LINE &` is a process of its own
serve() { "$tabscope" -b -c 'open m.safetensors' -c "$@"; }
begin() { exec "$tabscope" -b -c 'open m.safetensors' -c "$@"; }
said() { grep -q -- "$1" err; }
none_left() { [ -z "$(find . -name '*.tmp.*')" ]; }

# repeat N: so many times the rows of income.csv, each odd in its own way
repeat() {
    head -n 1 income.csv
    for i in $(seq "$1"); do
        sed 1d income.csv
        echo 'unheard of,married'
        echo "a,b,c,d,e,f,g,h,i,j,k,l,m,yes,more$i"
    done
}

cat > train.tabscope <<'END'
load income.csv --rows 1000
target over_50k
set model.dim 8
set model.layers 1
set model.heads 2
set model.head_cap 16
train --epochs 1 --name m
save m.safetensors
END
"$tabscope" -b train.tabscope > out 2> err
point "a small model is trained"

repeat 3 > three.csv
serve 'predict three.csv --out want.csv' > out 2> err && [ ! -s out ]
point "a file is predicted"
[ "$(wc -l < want.csv)" -eq 26983 ] && said '^26,982 rows predicted, written to want.csv$'
point "row by row"
said '^  short rows padded: 3, the first in line 8995$' &&
    said '^  rows with surplus text kept out: 3, the first in line 8996$'
point "rows are repaired, kept out and counted as in load"
said 'cells hold a class that training did not know'
point "cells of unknown classes are counted"
serve 'predict - --out -' < three.csv > got.csv 2> err && cmp -s got.csv want.csv
point "the same through standard input and output"
said '^26,982 rows predicted, written to standard output$'
point "what is said goes to standard error"
gzip -c three.csv | serve 'predict - --out -' 2> err | cmp -s - want.csv
point "the same from a packed stream"
(head -c 300001 three.csv; sleep 0.3; tail -c +300002 three.csv) |
    serve 'predict - --out -' 2> err | cmp -s - want.csv
point "the same from a stream that hesitates"
sed 's/,/;/g' three.csv | serve 'predict - --out -' > got.csv 2> err
said 'delimiter semicolon' && [ "$(wc -l < got.csv)" -eq 26983 ]
point "the delimiter of a stream is detected"
head -n 1 income.csv | serve 'predict - --out -' 2> err > got.csv
[ "$(cat got.csv)" = "$(head -n 1 want.csv)" ] && said '^0 rows predicted'
point "a stream without rows gives the names"

# peak N: largest memory, in kB, of a process that has predicted N times the table
peak() {
    mkfifo in
    begin 'predict - --out got.csv' < in > out 2> err &
    pid=$!
    exec 3> in
    repeat "$1" >&3
    until_true said "$2 rows\$" 3>&-
    sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$pid/status"
    exec 3>&-
    wait $pid
    rm in
}

if [ ! -r /proc/self/status ] || grep -q '__[at]san_init' "$tabscope"; then
    skip "memory does not grow with the stream" "sanitizers, or no /proc"
    skip "how far it is, is said" "sanitizers, or no /proc"
else
    small=$(peak 14 '1..,...')
    large=$(peak 56 '[45]..,...')
    [ "$small" -gt 0 ] && [ "$large" -lt $((small + 4096)) ]
    point "memory does not grow with the stream"
    echo "# $small kB, and $large kB for a table four times as long"
    said '^predict m: 1..,... rows$' && said '^503,664 rows predicted'
    point "how far it is, is said"
fi

# ---- what can go wrong ----

echo old > got.csv
sed '1s/education/schooling/; 1s/,age/,years/' income.csv |
    serve 'predict - --out got.csv' > out 2> err
[ $? -eq 1 ] && [ "$(cat got.csv)" = old ] && none_left &&
    said "lacks columns that the model reads: age, education; not known to the model: years, schooling\$"
point "columns of other names are named"
serve 'predict three.csv --header no --out got.csv' > out 2> err
[ $? -eq 1 ] && said '--header yes does so$'
point "a table without names is told of"

gzip -c three.csv | head -c 100000 | serve 'predict - --out got.csv' > out 2> err
[ $? -eq 1 ] && said '^-c:2: standard input: damaged gzip file$' &&
    [ "$(cat got.csv)" = old ] && none_left
point "a stream that breaks off leaves the old file"
(ulimit -f 200; serve 'predict three.csv --out got.csv' > out 2> err)
[ $? -eq 1 ] && said 'cannot write got.csv: File too large' &&
    [ "$(cat got.csv)" = old ] && none_left
point "a file that cannot grow leaves the old one"
if [ -w /dev/full ]; then
    serve 'predict three.csv --out -' > /dev/full 2> err
    [ $? -eq 1 ] && said '^-c:2: standard output: No space left on device$'
    point "a full disk behind standard output"
else
    skip "a full disk behind standard output" "no /dev/full"
fi

serve 'predict - --out got.csv' > out 2> err <&-
[ $? -eq 1 ] && said '^-c:2: standard input: Bad file descriptor$'
point "no standard input"
serve 'predict three.csv --out -' 2> err >&-
[ $? -eq 1 ] && said '^-c:2: standard output: Bad file descriptor$'
point "no standard output"

mkfifo reader
begin 'predict three.csv --out -' > reader 2> err &
pid=$!
head -n 2 < reader > got.csv
wait $pid
[ $? -eq 1 ] && said '^-c:2: standard output was closed by its reader before the end$' &&
    [ "$(wc -l < got.csv)" -eq 2 ]
point "a reader that leaves ends it"
rm reader

# A writer that never ends, and a reader that never reads.
mkfifo in reader
echo old > got.csv
begin 'predict - --out got.csv' < in > out 2> err &
pid=$!
exec 3> in
cat three.csv >&3
until_true test -e got.csv.tmp.$pid 3>&- && kill -TERM $pid
wait $pid
[ $? -eq 143 ] && said 'interrupted' && [ "$(cat got.csv)" = old ] && none_left
point "SIGTERM ends it while it waits for rows"
exec 3>&-
exec 4<> reader
begin 'predict three.csv --out -' > reader 2> err &
pid=$!
until_true sh -c "read -r _ < reader" 4<&- && kill -TERM $pid
wait $pid
[ $? -eq 143 ] && said 'interrupted'
point "and while nobody reads"
exec 4<&-

echo 'predict - --out x.csv' | "$tabscope" -b -c 'open m.safetensors' -c 'source -' - \
    > out 2> err
[ $? -eq 1 ]
point "standard input is not for commands and rows at once"

echo "1..$count"
