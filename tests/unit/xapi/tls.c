/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tls: making a certificate, using it, and what cannot be used. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/file.h"
#include "lib/str.h"
#include "xapi/door/tls.h"

static char dir[] = "/tmp/dom0kit-tls-XXXXXX";
static char cert_path[64], other_path[64];

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(dir))
        return -1;
    snprintf(cert_path, sizeof(cert_path), "%s/cert.pem", dir);
    snprintf(other_path, sizeof(other_path), "%s/other.pem", dir);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(cert_path);
    unlink(other_path);
    return rmdir(dir);
}

/* A handshake in memory; the certificate that the client saw. */
static X509 *shake_hands(struct tls *t, int client_version)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL *server = tls_session(t), *client = SSL_new(ctx);
    BIO *a, *b;
    X509 *seen = NULL;

    assert_int_equal(BIO_new_bio_pair(&a, 0, &b, 0), 1);
    SSL_set_bio(server, a, a);
    SSL_set_bio(client, b, b);
    SSL_set_security_level(client, 0);
    SSL_set_min_proto_version(client, client_version);
    SSL_set_max_proto_version(client, client_version);
    SSL_set_accept_state(server);
    SSL_set_connect_state(client);
    for (int i = 0; i < 10; i++) {
        SSL_do_handshake(client);
        SSL_do_handshake(server);
    }
    if (SSL_is_init_finished(client) && SSL_is_init_finished(server))
        seen = SSL_get1_peer_certificate(client);
    tls_close(server);
    SSL_free(server);
    SSL_free(client);
    SSL_CTX_free(ctx);
    return seen;
}

static void certificate(void **state)
{
    static const char *const names[] = {"host.example", "192.0.2.7", "::1",
                                        "bad,name"};
    struct tls *t;
    struct stat st;
    X509 *seen;

    (void)state;
    assert_null(tls_make_certificate(cert_path, names, ARRAY_LEN(names)));
    assert_int_equal(stat(cert_path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_null(tls_new(cert_path, NULL, &t));
    assert_null(shake_hands(t, TLS1_1_VERSION));
    seen = shake_hands(t, TLS1_2_VERSION);
    assert_non_null(seen);
    assert_int_equal(X509_check_host(seen, "host.example", 0, 0, NULL), 1);
    assert_int_equal(X509_check_host(seen, "bad", 0, 0, NULL), 0);
    assert_int_equal(X509_check_ip_asc(seen, "192.0.2.7", 0), 1);
    assert_int_equal(X509_check_ip_asc(seen, "::1", 0), 1);
    assert_int_equal(X509_check_ip_asc(seen, "192.0.2.8", 0), 0);
    assert_int_equal(EVP_PKEY_get_bits(X509_get0_pubkey(seen)), 2048);
    assert_true(X509_cmp_current_time(X509_get0_notBefore(seen)) < 0);
    assert_true(X509_cmp_current_time(X509_get0_notAfter(seen)) > 0);
    X509_free(seen);
    seen = shake_hands(t, TLS1_3_VERSION);
    assert_non_null(seen);
    X509_free(seen);
    tls_free(t);
}

static void kept_when_there(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *const name = "another.example";
    char *before, *after;
    size_t len;

    (void)state;
    assert_null(file_read(p, cert_path, 1 << 20, &before, &len));
    assert_null(tls_make_certificate(cert_path, &name, 1));
    assert_null(file_read(p, cert_path, 1 << 20, &after, &len));
    assert_string_equal(before, after);
}

static void assert_refused(struct err *e, const char *part)
{
    assert_non_null(e);
    if (!strstr(err_text(e), part))
        fail_msg("'%s' is not in '%s'", part, err_text(e));
    err_free(e);
}

static void reloads(void **state)
{
    const char *const name = "second.example", *const third = "third.example";
    struct tls *t;
    X509 *seen;

    (void)state;
    assert_null(tls_make_certificate(other_path, &name, 1));
    assert_null(tls_new(cert_path, NULL, &t));
    assert_null(file_write(cert_path, "nonsense", 8, 0600));
    assert_refused(tls_reload(t), "cert.pem");
    seen = shake_hands(t, TLS1_3_VERSION);
    assert_int_equal(X509_check_host(seen, "host.example", 0, 0, NULL), 1);
    X509_free(seen);
    assert_int_equal(rename(other_path, cert_path), 0);
    assert_null(tls_reload(t));
    seen = shake_hands(t, TLS1_3_VERSION);
    assert_int_equal(X509_check_host(seen, "second.example", 0, 0, NULL), 1);
    X509_free(seen);
    assert_null(tls_make_certificate(other_path, &third, 1));
    assert_int_equal(rename(other_path, cert_path), 0);
    seen = shake_hands(t, TLS1_3_VERSION); /* without being told */
    assert_int_equal(X509_check_host(seen, "third.example", 0, 0, NULL), 1);
    X509_free(seen);
    tls_free(t);
}

static void refuses(void **state)
{
    const char *const name = "third.example";
    struct tls *t = NULL;

    (void)state;
    assert_refused(tls_new("/nonexistent/cert.pem", NULL, &t), "/nonexistent");
    assert_null(tls_make_certificate(other_path, &name, 1));
    assert_refused(tls_new(cert_path, other_path, &t), "other.pem");
    assert_refused(tls_make_certificate("/nonexistent/cert.pem", &name, 1),
                   "/nonexistent");
    assert_null(t);
}

static void host_names(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    bool localhost = false, address = false;
    const char *const *names;
    size_t n;

    (void)state;
    names = tls_host_names(p, &n);
    assert_null(names[n]);
    for (size_t i = 0; i < n; i++) {
        localhost = localhost || !strcmp(names[i], "localhost");
        address = address || !strcmp(names[i], "127.0.0.1");
    }
    assert_true(localhost && address);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificate), cmocka_unit_test(kept_when_there),
        cmocka_unit_test(reloads),     cmocka_unit_test(refuses),
        cmocka_unit_test(host_names),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
