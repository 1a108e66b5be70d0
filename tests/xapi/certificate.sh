#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Certificates by calls: the host's own, what is trusted, what is revoked.
exec python3 "$(dirname "$0")/certificate.py"
