#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""fence_xenapi, of Debian's fence-agents: what clusters switch their nodes off by."""
import os

from furnished import FENCE, ask, equal, news, run

AGENT = os.path.join(FENCE, "sbin", "fence_xenapi")
MODULES = os.path.join(FENCE, "share", "fence")


def fence(url, *words, password="secret", status=0, **env):
    return ask(AGENT, "-l", "root", "-p", password, "-s", url, *words, status=status, env={"PYTHONPATH": MODULES, **env})


def switches(daemon):
    """list, status, on, reboot, off; monitor"""
    s, _, _, vm = daemon.furnish()
    fence(daemon.url, "-o", "monitor")
    equal(fence(daemon.url, "-o", "list"), s.VM.get_uuid(vm) + ",web\n")  # no templates, no Dom0
    equal(fence(daemon.url, "-n", "web", "-o", "status", status=2), "Status: OFF\n")
    fence(daemon.url, "-n", "web", "-o", "on")
    equal(s.VM.get_power_state(vm), "Running")
    equal(fence(daemon.url, "-n", "web", "-o", "status"), "Status: ON\n")
    fence(daemon.url, "-n", "web", "-o", "reboot")
    equal((s.VM.get_power_state(vm), news(s, vm)), ("Running", ["VM_STARTED", "VM_SHUTDOWN", "VM_STARTED"]))
    fence(daemon.url, "-n", "web", "-o", "off")
    equal(s.VM.get_power_state(vm), "Halted")


def refuses(daemon):
    """no such VM, two of a name, another password: an error, and nothing has happened"""
    s, _, _, vm = daemon.furnish()
    equal(fence(daemon.url, "-n", "nobody", "-o", "off", status=1), "NAME_INVALID\n")
    said = fence(daemon.url, "-n", "web", "-o", "on", password="guess", status=1)
    equal("SESSION_AUTHENTICATION_FAILED" in said, True)
    s.VM.clone(vm, "web")
    equal(fence(daemon.url, "-n", "web", "-o", "on", status=1), "MULTIPLE_VMS_FOUND\n")
    equal(s.VM.get_power_state(vm), "Halted")


def trusts(daemon):
    """HTTPS, which is verified: our certificate is one that can be trusted, by address and by name"""
    s, _, _, vm = daemon.furnish()
    said = fence(daemon.tls_url, "-n", "web", "-o", "on", status=1)
    equal(("CERTIFICATE_VERIFY_FAILED" in said, s.VM.get_power_state(vm)), (True, "Halted"))
    for name in ("127.0.0.1", "localhost"):
        fence(f"https://{name}:{daemon.tls_port}", "-n", "web", "-o", "on", SSL_CERT_FILE=daemon.certificate)
        equal(s.VM.get_power_state(vm), "Running")
        s.VM.hard_shutdown(vm)


if __name__ == "__main__":
    run([switches, refuses, trusts])
