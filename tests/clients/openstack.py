#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""os-xenapi, OpenStack's, of Debian: its pool of sessions, objects, and the
handlers by which images go into disks and come out. It asks for port 80, and so
this runs in a network namespace (openstack.sh). One thing of it is left out: it
asks a plugin of its own for its version by pickled bytes, which since Python 3
no server can answer."""
import io
import os
import subprocess
import tarfile

import furnished
from furnished import MIB, equal, run, until
from os_xenapi.client import XenAPI, session, utils
from os_xenapi.client.image import vdi_handler, vhd_utils


class Host(furnished.Host):
    http = "127.0.0.1:80"


class Session(session.XenAPISession):
    def _verify_plugin_version(self):
        pass


def opens(daemon):
    """a pool of sessions: this host, its versions; objects, their records; a plugin"""
    s, sr, _, vm = daemon.furnish()
    x = Session("http://127.0.0.1", "root", "secret")
    equal((x.host_ref, x.host_uuid), (s.host.get_all()[0], s.host.get_uuid(s.host.get_all()[0])))
    equal((x.product_brand, x.product_version >= (7, 0, 0), x.platform_version >= (2, 1, 0)), ("dom0kit", True, True))
    equal(utils.get_default_sr(x), sr)
    equal({r["name_label"] for _, r in x.get_all_refs_and_recs("VM") if not r["is_a_template"]}, {"web"})
    equal(list(x.VM.get_all_records_where('field "name_label"="web" and field "is_a_template"="false"')), [vm])
    equal(x.get_rec("VM", "OpaqueRef:00000000-0000-0000-0000-000000000000"), None)
    x.VM.start(vm, False, False)
    with x.custom_task("label") as task:
        equal(x.task.get_name_label(task), "os-xenapi-label")
    equal(x.host.get_resident_VMs(x.host_ref), [vm])
    vdi = utils.create_vdi(x, sr, {"uuid": "i"}, "data", "ephemeral", 8 * MIB)
    vbd = x.VBD.create({"VM": vm, "VDI": vdi, "userdevice": "autodetect", "bootable": False, "mode": "RW", "type": "disk",
                        "unpluggable": True, "empty": False, "other_config": {}, "qos_algorithm_type": "",
                        "qos_algorithm_params": {}, "qos_supported_algorithms": []})
    x.VBD.plug(vbd, vm)
    equal(s.VBD.get_currently_attached(vbd), True)
    x.VBD.unplug(vbd, vm)
    try:
        x.call_plugin("console", "get_console_log", {"dom_id": "1"})
        raise AssertionError("there is no such plugin")
    except XenAPI.Failure as e:
        equal(e.details[:2], ["XENAPI_MISSING_PLUGIN", "console.py"])


def carries(daemon):
    """an image of Glance (a VHD in a tar in gzip) becomes a disk; a disk is exported as it wants to find it

    (To pack that into a tar again is what it cannot do since Python 3.)
    """
    s, sr, _, _ = daemon.furnish()
    x = Session("http://127.0.0.1", "root", "secret")
    raw, vhd = (os.path.join(daemon.dir, name) for name in ("raw", "vhd"))
    content = os.urandom(3 * MIB)
    with open(raw, "wb") as f:
        f.write(content)
        f.truncate(256 * MIB)
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "vpc", "-o", "subformat=dynamic,force_size", raw, vhd], check=True)
    image = io.BytesIO()
    with tarfile.open(fileobj=image, mode="w:gz") as tar:
        tar.add(vhd, "0.vhd")
    image.seek(0)
    into = vdi_handler.ImageStreamToVDIs(None, x, {"name": "i", "uuid": "u"}, "http://127.0.0.1", sr, image)
    into.start()
    uuid = into.vdis["root"]["uuid"]
    vdi = s.VDI.get_by_uuid(uuid)
    until(lambda: s.VDI.get_current_operations(vdi) == {})  # it has not waited for the end
    equal(s.VDI.get_other_config(vdi), {"nova_disk_type": "root", "nova_instance_uuid": "u"})
    out = vdi_handler.VdisToTarStream(None, x, {"name": "i", "uuid": "u"}, "http://127.0.0.1", [uuid], None, 1)
    stream = out._connect_request(vdi)
    parser = vhd_utils.VHDDynDiskParser(stream)
    with open(vhd, "wb") as f:
        f.write(parser.cached_buff + stream.read())
    equal(parser.get_vhd_file_size(), os.path.getsize(vhd))
    out._clean()
    subprocess.run(["qemu-img", "convert", "-f", "vpc", "-O", "raw", vhd, raw], check=True)
    with open(raw, "rb") as f:
        equal((f.read(len(content)) == content, any(f.read())), (True, False))
    equal([t["name_label"] for t in s.task.get_all_records().values() if "VDI_" in t["name_label"]], [])


if __name__ == "__main__":
    run([opens, carries], make=Host)
