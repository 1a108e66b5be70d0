/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* model: look-ups, and what holds for every row of the tables. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "lib/str.h"
#include "xapi/model/calls_gen.h"
#include "xapi/model/errors_gen.h"
#include "xapi/model/fields_gen.h" /* compiles; db's tests call what is in it */
#include "xapi/model/model_gen.h"

static void every_row_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < MODEL_N_CALLS; i++) {
        const struct model_call *call = &model_calls[i];
        char *flat = xstrdup(call->name);

        flat[strlen(call->class->name)] = '_';
        assert_ptr_equal(model_call_find(call->name), call);
        assert_ptr_equal(model_call_find(flat), call);
        assert_ptr_equal(model_call_find_in(call->class, call->message), call);
        free(flat);
    }
    for (size_t i = 0; i < MODEL_N_FIELDS; i++) {
        const struct model_field *field = &model_fields[i];

        assert_ptr_equal(model_field_find(field->class, field->name), field);
        assert_ptr_equal(model_field_find(field->class, field->path), field);
        assert_ptr_equal(&field->class->fields[field->index], field);
    }
    for (size_t i = 0; i < MODEL_N_CLASSES; i++)
        assert_ptr_equal(model_class_find(model_classes[i].name),
                         &model_classes[i]);
    for (size_t i = 0; i < MODEL_N_ERRORS; i++)
        assert_ptr_equal(model_error_find(model_errors[i].name),
                         &model_errors[i]);
}

static void nothing_else_is_found(void **state)
{
    static const char *const calls[] = {"",           ".",
                                        "VM",         "VM.",
                                        "VM.starts",  "vm.start",
                                        "VM-start",   "VM.start ",
                                        "VM_metrics", "VM.metrics_get_uuid"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(calls); i++)
        assert_null(model_call_find(calls[i]));
    assert_null(model_class_find("vm"));
    assert_null(model_class_find(""));
    assert_null(model_field_find(&model_classes[CLASS_VM], "label"));
    assert_null(model_error_find("VM_BAD"));
    assert_null(model_role_find("root"));
    assert_null(model_permission_find("task.destroy"));
}

static void ids_are_indices(void **state)
{
    (void)state;
    assert_string_equal(model_classes[CLASS_VM].name, "VM");
    assert_string_equal(model_fields[VM_name_label].path, "name__label");
    assert_string_equal(model_calls[CALL_VM_start].name, "VM.start");
    assert_string_equal(model_errors[ERROR_VM_BAD_POWER_STATE].name,
                        "VM_BAD_POWER_STATE");
    assert_string_equal(model_roles[ROLE_vm_operator].name, "vm-operator");
    assert_string_equal(model_alerts[ALERT_VM_STARTED].name, "VM_STARTED");
    assert_null(model_classes[MODEL_N_CLASSES].name);
    assert_null(model_fields[MODEL_N_FIELDS].name);
    assert_null(model_calls[MODEL_N_CALLS].name);
    assert_null(model_errors[MODEL_N_ERRORS].name);
}

static void enums(void **state)
{
    const struct model_enum *states = model_fields[VM_power_state].type->enum_;
    const struct model_enum *modes = model_fields[Bond_mode].type->enum_;

    (void)state;
    assert_string_equal(states->name, "VM.power_state");
    assert_int_equal(model_enum_find(states, "Suspended"),
                     VM_power_state_Suspended);
    assert_int_equal(model_enum_find(states, "running"),
                     VM_power_state_Running);
    assert_int_equal(model_enum_find(states, "Crashed"), -1);
    assert_string_equal(modes->values[Bond_mode_balance_slb], "balance-slb");
}

static void roles(void **state)
{
    const struct model_call *add = &model_calls[CALL_VM_add_to_other_config];
    model_role_bits operators = model_calls[CALL_VM_start].roles;

    (void)state;
    assert_int_equal(operators, (2u << ROLE_vm_operator) - 1);
    assert_string_equal(model_role_name(operators), "vm-operator");
    assert_string_equal(model_role_name(0), "local-root-only");
    assert_string_equal(model_role_name(add->roles), "vm-admin");
    assert_string_equal(model_role_name(model_key_roles(add, "folder")),
                        "vm-operator");
    assert_string_equal(model_role_name(model_key_roles(add, "pci")),
                        "pool-admin");
    assert_string_equal(
        model_role_name(model_key_roles(add, "XenCenter.CustomFields.x")),
        "vm-operator");
    assert_string_equal(model_role_name(model_key_roles(add, "folders")),
                        "vm-admin");
    assert_string_equal(
        model_role_name(model_permission_find("task.destroy/any")->roles),
        "pool-operator");
    /* client-cert is beside the others, not below them */
    assert_int_equal(model_calls[CALL_pool_enable_ha].roles,
                     1u << ROLE_pool_admin | 1u << ROLE_pool_operator |
                         1u << ROLE_client_cert);
    assert_true(model_calls[CALL_VM_get_uuid].roles & 1u << ROLE_client_cert);
    assert_false(operators & 1u << ROLE_client_cert);
}

static void relations(void **state)
{
    const struct model_field *stored = &model_fields[VBD_VM];
    const struct model_field *computed = &model_fields[VM_VBDs];

    (void)state;
    assert_ptr_equal(stored->inverse, computed);
    assert_ptr_equal(computed->inverse, stored);
    assert_true(computed->computed);
    assert_false(stored->computed);
    for (size_t i = 0; i < MODEL_N_FIELDS; i++) {
        const struct model_field *f = &model_fields[i];

        if (!f->inverse)
            assert_false(f->computed);
        else
            assert_true(f->inverse->inverse == f &&
                        f->computed != f->inverse->computed);
    }
}

static void initial_values(void **state)
{
    const struct model_field *server = &model_fields[host_license_server];
    const struct model_field *roles_of = &model_fields[subject_roles];

    (void)state;
    assert_int_equal(model_fields[network_MTU].initial.keys[0].i, 1500);
    assert_int_equal(model_fields[VM_domain_type].initial.keys[0].i,
                     VM_domain_type_unspecified);
    assert_string_equal(model_fields[VM_name_label].initial.keys[0].s, "");
    assert_null(model_fields[VBD_VM].initial.keys[0].s);
    assert_true(model_fields[PUSB_speed].initial.keys[0].d == -1.0);
    assert_int_equal(server->initial.n, 2);
    assert_string_equal(server->initial.keys[1].s, "port");
    assert_string_equal(server->initial.values[1].s, "27000");
    assert_int_equal(roles_of->initial.n, 1);
    assert_non_null(
        strstr(roles_of->initial.keys[0].s, model_roles[ROLE_pool_admin].uuid));
    for (size_t i = 0; i < MODEL_N_FIELDS; i++) {
        const struct model_field *f = &model_fields[i];

        if (f->class->in_database && f->type->kind < MODEL_RECORD)
            assert_int_equal(f->initial.n, 1);
    }
}

static void calls(void **state)
{
    const struct model_call *login =
        &model_calls[CALL_session_login_with_password];
    const struct model_call *add = &model_calls[CALL_VM_add_tags];

    (void)state;
    assert_false(login->session);
    assert_true(login->secret);
    assert_int_equal(login->n_params, 4);
    assert_int_equal(login->n_required, 2);
    assert_string_equal(login->params[2].initial.keys[0].s, "1.1");
    assert_true(model_calls[CALL_SR_create].params[1].secret);
    assert_true(model_fields[PBD_device_config].secret);
    assert_true(model_calls[CALL_secret_set_value].secret);
    assert_int_equal(add->kind, MODEL_ADD);
    assert_ptr_equal(add->field, &model_fields[VM_tags]);
    assert_string_equal(add->params[1].type->name, "string");
    assert_ptr_equal(model_calls[CALL_VM_get_all_records].result->item->class,
                     &model_classes[CLASS_VM]);
    for (size_t i = 0; i < MODEL_N_CALLS; i++) {
        const struct model_call *call = &model_calls[i];

        assert_true(call >= call->class->calls &&
                    call < call->class->calls + call->class->n_calls);
        assert_true(call->own || call->kind != MODEL_CUSTOM);
        assert_true(call->own || !call->unimplemented);
    }
}

static void error_makers(void **state)
{
    AUTO_ERR struct err *e =
        err_VM_BAD_POWER_STATE("OpaqueRef:1", "Halted", "Running");
    AUTO_ERR struct err *bare = err_SESSION_INVALID("OpaqueRef:2");
    size_t n;
    const char *const *words = err_words(e, &n);

    (void)state;
    assert_int_equal(n, 4);
    assert_string_equal(words[0], "VM_BAD_POWER_STATE");
    assert_string_equal(words[3], "Running");
    assert_string_equal(err_words(bare, &n)[1], "OpaqueRef:2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_found),
        cmocka_unit_test(nothing_else_is_found),
        cmocka_unit_test(ids_are_indices),
        cmocka_unit_test(enums),
        cmocka_unit_test(roles),
        cmocka_unit_test(relations),
        cmocka_unit_test(initial_values),
        cmocka_unit_test(calls),
        cmocka_unit_test(error_makers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
