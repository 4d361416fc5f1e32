#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Nothing is lost: runs that are killed at random moments, stopped, hung up on or left
# come to the same model, byte for byte, as a run that was left alone.
#
# TABSCOPE_KILLS in the environment says how many times to kill; 60 is the usual number,
# 12 where sanitizers make each of them long.

. "${srcdir:-.}/tests/tap.sh"
usual=60
grep -q '__[at]san_init' "$tabscope" && usual=12
kills=${TABSCOPE_KILLS:-$usual}

evidence() { tail -n 20 out err; }

# says PATTERN NAME: the last `batch` did, on standard error
says() { grep -q -- "$1" err; point "$2"; }

# batch LINE...: runs them
batch() {
    for line; do printf '%s\n' "$line"; done > lines
    "$tabscope" -b -c 'source begin' -c 'source lines' > out 2> err < /dev/null
}

# The same few words each time: a small table, a tiny model, a state that is saved as
# often as the disk allows.
awk 'BEGIN {
    srand(7); print "a,b,c,x,y"
    for (i = 0; i < 600; i++) {
        a = int(4 * rand()); b = int(4 * rand()); x = rand()
        print "p" a ",q" b ",r" int(3 * rand()) "," x "," \
            (((a == b) != (x > 0.7)) ? "yes" : "no")
    }
}' > table.csv
cat > begin <<'END'
set model.dim 8
set model.layers 1
set model.heads 2
set model.head_cap 8
set train.batch 16
set train.patience 0
set train.lr 0.01
set train.autosave 0.001
END
cat > load <<'END'
load table.csv
target y
END
train='train --epochs 60 --name a'
fresh() { rm -rf runs; [ -z "$1" ] || cp -r parent runs; }

# ---- kinds of runs, each once without a break ----

batch 'source load' 'pretrain mlm --epochs 3 --name pre' || exit 99
mv runs parent
rm -rf parent/pre/lock
kind() {
    case $1 in
    0) train='train --epochs 250 --name a' from= ;;
    1) train='pretrain mlm --epochs 100 --name a' from= ;;
    2) train='pretrain rtd --epochs 100 --name a' from= ;;
    3) train='train --from pre --epochs 250 --name a' from=yes ;;
    esac
}
begun=$(date +%s%N)
for k in 0 1 2 3; do
    kind $k
    fresh $from
    [ $k = 3 ] && echo 'set train.freeze 100' >> load
    batch 'source load' "$train" || { sed 's/^/# /' err; exit 99; }
    cp runs/a/model.safetensors whole.$k
done
sed -i '/freeze/d' load
# a sixth of the time of four runs: some kills before anything was saved, most behind
most=$(( ($(date +%s%N) - begun) / 6000000 ))
cmp -s whole.0 whole.3; [ $? -eq 1 ]
point "the kinds of runs differ"

# ---- killed at random moments ----

# A number of seconds up to that; each call another one.
random() { awk "BEGIN { srand($seed); print rand() * $most / 1000 }"; }
seed=$$
n=0 runs=0 bad=0 resumed=0
while [ $n -lt $kills ]; do
    kind $((runs % 4))
    k=$((runs % 4))
    fresh $from
    [ $k = 3 ] && echo 'set train.freeze 100' > freeze || : > freeze
    line="$train"
    while :; do
        if [ -s runs/a/resume.safetensors ]; then
            line='resume a'
            resumed=$((resumed + 1))
            printf '%s\n' "$line" > lines
        else
            [ -d runs/a ] && rm -rf runs/a
            printf '%s\n' 'source load' 'source freeze' "$train" > lines
        fi
        "$tabscope" -b -c 'source begin' -c 'source lines' > out 2> err < /dev/null &
        pid=$!
        if [ $n -lt $kills ]; then
            seed=$((seed + 1))
            sleep "$(random)"
            kill -9 $pid 2> /dev/null
        fi
        wait $pid 2> /dev/null
        status=$?
        [ $status -ne 137 ] && break
        n=$((n + 1))
    done
    [ $status -eq 0 ] || { sed 's/^/# /' err; bad=$((bad + 1)); }
    cmp runs/a/model.safetensors whole.$k || bad=$((bad + 1))
    [ -e runs/a/resume.safetensors ] && bad=$((bad + 1))
    ls runs/a/*.tmp.* > /dev/null 2>&1 && bad=$((bad + 1))
    runs=$((runs + 1))
done
echo "# $n kills, $resumed times gone on, $runs runs done"
[ $bad -eq 0 ] && [ $resumed -gt 0 ]
point "killed $n times, every run comes to the same bytes"

# ---- a search ----

has_trials() { [ -s runs/s/trials.jsonl ] && [ "$(wc -l < runs/s/trials.jsonl)" -ge $1 ]; }

# killed_search PARENT LINE...: the lines make whole.s, and the same killed on the way; there
# are runs to begin with where PARENT says so
killed_search() {
    parent=$1
    shift
    fresh "$parent"
    batch "$@" || { sed 's/^/# /' err; exit 99; }
    cp runs/s/model.safetensors whole.s
    fresh "$parent"
    cut=0
    while [ $cut -lt 3 ]; do
        printf '%s\n' "$@" > lines
        [ -e runs/s/study ] && echo 'resume s' > lines
        "$tabscope" -b -c 'source begin' -c 'source lines' > out 2> err < /dev/null &
        pid=$!
        cut=$((cut + 1))
        until_true has_trials $((3 * cut))
        kill -9 $pid
        wait $pid
    done 2> /dev/null
    ! [ -e runs/s/model.safetensors ] && batch 'source runs/s/study' &&
        cmp runs/s/model.safetensors whole.s && has_trials 12
}

search='search train.lr=1e-4..1e-1:log --rounds 11 --name s'
killed_search yes 'source load' 'set train.epochs 250' "$search --from pre --stopping halving"
point "a search with a body that was killed three times keeps the same model"
set -- 'source load' 'set model.kind mlp' 'set train.epochs 250' "$search"
killed_search '' "$@"
point "a search that was killed three times keeps the same model"

rm runs/s/model.safetensors
sed -i '$d' runs/s/trials.jsonl
batch 'set model.kind logistic' 'set train.epochs 3' 'load table.csv --name own' \
    'resume s' 'show model.kind --format csv' 'tables --format csv'
cmp runs/s/model.safetensors whole.s && grep -q '^model.kind,logistic' out &&
    grep -q '^own,.*,yes,table.csv' out
point "resume leaves settings and table of the session as they are"

# `runs` says what a session says first of all, too.
greeting() { "$tabscope" -b --no-rc -c runs > out 2>&1; }
fresh
printf '%s\n' "$@" > lines
env --default-signal=HUP "$tabscope" -b -c 'source begin' -c 'source lines' > out 2> err \
    < /dev/null &
pid=$!
until_true [ -s runs/s/trials.jsonl ]
greeting
grep -q 'another tabscope makes the trials of s now' out
point "a search of another process is told of"
kill -HUP $pid
wait $pid
greeting
grep -q 's was cut off, trials done: [0-9]*; `resume s` goes on with it' out
point "one that was hung up on is offered at the next start"
mkdir elsewhere
(cd elsewhere && "$tabscope" -b --no-rc -c "set run.dir ../runs" -c 'resume s') > out 2>&1
grep -q "it was begun in the folder $PWD: .*: No such file" out
point "elsewhere it is said where its tables were"
batch 'resume s'
greeting
cmp runs/s/model.safetensors whole.s && grep -q '^s  *kept' out && ! grep 'trials' out
point "and no more when it has its end"

batch 'source load' 'set model.kind mlp' 'set train.epochs 250' \
    "$(echo "$search" | sed 's/11/12/')"
grep -q 'the search s has its end, with 12 trials; choose another --name' err
point "a search that has its run gets no more rounds"
: > runs/s/lock # it was cut off while its run was written
truncate -s 100 runs/s/model.safetensors
greeting
grep -q '`resume s` goes on with it' out && batch 'resume s' &&
    cmp runs/s/model.safetensors whole.s
point "a run that was cut off while it was written is written anew"
batch 'source load' 'set model.kind mlp' 'set train.epochs 250' \
    "$(echo "$search" | sed 's/name s/name own/') &" runs stop wait
grep -q 'search own' err && ! grep 'another tabscope' err
point "a session's own search is not another's"

# ---- asked to end ----

kind 0
same() { cmp -s runs/a/model.safetensors whole.0; point "$1"; }
# Runs `train` in the background until it has done some epochs.
start() {
    fresh
    printf '%s\n' 'source load' "$train" > lines
    : > err
    env --default-signal=HUP \
        "$tabscope" -b -c 'source begin' -c 'source lines' > out 2> err < /dev/null &
    pid=$!
    until_true grep -q 'epoch 4 of' err || exit 99
}
for signal in TERM HUP; do
    start
    kill -$signal $pid
    wait $pid
    status=$?
    [ $status -eq $([ $signal = TERM ] && echo 143 || echo 129) ]
    point "SIG$signal ends it"
    [ -s runs/a/resume.safetensors ] && [ -s runs/a/model.safetensors ]
    point "its state and its best weights are kept"
    batch 'runs --format csv'
    grep -q '^a,cut off,' out && grep -q 'a was cut off behind epoch' err
    point "it is listed as cut off"
    batch 'resume'
    same "and comes to its end as if nothing had been"
done
# Trains in the background and then does what else is said, once its state is kept. What
# stands in the way of its end is put there before.
hindrance=
meanwhile() {
    fresh
    mkfifo talk
    "$tabscope" -c "source begin" -c "source load" -c "$train &" < talk > out 2> err &
    pid=$!
    {
        until_true [ -s runs/a/resume.safetensors ]
        $hindrance
        for line; do echo "$line"; done
    } > talk
    wait $pid
    status=$?
    rm talk
}
meanwhile quit
[ -s runs/a/resume.safetensors ] && [ ! -e runs/a/model.safetensors ]
point "quit in the middle of training keeps its state"
batch 'resume a'
same "and it comes to its end"
meanwhile stop 'resume a'
grep -q '(stopped)' err
point "stopped in the middle of training"
same "and gone on with in the same session"

train='train --epochs 100000 --name a'
hindrance='mkdir runs/a/model.safetensors'
meanwhile stop
says '^standard input:1: the model of a is not saved: .*runs/a/model' \
    "a model that cannot be written is an error"
[ $status -eq 1 ] && [ -s runs/a/resume.safetensors ]
point "of the program, which keeps its state"
hindrance=
kind 0

# ---- what is left of other sessions ----

fresh yes
batch 'source load' 'evaluate --run pre'
says 'pre is only pre-trained' "a run of another session is known by its name"
batch 'source load' 'train --from pre --epochs 2 --name b' || point "train --from"
batch 'runs --format json'
grep -q '"run":"b","state":"kept".*"parent":"pre"' out \
    || grep -q '"run":"b","state":"kept".*"from":"pre"' out
point "so is where it came from"
batch 'predict table.csv --out p.csv --run b' && [ "$(wc -l < p.csv)" -eq 601 ]
point "and it predicts"
batch 'resume b'
says 'the run b has its end' "there is nothing to go on with"
batch 'resume nothing'
says 'there is no run "nothing"' "or no such run"

# ---- what must not be gone on with ----

start
kill -TERM $pid
wait $pid
cp -r runs kept
cp table.csv right.csv
sed 's/^p1,q1/p1,q2/' right.csv > table.csv
batch 'resume a'
says 'the table has other values than it had; put its file back' "another table"
head -500 right.csv > table.csv
batch 'resume a'
says 'the table has 499 rows; it had 600; put its file back' "a table cut short"
rm table.csv
batch 'resume a'
says 'table.csv: No such file' "no table"
mkdir elsewhere
(cd elsewhere && "$tabscope" -b -c "set run.dir ../runs" -c 'resume a') > out 2> err
says 'the run was begun in the folder /' "another folder"
cp right.csv table.csv
printf '\001' | dd of=runs/a/resume.safetensors bs=1 seek=9000 conv=notrunc 2> /dev/null
batch 'resume a'
says 'damaged: its .*`source runs/a/commands` begins the run anew' "a byte that changed"
head -c 9000 kept/a/resume.safetensors > runs/a/resume.safetensors
batch 'resume a'
says 'runs/a/resume.safetensors: ' "a file cut short"
sed "s/\"version\":\"[^\"]*\"/\"version\":\"0.0.0\"/" kept/a/resume.safetensors \
    > runs/a/resume.safetensors
batch 'resume a'
says 'damaged\|written by tabscope 0.0.0' "another version"
cp kept/a/resume.safetensors runs/a/
batch 'resume a'
same "none of which did any harm"

# ---- two at once ----

train='train --epochs 100000 --name a'
start
batch 'resume a'
says "another tabscope, process $pid, has runs/a/lock" "one that another process trains"
batch 'runs --format csv'
grep -q '^a,elsewhere,' out
point "is listed so"
batch 'source load' 'train --name a'
says 'a run "a" is kept in runs/a already' "and its name is taken"
kill -9 $pid
wait $pid 2> /dev/null
batch 'runs --format csv'
grep -q '^a,cut off,' out
point "a dead process holds nothing"

# ---- disks that are full, and folders that are not there ----

train='train --epochs 100000 --name a'
fresh
printf '%s\n' 'source load' "$train" > lines
sh -c 'echo $$ > pid; ulimit -f 8; exec "$0" -b -c "source begin" -c "source lines"' \
    "$tabscope" 2>&1 > out < /dev/null | cat > err &
until_true grep -q 'not autosaved: .*training goes on' err
point "a file that cannot grow is said"
epochs=$(grep -c epoch err)
goes_on() { [ "$(grep -c epoch err)" -gt $((epochs + 30)) ]; }
until_true goes_on
point "and training goes on"
kill -TERM "$(cat pid)"
wait
[ "$(grep -c 'not autosaved' err)" -eq 1 ]
point "without saying it again"
ls runs/a/*.tmp.* > /dev/null 2>&1
[ $? -ne 0 ]
point "and leaves nothing behind"
sed 's/autosave .*/autosave 0.02/;/freeze/d' begin > slow && mv slow begin
train='train --epochs 100000 --name a'
start
rm runs/a/resume.safetensors
until mkdir runs/a/resume.safetensors 2> /dev/null; do
    rm -f runs/a/resume.safetensors
done
until_true grep -q 'not autosaved' err
says 'not autosaved: .*\(it is a folder\|Is a directory\)' "what is in the way is named"
rmdir runs/a/resume.safetensors
until_true grep -q 'autosaved again' err
says 'autosaved again' "and when it is gone, saving works again"
kill -9 $pid
wait $pid 2> /dev/null

echo "1..$count"
