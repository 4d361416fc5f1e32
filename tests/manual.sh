#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The manual says what the program does: the same commands, usages, options and defaults;
# its examples run; the shell's completion is the one that the program makes.

. "${srcdir:-.}/tests/tap.sh"
cp "$top/share/demo/income.csv" . || exit 99
PATH="$build:$PATH"

run() { "$tabscope" -b --no-rc -c "$1"; }

# same NAME: the files want and got are equal
same() {
    diff want got | sed 's/^/# /'
    cmp -s want got
    point "$1"
}

# The first column of CSV on standard input, without its title.
first() { sed '1d; s/,.*//'; }

for page in tabscope.1 tabscope.5; do
    if command -v mandoc > /dev/null; then
        mandoc -T lint -W warning "$top/man/$page" | sed 's/^/# /' > lint
        cat lint
        [ ! -s lint ]
        point "$page has no mistakes"
    else
        skip "$page" "no mandoc"
    fi
done

# ---- commands ----

run 'help --format csv' 2> /dev/null | first > want
awk '/^\.Sh/ { on = /COMMANDS/ } on && /^\.It Ic/ { print $3 }' \
    "$top/man/tabscope.5" > got
same "the manual lists the commands"

while read -r verb; do
    run "help $verb --format json" 2> /dev/null |
        sed 's/.*"usage":"//; s/","does":.*//'
done < want > usages
awk '/^\.Sh/ { on = /COMMANDS/ }
     on && /^\.It Ic/ { text = ""; take = 0 }
     on && /^\.Ed/ && take { print text; take = 0 }
     take { text = text (text == "" ? "" : " ") $0 }
     on && /^\.Bd/ { take = 1 }' "$top/man/tabscope.5" > got
mv usages want
same "the manual's usages are the program's"

sed 's/\[--format table|csv|json\]//; s/\[&\]//' want | grep -o -- '\[--[a-z_]*' |
    sed 's/\[--//' | sort > options
awk '/^\.Sh/ { on = /COMMANDS/ } on && /^\.It Fl/ { print $3 }' "$top/man/tabscope.5" |
    sed 's/^\\-//' | sort > got
mv options want
same "the manual explains every option of every command"

run 'show --format csv' | sed 1d | awk -F, '{ print $1, "(" $3 ")" }' > want
awk '/^\.Sh/ { on = /OPTIONS/ } on && /^\.It Cm/ { print $3, $5 }' \
    "$top/man/tabscope.5" > got
same "the manual lists the settings and their defaults"

"$tabscope" --help | sed -n 's/^  \(--*[a-z-]*\) .*/\1/p' > want
awk '/^\.Sh/ { on = /DESCRIPTION/ } on && /^\.It Fl/ { print "-" $3 }' \
    "$top/man/tabscope.1" | sed 's/^-\\-/--/' > got
same "the manual lists the options of the program"

"$tabscope" --complete-bash > got
cp "$top/share/completions/tabscope" want
same "the completion of the shell is up to date"

# ---- keys ----

# Keys of a context that run the same line stand together.
"$tabscope" --keys --no-rc | awk -F '   *' '
    /^conflicts/ { exit }
    ($1, $3) in keys { keys[$1, $3] = keys[$1, $3] " , " $2; next }
    { order[++n] = $1 SUBSEP $3; keys[$1, $3] = $2; help[$1, $3] = $4 }
    END { for (i = 1; i <= n; i++) print keys[order[i]] ": " help[order[i]] }' > want
awk '/^\.Sh/ { on = /KEYS/ }
     take { print key ": " $0; take = 0 }
     on && /^\.It Ic/ { key = substr($0, 8); take = 1 }' "$top/man/tabscope.1" |
    sed 's/\\&//g; s/\\-/-/g; s/"//g' > got
same "the manual lists the keys"

# ---- examples ----

# Each literal block of a page's examples becomes a file example.N.
examples() {
    rm -f example.*
    awk '/^\.Sh/ { on = /EXAMPLES/ }
         /^\.Ed/ { take = 0 }
         take { print > ("example." n) }
         on && /^\.Bd -literal/ { take = 1; n++ }' "$top/man/$1"
    sed -i 's/\\e/\\/g' example.*
}

examples tabscope.5
for file in example.*; do
    "$tabscope" -b --no-rc "$file" > out 2>&1 || { sed 's/^/# /' out; false; }
    point "tabscope.5, $file runs"
done
examples tabscope.1
for file in example.*; do
    sh -e "$file" > out 2>&1 || { sed 's/^/# /' out; false; }
    point "tabscope.1, $file runs"
done

echo "1..$count"
