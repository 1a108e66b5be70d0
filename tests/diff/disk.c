/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * disk: spec_disk_parse against libxlutil's xlu_disk_parse. The input is a list
 * of ours and then strings put together from parts that matter to the grammar.
 *
 *   disk [COUNT [SEED]]     (10000 strings, seed 1)
 *   disk -                  strings from standard input, one a line
 */
#include "tests/diff/disk.h"

/* clang-format off */
static const char *const odd[] = {
    "/dev/vg/lv,raw,xvda,rw", "/dev/vg/lv,raw,xvda", "/dev/vg/lv,,xvda",
    "/dev/vg/lv,,xvda,", "/dev/vg/lv,,xvda,,", "/dev/vg/lv,,xvda,r",
    "/dev/vg/lv,,xvda,ro", "/dev/vg/lv,,xvda,x", ",,xvda", ",,xvda,cdrom",
    ",,xvda,w,cdrom", "/a,raw,hdc,devtype=cdrom", "/a,raw,hdc:cdrom",
    "/a,raw,hdc:cdrom,r", "/a,raw,hdc:disk,r", "/a,raw,hdc:foo,r",
    "/a,raw,a:b:cdrom", "/a,raw,hda:cdrom:disk,w", "/a,raw,hda:Cdrom",
    "/a,raw,:cdrom,w", "/a,raw,hda: cdrom", "/a,raw,1a: cdrom", "/a,raw",
    "cdrom,/a,raw,hda:disk", "/a", "", " ", ",", ",,", ",,,", ",,,,", ",,,,,",
    "vdev=hda", "vdev=hda,target=/a", "vdev=hda,target=/a,b,c",
    "vdev=hda,target=/a,", "vdev=hda,target=/a,,", "target=/a,vdev=hda",
    "vdev=hda,vdev=hdb,target=/a", "vdev=,vdev=hda,target=/a",
    "vdev=hda,cdrom", "vdev=hda,devtype=cdrom,target=", "vdev=hda,target=",
    "format=raw,format=raw,vdev=hda,target=/a",
    "format=,format=raw,vdev=hda,target=/a",
    "format=qcow2,format=raw,vdev=hda,target=/a",
    "format=vdi,vdev=hda,target=/a", "format=RAW,vdev=hda,target=/a",
    "backendtype=phy,backendtype=phy,vdev=hda,target=/a",
    "backendtype=phy,backendtype=tap,vdev=hda,target=/a",
    "backendtype=,vdev=hda,target=/a", "backendtype=PHY,vdev=hda,target=/a",
    "script=,script=a,vdev=hda,target=/a", "script=a,script=a,vdev=hda,target=/a",
    "iscsi:a,hda,script=b", "script=b,iscsi:a,hda", "vdev=hda,nbd:iscsi:/a",
    "specification=Virtio,vdev=hda,target=/a", "vdev=hda,trusted=1,target=/a",
    "vdev=hda,colo,colo-host=1.2.3.4,colo-port=7000,colo-export=e,"
    "active-disk=/x,hidden-disk=/y,target=/a",
    "colo-port=abc,/a,raw,hda", "colo-port=,/a,raw,hda", "colo-port=0,/a,raw,hda",
    "colo-port= 12,/a,raw,hda", "colo-port=12x,/a,raw,hda",
    "colo-port=-5,/a,raw,hda", "colo-port=+7,/a,raw,hda",
    "colo-port=70000000000,/a,raw,hda",
    "colo-port=99999999999999999999999,/a,raw,hda",
    "file:/a,hda,w", "file:/a,hda", "file:a,hda,w", "file:,hda,w",
    "file:/a,raw,hda,w", "file:/a,hda,r,dom", "phy:sda/x,xvda,w",
    "tap:tapdisk:aio:/a,xvda,w", "tap2:qcow2:/a,xvda,w", "qed:/a,xvda,w",
    "drbd:res,raw,xvda,w", "foo:/a,xvda,w", "foo:a,xvda,w", "foo:Aa,xvda,w",
    "raw:/a,vhd:/xvda", "raw:vhd:/a,xvda", "raw:/a,,w", "raw:/a,xvda,,r",
    "/a,raw:/b,xvda", "http://foo/bar,raw,hda", "rbd:pool/x,raw,xvda",
    "/a,raw,xvda,w,domain", "/a,raw,xvda,w,", "/a,raw,xvda,w,,",
    " /a , raw , xvda , w", " /a,\traw,  xvda,w ", "/a,raw,xvda ,w",
    "/a,raw,xvda, cdrom", "/a,raw,xvda,cdrom ", "/a,raw,xvda,cdromx",
    "/a,raw,xvda, devtype = cdrom", "/a,raw,xvda,access=r, ",
    "/a,raw,xvda,access=r, ,", "/a,access=r,raw,xvda,w",
    "/a,raw,xvda,Foo=1", "/a,raw,xvda,foo=", "/a,raw,xvda,foo=,w",
    "/a,raw,hda=", "/a,raw,hda,w=", "/a,raw,hda,=", "/a,raw,hda,==", "/a,raw,hda,=\n",
    "/a=b,raw,xvda", "=", "a=b", "vdev=hda,target==", "vdev=hda,target=\na",
    "vdev=hda,target=/a\nb", "/a\nb,raw,hda", "/a,\nraw,hda", "/a,raw,hda\n",
    "file:/a\nb,hda", "foo:\n/a,hda",
};

/* Put together at random: words, settings, prefixes and loose ends. */
static const char *const parts[] = {
    "/a", "/dev/vg/lv", "/images/a b.img", "raw", "qcow2", "qcow", "vhd", "qed",
    "empty", "xvda", "hdc", "sda1", "d1p2", "hdc:cdrom", "xvda:disk", "xvda:x",
    "w", "rw", "r", "ro", "!", "cdrom", "discard", "no-discard", "direct-io-safe",
    "colo", "no-colo", "target=/t", "target=", "format=raw", "format=qcow2",
    "format=", "format=x", "vdev=hda", "vdev=xvdb", "vdev=", "access=r",
    "access=rw", "access=", "access=q", "devtype=cdrom", "devtype=disk",
    "devtype=", "backend=dom1", "backend=", "backendtype=phy",
    "backendtype=qdisk", "backendtype=tap", "backendtype=standalone",
    "backendtype=x", "script=block-x", "script=", "specification=xen",
    "specification=virtio", "colo-host=h", "colo-port=80", "colo-export=e",
    "active-disk=/x", "hidden-disk=/y", "colo-port=9x", "unknown=1", "unknwn=",
    "Vdev=hda", "phy:", "file:", "tap:", "aio:", "raw:", "qcow2:", "iscsi:",
    "nbd:", "drbd:", "foo:", "foo:a", "", "", "=", "\xc3\xa9",
};
static const char *const between[] = {
    ",", ",", ",", ",", ",", ",", ",", ", ", "", " ", ",,", "\n", ":", "=", "\t",
};
/* clang-format on */

static void generate(struct diff_rng *r, struct str *s)
{
    unsigned n = 1 + diff_rand(r, 7);

    /* Most begin well, so that more than the first complaint is compared. */
    str_add(s, DIFF_PICK(r, "/a,raw,xvda,", "vdev=xvda,", "", ""));
    while (n--) {
        str_add(s, diff_pick(r, parts, ARRAY_LEN(parts)));
        if (n || !diff_rand(r, 8))
            str_add(s, diff_pick(r, between, ARRAY_LEN(between)));
    }
    if (!diff_rand(r, 8))
        diff_damage(r, s, ",=:/ \t\nax1A-");
}

static void try_input(struct diff_run *run)
{
    AUTO_FREE char *line = NULL;
    size_t size = 0;
    ssize_t len;

    while ((len = getline(&line, &size, stdin)) >= 0)
        diff_try(run, line, strcspn(line, "\n"));
}

int main(int argc, char **argv)
{
    struct diff_run run = {.pair = &disk_pair};
    long count = argc > 1 ? strtol(argv[1], NULL, 10) : 10000;
    struct diff_rng rng = {.state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1};
    AUTO_STR struct str s = STR_INIT(1 << 16);

    if (argc > 1 && !strcmp(argv[1], "-")) {
        try_input(&run);
        return run.n_bad ? 1 : 0;
    }
    for (size_t i = 0; i < ARRAY_LEN(odd); i++)
        diff_try(&run, odd[i], strlen(odd[i]));
    while (count-- > 0) {
        str_clear(&s);
        generate(&rng, &s);
        diff_try(&run, str_text(&s), s.len);
    }
    return diff_end(&run);
}
