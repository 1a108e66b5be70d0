/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli/talk: one command while it runs: its fiber (what cli.h says of waiting),
 * and what the loop does for it. cli/door.c begins and ends it.
 */
#ifndef XAPI_CLI_TALK_H
#define XAPI_CLI_TALK_H

#include "lib/fiber.h"
#include "xapi/cli/cli.h"
#include "xapi/cli/wire.h"

struct bufferevent;
struct event;

enum cli_want {
    CLI_WANT_CALL,
    CLI_WANT_BYTES,
    CLI_WANT_TURN,
};

struct cli_talk {
    struct cli cli;
    struct bufferevent *bev; /* NULL: the client is gone */
    struct fiber *fiber;     /* NULL: not begun, or over */
    int status;              /* the exit status, then */
    void (*over)(struct cli_talk *t);
    enum cli_want want; /* of the fiber that waits */
    /* a call */
    const char *method;
    const struct value *args;
    struct pool *call_pool, *result_pool; /* NULL: nobody asks for RESULT */
    struct call *call;                    /* that waits */
    struct value *result;
    struct err *failure;
    /* what the client sends */
    size_t n_bytes;
    char *bytes;        /* NULL: it is gone */
    bool stopped;       /* nothing is waited for any more */
    struct event *turn; /* it is the command's again; or NULL */
    bool full;          /* ... when the client has taken what there is */
    double resumed;     /* when the fiber was, by clock_now */
    /* how far a call is, on the client's screen */
    struct event *timer;
    bool drawn;
    unsigned ticks;
};

/* Runs the command; OVER(T) when it is over. */
void cli_talk_begin(struct cli_talk *t);
/* The client has sent something. */
void cli_talk_heard(struct cli_talk *t);
/* It has taken what it was sent. */
void cli_talk_written(struct cli_talk *t);
/* The client is gone: what is waited for is given up. NOW: what takes back what
 * was done, too. */
void cli_talk_gone(struct cli_talk *t, bool now);
/* What was printed so far goes out. */
void cli_talk_flush(struct cli_talk *t);

/* In the fiber: the client is asked to do KIND, and has to say that it did. */
struct err *cli_ask(struct cli *c, enum cli_kind kind, const char *const *texts,
                    size_t n) MUST_USE;

#endif
