#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A disk that fails, and a program that is killed, while a file is written: every system
# call on the way fails for every reason in turn, and the program is killed at every one.
# Then the old file is as it was or the new one is whole, a sentence says what and where,
# nothing is left lying about, and the next try works.

. "${srcdir:-.}/tests/tap.sh"
strace -D -f --seccomp-bpf -e trace=close -o /dev/null true 2> /dev/null \
    || skip_all "no strace of version 5.3, or it may not trace"
# a process that is traced cannot be searched for leaks
export ASAN_OPTIONS="detect_leaks=0:${ASAN_OPTIONS:-}"

# What writes, and what puts a file in its place; `?` where not every system has it.
calls='openat,write,fsync,close,?rename,renameat,renameat2,?link,linkat,fchmod,ftruncate'
calls="$calls,writev,pwrite64,fdatasync,fallocate,copy_file_range"

# program COMMAND...: runs it with tabscope and the lines of the script behind
program() {
    set -- "$@" "$tabscope" -b --no-rc --threads 1
    while IFS= read -r line; do set -- "$@" -c "$line"; done < "$script"
    { "$@" > out 2> err < /dev/null; status=$?; } 2> /dev/null
}

plain() { program env; }

# traced OPTIONS...: of strace, for the calls that concern the file. With -D the program
# is the child and has the shell's number, from which its temporary file is named.
traced() {
    program sh -c 'exec strace -D -f -y -P "$0.tmp.$$" -P "$(pwd -P)/$0.tmp.$$" "$@"' \
        "$file" ${folder:+-P "$folder"} "$@"
}

strays() { find . -name '*.tmp.*' | wc -l; }

# wrong WORDS...: tells what went wrong, and returns false
wrong() {
    echo "# $call $*; status $status, it said:"
    grep -v epoch err | sed 's/^/#   /'
    return 1
}

next_works() {
    plain
    if [ $status -ne 0 ]; then
        wrong "the next try failed"
    elif ! cmp -s "$file" new; then
        wrong "the next try wrote something else"
    elif [ "$(strays)" -ne 0 ]; then
        wrong "the next try left a stray file"
    fi
}

# A folder that may not be read, or cannot be closed, can be written into all the same.
error_is_told() {
    if [ $status -eq 0 ]; then
        [ "$where" = folder ] && [ "${call% *}" != fsync ] && cmp -s "$file" new && return
        wrong "$1: a success"
    elif ! cmp -s "$file" old && ! { [ $where = folder ] && cmp -s "$file" new; }; then
        wrong "$1: the old file is gone"
    elif [ "$(grep -c "^-c:[0-9]*: cannot [a-z ]* $file: $2" err)" -ne 1 ] ||
         [ "$(grep -c "^-c:" err)" -ne 1 ]; then
        wrong "$1: not one sentence"
    elif [ "$(strays)" -ne 0 ]; then
        wrong "$1: a stray file"
    fi
}

# fail_call REASON TEXT; only the calls asked for stop the program, which is quick
fail_call() {
    cp old "$file"
    traced -o /dev/null --seccomp-bpf -e "trace=${call% *}" \
        -e "inject=${call% *}:error=$1:when=${call#* }"
    error_is_told "$1" "$2"
}

# So done, a signal would not get through (strace 6.1).
kill_at_call() {
    cp old "$file"
    traced -o /dev/null -e "trace=${call% *}" \
        -e "inject=${call% *}:signal=KILL:when=${call#* }"
    if [ $status -ne 137 ]; then
        wrong "killed: it goes on"
    elif ! cmp -s "$file" old && ! cmp -s "$file" new; then
        wrong "killed: a torn file"
    elif [ "$(strays)" -gt 1 ]; then
        wrong "killed: more than one stray file"
    else
        next_works
    fi
}

# The calls of a run that succeeds: "folder close 1", "file write 2", ...
list_calls() {
    rm -f log
    traced -o log -e "trace=$calls"
    until_true grep -qs '+++ exited with' log
    sed -n 's/^[0-9]* *\([a-z_0-9]*\)(\(.*\)/\1 \2/p' log |
        awk -v name="$file.tmp." \
            '{ print (index($0, name) ? "file" : "folder"), $1, ++n[$1] }'
}

is_complete() {
    grep -q '^file write' list && grep -q '^file fsync' list &&
        grep -q '^file rename' list
}

# loop FILE SCRIPT: what the script does last is to write the file
loop() {
    file=$1 script=$2 folder=.
    echo "what was there before" > old
    rm -f "$file"
    plain
    if [ $status -ne 0 ] || ! cp "$file" new; then
        call=; wrong "a plain run"; point "$script: writes $file"
        return
    fi
    list_calls > list
    is_complete
    point "$script: writes, syncs and renames"
    failed=0 killed=0 again=0
    while read -r where call; do
        fail_call ENOSPC 'No space left on device (' || failed=1
        fail_call EIO 'Input/output error$' || failed=1
        fail_call EACCES 'Permission denied$' || failed=1
        next_works || again=1
        kill_at_call || killed=1
    done < list
    echo "# $(wc -l < list) system calls"
    [ $failed -eq 0 ]; point "$script: each fails and is told"
    [ $again -eq 0 ]; point "$script: and the next try works"
    [ $killed -eq 0 ]; point "$script: killed at each, nothing is torn"
}

# ---- what is saved by command ----

head -60 "$top/share/demo/income.csv" > table.csv
cat > train.tabscope <<'END'
load table.csv
target over_50k
set model.dim 16
set model.layers 2
set model.heads 2
set model.head_cap 32
set train.patience 0
set train.autosave 3600
train --epochs 20 --name a
save first.model
END
script=train.tabscope
plain
[ $status -eq 0 ] || { sed 's/^/# /' err; exit 99; }

printf '%s\n' 'open first.model' 'save out.model' > save.tabscope
loop out.model save.tabscope
printf '%s\n' 'open first.model' 'predict table.csv --out out.csv' > predict.tabscope
loop out.csv predict.tabscope
printf '%s\n' 'load table.csv' 'session save out.session' > session.tabscope
loop out.session session.tabscope

# ---- what a run keeps ----

# Whatever happened, the run comes to its model.
goes_on() {
    plain
    if [ $status -ne 0 ]; then
        wrong "$1: it does not go on"
    elif ! cmp -s runs/a/model.safetensors right; then
        wrong "$1: it came to another model"
    elif [ "$(strays)" -ne 0 ]; then
        wrong "$1: a stray file"
    fi
}

# disturb HOW OPTIONS...: of the injection into a run that goes on
disturb() {
    how=$1
    shift
    rm -rf runs
    cp -r kept runs
    traced -o /dev/null "$@" -e "trace=${call% *}" \
        -e "inject=${call% *}:$how:when=${call#* }"
}

# fail_run ERROR TEXT: a run goes on without what it cannot write; without its model it
# comes to its end and fails. An autosave that fails as the run comes to its end is of no
# more interest to anybody.
fail_run() {
    disturb "error=$1" --seccomp-bpf
    wanted=$([ $verb = autosaved ] && echo 0 || echo 1)
    said=$(grep -c "not $verb: cannot write $file: $2" err)
    told=$((told + said))
    if [ $status -ne "$wanted" ]; then
        wrong "$1: it ends with another status than $wanted"
    elif [ $said -gt 1 ] || { [ $said -eq 0 ] && [ $verb != autosaved ]; }; then
        wrong "$1: not one sentence"
    elif [ "$(strays)" -ne 0 ]; then
        wrong "$1: a stray file"
    elif [ $verb = autosaved ]; then
        cmp -s runs/a/model.safetensors right || wrong "$1: it came to another model"
    else
        goes_on "$1"
    fi
}

# The other file may be on its way, too.
kill_run() {
    disturb signal=KILL
    if [ $status -ne 137 ]; then
        wrong "killed: it goes on"
    elif [ "$(strays)" -gt 2 ]; then
        wrong "killed: more than two stray files"
    else
        goes_on killed
    fi
}

# loop_run FILE VERB: the file is written while the run goes on from what is in `kept`
loop_run() {
    file=$1 verb=$2 script=resume.tabscope folder=
    rm -rf runs
    cp -r kept runs
    list_calls | sed '/rename/q' > list
    is_complete
    point "$file is written, synced and renamed"
    failed=0 killed=0 told=0
    while read -r where call; do
        fail_run ENOSPC 'No space left on device (' || failed=1
        fail_run EIO 'Input/output error' || failed=1
        kill_run || killed=1
    done < list
    echo "# $(wc -l < list) system calls"
    [ $failed -eq 0 ] && [ $told -gt 0 ]
    point "each fails and is told, and the run comes to its end"
    [ $killed -eq 0 ]; point "killed at each, it goes on to the same model"
}

mv runs/a/model.safetensors right
rm -rf runs
file=runs/a/model.safetensors folder= script=train.tabscope
traced -o /dev/null -e trace=openat -e inject=openat:signal=KILL:when=1
[ $status -eq 137 ] && mv runs kept
point "a run is cut off"
echo 'resume a' > resume.tabscope
loop_run runs/a/resume.safetensors autosaved
loop_run runs/a/model.safetensors saved
echo "1..$count"
