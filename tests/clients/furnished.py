# SPDX-License-Identifier: LGPL-2.1-or-later
"""A host as clients that others wrote find it: by HTTP and HTTPS, with a
repository, a network, and a VM with a disk and a card. Their own calls are made
by them, unchanged; what came of them is looked at by ours."""
import functools
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "xapi"))
import daemon
from daemon import ROOT, Session, equal
from device import NETWORK, vif
from guest import news
from storage import make_sr
from vm import ends, until

UNPACKED = os.path.join(ROOT, "build", "unpacked")
FENCE = os.path.join(UNPACKED, "fence-agents", "usr")
PYTHON = "/usr/bin/python3"  # Debian's, which has Debian's modules
MIB = 1 << 20


class Host(daemon.Daemon):
    def __init__(self, *options):
        super().__init__("--hv=sim", "--net=sim", "--https", "127.0.0.1:0", *options)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def tls_url(self):
        return f"https://127.0.0.1:{self.tls_port}"

    @property
    def certificate(self):
        """Its own, which a client may be told to trust."""
        return os.path.join(self.dir, "server.pem")

    def furnish(self):
        """SR, network and VM, as a user of xe makes them, and who looks at them."""
        s = Session(self)
        sr = make_sr(s, name="disks")
        s.pool.set_default_SR(s.pool.get_all()[0], sr)
        net = s.network.create(dict(NETWORK, name_label="lan"))
        vm = s.VM.clone(s.VM.get_by_name_label("Linux (BIOS)")[0], "web")
        s.VM.provision(vm)
        s.VIF.create(vif(vm, net))
        return s, sr, net, vm


def ask(*words, status=0, env=None, **more):
    """What a client says; it must end with STATUS."""
    got = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=180,
                         env={**os.environ, **(env or {})}, **more)
    if got.returncode != status:
        raise AssertionError(f"{words}: exit status {got.returncode}, wanted {status}\n{got.stdout}{got.stderr}")
    return got.stdout


run = functools.partial(daemon.run, make=Host)
__all__ = ["FENCE", "Host", "MIB", "PYTHON", "ROOT", "Session", "UNPACKED", "ask", "ends", "equal", "news", "run", "until"]
