/* harness/compare/links.h -- other links of a program: the same code, laid out in other orders.
 *
 * Where the linker put things moves time by 1 to 3 %, the same way in every launch.  Launch i of a
 * duel runs link i mod n of both programs, so that it becomes spread between launches.
 *
 * The build's target `links` leaves PROGRAM.links/link0, link1 ... and PROGRAM.links/list: in its
 * first line "treelab.links/1 HOW LINKER", then "NAME SEED" a line.
 */
#ifndef TL_HARNESS_LINKS_H
#define TL_HARNESS_LINKS_H

#include "tl/status.h"

#include <stddef.h>
#include <stdint.h>

enum { TL_LINKS_MAX = 16, TL_LINKS_TEXT_MAX = 64, TL_LINKS_PATH_MAX = 4096 };

typedef struct tl_links {
    size_t count; /* 0: there are none */
    uint64_t seeds[TL_LINKS_MAX];
    char how[TL_LINKS_TEXT_MAX];    /* "whole Debian LLD 14.0.6" */
    char prefix[TL_LINKS_PATH_MAX]; /* "build/treelab.links/link" */
} tl_links;

/* The links beside a program.
 *
 * TL_OK         there are two or more
 * TL_NOT_FOUND  there are none
 * TL_VERSION    they are older than the program, which was built anew without them
 * TL_CORRUPT    their list is not understood, or one of them is missing
 * TL_IO, TL_ACCESS, TL_NO_MEMORY */
TL_MUST_USE tl_status tl_links_find(const char *program, tl_links *links);

/* How many layouts launches of these two programs can take turns among: `wanted`, or as many as
 * both have; 0 when one of them has none or they were linked in other ways, and `note` then says
 * why ("" when none are wanted). */
size_t tl_links_pair(const char *const programs[2], size_t wanted, tl_links links[2], char *note,
                     size_t note_bytes);

/* The program of launch `number`, among the first `layouts`. */
void tl_links_path(const tl_links *links, size_t layouts, uint64_t number,
                   char path[TL_LINKS_PATH_MAX]);

#endif
