# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034
# Sourced by the benchmarks of the daemon: xapid with a number of VMs, calls of
# it, and wrk, which runs in turns with what it is compared to. The state is in
# $dir, all programs in $pids end with the script.
dir=$(mktemp -d "${TMPDIR:-/tmp}/bench.XXXXXX") || exit 1
chmod 755 "$dir"
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM
scripts/deps bench || exit 1
first_port=$((10000 + $$ % 5000 * 4)) # four, below those that the kernel gives to clients
echo "root:$(echo secret | build/bin/xapid --hash)" >"$dir/users"

# start_daemon NAME VMS PORT [OPTION...]: its state in $dir/NAME. Of any address.
start_daemon() {
    local state=$dir/$1 port=$3 i
    mkdir "$state"
    build/tests/bench-db fill "$state/state.db" "$2" || exit 1
    build/bin/xapid --config "" --state "$state" --socket "$state/socket" --http ":$port" \
        --auth "$dir/users" --auth-delay 0 "${@:4}" 2>"$state/log" &
    pids+=($!)
    for ((i = 0; i < 600; i++)); do
        curl -s -o /dev/null "http://127.0.0.1:$port/" && return
        sleep 0.05
    done
    cat "$state/log" >&2
    exit 1
}

# call PORT METHOD PARAMS: the answer; PARAMS are JSON, without the brackets.
call() {
    curl -sf -d '{"jsonrpc":"2.0","id":7,"method":"'"$2"'","params":['"$3"']}' "http://127.0.0.1:$1/jsonrpc"
}
result() { sed 's/.*"result":"\([^"]*\)".*/\1/'; }
log_in() { call "$1" session.login_with_password '"root","secret"' | result; }

# json_script NAME METHOD PARAMS [WORD...]: for wrk; in PARAMS, %W are the words in
# turns, and %N another number than in the requests before, whichever of wrk's
# threads makes it. Each request is made once: Lua takes as long as the daemon.
json_script() {
    local name=$1 method=$2 params=$3
    shift 3
    [ $# -gt 0 ] || set -- ""
    {
        printf '%s\n' 'wrk.method="POST" wrk.path="/jsonrpc" wrk.headers["content-type"]="application/json"' \
            "local body=[[{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"$method\",\"params\":[$params]}]]" 'wrk.body=body'
        printf 'local words={'
        printf '"%s",' "$@"
        printf '%s\n' '}' 'local n,before,after=0,{},{}' 'for i,w in ipairs(words) do' \
            'before[i],after[i]=body:gsub("%%W",w):match("^(.*)%%N(.*)$") end'
        case $params in
        *%N*) printf '%s\n' 'local threads=0' 'setup=function(t) t:set("thread",threads) threads=threads+1 end' \
            'local made={}' 'request=function() n=(n+1)%4096 local i=n%#words+1' \
            'if not made[n] then made[n]=wrk.format(nil,nil,nil,before[i]..n*8+thread..after[i]) end' \
            'return made[n] end' ;;
        esac
    } >"$dir/$name.lua"
}

# rate WORD ARGS...: "Requests/sec" or "Transfer/sec" (in MB) of one run of wrk
rate() {
    local word=$1
    shift
    wrk -t1 "-d${SECONDS_EACH:-2}s" "$@" | awk -v word="$word/sec:" '
        $1 == word { n = $2 + 0; if ($2 ~ /GB/) n *= 1024; if ($2 ~ /KB/) n /= 1024; print n }
        /Non-2xx|Socket errors/ { print "wrk: " $0 >"/dev/stderr" }'
}
median() { printf '%s\n' "$@" | sort -g | sed -n "$((($# + 1) / 2))p"; }

# report WHAT A B TARGET [most]: A beside B; the ratio A/B is to be TARGET at
# least (most: at most). TARGET -: none.
missed=0
report() {
    [ "${2:-0}" != 0 ] && [ "${3:-0}" != 0 ] || { echo "$1: nothing was measured" >&2; exit 1; }
    awk -v what="$1" -v a="$2" -v b="$3" -v target="$4" -v most="${5:-}" 'BEGIN {
        printf "%-38s %10.0f %10.0f   %6.3f", what, a, b, a / b
        met = target == "-" || (most ? a / b <= target : a / b >= target)
        if (target != "-")
            printf "  (at %s %s: %s)", most ? "most" : "least", target, met ? "met" : "missed"
        print ""
        exit !met }' || missed=$((missed + 1))
}

# compare WHAT TARGET A B: two commands that print a number, in turns, ROUNDS
# times after one that does not count.
compare() {
    local a=() b=() x y i
    for ((i = -1; i < ROUNDS; i++)); do
        x=$(eval "$3")
        y=$(eval "$4")
        [ $i -lt 0 ] || a+=("$x") b+=("$y")
    done
    report "$1" "$(median "${a[@]}")" "$(median "${b[@]}")" "$2"
}
