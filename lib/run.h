/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * run: child programs. No shell; argv as given; descriptors above 2 closed;
 * signals at their defaults. The program gets a process group of its own, and
 * the whole group is killed (SIGTERM, a second later SIGKILL) at the time limit
 * or when the caller gets SIGINT, SIGTERM or SIGHUP: that signal then takes the
 * effect it has for the caller, and if it lives the error is of kind
 * interrupted.
 */
#ifndef LIB_RUN_H
#define LIB_RUN_H

#include <sys/types.h>

#include "lib/pool.h"

struct run {
    const char *const *argv; /* ends with NULL; argv[0] through PATH */
    const char *const *env;  /* "NAME=value" over the environment, or NULL */
    const char *input;       /* for its standard input; NULL: /dev/null */
    size_t input_len;
    double timeout;    /* seconds; 0: none */
    size_t output_max; /* bytes kept of the output's end; 0: 64 kB */
    bool inherit;      /* stdin, stdout, stderr and the process group are
                        * the caller's (viewers, editors) */
    /* results */
    int exit_status; /* 128 + signal when killed */
    int signal;      /* that killed it, or 0 */
    bool timed_out;
    char *output; /* stdout and stderr as they came, in the pool */
    size_t output_len;
};

/* Runs until the program has exited; what it left running in the background is
 * not waited for. An error only when it could not be started or waited for, or
 * the caller was interrupted; a non-zero exit is a result. */
struct err *run_wait(struct run *r, struct pool *p) MUST_USE;
/* The same, and a non-zero exit or the time limit is an error that names the
 * program and ends with the last lines of its output. */
struct err *run_check(struct run *r, struct pool *p) MUST_USE;
/* Where the last N lines of TEXT begin; a newline at its end is of the last. */
const char *run_last_lines(const char *text, size_t n);

#endif
