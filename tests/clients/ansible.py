#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The xenserver_* modules of Ansible's community.general: ansible.yml."""
import os

from furnished import FENCE, PYTHON, UNPACKED, ask, equal, run


def plays(daemon):
    """a playbook makes a VM, changes it, switches it on and off, and takes it away again"""
    s, sr, _, web = daemon.furnish()
    before = s.SR.get_VDIs(sr)
    here = os.path.dirname(os.path.abspath(__file__))
    ask("ansible-playbook", "-i", "localhost,", "-c", "local", "-e", f"url={daemon.url}",
        "-e", f"ansible_python_interpreter={PYTHON}", os.path.join(here, "ansible.yml"),
        env={"ANSIBLE_COLLECTIONS_PATH": os.path.join(UNPACKED, "ansible/usr/lib/python3/dist-packages"),
             "HOME": daemon.dir, "PYTHONPATH": os.path.join(FENCE, "share", "fence"), "ANSIBLE_NOCOLOR": "1"})
    equal(s.VM.get_by_name_label("db2"), [])
    equal((s.SR.get_VDIs(sr), s.VM.get_power_state(web)), (before, "Halted"))


if __name__ == "__main__":
    run([plays])
