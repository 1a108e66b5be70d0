#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Run in the Dom0 by tests/run-dom0 after a test failed: what the machine itself
# has to say about it. With the argument "crashes" it says only which programs of
# Dom0 crashed since it was last asked, and fails when there are any.
crashes() { dmesg | grep -A 14 -e 'potentially unexpected fatal signal' -e 'general protection' -e 'Out of memory'; }

if [ "${1:-}" = crashes ]; then
    crashes && status=1 || status=0
    dmesg -C
    exit $status
fi
echo "-- domains"
timeout 20 /usr/lib/xen-4.17/bin/xl list
echo "-- Xen's last words"
timeout 20 /usr/lib/xen-4.17/bin/xl dmesg | tail -n 10
echo "-- the kernel's last words"
dmesg | tail -n 15
for log in $(ls -t /var/log/xen/console/*.log /var/log/xen/qemu-*.log /var/log/xen/xl*.log 2>/dev/null | head -n 5); do
    echo "-- the end of $log"
    tail -n 25 "$log" | tr -d '\r' | cut -c 1-200
done
