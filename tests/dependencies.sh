#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Includes are spelled from src/ and point downward; each outside library that a module
# hides is named in one file only.

cd "${srcdir:-.}/src" || exit 99

awk '
function allow(folder, below) { may[folder] = " " folder " " below " " }
function only(header, file) { home[header] = file }
function point(bad, name) {
    printf "%s", bad
    printf "%sok %d - %s\n", bad == "" ? "" : "not ", ++points, name
}
BEGIN {
    allow("base", "")
    allow("data", "base")
    allow("num", "base")
    allow("nn", "base num")
    allow("model", "base data num nn")
    allow("engine", "base data num nn model")
    allow("lens", "base data num nn model engine")
    allow("plot", "base")
    allow("command", "base data num nn model engine lens plot")
    allow("ui", "base data num nn model engine lens plot command")
    only("curses", "ui/term.c")
    only("ncurses", "ui/term.c")
    only("readline", "ui/prompt.c")
    only("cblas", "num/gemm.c")
    only("fftw3", "lens/tsne_fft.c")
}
/^[ \t]*#[ \t]*include/ {
    split($0, part, /[<">]/)
    header = part[2]
    folder = FILENAME
    if (sub("/.*", "", folder) && $0 ~ /"/) {
        below = header
        sub("/.*", "", below)
        if (!(folder in may) || index(may[folder], " " below " ") == 0)
            upward = upward "# " FILENAME ":" FNR ": may not include " header "\n"
    }
    outside = header
    sub("[/.].*", "", outside)
    if (outside in home && FILENAME != home[outside])
        named = named "# " FILENAME ":" FNR ": only " home[outside] " may include " \
                header "\n"
}
END {
    point(NR == 0 ? "# no source files found\n" : "", "sources were read")
    point(upward, "includes point downward")
    point(named, "curses, readline, cblas and fftw3 stay in their files")
    print "1.." points
}' $(find . -name '*.[ch]' | sed 's|^\./||' | sort)
