/* harness/check/sync_sites.h -- the syncs of a recorded run by place: which call, on which file,
 * while what was going on. */
#ifndef TL_HARNESS_SYNC_SITES_H
#define TL_HARNESS_SYNC_SITES_H

#include "harness/check/document_cell.h"
#include "harness/check/necessity.h"
#include "harness/check/roles.h"
#include "harness/check/sync_latency.h"

enum { TL_SYNC_SITES_MAX = 32, TL_SYNC_SITE_TEXT_MAX = 96, TL_WITNESS_TEXT_MAX = 160 };

typedef struct tl_sync_site {
    char text[TL_SYNC_SITE_TEXT_MAX]; /* "fdatasync db/x.tl in commit" */
    uint64_t count, by_need[TL_NEED_COUNT], leaves;
    size_t witness_entry;                        /* of the first necessary one */
    char witness[TL_WITNESS_TEXT_MAX], rule[32]; /* "": none */
    double latency_ns_mean;                      /* on a real disk; NAN: not measured */
    uint64_t latency_ns_p99, latency_samples;
} tl_sync_site;

typedef struct tl_sync_sites {
    tl_sync_site sites[TL_SYNC_SITES_MAX]; /* the last one takes what has no room */
    size_t count;
    uint64_t by_need[TL_NEED_COUNT], leaves, elapsed_ns;
} tl_sync_sites;

void tl_sync_sites_add(tl_sync_sites *sites, const tl_trace *trace, const tl_necessity *found);
/* Fill in how long the syncs of each place took. */
void tl_sync_sites_time(tl_sync_sites *sites, const tl_trace *trace,
                        const tl_sync_latencies *latencies);
/* One more element of the array `list`. */
void tl_sync_sites_json(tl_json *list, tl_profile profile, tl_tier tier,
                        const tl_sync_sites *sites);
/* The cell of a recording with that list, which it takes; complete: each sync was decided.  The
 * caller owns it. */
tl_json *tl_syncs_cell_json(const tl_cell_head *head, const tl_trace *trace, uint64_t leaves,
                            uint64_t elapsed_ns, bool complete, tl_json *list);

#endif
