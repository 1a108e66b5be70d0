#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# `xl console`: bytes in and out through pipes and through a terminal, which is
# left as it was whatever ends it; waiting for a console; the domain's end.
# Consoles of real guests are shown by `make demo`.
. "$(dirname "$0")/lib.sh"

# With open_console, what is said to its console goes to descriptor 8, and what
# it says to $work/shown.
mkfifo "$work/keys"
open_console() {
    timeout 300 xl console tiny <"$work/keys" >"$work/shown" &
    exec 8<>"$work/keys"
}
shows() { grep -q "$1" "$work/shown"; }

note "through pipes"
xl create -q "$tiny" || bad "create"
open_console
check "shows what came before it" within 20 shows 'guest up'
echo to the guest >&8
check "and what the guest answers" within 20 shows 'to the guest'
printf '\035' >&8
check "ends at Ctrl-]" wait $!
exec 8>&-
out=$(echo a word | timeout 300 xl console tiny)
check "ends after the input's end" [ $? -eq 0 ]
check "and the answer to it" [ "${out#*a word}" != "$out" ]
open_console
echo again >&8
check "a third one" within 20 shows again
xl destroy tiny
check "ends with the domain" wait $!
exec 8>&-

note "through a terminal"
# in_terminal KEYS COMMAND...: KEYS are typed until it ends; the terminal's
# settings before and after are in $before and $after.
in_terminal() {
    local keys=$1
    shift
    rm -f "$work/status"
    for _ in {1..300}; do sleep 1; [ ! -s "$work/status" ] || break; printf "$keys"; done |
        timeout 300 script -qec "stty -g >$work/before; $* ; echo \$? >$work/status; stty -g >$work/after" /dev/null >"$work/screen"
}
as_it_was() { [ -s "$work/before" ] && cmp "$work/before" "$work/after"; }
# A console that runs and has set up its terminal.
is_raw() { stty -a -F "/proc/$(pgrep -x -f 'xl console tiny')/fd/0" | grep -q -e -icanon; }
console_runs() { within 30 is_raw; }
xl create -qp "$tiny" || bad "create"
in_terminal '\035' xl console tiny
check "Ctrl-] leaves" [ "$(cat "$work/status")" = 0 ]
check "the terminal is as it was" as_it_was
(console_runs; pkill -TERM -x -f 'xl console tiny') &
in_terminal '' xl console tiny
check "the terminal is as it was after SIGTERM" as_it_was
in_terminal 'x\001' xl console -e ^a tiny
check "-e: another key leaves" [ "$(cat "$work/status")" = 0 ]
xl unpause tiny
(console_runs; xl destroy tiny) &
in_terminal '' xl console tiny
check "the terminal is as it was after the domain's end" as_it_was
wait

note "waiting for it"
(sleep 2; xl create -q "$tiny") &
until xl domid tiny >/dev/null 2>&1; do sleep 0.05; done
open_console
check "a console right after create is no race" within 20 shows 'guest up'
xl destroy tiny
wait
exec 8>&-

note "what there is not"
refuse "no such domain" xl console nosuch
says "no domain 'nosuch'"
refuse "Dom0" xl console 0
finish
