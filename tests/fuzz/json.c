/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON: what was parsed and is printed parses to the same again. */
#include "lib/json.h"
#include "tests/fuzz/fuzz.h"

static void round_trip(struct pool *p, const struct value *v, bool pretty)
{
    AUTO_STR struct str out = STR_INIT(STR_MAX);
    struct value *again;
    struct err *e;

    json_print(v, pretty, &out);
    e = json_parse(p, str_text(&out), out.len, &again);
    if (e)
        fprintf(stderr, "%s\n%s\n", str_text(&out), err_text(e));
    fuzz_must(!e, "what is printed can be parsed");
    fuzz_must(value_equal(v, again), "it means the same");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *text = pool_strn(p, (const char *)data, size);
    struct value *v;
    AUTO_ERR struct err *e = json_parse(p, text, size, &v);

    if (e)
        return 0;
    round_trip(p, v, true);
    round_trip(p, v, false);
    return 0;
}
