#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The monitor's screen on a terminal: what tests/unit/top keeps is what a terminal
# shows, of any size; keys and clicks.
. "$(dirname "$0")/../screen/lib.sh"

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
exit $failed
