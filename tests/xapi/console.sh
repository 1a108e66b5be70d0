#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Consoles of VMs, by CONNECT and by WebSocket, on the simulated host.
exec python3 "$(dirname "$0")/console.py"
