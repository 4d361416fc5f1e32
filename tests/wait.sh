# SPDX-License-Identifier: GPL-3.0-or-later
# For scripts that wait for what a program does; they read this at their beginning.

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
