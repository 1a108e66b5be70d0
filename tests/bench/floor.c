/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * floor: what the hypervisor itself takes of a monitor's refresh: the one call
 * that tells all domains, and nothing else.
 *
 *     floor ROUNDS     prints the microseconds of CPU that one call takes
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <xenctrl.h>

#define ROOM 1024

static double cpu_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char *argv[])
{
    static xc_domaininfo_t infos[ROOM];
    long rounds = argc == 2 ? strtol(argv[1], NULL, 10) : 0;
    xc_interface *xc = rounds > 0 ? xc_interface_open(NULL, NULL, 0) : NULL;
    double began = cpu_seconds();
    int status = xc ? 0 : 1;

    for (long i = 0; !status && i < rounds; i++)
        status = xc_domain_getinfolist(xc, 0, ROOM, infos) < 1;
    if (status)
        fprintf(stderr, "usage: floor ROUNDS, in a Dom0\n");
    else
        printf("%.0f\n", (cpu_seconds() - began) * 1e6 / (double)rounds);
    if (xc)
        xc_interface_close(xc);
    return status;
}
