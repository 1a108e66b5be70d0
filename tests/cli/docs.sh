#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What `xl __doc` prints: manual pages that groff takes without a warning and
# that name every command, key and setting; completion as bash does it. How rows
# become text is in tests/unit/lib/doc.c.
set -u
here=$(cd "$(dirname "$0")" && pwd)
xl=$(readlink -f "${XL:-$here/../../build/bin/xl}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

fail() {
    echo "FAILED: $*"
    failed=1
}

program=$xl
check_page() { # page section words that must be in it...
    local page=$1 section=$2 word
    shift 2
    "$program" __doc man "$page" >"$work/$page" || fail "no manual $page"
    "$program" __doc markdown "$page" >"$work/$page.md" || fail "no Markdown $page"
    head -1 "$work/$page.md" | grep -qx "# $page($section)" ||
        fail "$page.md has another title"
    if command -v groff >/dev/null; then
        groff -ww -man -Tutf8 -k "$work/$page" >"$work/text" 2>"$work/warnings"
        [ ! -s "$work/warnings" ] || fail "$page: $(head -3 "$work/warnings")"
        grep -q "$page" "$work/text" || fail "$page is empty"
    fi
    for word in "$@"; do
        grep -q -- "$word" "$work/$page.md" || fail "$page does not have $word"
    done
}

mapfile -t commands < <("$xl" help | awk '/^ [a-z]/ { print $1 }')
mapfile -t keys < <("$xl" __doc keys)
[ ${#commands[@]} -gt 2 ] || fail "too few commands: ${commands[*]}"
[ ${#keys[@]} -gt 150 ] || fail "too few keys: ${#keys[@]}"
check_page xl 1 "${commands[@]/#/^### }"
check_page xl.cfg 5 "${keys[@]/#/^- \`}"
check_page xl.conf 5 'autoballoon=' 'vif\.default\.bridge=' 'lockfile='
program=$(dirname "$xl")/xenstore
mapfile -t commands < <("$program" help | awk '/^ [a-z]/ { print $1 }')
[ ${#commands[@]} -gt 5 ] || fail "too few XenStore tools: ${commands[*]}"
check_page xenstore 1 "${commands[@]/#/^### }"
"$program" __doc bash >"$work/xenstore.bash"
got=$(bash -c '. "$1"; COMP_LINE=$2 COMP_POINT=${#2}; _xenstore
    echo "${COMPREPLY[*]}"' bash "$work/xenstore.bash" "xenstore exi")
[ "$got" = exists ] || fail "'xenstore exi' offers '$got', not 'exists'"
program=$(dirname "$xl")/xentop
mapfile -t columns < <("$program" --columns help | awk 'NR > 1 { print $1 }')
[ ${#columns[@]} -gt 30 ] || fail "too few columns: ${columns[*]}"
check_page xentop 1 --listen --format xen_domain_cpu_seconds_total xen_vbd_written_bytes_total "${columns[@]}"
"$program" __doc bash >"$work/xentop.bash"
"$xl" __doc pages | while read -r page section; do
    [ -f "$work/$page" ] || echo "FAILED: $page($section) is not looked at"
done | grep . && failed=1
program=$(dirname "$xl")/xapid
mapfile -t options < <("$program" --help | grep -o '^ *\(-v, \)\?--[a-z-]*' | grep -o -- '--.*')
[ ${#options[@]} -gt 25 ] || fail "too few options: ${options[*]}"
check_page xapid 8 "${options[@]}"
check_page xapi.conf 5 auth_delay= rpc_bytes= 'hv='
check_page xe 1 vm-install CLASS-param-set
"$xl" __doc man no-such-page >"$work/out" 2>&1 && fail "no-such-page is there"
grep -q "there is no page 'no-such-page'" "$work/out" || fail "it does not say so"

# offers LINE: what bash would offer there, in one line. `xl` is ours, and its
# list is a fixed one.
"$xl" __doc bash >"$work/xl.bash" || fail "no completion"
mkdir "$work/files"
touch "$work/files/guest.cfg" "$work/files/other.cfg"
offers() {
    XL=$xl bash -c '
        xl() {
            if [ "$1" = list ]; then
                printf "Name ID\nDomain-0 0\nweb1 1\nweb2 2\n"
            else
                "$XL" "$@"
            fi
        }
        . "$1"
        cd "$2"
        COMP_LINE=$3 COMP_POINT=${#3}
        _xl
        printf "%s\n" "${COMPREPLY[@]}" | sort | paste -sd " "
    ' bash "$work/xl.bash" "$work/files" "$1"
}
expect() { # line, what is offered
    local got
    got=$(offers "$1")
    [ "$got" = "$2" ] || fail "'$1' offers '$got', not '$2'"
}
complete_p=$(bash -c '. "$1"; complete -p xl' bash "$work/xl.bash")
[ "$complete_p" = "complete -F _xl xl" ] || fail "completion is '$complete_p'"
expect "xl lin" "lint"
expect "xl -v lin" "lint"
expect "xl __d" ""
expect "xl lint --for" "--format="
expect "xl lint --format=js" "json"
expect "xl lint gu" "guest.cfg"
expect "xl list we" "web1 web2"
expect "xl list web1 Dom" "Domain-0"
if "$xl" help | grep -q '^ create '; then
    expect "xl cre" "create"
    expect "xl create gu" "guest.cfg"
    expect "xl create guest.cfg memo" "memory="
    case " $(offers 'xl create --') " in
    *" --help "*) ;;
    *) fail "xl create -- offers no --help" ;;
    esac
fi
exit $failed
