/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fetch: see fetch.h. libcurl pushes, who reads pulls: what comes is in a
 * buffer, and while that is full the transfer is paused. */
#include "xapi/call/fetch.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
    fetch_fail_fn *fail;
    const char *shown;
    int from;     /* what it sends, or -1 */
    double moved; /* when something came or went */
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

static size_t give(char *into, size_t one, size_t n, void *arg)
{
    struct fetch *f = arg;
    ssize_t got = read(f->from, into, one * n);

    f->moved = clock_now();
    return got < 0 ? CURL_READFUNC_ABORT : (size_t)got;
}

/* For another address that the server has sent it to. */
static int rewind_to(void *arg, curl_off_t at, int whence)
{
    const struct fetch *f = arg;

    return lseek(f->from, at, whence) < 0 ? CURL_SEEKFUNC_FAIL
                                          : CURL_SEEKFUNC_OK;
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
    f->fail = err_IMPORT_ERROR;
    f->from = -1;
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
    return f->fail(pool_printf(f->pool, "%s: %s", f->shown, why));
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

    if (f->from >= 0 ? status / 100 == 2 : status == 200)
        return NULL;
    return failed(f,
                  pool_printf(f->pool, "the server has answered %ld", status));
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
    int n;

    f->moved = clock_now();
    for (;;) {
        TRY(job_sleep(0));
        curl_multi_perform(f->multi, &n);
        TRY(check_end(f));
        if (f->len || f->over)
            return check_status(f);
        if (clock_now() > f->moved + (double)f->how->seconds)
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

/* What the server says to it is of no interest. */
static struct err *put(struct fetch *f)
{
    curl_off_t size = lseek(f->from, 0, SEEK_END);

    lseek(f->from, 0, SEEK_SET);
    curl_easy_setopt(f->easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(f->easy, CURLOPT_INFILESIZE_LARGE, size);
    curl_easy_setopt(f->easy, CURLOPT_READFUNCTION, give);
    curl_easy_setopt(f->easy, CURLOPT_READDATA, f);
    curl_easy_setopt(f->easy, CURLOPT_SEEKFUNCTION, rewind_to);
    curl_easy_setopt(f->easy, CURLOPT_SEEKDATA, f);
    while (!f->over)
        TRY(refill(f));
    return NULL;
}

struct err *fetch_put(struct pool *p, const struct fetch_how *how,
                      const char *url, int fd, fetch_fail_fn *fail)
{
    struct fetch *f;
    struct err *e;

    TRY(fetch_open(p, how, url, &f));
    f->from = fd;
    f->fail = fail;
    e = put(f);
    fetch_close(f);
    return e;
}

uint64_t fetch_length(const struct fetch *f)
{
    curl_off_t n = -1;

    curl_easy_getinfo(f->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &n);
    return n > 0 ? (uint64_t)n : 0;
}
