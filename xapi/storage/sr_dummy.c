/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sr_dummy: a repository for tests: that of sr_file, with raw files that are
 * all hole, and with faults (sim.h) by the verbs of struct sr_type. */
#include "xapi/storage/sr_dummy.h"

#include "xapi/hv/sim.h"
#include "xapi/storage/sr_file.h"

static struct err *obey(const struct sr *sr, const char *verb)
{
    return sim_fault(sr_config(sr, "location"), verb, NULL);
}

static struct err *make(const struct sr *sr)
{
    TRY(obey(sr, "make"));
    return sr_file.make(sr);
}

static struct err *unmake(const struct sr *sr)
{
    return sr_file.unmake(sr);
}

static struct err *wipe(const struct sr *sr)
{
    TRY(obey(sr, "wipe"));
    return sr_file.wipe(sr);
}

static struct err *probe(const struct sr *sr, struct pool *p,
                         const char **ret_uuid)
{
    TRY(obey(sr, "probe"));
    return sr_file.probe(sr, p, ret_uuid);
}

static struct err *plug(const struct sr *sr)
{
    TRY(obey(sr, "plug"));
    return sr_file.plug(sr);
}

static struct err *unplug(const struct sr *sr)
{
    return obey(sr, "unplug");
}

static struct err *space(const struct sr *sr, struct sr_space *ret)
{
    TRY(obey(sr, "space"));
    return sr_file.space(sr, ret);
}

static struct err *list(const struct sr *sr, struct pool *p,
                        struct sr_volume **ret, size_t *ret_n)
{
    TRY(obey(sr, "list"));
    return sr_file.list(sr, p, ret, ret_n);
}

static struct err *tidy(const struct sr *sr, const struct sr_known *known)
{
    TRY(obey(sr, "tidy"));
    return sr_file.tidy(sr, known);
}

static struct err *look(const struct sr *sr, struct pool *p,
                        const char *location, struct sr_volume *ret)
{
    TRY(obey(sr, "look"));
    return sr_file.look(sr, p, location, ret);
}

/* Its fault comes when something is there that has to go again. */
static struct err *create(const struct sr *sr, struct pool *p,
                          struct sr_volume *v)
{
    struct err *e;

    TRY(sr_file.create(sr, p, v));
    e = obey(sr, "create");
    return e ? err_join(e, sr_file.settle(sr, v->location, false)) : NULL;
}

static struct err *branch(const struct sr *sr, struct pool *p, const char *from,
                          const struct sr_live *live, struct sr_volume *v)
{
    struct err *e;

    TRY(sr_file.branch(sr, p, from, live, v));
    e = obey(sr, "branch");
    return e ? err_join(e, sr_file.settle(sr, v->location, false)) : NULL;
}

static struct err *remove_(const struct sr *sr, const char *location)
{
    TRY(obey(sr, "remove"));
    return sr_file.remove(sr, location);
}

static struct err *settle(const struct sr *sr, const char *location, bool stays)
{
    TRY(obey(sr, "settle"));
    return sr_file.settle(sr, location, stays);
}

static struct err *resize(const struct sr *sr, const char *location,
                          const struct sr_live *live, int64_t size)
{
    TRY(obey(sr, "resize"));
    return sr_file.resize(sr, location, live, size);
}

static struct err *attach(const struct sr *sr, struct pool *p,
                          const char *location, const struct sr_use *use,
                          struct sr_path *ret)
{
    TRY(obey(sr, "attach"));
    return sr_file.attach(sr, p, location, use, ret);
}

static struct err *detach(const struct sr *sr, const char *location,
                          const char *user)
{
    TRY(obey(sr, "detach"));
    return sr_file.detach(sr, location, user);
}

static struct err *where(const struct sr *sr, struct pool *p,
                         const char *location, struct sr_path *ret)
{
    return sr_file.where(sr, p, location, ret);
}

/* clang-format off */
static const struct sr_key keys[] = {
    {"location", "The directory, an absolute path.", true},
    {NULL, NULL, false},
};
static const char *const formats[] = {"raw", NULL};

const struct sr_type sr_dummy = {
    .name = "dummy", .label = "Simulated",
    .doc = "For tests: disks that are all hole, faults by files.",
    .keys = keys, .formats = formats, .resets = true,
    .make = make, .unmake = unmake, .wipe = wipe, .probe = probe,
    .plug = plug, .unplug = unplug, .space = space, .list = list, .tidy = tidy,
    .look = look, .create = create, .branch = branch,
    .remove = remove_, .settle = settle, .resize = resize,
    .attach = attach, .detach = detach, .where = where,
};
/* clang-format on */
