# SPDX-License-Identifier: LGPL-2.1-or-later
# Common to the scripts in this folder, which source it first: words for what
# is checked, waiting, and what is in the Dom0 now.
set -u
top=${LAB_TOP:-$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)}
guests=$top/build/guests
stock=/usr/lib/xen-4.17/bin/xl
tiny=$guests/tiny.cfg
failures=0
work=$(mktemp -d /tmp/dom0-test.XXXXXX)
trap 'rm -rf "$work"' EXIT

# An input that says nothing and does not end.
open_input=$work/open
mkfifo "$open_input"
exec 9<>"$open_input"

note() { printf '== %s (at %d s)\n' "$*" $SECONDS; }

bad() {
    printf 'FAILED: %s\n' "$*"
    failures=$((failures + 1))
}

# check WORDS COMMAND...: the command succeeds.
check() {
    local what=$1
    shift
    if "$@"; then printf 'ok: %s\n' "$what"; else bad "$what ($*)"; fi
}

# refuse WORDS COMMAND...: it fails with exit status 1, and its sentence, kept
# in $said, is one line that begins with "xl: ".
refuse() {
    local what=$1 status
    shift
    said=$("$@" 2>&1 >/dev/null </dev/null)
    status=$?
    said=$(printf '%s\n' "$said" | grep '^xl: ')
    [ $status -eq 1 ] || bad "$what: exit status $status"
    [ "$(printf '%s\n' "$said" | grep -c .)" -eq 1 ] || bad "$what: said: $said"
}

# says TEXT: it is in $said.
says() {
    case $said in
    *"$1"*) printf 'ok: %s\n' "$said" ;;
    *) bad "not \"$1\" in: $said" ;;
    esac
}

# within SECONDS COMMAND...: it succeeds before that time has passed. The seconds
# are those of a quiet machine; a busy one gets more of them.
within() {
    local end=$((SECONDS + $1 * 8))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.3
    done
}

exists() { xl list "$1" >/dev/null 2>&1; }
gone() { ! exists "$1"; }
state() { xl list "$1" | awk 'NR == 2 { print $5 }'; }
id() { xl domid "$1"; }

finish() {
    [ $failures -eq 0 ] || printf '%d checks failed\n' $failures
    exit $((failures > 0))
}

# ---- Linux guests ------------------------------------------------------------

# typed DOMAIN COMMAND: into the guest's console, until it says DONE; what it
# printed is in $work/typed.
typed() {
    local tty
    tty=$(xenstore-read "/local/domain/$(id "$1")/console/tty")
    exec 8<>"$tty"
    printf '%s; echo DO''NE\r' "$2" >&8
    timeout 600 sed '/^DONE/q' <&8 >"$work/typed" || bad "$1 has not done in time: $2"
    exec 8>&-
}
up() { grep -q '^dom0kit guest: ' "/var/log/xen/console/guest-$1.log"; }

# ---- what is there -----------------------------------------------------------

# All that a domain leaves anywhere, without what counts up by itself. (With few
# processes: an emulated machine takes a third of a second for each.)
inventory() {
    local lines line file
    {
        mapfile -t lines < <(xl list)
        printf 'domain %s\n' "${lines[@]%% *}"
        mapfile -t lines < <(xenstore-ls -f)
        for line in "${lines[@]}"; do
            case $line in
            /local/domain/0/memory/* | /tool/*) ;;
            *) echo "XenStore $line" ;;
            esac
        done
        for file in /sys/block/loop*/loop/backing_file; do
            read -r line <"$file" && echo "loop device $file $line"
        done
        printf 'network interface %s\n' /sys/class/net/*
        for file in /proc/[0-9]*/cmdline; do
            mapfile -d '' -t lines <"$file"
            case "${lines[*]} " in
            *' -xen-domid 0 '*) ;;
            *xen-qemu* | *qemu-system* | *xen/scripts* | *libexec/vif-* | *libexec/block* | *dom0-test*) echo "process ${lines[*]}" ;;
            esac
        done
        for file in /var/lib/xen/* /run/xen/* /run/dom0kit/{create,restart}/*; do
            case $file in
            */domid-history*) ;;
            *) echo "file $file" ;;
            esac
        done
    } 2>/dev/null | sort
}

# ---- held against stock -------------------------------------------------------

# Ours in a place that is cached, as stock's is.
ours=$work/xl
cp "$top/build/bin/xl" "$ours" || exit 1

# same ARGS...: standard output and exit status are stock's; $mask (a sed
# script) first takes out what is another moment's. What differs because a
# clock went on between the two is the same the next time.
mask='s/^\(Domain-0 .*[-a-z]\{6\}  \)........\(.*\)/\1TIME\2/'
same() {
    local theirs mine a b
    for _ in 1 2 3; do
        theirs=$("$stock" "$@" 2>/dev/null; echo "status $?")
        mine=$("$ours" "$@" 2>"$work/err"; echo "status $?")
        a=$(sed "$mask" <<<"$theirs") b=$(sed "$mask" <<<"$mine")
        if [ "$a" = "$b" ]; then
            printf 'ok: as stock: %s\n' "$*"
            return
        fi
    done
    bad "as stock: $*"
    diff <(echo "$a") <(echo "$b") | sed 's/^/    /'
    sed 's/^/    /' "$work/err"
}

# run ARGS...: ours; $out, $said and $status are what came of it.
run() {
    out=$("$ours" "$@" 2>"$work/err")
    status=$?
    said=$(cat "$work/err")
}

# refuses STATUS TEXT ARGS...: ours ends so and says that.
refuses() {
    local want=$1 text=$2
    shift 2
    run "$@"
    case $status/$said in
    "$want/"*"$text"*) printf 'ok: status %s: %s\n' "$want" "$*" ;;
    *) bad "$*: status $status, said: $said" ;;
    esac
}

# Takes away every guest.
destroy_all() {
    local id
    for id in $("$stock" list | awk 'NR > 1 && $(NF - 4) > 0 { print $(NF - 4) }'); do
        "$stock" destroy "$id"
    done
}
