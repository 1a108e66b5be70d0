#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The daemon's door beside nginx (one worker, its file cache on, no log), both
# asked by wrk in turns, ROUNDS times (5) after one that does not count: request
# rates and byte rates, medians, and what each is of nginx's for a file of the
# answer's size.
set -u
cd "$(dirname "$0")/../.."
ROUNDS=${ROUNDS:-5} SECONDS_EACH=${SECONDS_EACH:-2}
dir=$(mktemp -d)
chmod 755 "$dir"
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM

scripts/deps bench || exit 1
build/tests/xapi-serve "$dir" &
pids+=($!)
for ((i = 0; i < 100; i++)); do
    [ -s "$dir/ports" ] && break
    sleep 0.05
done
read -r http https <"$dir/ports" || exit 1
port=$((http > 40000 ? http - 10000 : http + 10000))
tls_port=$((port + 1))

# script NAME BODY: a wrk script that posts BODY
script() {
    printf 'wrk.method="POST" wrk.path="%s" wrk.headers["content-type"]="%s"\nwrk.body=[[%s]]\n' \
        "$2" "$3" "$4" >"$dir/$1.lua"
}
ref=OpaqueRef:3e1c2a5e-96f2-4c1e-9d3c-0f7a54c0b222
script json /jsonrpc application/json \
    '{"jsonrpc":"2.0","method":"VM.get_power_state","params":["'$ref'","'$ref'"],"id":7}'
script xml / text/xml "<?xml version='1.0'?><methodCall><methodName>VM.get_power_state</methodName><params><param><value><string>$ref</string></value></param><param><value><string>$ref</string></value></param></params></methodCall>"
script records /jsonrpc application/json \
    '{"jsonrpc":"2.0","method":"test.records","params":[10000],"id":7}'

# The answers as files, for nginx.
mkdir "$dir/www"
fetch() { # NAME
    sed -n 's/^wrk.body=\[\[\(.*\)\]\]$/\1/p' "$dir/$1.lua" |
        curl -sf -d @- "http://127.0.0.1:$http$(sed -n 's/.*wrk.path="\([^"]*\)".*/\1/p' "$dir/$1.lua")" >"$dir/www/$1"
}
fetch json && fetch xml && fetch records || exit 1
cat >"$dir/nginx.conf" <<END
daemon off; worker_processes 1; pid $dir/nginx.pid; error_log $dir/nginx.err;
events { worker_connections 4096; }
http {
    access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000;
    open_file_cache max=100 inactive=600s; open_file_cache_valid 600s;
    client_body_temp_path $dir/t1; proxy_temp_path $dir/t2; fastcgi_temp_path $dir/t3;
    uwsgi_temp_path $dir/t4; scgi_temp_path $dir/t5;
    server { listen 127.0.0.1:$port; root $dir/www; }
    server { listen 127.0.0.1:$tls_port ssl; root $dir/www;
             ssl_certificate $dir/cert.pem; ssl_certificate_key $dir/cert.pem; }
}
END
nginx=$(command -v nginx || echo /usr/sbin/nginx)
"$nginx" -c "$dir/nginx.conf" 2>/dev/null &
pids+=($!)
for ((i = 0; i < 100; i++)); do
    curl -s -o /dev/null "http://127.0.0.1:$port/json" && break
    sleep 0.05
done

# rate WORD ARGS...: "Requests/sec" or "Transfer/sec" (in MB) of one run
rate() {
    local word=$1
    shift
    wrk -t1 "-d${SECONDS_EACH}s" "$@" | awk -v word="$word/sec:" '
        $1 == word { n = $2 + 0; if ($2 ~ /GB/) n *= 1024; if ($2 ~ /KB/) n /= 1024; print n }
        /Non-2xx|Socket errors/ { print "wrk: " $0 >"/dev/stderr" }'
}
median() { printf '%s\n' "$@" | sort -g | sed -n "$((($# + 1) / 2))p"; }

# compare WHAT TARGET WORD CONNECTIONS NAME SCHEME OUR-PORT NGINX-PORT
compare() {
    local ours=() theirs=() i
    for ((i = -1; i < ROUNDS; i++)); do
        a=$(rate "$3" -c"$4" -s "$dir/$5.lua" "$6://127.0.0.1:$7/")
        b=$(rate "$3" -c"$4" "$6://127.0.0.1:$8/$5")
        [ $i -lt 0 ] || ours+=("$a") theirs+=("$b")
    done
    awk -v what="$1" -v target="$2" -v a="$(median "${ours[@]}")" \
        -v b="$(median "${theirs[@]}")" 'BEGIN {
        printf "%-34s %9.0f %9.0f   %5.2f", what, a, b, a / b
        if (target != "-")
            printf "  (target %s: %s)", target, (a / b >= target ? "met" : "missed")
        print "" }'
}

printf '%-34s %9s %9s   %5s\n' "" ours nginx ratio
compare "small JSON-RPC calls/s" 0.4 Requests 16 json http "$http" "$port"
compare "small XML-RPC calls/s" - Requests 16 xml http "$http" "$port"
compare "small JSON-RPC calls/s, TLS" - Requests 16 json https "$https" "$tls_port"
compare "10,000 records of 3 kB, MB/s" 0.4 Transfer 4 records http "$http" "$port"
