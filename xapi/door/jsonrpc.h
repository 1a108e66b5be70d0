/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * jsonrpc: JSON-RPC 1.0 and 2.0 as XenAPI speaks them: which one is decided by
 * a call's "jsonrpc" member, no notifications, no batches. A call's codec is
 * that of its version; either parses both.
 */
#ifndef XAPI_JSONRPC_H
#define XAPI_JSONRPC_H

#include "xapi/door/codec.h"

extern const struct codec codec_jsonrpc1, codec_jsonrpc2;

#endif
