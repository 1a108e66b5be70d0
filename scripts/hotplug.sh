# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# Sourced by the hotplug scripts: what a device's backend says, and how libxl is
# told what became of it. As with the compiled program (xl/hotplug/hotplug.h).
set -u
here=$(dirname "$0")
me=$(basename "$0")
PATH=$here/../bin:$here/../../bin:$PATH:/usr/sbin:/sbin
action=${1:-}

# Nobody is asked for what is not there.
node() { xenstore-read "$1" 2>/dev/null; }

# fail_as STATUS SENTENCE...
fail_as() {
    status=$1
    shift
    echo "$me: $*" >&2
    logger -p daemon.err -t "$me" -- "${XENBUS_PATH:-}: $*" 2>/dev/null
    [ -z "${XENBUS_PATH:-}" ] ||
        xenstore-write "$XENBUS_PATH/hotplug-error" "$*" "$XENBUS_PATH/hotplug-status" "$status"
    exit 1
}
fail() { fail_as error "$@"; }

# must COMMAND...: or its own words are the error. What it says is in $said.
must() {
    said=$("$@" 2>&1) || fail "$1: $(printf %s "$said" | tr '\n' ' ')"
}

need_backend() { [ -n "${XENBUS_PATH:-}" ] || fail "XENBUS_PATH, the backend, is not set"; }

# wait_for SECONDS COMMAND...: until it succeeds.
wait_for() {
    tries=$(($1 * 10))
    shift
    until "$@"; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || return 1
        sleep 0.1
    done
}

# ---- of disks ------------------------------------------------------------------

# begin_disk: $action is add or remove, $target the text of target=.
begin_disk() {
    need_backend
    case $action in
    add | remove) ;;
    *) fail "a disk is added or removed, not '$action'" ;;
    esac
    target=$(node "$XENBUS_PATH/params")
}

# A disk that was handed over is in use by this guest, and nobody else's.
is_handed_over() { [ -n "$(node "$XENBUS_PATH/physical-device")" ]; }

# hand_over DEVICE: to the guest, if it may be shared so.
hand_over() { "$here/block" add "params=$1"; }
