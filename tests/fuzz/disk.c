/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A disk string: any input means to us what it means to libxlutil. */
#include "tests/diff/disk.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_STR struct str text = STR_INIT(1 << 16);

    fuzz_expand(data, size, disk_keys.rows, &text);
    diff_agree(&disk_pair, str_text(&text), text.len);
    return 0;
}
