#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Runs in the Dom0: CPU time of one refresh of the monitor, the XenStore
# daemon's included, ours and stock's, with 100, 50 and 1 tiny domains that do
# nothing: text, screen, and the exporter (which stock has not). Beside them, the
# floor: the call that tells all domains, alone. Two programs take turns.
set -u
cd "$(dirname "$0")/../.."
. tests/bench/lib.sh
ours=/usr/local/bin/xentop
install -D build/bin/xentop "$ours" && install -D build/bin/xl /usr/local/bin/xl &&
    install -D -t /usr/local/libexec/dom0kit build/libexec/* || exit 1
stock=$(echo /usr/lib/xen-4.*/bin/xentop)
daemon=$(cat /run/xen/xenstored.pid)
SECONDS_EACH=${SECONDS_EACH:-8}
out=$(mktemp)
mkfifo "$out.keys" && exec 8<>"$out.keys" # a keyboard that nobody touches
trap 'rm -f "$out" "$out".*' EXIT

# CPU time so far of processes, in nanoseconds.
spent() {
    local p n sum=0
    for p in "$@"; do
        read -r n _ <"/proc/$p/schedstat"
        sum=$((sum + n))
    done
    echo $sum
}
refreshes() { grep -c 'NAME  STATE' "$out"; }

# during COUNT PID...: microseconds of them and the daemon for each of what COUNT
# counts, into $took.
during() {
    local before counted
    sleep 4
    before=$(spent "${@:2}" "$daemon") counted=$($1)
    sleep "$SECONDS_EACH"
    took=$((($(spent "${@:2}" "$daemon") - before) / 1000))
    counted=$(($($1) - counted))
    [ $counted -gt 0 ] || { echo "nothing was shown" >&2; exit 1; }
    took=$((took / counted))
}

# Each sets $took for PROGRAM.
text() {
    "$1" -b -d 1 >"$out" & local monitor=$!
    during refreshes $monitor
    kill $monitor
    wait $monitor 2>/dev/null
}
# A reading a second; nobody types.
screen() {
    script -qfc "stty rows 50 cols 132; exec $1 -d 1" /dev/null <&8 >"$out" & local terminal=$!
    sleep 1
    during seconds "$(pgrep -P $terminal)"
    kill "$(pgrep -P $terminal)"
    wait $terminal 2>/dev/null
}
seconds() { echo "${EPOCHSECONDS}"; }
scrapes() { grep -c . "$out"; }
# Both processes of it, asked once a second.
exporter() {
    local exporter asker where=$out.where
    "$1" --listen 127.0.0.1:9556 >"$where" & exporter=$!
    until grep -q listening "$where"; do sleep 0.2; done
    while sleep 1; do
        exec 7<>/dev/tcp/127.0.0.1/9556 && printf 'GET /metrics HTTP/1.1\r\n\r\n' >&7 &&
            grep -c '^xen_domain_state{' <&7 >>"$out"
        exec 7>&-
    done & asker=$!
    during scrapes $exporter "$(pgrep -P $exporter)"
    kill $asker $exporter
    wait $asker $exporter 2>/dev/null
}

# compared WHAT WAY TARGET: ours and stock's, medians of three; ours into $mine.
compared() {
    local a=() b=()
    for _ in 1 2 3; do
        $2 "$ours"
        a+=("$took")
        $2 "$stock"
        b+=("$took")
    done
    mine=$(median "${a[@]}")
    report "$1" "$3" "$mine" "$(median "${b[@]}")"
}

guests() { /usr/lib/xen-4.*/bin/xl list | awk 'NR > 2 { print $(NF - 4) }'; }
running() { guests | wc -l; }
heading "xentop, CPU of a refresh"
flat=()
for domains in ${DOMAINS:-100 50 1}; do
    for ((n = $(running); n < domains; n++)); do
        /usr/local/bin/xl create -q build/guests/tiny.cfg "name=\"x$n\"" || exit 1
    done
    for id in $(guests | tail -n +$((domains + 1))); do
        /usr/local/bin/xl destroy "$id" || exit 1
    done
    compared "$(running) idle domains, text" text 0.25
    flat+=("$mine")
    compared "$(running) idle domains, screen" screen -
    flat+=("$mine")
    exporter "$ours"
    flat+=("$took")
    printf '%-28s %8.1f ms\n' "a scrape of the exporter" "$((took))e-3"
    printf '%-28s %8.1f ms\n' "the floor" "$(build/tests/floor 200)e-3"
    compare "-b -i 1 (time)" - "$ours -b -i 1" "$stock -b -i 1"
done
ways=(text screen exporter)
for ((i = 0; i < 3 && ${#flat[@]} > 3; i++)); do
    awk -v way="${ways[i]}" -v most="${flat[i]}" -v least="${flat[i - 3]}" 'BEGIN {
        printf "%-28s %8.2f\n", way ": most domains over fewest", most / least }'
done
