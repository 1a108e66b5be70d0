/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/sr_probe: what is where a repository could be, and (SR.make) a repository
 * there that the database does not hear of. */
#include <stdlib.h>
#include <string.h>

#include "lib/str.h"
#include "xapi/api/sr.h"
#include "xapi/model/calls_gen.h"
#include "xapi/door/codec.h"
#include "xapi/storage/disk_impl.h"
#include "xapi/model/errors_gen.h"
#include "xapi/call/generic.h"

/* Where the type is among the arguments. */
enum { PROBE_TYPE = 2, MAKE_TYPE = 5 };

/* The repository that the type in argument I could be; DEVICE_CONFIG is
 * argument 1. */
static struct err *sr_there(struct pool *p, const struct call *c, unsigned i,
                            const char *uuid, struct sr *ret)
{
    return disk_sr_of(p, vm_arg(c, i).s, uuid, c->args[1], ret);
}

static struct err *check(struct call *c, unsigned type, struct sr *ret)
{
    struct object *host = NULL;

    TRY(call_object(c, 0, &host));
    return sr_there(c->pool, c, type, "", ret);
}

static struct err *check_probe(struct call *c)
{
    struct sr sr;

    TRY(check(c, PROBE_TYPE, &sr));
    return sr.type->probe ? NULL
                          : err_SR_OPERATION_NOT_SUPPORTED(sr.type->name);
}

/* ---- probe --------------------------------------------------------------- */

static void say_uuid(struct job *j, const char *uuid)
{
    job_say(j, pool_printf(job_pool(j),
                           "<?xml version=\"1.0\" ?>\n<SRlist>%s%s%s</SRlist>",
                           uuid ? "<SR><UUID>" : "", uuid ? uuid : "",
                           uuid ? "</UUID></SR>" : ""));
}

static struct err *probe(struct job *j, void *arg)
{
    const struct call *call = ((const struct ops_work *)arg)->call;
    const char *uuid = NULL;
    struct sr sr;

    TRY(sr_there(job_pool(j), call, PROBE_TYPE, "", &sr));
    TRY(disk_error(sr.type->probe(&sr, job_pool(j), &uuid), NULL, NULL));
    say_uuid(j, uuid);
    return NULL;
}

struct err *SR_probe(struct call *c, const struct SR_probe_args *a)
{
    (void)a;
    TRY(check_probe(c));
    return ops_run_on(c, NULL, 0,
                      &(const struct ops_body){.work = probe, .no_host = true});
}

/* ---- probe_ext ----------------------------------------------------------- */

/* A text for its way home: nothing, or uuid, size and use. */
static struct err *look(struct job *j, void *arg)
{
    const struct call *call = ((const struct ops_work *)arg)->call;
    const char *uuid = NULL;
    struct sr_space space;
    struct sr sr;

    TRY(sr_there(job_pool(j), call, PROBE_TYPE, "", &sr));
    TRY(disk_error(sr.type->probe(&sr, job_pool(j), &uuid), NULL, NULL));
    if (uuid) {
        sr.uuid = uuid;
        TRY(disk_error(sr.type->space(&sr, &space), NULL, NULL));
    }
    job_say(j, uuid ? pool_printf(job_pool(j), "%s %lld %lld", uuid,
                                  (long long)space.size, (long long)space.used)
                    : "");
    return NULL;
}

struct found {
    const char *uuid; /* NULL: none */
    const char *name, *doc;
    int64_t size, used;
    struct model_value config;
};

static void write_string(struct writer *w, const char *name, const char *text)
{
    writer_name(w, name);
    writer_string(w, text);
}

static void write_int(struct writer *w, const char *name, int64_t number)
{
    writer_name(w, name);
    writer_int(w, number);
}

static void write_stat(struct writer *w, const struct found *f)
{
    writer_name(w, "sr");
    writer_struct_open(w);
    write_string(w, "uuid", f->uuid);
    write_string(w, "name_label", f->name);
    write_string(w, "name_description", f->doc);
    write_int(w, "free_space", f->size - f->used);
    write_int(w, "total_space", f->size);
    writer_name(w, "clustered");
    writer_bool(w, false);
    write_string(w, "health", "healthy");
    writer_struct_close(w);
}

/* Records of probe_result and sr_stat, which are in no database. */
static void write_found(struct writer *w, const void *arg)
{
    const struct found *f = arg;

    writer_list_open(w);
    writer_struct_open(w);
    writer_name(w, "configuration");
    writer_struct_open(w);
    for (unsigned i = 0; i < f->config.n; i++)
        write_string(w, f->config.keys[i].s, f->config.values[i].s);
    writer_struct_close(w);
    writer_name(w, "complete");
    writer_bool(w, true);
    if (f->uuid)
        write_stat(w, f);
    writer_name(w, "extra_info");
    writer_struct_open(w);
    writer_struct_close(w);
    writer_struct_close(w);
    writer_list_close(w);
}

/* What a repository is called, the database knows, if anybody. */
static void answer(struct call *c, const char *said)
{
    struct found *f = pool_new_of(c->pool, struct found);
    char **words = text_split(c->pool, said, ' ', NULL);
    const struct object *known;

    f->config = c->args[1];
    if (*said) {
        f->uuid = words[0];
        f->size = strtoll(words[1], NULL, 10);
        f->used = strtoll(words[2], NULL, 10);
    }
    known =
        f->uuid ? db_by_uuid(c->db, &model_classes[CLASS_SR], f->uuid) : NULL;
    f->name = known ? pool_str(c->pool, get_SR_name_label(known)) : "";
    f->doc = known ? pool_str(c->pool, get_SR_name_description(known)) : "";
    call_return_by(c, write_found, f);
}

struct err *SR_probe_ext(struct call *c, const struct SR_probe_ext_args *a)
{
    (void)a;
    TRY(check_probe(c));
    return ops_run_on(c, NULL, 0,
                      &(const struct ops_body){
                          .work = look, .answer = answer, .no_host = true});
}

/* ---- make ---------------------------------------------------------------- */

/* One that is there already would be made twice. */
static struct err *make(struct job *j, void *arg)
{
    const struct call *call = ((const struct ops_work *)arg)->call;
    struct pool *p = job_pool(j);
    struct sr sr;

    TRY(sr_there(p, call, MAKE_TYPE, disk_new_uuid(p), &sr));
    TRY(disk_error(sr.type->make(&sr), NULL, NULL));
    job_say(j, sr.uuid);
    return NULL;
}

struct err *SR_make(struct call *c, const struct SR_make_args *a)
{
    struct sr sr;

    (void)a;
    TRY(check(c, MAKE_TYPE, &sr));
    return ops_run_on(c, NULL, 0,
                      &(const struct ops_body){.work = make, .no_host = true});
}
