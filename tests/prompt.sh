#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The plain prompt as a person meets it: keys go into a private tmux, and what they do is
# seen on its screen.

. "${srcdir:-.}/tests/tmux.sh"
cp "$top/share/demo/income.csv" . || exit 99

# begin [NAME=VALUE...] PROGRAM [OPTION...]: on a fresh screen, at home in this folder
begin() {
    new_screen 100 40 \
        "cd $work; env -u ACCESSIBLE HOME=$work XDG_CONFIG_HOME= XDG_STATE_HOME= $* ; \
         echo status \$?; cat"
}

begin "$tabscope" --plain
sees '^tabscope .*plain prompt (--plain)' "the first line says the mode"
keys 'load inc' Tab Enter
sees '^income: 8,993 rows' "Tab completes a file"
keys 'set model.layers 1' Enter 'set model.head_cap 32' Enter
keys 'targ' Tab 'over' Tab Enter
sees '^target over_50k: binary' "Tab completes a verb and a column"
keys 'train --s' Tab
sees '^--schedule  *of the learning rate' "Tab lists what there is, with help"
keys C-c
sees '\^C' "Ctrl-C clears the line"
keys 'train --epochs 100000 --patience 0' Enter
sees '\[[0-9]\] train r1 begins' "training goes to the background"
keys 'describe a'
sees '^r1: epoch' "epochs are told above the line"
sees '^tabscope> describe a$' "which stays as it was"
keys 'ge' Enter
sees '^column  *age' "and is run"
keys pause Enter
sees 'train r1 is paused' "a job is paused"
keys jobs Enter
sees '1*  *train r1  *paused' "and listed"
keys resume Enter C-d
sees 'a job is not done' "Ctrl-D does not lose a job"
keys quit Enter
sees '(y/n)' "quit asks"
keys n Enter
sees 'the jobs go on' "and no means no"
keys wait Enter
sees 'train r1  epoch' "wait shows how it goes"
keys C-c
keys 'evaluate' Enter
sees 'no run is trained yet' "Ctrl-C ends the waiting, not the job"
keys stop Enter
sees '^r1: kept in runs/r1' "stop keeps the weights"
keys 'evaluate --run r' Tab Enter
sees '^accuracy  *0' "so that they can be measured"
keys 'train --epochs 100000 --patience 0 --name second' Enter
until_true test -s runs/second/commands && mkdir runs/second/model.safetensors
keys stop Enter
sees 'the model of second is not saved' "a model that cannot be written is an error"
keys 'save --run second second.safetensors' Enter
sees 'second saved to second.safetensors' "which leaves it in memory"
keys 'set train.epochs 100000' Enter 'set train.patience 0' Enter
keys 'benchmark --models logistic --splits 3 --name b1' Enter
sees '\[[0-9]\] benchmark b1 begins' "a benchmark goes to the background, too"
keys quit Enter
sees 'leave, so that `resume b1` goes on with' "leaving does not lose it"
keys n Enter
keys stop Enter
sees 'was stopped with 0 of 3 trials done; `resume b1` goes on' "nor does stop"
keys ' tables' Enter
keys 'lod' Enter
sees 'did you mean load' "an error is a sentence"
keys Up
sees '^tabscope> lod$' "Up brings the line back"
keys C-u C-d
sees '^status 0$' "Ctrl-D leaves"

grep -q '^train --epochs' .local/state/tabscope/history &&
    ! grep -q '^ *tables$' .local/state/tabscope/history &&
    [ "$(stat -c %a .local/state/tabscope/history)" = 600 ]
point "the history is kept, for the person only"

begin TERM=dumb "$tabscope" --no-rc
sees 'plain prompt (a dumb terminal)' "a dumb terminal is known"
keys 'load income.csv' Enter
sees '^income: 8,993 rows' "and used"
begin "$tabscope" --plain
keys 'load income.csv' Enter
sees '^income: 8,993 rows' "a table is loaded"
keys C-z
keys 'export out.csv' Enter
mux set-buffer 'tables
use income
jobs'
mux paste-buffer -p -t t
sees 'use income' "a paste of several lines is one edit"
keys Enter
sees 'no job runs' "whose lines are run one by one"

echo "1..$count"
