#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# xentop's screen in a real Dom0: beside stock's; kept screens (figures masked)
# at three sizes; every key; guests that come and go, a XenStore that stops and
# comes back, and a terminal that changes or ends, while it runs. Odd terminals
# and readings are in tests/cli/xentop-screen*.sh. KEEP=1 puts screens as they
# are now into $OUT.
. "$(dirname "$0")/lib.sh"
export LANG=C.UTF-8 TERM=xterm-256color TZ=UTC
kept=$top/tests/dom0/61-screens
xentop=$work/xentop
pty=$work/pty
cp "$top/build/bin/xentop" "$xentop"
cp "$top/build/tests/pty" "$pty"
theirs=${stock%/xl}/xentop

# on_screen WHAT: does the steps on standard input.
on_screen() {
    timeout 1600 "$pty" >"$work/out"
    check "$1" [ $? -eq 0 ]
    sed 's/^/    /' "$work/out"
}

# What changes from one moment or machine to another: figures, curves and bars.
masked() {
    sed -E 's/^[^ ]+  up /HOST  up /; s/[·▁▂▃▄▅▆▇█▏▎▍▌▋▊▉]+/ /g; s/ *-?[0-9]+([.:x][0-9]+)*([kKMGTs%]|\b)/ N/g; s/ +[0-9]+(bytes|pkts)/ N\1/g; s/-----r|--b---/STATE /; s/ (running|blocked|waiting|runs on|waits on) / S /; s/ +/ /g; s/ $//' "$@"
}
# A narrow terminal cuts a device's line where the width of its figures says.
uncut() {
    case $1 in
    tree.80x24) sed -E 's/( drops N| waits N) .*/\1 .../' ;;
    *) cat ;;
    esac
}
as_kept() {
    masked "$work/$1" | uncut "$1" >"$work/masked"
    [ -z "${KEEP:-}" ] || cp "$work/masked" "$OUT/$1"
    check "as kept: $1" diff "$kept/$1" "$work/masked"
}

note "guests to look at"
truncate -s 8M "/tmp/61-disk"
"$stock" create -q "$tiny" 'name="one"' "vif=['mac=00:16:3e:00:00:61,bridge=xenbr0']" \
    "disk=['format=raw,vdev=xvda,access=rw,target=/tmp/61-disk']" || bad create
"$stock" create -qp "$tiny" 'name="two"' 'vcpus=2' || bad create
sleep 2

note "beside stock's"
for size in '24 80' '43 132' '60 250'; do
    on_screen "stock at $size" <<END
size $size
run $theirs -d 1
wait 60 one
sleep 3
save $work/stock
type q
END
    on_screen "ours at $size" <<END
size $size
run $xentop -d 1
wait 60 one
sleep 3
save $work/ours
type q
exit 10 0
restored
END
    lines() { head -3 "$1" | sed -E 's/  +CPUs .*//' | masked; }
    check "the same lines above the table" diff <(lines "$work/stock") <(lines "$work/ours")
    # As far as the narrower of the two goes, in stock's order.
    heads() { sed -n 4p "$1" | tr -s ' ' '\n' | grep -F -x -f "$2"; }
    sed -n 4p "$work/stock" | tr -s ' ' '\n' | grep . >"$work/theirs"
    sed -n 4p "$work/ours" | tr -s ' ' '\n' | grep . >"$work/mine"
    check "headings in stock's order" diff <(heads "$work/stock" "$work/mine") <(heads "$work/ours" "$work/theirs")
    check "no line is too long" [ "$(wc -L <"$work/ours")" -le "${size#* }" ]
done
check "all of stock's columns at 250" [ "$(grep -c -v -x -f "$work/mine" "$work/theirs")" = 0 ]

note "kept screens"
# (On a busy machine XenStore or a qemu may not answer at once, which is told for
# a while.)
for size in '24 80' '43 132' '60 250'; do
    name=${size#* }x${size% *}
    on_screen "at $size" <<END
size $size
run $xentop -d 0.5 --filter '[DtO]*' --sort name
wait 60 two
sleep 4
gone 60 not answer
save $work/domains.$name
type nbv
wait 10 VBD
sleep 2
gone 60 not answer
save $work/details.$name
type nbv/\x15\rjje
wait 10 disk xvda
sleep 2
gone 60 not answer
save $work/tree.$name
type e2
wait 10 VCPU
sleep 2
gone 60 not answer
save $work/vcpus.$name
type 3
wait 10 CPU POOL
sleep 3
gone 60 not answer
save $work/host.$name
type h
wait 10 WHAT IT DOES
quiet 5
gone 60 not answer
save $work/help.$name
type qq
exit 10 0
restored
END
    for page in domains details tree vcpus host help; do
        as_kept "$page.$name"
    done
done

note "keys"
on_screen "every key" <<END
size 24 80
run $xentop -d 0.5
wait 60 one
type d1\r
wait 10 Sort order
type n
wait 10 Net0 RX
type n
gone 10 Net0 RX
type b
wait 10 VBD
type b
gone 10 VBD
type v
wait 10 VCPUs(sec)
type v
gone 10 VCPUs(sec)
type rs
wait 10 by STATE
type r<
gone 10 by STATE
type >
wait 10 by STATE
type i
wait 10 by STATE reversed
type i<
gone 10 by STATE
type /tw
wait 10 filter: tw
gone 10 Domain-0
type \x15\r
wait 10 Domain-0
type a
wait 10 memory
type a
gone 10 memory
type \eOB\eOB\r
wait 10 memory
type \eOA\eOBe
quiet 3
type e+
quiet 3
type \eOH\eOF\e[6~\e[5~kj
quiet 3
type \eOC
gone 10 STATE
type \eOD
wait 10 STATE
type z
wait 10 FROZEN
type z
gone 10 FROZEN
type g
wait 10 ~NETIN(B
type ggggg
wait 10 CPU(%)
type f
quiet 3
type f\t
wait 10 VCPUs
type \t
wait 10 CPU POOL
type 2
wait 10 DOMAIN
type 1
wait 10 MEM(k)
type c
quiet 3
type cm
wait 10 Clicks are the terminal's
type m
wait 10 Clicks are for xentop
type \x0c
quiet 3
type ?
wait 10 WHAT IT DOES
type \e
gone 10 WHAT IT DOES
type h
wait 10 WHAT IT DOES
type h
gone 10 WHAT IT DOES
type y
wait 10 'y' does nothing
type q
exit 10 0
restored
END

note "while it runs"
on_screen "a guest comes and goes" <<END
run $xentop -d 0.5
wait 60 one
do $stock create -q $tiny 'name="three"'
wait 60 three
do $stock destroy three
gone 60 three
type q
exit 10 0
END
daemon=$(cat /run/xen/xenstored.pid)
on_screen "XenStore stops and goes on; keys work all the time" <<END
run $xentop -d 0.5
wait 60 one
do kill -STOP $daemon
wait 60 XenStore has not answered
type h
wait 5 WHAT IT DOES
type h
wait 5 one
do kill -CONT $daemon
wait 60 answers again
type b
wait 10 VBD BlkBack
type q
exit 10 0
restored
END
kill -CONT "$daemon"
on_screen "sizes" <<END
size 24 80
run $xentop -d 0.5
wait 60 one
size 60 250
wait 10 VBD_WSECT
size 2 10
quiet 5
size 43 132
wait 10 NETTX
gone 10 VBD_WSECT
type q
exit 10 0
restored
END
for signal in TERM INT HUP; do
    on_screen "SIG$signal" <<END
run $xentop -d 0.5
wait 60 one
signal $signal
exit 10 0
restored
END
done
on_screen "stopped and continued" <<END
run $xentop -d 0.5
wait 60 one
type \x1a
stopped 10
restored
signal CONT
wait 10 one
signal KILL
exit 10 137
END
check "nothing of it is left" sh -c '! pgrep -x xentop'
destroy_all
finish
