#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The corpora of hostile and of polluted files, where the shared folder is there: no
# crash, hang, sanitizer report, control byte or silent refusal; and the Pollock scores.

shared=${TABSCOPE_SHARED:-${srcdir:-.}/../shared}
hostile=$shared/hostile
program=$top_builddir/tests/csv_export

if [ ! -r "$hostile/hostile_run.py" ] || ! command -v python3 >/dev/null; then
    echo "1..0 # SKIP no shared folder or no python3"
    exit 0
fi
folder=$(mktemp -d) || exit 99
trap 'rm -rf "$folder"' EXIT
trap 'exit 99' HUP INT TERM
mkdir "$folder/hostile" "$folder/polluted"

# point NUMBER NAME: prints the result of the command before it
point() {
    if [ $? -eq 0 ]; then echo "ok $1 - $2"; else echo "not ok $1 - $2"; fi
}

# comment: makes lines of output into comments of TAP; the status is in $folder/status
comment() {
    sed 's/^/# /' "$folder/log"
    return "$(cat "$folder/status")"
}

python3 "$hostile/hostile_run.py" --corpus "$hostile" --out "$folder/hostile" \
    --timeout 30 --only '^own/' --list 'BUG|wanted|differs' -- "$program" {in} {out} \
    >"$folder/log" 2>&1
echo $? >"$folder/status"
comment
point 1 "hostile tables: no bug"

! grep -q 'differs:\|refused, wanted accept:' "$folder/log"
point 2 "hostile tables: cells as wanted"

python3 "$hostile/pollock_score.py" run --data "$hostile/pollock_own" \
    --loaded "$folder/polluted" --timeout 30 -- "$program" {in} {out} >"$folder/log" 2>&1
echo $? >"$folder/status"
comment
point 3 "polluted files: no crash, no hang"

python3 "$hostile/pollock_score.py" score --data "$hostile/pollock_own" \
    --loaded "$folder/polluted" --min 9.9 >"$folder/log" 2>&1
echo $? >"$folder/status"
comment
point 4 "polluted files: simple score of at least 9.9"

awk '/weighted/ {
         for (i = 1; i < NF; i++)
             if ($i == "weighted")
                 exit !($(i + 1) >= 9.95)
     }
     END { if (NR == 0) exit 1 }' "$folder/log"
point 5 "polluted files: weighted score of at least 9.95"
echo "1..5"
