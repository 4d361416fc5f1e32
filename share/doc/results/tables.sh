# SPDX-License-Identifier: GPL-3.0-or-later
#
# What the scripts of this folder share; read by them, not run. They set $0's folder as the
# place to look from, and may set `tabscope` and `threads` before they call find_things.

export LC_ALL=C
tab=$(printf '\t')

die() {
    echo "${0##*/}: $*" >&2
    exit 1
}

# find_things: sets `data` (the tables of the shared folder), `tabscope` (an absolute path)
# and `work`, a folder that goes at the end
find_things() {
    top=$(cd "$(dirname "$0")/../../.." && pwd)
    data=${TABSCOPE_SHARED:-$top/../shared}/data
    [ -r "$data/INDEX.tsv" ] || die "no tables in $data: set TABSCOPE_SHARED"
    data=$(cd "$data" && pwd)
    if [ -z "$tabscope" ]; then
        tabscope=$top/build/tabscope
        [ -x "$tabscope" ] || tabscope=$(command -v tabscope) || die "where is tabscope?"
    fi
    case $tabscope in
    */*) tabscope=$(cd "$(dirname "$tabscope")" && pwd)/$(basename "$tabscope") ;;
    esac
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    trap 'exit 130' INT TERM HUP
}

# index TABLE FIELD: of the first line of that name
index() {
    awk -F '\t' -v name="$1" -v field="$2" \
        '$1 == name { print $field; exit }' "$data/INDEX.tsv"
}

# table_commands TABLE: loads it, leaves out what its description says, sets the target
table_commands() {
    file=$data/$(index "$1" 2)
    positive=$(index "$1" 6)
    task=$(index "$1" 7)
    drop=$(awk -F '\t' '$2 == "drop" { printf " \"%s\"", $1 }' "${file%/*}/schema.tsv")
    printf 'load "%s" --name table\n' "$file"
    [ -z "$drop" ] || echo "mark$drop ignore"
    printf 'target "%s" --task %s%s\n' "$(index "$1" 5)" "${task%% *}" \
        "${positive:+ --positive \"$positive\"}"
}

# run_commands: those of $work/commands; their output is in $work/all
run_commands() {
    rm -rf "$work/runs"
    (cd "$work" && "$tabscope" --no-rc ${threads:+--threads "$threads"} -b commands \
        >all 2>narration) && return
    tail -n 1 "$work/narration" >&2
    return 1
}
