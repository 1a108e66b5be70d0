/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * floor: what the hypervisor itself takes of a monitor's refresh: the calls
 * that tell all domains, and nothing else.
 *
 *     floor ROUNDS     prints the microseconds of CPU that they take
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <xenctrl.h>

#define ROOM 36 /* what libxc has a page at hand for */

static double cpu_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool read_all(xc_interface *xc)
{
    static xc_domaininfo_t infos[ROOM];
    uint32_t next = 0;
    int n = ROOM;

    while (n == ROOM) {
        n = xc_domain_getinfolist(xc, next, ROOM, infos);
        next = n > 0 ? infos[n - 1].domain + 1u : 0;
    }
    return n >= 0;
}

int main(int argc, char *argv[])
{
    long rounds = argc == 2 ? strtol(argv[1], NULL, 10) : 0;
    xc_interface *xc = rounds > 0 ? xc_interface_open(NULL, NULL, 0) : NULL;
    double began = cpu_seconds();
    int status = xc ? 0 : 1;

    for (long i = 0; !status && i < rounds; i++)
        status = !read_all(xc);
    if (status)
        fprintf(stderr, "usage: floor ROUNDS, in a Dom0\n");
    else
        printf("%.0f\n", (cpu_seconds() - began) * 1e6 / (double)rounds);
    if (xc)
        xc_interface_close(xc);
    return status;
}
