#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Passwords: of a file, and of PAM itself. libpam-wrapper has PAM read the
services of a folder of ours and run as anybody; its module pam_matrix has users
in a file. The daemon runs as it does on a host otherwise."""
import glob
import os
import subprocess
import threading

from daemon import XAPID, Class, Daemon, Session, equal, fails, run


def login(daemon, user, password, method="login_with_password"):
    more = ("1.0", "tests") if method == "login_with_password" else ()
    return daemon.call("session." + method, user, password, *more)


def refused(daemon, user, password, method="login_with_password"):
    fails(["SESSION_AUTHENTICATION_FAILED", user, None], login, daemon, user, password, method)


def changes(daemon, session, old, new, others):
    """The same of both: OTHERS are users who must not change."""
    call = Class(session, "session").change_password
    fails(["SESSION_AUTHENTICATION_FAILED", "root", None], call, "wr0ng", new)
    login(daemon, "root", old)
    call(old, new)
    refused(daemon, "root", old)
    login(daemon, "root", new)
    for user, password in others.items():
        fails(["SESSION_AUTHORIZATION_FAILED", user, None], login, daemon, user, password)  # known, and no subject
    return call


def of_file(daemon):
    """session.change_password with --auth=FILE: one line changes, in one step"""
    path = os.path.join(daemon.dir, "users")
    with open(path, "a") as f:
        f.write("# a comment: stays\nrooty:x\n")
    before = open(path).read().splitlines()
    s = Session(daemon)
    call = changes(daemon, s, "secret", "n3w: & <>", {"bob": "b0b"})
    after = open(path).read().splitlines()
    equal([b for b, a in zip(before, after) if a != b], [line for line in before if line.startswith("root:")])
    equal((len(after), os.stat(path).st_mode & 0o777), (len(before), 0o600))
    fails(["CHANGE_PASSWORD_REJECTED", "the new password is empty"], call, "n3w: & <>", "")
    login(daemon, "root", "n3w: & <>")
    # by the superuser alone
    s.subject.create({"subject_identifier": "bob", "other_config": {}})  # a pool-admin
    b = Session(daemon, "bob")
    fails(["RBAC_PERMISSION_DENIED", "session.change_password", None], Class(b, "session").change_password, "b0b", "x")
    # many at once: each is told, and the file is whole
    threads = [threading.Thread(target=call, args=("n3w: & <>", "n3w: & <>")) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    equal([line.split(":")[0] for line in open(path).read().splitlines()], [line.split(":")[0] for line in before])
    login(daemon, "root", "n3w: & <>")
    # nothing of it is in a log
    for name in ("log", "audit.log"):
        equal("n3w" in open(os.path.join(daemon.dir, name)).read(), False)


def local(daemon):
    """session.slave_local_login_with_password and local_logout: root's alone"""
    ref = login(daemon, "root", "secret", "slave_local_login_with_password")
    equal(daemon.call("session.get_is_local_superuser", ref, ref), True)
    daemon.call("session.local_logout", ref)
    fails(["SESSION_INVALID", ref], daemon.call, "host.get_all", ref)
    refused(daemon, "root", "wr0ng", "slave_local_login_with_password")
    refused(daemon, "bob", "b0b", "slave_local_login_with_password")


def sessions(daemon):
    """session.get_all_subject_identifiers, logout_subject_identifier"""
    s = Session(daemon)
    for user in ("bob", "eve"):
        s.subject.create({"subject_identifier": user, "other_config": {}})
    b, e = Session(daemon, "bob"), Session(daemon, "eve")
    session = Class(s, "session")
    equal(sorted(session.get_all_subject_identifiers()), ["bob", "eve"])
    session.logout_subject_identifier("bob")
    equal(session.get_all_subject_identifiers(), ["eve"])
    fails(["SESSION_INVALID", b.ref], b.host.get_all)
    e.host.get_all()


def who(daemon):
    """class auth: who users are, by the file"""
    s = Session(daemon)
    equal(s.auth.get_subject_identifier("bob"), "bob")
    got = s.auth.get_subject_information_from_identifier("bob")
    equal([got[k] for k in ("subject-name", "subject-displayname", "subject-is-group")], ["bob", "bob", "false"])
    equal(s.auth.get_group_membership("bob"), [])
    for call in (s.auth.get_subject_identifier, s.auth.get_subject_information_from_identifier, s.auth.get_group_membership):
        for name in ("carol", "bo", "b0b", ""):
            fails(["SUBJECT_CANNOT_BE_RESOLVED"], call, name)


def alone(daemon):
    """no function of ours is found by a library that means another's (libpam calls an audit_open)"""
    out = subprocess.run(["nm", "-D", "--defined-only", XAPID], capture_output=True, text=True, check=True).stdout
    names = [line.split()[2] for line in out.splitlines() if line.split()[1] == "T"]
    # but for those that libxl shall find
    equal([name for name in names if not name.startswith("xs_")], [])


def of_pam(daemon):
    """--auth=pam: passwords and accounts are PAM's; change_password is pam_chauthtok"""
    s = Session(daemon)
    refused(daemon, "root", "wr0ng")
    refused(daemon, "nobody", "secret")
    refused(daemon, "", "")
    refused(daemon, "eve", "e:ve")  # her password is right, her account is not of this service
    equal(s.host.get_all() != [], True)
    s.subject.create({"subject_identifier": "bob", "other_config": {}})
    Session(daemon, "bob").host.get_all()
    # who there is, the system says
    name, _, uid, gid, gecos, *_ = next(line for line in open("/etc/passwd") if line.startswith("daemon:")).rstrip().split(":")
    got = s.auth.get_subject_information_from_identifier(s.auth.get_subject_identifier(name))
    equal([got["subject-" + k] for k in ("name", "uid", "gid", "gecos")], [name, uid, gid, gecos.split(",")[0]])
    equal("daemon" in s.auth.get_group_membership(name), True)
    fails(["SUBJECT_CANNOT_BE_RESOLVED"], s.auth.get_subject_identifier, "no such user")
    call = changes(daemon, s, "secret", "n3w", {"carol": "c4rol"})
    passdb = open(os.path.join(daemon.dir, "passdb")).read()
    equal(sorted(passdb.split()), sorted(["root:n3w:xapi", "bob:b0b:xapi", "carol:c4rol:xapi", "eve:e_ve:other"]))
    call("n3w", "secret")


class PamDaemon(Daemon):
    """With a service of its own. libasan has to be the first that is preloaded."""

    def start(self):
        modules = glob.glob("/usr/lib/*/pam_wrapper/pam_matrix.so")
        equal(len(modules), 1)
        services, passdb = os.path.join(self.dir, "pam.d"), os.path.join(self.dir, "passdb")
        os.makedirs(services, exist_ok=True)
        with open(os.path.join(services, "xapi"), "w") as f:
            f.write("".join(f"{kind} required {modules[0]} passdb={passdb} verbose\n" for kind in ("auth", "account", "password", "session")))
        with open(os.path.join(services, "other"), "w") as f:
            f.write("".join(f"{kind} required pam_deny.so\n" for kind in ("auth", "account", "password", "session")))
        if not os.path.exists(passdb):
            with open(passdb, "w") as f:
                f.write("root:secret:xapi\nbob:b0b:xapi\ncarol:c4rol:xapi\neve:e_ve:other\n")
        asan = subprocess.run(["gcc", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True).stdout.strip()
        os.environ.update(LD_PRELOAD=f"{asan} libpam_wrapper.so", PAM_WRAPPER="1", PAM_WRAPPER_SERVICE_DIR=services,
                          ASAN_OPTIONS="detect_leaks=0")
        super().start()
        for name in ("LD_PRELOAD", "PAM_WRAPPER", "PAM_WRAPPER_SERVICE_DIR", "ASAN_OPTIONS"):
            del os.environ[name]


if __name__ == "__main__":
    import sys
    bad = 0
    for tests, options, kind in (([of_file, local, sessions, who, alone], (), Daemon), ([of_pam], ("--auth", "pam"), PamDaemon)):
        try:
            run(tests, *options, make=kind)
        except SystemExit as e:
            bad += bool(e.code)
    sys.exit(bad > 0)
