#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --xenstored ocaml
# The XenStore tools in a Dom0 that the OCaml daemon serves: all of
# 50-xenstore.sh, and 42-xenbus.sh.
# shellcheck source=tests/dom0/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

ours=$top/build/bin/xenstore-
check "the OCaml daemon serves this Dom0" pgrep -x oxenstored
check "all of 50-xenstore.sh" "$top/tests/dom0/50-xenstore.sh"
check "through the device, all of 42-xenbus.sh" "$top/tests/dom0/42-xenbus.sh"
finish
