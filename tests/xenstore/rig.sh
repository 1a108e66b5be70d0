# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Sourced by the tests and benchmarks of the XenStore tools: Debian's own
# daemons on a machine without Xen, each in a directory of its own. Needs
# build/tests/fakehv.so; the current directory is the checkout.
xen_bin=$(echo /usr/lib/xen-4.*/bin)
rig_dir=$(mktemp -d)
declare -A rig_pid=()
trap 'rig_stop; rm -rf "$rig_dir"' EXIT
trap 'exit 130' INT TERM

# rig_start xenstored|oxenstored: starts a fresh one and points XENSTORED_PATH
# at its socket. `running` is the one that serves this Dom0: the tests use
# folders of their own in it and remove them.
rig_start() {
    local kind=$1 dir=$rig_dir/$1 args=()
    if [ "$kind" = running ]; then
        unset XENSTORED_PATH
        return
    fi
    mkdir -p "$dir"
    case $kind in
    xenstored) args=(--no-fork --pid-file "$dir/pid") ;;
    oxenstored)
        printf '%s = %s\n' pid-file "$dir/pid" persistent false \
            xenstored-log-file "$dir/log" access-log-file "$dir/access" \
            >"$dir/conf"
        args=(--no-fork --no-domain-init --config-file "$dir/conf")
        ;;
    esac
    env -u XENSTORED_PATH XENSTORED_RUNDIR="$dir" \
        LD_PRELOAD="$PWD/build/tests/fakehv.so" "$xen_bin/$kind" "${args[@]}" >"$dir/out" 2>&1 </dev/null &
    rig_pid[$kind]=$!
    export XENSTORED_PATH=$dir/socket
    for ((i = 0; i < 1200; i++)); do
        xenstore-exists / 2>/dev/null && return
        sleep 0.05
    done
    echo "$kind does not start:" >&2
    cat "$dir/out" >&2
    exit 1
}

# rig_use KIND: the tools now speak with this one.
rig_use() {
    export XENSTORED_PATH=$rig_dir/$1/socket
}

rig_stop() {
    local kind
    for kind in "${!rig_pid[@]}"; do
        kill "${rig_pid[$kind]}" 2>/dev/null
        wait "${rig_pid[$kind]}" 2>/dev/null
    done
    rig_pid=()
}
