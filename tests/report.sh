#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The page that `report` writes: whole, with figures that do not disturb each other, and
# with nothing in it that a browser would run, whatever columns and values are called.

. "${srcdir:-.}/tests/tap.sh"
evidence() { cat out 2> /dev/null; }

awk 'BEGIN {
    print "\"<script>alert(1)</script>\",\"\"\" onload=\"\"x\",b&c,size,won"
    for (i = 0; i < 240; i++)
        printf "<img src=x onerror=y%d>,%s,]]>%d,%d.5,%s\n", i % 3,
               i % 7 < 3 ? "<!--" : "</pre>", i % 4, i * 7 % 50,
               (i % 3 == 0) != (i % 5 == 1) ? "</style>" : "no"
}' > page.csv
cat > setup << 'EOF'
load page.csv
target won
set model.layers 1
set model.dim 8
set model.heads 2
train --epochs 2 --name r1
EOF
run() {
    rm -rf runs
    "$tabscope" -b --no-rc -c 'source setup' "$@" > out 2>&1
}

# Tags that the program writes itself, of pages without figures.
own='h1 h2 p pre code figure body html head meta title style'
tags() { grep -o '<[/!]*[a-zA-Z0-9]*' "$1" | tr -d '<>/!' | sort -u; }
has_only() {
    for tag in $(tags "$1"); do
        case " $own DOCTYPE $2 " in
        *" $tag "*) ;;
        *) echo "tag $tag" >> out; return 1 ;;
        esac
    done
}

run -c 'report page.html' -c 'pretrain mlm --epochs 1 --name p1' \
    -c 'report body.html --run p1'
point "reports are written"
grep -q 'wrote page.html: ' out
point "which is said"
for page in page body; do
    head -n 1 $page.html | grep -q '^<!DOCTYPE html>' &&
        tail -n 1 $page.html | grep -q '^</html>'
    point "$page: the page is whole"
    [ "$(grep -o '<pre>' $page.html | wc -l)" -eq "$(grep -o '</pre>' $page.html | wc -l)" ]
    point "$page: what is open is closed"
    grep -q '^train\|^pretrain mlm' $page.html
    point "$page: it has the commands that repeat it"
done
grep -q '&lt;script&gt;alert' page.html
point "names are there"
grep -q '<h2>How well it predicts' page.html && ! grep -q '<h2>How well' body.html
point "a body predicts nothing"

if command -v gnuplot > /dev/null; then
    svg='svg title desc g rect defs circle path polygon polyline line use text tspan image filter feFlood
         feComposite linearGradient stop a'
    svg=$(echo $svg)
    has_only page.html "$svg" && has_only body.html "$svg"
    point "there are no tags but ours and gnuplot's"
    grep -o " id=[\"'][^\"']*" page.html | sort | uniq -d > twice
    [ ! -s twice ] && [ "$(grep -c '<svg' page.html)" -ge 5 ]
    point "each figure has names of its own"
    run -c 'report all.html --all'
    point "a look inside"
    for heading in Attention Columns Embeddings 'What each layer' Noise Missing; do
        grep -q "<h2>$heading" all.html
        point "has $heading"
    done
    [ "$(grep -c '<svg' all.html)" -ge 10 ] && has_only all.html "$svg"
    point "with its figures"
    ! grep -q 'class="wide"' all.html
    point "which fit the page"
    awk 'BEGIN { print "many,few,won"
        for (i = 0; i < 600; i++) print "v" i % 80 ",f" i % 3 "," i % 80 % 2 }' > many.csv
    sed 's/page.csv/many.csv/' setup > setup.many && mv setup.many setup
    run -c 'report many.html --all' && grep -q '<figure class="wide">' many.html &&
        grep -q '<svg width="1400"\|width="1400"' many.html
    point "or, of many values, keep a size in which they can be read"
else
    skip "figures" "no gnuplot"
fi

mkdir nowhere
rm -rf runs
PATH=$work/nowhere "$tabscope" -b --no-rc -c 'source setup' -c 'report bare.html' > out 2>&1
point "without gnuplot there is a report, too"
grep -q 'gnuplot' bare.html && ! grep -q '<svg' bare.html && has_only bare.html ''
point "which says what is missing"

run -c 'set model.kind logistic' -c 'train --epochs 1 --name line' \
    -c 'report line.html --all --run line'
[ "$(grep -c 'there are no embeddings to look at' line.html)" -eq 2 ] &&
    ! grep -q 'can be drawn then\|there is no layout\|no attention was looked at' line.html
point "what is not there is not to be drawn"

cp page.html before.html
for name in r.txt report .html r.html.txt; do
    run -c "report $name"
    cat out
    [ ! -e "$name" ]
done > refused
[ "$(grep -c 'report writes FILE.html or FILE.htm, not "' refused)" = 4 ]
point "a page that is none by its name is refused"

mkdir folder.html
run -c 'report folder.html'
[ $? -eq 1 ] && grep -q 'folder.html.* folder' out
point "a folder is refused"
run -c 'report page.html --run nobody'
[ $? -ne 0 ] && cmp -s page.html before.html
point "a run that there is not leaves the file as it was"
"$tabscope" -b --no-rc -c 'report none.html' > out 2>&1
[ $? -ne 0 ] && grep -q 'there is no run' out && [ ! -e none.html ]
point "nor is there a report without a run"

echo "1..$count"
