/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fetch: see fetch.h. libcurl pushes, who reads pulls: what comes is in a
 * buffer, and while that is full the transfer is paused. */
#include "xapi/call/fetch.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/str.h"
#include "xapi/model/errors_gen.h"
#include "xapi/call/job.h"

/* libcurl gives CURL_MAX_WRITE_SIZE at the most. */
#define BUFFER (256u << 10)
#define REDIRECTIONS 10
#define CONNECT_SECONDS 30
#define LOOK_SECONDS 0.5 /* between looks whether to stop */

struct fetch {
    struct pool *pool;
    const struct fetch_how *how;
    const char *shown;
    CURL *easy;
    CURLM *multi;
    char error[CURL_ERROR_SIZE];
    char *buffer;
    size_t at, len;    /* what is in it and not read yet */
    bool paused, over; /* over: all that comes is in the buffer */
};

/* ---- the URL ------------------------------------------------------------- */

static const char *part(struct pool *p, CURLU *url, CURLUPart what)
{
    const char *copy = NULL;
    char *text = NULL;

    if (curl_url_get(url, what, &text, 0) == CURLUE_OK)
        copy = pool_str(p, text);
    curl_free(text);
    return copy ? copy : "";
}

static struct err *read_url(struct pool *p, CURLU *url, const char *text,
                            const char **ret_shown)
{
    const char *scheme, *port;

    if (strlen(text) > FETCH_URL_MAX)
        return err_INVALID_VALUE("url", "it is too long");
    if (curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK)
        return err_INVALID_VALUE("url", "it is no URL");
    scheme = part(p, url, CURLUPART_SCHEME);
    port = part(p, url, CURLUPART_PORT);
    if (strcmp(scheme, "http") && strcmp(scheme, "https"))
        return err_INVALID_VALUE("url", "it is neither of http nor of https");
    *ret_shown =
        pool_printf(p, "%s://%s%s%s%s", scheme, part(p, url, CURLUPART_HOST),
                    *port ? ":" : "", port, part(p, url, CURLUPART_PATH));
    return NULL;
}

struct err *fetch_check(struct pool *p, const char *url, const char **ret_shown)
{
    CURLU *parsed = curl_url();
    struct err *e;

    if (!parsed)
        abort();
    e = read_url(p, parsed, url, ret_shown);
    curl_url_cleanup(parsed);
    return e;
}

/* ---- the transfer -------------------------------------------------------- */

static size_t receive(char *bytes, size_t one, size_t n, void *arg)
{
    struct fetch *f = arg;
    size_t more = one * n;

    if (more > BUFFER - f->len) {
        f->paused = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    memcpy(f->buffer + f->len, bytes, more);
    f->len += more;
    return more;
}

static void set_up(struct fetch *f, const char *url)
{
    const char *schemes =
        text_has_prefix(f->shown, "https:") ? "https" : "http,https";
    CURL *c = f->easy;

    curl_easy_setopt(c, CURLOPT_URL, url);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, schemes);
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(c, CURLOPT_MAXREDIRS, (long)REDIRECTIONS);
    curl_easy_setopt(c, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
    curl_easy_setopt(c, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_USERAGENT, "xapid");
    trust_use(&f->how->trust, c);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, f->error);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, f);
}

struct err *fetch_open(struct pool *p, const struct fetch_how *how,
                       const char *url, struct fetch **ret)
{
    struct fetch *f = pool_new_of(p, struct fetch);

    TRY(fetch_check(p, url, &f->shown));
    f->pool = p;
    f->how = how;
    f->easy = curl_easy_init();
    f->multi = curl_multi_init();
    if (!f->easy || !f->multi)
        abort();
    f->buffer = pool_alloc(p, BUFFER);
    set_up(f, url);
    curl_multi_add_handle(f->multi, f->easy);
    *ret = f;
    return NULL;
}

void fetch_close(struct fetch *f)
{
    curl_multi_remove_handle(f->multi, f->easy);
    curl_easy_cleanup(f->easy);
    curl_multi_cleanup(f->multi);
}

static struct err *failed(const struct fetch *f, const char *why)
{
    return err_IMPORT_ERROR(pool_printf(f->pool, "%s: %s", f->shown, why));
}

static long status_of(const struct fetch *f)
{
    long status = 0;

    curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

/* An answer that is no error but not the file either. */
static struct err *check_status(const struct fetch *f)
{
    long status = status_of(f);

    return status == 200
               ? NULL
               : failed(f, pool_printf(f->pool, "the server has answered %ld",
                                       status));
}

static struct err *check_end(struct fetch *f)
{
    const CURLMsg *m;
    int n;

    while ((m = curl_multi_info_read(f->multi, &n))) {
        CURLcode status = m->data.result;

        if (m->msg != CURLMSG_DONE)
            continue;
        if (status != CURLE_OK)
            return failed(f, *f->error ? f->error : curl_easy_strerror(status));
        f->over = true;
    }
    return NULL;
}

/* Until there is something. */
static struct err *await(struct fetch *f)
{
    double end = clock_now() + (double)f->how->seconds;
    int n;

    for (;;) {
        TRY(job_sleep(0));
        curl_multi_perform(f->multi, &n);
        TRY(check_end(f));
        if (f->len || f->over)
            return check_status(f);
        if (clock_now() > end)
            return failed(f, "the server is silent");
        curl_multi_poll(f->multi, NULL, 0, (int)(LOOK_SECONDS * 1000), NULL);
    }
}

static struct err *refill(struct fetch *f)
{
    f->at = f->len = 0;
    if (f->paused) {
        f->paused = false;
        curl_easy_pause(f->easy, CURLPAUSE_CONT);
    }
    return await(f);
}

struct err *fetch_read(struct fetch *f, void *into, size_t len, size_t *ret)
{
    size_t done = 0, n;

    while (done < len) {
        if (f->at == f->len && !f->over)
            TRY(refill(f));
        n = f->len - f->at < len - done ? f->len - f->at : len - done;
        if (!n)
            break;
        memcpy((char *)into + done, f->buffer + f->at, n);
        f->at += n;
        done += n;
    }
    *ret = done;
    return NULL;
}

uint64_t fetch_length(const struct fetch *f)
{
    curl_off_t n = -1;

    curl_easy_getinfo(f->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &n);
    return n > 0 ? (uint64_t)n : 0;
}
