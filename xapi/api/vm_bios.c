/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/vm_bios: what a guest's firmware says of vendor and model: said once, and
 * told to the firmware when the guest starts (plan.h). */
#include <ctype.h>
#include <string.h>

#include "lib/str.h"
#include "xapi/vm/vm.h"
#include "xapi/model/calls_gen.h"
#include "xapi/db/datum.h"
#include "xapi/model/errors_gen.h"
#include "xapi/call/generic.h"
#include "xapi/db/txn.h"

#define VALUE_MAX 512 /* bytes that the firmware has room for */

/* What may be said, and what is said where nothing else was. */
static const struct string_row {
    const char *key, *usual;
} rows[] = {
    {"bios-vendor", "Xen"},
    {"bios-version", ""},
    {"system-manufacturer", "Xen"},
    {"system-product-name", "HVM domU"},
    {"system-version", ""},
    {"system-serial-number", ""},
    {"enclosure-asset-tag", ""},
    {"baseboard-manufacturer", ""},
    {"baseboard-product-name", ""},
    {"baseboard-version", ""},
    {"baseboard-serial-number", ""},
    {"baseboard-asset-tag", ""},
    {"baseboard-location-in-chassis", ""},
};

static bool is_known(const char *key)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (!strcmp(rows[i].key, key))
            return true;
    return false;
}

static bool is_printable(const char *value)
{
    for (; *value; value++)
        if (!isascii(*value) || !isprint(*value))
            return false;
    return true;
}

/* The value, and what is wrong with it. */
static struct err *bad(struct call *c, const char *key, const char *value,
                       const char *why)
{
    return err_INVALID_VALUE(key, pool_printf(c->pool, "%s %s", value, why));
}

static struct err *check(struct call *c, const char *key, const char *value)
{
    if (!is_known(key))
        return err_INVALID_VALUE(key, "Unknown key");
    if (!*value)
        return err_INVALID_VALUE(key, "Value provided is empty");
    if (strlen(value) > VALUE_MAX)
        return bad(c, key, value,
                   pool_printf(c->pool, "has length more than %d characters",
                               VALUE_MAX));
    return is_printable(value)
               ? NULL
               : bad(c, key, value, "has non-printable ASCII characters");
}

static struct err *check_unset(const struct object *vm)
{
    return get_VM_bios_strings(vm).n ? err_VM_BIOS_STRINGS_ALREADY_SET() : NULL;
}

static struct err *set(struct call *c, struct txn *txn, struct object *vm)
{
    struct model_value given = c->args[1];

    TRY(check_unset(vm));
    for (unsigned i = 0; i < given.n; i++)
        TRY(check(c, given.keys[i].s, given.values[i].s));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *value = datum_map_get(given, rows[i].key);

        TRY(add_to_VM_bios_strings(txn, vm, rows[i].key,
                                   value ? value : rows[i].usual));
    }
    return NULL;
}

struct err *VM_set_bios_strings(struct call *c,
                                const struct VM_set_bios_strings_args *a)
{
    (void)a;
    return vm_write(c, set);
}

static struct err *copy(struct call *c, struct txn *txn, struct object *vm)
{
    struct object *host = NULL;

    TRY(call_object(c, 1, &host));
    TRY(check_unset(vm));
    return set_VM_bios_strings(txn, vm, get_host_bios_strings(host));
}

struct err *VM_copy_bios_strings(struct call *c,
                                 const struct VM_copy_bios_strings_args *a)
{
    (void)a;
    return vm_write(c, copy);
}
