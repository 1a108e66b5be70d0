/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * screen_reader: takes readings in a thread of its own, so that nobody waits
 * for a hypervisor or a XenStore that does not answer. The sampler is the
 * thread's until reader_stop has said that it is not.
 */
#ifndef XENSTORE_TOP_SCREEN_READER_H
#define XENSTORE_TOP_SCREEN_READER_H

#include "xenstore/top/sample.h"

struct reader;

/* A reading, or why there is none. */
struct reading {
    struct pool *pool; /* of all of it, the reader's no more */
    const struct sample *sample;
    struct err *problem;
};

struct err *reader_start(struct sampler *s, struct reader **ret) MUST_USE;
/* Asks for a reading of PARTS (enum sample_part), unless one is on its way. */
void reader_ask(struct reader *r, unsigned parts);
bool reader_is_busy(struct reader *r);
/* Becomes readable when there is something to get. */
int reader_fd(const struct reader *r);
/* False: nothing new. */
bool reader_get(struct reader *r, struct reading *ret);
/* Ends the thread and frees the reader. False: the thread hangs in a reading
 * and did not end in time; it goes on using the sampler. */
bool reader_stop(struct reader *r);

#endif
