#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The monitor's screen on a terminal, over kept readings: what tests/unit/top
# keeps is what a terminal shows; keys, clicks, sizes, signals, terminals of all
# kinds, and readings that fail, hang or crash. The program is
# tests/screen/show.c, built with sanitizers; the terminal tests/screen/pty.c.
set -u
cd "$(dirname "$0")/../.."
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

# ---- screens -------------------------------------------------------------------

for size in '24 80' '43 132' '60 250'; do
    read -r rows cols <<<"$size"
    on_screen "$cols columns" <<END
size $size
run $show 0.05 hang 15
wait 10 13:26:12
quiet 2
save $work/plain
type nbv
quiet 2
save $work/details
type nbv2sss
quiet 2
save $work/vcpus
type <<<3
quiet 2
save $work/host
type q
exit 5 0
restored
END
    for name in plain details vcpus host; do
        as_kept "$name at $cols columns" "$work/$name" "$name.${cols}x$rows"
    done
done

on_screen "sizes that change" <<END
size 24 80
run $show 0.05 hang 15
wait 10 13:26:12
size 43 132
wait 5 NETRX
quiet 2
save $work/wide
size 1 1
quiet 2
size 3 20
quiet 2
size 60 250
wait 5 VBD_WSECT
size 24 80
gone 5 NETRX
quiet 2
save $work/narrow
type q
exit 5 0
END
as_kept "grown to 132 columns" "$work/wide" plain.132x43
as_kept "and shrunk to 80" "$work/narrow" plain.80x24

# ---- keys ----------------------------------------------------------------------

on_screen "keys" <<END
run $show 0.05 hang 15
wait 10 13:26:12
type n
wait 5 Net0 RX
type N
gone 5 Net0
type b
wait 5 VBD BlkBack
type b
gone 5 VBD BlkBack
type v
wait 5 VCPUs(sec)
type v
gone 5 VCPUs(sec)
type s
wait 5 by STATE
type <
gone 5 by STATE
type i
wait 5 by NAME reversed
type i
gone 5 by NAME
type z
wait 5 FROZEN
type z
gone 5 FROZEN
type h
wait 5 WHAT IT DOES
type \e[6~
gone 5 Set the seconds
type \eOF
wait 5 LOCBW
type q
wait 5 web1
type ?\eq
quiet 1
run true
END

on_screen "keys that take text" <<END
run $show 0.05 hang 15
wait 10 13:26:12
type /we
wait 5 filter: we
gone 5 Domain-0
type bx\b
wait 5 filter: web
type \e
wait 5 Domain-0
type /data\r
wait 5 Delay
gone 5 web1
type /\x15\r
wait 5 web1
type d0.01\r
wait 5 0.01 is out of range
type dx\r
wait 5 'x' is not a number
type d7\r
gone 5 is not a number
type d\e
quiet 1
type x
wait 5 'x' does nothing
type q
exit 5 0
restored
END

on_screen "columns, lines and trees" <<END
run $show 0.05 hang 15
wait 10 13:26:12
type \eOC\eOC\eOC\eOC\eOC\eOC
wait 5 MAXMEM(%)
type \eOD\eOD\eOD\eOD\eOD\eOD\eOD\eOD
wait 5 STATE
type \eOB\eOB\eOB\r
wait 5 vcpu 7
type \r
gone 5 vcpu 7
type a
wait 5 memory 512M
type A
gone 5 memory 512M
type \t
wait 5 DOMAIN
type \t
wait 5 NUMA NODE
type \t
wait 5 NETTX
type g
wait 5 ~NETIN(B
type gggg
wait 5 ~GUSED(%)
type g
gone 5 ~GUSED(%)
type f
wait 5 database-primary
type \x0c
wait 5 database-primary
type \x03
exit 5 0
restored
END

# Rows and columns of SGR reports are from 1.
on_screen "clicks and the wheel" <<END
run $show 0.05 hang 15
wait 10 13:26:12
type \e[<0;33;4M\e[<0;33;4m
wait 5 by CPU(%)
type \e[<0;33;4M\e[<0;33;4m
wait 5 by CPU(%) reversed
type \e[<0;10;24M\e[<0;10;24m
wait 5 Net0
type \e[<0;10;24M\e[<0;10;24m
gone 5 Net0
type \e[<0;5;7M\e[<0;5;7m
quiet 2
type \e[<0;5;7M\e[<0;5;7m
wait 5 memory
type \e[<65;5;7M\e[<64;5;7M
quiet 1
type m
wait 5 Clicks are the terminal's
type q
exit 5 0
restored
END

# ---- how it ends ---------------------------------------------------------------

# SIGNAL STATUS
while read -r signal status; do
    on_screen "SIG$signal ends it with $status, the terminal as before" <<END
run $show 0.2
wait 10 web1
signal $signal
exit 5 $status
restored
END
done <<END
TERM 0
HUP 0
INT 0
SEGV 139
ABRT 134
QUIT 131
END

on_screen "stopped and continued" <<END
run $show 0.2
wait 10 web1
signal TSTP
stopped 5
restored
signal CONT
wait 5 web1
type \x1a
stopped 5
restored
signal CONT
wait 5 web1
type q
exit 5 0
restored
END

# ---- readings ------------------------------------------------------------------

on_screen "readings that hang" <<END
run $show 0.1 hang 3
wait 10 web1
wait 10 still waiting
type h
wait 5 WHAT IT DOES
type qq
exit 5 0
restored
END
on_screen "not even the first one comes" <<END
run $show 0.1 hang 1
wait 10 waiting for the first reading
type h
wait 5 WHAT IT DOES
type qq
exit 5 0
restored
END
on_screen "readings that fail for a time" <<END
run $show 0.4 fail 3
wait 10 web1
wait 5 Xen does not answer
wait 5 answers again
gone 5 does not answer
type q
exit 5 0
END
on_screen "no reading at first" <<END
run $show 0.4 fail 1
wait 10 Xen does not answer
wait 5 web1
type q
exit 5 0
END
on_screen "XenStore is away for a time" <<END
run $show 0.4 away 3
wait 10 XenStore has not answered for 7 s
wait 5 answers again
type q
exit 5 0
END
on_screen "a crash leaves the terminal as before" <<END
run $show 0.1 crash 4
wait 10 web1
exit 5 139
restored
END

# ---- terminals -----------------------------------------------------------------

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
