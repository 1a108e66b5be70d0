#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A host's daemon as a file: host-backup and host-restore, GET /host_backup and
PUT /host_restore."""
import copy
import hashlib
import io
import json
import os
import shutil
import tarfile
import tempfile

from daemon import Daemon, Session, equal, run
from image import request
from vm import record, until, workers
from xe import Xe

NETWORK = {"name_label": "lan", "name_description": "", "MTU": "1500", "other_config": {}, "tags": []}


class Host(Daemon):
    """With settings, plugins and a folder of its administrator's, which tests
    may change."""

    def __init__(self, *options):
        self.etc = tempfile.mkdtemp()
        for folder in ("xen/auto", "plugins"):
            os.makedirs(os.path.join(self.etc, folder))
        self.conf = self.write("xapi.conf", "audit_files = 3\n")
        self.write("xen/web.cfg", "name = 'web'\n", 0o640)
        os.symlink("../web.cfg", os.path.join(self.etc, "xen/auto/web"))
        self.write("plugins/hello", "#!/bin/sh\n", 0o755)
        super().__init__("--config", self.conf, "--plugins", os.path.join(self.etc, "plugins"),
                         "--backup", os.path.join(self.etc, "xen"), "--https", "127.0.0.1:0", *options)

    def write(self, name, text, mode=0o600):
        path = os.path.join(self.etc, name)
        with open(path, "w") as f:
            f.write(text)
        os.chmod(path, mode)
        return path

    def tree(self):
        """What is there: bytes and modes, targets of links."""
        tree = {}
        for folder, _, names in os.walk(self.etc):
            for name in names:
                path = os.path.join(folder, name)
                at = os.path.relpath(path, self.etc)
                if os.path.islink(path):
                    tree[at] = os.readlink(path)
                else:
                    with open(path, "rb") as f:
                        tree[at] = f.read(), os.stat(path).st_mode & 0o777
        return tree

    def own(self, name):
        with open(os.path.join(self.dir, name), "rb") as f:
            return f.read()

    def anew(self, began):
        """It has begun anew, N times in all before; its ports are others."""
        until(lambda: self.said().count("is ready") > began, 60)
        self.answers(0)

    def left(self):
        """What a restore could leave behind."""
        found = [f for f in os.listdir(self.dir) if f.startswith(("coming", "chosen", "dump"))]
        return found + [f for f in self.tree() if "restoring" in f]

    def stop(self):
        super().stop()
        shutil.rmtree(self.etc)


def unpack(blob):
    with tarfile.open(fileobj=io.BytesIO(blob)) as t:
        return {m.name: t.extractfile(m).read() for m in t.getmembers()}


def pack(files, mode="w"):
    """A tar of files, in their order."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as t:
        for name, content in files.items():
            m = tarfile.TarInfo(name)
            m.size = len(content)
            t.addfile(m, io.BytesIO(content))
    return out.getvalue()


def backup(s):
    status, task, blob = request(s.daemon, "GET", "/host_backup?session_id=" + s.ref)
    until(lambda: s.task.get_status(task) != "pending")
    equal((status, s.task.get_status(task)), (200, "success"))
    return blob


def restore(s, blob, **params):
    """What its task says: [] or an error."""
    task = s.task.create("restore", "")
    query = "&".join(f"{k}={v}" for k, v in dict(params, session_id=s.ref, task_id=task).items())
    try:
        equal(request(s.daemon, "PUT", "/host_restore?" + query, blob)[0], 200)
    except (BrokenPipeError, ConnectionResetError):
        pass  # it was refused before it had all come: the task says why
    until(lambda: s.task.get_status(task) not in ("pending", "cancelling"))
    return s.task.get_error_info(task)


def takes(daemon):
    """a backup is a tar.gz of the database, secrets, settings and the administrator's folders, all in its manifest"""
    s, xe = Session(daemon), Xe(daemon)
    blob = s.blob.create("text/plain", False)
    request(daemon, "PUT", f"/blob?ref={blob}&session_id={s.ref}", b"of a blob")
    until(lambda: s.blob.get_size(blob) == "9")
    path = os.path.join(daemon.dir, "host.tar.gz")
    equal(xe.out("host-backup", "file-name=" + path), "")
    with open(path, "rb") as f:
        packed = f.read()
    equal(packed[:2], b"\x1f\x8b")
    files = unpack(packed)
    xen = "files" + os.path.join(daemon.etc, "xen")
    equal(sorted(files), sorted(["manifest.json", "database", "secret", "certificate", "settings", "users", "plugins/hello",
                                 xen + "/web.cfg", "blobs/" + s.blob.get_uuid(blob)]))
    equal(files["database"][:15], b"SQLite format 3")
    for name, own in (("secret", "secret"), ("certificate", "server.pem"), ("users", "users")):
        equal(files[name], daemon.own(own))
    manifest = json.loads(files["manifest.json"])
    equal((manifest["format"], manifest["host"], manifest["roots"]["settings"]), (1, s.host.get_uuid(s.host.get_all()[0]), daemon.conf))
    for f in manifest["files"]:
        if "link" in f:
            equal((f["name"], f["link"]), (xen + "/auto/web", "../web.cfg"))
        else:
            equal((f["size"], f["sum"]), (len(files[f["name"]]), hashlib.sha256(files[f["name"]]).hexdigest()))
    equal([oct(f["mode"]) for f in manifest["files"] if f["name"] in ("plugins/hello", xen + "/web.cfg")], ["0o755", "0o640"])
    equal(daemon.left(), [])


def comes_back(daemon):
    """a host that has lost everything is as it was: database, secrets, settings, links, modes"""
    s, xe = Session(daemon), Xe(daemon)
    kept = s.network.create(NETWORK)
    blob = s.blob.create("text/plain", False)
    request(daemon, "PUT", f"/blob?ref={blob}&session_id={s.ref}", b"of a blob")
    until(lambda: s.blob.get_size(blob) == "9")
    path = os.path.join(daemon.etc, "host.tar.gz")
    xe.out("host-backup", "file-name=" + path)
    with open(path, "rb") as f:
        packed = f.read()
    os.unlink(path)
    before, own = daemon.tree(), [daemon.own(f) for f in ("secret", "server.pem")]
    # all is lost but what the daemon is told on its command line
    daemon.kill()
    for name in os.listdir(daemon.dir):
        if name not in ("users", "log"):
            whole = os.path.join(daemon.dir, name)
            shutil.rmtree(whole) if os.path.isdir(whole) else os.unlink(whole)
    for name in before:
        os.unlink(os.path.join(daemon.etc, name))
    os.rmdir(os.path.join(daemon.etc, "xen/auto"))
    daemon.write("xapi.conf", "")
    daemon.write("xen/later.cfg", "it stays")
    daemon.start()
    s = Session(daemon)
    equal((s.network.get_all(), [daemon.own(f) for f in ("secret", "server.pem")] == own), ([], False))
    with open(path, "wb") as f:
        f.write(packed)
    began = daemon.said().count("is ready")
    xe.out("host-restore", "file-name=" + path, "dry-run=true")
    equal((sorted(daemon.tree()), daemon.left()), (["host.tar.gz", "xapi.conf", "xen/later.cfg"], []))
    equal(xe.out("host-restore", "file-name=" + path), "")
    daemon.anew(began)
    s = Session(daemon)
    os.unlink(path)
    equal((s.network.get_all(), request(daemon, "GET", f"/blob?ref={blob}&session_id={s.ref}")[2]), ([kept], b"of a blob"))
    equal(daemon.tree(), {**before, "xen/later.cfg": (b"it stays", 0o600)})
    equal([daemon.own(f) for f in ("secret", "server.pem")], own)
    equal(daemon.left(), [])
    equal(os.path.exists(os.path.join(daemon.dir, "state.db.before-restore")), True)


def refuses(daemon):
    """what is none, cut off, changed, of a later version, of another place, or leads elsewhere changes nothing"""
    s = Session(daemon)
    packed = backup(s)
    files = unpack(packed)
    whole = json.loads(files["manifest.json"])
    daemon.write("xen/web.cfg", "changed since")
    s.network.create(NETWORK)
    before, networks = daemon.tree(), s.network.get_all()
    began = daemon.said().count("is ready")

    def other(change, **more):
        m = copy.deepcopy(whole)
        change(m)
        return pack({**files, "manifest.json": json.dumps(m).encode(), **more})

    def entry(m, name):
        return next(f for f in m["files"] if f["name"] == name)

    def rename(to):
        return lambda m: entry(m, "plugins/hello").update(name=to)

    def more(**f):
        return lambda m: m["files"].append(f)

    xen = "files" + os.path.join(daemon.etc, "xen")
    failed = "RESTORE_SCRIPT_FAILED"
    rest = {k: v for k, v in files.items() if k != "manifest.json"}
    first = {"manifest.json": files["manifest.json"]}
    for blob, code, part in (
            (b"x" * 5000, failed, ""),
            (packed[:100], failed, ""),
            (packed[:-200], failed, ""),
            (pack({"a": b"b"}), failed, "does not begin with manifest.json"),
            (pack(rest), failed, "does not begin with manifest.json"),
            (pack({"manifest.json": b"{"}), failed, "manifest.json: "),
            (pack({"manifest.json": b"[]"}), failed, "none of a host's backup"),
            (pack({"manifest.json": b"x" * (9 << 20)}, "w:gz"), failed, "too large"),
            (pack(first), failed, "'database' is missing"),
            (pack({**files, "late": b""}), failed, "'late' is not in its manifest"),
            (pack({**files, "secret": b"x" * len(files["secret"])}), failed, "'secret' is not what was backed up"),
            (pack({**files, "secret": b"x"}), failed, "'secret' is not as large"),
            (pack({**first, "secret": files["secret"], **rest}), failed, "'secret' is not due"),
            (other(lambda m: m.update(format=2)), "RESTORE_INCOMPATIBLE_VERSION", ""),
            (other(lambda m: m["roots"].update(plugins="/elsewhere")), failed, "'plugins' was at '/elsewhere'"),
            (other(lambda m: m.update(roots=[])), failed, "no roots"),
            (other(lambda m: m.update(files=7)), failed, "no list of files"),
            (other(lambda m: m["files"].pop(0)), failed, "no database"),
            (other(rename("plugins/../../x")), failed, "leads elsewhere"),
            (other(rename("/etc/passwd")), failed, "leads elsewhere"),
            (other(rename("plugins//x")), failed, "leads elsewhere"),
            (other(rename("plugins/")), failed, "leads elsewhere"),
            (other(rename("plugins/" + "x" * 2000)), failed, "leads elsewhere"),
            (other(rename("elsewhere/x")), failed, "no place on this host"),
            (other(rename("pluginsx/y")), failed, "no place on this host"),
            (other(more(name="secret", size=0, mode=0, sum="0" * 64)), failed, "'secret' comes twice"),
            (other(more(name="secret/x", size=0, mode=0, sum="0" * 64)), failed, "'secret' comes twice, or as a folder"),
            (other(more(name=xen + "/auto/web/x", size=0, mode=0, sum="0" * 64)), failed, "comes twice, or as a folder"),
            (other(more(name="plugins/l", link="")), failed, "cannot be a link"),
            (other(more(name="plugins/b", size=-1, mode=0, sum="0" * 64)), failed, "size that cannot be"),
            (other(more(name="plugins/b", size=1 << 30, mode=0, sum="0" * 64)), failed, "size that cannot be"),
            (other(more(name="plugins/b", size=0, mode=0o4755, sum="0" * 64)), failed, "no mode or no sum"),
            (other(more(name="plugins/b", size=0, mode=0, sum="0" * 63)), failed, "no mode or no sum"),
            (other(lambda m: entry(m, "database").update(size=3, sum=hashlib.sha256(b"abc").hexdigest()), database=b"abc"),
             "RESTORE_INCOMPATIBLE_VERSION", "")):
        got = restore(s, blob)
        equal((got[0], part in "".join(got[1:])), (code, True) if got[0] == code else (code, got))
        equal((daemon.tree() == before, daemon.left()), (True, []))
    # a folder of a link, and a folder where a file belongs
    empty = {"size": 0, "mode": 0, "sum": hashlib.sha256(b"").hexdigest()}
    os.symlink("/tmp", os.path.join(daemon.etc, "plugins/out"))
    os.mkdir(os.path.join(daemon.etc, "plugins/folder"))
    for name, part in (("plugins/out/x", "out"), ("plugins/folder", "a folder in its place")):
        got = restore(s, other(more(name=name, **empty), **{name: b""}))
        equal((got[0], part in got[1]), (failed, True))
    os.unlink(os.path.join(daemon.etc, "plugins/out"))
    equal((daemon.tree() == before, daemon.left()), (True, []))
    equal((s.network.get_all(), daemon.said().count("is ready")), (networks, began))


def choose(daemon, packed):
    """As a restore leaves it to the next start."""
    files, folder = unpack(packed), os.path.join(daemon.dir, "chosen")
    os.makedirs(folder)
    names = {"manifest.json": "manifest.json", "database": "database"}
    for i, f in enumerate(json.loads(files["manifest.json"])["files"]):
        names.setdefault(f["name"], str(i))
    for name, content in files.items():
        with open(os.path.join(folder, names[name]), "wb") as f:
            f.write(content)
    return folder


def all_or_nothing(daemon):
    """killed before, or in the middle, a start goes on; what cannot be put in place by then is dropped as a whole"""
    s = Session(daemon)
    lost = s.network.create(NETWORK)
    packed, before = backup(s), daemon.tree()
    s.network.destroy(lost)
    daemon.write("xen/web.cfg", "changed since")
    plugin = os.path.join(daemon.etc, "plugins/hello")
    os.unlink(plugin)
    os.mkdir(plugin)  # in its way
    changed = daemon.tree()
    daemon.kill()
    choose(daemon, packed)
    daemon.start()
    equal(("it is dropped, and nothing has changed" in daemon.said(), Session(daemon).network.get_all(), daemon.left()), (True, [], []))
    equal((daemon.tree(), os.listdir(plugin)), (changed, []))
    os.rmdir(plugin)
    # nothing is in its way, and the last start was killed when it had begun to change things
    daemon.kill()
    folder = choose(daemon, packed)
    os.rename(os.path.join(folder, "database"), os.path.join(daemon.dir, "state.db"))
    for end in ("-wal", "-shm", "-redo"):
        if os.path.exists(os.path.join(daemon.dir, "state.db" + end)):
            os.unlink(os.path.join(daemon.dir, "state.db" + end))
    daemon.write("xen/.web.cfg.restoring", "half of")
    daemon.start()
    equal((daemon.tree(), Session(daemon).network.get_all(), daemon.left()), (before, [lost], []))
    # a worker was killed while it tried
    daemon.kill()
    os.rename(choose(daemon, packed), os.path.join(daemon.dir, "coming.1"))
    daemon.write("xen/.web.cfg.restoring", "half of")
    daemon.start()
    equal((daemon.tree(), daemon.left()), (before, []))


def guests_run_on(daemon):
    """a guest that runs goes on over a restore, and is known; one that has ended since is halted"""
    host = Host("--hv=sim")
    try:
        s = Session(host)
        runs, ends = (s.VM.create(record(name)) for name in ("runs", "ends"))
        for vm in (runs, ends):
            s.VM.start(vm, False, False)
        domain, packed = s.VM.get_domid(runs), backup(s)
        s.VM.hard_shutdown(ends)
        s.VM.set_name_label(runs, "renamed")
        began = host.said().count("is ready")
        equal(restore(s, packed), [])
        host.anew(began)
        s = Session(host)
        equal([(s.VM.get_name_label(vm), s.VM.get_power_state(vm)) for vm in (runs, ends)], [("runs", "Running"), ("ends", "Halted")])
        equal(s.VM.get_domid(runs), domain)
        s.VM.hard_shutdown(runs)
    finally:
        host.stop()


def who(daemon):
    """only who is pool-admin; a client that goes away leaves nothing"""
    s = Session(daemon)
    equal([request(daemon, m, f"/{p}?session_id=x", b"x" if m == "PUT" else None)[0]
           for m, p in (("GET", "host_backup"), ("PUT", "host_restore"))], [401, 401])
    subject = s.subject.create({"subject_identifier": "bob", "other_config": {}})
    for role in s.subject.get_roles(subject):
        s.subject.remove_from_roles(subject, role)
    s.subject.add_to_roles(subject, s.role.get_by_name_label("pool-operator")[0])
    bob = Session(daemon, "bob")
    equal([request(daemon, m, f"/{p}?session_id={bob.ref}", b"x" if m == "PUT" else None)[0]
           for m, p in (("GET", "host_backup"), ("PUT", "host_restore"))], [403, 403])
    # a file that is too large for a backup is said, and the archive is not whole
    big = os.path.join(daemon.etc, "xen/disk.img")
    with open(big, "wb") as f:
        f.truncate(65 << 20)
    _, task, _ = request(daemon, "GET", "/host_backup?session_id=" + s.ref)
    until(lambda: s.task.get_status(task) != "pending")
    got = s.task.get_error_info(task)
    equal((got[0], "disk.img' is too large" in got[1]), ("BACKUP_SCRIPT_FAILED", True))
    os.unlink(big)
    until(lambda: not workers(daemon))
    equal(daemon.left(), [])


if __name__ == "__main__":
    run([takes, comes_back, refuses, all_or_nothing, guests_run_on, who], make=Host)
