/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* model: look-ups in the tables; see model.h. */
#include "xapi/model/model.h"

#include <string.h>
#include <strings.h>

#include "xapi/model/model_gen.h"
#include "xapi/model/model_hash.h"

/* The row called NAME of N sorted ones of SIZE bytes; a row begins with its
 * name. */
static const void *find_sorted(const void *rows, size_t n, size_t size,
                               const char *name)
{
    size_t low = 0, high = n;

    while (low < high) {
        size_t middle = (low + high) / 2;
        const char *row = (const char *)rows + middle * size;
        int order = strcmp(name, *(const char *const *)row);

        if (!order)
            return row;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

const struct model_class *model_class_find(const char *name)
{
    return find_sorted(model_classes, MODEL_N_CLASSES, sizeof(*model_classes),
                       name);
}

const struct model_field *model_field_find(const struct model_class *class,
                                           const char *name)
{
    for (unsigned i = 0; i < class->n_fields; i++) {
        const struct model_field *field = &class->fields[i];

        if (!strcmp(field->name, name) || !strcmp(field->path, name))
            return field;
    }
    return NULL;
}

/* NAME is the call's, with '.' or '_' behind the class. */
static bool names(const struct model_call *call, const char *name)
{
    size_t class = strlen(call->class->name);

    return !strncmp(call->name, name, class) &&
           (name[class] == '.' || name[class] == '_') &&
           !strcmp(name + class + 1, call->message);
}

const struct model_call *model_call_find(const char *name)
{
    unsigned at = model_hash(name) % MODEL_HASH_SLOTS;

    for (; model_hash_slots[at]; at = (at + 1) % MODEL_HASH_SLOTS) {
        const struct model_call *call = &model_calls[model_hash_slots[at] - 1];

        if (names(call, name))
            return call;
    }
    return NULL;
}

const struct model_call *model_call_find_in(const struct model_class *class,
                                            const char *message)
{
    for (unsigned i = 0; i < class->n_calls; i++) {
        if (!strcmp(class->calls[i].message, message))
            return &class->calls[i];
    }
    return NULL;
}

int model_enum_find(const struct model_enum *e, const char *value)
{
    for (unsigned i = 0; i < e->n_values; i++) {
        if (!strcasecmp(e->values[i], value))
            return (int)i;
    }
    return -1;
}

const struct model_error *model_error_find(const char *code)
{
    return find_sorted(model_errors, MODEL_N_ERRORS, sizeof(*model_errors),
                       code);
}

const struct model_role *model_role_find(const char *name)
{
    for (const struct model_role *role = model_roles; role->name; role++) {
        if (!strcmp(role->name, name))
            return role;
    }
    return NULL;
}

const struct model_permission *model_permission_find(const char *name)
{
    const struct model_permission *permission = model_permissions;

    while (permission->name && strcmp(permission->name, name))
        permission++;
    return permission->name ? permission : NULL;
}

static bool key_fits(const char *pattern, const char *key)
{
    size_t len = strlen(pattern);

    if (len && pattern[len - 1] == '*')
        return !strncmp(pattern, key, len - 1);
    return !strcmp(pattern, key);
}

model_role_bits model_key_roles(const struct model_call *call, const char *key)
{
    for (unsigned i = 0; i < call->n_key_roles; i++) {
        if (key_fits(call->key_roles[i].key, key))
            return call->key_roles[i].roles;
    }
    return call->roles;
}

const char *model_role_name(model_role_bits roles)
{
    unsigned i = 0;

    while (roles >> i & 1)
        i++;
    return i ? model_roles[i - 1].name : "local-root-only";
}
