/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sr: rows and what they can do; the file body with images by qemu-img: what is
 * made, branched, attached and settled, what workers leave that die, chains. */
#include "tests/unit/xapi/db_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/run.h"
#include "xapi/storage/sr.h"
#include "xapi/storage/sr_mark.h"

#define MIB (INT64_C(1) << 20)
#define A "aaaaaaaa-0000-4000-8000-000000000001"
#define B "bbbbbbbb-0000-4000-8000-000000000002"
#define USER "cccccccc-0000-4000-8000-000000000003"

struct rig {
    struct pool *pool;
    char dir[64];
    struct sr_pair config[1];
    struct sr sr;
};

static struct rig *rig_new(const char *kind)
{
    struct pool *p = pool_new();
    struct rig *r = pool_new_of(p, struct rig);

    r->pool = p;
    snprintf(r->dir, sizeof(r->dir), "/tmp/dom0kit-sr-XXXXXX");
    assert_non_null(mkdtemp(r->dir));
    r->config[0] = (struct sr_pair){"location", r->dir};
    r->sr = (struct sr){sr_type_of(kind), A, r->config, 1};
    ok(sr_check_config(&r->sr));
    ok(r->sr.type->make(&r->sr));
    return r;
}

static void rig_done(struct rig *r)
{
    struct run rm = {
        .argv = (const char *const[]){"rm", "-rf", r->dir, NULL},
    };

    ok(run_check(&rm, r->pool));
    pool_free(r->pool);
}

static const char *path_of(const struct rig *r, const char *name)
{
    return pool_printf(r->pool, "%s/%s", r->dir, name);
}

static bool is_there(const struct rig *r, const char *name)
{
    return file_exists(path_of(r, name));
}

/* Files of images, bases too. */
static unsigned n_images(const struct rig *r)
{
    unsigned n_found = 0;
    char **names;
    size_t n;

    ok(file_list(r->pool, r->dir, &names, &n));
    for (size_t i = 0; i < n; i++)
        n_found += *names[i] != '.';
    return n_found;
}

static struct sr_volume create(const struct rig *r, const char *uuid,
                               const char *format)
{
    struct sr_volume v = {.uuid = uuid, .format = format, .size = 4 * MIB};

    ok(r->sr.type->create(&r->sr, r->pool, &v));
    ok(r->sr.type->settle(&r->sr, v.location, true));
    return v;
}

static struct sr_volume branch(const struct rig *r, const char *from,
                               const char *uuid)
{
    struct sr_volume v = {.uuid = uuid};

    ok(r->sr.type->branch(&r->sr, r->pool, from, NULL, &v));
    ok(r->sr.type->settle(&r->sr, v.location, true));
    return v;
}

static void io(const struct rig *r, const char *name, const char *command)
{
    struct run run = {
        .argv = (const char *const[]){"qemu-io", "-f",
                                      text_has_suffix(name, ".raw") ? "raw"
                                                                    : "qcow2",
                                      "-c", command, path_of(r, name), NULL},
    };

    ok(run_check(&run, r->pool));
    assert_null(strstr(run.output, "Pattern verification failed"));
}

/* ---- rows ---------------------------------------------------------------- */

static void rows(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    bool clones = false;

    (void)state;
    for (const struct sr_type *const *t = sr_types; *t; t++) {
        assert_ptr_equal(sr_type_of((*t)->name), *t);
        assert_true(*(*t)->label && *(*t)->doc && (*t)->keys);
        assert_true((*t)->look && (*t)->list && (*t)->space && (*t)->attach);
        /* who makes has to be able to take back */
        assert_true(!(*t)->create || ((*t)->settle && (*t)->formats));
        if (t[1])
            assert_true(strcmp((*t)->name, t[1]->name) < 0);
    }
    assert_null(sr_type_of("zfs"));
    for (const struct sr_feature *f = sr_features(p, sr_type_of("file"));
         f->name; f++)
        clones = clones || !strcmp(f->name, "VDI_CLONE");
    assert_true(clones);
    for (const struct sr_feature *f = sr_features(p, sr_type_of("iso"));
         f->name; f++)
        assert_true(strcmp(f->name, "VDI_CREATE"));
}

static void keys_that_are_missing(void **state)
{
    const struct sr sr = {.type = sr_type_of("file"), .uuid = A};

    (void)state;
    assert_fails(sr_check_config(&sr), "location");
    assert_fails(sr.type->make(&sr), "no absolute path");
}

/* ---- the directory ------------------------------------------------------- */

static void whose_it_is(void **state)
{
    struct rig *r = rig_new("file");
    const struct sr other = {r->sr.type, B, r->config, 1};
    const char *uuid;

    (void)state;
    ok(r->sr.type->probe(&other, r->pool, &uuid));
    assert_string_equal(uuid, A);
    ok(r->sr.type->plug(&r->sr));
    assert_fails(r->sr.type->plug(&other), A);
    assert_fails(r->sr.type->wipe(&other), A);
    ok(file_write(path_of(r, ".sr"), "no", 2, 0600));
    assert_fails(r->sr.type->plug(&r->sr), "no uuid");
    ok(r->sr.type->unmake(&r->sr));
    ok(r->sr.type->plug(&other));
    rig_done(r);
}

static void wipe_leaves_what_is_not_its_own(void **state)
{
    struct rig *r = rig_new("file");

    (void)state;
    create(r, A, "raw");
    ok(file_write(path_of(r, "letter.txt"), "x", 1, 0600));
    ok(r->sr.type->wipe(&r->sr));
    assert_true(is_there(r, "letter.txt"));
    assert_false(is_there(r, A ".raw") || is_there(r, ".sr"));
    rig_done(r);
}

/* ---- volumes ------------------------------------------------------------- */

static void formats(void **state)
{
    struct rig *r = rig_new("file");
    struct sr_volume *list;
    size_t n;

    (void)state;
    for (const char *const *f = r->sr.type->formats; *f; f++) {
        struct sr_volume v = create(r, A, *f), again;

        ok(r->sr.type->look(&r->sr, r->pool, v.location, &again));
        assert_string_equal(again.format, *f);
        assert_string_equal(again.uuid, A);
        assert_int_equal(again.size, 4 * MIB);
        assert_true(again.used < MIB);
        assert_fails(r->sr.type->create(&r->sr, r->pool, &v), "already");
    }
    ok(r->sr.type->list(&r->sr, r->pool, &list, &n));
    assert_int_equal(n, 3);
    assert_fails(r->sr.type->resize(&r->sr, A ".raw", NULL, MIB), "smaller");
    ok(r->sr.type->resize(&r->sr, A ".raw", NULL, 5 * MIB + 1));
    ok(r->sr.type->look(&r->sr, r->pool, A ".raw", &list[0]));
    assert_int_equal(list[0].size, 5 * MIB + 4096);
    rig_done(r);
}

static void names_that_are_none(void **state)
{
    static const char *const bad[] = {
        "",         ".sr",           "x",
        "../x.raw", "/etc/passwd",   ".x.raw",
        "a/b.raw",  A ".base.qcow2", "gone.raw",
    };
    struct rig *r = rig_new("file");

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct sr_volume v;
        struct err *e = r->sr.type->look(&r->sr, r->pool, bad[i], &v);

        assert_true(e && err_is(e, &err_kind_not_found));
        err_free(e);
    }
    rig_done(r);
}

static void images_that_lie(void **state)
{
    static const char raw_head[] = "QFI\xfb";
    struct rig *r = rig_new("file");
    struct sr_volume v = create(r, A, "raw");

    (void)state;
    /* a guest that writes a qcow2 head into its raw disk has a raw disk */
    io(r, v.location, "write -P 0x51 0 512");
    ok(file_write(path_of(r, "short.qcow2"), raw_head, 4, 0600));
    assert_fails(r->sr.type->look(&r->sr, r->pool, "short.qcow2", &v),
                 "no qcow2");
    ok(file_write(path_of(r, "short.vhd"), raw_head, 4, 0600));
    assert_fails(r->sr.type->look(&r->sr, r->pool, "short.vhd", &v), "no VHD");
    assert_int_equal(mkdir(path_of(r, "dir.raw"), 0700), 0);
    assert_fails(r->sr.type->look(&r->sr, r->pool, "dir.raw", &v), "no file");
    rig_done(r);
}

static void branches_are_apart(void **state)
{
    static const char *const kinds[] = {"qcow2", "raw"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct rig *r = rig_new("file");
        struct sr_volume a = create(r, A, kinds[i]), b;

        io(r, a.location, "write -P 1 0 64k");
        b = branch(r, a.location, B);
        io(r, a.location, "write -P 2 0 64k");
        io(r, b.location, "read -P 1 0 64k");
        io(r, b.location, "write -P 3 64k 64k");
        io(r, a.location, "read -P 0 64k 64k");
        ok(r->sr.type->remove(&r->sr, a.location));
        ok(r->sr.type->settle(&r->sr, a.location, false));
        io(r, b.location, "read -P 1 0 64k");
        io(r, b.location, "read -P 3 64k 64k");
        assert_int_equal(n_images(r), 1);
        rig_done(r);
    }
}

/* A file that is in use is not merged with what it lies over. */
static void what_is_used_is_left_alone(void **state)
{
    struct rig *r = rig_new("file");
    const struct sr_use use = {.user = USER, .writes = true};
    struct sr_volume a = create(r, A, "qcow2"), b;
    struct sr_path path;

    (void)state;
    io(r, a.location, "write -P 1 0 64k");
    b = branch(r, a.location, B);
    ok(r->sr.type->attach(&r->sr, r->pool, a.location, &use, &path));
    ok(r->sr.type->attach(&r->sr, r->pool, a.location, &use, &path));
    assert_string_equal(path.path, path_of(r, a.location));
    ok(r->sr.type->remove(&r->sr, b.location));
    ok(r->sr.type->settle(&r->sr, b.location, false));
    assert_int_equal(n_images(r), 2);
    ok(r->sr.type->merge(&r->sr));
    assert_int_equal(n_images(r), 2);
    ok(r->sr.type->detach(&r->sr, a.location, USER));
    ok(r->sr.type->merge(&r->sr));
    assert_int_equal(n_images(r), 1);
    io(r, a.location, "read -P 1 0 64k");
    rig_done(r);
}

static void what_forgets(void **state)
{
    struct rig *r = rig_new("file");
    const struct sr_use use = {USER, true, true};
    struct sr_volume a = create(r, A, "raw");
    struct sr_path path;

    (void)state;
    for (int i = 0; i < 2; i++) {
        ok(r->sr.type->attach(&r->sr, r->pool, a.location, &use, &path));
        assert_string_equal(path.format, "qcow2");
        io(r, "." A ".raw.boot", i ? "read -P 0 0 64k" : "write -P 7 0 64k");
    }
    ok(r->sr.type->where(&r->sr, r->pool, a.location, &path));
    assert_string_equal(path.format, "qcow2");
    ok(r->sr.type->detach(&r->sr, a.location, USER));
    assert_false(file_exists(path.path));
    ok(r->sr.type->where(&r->sr, r->pool, a.location, &path));
    assert_string_equal(path.format, "raw");
    rig_done(r);
}

/* ---- a guest that lives -------------------------------------------------- */

struct guest {
    struct rig *rig;
    unsigned n_held, n_switched;
    bool refuses;
};

static struct err *hold(void *arg)
{
    ((struct guest *)arg)->n_held++;
    return NULL;
}

static struct err *release(void *arg)
{
    ((struct guest *)arg)->n_held += 10;
    return NULL;
}

static struct err *switch_to(void *arg, const char *path, const char *format)
{
    struct guest *g = arg;

    assert_string_equal(path, path_of(g->rig, A ".qcow2"));
    assert_string_equal(format, "qcow2");
    g->n_switched++;
    return g->refuses ? ERR("the guest does not") : NULL;
}

static void living_guests(void **state)
{
    struct rig *r = rig_new("file");
    struct guest g = {.rig = r};
    const struct sr_live live = {&g, hold, release, switch_to, NULL};
    struct sr_volume v = {.uuid = B};

    (void)state;
    create(r, A, "raw");
    ok(r->sr.type->branch(&r->sr, r->pool, A ".raw", &live, &v));
    assert_int_equal(g.n_held, 11);
    create(r, A, "qcow2");
    io(r, A ".qcow2", "write -P 1 0 64k");
    ok(r->sr.type->branch(&r->sr, r->pool, A ".qcow2", &live, &v));
    assert_int_equal(g.n_switched, 1);
    ok(r->sr.type->settle(&r->sr, v.location, false));
    /* one that does not go on elsewhere goes on where it was */
    g.refuses = true;
    v = (struct sr_volume){.uuid = USER};
    assert_fails(r->sr.type->branch(&r->sr, r->pool, A ".qcow2", &live, &v),
                 "the guest does not");
    assert_false(is_there(r, USER ".qcow2"));
    ok(r->sr.type->merge(&r->sr));
    io(r, A ".qcow2", "read -P 1 0 64k");
    rig_done(r);
}

/* ---- the dead ------------------------------------------------------------ */

static bool knows(const void *arg, const char *name)
{
    return text_eq(arg, name);
}

static bool knows_nobody(const void *arg, const char *user)
{
    (void)arg, (void)user;
    return false;
}

/* WORK in a process that dies without having settled anything. */
static void die(const struct rig *r, void (*work)(const struct rig *r))
{
    pid_t pid = fork();
    int status;

    if (!pid) {
        work(r);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void makes(const struct rig *r)
{
    struct sr_volume v = {.uuid = B, .format = "raw", .size = MIB};

    ok(r->sr.type->create(&r->sr, r->pool, &v));
}

static void takes_away(const struct rig *r)
{
    ok(r->sr.type->remove(&r->sr, A ".qcow2"));
}

static void attaches(const struct rig *r)
{
    const struct sr_use use = {USER, true, true};
    struct sr_path path;

    ok(r->sr.type->attach(&r->sr, r->pool, A ".qcow2", &use, &path));
}

static void what_the_dead_left(void **state)
{
    struct rig *r = rig_new("file");
    const struct sr_known all = {A ".qcow2", knows, knows_nobody};
    const struct sr_known none = {"", knows, knows_nobody};

    (void)state;
    create(r, A, "qcow2");
    die(r, makes);
    die(r, takes_away);
    die(r, attaches);
    ok(file_write(path_of(r, "." A ".qcow2.new"), "x", 1, 0600));
    assert_true(is_there(r, "." B ".raw.pending") && is_there(r, B ".raw"));
    ok(r->sr.type->tidy(&r->sr, &all));
    assert_true(is_there(r, A ".qcow2"));
    assert_int_equal(n_images(r), 1);
    assert_false(is_there(r, "." A ".qcow2.new") ||
                 is_there(r, "." A ".qcow2.boot") ||
                 is_there(r, "." A ".qcow2.used." USER) ||
                 is_there(r, "." A ".qcow2.pending"));
    die(r, takes_away);
    ok(r->sr.type->tidy(&r->sr, &none));
    assert_int_equal(n_images(r), 0);
    rig_done(r);
}

/* Who is still at work is let be. */
static void what_the_living_have(void **state)
{
    struct rig *r = rig_new("file");
    const struct sr_known none = {"", knows, knows_nobody};
    struct sr_volume v = {.uuid = A, .format = "raw", .size = MIB}, *list;
    size_t n;

    (void)state;
    ok(r->sr.type->create(&r->sr, r->pool, &v));
    ok(r->sr.type->tidy(&r->sr, &none));
    assert_true(is_there(r, A ".raw"));
    ok(r->sr.type->list(&r->sr, r->pool, &list, &n));
    assert_true(n == 1 && list[0].pending);
    ok(r->sr.type->settle(&r->sr, v.location, false));
    assert_int_equal(n_images(r), 0);
    ok(r->sr.type->settle(&r->sr, v.location, false));
    rig_done(r);
}

static void marks(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct mark m;

    (void)state;
    assert_true(mark_read(p, ".a.raw.pending", &m) && !m.user);
    assert_string_equal(m.name, "a.raw");
    assert_true(mark_read(p, ".x.used.y.raw.used." USER, &m));
    assert_string_equal(m.name, "x.used.y.raw");
    assert_string_equal(m.user, USER);
    assert_false(mark_read(p, ".pending", &m) ||
                 mark_read(p, "a.pending", &m) || mark_read(p, ".used.x", &m) ||
                 mark_read(p, ".a.used.", &m) || mark_read(p, ".sr", &m) ||
                 mark_read(p, "", &m));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows),
        cmocka_unit_test(keys_that_are_missing),
        cmocka_unit_test(whose_it_is),
        cmocka_unit_test(wipe_leaves_what_is_not_its_own),
        cmocka_unit_test(formats),
        cmocka_unit_test(names_that_are_none),
        cmocka_unit_test(images_that_lie),
        cmocka_unit_test(branches_are_apart),
        cmocka_unit_test(what_is_used_is_left_alone),
        cmocka_unit_test(what_forgets),
        cmocka_unit_test(living_guests),
        cmocka_unit_test(what_the_dead_left),
        cmocka_unit_test(what_the_living_have),
        cmocka_unit_test(marks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
