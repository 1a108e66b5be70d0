/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A whole xl.cfg, from its text to what libxl gets: any mix of keys and values
 * is either complained about or can be printed as JSON. */
#include "lib/json.h"
#include "tests/fuzz/fuzz.h"
#include "xl/domain/cfg.h"
#include "xl/domain/guest.h"

static void check_json(const struct guest *g, struct pool *p)
{
    AUTO_STR struct str out = STR_INIT(STR_MAX);
    struct value *v;

    fuzz_must(!guest_json(g, -1, &out), "a good guest can be printed");
    fuzz_must(!json_parse(p, str_text(&out), out.len, &v), "as JSON");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_STR struct str text = STR_INIT(STR_MAX);
    struct source source = {.name = "F"};
    struct diags diags = {.pool = p};
    struct value *record = value_struct(p);
    struct guest g;

    fuzz_expand(data, size, guest_keys.rows, &text);
    source.text = str_text(&text);
    source.len = text.len;
    cfg_parse(p, &source, record, &diags);
    guest_init(&g, NULL);
    guest_parse(&g, record, p, &diags);
    if (!diags.n_errors)
        check_json(&g, p);
    fuzz_show(&diags);
    guest_done(&g);
    return 0;
}
