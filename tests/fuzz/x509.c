/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * x509: PEM that somebody sends. The input is a server's certificate, its key
 * and its chain, with NULs between. What is taken can be taken again, and what
 * is said to be a certificate alone has no key in it.
 */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "xapi/call/x509.h"

static void read_one(const char *text)
{
    AUTO_STR struct str pem = STR_INIT(STR_MAX), again = STR_INIT(STR_MAX);
    struct x509_facts facts, same;
    struct err *e = x509_read(text, strlen(text), &facts, &pem);

    if (e) {
        err_free(e);
        return;
    }
    fuzz_must(!strstr(str_text(&pem), "PRIVATE KEY"), "no key is given away");
    e = x509_read(str_text(&pem), pem.len, &same, &again);
    fuzz_must(!e, "it can be read again");
    fuzz_must(!strcmp(facts.sha256, same.sha256) &&
                  facts.not_after == same.not_after &&
                  !strcmp(str_text(&pem), str_text(&again)),
              "and is the same");
}

static void read_crl(const char *text)
{
    AUTO_STR struct str pem = STR_INIT(STR_MAX), again = STR_INIT(STR_MAX);

    if (!x509_read_crl(text, strlen(text), &pem))
        return;
    fuzz_must(x509_read_crl(str_text(&pem), pem.len, &again) &&
                  !strcmp(str_text(&pem), str_text(&again)),
              "a list is the same again");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_STR struct str file = STR_INIT(STR_MAX);
    const char *cert = pool_strn(p, (const char *)data, size);
    const char *end = cert + size;
    const char *key = cert + strlen(cert) < end ? cert + strlen(cert) + 1 : end;
    const char *chain = key + strlen(key) < end ? key + strlen(key) + 1 : end;
    struct x509_facts facts;
    struct err *e;

    read_one(cert);
    read_crl(cert);
    e = x509_check_server(cert, key, chain, &facts, &file);
    if (!e)
        read_one(str_text(&file));
    err_free(e);
    return 0;
}
