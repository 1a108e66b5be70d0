/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xs: the functions of <xenstore.h> for static programs, in the place of
 * libxenstore, whose static build has no reader thread and then takes a watch
 * event that comes before an answer for a failure (EINVAL). libxl and xl's
 * console and keeper use it; one handle is for one thread.
 */
#include <stdio.h>
#include <string.h>

#include "lib/str.h"
#include "xenstore/listing.h"
#include "xenstore/xs_transaction.h"

#define WORDS_MAX 256

struct xs_handle *xs_open(unsigned long flags)
{
    (void)flags;
    return xs_conn_open();
}

void xs_close(struct xs_handle *h)
{
    if (h)
        xs_transaction_forget(take_ptr(h->transaction));
    xs_conn_close(h);
}

void xs_daemon_destroy_postfork(struct xs_handle *h)
{
    xs_close(h);
}

int xs_fileno(struct xs_handle *h)
{
    return h->poll;
}

/* A request and its answer's text, malloc'd, or NULL and errno. */
static char *ask(struct xs_handle *h, xs_transaction_t t,
                 const struct xs_request *r, size_t *ret_len)
{
    uint32_t tx = t;

    if (h->transaction && t == XS_TRANSACTION_KEPT &&
        !xs_transaction_read(h, &tx))
        return NULL;
    return xs_conn_ask(h, tx, r, ret_len);
}

static bool tell(struct xs_handle *h, xs_transaction_t t,
                 const struct xs_request *r)
{
    char *text;

    if (h->transaction && t == XS_TRANSACTION_KEPT)
        return xs_transaction_add(h, r);
    text = xs_conn_ask(h, t, r, NULL);
    free(text);
    return text;
}

/* ---- nodes --------------------------------------------------------------- */

void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path,
              unsigned int *len)
{
    const struct xs_request r = {.type = XS_READ, .word = path};
    size_t n = 0;
    char *text = ask(h, t, &r, &n);

    if (text && len)
        *len = (unsigned)n;
    return text;
}

bool xs_write(struct xs_handle *h, xs_transaction_t t, const char *path,
              const void *data, unsigned int len)
{
    const struct xs_request r = {XS_WRITE, path, data, len};

    return tell(h, t, &r);
}

bool xs_mkdir(struct xs_handle *h, xs_transaction_t t, const char *path)
{
    const struct xs_request r = {.type = XS_MKDIR, .word = path};

    return tell(h, t, &r);
}

bool xs_rm(struct xs_handle *h, xs_transaction_t t, const char *path)
{
    const struct xs_request r = {.type = XS_RM, .word = path};

    return tell(h, t, &r);
}

/* NUL-ended words as one malloc'd block: pointers, then the words. */
static char **as_list(const char *text, size_t len, unsigned *ret_n)
{
    unsigned n = 0, i = 0;
    char **list, *words;

    for (size_t at = 0; at < len; at++)
        n += !text[at];
    list = xcalloc(1, (n + 1) * sizeof(*list) + len + 1);
    words = (char *)(list + n + 1);
    memcpy(words, text, len);
    for (size_t at = 0; i < n; at += strlen(words + at) + 1)
        list[i++] = words + at;
    *ret_n = n;
    return list;
}

/* A listing of more than one frame. */
static char *list_in_parts(struct xs_handle *h, xs_transaction_t t,
                           const char *path, size_t *ret_len)
{
    struct listing l AUTO(listing_done);
    bool whole = false;

    listing_init(&l);
    while (!whole) {
        char offset[24];
        struct xs_request r = {XS_DIRECTORY_PART, path, offset, 0};
        struct frame f = {.type = XS_DIRECTORY_PART};
        AUTO_FREE char *piece = NULL;
        struct err *e;

        r.len =
            (size_t)snprintf(offset, sizeof(offset), "%zu", l.names.len) + 1;
        f.data = piece = ask(h, t, &r, &f.len);
        if (!piece)
            return NULL;
        e = listing_take(&l, &f, &whole);
        err_drop(e, "callers of libxenstore look at errno");
        errno = e ? EIO : l.errnum;
        if (errno)
            return NULL;
    }
    *ret_len = l.names.len;
    return str_take(&l.names);
}

char **xs_directory(struct xs_handle *h, xs_transaction_t t, const char *path,
                    unsigned int *num)
{
    const struct xs_request r = {.type = XS_DIRECTORY, .word = path};
    size_t len = 0;
    AUTO_FREE char *text = ask(h, t, &r, &len);

    if (!text && errno == E2BIG)
        text = list_in_parts(h, t, path, &len);
    return text ? as_list(text, len, num) : NULL;
}

static char perm_letter(unsigned perms)
{
    return "nrwb"[perms & (XS_PERM_READ | XS_PERM_WRITE)];
}

bool xs_set_permissions(struct xs_handle *h, xs_transaction_t t,
                        const char *path, struct xs_permissions *perms,
                        unsigned int num_perms)
{
    char words[WORDS_MAX];
    struct xs_request r = {XS_SET_PERMS, path, words, 0};

    for (unsigned i = 0; i < num_perms && r.len < sizeof(words); i++)
        r.len += (size_t)snprintf(words + r.len, sizeof(words) - r.len, "%c%u",
                                  perm_letter(perms[i].perms), perms[i].id) +
                 1;
    if (r.len <= sizeof(words))
        return tell(h, t, &r);
    errno = EINVAL;
    return false;
}

static unsigned perm_bits(char letter)
{
    const char *letters = "nrwb", *at = strchr(letters, letter);

    return at ? (unsigned)(at - letters) : 0;
}

struct xs_permissions *xs_get_permissions(struct xs_handle *h,
                                          xs_transaction_t t, const char *path,
                                          unsigned int *num)
{
    const struct xs_request r = {.type = XS_GET_PERMS, .word = path};
    struct xs_permissions *perms;
    size_t len = 0;
    AUTO_FREE char *text = ask(h, t, &r, &len);
    AUTO_FREE char **words = NULL;

    if (!text)
        return NULL;
    words = as_list(text, len, num);
    perms = xcalloc(*num + 1, sizeof(*perms));
    for (unsigned i = 0; i < *num; i++) {
        perms[i].perms = perm_bits(words[i][0]);
        perms[i].id = (unsigned)strtoul(words[i] + 1, NULL, 10);
    }
    return perms;
}

/* ---- transactions -------------------------------------------------------- */

xs_transaction_t xs_transaction_start(struct xs_handle *h)
{
    const struct xs_request r = {.type = XS_TRANSACTION_START, .word = ""};
    AUTO_FREE char *text = NULL;

    if (xs_transaction_keep(h))
        return XS_TRANSACTION_KEPT;
    text = xs_conn_ask(h, XBT_NULL, &r, NULL);
    return text ? (xs_transaction_t)strtoul(text, NULL, 10) : XBT_NULL;
}

bool xs_transaction_end(struct xs_handle *h, xs_transaction_t t, bool abort)
{
    const struct xs_request r = {.type = XS_TRANSACTION_END,
                                 .word = abort ? "F" : "T"};

    if (h->transaction && t == XS_TRANSACTION_KEPT)
        return xs_transaction_done(h, abort);
    return tell(h, t, &r);
}

/* ---- watches ------------------------------------------------------------- */

static bool tell_watch(struct xs_handle *h, uint32_t type, const char *path,
                       const char *token)
{
    const struct xs_request r = {type, path, token, strlen(token) + 1};

    return tell(h, XBT_NULL, &r);
}

bool xs_watch(struct xs_handle *h, const char *path, const char *token)
{
    return tell_watch(h, XS_WATCH, path, token);
}

bool xs_unwatch(struct xs_handle *h, const char *path, const char *token)
{
    return tell_watch(h, XS_UNWATCH, path, token);
}

static char **next_event(struct xs_handle *h, unsigned *num)
{
    AUTO_FREE struct xs_event *e = xs_conn_event(h);

    return as_list(e->text, e->len, num);
}

char **xs_check_watch(struct xs_handle *h)
{
    unsigned n;

    if (!h->first && !xs_conn_listen(h, false))
        return NULL;
    if (h->first)
        return next_event(h, &n);
    errno = EAGAIN;
    return NULL;
}

char **xs_read_watch(struct xs_handle *h, unsigned int *num)
{
    while (!h->first)
        if (!xs_conn_listen(h, true))
            return NULL;
    return next_event(h, num);
}

/* ---- domains ------------------------------------------------------------- */

static char *ask_numbers(struct xs_handle *h, uint32_t type,
                         const unsigned long *numbers, int n)
{
    char first[24], others[48];
    struct xs_request r = {type, first, others, 0};

    snprintf(first, sizeof(first), "%lu", numbers[0]);
    for (int i = 1; i < n; i++)
        r.len += (size_t)snprintf(others + r.len, sizeof(others) - r.len, "%lu",
                                  numbers[i]) +
                 1;
    return xs_conn_ask(h, XBT_NULL, &r, NULL);
}

static bool tell_numbers(struct xs_handle *h, uint32_t type,
                         const unsigned long *numbers, int n)
{
    char *text = ask_numbers(h, type, numbers, n);

    free(text);
    return text;
}

bool xs_introduce_domain(struct xs_handle *h, unsigned int domid,
                         unsigned long mfn, unsigned int eventchn)
{
    return tell_numbers(h, XS_INTRODUCE,
                        (unsigned long[]){domid, mfn, eventchn}, 3);
}

bool xs_set_target(struct xs_handle *h, unsigned int domid, unsigned int target)
{
    return tell_numbers(h, XS_SET_TARGET, (unsigned long[]){domid, target}, 2);
}

bool xs_resume_domain(struct xs_handle *h, unsigned int domid)
{
    return tell_numbers(h, XS_RESUME, (unsigned long[]){domid}, 1);
}

bool xs_release_domain(struct xs_handle *h, unsigned int domid)
{
    return tell_numbers(h, XS_RELEASE, (unsigned long[]){domid}, 1);
}

/* Both daemons answer that, whether there is such a domain or not; a create
 * asks thirty times. */
char *xs_get_domain_path(struct xs_handle *h, unsigned int domid)
{
    char path[40];

    (void)h;
    snprintf(path, sizeof(path), "/local/domain/%u", domid);
    return xstrdup(path);
}

bool xs_is_domain_introduced(struct xs_handle *h, unsigned int domid)
{
    AUTO_FREE char *text =
        ask_numbers(h, XS_IS_DOMAIN_INTRODUCED, (unsigned long[]){domid}, 1);

    return text && !strcmp(text, "T");
}

bool xs_path_is_subpath(const char *parent, const char *child)
{
    size_t len = strlen(parent);

    return !strncmp(parent, child, len) && (!child[len] || child[len] == '/');
}

int xs_suspend_evtchn_port(int domid)
{
    char path[64];
    struct xs_handle *h = xs_open(0);
    AUTO_FREE char *text = NULL;

    if (!h)
        return -1;
    snprintf(path, sizeof(path),
             "/local/domain/%d/device/suspend/event-channel", domid);
    text = xs_read(h, XBT_NULL, path, NULL);
    xs_close(h);
    /* guests without one leave the node empty */
    return text && *text ? (int)strtol(text, NULL, 10) : -1;
}
