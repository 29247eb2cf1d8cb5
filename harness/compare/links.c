/* harness/compare/links.c -- see links.h. */
#include "harness/compare/links.h"

#include "harness/report/wholefile.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD "treelab.links/1 "

enum { LIST_MAX = 1 << 16, SUFFIX_MAX = 32 };

static bool older(const struct stat *a, const struct stat *b)
{
    return a->st_mtim.tv_sec < b->st_mtim.tv_sec ||
           (a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec < b->st_mtim.tv_nsec);
}

/* "link3 4" is link 3 with seed 4: the names count up. */
static bool read_list(const char *text, tl_links *links)
{
    char *end;
    size_t length = strcspn(text, "\n");
    if (strncmp(text, HEAD, strlen(HEAD)) != 0 || text[length] == '\0' ||
        length - strlen(HEAD) >= sizeof links->how)
        return false;
    memcpy(links->how, text + strlen(HEAD), length - strlen(HEAD));
    links->how[length - strlen(HEAD)] = '\0';
    for (text += length + 1; *text != '\0'; text = end + 1) {
        char name[SUFFIX_MAX];
        int bytes = snprintf(name, sizeof name, "link%zu ", links->count);
        if (links->count == TL_LINKS_MAX || strncmp(text, name, (size_t)bytes) != 0)
            return false;
        links->seeds[links->count++] = strtoull(text + bytes, &end, 10);
        if (end == text + bytes || *end != '\n')
            return false;
    }
    return links->count >= 2;
}

static tl_status check_files(const char *program, const tl_links *links)
{
    struct stat of_program, of_link;
    char path[TL_LINKS_PATH_MAX];
    if (stat(program, &of_program) != 0)
        return TL_NOT_FOUND;
    for (size_t i = 0; i < links->count; i++) {
        tl_links_path(links, links->count, i, path);
        if (stat(path, &of_link) != 0 || access(path, X_OK) != 0)
            return TL_CORRUPT;
        if (older(&of_link, &of_program))
            return TL_VERSION;
    }
    return TL_OK;
}

tl_status tl_links_find(const char *program, tl_links *links)
{
    char path[TL_LINKS_PATH_MAX], *text;
    size_t bytes;
    *links = (tl_links){.count = 0};
    if (strlen(program) + SUFFIX_MAX >= sizeof path)
        return TL_NOT_FOUND;
    strcpy(path, program);
    strcat(path, ".links/list");
    tl_status status = tl_wholefile_read(path, LIST_MAX, &text, &bytes);
    if (status != TL_OK)
        return status;
    strcpy(links->prefix, program);
    strcat(links->prefix, ".links/link");
    status = read_list(text, links) ? check_files(program, links) : TL_CORRUPT;
    free(text);
    if (status != TL_OK)
        links->count = 0;
    return status;
}

/* By the same linker, with the same seeds: then link i of one is laid out as link i of another. */
static bool alike(const tl_links *a, const tl_links *b, size_t layouts)
{
    return strcmp(a->how, b->how) == 0 &&
           memcmp(a->seeds, b->seeds, layouts * sizeof a->seeds[0]) == 0;
}

size_t tl_links_pair(const char *const programs[2], size_t wanted, tl_links links[2], char *note,
                     size_t note_bytes)
{
    size_t layouts = wanted;
    note[0] = '\0';
    links[0].count = links[1].count = 0;
    for (unsigned side = 0; side < 2 && wanted > 0; side++) {
        tl_status status = tl_links_find(programs[side], &links[side]);
        if (status != TL_OK) {
            const char *why = status == TL_NOT_FOUND ? "has none"
                              : status == TL_VERSION ? "was built after its links"
                              : status == TL_CORRUPT ? "has links that are not whole"
                                                     : tl_status_text(status);
            snprintf(note, note_bytes, "%s %s; the build's target `links` makes them",
                     side == 0 ? "A" : "B", why);
            links[0].count = links[1].count = 0;
            return 0;
        }
        layouts = links[side].count < layouts ? links[side].count : layouts;
    }
    if (layouts >= 2 && !alike(&links[0], &links[1], layouts)) {
        snprintf(note, note_bytes, "A and B were linked in other ways (%.40s; %.40s)", links[0].how,
                 links[1].how);
        layouts = 0;
    }
    if (layouts < 2)
        links[0].count = links[1].count = 0;
    return layouts < 2 ? 0 : layouts;
}

void tl_links_path(const tl_links *links, size_t layouts, uint64_t number,
                   char path[TL_LINKS_PATH_MAX])
{
    snprintf(path, TL_LINKS_PATH_MAX, "%.*s%" PRIu64, TL_LINKS_PATH_MAX - SUFFIX_MAX, links->prefix,
             layouts == 0 ? number : number % layouts);
}
