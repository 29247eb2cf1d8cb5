/* harness/sweep/pool.c -- repetitions of a point as one: counts summed, histograms slot by slot.
 *
 * Times are put together within a class of machines; a point that ran on two has two entries.
 */
#include "harness/sweep/merge.h"

#include "harness/measure/hdr_codec.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct pooled { /* the latencies of one kind of operation in one phase */
    tl_hdr *hdr;
    uint64_t count, clamped, min_ns, max_ns;
    double sum_ns;
    bool whole; /* every histogram could be read and had one layout */
} pooled;

static bool add_hdr(pooled *all, const char *text)
{
    const char *problem = NULL;
    tl_hdr *one = NULL;
    if (text == NULL || tl_hdr_decode(text, strlen(text), &one, &problem) != TL_OK)
        return false;
    if (all->hdr == NULL) {
        all->hdr = one;
        return true;
    }
    const tl_hdr_layout *a = &all->hdr->layout, *b = &one->layout;
    bool same = a->lowest == b->lowest && a->highest == b->highest && a->figures == b->figures;
    if (same)
        tl_hdr_merge(all->hdr, one);
    tl_hdr_free(one);
    return same;
}

static void add_latency(pooled *all, const tl_json *latency)
{
    uint64_t count = tl_json_count(tl_json_get(latency, "count"), 0);
    uint64_t min_ns = tl_json_count(tl_json_get(latency, "min"), 0);
    uint64_t max_ns = tl_json_count(tl_json_get(latency, "max"), 0);
    if (count == 0)
        return;
    all->whole = add_hdr(all, tl_json_text(tl_json_get(latency, "hdr"), NULL)) && all->whole;
    all->min_ns = all->count == 0 || min_ns < all->min_ns ? min_ns : all->min_ns;
    all->max_ns = max_ns > all->max_ns ? max_ns : all->max_ns;
    all->clamped += tl_json_count(tl_json_get(latency, "clamped"), 0);
    all->sum_ns += (double)count * tl_json_real(tl_json_get(latency, "mean"), NAN);
    all->count += count;
}

static void describe(const pooled *all, const char *kind, tl_json *object)
{
    static const struct {
        const char *name;
        double percentile;
    } points[] = {
        {"p50",    50   },
        {"p90",    90   },
        {"p99",    99   },
        {"p99_9",  99.9 },
        {"p99_99", 99.99},
    };
    char *text = NULL;
    tl_json *latency = tl_json_add_object(object, kind);
    tl_json_add_count(latency, "count", all->count);
    tl_json_add_count(latency, "clamped", all->clamped);
    tl_json_add_count(latency, "min", all->min_ns);
    tl_json_add_count(latency, "max", all->max_ns);
    tl_json_add_real(latency, "mean", all->sum_ns / (double)all->count);
    if (!all->whole || tl_hdr_encode(all->hdr, &text) != TL_OK) {
        tl_json_add_null(latency, "hdr");
        return;
    }
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++)
        tl_json_add_count(latency, points[i].name,
                          tl_hdr_percentile(all->hdr, points[i].percentile));
    tl_json_add_text(latency, "hdr", text);
    free(text);
}

static const tl_json *latency_of(const tl_merge_cell *cell, size_t phase)
{
    return tl_json_get(tl_json_at(tl_json_get(cell->cell, "phases"), phase), "latency");
}

static uint64_t sum_phase(const tl_merge_cell *cells, size_t count, size_t phase, const char *name)
{
    uint64_t sum = 0;
    for (size_t c = 0; c < count; c++)
        sum += tl_json_count(
            tl_json_get(tl_json_at(tl_json_get(cells[c].cell, "phases"), phase), name), 0);
    return sum;
}

/* Cells of one point and one class. */
static void add_class(const tl_merge_cell *cells, size_t count, tl_json *list)
{
    tl_json *object = tl_json_add_object(list, NULL);
    tl_json_add_text(object, "class", cells[0].class_key);
    tl_json_add_count(object, "repetitions", count);
    const tl_json *phases = tl_json_get(cells[0].cell, "phases");
    tl_json *of_phases = tl_json_add_array(object, "phases");
    for (size_t p = 0; p < tl_json_size(phases); p++) {
        tl_json *phase = tl_json_add_object(of_phases, NULL);
        tl_json_add_text(phase, "name",
                         tl_json_text(tl_json_get(tl_json_at(phases, p), "name"), ""));
        tl_json_add_count(phase, "wall_ns", sum_phase(cells, count, p, "wall_ns"));
        tl_json_add_count(phase, "cpu_ns", sum_phase(cells, count, p, "cpu_ns"));
        tl_json *latency = tl_json_add_object(phase, "latency");
        const tl_json *kinds = latency_of(&cells[0], p);
        for (size_t k = 0; k < tl_json_size(kinds); k++) {
            const char *kind = tl_json_name(tl_json_at(kinds, k));
            pooled all = {.whole = true};
            for (size_t c = 0; c < count; c++)
                add_latency(&all, tl_json_get(latency_of(&cells[c], p), kind));
            if (all.count > 0)
                describe(&all, kind, latency);
            tl_hdr_free(all.hdr);
        }
    }
}

static void add_times(const tl_merge_cell *cells, size_t count, tl_json *point)
{
    tl_json *times = tl_json_add_array(point, "times");
    tl_merge_cell *one = calloc(count, sizeof *one);
    for (size_t first = 0; one != NULL && first < count; first++) {
        size_t found = 0;
        bool earlier = false;
        for (size_t c = 0; c < first; c++)
            earlier = earlier || cells[c].class_key == cells[first].class_key;
        for (size_t c = first; c < count && !earlier; c++)
            if (cells[c].class_key == cells[first].class_key)
                one[found++] = cells[c];
        if (found > 0)
            add_class(one, found, times);
    }
    if (one == NULL)
        tl_json_attach(point, "memory", NULL); /* remembered: the document is not written */
    free(one);
}

tl_json *tl_merge_pooled(const tl_merge *merge)
{
    tl_json *root = tl_json_object_new();
    tl_json_add_text(root, "schema", "treelab.merged/1");
    tl_json *points = tl_json_add_array(root, "points");
    for (size_t i = 0, end; i < merge->count; i = end) {
        char id[512];
        end = tl_merge_point_end(merge, i);
        tl_json *point = tl_json_add_object(points, NULL);
        snprintf(id, sizeof id, "%.*s", (int)tl_merge_point_bytes(merge->cells[i].id),
                 merge->cells[i].id);
        tl_json_add_text(point, "id", id);
        tl_json_add_count(point, "repetitions", end - i);
        tl_merge_sum(&merge->cells[i], end - i, point);
        add_times(&merge->cells[i], end - i, point);
    }
    return root;
}
