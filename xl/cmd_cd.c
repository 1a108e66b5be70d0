/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cmd_cd: what is in the CD drives of HVM guests. */
#include <errno.h>
#include <stdlib.h>

#include "xl/cmds.h"
#include "xl/domain/current.h"
#include "xl/domain/medium.h"
#include "xl/xl.h"

struct cd_args {
    const char *domain, *vdev, *path;
};

/* clang-format off */
#define DRIVE                                                   \
    ARG("domain", SLOT_WORD(struct cd_args, domain),            \
        .doc = "Name, id or uuid."),                            \
    ARG("drive", SLOT_WORD(struct cd_args, vdev),               \
        .doc = "As the guest has it: hdc, say.")

static const struct slot insert_opts[] = {
    DRIVE,
    ARG("medium", SLOT_WORD(struct cd_args, path),
        .doc = "An image, or the host's own drive."),
    OPT_END,
};

static const struct slot eject_opts[] = {DRIVE, OPT_END};
/* clang-format on */

/* PATH NULL: nothing is in it. */
static struct err *change(struct xl *xl, const struct cd_args *a,
                          const char *path)
{
    struct host *h;
    uint32_t domid;

    if (disk_number(a->vdev) < 0)
        return ERR_AS(input, "'%s' is no drive: want hda, hdc ...", a->vdev);
    TRY(find_and_open(xl, a->domain, &domid, &h));
    return medium_change(h, domid, a->vdev, path);
}

/* Who reads it stands somewhere else. */
static struct err *run_insert(void *app, const void *args, struct pool *p)
{
    const struct cd_args *a = args;
    AUTO_FREE char *path = realpath(a->path, NULL);

    (void)p;
    return path ? change(app, a, path) : err_errno(errno, "'%s'", a->path);
}

static struct err *run_eject(void *app, const void *args, struct pool *p)
{
    (void)p;
    return change(app, args, NULL);
}

/* clang-format off */
const struct cmd cmds_cd[] = {
    {"cd-insert", NULL, run_insert, insert_opts, sizeof(struct cd_args),
     CMD_MODIFIES, "Put a medium into a guest's CD drive."},
    {"cd-eject", NULL, run_eject, eject_opts, sizeof(struct cd_args),
     CMD_MODIFIES, "Take the medium out of a guest's CD drive."},
    {.name = NULL},
};
/* clang-format on */
