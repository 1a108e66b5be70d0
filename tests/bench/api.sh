#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What calls of the daemon cost with 100,000 VMs beside 100; durable writes beside
# SQLite alone; what one client leaves another. In turns, ROUNDS times (5) after
# one that does not count, medians. (The database without its door: db.sh; the
# door beside nginx: door.sh.)
set -u
cd "$(dirname "$0")/../.."
ROUNDS=${ROUNDS:-5} MANY=${MANY:-100000}
TMPDIR=${TMPDIR:-build} # a disk, for the durable writes
. tests/bench/daemon.sh
few=$first_port many=$((first_port + 1))
start_daemon few 100 $few
start_daemon many "$MANY" $many

# The same calls of both, about one of their VMs each; writes about 32.
prepare() { # NAME PORT
    local sid vm token vms
    sid=$(log_in "$2")
    vm=$(call "$2" VM.get_by_name_label "\"$sid\",\"virtual machine number 77\"" | grep -o 'OpaqueRef:[^"]*')
    token=$(call "$2" event.inject "\"$sid\",\"VM\",\"$vm\"" | result)
    json_script "get.$1" VM.get_record "\"$sid\",\"$vm\""
    vms=$(call "$2" VM.get_all "\"$sid\"" | grep -o 'OpaqueRef:[^"]*' | head -32)
    # shellcheck disable=SC2086
    json_script "set.$1" VM.set_name_description "\"$sid\",\"%W\",\"change %N\"" $vms
    json_script "event.$1" event.from "\"$sid\",[\"vm\"],\"$token\",0.0"
    json_script "task.$1" Async.network.destroy "\"$sid\",\"OpaqueRef:none\""
}
prepare few $few
prepare many $many
rss() { awk '/^VmRSS/ { print $2 * 1024 }' "/proc/$1/status"; }
memory=$((($(rss "${pids[1]}") - $(rss "${pids[0]}")) / (MANY - 100)))

# calls NAME CONNECTIONS: the same of 100,000 VMs and of 100
calls() { # WHAT TARGET NAME CONNECTIONS
    compare "$1" "$2" "rate Requests -c$4 -s $dir/$3.many.lua http://127.0.0.1:$many/" \
        "rate Requests -c$4 -s $dir/$3.few.lua http://127.0.0.1:$few/"
}
printf '%-38s %10s %10s   %6s\n' "calls/s" "$MANY VMs" "100 VMs" ratio
calls "VM.get_record" 0.833 get 4
# Before the writes: the token is from before them.
calls "event.from, one change" 0.833 event 4
calls "VM.set_name_description, durable" 0.833 set 32
printf '%-38s %10s %10s   %6s\n' "" ours target ratio
report "bytes of the process for a VM" "$memory" 6000 1 most

printf '%-38s %10s %10s   %6s\n' "writes/s, 32 clients" ours "SQLite" ratio
compare "VM.set_name_description, durable" 0.5 "rate Requests -c32 -s $dir/set.few.lua http://127.0.0.1:$few/" \
    'build/tests/bench-db raw "$dir/raw.$RANDOM" | cut -d" " -f2'

# A client with one connection, alone and beside one with 50; two addresses are
# two clients. An even share is half.
beside() {
    rate Requests -c50 -s "$dir/get.few.lua" "http://127.0.0.1:$few/" >"$dir/other" &
    local other=$!
    rate Requests -c1 -s "$dir/get.few.lua" "http://[::1]:$few/"
    wait $other
}
printf '%-38s %10s %10s   %6s\n' "calls/s, one connection" "beside 50" alone ratio
compare "VM.get_record" 0.25 beside "rate Requests -c1 -s $dir/get.few.lua http://[::1]:$few/"
printf '%-38s %10s %10s   %6s\n' "calls/s, 32 clients" "as tasks" writes ratio
compare "a call that fails, Async" - "rate Requests -c32 -s $dir/task.few.lua http://127.0.0.1:$few/" \
    "rate Requests -c32 -s $dir/set.few.lua http://127.0.0.1:$few/"
exit $((missed > 0))
