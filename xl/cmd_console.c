/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cmd_console: `xl console`, a guest's console on this terminal. */
#include <libxl_utils.h>
#include <string.h>

#include "xl/cmds.h"
#include "xl/console.h"
#include "xl/xl.h"

struct console_args {
    const char *domain;
    const char *escape;
    int type;
    unsigned num;
};

enum { TYPE_AUTO = -1 };

/* clang-format off */
static const struct slot_choice types[] = {
    {"pv",     CONSOLE_PV,     "the paravirtual console"},
    {"serial", CONSOLE_SERIAL, "the emulated serial port of an HVM guest"},
    {"vuart",  CONSOLE_VUART,  "the virtual UART of an Arm guest"},
    {NULL, 0, NULL},
};

static const struct slot console_opts[] = {
    OPT_SHORT('t', SLOT_CHOICE(struct console_args, type, types),
        .unit = "pv|serial",
        .doc = "Which kind of console; by default the serial port of HVM "
               "guests that have one, else pv."),
    OPT_SHORT('n', SLOT_INT(struct console_args, num), .unit = "NUMBER",
        .doc = "Which of them, from 0."),
    OPT('e', "escape", SLOT_WORD(struct console_args, escape), .unit = "CHAR",
        .doc = "What leaves the console, as ^a or a character (^])."),
    ARG("domain", SLOT_WORD(struct console_args, domain),
        .doc = "Name, id or uuid."),
    OPT_END,
};
/* clang-format on */

static void defaults(void *args)
{
    ((struct console_args *)args)->type = TYPE_AUTO;
}

static struct err *read_escape(const char *word, char *ret)
{
    if (!word)
        return NULL;
    if (word[0] && !word[1]) {
        *ret = word[0];
        return NULL;
    }
    if (word[0] != '^' || !word[1] || word[2])
        return ERR_AS(usage, "escape: '%s' is not a character such as ^a",
                      word);
    *ret = word[1] & 0x1f;
    return NULL;
}

bool console_has_serial(const libxl_domain_build_info *b)
{
    const libxl_string_list list = b->u.hvm.serial_list;

    return b->type == LIBXL_DOMAIN_TYPE_HVM &&
           (b->u.hvm.serial || (list && list[0]));
}

/* Only HVM guests have a choice, and their configuration says which. */
static struct err *choose_type(struct host *h, uint32_t domid, int *ret)
{
    libxl_domain_config config;
    libxl_dominfo info AUTO(libxl_dominfo_dispose);
    int rc;

    *ret = CONSOLE_PV;
    libxl_dominfo_init(&info);
    if (libxl_domain_info(h->ctx, &info, domid) ||
        info.domain_type != LIBXL_DOMAIN_TYPE_HVM)
        return NULL;
    libxl_domain_config_init(&config);
    host_mark(h);
    rc = libxl_retrieve_domain_configuration(h->ctx, domid, &config, NULL);
    if (!rc && console_has_serial(&config.b_info))
        *ret = CONSOLE_SERIAL;
    libxl_domain_config_dispose(&config);
    return rc ? host_err(h, rc, "cannot tell which consoles it has") : NULL;
}

static struct err *run_console(void *app, const void *args, struct pool *p)
{
    const struct console_args *a = args;
    struct console c = {.num = a->num};
    int type = a->type;
    struct host *h;

    (void)p;
    TRY(read_escape(a->escape, &c.escape));
    TRY(find_domain(app, a->domain, &c.domid));
    if (!c.domid)
        return ERR("domain 0 has no console that xl can attach to");
    TRY(xl_host(app, &h));
    if (type == TYPE_AUTO)
        TRY(choose_type(h, c.domid, &type));
    c.type = (enum console_type)type;
    return err_wrap(console_run(&c), "console of '%s'", a->domain);
}

/* clang-format off */
const struct cmd cmds_console[] = {
    {"console", NULL, run_console, console_opts, sizeof(struct console_args), 0,
     "Attach to a domain's console; Ctrl-] leaves it.",
     "Waits for a console that is not there yet. Ends when the domain does; "
     "when standard input is a pipe or file, also once that is at its end and "
     "nothing came from the guest for two seconds.",
     defaults},
    {.name = NULL},
};
/* clang-format on */
