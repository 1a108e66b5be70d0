/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* notify: tells who has started this process (systemd) how it is doing. */
#ifndef XAPI_NOTIFY_H
#define XAPI_NOTIFY_H

/* STATE is "READY=1", "STOPPING=1" ... One datagram to $NOTIFY_SOCKET, if that
 * is set; what goes wrong is a line in the log. */
void notify_send(const char *state);

#endif
