# SPDX-License-Identifier: GPL-3.0-or-later
# For scripts that try the program from outside; they read this at their beginning and
# stand in an empty folder then, $work, which is their home. $top is the folder of the
# sources, $build that of the programs, $shared that of reference data ("": there is none).
# At their end they print "1..$count".

top=$(cd "${srcdir:-.}" && pwd)
build=$(cd "${top_builddir:-.}" && pwd)
shared=$(cd "${TABSCOPE_SHARED:-$top/../shared}" 2> /dev/null && pwd)
tabscope=$build/tabscope
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 99' HUP INT TERM
cd "$work" || exit 99
export HOME="$work" XDG_CONFIG_HOME= XDG_STATE_HOME= LC_ALL=C.UTF-8
count=0

# evidence: what is printed, as comments, where a point fails; scripts put theirs here
evidence() { :; }

# point NAME: stands for what the command before it returned, and returns it, too
point() {
    ok=$?
    count=$((count + 1))
    if [ $ok -eq 0 ]; then
        echo "ok $count - $1"
    else
        evidence | sed 's/^/# /'
        echo "not ok $count - $1"
    fi
    return $ok
}

# skip NAME WHY: a point that is not tried here
skip() {
    count=$((count + 1))
    echo "ok $count - $1 # SKIP $2"
}

# skip_all WHY: ends the script where nothing of it can be tried
skip_all() {
    echo "1..0 # SKIP $1"
    exit 0
}

# until_true COMMAND...: until it succeeds, three minutes at most: a build with sanitizers
# on a busy machine is slow, and a test that passes does not wait that long.
until_true() {
    tries=0
    until "$@"; do
        tries=$((tries + 1))
        [ $tries -gt 9000 ] && return 1
        sleep 0.02
    done
}
