/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* remote: see remote.h. */
#include "xapi/call/remote.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/str.h"
#include "xapi/door/body.h"
#include "xapi/model/errors_gen.h"
#include "xapi/call/job.h"
#include "xapi/door/xmlrpc.h"

#define ADDRESS_MAX 300
#define ANSWER_MAX (16u << 20)
#define CONNECT_SECONDS 15
#define SECONDS 60 /* for one call */

struct remote {
    struct pool *pool;
    const char *url, *session;
    const struct trust *trust; /* NULL: any */
};

/* ---- one request --------------------------------------------------------- */

static size_t receive(char *bytes, size_t one, size_t n, void *arg)
{
    struct str *answer = arg;

    str_addn(answer, bytes, one * n);
    return str_full(answer) ? 0 : one * n;
}

/* Often enough: libcurl asks it each second, and whenever something comes. */
static int look(void *arg, curl_off_t a, curl_off_t b, curl_off_t c,
                curl_off_t d)
{
    struct err **cancelled = arg;

    (void)a, (void)b, (void)c, (void)d;
    if (!*cancelled)
        *cancelled = job_sleep(0);
    return *cancelled != NULL;
}

static void set_up(CURL *c, const struct remote *r, struct curl_slist *headers,
                   const struct str *question)
{
    curl_easy_setopt(c, CURLOPT_URL, r->url);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
    curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)SECONDS);
    curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, r->trust ? 1L : 0L);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, r->trust ? 2L : 0L);
    if (r->trust)
        trust_use(r->trust, c);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)question->len);
    curl_easy_setopt(c, CURLOPT_POSTFIELDS, str_text(question));
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, look);
    curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
}

static struct err *no_connection(const struct remote *r, const char *why)
{
    log_warning("pool", "%s: %s", r->url, why);
    return err_JOINING_HOST_CONNECTION_FAILED();
}

static struct err *no_service(const struct remote *r, const char *why)
{
    log_warning("pool", "%s: %s", r->url, why);
    return err_JOINING_HOST_SERVICE_FAILED();
}

/* What comes, comes whole or not at all. */
static struct err *post(const struct remote *r, const struct str *question,
                        struct str *answer)
{
    struct curl_slist *headers =
        curl_slist_append(NULL, "Content-Type: text/xml");
    struct err *cancelled = NULL;
    CURL *c = curl_easy_init();
    long http = 0;
    CURLcode status;

    if (!c || !headers)
        abort();
    set_up(c, r, headers, question);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, answer);
    curl_easy_setopt(c, CURLOPT_XFERINFODATA, &cancelled);
    status = curl_easy_perform(c);
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &http);
    curl_easy_cleanup(c);
    curl_slist_free_all(headers);
    if (cancelled)
        return cancelled;
    if (str_full(answer))
        return no_service(r, "the answer is too long");
    if (status != CURLE_OK)
        return no_connection(r, curl_easy_strerror(status));
    return http == 200 ? NULL
                       : no_service(r, pool_printf(r->pool, "HTTP %ld", http));
}

/* ---- one call ------------------------------------------------------------ */

static struct err *failure(const struct remote *r, const struct value *said)
{
    const char **words = NULL;
    size_t n = 0;

    for (const struct value *v = said->kids.first; v; v = v->next)
        *pool_push(r->pool, words, n) = v->s.text;
    return err_code(words[0], words + 1, n - 1);
}

static struct err *call(const struct remote *r, const char *method,
                        const struct value *args, const struct value **ret)
{
    AUTO_BODY struct body body = BODY_INIT;
    AUTO_STR struct str question = STR_INIT(STR_MAX);
    AUTO_STR struct str answer = STR_INIT(ANSWER_MAX);
    struct value *result = NULL, *failed = NULL;
    struct err *e;

    codec_xmlrpc.write_call(&body, method, args);
    body_flatten(&body, &question);
    TRY(post(r, &question, &answer));
    e = codec_xmlrpc.parse_answer(r->pool, str_text(&answer), answer.len,
                                  &result, &failed);
    if (e) {
        err_drop(e, "it speaks of something else");
        return no_service(r, "the answer is none of XenAPI");
    }
    if (failed)
        return failure(r, failed);
    *ret = result;
    return NULL;
}

struct err *remote_call(struct remote *r, const char *method,
                        const struct value **ret)
{
    struct value *args = value_list(r->pool);

    value_append(args, value_string(r->pool, r->session));
    return call(r, method, args, ret);
}

/* ---- the session --------------------------------------------------------- */

/* An IPv6 address by itself is put in brackets. */
static const char *host_of(struct pool *p, const char *address)
{
    const char *colon = strchr(address, ':');

    return colon && strchr(colon + 1, ':') && *address != '['
               ? pool_printf(p, "[%s]", address)
               : address;
}

static bool is_address(const char *s)
{
    return *s && strlen(s) <= ADDRESS_MAX &&
           !s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                        "0123456789-_.:[]%")];
}

struct err *remote_login(struct pool *p, const struct remote_to *to,
                         struct remote **ret)
{
    struct remote *r = pool_new_of(p, struct remote);
    const char *const words[] = {to->user, to->password, "1.0", "xapid"};
    struct value *args = value_list(p);
    const struct value *session = NULL;

    if (!is_address(to->address))
        return err_INVALID_VALUE("master_address", to->address);
    *r = (struct remote){
        .pool = p,
        .url = pool_printf(p, "https://%s/", host_of(p, to->address)),
        .trust = to->trust};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        value_append(args, value_string(p, words[i]));
    TRY(call(r, "session.login_with_password", args, &session));
    if (session->kind != VALUE_STRING)
        return no_service(r, "its session is no string");
    r->session = session->s.text;
    *ret = r;
    return NULL;
}

void remote_logout(struct remote *r)
{
    const struct value *nothing;
    struct err *e = remote_call(r, "session.logout", &nothing);

    if (e)
        err_drop(e, "it ends by itself");
}
