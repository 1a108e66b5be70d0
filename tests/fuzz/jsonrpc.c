/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* jsonrpc: what was parsed and is written parses to the same again. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/rpc.h"
#include "xapi/door/jsonrpc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_rpc(&codec_jsonrpc2, (const char *)data, size);
    return 0;
}
