#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What term.c brings to a terminal, as that terminal shows it: tests/term_probe draws in a
# private tmux, and the screen of tmux has to become what was drawn.

work=$(mktemp -d) || exit 99
if ! command -v tmux > /dev/null; then
    echo "1..0 # SKIP no tmux"
    exit 0
fi
probe="$(cd "${top_builddir:-.}" && pwd)/tests/term_probe"
mux() { tmux -S "$work/socket$screens" -f /dev/null "$@" 2> /dev/null; }
trap 'mux kill-server; rm -rf "$work"' EXIT
screens=0
count=0

ok() {
    count=$((count + 1))
    echo "ok $count - $1"
}

# holds NAME COMMAND...: within 20 seconds the command succeeds
holds() {
    what=$1
    shift
    tries=0
    until "$@"; do
        tries=$((tries + 1))
        if [ $tries -gt 1000 ]; then
            screen | sed 's/^/# shown: /'
            sed 's/^/# drawn: /' "$work/screen"
            count=$((count + 1))
            echo "not ok $count - $what"
            return 1
        fi
        sleep 0.02
    done
    [ -z "$what" ] || ok "$what"
}

# begin NAME=VALUE...: the probe on a fresh screen of 80 x 24, a shell around it
begin() {
    mux kill-server
    screens=$((screens + 1))
    keys=0
    rm -f "$work/facts" "$work/screen"
    mux new-session -d -s t -x 80 -y 24 \
        "trap '' HUP; env -u NO_COLOR LC_ALL=C.UTF-8 $* '$probe' '$work'; \
         echo status \$?; stty -a | grep -o '.icanon'; exec cat"
    holds "" test -f "$work/facts"
}

screen() { mux capture-pane -t t -p | sed 's/ *$//'; }
screen_is_drawn() { screen | cmp -s - "$work/screen"; }
screen_has() { screen | grep -q -- "$1"; }
facts_are() { grep -q "^$1 " "$work/facts"; }
size_is() { grep -q "^[0-9]* [0-9]* $1 $2 " "$work/facts"; }

# press KEY: and the probe has done what it says
press() {
    keys=$((keys + 1))
    mux send-keys -t t "$1"
    holds "" facts_are $keys
}

# draws N NAME: N pictures, each of them shown as drawn
draws() {
    i=0
    while [ $i -lt "$1" ]; do
        press n || return
        holds "" screen_is_drawn || return
        i=$((i + 1))
    done
    ok "$2"
}

for name in tmux-256color xterm-256color screen xterm linux vt100; do
    begin TERM=$name
    draws 15 "15 pictures on a terminal of the type $name"
done
begin LC_ALL=C
draws 10 "10 pictures in a locale without UTF-8"
LC_ALL=C grep -q '[^ -~]' "$work/screen" || ok "which are ASCII"

begin TERM=tmux-256color LINES=5 COLUMNS=9
holds "LINES and COLUMNS mean nothing" size_is 80 24
draws 3 "nor to a picture"
press g
holds "garbage appears" screen_has garbage
press r
holds "and goes when all is drawn anew" screen_is_drawn
press s
holds "standard error comes out aside" grep -q '^a library complains$' "$work/errors"
holds "and not on the screen" screen_is_drawn
mux send-keys -t t l
holds "the shell has its screen for a while" screen_has 'on the screen of the shell'
mux send-keys -t t Enter
keys=$((keys + 1))
holds "and ours comes back as it was" screen_is_drawn

i=0
while [ $i -lt 200 ]; do
    mux resize-window -t t -x $((20 + i * 37 % 140)) -y $((5 + i * 11 % 50))
    i=$((i + 1))
done
mux resize-window -t t -x 100 -y 30
holds "200 sizes in a row end with the last one" size_is 100 30
holds "which is filled" screen_is_drawn
mux resize-window -t t -x 1 -y 1
holds "one cell is a size" size_is 1 1
mux resize-window -t t -x 2 -y 2
holds "so are four" size_is 2 2
holds "and they are drawn" screen_is_drawn
mux resize-window -t t -x 80 -y 24
holds "and there is a way back from it" size_is 80 24
draws 3 "with pictures as before"
mux send-keys -t t q
holds "the end is told on the screen of the shell" screen_has '^the end$'
holds "with its status" screen_has '^status 0$'
holds "and its modes" screen_has '^ icanon$'

for end in "x 134" "X 139" "e 3"; do
    begin TERM=tmux-256color ASAN_OPTIONS=handle_segv=0:handle_abort=0
    press n
    mux send-keys -t t "${end% *}"
    holds "after key ${end% *} the shell sees the status" screen_has "^status ${end#* }$"
    holds "and has its modes" screen_has '^ icanon$'
    [ "${end% *}" = X ] || holds "and the last words" screen_has '^last words$'
done

begin TERM=tmux-256color
press n
read -r _ _ _ _ pid < "$work/facts"
is_gone() { ! kill -0 "$pid" 2> /dev/null; }
mux kill-server
holds "a terminal that is closed ends the program" is_gone
echo "1..$count"
