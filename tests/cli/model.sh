#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What modelc makes of a model in which every call has a body: it compiles
# without a warning, and a call whose body is missing is a link error. What it
# makes of one row: tests/unit/xapi/modelc.c.
set -u
here=$(cd "$(dirname "$0")/../.." && pwd)
modelc=${MODELC:-$here/build/tools/modelc}
cc=${CC:-gcc}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/model" "$work/xapi/model"
cd "$work" || exit 1
failed=0

fail() {
    echo "FAILED: $*"
    cut -c1-200 output | head -20
    failed=1
}

# compile FILE: as the build does, with warnings as errors.
compile() {
    "$cc" -std=gnu11 -D_GNU_SOURCE -I"$work" -I"$here" -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes \
        -Wmissing-prototypes -Wwrite-strings -Wno-missing-field-initializers -c -o "${1%.c}.o" "$1" >output 2>&1
}

for file in "$here"/xapi/model/*.json; do
    sed 's/ *\bunimplemented\b//' "$file" >"model/${file##*/}"
done
if ! "$modelc" model xapi/model >output 2>&1; then
    fail "modelc"
    exit 1
fi
n=$(grep -c ' = run_\|^    \[CALL_' xapi/model/calls_gen.c)
[ "$n" -gt 500 ] || fail "only $n calls have bodies"
compile xapi/model/calls_gen.c || fail "calls_gen.c does not compile"
compile xapi/model/model_gen.c || fail "model_gen.c does not compile"

cat >main.c <<'END'
#include "xapi/model/calls_gen.h"
#include "xapi/model/errors_gen.h"
#include "xapi/model/fields_gen.h"

int main(void)
{
    return call_bodies[CALL_VM_start] == 0;
}
END
compile main.c || fail "the generated headers do not compile"
"$cc" -o main main.o xapi/model/calls_gen.o xapi/model/model_gen.o >output 2>&1 && fail "links without bodies"
for name in VM_start SR_create session_logout; do
    grep -q "undefined reference to .$name'" output || fail "$name is not missed"
done

# One argument too few, a value of another enum, a field of no such class.
wrong() {
    printf '#include "xapi/model/errors_gen.h"\n#include "xapi/model/fields_gen.h"\n%s\n' \
        "struct err *f(struct txn *t, struct object *o); struct err *f(struct txn *t, struct object *o) { return $1; }" >wrong.c
    compile wrong.c && fail "compiles: $1"
    grep -q "$2" output || fail "$1: not the compiler's complaint"
}
wrong 'err_VM_BAD_POWER_STATE("vm", "Halted")' 'too few arguments'
wrong 'set_VM_name_label(t, o, 5)' 'makes pointer from integer'
wrong 'set_VM_power_state(t, o, VM_on_normal_exit_restart)' 'implicit conversion\|enum'
wrong 'set_VDI_power_state(t, o, VM_power_state_Halted)' 'implicit declaration'

exit $failed
