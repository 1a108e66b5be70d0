/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xmlrpc: what was parsed and is written parses to the same again. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/rpc.h"
#include "xapi/door/xmlrpc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_POOL struct pool *p = pool_new();
    struct value *v = NULL;

    err_free(xmlrpc_parse_value(p, (const char *)data, size, &v));
    fuzz_rpc(&codec_xmlrpc, (const char *)data, size);
    return 0;
}
