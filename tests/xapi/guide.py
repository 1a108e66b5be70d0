#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""docs/guide-xe.md: one shell runs its commands in their order, and what each
prints is what the guide shows, but for uuids, times and the host's name."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

from daemon import ROOT, XAPID

GUIDE = os.path.join(ROOT, "docs/guide-xe.md")
MARK = "@@@"
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


def steps():
    """(command, what it prints) of all console blocks"""
    found = []
    with open(GUIDE) as f:
        blocks = re.findall(r"^```console\n(.*?)^```$", f.read(), re.M | re.S)
    for block in blocks:
        for line in block.splitlines(keepends=True):
            if line.startswith("$ "):
                found.append([line[2:], ""])
            else:
                found[-1][1] += line
    return found


def same(text):
    """TEXT without what differs each time."""
    text = re.sub(UUID, "UUID", text)
    text = re.sub(r"\d{8}T\d\d:\d\d:\d\dZ", "TIME", text)
    return re.sub(r'(name-label \( RW\): |"name-label": ")(?!web1|local)[^"\n]*', r"\1NAME", text)


def main():
    folder = tempfile.mkdtemp()
    tools = os.path.join(folder, "bin")
    os.mkdir(tools)
    os.symlink(XAPID, os.path.join(tools, "xapid"))
    os.symlink(os.path.join(ROOT, "build/bin/xe"), os.path.join(tools, "xe"))
    wanted = steps()
    script = "trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT\n"
    script += "".join(command + f"echo '{MARK}'\n" for command, _ in wanted)
    env = {"PATH": tools + ":" + os.environ["PATH"], "HOME": folder, "LANG": "C"}
    p = subprocess.run(["bash", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder, env=env,
                       timeout=120, check=False)
    printed = p.stdout.split(MARK + "\n")
    bad = len(wanted) < 20
    for (command, want), got in zip(wanted, printed):
        if same(got) != same(want):
            bad += 1
            print(f"not ok - $ {command}wanted:\n{want}got:\n{got}")
    if len(printed) != len(wanted) + 1:
        bad += 1
        print(f"not ok - {len(wanted)} commands, {len(printed) - 1} have ended\n{printed[-1]}")
    with open(os.path.join(folder, "xapid.log")) as f:
        said = f.read()
    if bad or "Sanitizer" in said or "runtime error" in said:
        bad += 1
        print("".join("# " + line + "\n" for line in said.splitlines()[-40:]))
    shutil.rmtree(folder)
    print(f"{len(wanted)} commands")
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
