/* harness/check/sync_sites.c -- see sync_sites.h. */
#include "harness/check/sync_sites.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static tl_sync_site *site_of(tl_sync_sites *sites, const char *text)
{
    for (size_t i = 0; i < sites->count; i++) {
        if (strcmp(sites->sites[i].text, text) == 0)
            return &sites->sites[i];
    }
    if (sites->count == TL_SYNC_SITES_MAX)
        return &sites->sites[TL_SYNC_SITES_MAX - 1];
    tl_sync_site *site = &sites->sites[sites->count++];
    site->latency_ns_mean = (double)NAN;
    snprintf(site->text, sizeof site->text, "%s",
             sites->count == TL_SYNC_SITES_MAX ? "other places" : text);
    return site;
}

static void site_text(const tl_trace *trace, size_t entry, char text[TL_SYNC_SITE_TEXT_MAX])
{
    const tl_simdisk_op *op = tl_simdisk_op_at(trace->disk, entry);
    snprintf(text, TL_SYNC_SITE_TEXT_MAX, "%s %.60s %s",
             op->kind == TL_SIMDISK_SYNC ? "fdatasync" : "fsync_dir",
             tl_simdisk_path(trace->disk, op->path), tl_moment_name(tl_moment_of(trace, entry)));
}

void tl_sync_sites_add(tl_sync_sites *sites, const tl_trace *trace, const tl_necessity *found)
{
    static char state[TL_STATE_ID_TEXT_MAX]; /* one campaign, one thread */
    char text[TL_SYNC_SITE_TEXT_MAX];
    site_text(trace, found->entry, text);
    tl_sync_site *site = site_of(sites, text);
    if (found->need == TL_NEED_NECESSARY && site->rule[0] == '\0') {
        tl_state_id_print(&found->witness, state);
        site->witness_entry = found->entry;
        snprintf(site->witness, sizeof site->witness, "%.*s", TL_WITNESS_TEXT_MAX - 1, state);
        snprintf(site->rule, sizeof site->rule, "%s", tl_rule_name(found->verdict.rule));
    }
    site->count++;
    site->by_need[found->need]++;
    site->leaves += found->leaves;
    sites->by_need[found->need]++;
    sites->leaves += found->leaves;
    sites->elapsed_ns += found->elapsed_ns;
}

typedef struct one_site {
    const tl_trace *trace;
    const tl_sync_site *site;
} one_site;

static bool is_of_site(void *context, size_t entry)
{
    const one_site *one = context;
    char text[TL_SYNC_SITE_TEXT_MAX];
    site_text(one->trace, entry, text);
    return strcmp(text, one->site->text) == 0;
}

void tl_sync_sites_time(tl_sync_sites *sites, const tl_trace *trace,
                        const tl_sync_latencies *latencies)
{
    for (size_t i = 0; i < sites->count; i++) {
        tl_sync_site *site = &sites->sites[i];
        one_site one = {trace, site};
        (void)tl_sync_latencies_of(latencies, is_of_site, &one, &site->latency_ns_mean,
                                   &site->latency_ns_p99, &site->latency_samples);
    }
}

static void add_site(tl_json *array, const tl_sync_site *site)
{
    tl_json *object = tl_json_add_object(array, NULL);
    tl_json_add_text(object, "site", site->text);
    tl_json_add_count(object, "count", site->count);
    for (unsigned need = 0; need < TL_NEED_COUNT; need++)
        tl_json_add_count(object, tl_need_name((tl_need)need), site->by_need[need]);
    tl_cell_add_total(object, "leaves", site->leaves);
    bool shown = site->rule[0] != '\0', timed = site->latency_samples > 0;
    tl_json_add_real(object, "latency_ns_mean", site->latency_ns_mean);
    if (timed)
        tl_json_add_count(object, "latency_ns_p99", site->latency_ns_p99);
    else
        tl_json_add_null(object, "latency_ns_p99");
    tl_json_add_count(object, "latency_samples", site->latency_samples);
    tl_json_add_text(object, "rule", shown ? site->rule : NULL);
    tl_json_add_text(object, "witness", shown ? site->witness : NULL);
    if (shown)
        tl_json_add_count(object, "witness_entry", site->witness_entry);
    else
        tl_json_add_null(object, "witness_entry");
}

void tl_sync_sites_json(tl_json *list, tl_profile profile, tl_tier tier, const tl_sync_sites *sites)
{
    tl_json *object = tl_json_add_object(list, NULL);
    tl_json_add_text(object, "profile", tl_profile_at(profile)->name);
    tl_json_add_text(object, "tier", tl_tier_at(tier)->name);
    tl_json *array = tl_json_add_array(object, "sites");
    for (size_t i = 0; i < sites->count; i++)
        add_site(array, &sites->sites[i]);
}

tl_json *tl_syncs_cell_json(const tl_cell_head *head, const tl_trace *trace, uint64_t leaves,
                            uint64_t elapsed_ns, bool complete, tl_json *list)
{
    static const uint64_t no_rules[TL_RULE_COUNT];
    tl_trace_figures figures = tl_cell_figures(trace);
    tl_json *object = tl_cell_begin(head);
    tl_json *crash = tl_json_add_object(object, "crash");
    tl_cell_add_trace(crash, &figures);
    tl_json_add_count(crash, "points", figures.io_ops);
    tl_json_add_bool(crash, "complete", complete);
    tl_cell_add_total(crash, "states", leaves);
    tl_cell_add_total(crash, "distinct", leaves);
    tl_json_add_real(crash, "states_per_s", tl_cell_rate(leaves, elapsed_ns));
    tl_json_attach(crash, "syncs", list);
    tl_cell_add_total(crash, "recovered", 0);
    tl_cell_add_rules(crash, no_rules, 0);
    tl_cell_add_first_failure(crash, head);
    return object;
}
