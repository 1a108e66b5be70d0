/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The language of xl.cfg: any input means to us what it means to libxlutil. */
#include "tests/diff/cfg.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    diff_agree(&cfg_pair, data, size);
    return 0;
}
