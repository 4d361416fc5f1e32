#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The workbench as a person meets it: keys go into a private tmux of fixed size, and what
# they do is seen on its screen.

. "${srcdir:-.}/tests/tmux.sh"
cp "$top/share/demo/income.csv" . || exit 99
head -400 income.csv > small.csv

# begin WIDTH HEIGHT [NAME=VALUE...] PROGRAM [OPTION...]: in a folder of its own as home
begin() {
    mkdir -p home
    width=$1 height=$2
    shift 2
    new_screen "$width" "$height" \
        "cd $work; env -u ACCESSIBLE -u NO_COLOR -u SSH_TTY HOME=$work/home \
         XDG_CONFIG_HOME= XDG_STATE_HOME= INPUTRC=$work/inputrc $* ; \
         echo status \$?; stty -a | grep -o ' -*icanon'; cat"
}

# enter LINE: what comes behind it is no part of a paste
enter() {
    keys "$1" Enter
    until_true has '^tabscope> *$'
}

# Escape, and nothing behind it that it could be a part of
to_panes() {
    keys Escape
    until_true lacks '^PROMPT'
}

# ---- loading and looking ----

begin 80 24 "$tabscope" --no-rc income.csv
sees '^tabscope>' "the prompt is there"
sees 'income 8,993x' "a table on the command line is loaded"
sees 'household_size num' "and its columns are listed"
to_panes
keys j j
sees '^DATA' "Escape goes to the panes"
keys i
sees 'age: ignore\|age is .*ignore\|ignore' "a key runs a command, which is said"
keys u
sees 'undone' "and is undone"
keys '/'
sees '^tabscope> find' "/ asks for a text"
keys 'over' Enter
sees '>  *14 over_50k' "and finds it"
keys t
sees 'target over_50k: binary' "a key sets the target"
keys '*'
sees '^tabscope> select /' "* asks for a pattern"
keys 'o/' Enter
sees '^DATA  *[0-9]* columns are marked' "its marks are counted, the pane has the keys"
keys i
sees '^DATA  *ignored: .*and [0-9]* more\|ignored: ' "all marked columns are left out"
keys u C-Space
sees 'no column is marked' "and again taken, without marks"
keys F7
sees ': mark age ignore' "the log has what keys did"
keys F2 '?'
sees 'keys: data' "? lists the keys"
keys Escape
misses 'keys: data' "Escape closes the list"
keys x
sees 'take as categories' "x lists what can be done here"
keys Escape
misses 'take as categories' "Escape closes it, too"
keys F
sees 'Values of\|values of' "F counts the values of a column"
keys Enter
sees 'over_50k=' "Enter dives to their rows"
keys j Enter
sees 'Row [0-9]*, 2 of' "and then to the cells of one"
keys Right
sees 'Row [0-9]*, 3 of' "Right is the next one"
keys q
sees 'Rows 1-' "and q goes back to all"
keys v j j y
sees 'copied 1 line, [0-9]* bytes: to the clipboard' "y copies a row"
keys V k k y
sees 'copied 3 lines, [0-9,]* bytes' "and a range of them"
[ "$(wc -l < home/.local/state/tabscope/copied)" -eq 3 ]
point "to a file, too"
keys F7 V k k
sees 'Log  lines [0-9]*-[0-9]* of [0-9]*, y copies them' "a range in the log"
keys Escape
misses 'y copies them' "which Escape drops"
keys V k y
sees 'copied 2 lines' "and y copies"
mv home/.local/state/tabscope/copied home/copied && mkdir home/.local/state/tabscope/copied
keys y
sees 'to no file, cannot' "y says what went wrong"
rmdir home/.local/state/tabscope/copied
keys : 'describe age' Enter
sees 'distinct' "several lines of output open the log"
keys 'view data' Enter
sees '\[1:Data\]' "a command goes to a view"
keys 'describe age --format json' Enter
sees '"values":.{"value":"25-34"' "a long line opens the log, too, and is broken"
keys 'view data' Enter
sees '\[1:Data\]' "back to the table"
keys 'screen-dump dump.txt' Enter
until_true test -s dump.txt && grep -q 'age' dump.txt
point "screen-dump writes what is to be seen"
keys 'session save s.tabscope' Enter
until_true test -s s.tabscope && grep -q '^target over_50k' s.tabscope &&
    ! grep -q view s.tabscope
point "the session is saved as a script"
printf '# a remark\ntheme light\nshow train.lr\ntheme dark\n' > four.tabscope
keys 'source four.tabscope' Enter
sees '^.> theme light' "the log has the lines of a script as they run"
has '^.> source four' && has '^.> theme dark' && lacks 'a remark'
point "behind the one that runs it, without remarks"
keys C-d
sees '^status 0' "Ctrl-D leaves"
until_true has ' icanon'
point "the terminal is as it was"
"$tabscope" -b --no-rc s.tabscope > out 2>&1
point "and the saved session can be repeated"

# ---- training ----

begin 80 24 "$tabscope" --no-rc -c "'load income.csv'" -c "'target over_50k'" \
    -c "'set model.layers 1'" -c "'set model.head_cap 16'"
sees 'target over_50k' "command lines are run first"
keys 'train --epochs 100000 --patience 0' Enter
until_true has 'r1 '
keys 'view train' Enter
sees 'epoch  *[0-9]' "the Train view shows how it goes"
keys 'tables' Enter
sees 'income.csv' "the prompt answers meanwhile"
to_panes
keys F3 p
sees 'PAUSED\|paused' "p pauses"
keys p
misses 'PAUSED' "and lets it go on"
keys L
sees 'log' "L takes the logarithm"
keys f
sees 'FROZEN' "f holds the picture"
keys f
misses 'FROZEN' "and lets it go on"
keys : C-c
sees 'Ctrl-C again' "Ctrl-C on an empty line warns"
keys C-c
sees 'kept in runs/r1\|resume r1' "a second one stops the job and keeps its weights"
keys 'train --epochs 3 --name second' Enter
sees 'kept in runs/second' "a second run"
keys 'view runs' Enter
sees 'second' "the Runs view lists both"
to_panes
keys Space
sees 'laid over' "a run is marked"
keys F3
sees 'r1\|second' "and drawn beside the other"
keys E
sees '^tabscope> plot [a-z]* --run second' "E is to draw what has the keys"
if command -v gnuplot > /dev/null; then
    keys 'drawn.svg' Enter
    sees 'wrote drawn.svg' "into a file"
    to_panes
    keys F4 E
    sees '^tabscope> plot loss --run second' "and in the list the run under the cursor"
    keys Enter
    sees 'Esc closes' "or on the screen"
    keys Escape
    misses 'Esc closes' "as long as it is wanted"
fi
to_panes
keys F4 P
sees '^tabscope> predict --run second --out second.csv *$' "P asks for the rows to predict"
keys 'small.csv' Enter
until_true test -s second.csv && [ "$(wc -l < second.csv)" -eq 400 ]
point "and writes them beside"
to_panes
keys F3
keys Tab Tab C-Right
sees '^┌[^┐]*┐╔' "C-Right makes a pane at the right wider"
sees '^│[^│]*│║[^║]\{31\}║' "which takes room from those at its left"
ten='C-Left C-Left C-Left C-Left C-Left C-Left C-Left C-Left C-Left C-Left'
keys $ten $ten $ten # at once: nothing is drawn in between
sees 'no border that could go further' "C-Left narrower, to an end"
keys C-Right
sees '^│[^│]*│║[^║]\{19\}║' "from where it comes back at once"
keys =
sees '^│[^│]*│║[^║]\{27\}║' "and = resets it"
keys : 'train --epochs 100000 --patience 0' Enter
sees 'train r' "a job runs"
keys 'quit' Enter
sees '(y/n)' "quit asks"
keys n
sees 'jobs go on' "no means no"
keys 'quit' Enter
sees '(y/n)' "quit asks again"
keys y
sees '^status 0' "yes means yes"

# ---- learning without labels ----

begin 80 24 "$tabscope" --no-rc -c "'load income.csv --rows 1200'" \
    -c "'target over_50k'" -c "'set model.layers 1'" -c "'set model.head_cap 16'"
sees 'target over_50k' "a target, so that it is no input"
keys 'pretrain mlm --epochs 100000 --patience 0 --name pre' Enter
until_true has 'pretrain pre'
keys 'view train' Enter
sees 'learned of each column, epoch' "what is learned of columns is listed while it trains"
has 'marital_status  *[0-9.]*  *[0-9.]*  *[-+][0-9]* %'
point "with accuracy, what the commonest class gives, and the gain"
to_panes
keys Tab Tab Tab a
sees 'epoch [0-9]*, by name' "a orders it by name"
keys Tab
sees 'example 1 of 4, mlm' "Tab leads on to a row"
has 'Row [0-9]*: [0-9]* of 11 masked, [0-9]* told'
point "which says what is hidden in it"
keys Right
sees 'example 2 of 4' "Right shows another one"
keys S
sees 'kept in runs/pre' "S stops it"
keys : 'train --from pre --epochs 1 --name fine' Enter
until_true has 'kept in runs/fine'
keys 'view train' Enter
sees 'ROC\|confusion' "other panes follow for a run with a target"
keys 'train --epochs 1 --name scratch' Enter
until_true has 'kept in runs/scratch'
keys 'view runs' Enter
sees ' [|`└].* fine ' "a run stands below the one that it began with"
to_panes
keys g g /
until_true has '^tabscope> find'
keys 'pre' Enter
sees '>  pre  ' "the run is found, behind those of an earlier session"
keys F
sees 'pre +1' "F folds it"
keys F
sees ' [|`└].* fine ' "and unfolds it"
keys j Space
sees 'difference' "and beside one from scratch it shows the difference"
keys : 'compare fine pre' Enter
sees 'pre-trained and fine predicts' "what cannot be compared is said"

# ---- the tour ----

cp "$top/share/demo/workbench.tabscope" . || exit 99
begin 80 24 "$tabscope" --no-rc workbench.tabscope
sees '^WAIT .*short tour' "the tour begins by itself"
sees 'The Data view' "and goes on"
keys C-c
sees 'the keys are yours' "Ctrl-C takes over"
keys 'tables' Enter
sees 'income  *8,993' "with what the tour has done"

# ---- the prompt ----

begin 80 24 "$tabscope" --no-rc small.csv
sees 'Study  *small ' "a table"
keys 'show' Enter
sees '> show' "long output is read from its beginning, the first one too"
keys 'view data' Enter
sees '\[1:Data\]' "the table again"
keys 'mar' Tab
sees 'mark' "Tab completes"
keys C-u 'view ' Tab
sees 'completions' "Tab lists what there is"
keys Escape
misses 'completions' "Escape closes the list"
keys C-u 'help view' Enter
sees 'help view' "a line for the history"
keys C-r 'help'
sees 'i-search.*help view' "Ctrl-R searches the history"
keys C-c
misses 'i-search' "Ctrl-C ends the search"
keys 'värde 東京 é'
sees 'värde 東京 é' "wide characters stand on the line"
keys C-u
mux set-buffer 'view log
view data'
mux paste-buffer -p -t t
sees 'view log.*view data' "a paste of two lines stays on the line"
keys Enter
sees '\[1:Data\]' "and each is run"
mux set-buffer 'describe age
view data'
mux paste-buffer -t t
sees 'describe age.*view data' "as it does without brackets"
sees 'Enter runs them' "which is said"
keys C-c
to_panes
mux set-buffer 'mark age ignore
quit
'
mux paste-buffer -t t
sees '^tabscope> mark age ignore.*quit' "in a pane it goes to the line, too"
keys C-c
misses 'ignore.*quit' "and is dropped"
keys 'lod' Enter
sees 'did you mean load' "an error is a sentence"
keys 'describe nosuch' Enter
sees 'no column' "another one"
keys Up
sees 'tabscope> describe nosuch' "Up brings the line back"
keys C-u C-d
sees '^status 0' "Ctrl-D leaves"

echo 'set editing-mode vi' > inputrc
begin 80 24 "$tabscope" --no-rc small.csv
sees 'Study  *small ' "vi mode: a table"
keys 'view lxg' Escape h x
sees 'tabscope> view lg' "Escape is vi's in the line"
keys a 'o' Escape
keys C-u
rm -f inputrc
mux kill-server

# ---- sizes ----

begin 160 48 "$tabscope" --no-rc income.csv
sees 'income 8,993x' "160 x 48: a table"
i=0
while [ $i -lt 200 ]; do
    mux resize-window -t t -x $((20 + i * 37 % 150)) -y $((1 + i * 17 % 60))
    i=$((i + 1))
done
mux resize-window -t t -x 1 -y 1
sees '^>$' "a window of one cell has the end of the prompt"
keys x
sees '^x$' "or the character before the cursor"
keys C-u
mux resize-window -t t -x 80 -y 24
sees 'household_size num' "it survives 200 sizes and a window of one cell"
mux resize-window -t t -x 39 -y 9
misses 'continuous' "a tiny window has no panes"
keys 'tables' Enter
sees 'income' "but output and prompt"
mux resize-window -t t -x 59 -y 15
sees '\[6\]' "a small one has one pane"
mux resize-window -t t -x 80 -y 24
keys 'view data' Enter
sees 'household_size num' "and back"
mux run-shell "printf 'GARBAGE GARBAGE' > #{pane_tty}"
sees 'GARBAGE' "something wrote on the screen"
keys C-l
misses 'GARBAGE' "Ctrl-L repairs it"
keys 'set screen.mouse yes' Enter
to_panes
keys :
sees '^PROMPT' "the prompt has the keys"
keys -l "$(printf '\033[<0;10;6M\033[<0;10;6m')"
sees '^DATA' "a click goes to a pane"
mux kill-server

# ---- themes, glyphs, locales ----

begin 80 24 "$tabscope" --no-rc small.csv
sees 'Study  *small ' "themes: a table"
for theme in light mono deut contrast dark; do
    enter "theme $theme"
    enter "show screen.theme"
    sees "value  *$theme" "theme $theme"
    keys 'view data' Enter
    sees 'household_size num' "theme $theme shows the table"
done
keys 'set screen.glyphs ascii' Enter
sees '^+[-=]' "frames in ASCII"
keys 'set screen.glyphs blocks' Enter
misses '^+[-=]' "frames of lines"
mux kill-server

begin 80 24 LC_ALL=C "$tabscope" --no-rc small.csv
sees '^+[-=]' "a locale without UTF-8 has ASCII frames"
mux kill-server
begin 80 24 NO_COLOR=1 "$tabscope" --no-rc small.csv
sees 'Study  *small ' "NO_COLOR: a table"
! mux capture-pane -t t -p -e | grep -q '\[3[0-7]\|\[38;\|\[4[0-7]m'
point "NO_COLOR means none"
mux kill-server

# ---- manners ----

begin 80 24 TERM=dumb "$tabscope" --no-rc
sees 'plain prompt (a dumb terminal)' "a dumb terminal gets the plain prompt, and why"
keys C-d
sees '^status 0' "which Ctrl-D leaves"
begin 80 24 ACCESSIBLE=1 "$tabscope" --no-rc
sees 'plain prompt (ACCESSIBLE is set)' "ACCESSIBLE too"
keys C-d
until_true has '^status 0'

# of the program on this screen, whoever else runs it
pid_of() { pgrep -P "$(mux display-message -p -t t '#{pane_pid}')"; }
cp small.csv manners.csv
start_manners() {
    begin 80 24 ASAN_OPTIONS=handle_segv=0 TSAN_OPTIONS=handle_segv=0 \
        "$tabscope" --no-rc manners.csv
    sees 'Study  *manners ' "$1: a table"
}
start_manners 'SIGTERM'
keys 'target over_50k' Enter
until_true has ' TARGET '
enter 'set model.layers 1'
keys 'train --epochs 100000 --patience 0 --name term' Enter
sees 'term [0-9]*/' "SIGTERM: a job has weights"
kill -TERM "$(pid_of)"
sees '^status 143' "SIGTERM ends the program"
until_true has ' icanon' && test -s runs/term/model.safetensors
point "the terminal is as it was and the best weights are kept"
grep -q '^train.*--name term' home/.local/state/tabscope/last.tabscope
point "and the session"

start_manners 'lost terminal'
keys 'target over_50k' Enter
until_true has ' TARGET '
enter 'set model.layers 1'
keys 'train --epochs 100000 --patience 0 --name lost' Enter
sees 'lost [0-9]*/' "lost terminal: a job has weights"
lost=$(pid_of)
mux kill-server
gone() { ! kill -0 "$lost" 2> /dev/null; }
until_true gone && test -s runs/lost/model.safetensors
point "without a terminal the program keeps its weights and ends"

# the newer one in the same second
touch -d '2038-01-01 00:00:00.2' runs/term/resume.safetensors
touch -d '2038-01-01 00:00:00.1' runs/lost/resume.safetensors
start_manners 'cut off'
sees 'resume term' "the last one that was cut off is offered at the next start"
mux kill-server
touch -d '2038-01-01 00:00:00.3' runs/lost/resume.safetensors
start_manners 'cut off'
sees 'resume lost' "even by a tenth of a second"
keys 'view runs' Enter
to_panes
keys / 'lost' Enter
sees '^> *\**lost \|>.* lost ' "it is listed"
keys R
sees 'lost [0-9]*/[0-9]* best' "and R goes on with it"
keys : 'pause' Enter
keys 'quit' Enter
sees 'leave, so that `resume lost` goes on' "leaving asks"
keys y
sees '^status 0' "and loses nothing"
test -s runs/lost/resume.safetensors
point "of it"

start_manners 'crash'
kill -SEGV "$(pid_of)"
sees '^status 139' "a crash ends it"
until_true has ' icanon'
point "and gives the terminal back"

cat > editor.sh << 'END'
sed 's/aeg/age/' "$1" > "$1.new" && echo 'tables' >> "$1.new" && mv "$1.new" "$1"
END
begin 80 24 EDITOR="'sh editor.sh'" VISUAL= "$tabscope" --no-rc manners.csv
sees 'Study  *manners ' "the editor: a table"
keys 'describe aeg' C-x C-e
sees '^tabscope> describe age.*tables' "what it wrote stands on the line"
has 'C-x C-e\|: edit'
point "and the command is said"
keys C-c
misses 'describe age' "where Ctrl-C takes it away"
mux kill-server

begin 80 24 sh -i
keys "$tabscope --no-rc manners.csv" Enter
sees 'Study  *manners ' "Ctrl-Z: a table"
keys C-z
misses 'Study  *manners ' "Ctrl-Z gives the shell's screen back"
keys 'echo in the $((1+2))rd shell' Enter
sees 'in the 3rd shell' "which takes commands"
keys fg Enter
sees 'Study  *manners ' "fg brings the picture back"
keys 'target over_50k' Enter
until_true has ' TARGET '
keys 'train --epochs 100000 --patience 0 --name held' Enter
sees 'held' "a job runs"
keys C-z
sees 'train held stands still until' "Ctrl-Z says that it does not go on"
keys fg Enter
sees 'held' "fg lets it go on"
keys C-c
sees 'Ctrl-C again' "Ctrl-C on an empty line warns again"
keys C-c
sees ' train held was stopped\|kept in runs/held\|resume held' "and stops it"
lacks 'held: train held'
point "which is said once"
mux kill-server

# ---- attention ----

cat > attend <<'END'
load small.csv
target over_50k
set model.layers 2
set model.heads 2
END
begin 80 24 "$tabscope" --no-rc -c "'source attend'"
sees 'Study  *small ' "attention: a table"
keys F5
sees 'there is no run; `train` makes' "without a run the view says how to get one"
keys 'train --epochs 100000 --patience 0 --name live' Enter
sees 'live: layer 2, head mean, [0-9]* rows [─═]' "a model in training is looked at"
keys 'stop' Enter
sees 'kept in runs/live' "then it ends"
to_panes
keys '[' '}'
sees 'live: layer 1, head 1, [0-9]* rows' "keys go through layers and heads"
keys a
sees 'live: layer 1, head mean' "and to their mean"
keys s
sees '^tabscope> map --row' "s asks for a row"
keys 7 Enter
sees 'head mean, row 7 ═' "which is looked at"
keys Tab Tab Tab
sees 'row 7   predicted' "and predicted"
keys ')'
sees 'row 8   predicted' "then the next"
keys w
sees '^tabscope> map --cell' "w asks for another cell"
keys 'age=65+' Enter
sees 'row 8 changed' "and the row is looked at with it"
keys d 'yes no' Enter
sees 'head mean, [0-9]* rows of yes less' "one class less another"
keys ']'
sees 'layer 2, head mean, [0-9]* rows of yes less' "in the next layer, too"
keys : 'map --diff yes maybe' Enter
sees 'no class "maybe": the classes' "a class that there is not is refused"
sees 'head mean, [0-9]* rows of yes less' "and what was shown stays"
keys 'map --row 7' Enter
sees 'head mean, row 7' "a row again"
keys 'map --row 4000' Enter
sees 'the table has 399 rows, so no row 4000' "one that there is not is refused"
sees 'head mean, row 7' "the row stays"
keys 'map --row next' Enter
sees 'head mean, row 8' "and goes on from there"
keys 'focus query' Enter
keys : 'map --all --masked on' Enter
sees 'prediction by' "masking stands beside it"
keys 'map --layer 3' Enter
sees '--layer takes next, previous or a layer from 1 to 2' "a layer there is not"
keys 'focus map' Enter
keys 'map --threshold next' Enter
sees 'from [0-9.]*, 0.5 times all alike (1/[0-9]*)' "small numbers are hidden, which is said"
mux kill-server

begin 80 24 NO_COLOR=1 "$tabscope" --no-rc -c "'source attend'"
sees 'Study  *small ' "attention without colours: a table"
keys 'map --run live' Enter
keys 'focus heads' Enter
sees '0  \.:-=+\*#%@ [0-9.]* ' "characters are the scale"
mux kill-server

# ---- embeddings ----

begin 80 24 "$tabscope" --no-rc -c "'source attend'"
sees 'Study  *small ' "embeddings: a table"
keys F6
sees '`tsne` lays them out' "without a layout the view says how to get one"
keys 'train --epochs 1 --name done' Enter
sees 'kept in runs/done' "a model"
keys 'tsne --points values --iterations 1000000' Enter
sees 'done: layer 2 of 2, [0-9,]*/1,000,000, KL' "its values move while they are laid out"
to_panes
keys p
sees 'tsne done is paused' "p holds them"
keys p
sees '^EMBED  *: resume' "and lets them go on"
keys S
sees 'trustworthiness [01]\.' "S ends it, which is told"
sees 'done: layer 2 of 2, KL' "and keeps the layout"
keys '['
sees 'done: layer 1 of 2, KL' "[ lays out the layer before from there"
keys Tab
sees 'done: layer 2 of 2, KL [0-9.]*, [0-9]* % unl' "which still stands beside it"
keys BTab c
sees 'P(yes)' "colours mean the target"
keys C
sees '─ P(no)' "C: the share of the other class"
keys C
sees '─ P(yes)' "and again of that one"
keys '[' ']' ']'
sees 'done: layer 2 of 2, KL [0-9.]* ═' "[ and ] go as fast as they are typed"
keys ']'
sees 'layer 2 is the last one' "there is none behind the last"
keys /
sees '^tabscope> find' "/ asks for a value"
keys 'male' Enter
sees 'sex ' "which is found"
keys Enter
sees 'Rows .* with sex=' "Enter shows its rows"
keys :
enter 'tsne --rows 40 --iterations 1000000'
to_panes
keys F6
sees 'done: layer 2 of 2, [0-9,]*/1,000,000, KL' "cells move, too"
keys v
sees 'the brush goes from here' "v begins a brush among them"
keys h h h h k k k k k k k k o l l l l l l l l j j j j
sees ' of 4[0-9][0-9] cells' "which tells what is in it"
sees 'target  *here  *else' "and the target in it and elsewhere"
has '/1,000,000'
point "while they go on"
keys Enter
sees 'Rows 1-[0-9]* of [0-9]*, brushed' "Enter shows the rows"
keys : 'brush --export brushed.csv' Enter
sees 'rows* written to brushed.csv' "which can be written to a file"
[ "$(wc -l < brushed.csv)" -gt 1 ] && ! grep -vxFf small.csv brushed.csv
point "that has them as they were read"
to_panes
keys F6 S
sees 'done: layer 2 of 2, KL' "the layout ends"
keys Escape
misses 'target  *here  *else' "Esc drops the brush"
keys : 'brush --rows' Enter
sees 'there is no brush yet' "without one there are no rows of it"
keys 'brush 1 2' Enter
sees 'brush takes LEFT BOTTOM RIGHT TOP' "half of one is refused"
keys 'brush -1000 -1000 1000 1000' Enter
sees 'EMBED  *\(4[0-9][0-9]\) of \1 cells' "all of them can be brushed by numbers"
keys : rows Enter
sees 'Rows 1-[0-9]* of 399 ' "rows shows all rows again"
keys : 'train --epochs 1 --seed 2 --name two' Enter
sees 'kept in runs/two' "another run"
to_panes
keys F6 Escape B
sees 'there is no layout of two runs' "without its layout one cannot turn to it"
keys A
sees '^tabscope> tsne --against' "A asks for the other run"
keys 'two --run done --points values --iterations 300' Enter
sees 'done (or two): layer 2 of 2' "both are laid out"
keys B
sees 'two (or done): layer 2 of 2' "B turns to the other one"
keys '['
sees 'two (or done): layer 1 of 2' "whose layer before comes with the first one's"
keys B
sees 'done (or two): layer 1 of 2' "B turns back"
mux kill-server

mkdir -p home/.config/tabscope
echo 'bind data Q "view log"' > home/.config/tabscope/keys
begin 80 24 "$tabscope" small.csv
sees 'Study  *small ' "own keys: a table"
to_panes
keys Q
sees '\[6:Log\]' "a key of the person's own"
sees '^LOG  *: view log' "what a key did is said as it would be typed"
keys 1 '!'
sees 'no column has a warning' "a filter that would leave nothing says so"
mux kill-server
begin 80 24 "$tabscope" small.csv
sees 'Study  *small ' "what is kept: a table"
to_panes
keys F8
sees '^DATA  *: set screen.glyphs blocks' "F8 steps down from braille"
keys : 'keep' Enter
sees 'kept for every session' "F8 and keep"
keys C-d
sees '^status 0' "are done"
grep -q '^set screen.glyphs' home/.config/tabscope/rc
point "and stand in the start-up file"
mux kill-server
echo 'shwo all' > home/.config/tabscope/rc
begin 80 24 "$tabscope" small.csv
sees 'Study  *small ' "a wrong start-up file: a table"
sees 'there is no command' "news of jobs leave the error to be read"
mux kill-server

echo "1..$count"
