#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Figures through gnuplot: what is called whatever it likes is drawn and never run; files
# can be made again by hand; a gnuplot that is missing, old, hung or killed is a sentence.

. "${srcdir:-.}/tests/tap.sh"
command -v gnuplot > /dev/null || skip_all "no gnuplot"
evidence() { cat out 2> /dev/null; }

# Each name once as a column, and all of them as values of others.
cat > names << 'EOF'
`touch PWNED`
$(touch PWNED)
'; system('touch PWNED'); '
"; system("touch PWNED"); "
| touch PWNED
< touch PWNED
! touch PWNED
50 %s %n %d
a\nb\\c
{/Bold x_1^2} @a &b ~c
END
e
EOF
awk '
    function cell(text) { gsub(/"/, "\"\"", text); return "\"" text "\"" }
    { name[NR] = $0 }
    END {
        name[++NR] = "new\n!touch PWNED\nline"
        for (i = 1; i <= NR; i++)
            printf "%s,", cell(name[i])
        print "number,class"
        for (row = 0; row < 90; row++) {
            for (i = 1; i <= NR; i++)
                printf "%s,", cell(name[(row * i + row % 7) % NR + 1])
            printf "%d.5,%s\n", row * row, cell(name[row % 3 == 0 ? 1 : 13])
        }
    }' names > "it's \`touch PWNED\`.csv"

cat > setup << 'EOF'
load "it's `touch PWNED`.csv" --header yes
target class
set model.layers 1
set model.dim 8
set model.heads 2
train --epochs 3 --name r1
EOF
plot() {
    rm -rf runs
    "$tabscope" -b --no-rc -c 'source setup' "$@" > out 2>&1
}

is_harmless() { [ ! -e PWNED ]; }

# ---- hostile names, every figure, every kind of file ----

set -- -c 'pretrain mlm --epochs 1 --name p1' -c 'attention --run r1'
for format in txt png pdf svg; do
    for name in loss score roc calibration; do
        set -- "$@" -c "plot $name $name.$format --run r1"
    done
    set -- "$@" -c "plot histogram number.$format --column number"
    i=0
    while read -r column; do
        i=$((i + 1))
        quoted=$(printf '%s' "$column" | sed 's/[\\"]/\\&/g')
        [ $format = png ] || [ $format = pdf ] ||
            set -- "$@" -c "plot histogram h$i.$format --column \"$quoted\""
    done < names
done
set -- "$@" -c 'plot confusion confusion.png --run r1 --style dark' \
    -c 'plot confusion confusion.svg --run r1' \
    -c 'plot learned learned.pdf --run p1' -c 'plot learned learned.svg --run p1' \
    -c 'plot attention attention.png' -c 'attention --run r1 --class "`touch PWNED`"' \
    -c 'plot attention attention.svg' \
    -c 'whatif --row 3 --run r1 "`touch PWNED`=\"; system(\"touch PWNED\"); \""' \
    -c 'probe --run r1 --pooling mean --folds 2' -c 'plot probe probe.svg' \
    -c 'robustness noise --run r1 --seeds 2' -c 'plot robustness robustness.svg' \
    -c 'importance --run r1 --repeats 2' -c 'plot importance importance.svg' \
    -c 'plot importance columns.txt' \
    -c 'dependence --run r1 "`touch PWNED`"' -c 'plot dependence dependence.svg' \
    -c 'plot whatif whatif.svg' -c 'plot whatif dark.png --style dark' \
    -c 'tsne --run r1 --points values --iterations 50' -c 'plot tsne tsne.txt' \
    -c 'plot tsne tsne.png --style dark' -c 'plot tsne tsne.pdf' -c 'plot tsne tsne.svg' \
    -c 'plot tsne target.png --by target' \
    -c 'tsne --run r1 --layer 0 --points values --iterations 50' \
    -c 'plot tsne panels.txt --panels 2' -c 'plot tsne panels.svg --panels 2' \
    -c 'set model.kind logistic' -c 'set train.epochs 1' \
    -c 'search --rounds 2 --name s1' -c 'plot search search.svg' \
    -c 'benchmark --models logistic,mlp --splits 2 --name b1' \
    -c 'plot benchmark benchmark.svg' -c 'plot benchmark models.png --style dark' \
    -c 'plot search trials.txt --study s1'
plot "$@"
point "every figure is drawn, whatever columns are called"

is_harmless
point "nothing of it was run"

ls loss.svg score.png roc.pdf calibration.txt number.png h12.svg h12.txt confusion.png \
    learned.pdf attention.svg whatif.svg probe.svg robustness.svg importance.svg \
    dependence.svg tsne.svg tsne.png tsne.pdf panels.svg panels.txt search.svg \
    trials.txt benchmark.svg loss.gp loss.dat \
    confusion.gp learned.dat > out 2>&1
point "files are there, with scripts and data beside them"

cat h*.txt > all
i=0
while read -r column; do
    i=$((i + 1))
    grep -qF -- "$(printf '%.20s' "$column")" h$i.txt || printf '%s\n' "$column"
done < names > out
[ ! -s out ]
point "names are seen as they are"

# ---- by hand ----

mkdir kept
mv *.svg kept
for file in kept/*.svg; do
    name=${file##*/}
    gnuplot "${name%.svg}.gp" && cmp "$name" "$file" || echo "$name"
done > out 2>&1
! grep -q svg out && [ -s learned.svg ] && [ -s h12.svg ]
point "gnuplot FILE.gp draws the same again"

for file in *.gp; do
    gnuplot "$file" || echo "$file"
done > out 2>&1
! grep -q gp out && is_harmless
point "and runs nothing either"

# ---- names of files ----

plot -c "plot loss \"it's \`touch PWNED\`.svg\"" -c 'plot loss "< touch PWNED.svg"' \
    -c 'plot loss "| touch PWNED.svg"' && [ -s "< touch PWNED.svg" ] && is_harmless &&
    for file in *PWNED.gp; do gnuplot "$file" || break; done && is_harmless
point "files may be called so, too"

plot -c "plot loss \"new
line.svg\""
grep -q "may not hold control characters" out
point "control characters are refused"

plot -c 'plot loss loss.jpg'
grep -q 'plot writes FILE.svg, FILE.png, FILE.pdf or FILE.txt, not "loss.jpg"' out
point "other formats are refused"

# ---- without a file ----

plot -c 'plot loss' && grep -q 'loss of r1' out && grep -q 'epochs' out &&
    ! LC_ALL=C grep -q '[[:cntrl:]]' out
point "without a file the figure is printed"

plot -c 'plot confusion' && grep -q '%)' out
point "so are matrices"

# ---- what predicts numbers ----

plot -c 'target number --task regression' -c 'train --epochs 2 --name n1' \
    -c 'plot roc roc.txt' -c 'plot calibration calibration.txt' \
    -c 'plot confusion confusion.txt' -c 'probe --folds 3 --on all --pooling mean' \
    -c 'plot probe probe.txt' &&
    grep -q 'predicted and true of n1' roc.txt &&
    grep -q 'errors by prediction of n1' calibration.txt &&
    grep -q ' errors of n1' confusion.txt && grep -q 'layers of n1' probe.txt
point "of a regression figures bear other names"

# ---- another gnuplot ----

# pretend SCRIPT: what is called gnuplot is this
pretend() {
    mkdir -p fake
    printf '#!/bin/sh\n%s\n' "$1" > fake/gnuplot
    chmod +x fake/gnuplot
}

# fails SENTENCE NAME: a plot ends with the sentence, and leaves no file
fails() {
    rm -f new.*
    PATH="$work/fake:$PATH" plot -c 'plot loss new.svg --limit 1'
    [ $? -eq 1 ] && grep -qF "$1" out && ! ls new.* > /dev/null 2>&1
    point "$2"
}

answer='read a; case $a in *print*) echo 5.4; echo " svg png "; exit;; esac'

pretend 'echo 4.6; echo " svg "'
fails "gnuplot 4.6 is too old" "an old one is told of"
pretend 'while :; do sleep 1; done'
fails "gnuplot was not done after 1 s" "one that hangs is ended"
pretend "$answer; while :; do sleep 1; done"
fails "gnuplot was not done after 1 s" "so is one that hangs while it draws"
pretend "$answer; kill -9 \$\$"
fails "gnuplot was ended by signal 9" "one that is killed is told of"
pretend "$answer; printf 'line 3: \\033[2Jwrong\\n' >&2; exit 1"
fails "gnuplot failed: line 3: ^[[2Jwrong" "what it says is shown, and harmless"
pretend "$answer; echo '<?xml half'"
fails "is not whole" "half a picture is none"
pretend 'echo hello'
fails 'asked for its version it said "hello' "another program is told of"

# ---- on a screen ----

# on_screen ANSWER: a terminal of 100 x 30 cells, 10 x 20 pixels each, that answers so when
# it is asked what it can do; out gets what the program wrote before and after Esc
cat > screen.py << 'EOF'
import fcntl, os, pty, select, struct, sys, termios, time
program, answer = sys.argv[1], sys.argv[2].encode().decode("unicode_escape").encode()
pid, fd = pty.fork()
if pid == 0:
    while struct.unpack("4H", fcntl.ioctl(0, termios.TIOCGWINSZ, b" " * 8))[0] != 30:
        time.sleep(0.01)
    os.environ.update(TERM="xterm-256color", LC_ALL="C.UTF-8")
    os.execv(program, [program, "--no-rc", "-c", "load hostile.csv --header yes"])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("4H", 30, 100, 1000, 600))
seen, asked = b"", False

def until(*wanted, since=0):
    global seen, asked
    end = time.time() + 60
    while time.time() < end and not any(w in seen[since:] for w in wanted):
        if select.select([fd], [], [], 0.1)[0]:
            seen += os.read(fd, 65536)
        if b"\033[c" in seen and not asked:
            asked = True
            os.write(fd, answer)
    return any(w in seen[since:] for w in wanted)

ok = until(b"number") and not asked
os.write(fd, b"plot histogram --column number\r")
ok = ok and until(b"Esc closes") and asked
if b"4" in answer:
    ok = ok and until(b"\0337\033[3;2H\033P") and until(b"\033\\\0338")
    ok = ok and b'"1;1;980;' in seen
else:
    ok = ok and b"\033P" not in seen and b"+---" in seen
at = len(seen)
os.write(fd, b"\033")
ok = ok and until(b"Columns of", b"profile", since=at)
if b"4" in answer:
    ok = ok and b"\033[2J" in seen[at:].replace(b"\033[H\033[J", b"\033[2J")
os.write(fd, b"\003\004quit\r")
try:
    while os.read(fd, 65536):
        pass
except OSError:
    pass
os.waitpid(pid, 0)
print(repr(seen[-3000:]))
sys.exit(not ok)
EOF
cp "it's "*.csv hostile.csv
on_screen() { python3 screen.py "$tabscope" "$1" > out 2>&1; }

if command -v python3 > /dev/null; then
    on_screen '\033[?62;1;4;22c'
    point "a terminal that takes sixels gets a picture, and its screen back"
    on_screen '\033[?62;1;22c'
    point "another one gets characters"
    on_screen ''
    point "as does one that never answers"
else
    skip "pictures on a screen" "no python3"
fi

# ---- a run of another session ----

rm -rf runs
"$tabscope" -b --no-rc -c 'source setup' > out 2>&1
head -n 2 setup > again
"$tabscope" -b --no-rc -c 'source again' -c 'plot roc kept.txt --run r1' > out 2>&1
[ $? -eq 1 ] && grep -q '`evaluate --on valid --run r1` finds out' out
point "its validation rows are not known"
"$tabscope" -b --no-rc -c 'source again' -c 'evaluate --on valid --run r1' \
    -c 'plot roc kept.txt --run r1' -c 'plot confusion kept2.txt --run r1' > out 2>&1 &&
    grep -q 'ROC of r1' kept.txt && [ -s kept2.txt ]
point "until they are looked at"

# ---- a study of another session ----

"$tabscope" -b --no-rc -c 'source again' -c 'set model.kind logistic' \
    -c 'set train.epochs 1' -c 'benchmark --models logistic,mlp --splits 2 --name b1' \
    -c 'plot benchmark first.svg' > out 2>&1 &&
    "$tabscope" -b --no-rc -c 'plot benchmark second.svg --study b1' >> out 2>&1 &&
    cmp first.dat second.dat >> out 2>&1 && cmp first.svg second.svg >> out 2>&1
point "what is kept of a benchmark is drawn as the benchmark itself was"
"$tabscope" -b --no-rc -c 'plot benchmark' > out 2>&1
[ $? -eq 1 ] && grep -q 'no benchmark of this session; --study NAME draws one' out
point "without a name it is that of this session"
"$tabscope" -b --no-rc -c 'plot search --study b1' > out 2>&1
[ $? -eq 1 ] && grep -q 'b1 is a benchmark: `plot benchmark` draws it' out
point "which has to be of its kind"
"$tabscope" -b --no-rc -c 'plot benchmark --study r1' > out 2>&1
[ $? -eq 1 ] && grep -q 'there is no search or benchmark "r1" in the folder of runs' out
point "and one"

# ---- none ----

mkdir empty
PATH="$work/empty" "$tabscope" -b --no-rc -c 'load "it'\''s `touch PWNED`.csv" --header yes' \
    -c 'plot histogram new.svg --column number' > out 2>&1
[ $? -eq 1 ] && grep -q 'gnuplot, which draws figures, is not installed' out
point "without any there is a sentence"

echo "1..$count"
