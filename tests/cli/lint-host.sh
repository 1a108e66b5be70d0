#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What `xl lint` says about this host: files, images and bridges that a config
# names and that are not here. Warnings: they do not change the exit status but
# under --strict, and --no-host leaves them out. (The text of a config is
# lint.sh's.)
set -u
here=$(cd "$(dirname "$0")" && pwd)
xl=${XL:-$here/../../build/bin/xl}
xl=$(readlink -f "$xl")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
cd "$work" || exit 1
touch vmlinuz disk.img firmware
mkdir directory

fail() {
    echo "FAILED: $*"
    sed 's/^/    /' output
    failed=1
}

# config LINE...: a good guest with these lines behind.
config() {
    printf '%s\n' 'name = "a"' 'memory = 64' "kernel = \"$work/vmlinuz\"" "$@" \
        >a.cfg
}

# says STATUS TEXT [OPTION...]: TEXT empty: nothing at all.
says() {
    local want=$1 text=$2 status
    shift 2
    "$xl" lint "$@" a.cfg >output 2>&1
    status=$?
    [ $status -eq "$want" ] || fail "exit status $status, not $want"
    if [ -z "$text" ]; then
        [ ! -s output ] || fail "says something"
    else
        grep -q -- "$text" output || fail "does not say '$text'"
    fi
}

config
says 0 ""
config "disk = [ \"$work/disk.img,raw,xvda,rw\" ]"
says 0 ""
config 'kernel = "/no/such/kernel"'
says 0 "warning: kernel: '/no/such/kernel': No such file"
says 1 "error: kernel: '/no/such/kernel': No such file" --strict
config "ramdisk = \"$work/directory\""
says 0 "warning: ramdisk: '$work/directory' is a directory"
says 0 "" --no-host
config "disk = [ \"$work/disk.img,raw,xvda,rw\", \"$work/none.img,raw,xvdb,rw\" ]"
says 0 "a.cfg:4:.* warning: disk: '$work/none.img': No such file"
config 'disk = [ "vdev=xvda,script=block-own,target=x" ]'
says 0 ""
config 'disk = [ "vdev=hdc,format=empty,devtype=cdrom" ]'
says 0 ""
config 'vif = [ "bridge=nosuchbridge0" ]'
says 0 "warning: vif: this host has no bridge 'nosuchbridge0'"
config 'vif = [ "bridge=lo" ]'
says 0 ""
config 'bootloader = "nosuchloader"'
says 0 "warning: bootloader: 'nosuchloader'"
config 'bootloader = "pygrub"'
if [ -e /usr/lib/xen-4.17/bin/pygrub ]; then
    says 0 ""
fi
config 'type = "hvm"' "firmware = \"$work/none\""
says 0 "warning: firmware: '$work/none'"
config 'type = "hvm"' "firmware = \"$work/firmware\""
says 0 ""
# With an error the host is not looked at: the error comes first.
config 'kernel = "/no/such/kernel"' 'vcpus = "x"'
says 1 "error: vcpus"
grep -q "No such file" output && fail "looks at the host in spite of an error"
exit $failed
