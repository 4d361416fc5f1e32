# SPDX-License-Identifier: GPL-3.0-or-later
# For scripts that show a program in a private tmux; they read this at their beginning and
# stand in a folder of their own then, $work. $top is the folder of the sources, $build
# that of the programs. What is waited for is text on the screen, never time.

. "${srcdir:-.}/tests/wait.sh"
if ! command -v tmux > /dev/null; then
    echo "1..0 # SKIP no tmux"
    exit 0
fi
top=$(cd "${srcdir:-.}" && pwd)
build=$(cd "${top_builddir:-.}" && pwd)
work=$(mktemp -d) || exit 99
cd "$work" || exit 99
screens=0
count=0
export LC_ALL=C.UTF-8 # else tmux and grep take characters for bytes

mux() { tmux -S "$work/socket$screens" -f /dev/null "$@" 2> /dev/null; }
trap 'mux kill-server; rm -rf "$work"' EXIT
trap 'exit 99' HUP INT TERM

# new_screen WIDTH HEIGHT COMMAND: a shell runs it there; the screen before is gone
new_screen() {
    mux kill-server
    screens=$((screens + 1))
    mux new-session -d -s t -x "$1" -y "$2" "$3"
}

keys() { mux send-keys -t t "$@"; }
screen() { mux capture-pane -t t -p; }

# point NAME: stands for what the command before it returned, and returns it, too
point() {
    ok=$?
    count=$((count + 1))
    if [ $ok -eq 0 ]; then
        echo "ok $count - $1"
    else
        screen | sed 's/^/# /'
        echo "not ok $count - $1"
    fi
    return $ok
}

has() { screen | grep -q -- "$1"; }
lacks() { ! has "$1"; }

# sees PATTERN NAME, misses PATTERN NAME: the screen has it (not) in the end
sees() { until_true has "$1"; point "$2"; }
misses() { until_true lacks "$1"; point "$2"; }
