#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The monitor's screen: how it ends and is stopped; readings that fail, hang or crash.
. "$(dirname "$0")/../screen/lib.sh"

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
exit $failed
