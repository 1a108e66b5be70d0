#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# destroy, shutdown, reboot, pause and unpause on guests that obey and on some
# that cannot; what is refused, and with which exit status.
. "$(dirname "$0")/lib.sh"
trap 'destroy_all; rm -rf "$work"' EXIT

guest() { "$stock" create -q "$tiny" "name='$1'; ${2:-}"; }
paused() { [[ $(state "$1") == ??p* ]]; }
does() { # WORDS ARGS...: succeeds and says nothing on standard output
    local what=$1
    shift
    run "$@"
    check "$what" [ "$status/$out" = 0/ ]
}
xl() { "$ours" "$@"; }

guest a && guest b && guest c 'on_poweroff="preserve"' || exit 1
"$stock" create -q -p "$guests/hvm.cfg" 'name="h"; memory=64; vif=[]' || exit 1

does "pause" pause a
check "it is paused" paused a
does "unpause, by id" unpause "$(id a)"
check "it is not paused any more" within 10 eval '! paused a'
does "destroy" destroy a
check "it is gone" gone a

does "shutdown -w returns when it has shut down" shutdown -w b
case $said in
*"Shutting down domain "*"Waiting for 1 domains"*"Domain "*) echo "ok: it says what it waits for" ;;
*) bad "shutdown -w said: $said" ;;
esac
check "it is gone soon" within 15 gone b

"$ours" shutdown -w -w c 2>"$work/c" &
check "-w -w: shut down is not enough" within 15 grep -q 'continue waiting for death' "$work/c"
check "it still waits" kill -0 $!
does "destroy of what has shut down" destroy c
check "it ends with the domain" wait $!

refuses 1 "-F presses its ACPI power button" shutdown h
refuses 1 "-F presses its ACPI reset button" reboot h
does "shutdown -F" shutdown -F h

# As one that ends while it is asked: it does not answer.
guest deaf 'extra="deaf"'
"$ours" shutdown deaf 2>"$work/deaf" &
asked() { [ "$(xenstore-read "/local/domain/$(id deaf)/control/shutdown")" = poweroff ]; }
check "a guest is asked" within 10 asked
does "destroy, meanwhile" destroy deaf
check "that has ended it: nobody waits for its answer" wait $!

guest m1 && guest m2 && guest m3 || exit 1
run destroy m1 nosuch m2 0 "$(id m3)"
check "destroy of several: what cannot be is exit status 1" [ "$status" = 1 ]
for words in "nosuch: failed" "no domain 'nosuch'" "not destroying domain 0" "3 destroyed, 2 failed"; do
    check "and told: $words" grep -q "$words" <<<"$said"
done
check "the others are gone" eval 'gone m1 && gone m2 && gone m3'
guest m1 && guest m2 || exit 1
run destroy m1 m2
check "all of them: not a word" [ "$status/$out$said" = 0/ ]

guest d && guest e || exit 1
before=$(id d)
does "reboot" reboot d
check "it came back as another domain" within 30 eval '[ "$(id d 2>/dev/null || echo "$before")" != "$before" ]'

run shutdown -a -w
check "shutdown -a: one that cannot does not keep the others from it" within 20 eval 'gone d && gone e'
check "and its failure is told" [ "$status" = 1 ]
case $said in
*"-F presses"*) echo "ok: -a says which" ;;
*) bad "shutdown -a said: $said" ;;
esac

refuses 1 "not destroying domain 0" destroy 0
refuses 1 "no domain '77'" destroy 77
refuses 1 "did you mean 'h'" pause H
refuses 1 "no domain 'nosuch'" unpause nosuch
refuses 2 "missing argument: DOMAIN" destroy
refuses 2 "unknown option '-Q'" pause -Q h
refuses 1 "a domain or -a" shutdown
refuses 1 "not both" shutdown -a h
refuses 1 "no dry run" -N destroy h
finish
