#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The monitor's screen on terminals of all kinds, and on none.
. "$(dirname "$0")/../screen/lib.sh"

# What no file describes is described by the program: *-x.
for term in xterm linux vt100 screen xterm-x linux-x vt1-x screen-x tmux-256color; do
    on_screen "TERM=$term" <<END
run env TERM=$term $show 0.05 hang 15
wait 10 13:26:12
type h
wait 5 WHAT IT DOES
type \e[6~
gone 5 Set the seconds
type q
wait 5 web2
quiet 2
save $work/$term
type q
exit 5 0
restored
END
    case $term in
    # The console's fonts have no blocks.
    linux*) as_kept "with other curves" "$work/$term" console.80x24 ;;
    *) as_kept "as on any other" "$work/$term" plain.80x24 ;;
    esac
done
on_screen "letters for a locale without others" <<END
run env LC_ALL=C $show 0.05 hang 15
wait 10 13:26:12
quiet 2
save $work/ascii
type q
exit 5 0
END
as_kept "kept so" "$work/ascii" ascii.80x24

# colours WHAT VARIABLE=VALUE WANT: marks of colour or none.
colours() {
    on_screen "$1" <<END
run env $2 $show 0.05 hang 15
wait 10 13:26:12
quiet 2
marks $work/marks
type q
exit 5 0
END
    if grep -q '[cC]' "$work/marks"; then have=yes; else have=no; fi
    [ $have = "$3" ] || { echo "FAILED: $1: colours: $have"; failed=1; }
    grep -q '[rRcC]' "$work/marks" || { echo "FAILED: $1: no heading is marked"; failed=1; }
}
colours "colours" TERM=xterm-256color yes
colours "NO_COLOR" NO_COLOR=1 no
colours "a terminal without colours" TERM=vt100 no

# refused WHAT TEXT STEPS: it says TEXT and ends with 2.
refused() {
    on_screen "$1" <<END
run env $3 $show 0.2; true
wait 5 $2
END
}
refused "TERM=dumb" "terminal 'dumb' is not known here or cannot show" TERM=dumb
refused "an unknown terminal" "terminal 'nosuch' is not known here" TERM=nosuch
refused "no TERM" "TERM is not set" TERM=
said=$($show 0.2 2>&1 </dev/null)
[ $? -eq 2 ] && [[ $said == *"standard output is not a terminal: -b prints"* ]] ||
    { echo "FAILED: not a terminal: $said"; failed=1; }
exit $failed
