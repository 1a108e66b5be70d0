/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* columns: see columns.h. The rows, and the few kinds that they are made of. */
#include "xenstore/top/columns.h"

#include <ctype.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <uuid/uuid.h>

#include "lib/near.h"

/* ---- kinds --------------------------------------------------------------- */

/* A number, a text, or nothing known. */
enum cell_kind {
    CELL_NIL,
    CELL_INT,
    CELL_DOUBLE,
    CELL_TEXT,
};

struct cell {
    enum cell_kind kind;
    int64_t i; /* not negative */
    double d;
    const char *text;
};

struct column_kind {
    struct cell (*cell)(const struct column *col, const struct change *c,
                        const struct change_domain *d);
    int decimals; /* of text */
};

static struct cell nil(void)
{
    return (struct cell){.kind = CELL_NIL};
}

static struct cell integer(uint64_t n)
{
    if (n == SAMPLE_NONE)
        return nil();
    return (struct cell){.kind = CELL_INT,
                         .i = n < INT64_MAX ? (int64_t)n : INT64_MAX};
}

static struct cell real(double d)
{
    return (struct cell){.kind = CELL_DOUBLE, .d = d};
}

static struct cell word(const char *s)
{
    return *s ? (struct cell){.kind = CELL_TEXT, .text = s} : nil();
}

/* The number at the column's offset in a domain, or in a change of it. */
static uint64_t number_at(const struct column *col, const void *strct)
{
    return *(const uint64_t *)((const char *)strct + col->offset);
}

static struct cell number_cell(const struct column *col, const struct change *c,
                               const struct change_domain *d)
{
    (void)c;
    return integer(number_at(col, d->now));
}

/* Whether the domain has devices of the column's sort, and none has counters
 * here: their backends are in another domain. */
static bool counts_nowhere(const struct column *col,
                           const struct change_domain *d)
{
    return col->needs & SAMPLE_VIFS ? d->now->n_vifs && !d->counted_vifs
                                    : (col->needs & SAMPLE_VBDS) &&
                                          d->now->n_vbds && !d->counted_vbds;
}

static struct cell total_cell(const struct column *col, const struct change *c,
                              const struct change_domain *d)
{
    (void)c;
    return counts_nowhere(col, d) ? nil() : integer(number_at(col, d));
}

static struct cell seconds_cell(const struct column *col,
                                const struct change *c,
                                const struct change_domain *d)
{
    (void)c;
    return real((double)number_at(col, d->now) / 1e9);
}

static struct cell rate_cell(const struct column *col, const struct change *c,
                             const struct change_domain *d)
{
    if (!d->known || c->seconds <= 0 || counts_nowhere(col, d))
        return nil();
    return real(change_rate(c, number_at(col, d)));
}

static struct cell sectors_rate_cell(const struct column *col,
                                     const struct change *c,
                                     const struct change_domain *d)
{
    struct cell cell = rate_cell(col, c, d);

    cell.d *= 512;
    return cell;
}

/* Of one CPU's time: two busy ones are 200. No more than it has CPUs, however
 * short the time and imprecise its measurement. */
static struct cell busy_cell(const struct column *col, const struct change *c,
                             const struct change_domain *d)
{
    struct cell cell = rate_cell(col, c, d);
    uint64_t cpus = d->now->max_vcpus;

    cell.d /= 1e7;
    if (cpus)
        cell.d = fmin(cell.d, 100.0 * (double)cpus);
    return cell;
}

static struct cell bandwidth_cell(const struct column *col,
                                  const struct change *c,
                                  const struct change_domain *d)
{
    return d->now->bandwidth == SAMPLE_NONE ? nil() : rate_cell(col, c, d);
}

static struct cell share_cell(const struct column *col, const struct change *c,
                              const struct change_domain *d)
{
    uint64_t n = number_at(col, d->now), of = c->now->host.memory;

    return n == SAMPLE_NONE || !of ? nil()
                                   : real(100.0 * (double)n / (double)of);
}

static struct cell used_cell(const struct column *col, const struct change *c,
                             const struct change_domain *d)
{
    uint64_t total = d->now->guest_total, spare = d->now->guest_free;

    (void)col;
    (void)c;
    if (total == SAMPLE_NONE || !total || spare > total)
        return nil();
    return real(100.0 * (double)(total - spare) / (double)total);
}

static struct cell text_cell(const struct column *col, const struct change *c,
                             const struct change_domain *d)
{
    (void)c;
    return word(*(const char *const *)((const char *)d->now + col->offset));
}

static const struct column_kind kind_number = {number_cell, 0};
static const struct column_kind kind_total = {total_cell, 0};
static const struct column_kind kind_seconds = {seconds_cell, 0};
static const struct column_kind kind_busy = {busy_cell, 1};
static const struct column_kind kind_rate = {rate_cell, 0};
static const struct column_kind kind_sectors_rate = {sectors_rate_cell, 0};
static const struct column_kind kind_bandwidth = {bandwidth_cell, 0};
static const struct column_kind kind_share = {share_cell, 1};
static const struct column_kind kind_used = {used_cell, 1};
static const struct column_kind kind_text = {text_cell, 0};
/* Made of more than one member, see cell_in. */
static const struct column_kind kind_name = {0}, kind_states = {0},
                                kind_uuid = {0};

/* ---- the rows ------------------------------------------------------------ */

#define NOW(member) offsetof(struct sample_domain, member)
#define CHANGE(member) offsetof(struct change_domain, member)

/* clang-format off */
const struct column columns[] = {
    {"name", "NAME", 10, COLUMN_STOCK | COLUMN_ASCENDING, 0, &kind_name, 0, 0, NULL, NULL,
     "Name; its id in parentheses while it has none.", 1},
    {"state", "STATE", 6, COLUMN_STOCK | COLUMN_ASCENDING, 0, &kind_states, 0, 0, NULL, NULL,
     "`d` dying, `s` shut down, `b` blocked, `c` crashed, `p` paused, `r` running.", 2},
    {"cpu_seconds", "CPU(sec)", 10, COLUMN_STOCK, 0, &kind_seconds, NOW(cpu_ns), 0, NULL, "seconds",
     "CPU time that it has had so far.", 5},
    {"cpu_percent", "CPU(%)", 6, COLUMN_STOCK | COLUMN_CURVE, 0, &kind_busy, CHANGE(cpu_ns), 0, "0.0", "percent of one CPU",
     "CPU time that it had since the reading before; 200 is two CPUs all the time.", 3},
    {"memory", "MEM(k)", 10, COLUMN_STOCK, 0, &kind_number, NOW(memory), 1024, NULL, "bytes",
     "Memory that it has.", 4},
    {"memory_percent", "MEM(%)", 6, COLUMN_STOCK, 0, &kind_share, NOW(memory), 0, "0.0", "percent of the host's",
     "The same, as a share.", 6},
    {"max_memory", "MAXMEM(k)", 10, COLUMN_STOCK, 0, &kind_number, NOW(max_memory), 1024, "no limit", "bytes",
     "Memory that it may have at most.", 13},
    {"max_memory_percent", "MAXMEM(%)", 9, COLUMN_STOCK, 0, &kind_share, NOW(max_memory), 0, "n/a", "percent of the host's",
     "The same, as a share.", 14},
    {"vcpus", "VCPUS", 5, COLUMN_STOCK, 0, &kind_number, NOW(max_vcpus), 0, NULL, NULL,
     "Virtual CPUs, online or not.", 8},
    {"nets", "NETS", 4, COLUMN_STOCK, SAMPLE_VIFS, &kind_number, NOW(n_vifs), 0, NULL, NULL,
     "Network cards.", 15},
    {"net_tx", "NETTX(k)", 8, COLUMN_STOCK, SAMPLE_VIFS, &kind_total, CHANGE(net_total.in_bytes), 1024, "n/a", "bytes",
     "Sent to it by its network cards' ends in Dom0 (which is how stock xentop counts: what the guest received).", 9},
    {"net_rx", "NETRX(k)", 8, COLUMN_STOCK, SAMPLE_VIFS, &kind_total, CHANGE(net_total.out_bytes), 1024, "n/a", "bytes",
     "Received from it by its network cards' ends in Dom0 (what the guest sent).", 10},
    {"vbds", "VBDS", 4, COLUMN_STOCK, SAMPLE_VBDS, &kind_number, NOW(n_vbds), 0, NULL, NULL,
     "Disks.", 16},
    {"vbd_waits", "VBD_OO", 8, COLUMN_STOCK, SAMPLE_VBDS, &kind_total, CHANGE(blk_total.waits), 0, "n/a", NULL,
     "Times that a disk was out of requests and the guest had to wait.", 19},
    {"vbd_reads", "VBD_RD", 8, COLUMN_STOCK, SAMPLE_VBDS, &kind_total, CHANGE(blk_total.reads), 0, "n/a", NULL,
     "Read requests to its disks.", 11},
    {"vbd_writes", "VBD_WR", 8, COLUMN_STOCK, SAMPLE_VBDS, &kind_total, CHANGE(blk_total.writes), 0, "n/a", NULL,
     "Write requests to its disks.", 12},
    {"vbd_read_sectors", "VBD_RSECT", 10, COLUMN_STOCK, SAMPLE_VBDS, &kind_total, CHANGE(blk_total.read_sectors), 0, "n/a", "sectors of 512 bytes",
     "Read from its disks.", 17},
    {"vbd_write_sectors", "VBD_WSECT", 10, COLUMN_STOCK, SAMPLE_VBDS, &kind_total, CHANGE(blk_total.write_sectors), 0, "n/a", "sectors of 512 bytes",
     "Written to its disks.", 18},
    {"ssid", "SSID", 4, COLUMN_STOCK | COLUMN_ASCENDING, 0, &kind_number, NOW(ssid), 0, NULL, NULL,
     "Security label of XSM (its number).", 20},

    {"id", "ID", 5, COLUMN_ASCENDING, 0, &kind_number, NOW(id), 0, NULL, NULL,
     "Domain id.", 27},
    {"uuid", "UUID", 36, COLUMN_LEFT | COLUMN_ASCENDING, 0, &kind_uuid, 0, 0, NULL, NULL,
     "UUID, which stays the same over restarts."},
    {"type", "TYPE", 4, COLUMN_LEFT | COLUMN_ASCENDING, 0, &kind_text, NOW(type), 0, NULL, NULL,
     "`pv`, `pvh` or `hvm`.", 26},
    {"pool", "POOL", 4, COLUMN_ASCENDING, 0, &kind_number, NOW(pool), 0, NULL, NULL,
     "CPU pool (its number).", 37},
    {"online_vcpus", "ONLINE", 6, 0, 0, &kind_number, NOW(online_vcpus), 0, NULL, NULL,
     "Virtual CPUs that are online.", 36},
    {"net_in", "NETIN(B/s)", 10, COLUMN_CURVE, SAMPLE_VIFS, &kind_rate, CHANGE(net.in_bytes), 0, NULL, "bytes per second",
     "Received by the guest.", 21},
    {"net_out", "NETOUT(B/s)", 11, COLUMN_CURVE, SAMPLE_VIFS, &kind_rate, CHANGE(net.out_bytes), 0, NULL, "bytes per second",
     "Sent by the guest.", 22},
    {"net_in_packets", "NETIN(/s)", 9, 0, SAMPLE_VIFS, &kind_rate, CHANGE(net.in_packets), 0, NULL, "packets per second",
     "Packets received by the guest.", 32},
    {"net_out_packets", "NETOUT(/s)", 10, 0, SAMPLE_VIFS, &kind_rate, CHANGE(net.out_packets), 0, NULL, "packets per second",
     "Packets sent by the guest.", 33},
    {"disk_read", "READ(B/s)", 10, COLUMN_CURVE, SAMPLE_VBDS, &kind_sectors_rate, CHANGE(blk.read_sectors), 0, NULL, "bytes per second",
     "Read from its disks.", 23},
    {"disk_write", "WRITE(B/s)", 10, COLUMN_CURVE, SAMPLE_VBDS, &kind_sectors_rate, CHANGE(blk.write_sectors), 0, NULL, "bytes per second",
     "Written to its disks.", 24},
    {"disk_reads", "READ(/s)", 8, 0, SAMPLE_VBDS, &kind_rate, CHANGE(blk.reads), 0, NULL, "requests per second",
     "Read requests to its disks.", 34},
    {"disk_writes", "WRITE(/s)", 9, 0, SAMPLE_VBDS, &kind_rate, CHANGE(blk.writes), 0, NULL, "requests per second",
     "Write requests to its disks.", 35},
    {"target", "TARGET(k)", 10, 0, SAMPLE_MEMORY, &kind_number, NOW(target), 1024, NULL, "bytes",
     "Memory that the toolstack wants it to have.", 28},
    {"guest_total", "GTOTAL(k)", 10, 0, SAMPLE_MEMORY, &kind_number, NOW(guest_total), 1024, NULL, "bytes",
     "Memory that the guest says it has."},
    {"guest_free", "GFREE(k)", 10, 0, SAMPLE_MEMORY, &kind_number, NOW(guest_free), 1024, NULL, "bytes",
     "Memory that the guest says it could spare."},
    {"guest_used_percent", "GUSED(%)", 8, COLUMN_CURVE, SAMPLE_MEMORY, &kind_used, 0, 0, NULL, "percent",
     "Memory pressure: how much of its memory the guest says it uses.", 25},
    {"shared", "SHARED(k)", 10, 0, 0, &kind_number, NOW(shared), 1024, NULL, "bytes",
     "Memory that it shares with others."},
    {"paged", "PAGED(k)", 10, 0, 0, &kind_number, NOW(paged), 1024, NULL, "bytes",
     "Memory of it that is paged out by the host."},
    {"cache", "CACHE(k)", 9, 0, SAMPLE_PSR, &kind_number, NOW(cache), 1024, NULL, "bytes",
     "L3 cache that it occupies, where the host can tell and it is monitored (`xl psr-cmt-attach`).", 29},
    {"bandwidth", "MEMBW(k/s)", 10, 0, SAMPLE_PSR, &kind_bandwidth, CHANGE(bandwidth), 1024, NULL, "bytes per second",
     "Memory bandwidth that it uses, where the host can tell and it is monitored.", 30},
    {"local_bandwidth", "LOCBW(k/s)", 10, 0, SAMPLE_PSR, &kind_bandwidth, CHANGE(local_bandwidth), 1024, NULL, "bytes per second",
     "The same to memory of the CPUs' own NUMA node.", 31},
    {.name = NULL},
};
/* clang-format on */

_Static_assert(sizeof(size_t) == sizeof(uint64_t),
               "n_vifs and n_vbds are read as numbers");

const struct column *column_find(const char *name)
{
    for (const struct column *col = columns; col->name; col++)
        if (!strcasecmp(col->name, name) || !strcasecmp(col->head, name))
            return col;
    return NULL;
}

const char *column_nearest(const char *name)
{
    struct near near = {.word = name};

    for (const struct column *col = columns; col->name; col++)
        near_try(&near, col->name);
    return near.best;
}

/* ---- cells --------------------------------------------------------------- */

void domain_states(const struct sample_domain *d, char ret[7])
{
    static const char letters[] = "dsbcpr";

    for (unsigned i = 0; i < 6; i++)
        ret[i] = d->states & (1u << i) ? letters[i] : '-';
    ret[6] = '\0';
}

const char *domain_label(const struct sample_domain *d, struct pool *p)
{
    return *d->name ? d->name : pool_printf(p, "(%" PRIu64 ")", d->id);
}

/* What needs more room than a pointer into the sample: a cell's text then is
 * in ROOM. */
#define ROOM 40
static struct cell cell_in(const struct column *col, const struct change *c,
                           const struct change_domain *d, char room[ROOM])
{
    if (col->kind == &kind_name) {
        if (*d->now->name)
            return word(d->now->name);
        snprintf(room, ROOM, "(%" PRIu64 ")", d->now->id);
    } else if (col->kind == &kind_states) {
        domain_states(d->now, room);
    } else if (col->kind == &kind_uuid) {
        uuid_unparse_lower(d->now->uuid, room);
    } else {
        return col->kind->cell(col, c, d);
    }
    return word(room);
}

struct value *column_value(const struct column *col, const struct change *c,
                           const struct change_domain *d, struct pool *p)
{
    char room[ROOM];
    struct cell cell = cell_in(col, c, d, room);

    switch (cell.kind) {
    case CELL_INT:
        return value_int(p, cell.i);
    case CELL_DOUBLE:
        return value_double(p, cell.d);
    case CELL_TEXT:
        return value_string(p, pool_str(p, cell.text));
    case CELL_NIL:
        break;
    }
    return value_nil(p);
}

bool column_is_known(const struct column *col, const struct change *c,
                     const struct change_domain *d)
{
    char room[ROOM];

    return cell_in(col, c, d, room).kind != CELL_NIL;
}

double column_number(const struct column *col, const struct change *c,
                     const struct change_domain *d)
{
    char room[ROOM];
    struct cell cell = cell_in(col, c, d, room);

    return cell.kind == CELL_INT      ? (double)cell.i
           : cell.kind == CELL_DOUBLE ? cell.d
                                      : 0;
}

static void add_printable(struct str *out, const char *s)
{
    for (; *s; s++)
        str_addc(out, (unsigned char)*s < ' ' || *s == 0x7f ? '?' : *s);
}

static void add_cell(const struct column *col, const struct cell *cell,
                     struct str *out)
{
    double scale = col->scale > 0 ? col->scale : 1, d;
    int decimals = col->kind->decimals;

    switch (cell->kind) {
    case CELL_INT:
        str_addu(out, (uint64_t)cell->i / (uint64_t)scale, 1);
        break;
    case CELL_DOUBLE: /* whole numbers are cut, not rounded, as stock's are */
        d = cell->d / scale;
        str_addd(out, decimals ? d : trunc(d), (unsigned)decimals);
        break;
    case CELL_TEXT:
        add_printable(out, cell->text);
        break;
    case CELL_NIL:
        str_add(out, col->nil ? col->nil : "-");
        break;
    }
}

void column_text(const struct column *col, const struct change *c,
                 const struct change_domain *d, struct str *out)
{
    char room[ROOM];
    struct cell cell = cell_in(col, c, d, room);

    add_cell(col, &cell, out);
}

/* ---- padding ------------------------------------------------------------- */

static bool continues(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* Bytes of the first N characters. */
static size_t bytes_of(const char *text, size_t n)
{
    size_t i = 0;

    for (; text[i] && (n || continues(text[i])); i++)
        if (!continues(text[i + 1]))
            n--;
    return i;
}

size_t text_width(const char *text)
{
    size_t n = 0;

    for (; *text; text++)
        n += !continues(*text);
    return n;
}

void column_pad(const struct column *col, size_t from, int width,
                struct str *out)
{
    size_t room = (size_t)(width ? width : col->width);
    size_t chars = text_width(str_text(out) + from);

    if (chars > room && (width || col->kind == &kind_name))
        str_cut(out, from + bytes_of(str_text(out) + from, room));
    if (chars < room)
        str_insert(out, col->flags & COLUMN_LEFT ? out->len : from, ' ',
                   room - chars);
}

/* ---- order and selection ------------------------------------------------- */

static int compare_numbers(double a, double b)
{
    return (a > b) - (a < b);
}

/* What is not known goes last, whichever the direction. */
static int compare_cells(const struct column *col, bool reverse,
                         const struct cell *a, const struct cell *b)
{
    int order;

    if (a->kind == CELL_NIL || b->kind == CELL_NIL)
        return (a->kind == CELL_NIL) - (b->kind == CELL_NIL);
    if (a->kind == CELL_TEXT)
        order = strcasecmp(a->text, b->text);
    else if (a->kind == CELL_INT)
        order = (a->i > b->i) - (a->i < b->i);
    else
        order = compare_numbers(a->d, b->d);
    return !(col->flags & COLUMN_ASCENDING) == reverse ? order : -order;
}

bool filter_matches(const char *filter, const struct sample_domain *d)
{
    char id[24];

    if (!filter || !*filter)
        return true;
    snprintf(id, sizeof(id), "%" PRIu64, d->id);
    if (!strcmp(filter, id))
        return true;
    if (strpbrk(filter, "*?["))
        return !fnmatch(filter, d->name, FNM_CASEFOLD);
    return strcasestr(d->name, filter);
}

/* A domain with what it is ordered by. */
struct sorted {
    const struct change_domain *d;
    struct cell cell;
    char room[ROOM]; /* the cell's */
};

struct sorting {
    const struct selection *sel;
    const struct column *col;
};

static int compare_rows(const void *a_, const void *b_, void *sorting_)
{
    const struct sorted *a = *(const struct sorted *const *)a_;
    const struct sorted *b = *(const struct sorted *const *)b_;
    const struct sorting *s = sorting_;
    uint64_t id_a = a->d->now->id, id_b = b->d->now->id;
    int order;

    if (s->sel->dom0_first && (!id_a || !id_b))
        return !!id_a - !!id_b;
    order = compare_cells(s->col, s->sel->reverse, &a->cell, &b->cell);
    return order ? order : (id_a > id_b) - (id_a < id_b);
}

const struct change_domain **columns_select(const struct selection *sel,
                                            const struct change *c,
                                            struct pool *p, size_t *ret_n)
{
    struct sorting sorting = {sel, sel->sort ? sel->sort : columns};
    const struct change_domain **rows =
        pool_alloc(p, c->n_domains * sizeof(*rows));
    struct sorted *list = pool_alloc(p, c->n_domains * sizeof(*list));
    struct sorted **order = pool_alloc(p, c->n_domains * sizeof(*order));
    size_t n = 0;

    for (size_t i = 0; i < c->n_domains; i++) {
        struct sorted *s = &list[n];

        if (!filter_matches(sel->filter, c->domains[i].now))
            continue;
        s->d = &c->domains[i];
        s->cell = cell_in(sorting.col, c, s->d, s->room);
        order[n++] = s;
    }
    qsort_r(order, n, sizeof(*order), compare_rows, &sorting);
    for (size_t i = 0; i < n; i++)
        rows[i] = order[i]->d;
    *ret_n = n;
    return rows;
}
