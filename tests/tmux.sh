# SPDX-License-Identifier: GPL-3.0-or-later
# For scripts that show the program in a private tmux; they read this in place of tap.sh.
# What is waited for is text on the screen, never time.

. "${srcdir:-.}/tests/tap.sh"
command -v tmux > /dev/null || skip_all "no tmux"
screens=0

mux() { tmux -S "$work/socket$screens" -f /dev/null "$@" 2> /dev/null; }
trap 'mux kill-server; rm -rf "$work"' EXIT

# new_screen WIDTH HEIGHT COMMAND: a shell runs it there; the screen before is gone
new_screen() {
    mux kill-server
    screens=$((screens + 1))
    mux new-session -d -s t -x "$1" -y "$2" "$3"
}

keys() { mux send-keys -t t "$@"; }
screen() { mux capture-pane -t t -p; }
evidence() { screen; }

has() { screen | grep -q -- "$1"; }
lacks() { ! has "$1"; }

# sees PATTERN NAME, misses PATTERN NAME: the screen has it (not) in the end
sees() { until_true has "$1"; point "$2"; }
misses() { until_true lacks "$1"; point "$2"; }
