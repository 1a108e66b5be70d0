/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* post: see post.h. */
#include "xapi/door/post.h"

#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>

#include "lib/str.h"

TAILQ_HEAD(letter_list, letter);

struct post {
    pthread_mutex_t mutex; /* of all that is here */
    pthread_cond_t some_done;
    struct letter_list letters; /* that wait, in the order of their gates */
    uint64_t open;
    unsigned n_senders, n_takers; /* n_takers: who wait for some_done */
};

static void send_letter(struct letter *l)
{
    ssize_t n = send(l->fd, l->text, l->len, MSG_NOSIGNAL | MSG_DONTWAIT);

    l->sent = n > 0 ? (size_t)n : 0;
    l->broken = n < 0 && errno != EAGAIN && errno != EINTR;
    atomic_store(&l->done, true);
}

static bool take_open(struct post *p, struct letter_list *ret)
{
    struct letter *l;

    TAILQ_INIT(ret);
    while ((l = TAILQ_FIRST(&p->letters)) && l->gate <= p->open) {
        TAILQ_REMOVE(&p->letters, l, all);
        TAILQ_INSERT_TAIL(ret, l, all);
        l->waits = false;
    }
    return !TAILQ_EMPTY(ret);
}

static void send_all(struct letter_list *list)
{
    struct letter *next;

    for (struct letter *l = TAILQ_FIRST(list); l; l = next) {
        next = TAILQ_NEXT(l, all);
        send_letter(l); /* which may be gone then */
    }
}

/* With the mutex held, which it gives up while it sends. */
static void send_open(struct post *p)
{
    struct letter_list list;

    p->n_senders++;
    while (take_open(p, &list)) {
        pthread_mutex_unlock(&p->mutex);
        send_all(&list);
        pthread_mutex_lock(&p->mutex);
        if (p->n_takers)
            pthread_cond_broadcast(&p->some_done);
    }
    p->n_senders--;
}

void post_open(struct post *p, uint64_t gate)
{
    pthread_mutex_lock(&p->mutex);
    if (p->open < gate)
        p->open = gate;
    send_open(p);
    pthread_mutex_unlock(&p->mutex);
}

void post_add(struct post *p, struct letter *l)
{
    pthread_mutex_lock(&p->mutex);
    TAILQ_INSERT_TAIL(&p->letters, l, all);
    l->waits = true;
    if (!p->n_senders)
        send_open(p);
    pthread_mutex_unlock(&p->mutex);
}

bool post_take_back(struct post *p, struct letter *l)
{
    bool waits;

    pthread_mutex_lock(&p->mutex);
    waits = l->waits;
    if (waits)
        TAILQ_REMOVE(&p->letters, l, all);
    p->n_takers++;
    while (!waits && !atomic_load(&l->done))
        pthread_cond_wait(&p->some_done, &p->mutex);
    p->n_takers--;
    pthread_mutex_unlock(&p->mutex);
    return waits;
}

struct post *post_new(void)
{
    struct post *p = xcalloc(1, sizeof(*p));

    pthread_mutex_init(&p->mutex, NULL);
    pthread_cond_init(&p->some_done, NULL);
    TAILQ_INIT(&p->letters);
    return p;
}

void post_free(struct post *p)
{
    if (!p)
        return;
    pthread_mutex_destroy(&p->mutex);
    pthread_cond_destroy(&p->some_done);
    free(p);
}
