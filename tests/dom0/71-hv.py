#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The verbs of xapi/hv/hv.h on Xen (build/tests/hv): disks and NICs that a guest
writes to and talks over, plugged and unplugged, suspend and resume, sizes, consoles, watching."""
import os
import shutil
import subprocess
import sys
import tempfile
import time

from xapid import GUESTS, TOP, Line, domains, equal, failed, run, until

HV = os.path.join(TOP, "build/tests/hv")
WORK = tempfile.mkdtemp()
UUID = "5a1d7a0e-0000-4000-8000-0000000000%02x"


def hv(*words):
    return run(HV, *map(str, words)).strip()


def refuses(text, *words):
    done = subprocess.run([HV, *map(str, words)], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    equal((done.returncode, text in done.stderr), (1, True))


def state(domid):
    for line in hv("list").splitlines():
        words = line.split()
        if words[0] == str(domid):
            return words[4]
    return "gone"


def image(name, form="raw", mib=8):
    path = os.path.join(WORK, name)
    run("qemu-img", "create", "-q", "-f", form, path, f"{mib}M")
    return path


def content(path, form, length):
    out = path + ".out"
    run("qemu-img", "convert", "-f", form, "-O", "raw", path, out)
    with open(out, "rb") as f:
        return f.read(length)


def pv(number, name, *words, memory=128):
    return ("uuid=" + UUID % number, "name=" + name, "type=pv", f"memory={memory}", f"kernel={GUESTS}/vmlinux",
            f"ramdisk={GUESTS}/guest.initrd",
            f"args=console=hvc0 quiet cryptomgr.notests dom0kit.name={name} ip=192.168.128.{number}/24", *words)


def devices():
    """a PV guest with a raw and a qcow2 disk and a NIC: writes, talks, is plugged"""
    raw, qcow2, more = image("raw"), image("qcow2", "qcow2"), image("more")
    words = pv(11, "pv", f"disk=xvda,raw,rw,{raw}", f"disk=xvdb,qcow2,rw,{qcow2}", "nic=0,00:16:3e:00:00:11,xenbr0",
               "vcpus_max=2", "xenstore=vm-data/color:blue")
    domid = hv("create", *words)
    equal(state(domid), "paused")
    line = Line(domid)
    hv("unpause", domid)
    equal(line.ask("xs vm-data/color"), "blue")
    hv("set_data", domid, "xenstore=vm-data/color:red", "xenstore=vm-data/size:9", "gone=vm-data/none")
    equal((line.ask("xs vm-data/color"), line.ask("xs vm-data/size")), ("red", "9"))
    hv("set_data", domid, "gone=vm-data/size")
    equal(run("xenstore-list", f"/local/domain/{domid}/vm-data").split(), ["color"])
    run("xenstore-write", f"/local/domain/{domid}/data/os_name", "Linux", f"/local/domain/{domid}/attr/vif/0/ipv4/0", "192.0.2.1")
    said = hv("said", domid).splitlines()
    equal([word in said for word in ("data/os_name Linux", "attr/vif/0/ipv4/0 192.0.2.1")], [True, True])
    equal(any(word.startswith("control/feature-") for word in said), True)
    equal(hv("said", 0).splitlines() != said, True)
    for disk, word in ("xvda", "raw-was-here"), ("xvdb", "qcow2-was-here"):
        line.ask(f"echo {word} | dd of=/dev/{disk} conv=fsync 2>/dev/null")
    line.ask("ping -c 3 -w 480 192.168.128.1 >/dev/null")
    run("ping", "-c", "3", "-w", "480", "192.168.128.11")
    hv("attach_disk", domid, f"disk=xvdc,raw,rw,{more}")
    until(lambda: line.ask("grep -c xvdc /proc/partitions || true") == "1")
    line.ask("echo plugged | dd of=/dev/xvdc conv=fsync 2>/dev/null")
    hv("detach_disk", domid, f"disk=xvdc,raw,rw,{more}")
    until(lambda: line.ask("grep -c xvdc /proc/partitions || true") == "0")
    hv("attach_nic", domid, "nic=1,00:16:3e:00:00:12,xenbr0")
    until(lambda: line.ask("grep -c eth1 /proc/net/dev || true") == "1")
    equal(line.ask("cat /sys/class/net/eth1/address"), "00:16:3e:00:00:12")
    hv("detach_nic", domid, "nic=1,00:16:3e:00:00:12,xenbr0")
    until(lambda: line.ask("grep -c eth1 /proc/net/dev || true") == "0")
    hv("set_memory", domid, "memory=112")
    until(lambda: domains()["pv"]["memory_mb"] <= 113)
    hv("set_vcpus", domid, "vcpus=2")
    until(lambda: line.ask("cd /sys/devices/system/cpu/cpu1 2>/dev/null && echo 1 >online; cat online || true") == "1")
    until(lambda: domains()["pv"]["vcpus"] == 2)
    memory, *ran = hv("measure", domid).split()
    equal((int(memory) >> 20 in range(100, 114), len(ran), min(map(float, ran)) > 0), (True, 2, True))
    line.ask("i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done")
    equal(sum(map(float, hv("measure", domid).split()[1:])) > sum(map(float, ran)) + 0.01, True)
    refuses("no domain 9999", "measure", 9999)
    refuses("xvdq", "detach_disk", domid, "disk=xvdq,raw,rw,/none")
    suspend(line, domid, words)
    equal(content(raw, "raw", 12), b"raw-was-here")
    equal(content(qcow2, "qcow2", 17), b"qcow2-was-here\n2\n")
    equal(content(more, "raw", 7), b"plugged")


def suspend(line, domid, words):
    """It remembers what it did; its disks and its NIC are there again."""
    path = os.path.join(WORK, "saved")
    open(path, "w").close()
    line.ask("remembered=all-of-it")
    refuses("/nonexistent", "suspend", domid, "path=/nonexistent/saved")
    refuses("No space left on device", "suspend", domid, "path=/dev/full")
    equal(state(domid), "running")
    hv("suspend", domid, "path=" + path)
    equal(state(domid), "suspend")
    hv("destroy", domid)
    equal(state(domid), "gone")
    new = hv("resume", path, *words)
    equal(state(new), "paused")
    line = Line(new)
    hv("unpause", new)
    equal(line.ask("echo $remembered"), "all-of-it")
    line.ask("printf 'qcow2-was-here\\n2\\n' | dd of=/dev/xvdb conv=fsync 2>/dev/null")
    line.ask("ping -c 3 -w 480 192.168.128.1 >/dev/null")
    refuses("is no memory of a guest", "resume", "/dev/null", *words)
    hv("shutdown", new)
    until(lambda: state(new) == "poweroff")
    hv("destroy", new)
    hv("destroy", new)
    equal(domains(), {})


def hvm():
    """an HVM guest that its firmware boots from a disk: serial line, screen"""
    disk = os.path.join(WORK, "hvm.qcow2")
    shutil.copy(GUESTS + "/hvm.qcow2", disk)
    domid = hv("create", "uuid=" + UUID % 14, "name=hvm", "type=hvm", "memory=192", "boot=c", "platform=hdtype:ahci",
               "platform=nic_type:pv", f"disk=hda,qcow2,rw,{disk}", "nic=0,00:16:3e:00:00:14,xenbr0", "generation=7:9223372036854775807")
    equal(run("xenstore-read", f"/local/domain/{domid}/platform/generation-id"), "7:9223372036854775807\n")
    line = Line(domid, "serial/0/tty")
    hv("unpause", domid)
    equal(hv("vnc", domid).startswith("RFB 003."), True)
    line.ask("ping -c 3 -w 480 192.168.128.1 >/dev/null")
    hv("shutdown", domid)
    until(lambda: state(domid) == "poweroff")
    hv("destroy", domid)
    until(lambda: not run("pgrep", "-f", f"[x]en-domid {domid} ", check=False))


def bootloader():
    """a PV guest whose kernel pygrub finds on its disk"""
    disk = image("pygrub", mib=32)
    menu = os.path.join(WORK, "grub.cfg")
    with open(menu, "w") as f:
        f.write("set timeout=0\nmenuentry \"guest\" {\n linux /vmlinuz console=hvc0 quiet cryptomgr.notests dom0kit.name=grub\n"
                " initrd /guest.initrd\n}\n")
    run("mkfs.fat", disk)
    run("mmd", "-i", disk, "::boot", "::boot/grub")
    run("mcopy", "-i", disk, GUESTS + "/vmlinuz", GUESTS + "/guest.initrd", "::")
    run("mcopy", "-i", disk, menu, "::boot/grub/grub.cfg")
    domid = hv("create", "uuid=" + UUID % 15, "name=grub", "type=pv", "memory=160", "bootloader=pygrub",
               f"disk=xvda,raw,rw,{disk}")
    line = Line(domid)
    hv("unpause", domid)
    line.until(b"guest: pv grub mem=")
    hv("destroy", domid)


def watching():
    """coming, ending and going are heard; dying, reboot and crash have reasons"""
    watch = subprocess.Popen([HV, "watch", "4"], stdout=subprocess.PIPE, text=True)
    equal(watch.stdout.readline(), "watching\n")
    for word, reason in ("poweroff", "poweroff"), ("reboot", "reboot"), ("crash", "crash"):
        domid = hv("create", "uuid=" + UUID % 16, "name=tiny", f"kernel={GUESTS}/tiny", "memory=8", f"args=do={word}")
        hv("unpause", domid)
        until(lambda d=domid, r=reason: state(d) == r)
        hv("destroy", domid)
    equal(watch.wait(timeout=600), 0)
    total, free, cpus, sockets, mhz = map(int, hv("host").split())
    equal((total > 2900, 0 < free < total, cpus, sockets >= 1, mhz > 0), (True, True, 2, True, True))


def main():
    bad = 0
    for test in devices, hvm, bootloader, watching:
        began = time.monotonic()
        try:
            test()
            print(f"ok: {test.__doc__} ({time.monotonic() - began:.1f} s)", flush=True)
        except Exception:  # a test's failure is one line and why
            bad += 1
            failed("FAILED:", test)
            for domain in domains().values():
                run("xl", "destroy", str(domain["id"]))
    shutil.rmtree(WORK)
    sys.exit(bad > 0)


main()
