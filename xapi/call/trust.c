/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* trust: see trust.h. libcurl itself can be told one file and one folder; all
 * else goes into the store of its OpenSSL. */
#include "xapi/call/trust.h"

#include <curl/curl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "lib/file.h"
#include "lib/log.h"

#define SYSTEM "/etc/ssl/certs"

typedef int load_fn(X509_STORE *store, const char *path);

static int load_certificate(X509_STORE *store, const char *path)
{
    return X509_STORE_load_file(store, path);
}

static int load_crl(X509_STORE *store, const char *path)
{
    X509_LOOKUP *lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());

    X509_STORE_set_flags(store,
                         X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    return lookup && X509_load_crl_file(lookup, path, X509_FILETYPE_PEM) > 0;
}

/* All that can be used; false: there was more. */
static bool load_all(X509_STORE *store, const char *state, const char *folder,
                     load_fn *load)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *path = pool_printf(p, "%s/%s", state, folder);
    bool all = true;
    char **names;
    size_t n = 0;

    if (file_exists(path))
        err_drop(file_list(p, path, &names, &n), "it is the daemon's own");
    for (size_t i = 0; i < n; i++) {
        const char *file = pool_printf(p, "%s/%s", path, names[i]);

        if (!text_has_suffix(file, TRUST_SUFFIX) || load(store, file))
            continue;
        log_warning("trust", "'%s' cannot be used", file);
        all = false;
    }
    ERR_clear_error();
    return all;
}

/* Not every authority has a list here. */
static int without_list(int good, X509_STORE_CTX *ctx)
{
    if (good || X509_STORE_CTX_get_error(ctx) != X509_V_ERR_UNABLE_TO_GET_CRL)
        return good;
    X509_STORE_CTX_set_error(ctx, X509_V_OK);
    return 1;
}

static CURLcode prepare(CURL *curl, void *ssl_ctx, void *arg)
{
    X509_STORE *store = SSL_CTX_get_cert_store(ssl_ctx);
    const struct trust *t = arg;

    (void)curl;
    (void)load_all(store, t->state, TRUST_CERTIFICATES, load_certificate);
    X509_STORE_set_verify_cb(store, without_list);
    return load_all(store, t->state, TRUST_CRLS, load_crl)
               ? CURLE_OK
               : CURLE_SSL_CRL_BADFILE;
}

void trust_use(const struct trust *t, void *curl)
{
    curl_easy_setopt(curl, CURLOPT_CAPATH, SYSTEM);
    if (t->file)
        curl_easy_setopt(curl, CURLOPT_CAINFO, t->file);
    if (!t->state)
        return;
    curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, prepare);
    curl_easy_setopt(curl, CURLOPT_SSL_CTX_DATA, (void *)t);
}
