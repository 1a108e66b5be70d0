#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# `xl console`: bytes in and out through pipes and through a terminal, which is
# left as it was whatever ends it; waiting for a console; the domain's end.
# Consoles of real guests are shown by `make demo`.
. "$(dirname "$0")/lib.sh"

note "through pipes"
xl create -q "$tiny" || bad "create"
out=$( (sleep 1; echo to the guest; sleep 3; printf '\035') | timeout 60 xl console tiny)
check "ends at Ctrl-]" [ $? -eq 0 ]
check "shows what came before it" [ "${out#*guest up}" != "$out" ]
check "and what the guest answers" [ "${out#*to the guest}" != "$out" ]
out=$(echo a word | timeout 60 xl console tiny)
check "ends after the input's end" [ $? -eq 0 ]
check "and the answer to it" [ "${out#*a word}" != "$out" ]
(sleep 4; xl destroy tiny) &
timeout 60 xl console tiny <"$open_input" >/dev/null
check "ends with the domain" [ $? -eq 0 ]
wait

note "through a terminal"
# in_terminal SECONDS KEYS COMMAND...: KEYS are typed after SECONDS; the
# terminal's settings before and after are in $before and $after.
in_terminal() {
    local seconds=$1 keys=$2
    shift 2
    (sleep "$seconds"; printf "$keys"; sleep 2) |
        timeout 60 script -qec "stty -g >$work/before; $* ; echo \$? >$work/status; stty -g >$work/after" /dev/null >"$work/screen"
}
as_it_was() { [ -s "$work/before" ] && cmp "$work/before" "$work/after"; }
xl create -qp "$tiny" || bad "create"
in_terminal 3 '\035' xl console tiny
check "Ctrl-] leaves" [ "$(cat "$work/status")" = 0 ]
check "the terminal is as it was" as_it_was
in_terminal 1 '' "(sleep 3; pkill -TERM -x -f 'xl console tiny') & xl console tiny"
check "the terminal is as it was after SIGTERM" as_it_was
in_terminal 3 'x\001' xl console -e ^a tiny
check "-e: another key leaves" [ "$(cat "$work/status")" = 0 ]
xl unpause tiny
(sleep 3; xl destroy tiny) &
in_terminal 1 '' xl console tiny
check "the terminal is as it was after the domain's end" as_it_was
wait

note "waiting for it"
(sleep 2; xl create -q "$tiny"; sleep 4; xl destroy tiny) &
check "a console right after create is no race" sh -c "
    until xl domid tiny >/dev/null 2>&1; do sleep 0.05; done
    timeout 60 xl console tiny <$open_input | grep -q 'guest up'"
wait

note "what there is not"
refuse "no such domain" xl console nosuch
says "no domain 'nosuch'"
refuse "Dom0" xl console 0
finish
