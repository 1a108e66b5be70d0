/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* x509: see x509.h. */
#include "xapi/call/x509.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "xapi/db/datum.h"
#include "xapi/model/errors_gen.h"

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 4096
#define CHAIN_MAX 20

#define DEFINE_AUTO(type, fn)         \
    static void auto_##type(type **p) \
    {                                 \
        fn(*p);                       \
    }
DEFINE_AUTO(X509, X509_free)
DEFINE_AUTO(X509_CRL, X509_CRL_free)
DEFINE_AUTO(EVP_PKEY, EVP_PKEY_free)
DEFINE_AUTO(BIGNUM, BN_free)
DEFINE_AUTO(BIO, BIO_free_all)

/* ---- PEM ----------------------------------------------------------------- */

static BIO *open_text(const char *text, size_t len)
{
    BIO *bio = BIO_new_mem_buf(text, (int)(len < X509_BYTES ? len : 0));

    if (!bio)
        abort();
    return bio;
}

/* Nobody is there to be asked for one. */
static int no_password(char *into, int size, int writing, void *arg)
{
    (void)into, (void)size, (void)writing, (void)arg;
    return -1;
}

static X509 *next_certificate(BIO *from)
{
    X509 *cert = PEM_read_bio_X509(from, NULL, no_password, NULL);

    ERR_clear_error();
    return cert;
}

static void print(BIO *from, struct str *out)
{
    char *text;
    long len = BIO_get_mem_data(from, &text);

    str_addn(out, text, (size_t)len);
}

static void print_certificate(X509 *cert, struct str *out)
{
    AUTO(auto_BIO) BIO *bio = BIO_new(BIO_s_mem());

    if (!bio || !PEM_write_bio_X509(bio, cert))
        abort();
    print(bio, out);
}

/* ---- facts --------------------------------------------------------------- */

static int64_t seconds_of(const ASN1_TIME *time)
{
    struct tm tm = {0};

    return ASN1_TIME_to_tm(time, &tm) == 1 ? timegm(&tm) : 0;
}

static void fingerprint(const X509 *cert, const EVP_MD *how, char *ret)
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned n = 0;

    if (X509_digest(cert, how, sum, &n) != 1)
        abort();
    for (unsigned i = 0; i < n; i++)
        snprintf(ret + 3 * i, 4, "%02X%s", sum[i], i + 1 < n ? ":" : "");
}

static void read_facts(const X509 *cert, struct x509_facts *ret)
{
    ret->not_before = seconds_of(X509_get0_notBefore(cert));
    ret->not_after = seconds_of(X509_get0_notAfter(cert));
    fingerprint(cert, EVP_sha256(), ret->sha256);
    fingerprint(cert, EVP_sha1(), ret->sha1);
}

struct err *x509_read(const char *text, size_t len, struct x509_facts *ret,
                      struct str *pem)
{
    AUTO(auto_BIO) BIO *from = open_text(text, len);
    AUTO(auto_X509) X509 *cert = next_certificate(from);

    if (!cert)
        return ERR_AS(input, "there is no certificate in it");
    read_facts(cert, ret);
    if (pem)
        print_certificate(cert, pem);
    return NULL;
}

bool x509_read_crl(const char *text, size_t len, struct str *pem)
{
    AUTO(auto_BIO) BIO *from = open_text(text, len);
    AUTO(auto_BIO) BIO *to = BIO_new(BIO_s_mem());
    AUTO(auto_X509_CRL)
    X509_CRL *crl = PEM_read_bio_X509_CRL(from, NULL, no_password, NULL);

    ERR_clear_error();
    if (!crl)
        return false;
    if (!to || !PEM_write_bio_X509_CRL(to, crl))
        abort();
    print(to, pem);
    return true;
}

/* ---- valid now ----------------------------------------------------------- */

static struct err *authority_invalid(void)
{
    return err_CA_CERTIFICATE_INVALID(NULL, 0);
}

static struct err *authority_early(const char *now, const char *date)
{
    return err_CA_CERTIFICATE_NOT_VALID_YET((const char *const[]){now, date},
                                            2);
}

static struct err *authority_expired(const char *now, const char *date)
{
    return err_CA_CERTIFICATE_EXPIRED((const char *const[]){now, date}, 2);
}

const struct x509_errors x509_of_server = {err_SERVER_CERTIFICATE_INVALID,
                                           err_SERVER_CERTIFICATE_NOT_VALID_YET,
                                           err_SERVER_CERTIFICATE_EXPIRED};
const struct x509_errors x509_of_authority = {
    authority_invalid, authority_early, authority_expired};
const struct x509_errors x509_of_trusted = {
    err_TRUSTED_CERTIFICATE_INVALID, err_TRUSTED_CERTIFICATE_NOT_VALID_YET,
    err_TRUSTED_CERTIFICATE_EXPIRED};

static struct err *check_times(const struct x509_facts *facts,
                               const struct x509_errors *errors)
{
    int64_t at = time(NULL);
    char now[DATETIME_SIZE], date[DATETIME_SIZE];

    datetime_to_text(at, now);
    datetime_to_text(facts->not_before, date);
    if (at < facts->not_before)
        return errors->early(now, date);
    datetime_to_text(facts->not_after, date);
    return at >= facts->not_after ? errors->expired(now, date) : NULL;
}

struct err *x509_check(const char *text, size_t len,
                       const struct x509_errors *errors, struct x509_facts *ret,
                       struct str *pem)
{
    struct err *none = x509_read(text, len, ret, pem);

    if (none) {
        err_free(none);
        return errors->invalid();
    }
    return check_times(ret, errors);
}

/* ---- a server's ---------------------------------------------------------- */

static struct err *check_rsa(const EVP_PKEY *key)
{
    AUTO(auto_BIGNUM) BIGNUM *third = NULL;
    int bits = EVP_PKEY_get_bits(key);
    char text[16];

    snprintf(text, sizeof(text), "%d", bits);
    if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)
        return err_SERVER_CERTIFICATE_KEY_RSA_LENGTH_NOT_SUPPORTED(text);
    if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_FACTOR3, &third) == 1)
        return err_SERVER_CERTIFICATE_KEY_RSA_MULTI_NOT_SUPPORTED();
    ERR_clear_error();
    return NULL;
}

static bool is_good_curve(const EVP_PKEY *key)
{
    static const char *const curves[] = {SN_X9_62_prime256v1, SN_secp384r1,
                                         SN_secp521r1};
    char name[64] = "";
    size_t len;

    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
        EVP_PKEY_get_group_name(key, name, sizeof(name), &len) == 1)
        for (size_t i = 0; i < ARRAY_LEN(curves); i++)
            if (!strcmp(name, curves[i]))
                return true;
    ERR_clear_error();
    return false;
}

static struct err *check_key(const EVP_PKEY *key)
{
    int id = EVP_PKEY_get_base_id(key);
    char oid[80] = "";

    if (id == EVP_PKEY_RSA)
        return check_rsa(key);
    if (is_good_curve(key))
        return NULL;
    OBJ_obj2txt(oid, sizeof(oid), OBJ_nid2obj(id), 1);
    return err_SERVER_CERTIFICATE_KEY_ALGORITHM_NOT_SUPPORTED(oid);
}

static struct err *check_signature(X509 *cert)
{
    int digest = NID_undef;

    X509_get_signature_info(cert, &digest, NULL, NULL, NULL);
    ERR_clear_error();
    return digest == NID_sha256 || digest == NID_sha384 || digest == NID_sha512
               ? NULL
               : err_SERVER_CERTIFICATE_SIGNATURE_NOT_SUPPORTED();
}

static struct err *check_pair(const char *cert_text, const EVP_PKEY *key,
                              struct str *out)
{
    AUTO(auto_BIO) BIO *from = open_text(cert_text, strlen(cert_text));
    AUTO(auto_X509) X509 *cert = next_certificate(from);
    bool fits;

    if (!cert)
        return err_SERVER_CERTIFICATE_INVALID();
    fits = X509_check_private_key(cert, key) == 1;
    ERR_clear_error();
    if (!fits)
        return err_SERVER_CERTIFICATE_KEY_MISMATCH();
    print_certificate(cert, out);
    return check_signature(cert);
}

/* All of it is certificates. */
static struct err *add_chain(const char *text, struct str *out)
{
    AUTO(auto_BIO) BIO *from = open_text(text, strlen(text));
    int n = 0;

    for (X509 *cert; (cert = next_certificate(from)); n++) {
        print_certificate(cert, out);
        X509_free(cert);
        if (n == CHAIN_MAX)
            return err_SERVER_CERTIFICATE_CHAIN_INVALID();
    }
    return n || !*text ? NULL : err_SERVER_CERTIFICATE_CHAIN_INVALID();
}

static void print_key(const EVP_PKEY *key, struct str *out)
{
    AUTO(auto_BIO) BIO *bio = BIO_new(BIO_s_secmem());

    if (!bio ||
        !PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL))
        abort();
    print(bio, out);
}

struct err *x509_check_server(const char *cert, const char *key_text,
                              const char *chain, struct x509_facts *ret_facts,
                              struct str *ret)
{
    AUTO(auto_BIO) BIO *from = open_text(key_text, strlen(key_text));
    AUTO(auto_EVP_PKEY)
    EVP_PKEY *key = PEM_read_bio_PrivateKey(from, NULL, no_password, NULL);

    ERR_clear_error();
    if (!key)
        return err_SERVER_CERTIFICATE_KEY_INVALID();
    TRY(check_key(key));
    print_key(key, ret);
    TRY(check_pair(cert, key, ret));
    TRY(x509_check(cert, strlen(cert), &x509_of_server, ret_facts, NULL));
    return add_chain(chain, ret);
}
