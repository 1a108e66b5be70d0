# SPDX-License-Identifier: LGPL-2.1-or-later
# Common to tests/cli/xentop-screen*.sh, which source it first: the monitor's screen
# on a terminal, over kept readings. The program is show.c, built with sanitizers;
# the terminal pty.c.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TZ=UTC LANG=C.UTF-8 LC_ALL= TERM=xterm-256color NO_COLOR=
unset TERMINFO TERMINFO_DIRS
show="build/tests/show-san tests/screen/readings"
kept=tests/screen/kept
failed=0

# on_screen WHAT: does the steps on standard input.
on_screen() {
    if timeout 600 build/tests/pty >"$work/out"; then
        echo "ok: $1"
    else
        echo "FAILED: $1"
        sed 's/^/    /' "$work/out"
        failed=1
    fi
}

# as_kept WHAT FILE NAME.SIZE: the screen saved in FILE is the kept one. How long
# a curve is depends on the delay.
as_kept() {
    local mask='s/\(CPU(%)\), *[0-9]* s/\1/'
    if diff <(sed -e '/^---$/,$d' -e "$mask" "$kept/$3") <(sed "$mask" "$2"); then
        echo "ok: $1"
    else
        echo "FAILED: $1"
        failed=1
    fi
}
