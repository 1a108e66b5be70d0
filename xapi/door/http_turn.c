/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * http_turn: whose request is next. A client is an address (or a user of this
 * machine) and who it has logged in as, however many connections it opens.
 * Requests that are whole wait with their client; the one that has had least so
 * far is next, by the time that its requests took. Where more than one client
 * is busy, the loop looks for new requests after each.
 */
#include <string.h>

#include "lib/clock.h"
#include "xapi/door/http_conn.h"

/* What a request costs at the least: small ones count alike. */
#define COST_MIN 50e-6
/* How long one client alone is served before the loop looks for others ... */
#define SLICE 500e-6
/* ... and how long others count as there after a request. */
#define RECENT 0.01

/* How long answers that are made are held, while others are being made. */
#define HOLD 100e-6

struct client {
    struct hash_node node;
    TAILQ_ENTRY(client) busy; /* those with requests that wait */
    struct conn_list queue;
    char address[INET6_ADDRSTRLEN];
    uid_t uid;
    char *user;
    unsigned n_conns, n_users; /* connections, and who else has it in hand */
    double had;                /* seconds, of all clients' common time */
};

/* ---- clients ------------------------------------------------------------- */

static uint32_t hash_client(const struct http_peer *peer, const char *user)
{
    return hash_bytes(peer->uid, peer->address, strlen(peer->address)) ^
           hash_bytes(0, user, strlen(user));
}

/* In hand: put_client. */
static struct client *get_client(struct http *h, const struct http_peer *peer,
                                 const char *user)
{
    uint32_t hash = hash_client(peer, user);
    struct hash_node *node = hash_first(&h->clients, hash);
    struct client *k;

    for (; (k = hash_entry(node, struct client, node)); node = hash_next(node))
        if (k->uid == peer->uid && !strcmp(k->address, peer->address) &&
            !strcmp(k->user, user)) {
            k->n_users++;
            return k;
        }
    k = xcalloc(1, sizeof(*k));
    k->uid = peer->uid;
    memcpy(k->address, peer->address, sizeof(k->address));
    k->user = xstrdup(user);
    k->n_users = 1;
    TAILQ_INIT(&k->queue);
    hash_add(&h->clients, &k->node, hash);
    return k;
}

static void put_client(struct http *h, struct client *k)
{
    if (--k->n_users)
        return;
    if (h->last_client == k)
        h->last_client = NULL;
    hash_remove(&h->clients, &k->node);
    free(k->user);
    free(k);
}

void conn_leave(struct conn *c)
{
    struct http *h = c->http;
    struct client *k = take_ptr(c->client);

    if (c->state == CONN_TURN) {
        TAILQ_REMOVE(&k->queue, c, turn);
        if (TAILQ_EMPTY(&k->queue))
            TAILQ_REMOVE(&h->busy, k, busy);
    }
    k->n_conns--;
    put_client(h, k);
}

/* True when there is room for one more of K, for which its longest idle one may
 * have been closed. */
static bool make_room(struct http *h, const struct client *k)
{
    struct conn *c;

    if (k->n_conns < h->limits.client_connections)
        return true;
    TAILQ_FOREACH(c, &h->waiting, waiting)
    {
        if (c->client == k) {
            conn_free(c);
            return true;
        }
    }
    return false;
}

bool conn_enter(struct conn *c, const char *user)
{
    struct client *k = get_client(c->http, &c->peer, user);
    bool room = make_room(c->http, k);

    if (c->client)
        conn_leave(c);
    c->client = k;
    k->n_conns++;
    return room;
}

void http_name_client(struct http_request *pub, const char *user)
{
    struct request *r = (struct request *)pub;
    struct conn *c = r->conn;

    if (c && strcmp(c->client->user, user) && !conn_enter(c, user))
        r->close = true;
}

/* ---- turns --------------------------------------------------------------- */

void http_turn_again(struct http *h)
{
    static const struct timeval at_once = {0};

    event_add(h->turn, &at_once);
}

/* Called with a request that is whole. What was active in the loop before is
 * done before the turn is: all that came together is queued together. */
void conn_queue(struct conn *c)
{
    struct http *h = c->http;
    struct client *k = c->client;

    conn_set_state(c, CONN_TURN);
    conn_set_deadline(c, 0);
    if (h->last_client != k) {
        h->last_client = k;
        h->switched = clock_now();
    }
    if (TAILQ_EMPTY(&k->queue)) {
        if (k->had < h->had)
            k->had = h->had;
        TAILQ_INSERT_TAIL(&h->busy, k, busy);
    }
    TAILQ_INSERT_TAIL(&k->queue, c, turn);
    event_active(h->turn, EV_TIMEOUT, 0);
}

static struct client *least_served(struct http *h)
{
    struct client *least = TAILQ_FIRST(&h->busy), *k;

    TAILQ_FOREACH(k, &h->busy, busy)
    {
        if (k->had < least->had)
            least = k;
    }
    return least;
}

/* The handler may free the connection, and the client with it. */
static double serve(struct http *h, struct client *k, double now)
{
    struct conn *c = TAILQ_FIRST(&k->queue);
    double end;

    TAILQ_REMOVE(&k->queue, c, turn);
    TAILQ_REMOVE(&h->busy, k, busy);
    if (!TAILQ_EMPTY(&k->queue))
        TAILQ_INSERT_TAIL(&h->busy, k, busy);
    h->had = k->had;
    k->n_users++;
    conn_dispatch(c);
    end = clock_now();
    k->had += end - now > COST_MIN ? end - now : COST_MIN;
    put_client(h, k);
    return end;
}

/* SERVED: this turn has. What is held is handed over together with what the
 * next turn adds, if that is soon and there is any. */
static void hand_over(struct http *h, bool served, double now)
{
    if (TAILQ_EMPTY(&h->held))
        return;
    if (served && now - h->held_since < HOLD)
        http_turn_again(h);
    else
        http_hand_over(h);
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
    struct http *h = arg;
    double begin = clock_now(), now = begin;
    bool alone = begin - h->switched > RECENT;
    struct client *k;

    (void)fd;
    (void)what;
    while ((k = least_served(h))) {
        now = serve(h, k, now);
        if (!alone || now - begin > SLICE)
            break;
    }
    hand_over(h, now > begin, now);
    if (!TAILQ_EMPTY(&h->busy))
        http_turn_again(h);
}

void http_turns_init(struct http *h)
{
    TAILQ_INIT(&h->busy);
    h->turn = evtimer_new(h->base, on_turn, h);
    if (!h->turn)
        abort();
}

void http_turns_done(struct http *h)
{
    event_free(h->turn);
    hash_done(&h->clients);
}
