/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* event: what has changed since a token, for whom, and who is woken. */
#include "tests/unit/xapi/db_rig.h"

#include <stdlib.h>

#include "xapi/db/event.h"
#include "xapi/db/row.h"

struct answer {
    struct event_change *list;
    size_t n;
    bool lost;
};

static struct event_filters filters_of(struct pool *p, const char *words)
{
    struct event_filters filters;
    size_t n;
    char **list = text_split(p, words, ' ', &n);

    ok(event_filters_parse(p, (const char *const *)list, n, &filters));
    return filters;
}

static struct answer ask(struct db *db, struct pool *p,
                         struct event_token token, const char *words)
{
    struct event_filters filters = filters_of(p, words);
    struct answer a;

    event_collect(db, p, token, &filters, &a.list, &a.n, &a.lost);
    return a;
}

/* The answer as "add VM-name, mod VM-name, del class" in its order. */
static void assert_events(struct db *db, struct event_token token,
                          const char *words, const char *wanted)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_STR struct str text = STR_INIT(STR_MAX);
    struct answer a = ask(db, p, token, words);

    for (size_t i = 0; i < a.n; i++) {
        const struct model_field *name = a.list[i].class->name_label;
        struct object *o = a.list[i].object;

        str_addf(&text, "%s%s %s", i ? ", " : "", event_op_names[a.list[i].op],
                 o && name ? object_atom(o, name).s : a.list[i].class->name);
    }
    assert_string_equal(a.lost ? "lost" : str_text(&text), wanted);
}

static const struct event_token start = {0, 0};

static void state_not_history(void **state)
{
    AUTO_DB struct db *db = db_new();
    struct object *a = add_vm(db, "a"), *b = add_vm(db, "b"), *c;
    struct event_token token = event_token_now(db);

    (void)state;
    assert_events(db, start, "*", "add a, add b");
    assert_events(db, token, "*", "");
    rename_to(db, a, "a2");
    rename_to(db, a, "a3");
    c = add_vm(db, "c");
    rename_to(db, c, "c2");
    destroy(db, add_vm(db, "made and gone"));
    assert_events(db, token, "vm", "add c2, mod a3");
    destroy(db, b);
    assert_events(db, token, "VM", "add c2, mod a3, del VM");
    assert_events(db, event_token_now(db), "*", "");
    assert_events(db, start, "*", "add a3, add c2");
}

static void deleted_and_made_again_is_modified(void **state)
{
    AUTO_DB struct db *db = db_new();
    struct object *a = add_vm(db, "a");
    AUTO_FREE char *ref = strdup(object_ref(a));
    struct event_token token = event_token_now(db);
    struct txn *txn;

    (void)state;
    destroy(db, a);
    txn = txn_begin(db);
    ok(txn_create(txn, C(VM), ref, NULL, &a));
    set_text(txn, a, VM_name_label, "again");
    txn_commit(txn);
    assert_events(db, token, "*", "add again");
    assert_events(db, token, "vm", "add again");
}

static void both_ends_are_told(void **state)
{
    AUTO_DB struct db *db = db_new();
    struct object *a = add_vm(db, "a"), *b = add_vm(db, "b"), *vbd;
    struct txn *txn = txn_begin(db);
    struct event_token token;

    (void)state;
    vbd = make(txn, C(VBD));
    set_ref(txn, vbd, VBD_VM, a);
    txn_commit(txn);
    token = event_token_now(db);
    txn = txn_begin(db);
    set_ref(txn, vbd, VBD_VM, b);
    txn_commit(txn);
    assert_events(db, token, "*", "mod a, mod b, mod VBD");
    token = event_token_now(db);
    destroy(db, vbd);
    assert_events(db, token, "*", "mod b, del VBD");
    token = event_token_now(db);
    txn = txn_begin(db);
    txn_touch(txn, a);
    txn_commit(txn);
    assert_events(db, token, "*", "mod a");
}

static void aborted_is_nothing(void **state)
{
    AUTO_DB struct db *db = db_new();
    struct object *a = add_vm(db, "a");
    struct event_token token = event_token_now(db);
    struct txn *txn = txn_begin(db);

    (void)state;
    set_text(txn, a, VM_name_label, "b");
    make_vm(txn, "c");
    txn_destroy(txn, a);
    txn_abort(txn);
    assert_events(db, token, "*", "");
}

static void filters(void **state)
{
    AUTO_DB struct db *db = db_new();
    AUTO_POOL struct pool *p = pool_new();
    struct object *a = add_vm(db, "a"), *b = add_vm(db, "b");
    struct txn *txn = txn_begin(db);
    struct event_token token;
    const char *one = pool_printf(p, "vm/%s", object_ref(a)),
               *two = pool_printf(p, "vm/%s Vm/%s vm/%s", object_ref(a),
                                  object_ref(b), object_ref(a));
    struct object *net;

    (void)state;
    net = make(txn, C(network));
    set_text(txn, net, network_name_label, "net");
    make(txn, C(session));
    txn_commit(txn);
    assert_events(db, start, "network", "add net");
    assert_events(db, start, "session", "");
    assert_events(db, start, "nosuchclass", "");
    assert_events(db, start, one, "add a");
    assert_events(db, start, two, "add a, add b");
    assert_events(db, start, pool_printf(p, "%s vm", one), "add a, add b");
    assert_events(db, start, pool_printf(p, "%s * vm", one),
                  "add a, add b, add net");
    assert_events(db, start, "vm/OpaqueRef:none", "");
    token = event_token_now(db);
    destroy(db, a);
    assert_events(db, token, one, "del VM");
    assert_events(db, token, two, "del VM");
}

static void bad_filters(void **state)
{
    static const char *const bad[] = {"",      "/",      "vm/",   "v m",
                                      "vm\n*", "/Ref",   "*/Ref", "vm-x",
                                      "**",    "vm,host"};
    AUTO_POOL struct pool *p = pool_new();
    const char **many = pool_alloc(p, 5000 * sizeof(*many));
    struct event_filters f;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_fails(event_filters_parse(p, &bad[i], 1, &f), "is not *");
    for (int i = 0; i < 5000; i++)
        many[i] = "vm";
    assert_fails(event_filters_parse(p, many, 5000, &f), "at most");
    ok(event_filters_parse(p, NULL, 0, &f));
    assert_int_equal(f.n, 0);
}

static void tokens(void **state)
{
    static const char *const bad[] = {
        "1",     ",",     "1,",   ",1",   "a,b",
        "1,2,3", "1,2 ",  " 1,2", "-1,2", "99999999999999999999,1",
        "1;2",   "0x1,2", "1,+2"};
    char text[EVENT_TOKEN_SIZE];
    struct event_token token;

    (void)state;
    ok(event_token_parse("", &token));
    assert_true(!token.db && !token.messages);
    ok(event_token_parse("00000000000000001234,00000000000000000007", &token));
    assert_int_equal(token.db, 1234);
    assert_int_equal(token.messages, 7);
    event_token_print(token, text);
    assert_string_equal(text, "00000000000000001234,00000000000000000007");
    event_token_print((struct event_token){UINT64_MAX, UINT64_MAX}, text);
    ok(event_token_parse(text, &token));
    assert_true(token.db == UINT64_MAX && token.messages == UINT64_MAX);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_fails(event_token_parse(bad[i], &token), "not a token");
}

static void tokens_of_the_future_are_lost(void **state)
{
    AUTO_DB struct db *db = db_new();
    struct event_token token;

    (void)state;
    add_vm(db, "a");
    token = event_token_now(db);
    token.db++;
    assert_events(db, token, "vm", "lost");
}

/* Deletions are remembered up to a limit; then tokens before it are lost. */
static void forgotten_deletions_are_lost(void **state)
{
    AUTO_DB struct db *db = db_new();
    AUTO_POOL struct pool *p = pool_new();
    struct event_token token, later;
    struct answer a;
    struct txn *txn;

    (void)state;
    add_vm(db, "stays");
    for (int i = 0; i < 10; i++)
        add_vm(db, "goes");
    token = event_token_now(db);
    while (db_by_name(db, C(VM), "goes", NULL))
        destroy(db, db_by_name(db, C(VM), "goes", NULL));
    later = event_token_now(db);
    a = ask(db, p, token, "*");
    assert_int_equal(a.n, 10);
    for (int round = 0; round < 2; round++) {
        txn = txn_begin(db);
        for (int i = 0; i < ROW_GRAVES_MAX / 2; i++)
            make(txn, C(VBD));
        txn_commit(txn);
        txn = txn_begin(db);
        while (db_first(db, C(VBD)))
            txn_destroy(txn, db_first(db, C(VBD)));
        txn_commit(txn);
    }
    assert_events(db, token, "vm", "lost");
    assert_events(db, token, "*", "lost");
    assert_events(db, token, "vm/OpaqueRef:x", "lost");
    assert_events(db, later, "vm/OpaqueRef:x", "");
    assert_events(db, later, "vm", "");
    assert_events(db, start, "vm", "add stays");
    assert_int_equal(ask(db, p, later, "vbd").n, 0);
}

/* ---- waiting ------------------------------------------------------------- */

struct waiter {
    struct db *db;
    struct event_filters filters;
    struct event_wait *wait, *other;
    int calls;
    bool again;
};

static void called(void *arg)
{
    struct waiter *w = arg;

    w->calls++;
    event_wait_free(w->wait);
    w->wait = w->again ? event_wait(w->db, &w->filters, called, w) : NULL;
    event_wait_free(w->other);
    w->other = NULL;
}

static struct waiter waits(struct db *db, struct pool *p, const char *words,
                           struct waiter *w)
{
    *w = (struct waiter){.db = db, .filters = filters_of(p, words)};
    w->wait = event_wait(db, &w->filters, called, w);
    return *w;
}

static void only_those_concerned_are_woken(void **state)
{
    AUTO_DB struct db *db = db_new();
    AUTO_POOL struct pool *p = pool_new();
    struct object *a = add_vm(db, "a"), *b = add_vm(db, "b");
    struct waiter all, vms, just_a, hosts, not_yet;
    struct txn *txn;

    (void)state;
    waits(db, p, "*", &all);
    waits(db, p, "vm host", &vms);
    waits(db, p, pool_printf(p, "vm/%s", object_ref(a)), &just_a);
    waits(db, p, "host", &hosts);
    waits(db, p, "vm/OpaqueRef:later", &not_yet);
    txn = txn_begin(db);
    make(txn, C(session));
    txn_commit(txn);
    assert_int_equal(all.calls, 0);
    rename_to(db, b, "b2");
    assert_int_equal(all.calls, 1);
    assert_int_equal(vms.calls, 1);
    assert_int_equal(just_a.calls, 0);
    rename_to(db, a, "a2");
    assert_int_equal(all.calls, 1); /* once only */
    assert_int_equal(just_a.calls, 1);
    txn = txn_begin(db);
    make_vm(txn, "aborted");
    txn_abort(txn);
    txn = txn_begin(db);
    ok(txn_create(txn, C(VM), "OpaqueRef:later", NULL, &a));
    assert_int_equal(not_yet.calls, 0);
    txn_commit(txn);
    assert_int_equal(not_yet.calls, 1);
    assert_int_equal(hosts.calls, 0);
    event_wait_free(hosts.wait);
}

static void waiting_again_and_freeing_others(void **state)
{
    AUTO_DB struct db *db = db_new();
    AUTO_POOL struct pool *p = pool_new();
    struct object *vm = add_vm(db, "a");
    struct waiter w[2], again;

    (void)state;
    waits(db, p, "*", &w[0]);
    waits(db, p, "*", &w[1]);
    w[0].other = w[1].wait; /* whoever is first frees the other */
    w[1].other = w[0].wait;
    waits(db, p, "vm", &again);
    again.again = true;
    rename_to(db, vm, "b");
    assert_int_equal(w[0].calls + w[1].calls, 1);
    rename_to(db, vm, "c");
    assert_int_equal(again.calls, 2);
    db_detach(db);
    rename_to(db, vm, "d");
    assert_int_equal(again.calls, 2);
    event_wait_free(again.wait);
    event_wait_free(NULL);
}

/* ---- readers that miss nothing ------------------------------------------- */

struct reader {
    struct event_token token;
    const char *words;
    struct event_filters filters;
    /* What it knows: generation of each object by number, 0: none. */
    uint64_t *known;
};

#define CHANGES 10000
#define LIVE 60

static int number_of(const char *ref)
{
    return atoi(ref + strlen("OpaqueRef:"));
}

static void read_events(struct db *db, struct reader *r)
{
    AUTO_POOL struct pool *p = pool_new();
    struct event_change *list;
    size_t n;
    bool lost;

    event_collect(db, p, r->token, &r->filters, &list, &n, &lost);
    assert_false(lost);
    for (size_t i = 0; i < n; i++) {
        int at = number_of(list[i].ref);

        assert_int_equal(list[i].op == EVENT_ADD, !r->known[at]);
        assert_true(list[i].generation > r->token.db);
        r->known[at] = list[i].op == EVENT_DEL ? 0 : list[i].generation;
    }
    r->token = event_token_now(db);
}

static bool wants(const struct reader *r, const struct object *o)
{
    return !strcmp(r->words, "*") ||
           strcasestr(r->words, object_class(o)->name);
}

static void assert_knows(struct db *db, const struct reader *r, int made)
{
    char ref[64];

    for (int i = 0; i < made; i++) {
        struct object *o;

        snprintf(ref, sizeof(ref), "OpaqueRef:%d", i);
        o = db_find(db, NULL, ref);
        assert_int_equal(r->known[i], o && wants(r, o) ? object_changed(o) : 0);
    }
}

static struct object *any(struct db *db, const struct model_class *class)
{
    struct object *o = db_first(db, class);

    for (int n = rand() % LIVE; o && n > 0; n--)
        o = object_next(o) ? object_next(o) : db_first(db, class);
    return o;
}

/* References are those of *MADE so far. */
static void random_change(struct db *db, int *made)
{
    struct txn *txn = txn_begin(db);
    struct object *vm = any(db, C(VM)), *vbd = any(db, C(VBD)), *o;
    char ref[64];

    snprintf(ref, sizeof(ref), "OpaqueRef:%d", *made);
    if (!vm || !vbd || db_count(db, C(VM)) < (unsigned)rand() % LIVE) {
        ok(txn_create(txn, rand() % 3 ? C(VM) : C(VBD), ref, NULL, &o));
        ++*made;
    } else if (rand() % 4 == 0) {
        txn_destroy(txn, rand() % 2 ? vm : vbd);
    } else if (rand() % 2) {
        set_text(txn, vm, VM_name_label, rand() % 2 ? "x" : "y");
    } else {
        set_ref(txn, vbd, VBD_VM, vm);
    }
    txn_commit(txn);
}

static void no_change_lost_or_seen_twice(void **state)
{
    static const char *const words[] = {"*", "vm", "vbd", "vm vbd host"};
    AUTO_DB struct db *db = db_new();
    AUTO_POOL struct pool *p = pool_new();
    struct reader readers[40] = {{{0}}};
    int made = 0;

    (void)state;
    srand(7);
    for (size_t i = 0; i < ARRAY_LEN(readers); i++) {
        readers[i].words = words[i % ARRAY_LEN(words)];
        readers[i].filters = filters_of(p, readers[i].words);
        readers[i].known = pool_alloc(p, CHANGES * sizeof(uint64_t));
    }
    for (int i = 0; i < CHANGES; i++) {
        struct reader *r = &readers[rand() % ARRAY_LEN(readers)];

        random_change(db, &made);
        if (rand() % 3 == 0) {
            read_events(db, r);
            assert_knows(db, r, made);
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(readers); i++) {
        read_events(db, &readers[i]);
        assert_knows(db, &readers[i], made);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(state_not_history),
        cmocka_unit_test(deleted_and_made_again_is_modified),
        cmocka_unit_test(both_ends_are_told),
        cmocka_unit_test(aborted_is_nothing),
        cmocka_unit_test(filters),
        cmocka_unit_test(bad_filters),
        cmocka_unit_test(tokens),
        cmocka_unit_test(tokens_of_the_future_are_lost),
        cmocka_unit_test(forgotten_deletions_are_lost),
        cmocka_unit_test(only_those_concerned_are_woken),
        cmocka_unit_test(waiting_again_and_freeing_others),
        cmocka_unit_test(no_change_lost_or_seen_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
