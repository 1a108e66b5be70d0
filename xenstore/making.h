/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * making: whether this program is making a domain, of whose nodes nobody else
 * knows yet. What it then writes in transactions of libxenstore's (xs.c) need
 * not appear at once: see xs_transaction.h.
 */
#ifndef XENSTORE_MAKING_H
#define XENSTORE_MAKING_H

#include <stdbool.h>

void making_begin(void);
void making_end(void);
bool making_now(void);

#endif
