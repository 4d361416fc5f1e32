#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The corpora of hostile and of polluted files, where the shared folder is there: no
# crash, hang, sanitizer report, control byte or silent refusal; and the Pollock scores.

. "${srcdir:-.}/tests/tap.sh"
hostile=$shared/hostile
program=$build/tests/csv_export

[ -r "$hostile/hostile_run.py" ] && command -v python3 > /dev/null \
    || skip_all "no shared folder or no python3"
mkdir hostile polluted
evidence() { cat log; }

python3 "$hostile/hostile_run.py" --corpus "$hostile" --out hostile \
    --timeout 30 --only '^own/' --list 'BUG|wanted|differs' -- "$program" {in} {out} \
    > log 2>&1
point "hostile tables: no bug"

! grep -q 'differs:\|refused, wanted accept:' log
point "hostile tables: cells as wanted"

python3 "$hostile/pollock_score.py" run --data "$hostile/pollock_own" \
    --loaded polluted --timeout 30 -- "$program" {in} {out} > log 2>&1
point "polluted files: no crash, no hang"

python3 "$hostile/pollock_score.py" score --data "$hostile/pollock_own" \
    --loaded polluted --min 9.9 > log 2>&1
point "polluted files: simple score of at least 9.9"

awk '/weighted/ {
         for (i = 1; i < NF; i++)
             if ($i == "weighted")
                 exit !($(i + 1) >= 9.95)
     }
     END { if (NR == 0) exit 1 }' log
point "polluted files: weighted score of at least 9.95"
echo "1..$count"
