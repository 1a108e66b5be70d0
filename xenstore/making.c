/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* making: see making.h. */
#include "xenstore/making.h"

static bool now;

void making_begin(void)
{
    now = true;
}

void making_end(void)
{
    now = false;
}

bool making_now(void)
{
    return now;
}
