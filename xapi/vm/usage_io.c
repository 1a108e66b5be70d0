/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* usage_io: what disks do: one, or all of a repository together; see usage.h.
 */
#include <math.h>
#include <string.h>

#include "xapi/storage/disk.h"
#include "xapi/storage/sr.h"
#include "xapi/vm/usage_impl.h"

#define SECTOR 512.0
#define MIB 1048576.0
#define NS 1e9
#define US 1e3 /* in ns */

/* ---- sums ---------------------------------------------------------------- */

static double bytes_read(const struct sample_blk *b)
{
    return (double)b->read_sectors * SECTOR;
}

static double bytes_written(const struct sample_blk *b)
{
    return (double)b->write_sectors * SECTOR;
}

static double mib_read(const struct sample_blk *b)
{
    return bytes_read(b) / MIB;
}

static double mib_written(const struct sample_blk *b)
{
    return bytes_written(b) / MIB;
}

static double mib_moved(const struct sample_blk *b)
{
    return mib_read(b) + mib_written(b);
}

static double reads(const struct sample_blk *b)
{
    return (double)b->reads;
}

static double writes(const struct sample_blk *b)
{
    return (double)b->writes;
}

static double requests(const struct sample_blk *b)
{
    return reads(b) + writes(b);
}

static double read_us(const struct sample_blk *b)
{
    return (double)b->read_ns / US;
}

static double write_us(const struct sample_blk *b)
{
    return (double)b->write_ns / US;
}

static double all_us(const struct sample_blk *b)
{
    return read_us(b) + write_us(b);
}

static double waited(const struct sample_blk *b)
{
    return all_us(b) * US / NS;
}

/* ---- the sources --------------------------------------------------------- */

typedef double sum_fn(const struct sample_blk *b);

/* BY: NULL is time. What is said of time needs a backend that times. */
/* clang-format off */
static const struct io_row {
    struct usage_row row;
    sum_fn *sum, *by;
    bool timed;
} io_rows[] = {
    {{"read", "What is read of %s", "B/s", true, 0}, bytes_read, NULL, false},
    {{"write", "What is written to %s", "B/s", true, 0}, bytes_written, NULL, false},
    {{"io_throughput_read", "What is read of %s", "MiB/s", false, 0}, mib_read, NULL, false},
    {{"io_throughput_write", "What is written to %s", "MiB/s", false, 0}, mib_written, NULL, false},
    {{"io_throughput_total", "What is read of and written to %s", "MiB/s", false, 0}, mib_moved, NULL, false},
    {{"iops_read", "Requests that read of %s", "requests/s", false, 0}, reads, NULL, false},
    {{"iops_write", "Requests that write to %s", "requests/s", false, 0}, writes, NULL, false},
    {{"iops_total", "Requests to %s", "requests/s", false, 0}, requests, NULL, false},
    {{"read_latency", "How long a request takes that reads of %s", "\316\274s", false, 0}, read_us, reads, true},
    {{"write_latency", "How long a request takes that writes to %s", "\316\274s", false, 0}, write_us, writes, true},
    {{"latency", "How long a request to %s takes", "\316\274s", false, 0}, all_us, requests, true},
    {{"iowait", "Time that all requests to %s wait, together", "s/s", false, 0}, waited, NULL, true},
};

static const struct usage_row
    row_size = {"size", "Bytes of the repository", "B", true, 0},
    row_used = {"physical_utilisation", "Bytes of the repository that are in use", "B", true, 0},
    row_promised = {"virtual_allocation", "Bytes of all its disks, as guests see them", "B", true, 0};
/* clang-format on */

void usage_add_io(struct usage_list *l, const struct sample_vbd *io,
                  uint64_t whose, double now, const char *name_fmt,
                  const char *of)
{
    const char *at = strstr(name_fmt, "%s");

    for (size_t i = 0; i < ARRAY_LEN(io_rows); i++) {
        const struct io_row *r = &io_rows[i];
        struct usage_row row = r->row;

        if (r->timed && !io->timed)
            continue;
        row.name = pool_printf(l->pool, "%.*s%s%s", (int)(at - name_fmt),
                               name_fmt, r->row.name, at + 2);
        usage_count(l, &row, of, r->sum(&io->blk),
                    r->by ? r->by(&io->blk) : now, whose);
    }
}

/* ---- repositories -------------------------------------------------------- */

static struct usage_sr *sr_of(struct usage *u, const struct object *sr)
{
    struct usage_sr *new;

    for (size_t i = 0; i < u->n_srs; i++)
        if (u->srs[i].sr == sr)
            return &u->srs[i];
    new = pool_push(u->pool, u->srs, u->n_srs);
    *new = (struct usage_sr){.sr = sr, .io.timed = 1};
    return new;
}

/* Who is among them is in the incarnation: a sum with others is another one. */
static void add_vbd(struct usage_sr *to, uint64_t domid,
                    const struct sample_vbd *vbd)
{
    const uint64_t *from = (const uint64_t *)&vbd->blk;
    uint64_t *sum = (uint64_t *)&to->io.blk;

    for (size_t i = 0; i < sizeof(vbd->blk) / sizeof(*sum); i++)
        sum[i] += from[i];
    to->io.counted++;
    to->io.timed &= vbd->timed;
    to->io.incarnation +=
        (domid << 40 ^ vbd->id << 20 ^ vbd->incarnation) * 0x9e3779b97f4a7c15u;
}

static const struct sample_vbd *find_vbd(const struct sample_domain *d,
                                         const char *dev)
{
    for (size_t i = 0; i < d->n_vbds; i++)
        if (d->vbds[i].counted && !strcmp(d->vbds[i].dev, dev))
            return &d->vbds[i];
    return NULL;
}

void usage_sum_srs(struct usage *u)
{
    for (struct object *vbd = db_first(u->db, &model_classes[CLASS_VBD]); vbd;
         vbd = object_next(vbd)) {
        const struct object *vm = get_VBD_VM(vbd), *vdi = get_VBD_VDI(vbd);
        const struct sample_domain *d;
        const struct sample_vbd *io;

        if (!get_VBD_currently_attached(vbd) || !vm || !vdi || !get_VDI_SR(vdi))
            continue;
        d = sample_domain(u->sample, (uint64_t)get_VM_domid(vm));
        io = d ? find_vbd(d, get_VBD_device(vbd)) : NULL;
        if (io)
            add_vbd(sr_of(u, get_VDI_SR(vdi)), d->id, io);
    }
}

/* What the file system says, or what was written down of one that cannot be
 * asked. */
static struct sr_space space_of(const struct usage *u, const struct object *sr)
{
    struct sr_space space = {get_SR_physical_size(sr),
                             get_SR_physical_utilisation(sr)};
    struct err *e;
    struct sr opened;

    e = disk_sr(u->pool, u->db, sr, &opened);
    if (!e && opened.type->space)
        e = opened.type->space(&opened, &space);
    err_drop(e, "what was written down will do");
    return space;
}

void usage_of_sr(const struct usage *u, const struct object *sr,
                 struct usage_list *l)
{
    struct sr_space space = space_of(u, sr);

    usage_add(l, &row_size, "", (double)space.size);
    usage_add(l, &row_used, "", (double)space.used);
    usage_add(l, &row_promised, "", (double)get_SR_virtual_allocation(sr));
    for (size_t i = 0; i < u->n_srs; i++)
        if (u->srs[i].sr == sr)
            usage_add_io(l, &u->srs[i].io, u->srs[i].io.incarnation,
                         u->sample->time, "%s", "its disks");
}
