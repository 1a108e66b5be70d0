/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tls: see tls.h. */
#include "xapi/door/tls.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/file.h"
#include "lib/log.h"
#include "lib/str.h"

#define DAYS 3650
#define KEY_BITS 2048
#define CIPHERS \
    "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20:!aNULL:!eNULL"

/* By what a file is known to be another. */
struct stamp {
    dev_t dev;
    ino_t ino;
    off_t size;
    struct timespec changed;
};

struct tls {
    SSL_CTX *ctx;
    char *cert, *key;
    struct stamp stamp; /* of the certificate that was last read */
};

#define DEFINE_AUTO(type, fn)         \
    static void auto_##type(type **p) \
    {                                 \
        fn(*p);                       \
    }
DEFINE_AUTO(SSL_CTX, SSL_CTX_free)
DEFINE_AUTO(X509, X509_free)
DEFINE_AUTO(EVP_PKEY, EVP_PKEY_free)
DEFINE_AUTO(BIO, BIO_free_all)

/* What OpenSSL has to say about its last failure. */
static struct err *ssl_says(const char *what, const char *path)
{
    unsigned long code = ERR_peek_last_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;

    ERR_clear_error();
    return ERR_AS(input, "%s '%s': %s", what, path,
                  reason ? reason : "OpenSSL does not say why");
}

/* ---- in use -------------------------------------------------------------- */

static struct err *make_ctx(const char *cert, const char *key, SSL_CTX **ret)
{
    AUTO(auto_SSL_CTX) SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

    if (!ctx)
        abort();
    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    SSL_CTX_set_options(
        ctx, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_RENEGOTIATION |
                 SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_dh_auto(ctx, 1);
    SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"xapid", 5);
    if (SSL_CTX_set_cipher_list(ctx, CIPHERS) != 1)
        return ssl_says("ciphers", CIPHERS);
    if (SSL_CTX_use_certificate_chain_file(ctx, cert) != 1)
        return ssl_says("certificate", cert);
    if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
        return ssl_says("private key", key);
    if (SSL_CTX_check_private_key(ctx) != 1)
        return ssl_says("certificate and key do not belong together:", cert);
    *ret = take_ptr(ctx);
    return NULL;
}

static struct stamp stamp_of(const char *path)
{
    struct stat st = {0};

    if (stat(path, &st))
        return (struct stamp){0};
    return (struct stamp){st.st_dev, st.st_ino, st.st_size, st.st_mtim};
}

static bool is_same(const struct stamp *a, const struct stamp *b)
{
    return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
           a->changed.tv_sec == b->changed.tv_sec &&
           a->changed.tv_nsec == b->changed.tv_nsec;
}

struct err *tls_new(const char *cert, const char *key, struct tls **ret)
{
    struct tls *t;
    struct stamp stamp = stamp_of(cert);
    SSL_CTX *ctx;

    TRY(make_ctx(cert, key ? key : cert, &ctx));
    t = xcalloc(1, sizeof(*t));
    t->ctx = ctx;
    t->stamp = stamp;
    t->cert = xstrdup(cert);
    t->key = xstrdup(key ? key : cert);
    *ret = t;
    return NULL;
}

struct err *tls_reload(struct tls *t)
{
    SSL_CTX *ctx;

    t->stamp = stamp_of(t->cert);
    TRY(make_ctx(t->cert, t->key, &ctx));
    SSL_CTX_free(t->ctx);
    t->ctx = ctx;
    return NULL;
}

void tls_free(struct tls *t)
{
    if (!t)
        return;
    SSL_CTX_free(t->ctx);
    free(t->cert);
    free(t->key);
    free(t);
}

/* One that cannot be used is said once. */
static void refresh(struct tls *t)
{
    struct stamp now = stamp_of(t->cert);
    struct err *e;

    if (is_same(&now, &t->stamp))
        return;
    e = tls_reload(t);
    if (e)
        log_error("tls", "the old certificate stays: %s", err_text(e));
    else
        log_info("tls", "another certificate: '%s'", t->cert);
    err_free(e);
}

struct ssl_st *tls_session(struct tls *t)
{
    SSL *ssl;

    refresh(t);
    ssl = SSL_new(t->ctx);

    if (!ssl)
        abort();
    return ssl;
}

void tls_close(struct ssl_st *ssl)
{
    if (!ssl || !SSL_is_init_finished(ssl))
        return;
    (void)SSL_shutdown(ssl);
    ERR_clear_error();
}

/* ---- making one ---------------------------------------------------------- */

static void add_extension(X509 *cert, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509_EXTENSION *extension;

    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    if (!extension)
        return;
    X509_add_ext(cert, extension, -1);
    X509_EXTENSION_free(extension);
}

static bool is_address(const char *name)
{
    struct in6_addr any;

    return inet_pton(AF_INET, name, &any) == 1 ||
           inet_pton(AF_INET6, name, &any) == 1;
}

/* A name goes into a list between commas: only what a name can have does. */
static bool is_name(const char *name)
{
    return *name && !name[strspn(name, "abcdefghijklmnopqrstuvwxyz"
                                       "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                       "0123456789.-_*:")];
}

static void add_names(X509 *cert, const char *const *names, size_t n)
{
    AUTO_STR struct str list = STR_INIT(STR_MAX);

    for (size_t i = 0; i < n; i++) {
        if (is_name(names[i]))
            str_addf(&list, "%s%s:%s", list.len ? "," : "",
                     is_address(names[i]) ? "IP" : "DNS", names[i]);
    }
    if (list.len)
        add_extension(cert, NID_subject_alt_name, str_text(&list));
}

static X509 *make_x509(EVP_PKEY *key, const char *const *names, size_t n)
{
    X509 *cert = X509_new();
    X509_NAME *subject;
    uint64_t serial;

    if (!cert || RAND_bytes((unsigned char *)&serial, sizeof(serial)) != 1)
        abort();
    subject = X509_get_subject_name(cert);
    X509_set_version(cert, 2);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), serial >> 1);
    /* a clock may be behind */
    X509_gmtime_adj(X509_getm_notBefore(cert), -24 * 3600L);
    X509_time_adj_ex(X509_getm_notAfter(cert), DAYS, 0, NULL);
    X509_set_pubkey(cert, key);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                               (const unsigned char *)(n ? names[0] : "xapid"),
                               -1, -1, 0);
    X509_set_issuer_name(cert, subject);
    add_extension(cert, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(cert, NID_key_usage,
                  "critical,digitalSignature,keyEncipherment,keyCertSign");
    add_extension(cert, NID_ext_key_usage, "serverAuth");
    add_extension(cert, NID_subject_key_identifier, "hash");
    add_names(cert, names, n);
    return cert;
}

struct err *tls_write_certificate(const char *const *names, size_t n,
                                  struct str *out)
{
    AUTO(auto_EVP_PKEY) EVP_PKEY *key = NULL;
    AUTO(auto_X509) X509 *cert = NULL;
    AUTO(auto_BIO) BIO *pem = NULL;
    char *text;
    long len;

    key = EVP_RSA_gen(KEY_BITS);
    pem = BIO_new(BIO_s_mem());
    if (!key || !pem)
        abort();
    cert = make_x509(key, names, n);
    if (!X509_sign(cert, key, EVP_sha256()) ||
        !PEM_write_bio_PKCS8PrivateKey(pem, key, NULL, NULL, 0, NULL, NULL) ||
        !PEM_write_bio_X509(pem, cert))
        return ssl_says("making the certificate of", n ? names[0] : "xapid");
    len = BIO_get_mem_data(pem, &text);
    str_addn(out, text, (size_t)len);
    return NULL;
}

struct err *tls_make_certificate(const char *path, const char *const *names,
                                 size_t n)
{
    AUTO_STR struct str text = STR_INIT(65536);

    if (file_exists(path))
        return NULL;
    TRY(tls_write_certificate(names, n, &text));
    return file_write(path, str_text(&text), text.len, 0600);
}

/* ---- names of the host --------------------------------------------------- */

static const char *address_text(struct pool *p, const struct sockaddr *sa)
{
    char text[INET6_ADDRSTRLEN];
    const void *address =
        sa->sa_family == AF_INET
            ? (const void *)&((const struct sockaddr_in *)sa)->sin_addr
            : (const void *)&((const struct sockaddr_in6 *)sa)->sin6_addr;

    if (!inet_ntop(sa->sa_family, address, text, sizeof(text)))
        return NULL;
    return pool_str(p, text);
}

const char *const *tls_host_names(struct pool *p, size_t *ret_n)
{
    const char **names = NULL, *address;
    struct ifaddrs *all = NULL;
    char host[256] = "";
    size_t n = 0;

    if (!gethostname(host, sizeof(host) - 1) && *host)
        *pool_push(p, names, n) = pool_str(p, host);
    *pool_push(p, names, n) = "localhost";
    if (getifaddrs(&all) < 0)
        all = NULL;
    for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
        if (!i->ifa_addr || (i->ifa_addr->sa_family != AF_INET &&
                             i->ifa_addr->sa_family != AF_INET6))
            continue;
        address = address_text(p, i->ifa_addr);
        if (address)
            *pool_push(p, names, n) = address;
    }
    if (all)
        freeifaddrs(all);
    *ret_n = n;
    *pool_push(p, names, n) = NULL;
    return names;
}
