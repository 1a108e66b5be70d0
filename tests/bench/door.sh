#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The daemon beside nginx (one worker, its file cache on, no log), both asked by
# wrk in turns, ROUNDS times (5) after one that does not count: request rates and
# byte rates, medians, and what each is of nginx's for a file of the answer's
# size. 10,000 VMs are there.
set -u
cd "$(dirname "$0")/../.."
ROUNDS=${ROUNDS:-5}
. tests/bench/daemon.sh
http=$first_port https=$((first_port + 1)) port=$((first_port + 2)) tls_port=$((first_port + 3))

start_daemon vms "${VMS:-10000}" $http --https "127.0.0.1:$https"
sid=$(log_in $http)
vm=$(call $http VM.get_by_name_label "\"$sid\",\"virtual machine number 7\"" | grep -o 'OpaqueRef:[^"]*')
json_script json VM.get_power_state "\"$sid\",\"$vm\""
json_script records VM.get_all_records "\"$sid\""
xml="<?xml version='1.0'?><methodCall><methodName>VM.get_power_state</methodName><params><param><value><string>$sid</string></value></param><param><value><string>$vm</string></value></param></params></methodCall>"
printf '%s\n' 'wrk.method="POST" wrk.path="/" wrk.headers["content-type"]="text/xml"' "wrk.body=[[$xml]]" >"$dir/xml.lua"

# The answers as files, for nginx.
mkdir "$dir/www"
call $http VM.get_power_state "\"$sid\",\"$vm\"" >"$dir/www/json"
curl -sf -d "$xml" "http://127.0.0.1:$http/" >"$dir/www/xml"
call $http VM.get_all_records "\"$sid\"" >"$dir/www/records"
grep -q Running "$dir/www/json" && grep -q Running "$dir/www/xml" || exit 1
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -keyout "$dir/key.pem" -out "$dir/cert.pem" 2>/dev/null
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
             ssl_certificate $dir/cert.pem; ssl_certificate_key $dir/key.pem; }
}
END
nginx=$(command -v nginx || echo /usr/sbin/nginx)
"$nginx" -c "$dir/nginx.conf" 2>/dev/null &
pids+=($!)
for ((i = 0; i < 100; i++)); do
    curl -s -o /dev/null "http://127.0.0.1:$port/json" && break
    sleep 0.05
done

# beside WHAT TARGET WORD CONNECTIONS NAME SCHEME OUR-PORT NGINX-PORT
beside() {
    compare "$1" "$2" "rate $3 -c$4 -s $dir/$5.lua $6://127.0.0.1:$7/" "rate $3 -c$4 $6://127.0.0.1:$8/$5"
}
printf '%-38s %10s %10s   %6s\n' "" ours nginx ratio
beside "VM.get_power_state, JSON-RPC, /s" 0.4 Requests 16 json http $http $port
beside "VM.get_power_state, XML-RPC, /s" - Requests 16 xml http $http $port
beside "VM.get_power_state, TLS, /s" - Requests 16 json https $https $tls_port
beside "VM.get_all_records of 10,000, MB/s" 0.4 Transfer 4 records http $http $port
exit $((missed > 0))
