/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sample_qdisk: which of a qemu's figures are a disk's. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "lib/json.h"
#include "xenstore/top/sample_disk.h"

static const char answer[] =
    "[{\"device\":\"\",\"node-name\":\"xvda-qcow2\",\"stats\":{"
    "\"rd_total_time_ns\":1500,\"rd_operations\":2,\"wr_operations\":3,\"rd_"
    "bytes\":4096,"
    "\"wr_bytes\":1048576,\"flush_operations\":5,\"unmap_operations\":6}},"
    "{\"device\":\"\",\"node-name\":\"xvdaa-raw\",\"stats\":{"
    "\"rd_operations\":7}},"
    "{\"device\":\"ide0-hd1\",\"stats\":{\"rd_operations\":11}},"
    "{\"device\":\"\",\"node-name\":\"hdb-raw\",\"stats\":{"
    "\"rd_operations\":100}},"
    "{\"device\":\"ahcidisk-2\",\"stats\":{\"wr_operations\":-5}},"
    "{\"device\":5},7,{\"node-name\":\"xvdb-raw\",\"stats\":[]}]";

static void figures(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct sample_blk blk;
    struct value *v = NULL;

    (void)state;
    assert_null(json_parse(p, answer, strlen(answer), &v));
    assert_true(qdisk_stats(v, "xvda", &blk));
    assert_int_equal(blk.reads, 2);
    assert_int_equal(blk.writes, 3);
    assert_int_equal(blk.read_sectors, 8);
    assert_int_equal(blk.write_sectors, 2048);
    assert_int_equal(blk.flushes, 5);
    assert_int_equal(blk.discards, 6);
    assert_int_equal(blk.read_ns, 1500);
    assert_int_equal(blk.write_ns, 0);
    assert_true(qdisk_stats(v, "xvdaa", &blk));
    assert_int_equal(blk.reads, 7);
    /* the emulated disk and its Xen twin */
    assert_true(qdisk_stats(v, "hdb", &blk));
    assert_int_equal(blk.reads, 111);
    assert_true(qdisk_stats(v, "hdc", &blk));
    assert_int_equal(blk.writes, 0);
    assert_false(qdisk_stats(v, "xvdb", &blk));
    assert_false(qdisk_stats(v, "xvd", &blk));
    assert_false(qdisk_stats(v, "hda", &blk));
    assert_false(qdisk_stats(value_int(p, 1), "xvda", &blk));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
