/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the lab's client (host) and agent (Dom0) say to each other over one
 * virtio-serial port. A port carries one command at a time; a machine has
 * WIRE_PORTS of them, so that many commands can run side by side.
 *
 * Everything is a frame: a header, then len bytes, at most WIRE_MAX.
 *
 *   client to agent                         agent to client
 *   START  struct wire_start, strings       HELLO  the nonce of START
 *   STDIN  bytes; none: end of file         OUT    bytes of standard output
 *   SIZE   struct wire_size                 ERR    bytes of standard error
 *                                           EXIT   int32, as a shell has it in
 * $?
 *
 * The strings of START each end with a NUL: TERM, the directory to be in, then
 * the command's words. A port can still hold what an earlier client left there,
 * so a client sends WIRE_MAX + sizeof(struct wire_head) zero bytes first, which
 * ends any frame that was cut short; the agent skips everything up to a START,
 * and the client everything up to its own nonce. The client ends a command by
 * closing the port: the agent then hangs up the command's session and kills it.
 */
#ifndef LAB_WIRE_H
#define LAB_WIRE_H

#include <stdint.h>

#define WIRE_PORTS 16
#define WIRE_MAX 16384
#define WIRE_MAGIC 0x6b306d64u

enum wire_type {
    WIRE_START = 1,
    WIRE_STDIN,
    WIRE_SIZE,
    WIRE_HELLO,
    WIRE_OUT,
    WIRE_ERR,
    WIRE_EXIT
};

struct wire_head {
    uint32_t magic;
    uint32_t type;
    uint32_t len;
};

struct wire_size {
    uint16_t rows, cols;
};

struct wire_start {
    unsigned char nonce[16];
    uint32_t pty;
    struct wire_size size;
};

#endif
