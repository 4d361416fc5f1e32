#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Batch from outside: exit codes, places of errors, where output goes, signals.

. "${srcdir:-.}/tests/tap.sh"
cp "$top/share/demo/income.csv" . || exit 99

# is STATUS OUT ERR NAME: of the last `try`; OUT and ERR are patterns of grep, "": nothing
is() {
    ok=true
    [ $status -eq $1 ] || { echo "# status $status, wanted $1"; ok=false; }
    for pair in "out:$2" "err:$3"; do
        file=${pair%%:*} pattern=${pair#*:}
        if [ -z "$pattern" ]; then
            [ ! -s $file ] || { sed "s/^/# $file: /" $file; ok=false; }
        else
            grep -q -- "$pattern" $file || { sed "s/^/# $file: /" $file; ok=false; }
        fi
    done
    $ok
    point "$4"
}

try() { "$tabscope" "$@" > out 2> err < /dev/null; status=$?; }

try --version;                is 0 '^tabscope [0-9]' '' "the version"
try --help;                   is 0 '^usage: tabscope' '' "the help"
try --bogus;                  is 2 '' 'there is no option "--bogus"' "an unknown option"
try --sede 3;                 is 2 '' 'did you mean --seed' "an option nearly right"
try --seed -1;                is 2 '' 'seed takes a whole number from 0' "a seed below 0"
try --threads 0;              is 2 '' '--threads takes' "no thread"
try --format=xml -b;          is 2 '' 'takes table, csv or json' "an unknown format"
try --seed;                   is 2 '' '--seed needs a value' "a value that is missing"
try --plain=yes;              is 2 '' '--plain takes no value' "a value too many"
export TABSCOPE_ISA=avx3
try -b;                       is 2 '' 'is "avx3"; it takes base' "unknown instructions"
TABSCOPE_ISA=base
try -b;                       is 0 '' '' "known instructions"
unset TABSCOPE_ISA
try a.tabscope b.tabscope;    is 2 '' 'one script too many' "two scripts"
try -b -c tables --format csv; is 0 '^name,rows' 'no table is loaded' "a format for all"
try -b -c 'load nothing.csv' -c tables
is 1 '' '^-c:1: nothing.csv: No such file' "the first error of -c ends it"
try income.csv -b -c 'tables --format csv'
is 0 '^income,8993,14,,yes,income.csv$' '^income: 8,993 rows' "a table to load"
printf 'tables\n\nlod x\ntables\n' > bad.tabscope
try -b bad.tabscope;          is 1 '' '^bad.tabscope:3: there is no command' "FILE:LINE"
try bad.tabscope;             is 1 '' '^bad.tabscope:3: ' "a script is known by its name"
try -b nothing.tabscope;      is 1 '' 'cannot read nothing.tabscope' "no script"
try -b .;                     is 1 '' 'is a folder' "a folder as script"
printf '#!tabscope -b\nshow train.lr\n' > script
try script;                   is 0 '0.001' '' "a script is known by its first bytes"
mkdir -p .config/tabscope
printf "theme mono\nbind data m 'mark %%columns ignore'\n" > .config/tabscope/keys
try --keys;                   is 0 '^data .* m  *mark %columns ig' '' "keys of one's own"
try --keys --no-rc;           is 0 '^conflicts: none' '' "and without them"
printf "bind anywhere q 'view runs'\n" >> .config/tabscope/keys
try --keys;                   is 1 '' 'keys:3: q belongs to the prompt' "a wrong key"
rm .config/tabscope/keys
try -b -c 'theme light' -c 'set screen.fps 3' -c keep
is 0 '' 'in .*/rc: screen.theme light, screen.fps 3' "keep keeps options of the screen"
printf 'set train.lr 0.5 # mine\ntheme deut\n' >> .config/tabscope/rc
try -b -c 'set screen.glyphs ascii' -c 'keep screen.gl' -c 'theme dark' -c keep
printf '%s\n' 'set train.lr 0.5 # mine' 'set screen.theme dark' 'set screen.glyphs ascii' \
    'set screen.fps 0' > want
cmp -s want .config/tabscope/rc
status=$?
is 0 '' 'screen.theme dark, screen.glyphs ascii, screen.fps 0' "in place of what was there"
try -b -c 'keep data';        is 1 '' 'nothing to keep' "defaults are not kept"
rm .config/tabscope/rc
export TERM=dumb PATH="$work:$PATH"
unset NO_COLOR SSH_TTY
touch gnuplot
chmod +x gnuplot
try doctor;                   is 0 '^kernels ' 'advice stands beside' "the doctor"
TERM=xterm
try doctor;
grep -q '^kernels  *avx' out || echo 'nothing is amiss' > err # but the processor
is 0 '^gnuplot ' 'nothing is amiss' "and where all is well"
printf 'show train.seed --format csv\r\n' > crlf.tabscope
try crlf.tabscope --seed 7;   is 0 'train.seed,7,1' '' "a seed for all, CRLF lines"
printf 'tables\0\n' > nul.tabscope
try nul.tabscope;             is 1 '' '^nul.tabscope:1: .*NUL' "a NUL in a script"
try -b -c 'load income.csv' -c 'target over_50k'
is 0 '' '(24.4 % of 8,993 rows)' "large counts can be read"
printf 'quit\nlod\n' > quit.tabscope
try quit.tabscope;            is 0 '' '' "quit ends a script"
try -b -c 'source bad.tabscope'
is 1 '' '^-c:1: bad.tabscope:3: ' "an error in a script of a script"

printf 'load income.csv\nmark foo ignore\n' | "$tabscope" -b - > out 2> err
status=$?;                    is 1 '' '^standard input:2: there is no' "standard input"
printf 'tables --format csv\n' | "$tabscope" > out 2> err
status=$?;                    is 0 '^name,rows' 'no table' "commands from a pipe"

mkdir -p .config/tabscope
echo 'set train.lr 0.125' > .config/tabscope/rc
try -b -c 'show train.lr --format csv'
is 0 'train.lr,0' '' "batch does not read the start-up file"

if [ -w /dev/full ]; then
    "$tabscope" -b -c help > /dev/full 2> err < /dev/null
    status=$? ; : > out
    is 1 '' 'standard output: No space left' "a full disk behind standard output"
fi
if grep -q "__[at]san_init" "$tabscope"; then
    skip "200 MB of memory are enough to look at a table" sanitizers
else
    (ulimit -v 200000
     exec "$tabscope" income.csv -b -c describe) > out 2> err < /dev/null
    status=$?
    is 0 over_50k '8,993 rows' "200 MB of memory are enough to look at a table"
fi

# A shell without job control starts what runs in the background with SIGINT ignored;
# SIGTERM takes the same way.
printf '%s\n' 'load income.csv' 'target over_50k' 'set model.layers 1' \
    'set model.head_cap 32' 'train --epochs 100000 --patience 0 --name long' \
    > long.tabscope
"$tabscope" -b long.tabscope > out 2> err < /dev/null &
pid=$!
until_true grep -qs 'epoch 1 of' err
kill -TERM $pid # and again at once, as timeout(1) does
kill -TERM $pid 2> /dev/null
wait $pid
status=$?
is 143 '' '^long.tabscope:5: interrupted' "SIGTERM stops a run"
[ -s runs/long/model.safetensors ] && grep -q 'kept in runs/long' err
status=$?; : > out; echo x > err
is 0 '' x "and its best weights are kept"
try -b -c 'open runs/long/model.safetensors' -c 'predict income.csv --out p.csv'
is 0 '' '8,993 rows predicted' "so that it can predict"
try -b long.tabscope;         is 1 '' 'a run "long" is kept' "its name is taken now"

# Cells, whatever they hold
printf 'a,b\n\033]0;x\007,1\n\302\233,2\n\342\200\256r,3\nn\000l,4\n' > wild.csv
try wild.csv -b -c head
is 0 '^^\[\]0;x^G  *1$' 'wild: 4 rows' "control bytes are shown as text"
grep -q "$(printf '[\033\007]\|\302\233\|\342\200\256')" out err && status=1 || status=0
: > out; echo x > err
is 0 '' x "and none of them is left"
try wild.csv -b -c 'head --format json'
is 0 '"a":"\\u001b\]0;x\\u0007"' 'wild: 4 rows' "JSON escapes them"

try wild.csv -b -c 'head --format json'
is 0 '"a":"n\\u0000l"' 'wild' "a NUL is a byte like others"

# Names of files, whatever they hold
name="$(printf "a'b c\033[2J\$(x).csv")"
cp income.csv "$name"
quoted="$(printf 'load "a'"'"'b c\\x1b[2J$(x).csv" --rows 5')"
try -b -c "$quoted" -c 'export "-o \"x\".csv"'
is 0 '' 'rows written to -o "x".csv' "odd names of files"
grep -q "$(printf '\033')" err out && status=1 || status=0
: > out; echo x > err
is 0 '' x "no control byte of a name reaches the terminal"

echo "1..$count"
