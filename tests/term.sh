#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What term.c brings to a terminal, as that terminal shows it: tests/term_probe draws in a
# private tmux, and the screen of tmux has to become what was drawn.

. "${srcdir:-.}/tests/tmux.sh"
probe=$build/tests/term_probe

# holds NAME COMMAND...: the command succeeds in the end
holds() {
    what=$1
    shift
    until_true "$@"
    point "$what" || sed 's/^/# drawn: /' drawn
}

# waits COMMAND...: a point only where that is in vain
waits() {
    until_true "$@" && return
    false
    point "waiting for $*"
}

# begin NAME=VALUE...: the probe on a fresh screen of 80 x 24, a shell around it
begin() {
    pressed=0
    rm -f facts drawn
    new_screen 80 24 \
        "trap '' HUP; env -u NO_COLOR $* '$probe' '$work'; \
         echo status \$?; stty -a | grep -o '.icanon'; exec cat"
    waits test -f facts
}

screen() { mux capture-pane -t t -p | sed 's/ *$//'; }
is_drawn() { screen | cmp -s - drawn; }
facts_are() { grep -q "^$1 " facts; }
size_is() { grep -q "^[0-9]* [0-9]* $1 $2 " facts; }

# press KEY: and the probe has done what it says
press() {
    pressed=$((pressed + 1))
    keys "$1"
    waits facts_are $pressed
}

# draws N NAME: N pictures, each of them shown as drawn
draws() {
    i=0
    while [ $i -lt "$1" ]; do
        press n || return
        waits is_drawn || return
        i=$((i + 1))
    done
    [ $i -eq "$1" ]
    point "$2"
}

for name in tmux-256color xterm-256color screen xterm linux vt100; do
    begin TERM=$name
    draws 15 "15 pictures on a terminal of the type $name"
done
begin LC_ALL=C
draws 10 "10 pictures in a locale without UTF-8"
! LC_ALL=C grep -q '[^ -~]' drawn
point "which are ASCII"

begin TERM=tmux-256color LINES=5 COLUMNS=9
holds "LINES and COLUMNS mean nothing" size_is 80 24
draws 3 "nor to a picture"
press g
holds "garbage appears" has garbage
press r
holds "and goes when all is drawn anew" is_drawn
press s
holds "standard error comes out aside" grep -q '^a library complains$' errors
holds "and not on the screen" is_drawn
keys l
holds "the shell has its screen for a while" has 'on the screen of the shell'
keys Enter
pressed=$((pressed + 1))
holds "and ours comes back as it was" is_drawn

i=0
while [ $i -lt 200 ]; do
    mux resize-window -t t -x $((20 + i * 37 % 140)) -y $((5 + i * 11 % 50))
    i=$((i + 1))
done
mux resize-window -t t -x 100 -y 30
holds "200 sizes in a row end with the last one" size_is 100 30
holds "which is filled" is_drawn
mux resize-window -t t -x 1 -y 1
holds "one cell is a size" size_is 1 1
holds "and it is drawn" is_drawn
mux resize-window -t t -x 2 -y 2
holds "so are four" size_is 2 2
holds "and they are drawn" is_drawn
mux resize-window -t t -x 80 -y 24
holds "and there is a way back from it" size_is 80 24
draws 3 "with pictures as before"
keys q
holds "the end is told on the screen of the shell" has '^the end$'
holds "with its status" has '^status 0$'
holds "and its modes" has '^ icanon$'

for end in "x 134" "X 139" "e 3"; do
    begin TERM=tmux-256color ASAN_OPTIONS=handle_segv=0:handle_abort=0 \
        TSAN_OPTIONS=handle_segv=0:handle_abort=0
    press n
    keys "${end% *}"
    holds "after key ${end% *} the shell sees the status" has "^status ${end#* }$"
    holds "and has its modes" has '^ icanon$'
    [ "${end% *}" = X ] || holds "and the last words" has '^last words$'
done

begin TERM=tmux-256color
press n
read -r _ _ _ _ pid < facts
is_gone() { ! kill -0 "$pid" 2> /dev/null; }
mux kill-server
holds "a terminal that is closed ends the program" is_gone
echo "1..$count"
