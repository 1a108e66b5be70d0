#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Certificates by calls: the host's own, what the daemon trusts, what is
revoked."""
import datetime
import hashlib
import http.client
import os
import socket
import ssl
import subprocess

from daemon import Failure, Session, equal, fails, run
from storage import make_sr
from vm import until, workers
from xe import Xe
from xva_url import Server, fetch

NOBODY = "OpaqueRef:00000000-0000-0000-0000-000000000000"
CONFIG = """[ca]
default_ca = own
[own]
new_certs_dir = {0}
certificate = {0}/ca.pem
private_key = {0}/ca.key
database = {0}/index
serial = {0}/serial
default_md = sha256
default_crl_days = 30
policy = any
email_in_dn = no
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
"""


def openssl(*words):
    subprocess.run(["openssl", *words], check=True, capture_output=True)


def read(path):
    with open(path) as f:
        return f.read()


def stamp(days):
    return (datetime.datetime.utcnow() + datetime.timedelta(days)).strftime("%Y%m%d%H%M%SZ")


class Authority:
    def __init__(self, folder):
        self.dir = folder
        os.makedirs(folder)
        for name, text in (("config", CONFIG.format(folder)), ("index", ""), ("serial", "01\n")):
            with open(os.path.join(folder, name), "w") as f:
                f.write(text)
        self.path = os.path.join(folder, "ca.pem")
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "9", "-subj", "/CN=authority of " + os.path.basename(folder),
                "-keyout", os.path.join(folder, "ca.key"), "-out", self.path)
        self.pem = read(self.path)

    def file(self, name, end):
        return os.path.join(self.dir, name + end)

    def sign(self, name, key=("rsa:2048",), begin=-1, end=9, digest="sha256"):
        """Certificate and key, for 127.0.0.1, as text; files of NAME."""
        openssl("req", "-new", "-newkey", *key, "-nodes", "-subj", "/CN=" + name, "-addext", "subjectAltName=IP:127.0.0.1",
                "-keyout", self.file(name, ".key"), "-out", self.file(name, ".csr"))
        openssl("ca", "-batch", "-notext", "-config", self.file("config", ""), "-startdate", stamp(begin), "-enddate", stamp(end),
                "-md", digest, "-in", self.file(name, ".csr"), "-out", self.file(name, ".crt"))
        with open(self.file(name, ".pem"), "w") as f:
            f.write(read(self.file(name, ".key")) + read(self.file(name, ".crt")))
        return read(self.file(name, ".crt")), read(self.file(name, ".key"))

    def crl(self, day=0):
        """Of two lists the later one counts."""
        openssl("ca", "-config", self.file("config", ""), "-gencrl", "-crl_lastupdate", stamp(day), "-out", self.file("crl", ".pem"))
        return read(self.file("crl", ".pem"))

    def revoke(self, name):
        openssl("ca", "-config", self.file("config", ""), "-revoke", self.file(name, ".crt"))


def connect(daemon):
    return socket.create_connection(("127.0.0.1", daemon.tls_port), timeout=30)


def unverified(daemon):
    """A connection, whoever is there."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(connect(daemon))


def served(daemon):
    """The certificate that a new connection gets."""
    with unverified(daemon) as s:
        return ssl.DER_cert_to_PEM_cert(s.getpeercert(True))


def colons(pem, how):
    text = hashlib.new(how, ssl.PEM_cert_to_DER_cert(pem)).hexdigest().upper()
    return ":".join(text[i:i + 2] for i in range(0, len(text), 2))


def own(s):
    """The host's object, which there is one of."""
    found = [r for r in s.Certificate.get_all_records().values() if r["type"] == "host"]
    equal(len(found), 1)
    return found[0]


def agrees(daemon, pem):
    """What is served, said by the call, and recorded is PEM."""
    s = Session(daemon)
    host = s.host.get_all()[0]
    record = own(s)
    equal((served(daemon), s.host.get_server_certificate(host)), (pem, pem))
    equal((record["fingerprint"], record["fingerprint_sha256"], record["fingerprint_sha1"]),
          (colons(pem, "sha256"), colons(pem, "sha256"), colons(pem, "sha1")))
    equal((record["host"], record["name"], s.host.get_certificates(host)), (host, "", [s.Certificate.get_by_uuid(record["uuid"])]))


def warnings(s):
    """Of certificates that end soon."""
    found = [m for m in s.message.get_all_records().values() if "_CERTIFICATE_EXP" in m["name"]]
    return sorted((m["name"], m["priority"], m["cls"], m["obj_uuid"], m["body"].split("certificate ")[1].split()[0]) for m in found)


def its_own(daemon):
    """the host's own: recorded, replaced by a signed one and by a new one, for connections that begin then; over restarts"""
    s, xe = Session(daemon), Xe(daemon)
    host, path = s.host.get_all()[0], os.path.join(daemon.dir, "server.pem")
    first = ssl.DER_cert_to_PEM_cert(ssl.PEM_cert_to_DER_cert("-----BEGIN CERT" + read(path).split("-----BEGIN CERT")[1]))
    agrees(daemon, first)
    equal("PRIVATE" in s.host.get_server_certificate(host), False)
    equal(xe.out("host-get-server-certificate").strip(), first.strip())
    uuid = own(s)["uuid"]
    a = Authority(os.path.join(daemon.dir, "a"))
    cert, key = a.sign("signed")
    # a connection that stands goes on
    old = unverified(daemon)
    equal(xe.out("host-server-certificate-install", "certificate=" + a.file("signed", ".crt"), "private-key=" + a.file("signed", ".key"),
                 "certificate-chain=" + a.path), "")
    agrees(daemon, cert)
    old.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    equal(old.recv(8), b"HTTP/1.1")
    old.close()
    equal((own(s)["uuid"] != uuid, os.stat(path).st_mode & 0o777), (True, 0o600))
    equal((own(s)["not_before"].value[:8], own(s)["not_after"].value[:8]), (stamp(-1)[:8], stamp(9)[:8]))
    # who trusts the authority trusts the host, by what it sends between them
    context = ssl.create_default_context(cadata=a.pem)
    with connect(daemon) as plain, context.wrap_socket(plain, server_hostname="127.0.0.1"):
        pass
    # of a curve, and by a task
    cert, key = a.sign("curve", ("ec", "-pkeyopt", "ec_paramgen_curve:P-256"))
    task = s.Async.host.install_server_certificate(host, cert, key, "")
    until(lambda: s.task.get_status(task) != "pending")
    equal(s.task.get_status(task), "success")
    agrees(daemon, cert)
    equal(warnings(s), [])  # not yet
    daemon.kill()
    daemon.start()
    agrees(daemon, cert)
    s = Session(daemon)
    equal(warnings(s), [("HOST_SERVER_CERTIFICATE_EXPIRING_14", "2", "Host", s.host.get_uuid(host), own(s)["fingerprint"])])
    s.pool.install_ca_certificate("a", a.pem)
    for _ in range(2):
        equal(xe.out("pool-certificate-sync"), "")
        equal([w[:4] for w in warnings(s)], [("HOST_SERVER_CERTIFICATE_EXPIRING_14", "2", "Host", s.host.get_uuid(host)),
                                             ("POOL_CA_CERTIFICATE_EXPIRING_14", "2", "Pool", s.pool.get_uuid(s.pool.get_all()[0]))])
    s.pool.uninstall_ca_certificate("a")
    for words in (("host-reset-server-certificate", "--multiple"), ("host-emergency-reset-server-certificate",)):
        before = served(daemon)
        equal(xe.out(*words), "")
        after = served(daemon)
        equal(after != before, True)
        agrees(daemon, after)
    equal(xe.out("pool-certificate-sync"), "")
    equal(warnings(s), [])
    # somebody writes the file by himself: new connections have it at once, the object at SIGHUP
    os.replace(a.file("signed", ".pem"), path)
    equal(served(daemon), read(a.file("signed", ".crt")))
    daemon.process.send_signal(1)
    until(lambda: own(Session(daemon))["fingerprint"] == colons(read(a.file("signed", ".crt")), "sha256"))
    # ... and what is none is not served
    with open(path, "w") as f:
        f.write("nonsense")
    equal(served(daemon), read(a.file("signed", ".crt")))
    equal("the old certificate stays" in daemon.said(), True)
    for secret in (key[100:160], read(a.file("signed", ".key"))[100:160]):
        equal([secret in text for text in (daemon.said(), read(os.path.join(daemon.dir, "audit.log")))], [False, False])


def refuses_own(daemon):
    """a certificate, key or chain that is none, or is not good for it, changes nothing"""
    s = Session(daemon)
    host, before = s.host.get_all()[0], served(daemon)
    a = Authority(os.path.join(daemon.dir, "a"))
    cert, key = a.sign("good")
    other = a.sign("other")
    short, old, early = a.sign("short", ("rsa:1024",)), a.sign("old", begin=-9, end=-2), a.sign("early", begin=2, end=9)
    weak, odd, curve = a.sign("weak", digest="sha1"), a.sign("odd", ("ed25519",)), a.sign("curve", ("ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"))
    openssl("rsa", "-aes128", "-passout", "pass:x", "-in", a.file("good", ".key"), "-out", a.file("locked", ".key"))
    p = "SERVER_CERTIFICATE_"
    for words, args in (
            ([p + "KEY_INVALID"], (cert, "", "")),
            ([p + "KEY_INVALID"], (cert, cert, "")),
            ([p + "KEY_INVALID"], (cert, key[:len(key) // 2], "")),
            ([p + "KEY_INVALID"], (cert, read(a.file("locked", ".key")), "")),
            ([p + "KEY_RSA_LENGTH_NOT_SUPPORTED", "1024"], (*short, "")),
            ([p + "KEY_ALGORITHM_NOT_SUPPORTED", "1.3.101.112"], (*odd, "")),
            ([p + "KEY_ALGORITHM_NOT_SUPPORTED", "1.2.840.10045.2.1"], (*curve, "")),
            ([p + "INVALID"], ("", key, "")),
            ([p + "INVALID"], (key, key, "")),
            ([p + "INVALID"], (cert[:len(cert) // 2], key, "")),
            ([p + "KEY_MISMATCH"], (other[0], key, "")),
            ([p + "EXPIRED", None, None], (*old, "")),
            ([p + "NOT_VALID_YET", None, None], (*early, "")),
            ([p + "SIGNATURE_NOT_SUPPORTED"], (*weak, "")),
            ([p + "CHAIN_INVALID"], (cert, key, "nonsense")),
            ([p + "CHAIN_INVALID"], (cert, key, key))):
        fails(words, s.host.install_server_certificate, host, *args)
    fails(["HANDLE_INVALID", "host", NOBODY], s.host.install_server_certificate, NOBODY, cert, key, "")
    agrees(daemon, before)
    bob = with_role(s, daemon, "pool-operator")
    for call, args in (("install_server_certificate", (cert, key, "")), ("reset_server_certificate", ())):
        fails(["RBAC_PERMISSION_DENIED", None, None], bob.call, "host." + call, host, *args)
    agrees(daemon, before)
    until(lambda: not workers(daemon))


def with_role(s, daemon, role):
    subject = s.subject.create({"subject_identifier": "bob", "other_config": {}})
    for given in s.subject.get_roles(subject):
        s.subject.remove_from_roles(subject, given)
    s.subject.add_to_roles(subject, s.role.get_by_name_label(role)[0])
    return Session(daemon, "bob")


def accepted(s, server, sr):
    """Whether the daemon takes the server for what it says it is."""
    try:
        fetch(s, server.url + "/file", sr)
    except Failure as failure:
        equal(failure.words[0], "IMPORT_ERROR")
        if "Unrecognized archive" in failure.words[1]:
            return True
        equal("certificate" in failure.words[1] or "SSL" in failure.words[1], True)
        return False
    raise AssertionError("what is no VM has come in")


def trusts(daemon):
    """an authority that is installed is trusted where the daemon is a client, until it is uninstalled; what is revoked is not"""
    s, xe = Session(daemon), Xe(daemon)
    sr = make_sr(s)
    a, b = (Authority(os.path.join(daemon.dir, name)) for name in "ab")
    a.sign("server"), b.sign("server")
    server, other = (Server(b"no VM", x.file("server", ".pem")) for x in (a, b))
    equal([accepted(s, x, sr) for x in (server, other)], [False, False])
    equal(xe.out("pool-install-ca-certificate", "filename=" + a.path), "")
    equal([accepted(s, x, sr) for x in (server, other)], [True, False])
    (record,) = [r for r in s.Certificate.get_all_records().values() if r["type"] == "ca"]
    equal((record["name"], record["fingerprint_sha256"], record["host"], record["purpose"]), ("ca.pem", colons(a.pem, "sha256"), "OpaqueRef:NULL", []))
    equal((xe.out("pool-certificate-list").strip(), s.pool.certificate_list()), ("ca.pem", ["ca.pem"]))
    fails(["CERTIFICATE_ALREADY_EXISTS", "ca.pem"], s.pool.install_ca_certificate, "ca.pem", b.pem)
    s.pool.install_ca_certificate("b", b.pem)
    equal([accepted(s, x, sr) for x in (server, other)], [True, True])
    # lists: one authority has none, the other's says nothing of the server, then it does
    equal(xe.out("pool-crl-install", "filename=" + (a.crl(-1) and a.file("crl", ".pem"))), "")
    equal((xe.out("pool-crl-list").strip(), [accepted(s, x, sr) for x in (server, other)]), ("crl.pem", [True, True]))
    a.revoke("server")
    fails(["CRL_ALREADY_EXISTS", "crl.pem"], s.pool.crl_install, "crl.pem", a.crl())
    s.pool.crl_install("later", a.crl())
    equal((sorted(s.pool.crl_list()), [accepted(s, x, sr) for x in (server, other)]), (["crl.pem", "later"], [False, True]))
    equal((xe.out("pool-crl-uninstall", "name=later"), xe.out("pool-crl-uninstall", "name=crl.pem")), ("", ""))
    equal([accepted(s, x, sr) for x in (server, other)], [True, True])
    # over a restart, and gone
    daemon.kill()
    daemon.start()
    s = Session(daemon)
    equal((sorted(s.pool.certificate_list()), [accepted(s, x, sr) for x in (server, other)]), (["b", "ca.pem"], [True, True]))
    equal(xe.out("pool-uninstall-ca-certificate", "name=ca.pem"), "")
    s.pool.certificate_uninstall("b")
    equal((s.pool.certificate_list(), [accepted(s, x, sr) for x in (server, other)]), ([], [False, False]))
    equal([r for r in s.Certificate.get_all_records().values() if r["type"] == "ca"], [])
    equal(os.listdir(os.path.join(daemon.dir, "trusted")), [])
    for each in (server, other):
        each.end()


def of_either_kind(daemon):
    """install_trusted_certificate: authorities, and certificates for a purpose, which count for nothing else"""
    s, xe = Session(daemon), Xe(daemon)
    sr, pool = make_sr(s), s.pool.get_all()[0]
    a = Authority(os.path.join(daemon.dir, "a"))
    a.sign("server")
    leaf = read(a.file("server", ".crt"))
    server = Server(b"no VM", a.file("server", ".pem"))
    fails(["CERTIFICATE_LACKS_PURPOSE"], s.pool.install_trusted_certificate, pool, False, leaf, [])
    s.pool.install_trusted_certificate(pool, True, a.pem, ["licensing"])
    equal(accepted(s, server, sr), False)
    fails(["TRUSTED_CERTIFICATE_ALREADY_EXISTS", colons(a.pem, "sha256")], s.pool.install_trusted_certificate, pool, True, a.pem, [])
    s.pool.install_trusted_certificate(pool, False, leaf, ["ldaps", "licensing"])
    kinds = {r["fingerprint"]: (r["type"], sorted(r["purpose"]), ref) for ref, r in s.Certificate.get_all_records().items() if r["type"] != "host"}
    equal([kinds[colons(pem, "sha256")][:2] for pem in (a.pem, leaf)], [("ca", ["licensing"]), ("pinned", ["ldaps", "licensing"])])
    for pem in (a.pem, leaf):
        s.pool.uninstall_trusted_certificate(pool, kinds[colons(pem, "sha256")][2])
    equal(xe.out("pool-install-trusted-certificate", "ca=true", "filename=" + a.path), "")
    equal(accepted(s, server, sr), True)
    uuid = [r["uuid"] for r in s.Certificate.get_all_records().values() if r["type"] == "ca"][0]
    equal(xe.out("pool-uninstall-trusted-certificate", "certificate-uuid=" + uuid), "")
    equal(accepted(s, server, sr), False)
    hosts = s.Certificate.get_by_uuid(own(s)["uuid"])
    fails(["NOT_TRUSTED_CERTIFICATE", hosts], s.pool.uninstall_trusted_certificate, pool, hosts)
    for begin, end, words in ((-9, -2, ["TRUSTED_CERTIFICATE_EXPIRED", None, None]), (2, 9, ["TRUSTED_CERTIFICATE_NOT_VALID_YET", None, None])):
        fails(words, s.pool.install_trusted_certificate, pool, True, a.sign("x", begin=begin, end=end)[0], [])
    fails(["TRUSTED_CERTIFICATE_INVALID"], s.pool.install_trusted_certificate, pool, True, "nonsense", [])
    server.end()


def refuses(daemon):
    """names and texts that are none, and who may not; the calls of the host are the pool's"""
    s = Session(daemon)
    a = Authority(os.path.join(daemon.dir, "a"))
    for name in ("", ".", "..", ".hidden", "a/b", "../x", "x" * 300, "a\nb"):
        fails(["CERTIFICATE_NAME_INVALID", name], s.pool.install_ca_certificate, name, a.pem)
        fails(["CRL_NAME_INVALID", name], s.pool.crl_install, name, a.crl())
        fails(["CRL_NAME_INVALID", name], s.pool.crl_uninstall, name)
    for text in ("", "nonsense", a.pem[:200], a.crl(), read(os.path.join(a.dir, "ca.key"))):
        fails(["CA_CERTIFICATE_INVALID"], s.pool.install_ca_certificate, "x", text)
    for text in ("", "nonsense", a.pem):
        fails(["CRL_CORRUPT", "x"], s.pool.crl_install, "x", text)
    fails(["CA_CERTIFICATE_EXPIRED", None, None], s.pool.install_ca_certificate, "x", a.sign("old", begin=-9, end=-2)[0])
    fails(["CA_CERTIFICATE_NOT_VALID_YET", None, None], s.pool.install_ca_certificate, "x", a.sign("early", begin=2, end=9)[0])
    fails(["CERTIFICATE_DOES_NOT_EXIST", "x"], s.pool.uninstall_ca_certificate, "x")
    s.pool.uninstall_ca_certificate("x", True)
    fails(["CRL_DOES_NOT_EXIST", "x"], s.pool.crl_uninstall, "x")
    bob = with_role(s, daemon, "vm-power-admin")
    for call in (lambda: bob.pool.install_ca_certificate("x", a.pem), lambda: bob.pool.crl_list(), lambda: bob.pool.certificate_sync()):
        fails(["RBAC_PERMISSION_DENIED", None, None], call)
    equal((s.pool.certificate_list(), s.pool.crl_list()), ([], []))
    fails(["TLS_VERIFICATION_NOT_ENABLED_IN_POOL"], root(daemon), "host-emergency-reenable-tls-verification")
    s.pool.enable_tls_verification()
    pool, host = s.pool.get_all()[0], s.host.get_all()[0]
    root(daemon)("host-emergency-disable-tls-verification")
    equal((s.pool.get_tls_verification_enabled(pool), s.host.get_tls_verification_enabled(host)), (True, False))
    root(daemon)("host-emergency-reenable-tls-verification")
    equal(s.host.get_tls_verification_enabled(host), True)


def root(daemon):
    """xe as root; its failure is the API's."""
    def call(*words):
        status, _, said = Xe(daemon)(*words)
        if status:
            equal("TLS" in said or "does not verify" in said, True)
            raise Failure(["TLS_VERIFICATION_NOT_ENABLED_IN_POOL"])
    return call


def statuses(daemon):
    """Of plain HTTP, a call and a page that is not there; and of such a page by HTTPS."""
    plain = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=30)
    plain.request("POST", "/", b"")
    call = plain.getresponse()
    call.read()
    plain.request("GET", "/nothing")
    page = plain.getresponse().status
    plain.close()
    with unverified(daemon) as s:
        s.sendall(b"GET /nothing HTTP/1.0\r\n\r\n")
        return call.status, page, int(s.recv(4096).split()[1])


def only_https(daemon, s):
    xe, host = Xe(daemon), s.host.get_all()[0]
    equal((s.host.get_https_only(host), statuses(daemon)[1:]), (False, (404, 404)))
    s.host.set_https_only(host, True)
    equal(statuses(daemon), (403, 403, 404))
    equal(xe.out("host-list", "params=https-only", "--minimal"), "true\n")  # by the Unix socket
    xe.out("pool-param-set", "uuid=" + xe.out("pool-list", "--minimal").strip(), "https-only=false")
    equal((s.host.get_https_only(host), statuses(daemon)[1:]), (False, (404, 404)))
    s.pool.set_https_only(s.pool.get_all()[0], True)


def agreement(daemon):
    """what is on disk and what is recorded agree: at a start, and when somebody says certificate-sync; set_https_only"""
    s, xe = Session(daemon), Xe(daemon)
    a, b = (Authority(os.path.join(daemon.dir, name)) for name in "ab")
    s.pool.install_ca_certificate("a", a.pem)
    s.pool.install_ca_certificate("b", b.pem)
    folder = os.path.join(daemon.dir, "trusted")

    def spoil(name):
        uuid = s.Certificate.get_uuid([c for c, r in s.Certificate.get_all_records().items() if r["name"] == name][0])
        os.unlink(os.path.join(folder, uuid + ".pem"))
        with open(os.path.join(folder, "stranger.pem"), "w") as f:
            f.write(b.pem)

    spoil("a")
    equal(xe.out("pool-certificate-sync"), "")
    equal((s.pool.certificate_list(), len(os.listdir(folder))), (["b"], 1))
    spoil("b")
    only_https(daemon, s)
    daemon.kill()
    daemon.start()
    equal(statuses(daemon), (403, 403, 404))
    xe.out("host-param-set", "uuid=" + xe.out("host-list", "--minimal").strip(), "https-only=false")
    equal((Session(daemon).pool.certificate_list(), os.listdir(folder)), ([], []))


if __name__ == "__main__":
    run([its_own, refuses_own, trusts, of_either_kind, refuses, agreement], "--https", "127.0.0.1:0", "--head-seconds", "600")
