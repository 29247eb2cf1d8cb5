/* harness/sweep/exact.c -- what cells counted, without anything that a clock or a machine said. */
#include "harness/sweep/merge.h"

#include "harness/compare/counters.h"
#include "harness/sweep/copy.h"

#include <stdio.h>
#include <string.h>

static const tl_json *counters_of(const tl_json *phase)
{
    return tl_json_get(tl_json_get(phase, "counters"), "engine");
}

static void copy_member(tl_json *object, const tl_json *from, const char *name)
{
    const tl_json *member = tl_json_get(from, name);
    if (member == NULL)
        tl_json_add_null(object, name);
    else
        tl_json_attach(object, name, tl_sweep_copy(member));
}

static void add_space(tl_json *object, const tl_json *phase)
{
    const tl_json *space = tl_json_get(phase, "space");
    tl_json *known = tl_json_add_object(object, "space");
    copy_member(known, space, "logical_bytes");
    copy_member(known, space, "file_bytes");
    copy_member(known, space, "free_bytes");
}

tl_json *tl_merge_exact(const tl_json *cell)
{
    const tl_json *phases = tl_json_get(cell, "phases"), *engine = tl_json_get(cell, "engine");
    tl_json *root = tl_json_object_new();
    copy_member(root, cell, "id");
    copy_member(root, cell, "status");
    copy_member(root, tl_json_get(cell, "workload"), "spec_sha256");
    copy_member(root, engine, "name");
    copy_member(root, engine, "options");
    copy_member(root, engine, "page_bytes");
    tl_json *list = tl_json_add_array(root, "phases");
    for (size_t p = 0; p < tl_json_size(phases); p++) {
        const tl_json *phase = tl_json_at(phases, p), *engine_counters = counters_of(phase);
        tl_json *object = tl_json_add_object(list, NULL);
        copy_member(object, phase, "name");
        copy_member(object, phase, "ops");
        copy_member(object, phase, "wrong");
        copy_member(object, tl_json_get(phase, "check"), "result_hash");
        add_space(object, phase);
        tl_json *counters = tl_json_add_object(object, "counters");
        for (size_t i = 0; i < tl_json_size(engine_counters); i++)
            if (tl_counter_is_exact(tl_json_name(tl_json_at(engine_counters, i))))
                copy_member(counters, engine_counters,
                            tl_json_name(tl_json_at(engine_counters, i)));
    }
    return root;
}

/* The phase at `index`, when it is there and has that name. */
static const tl_json *phase_at(const tl_merge_cell *cell, size_t index, const char *name)
{
    const tl_json *phase = tl_json_at(tl_json_get(cell->cell, "phases"), index);
    return phase != NULL && strcmp(tl_json_text(tl_json_get(phase, "name"), ""), name) == 0 ? phase
                                                                                            : NULL;
}

static void sum_counters(const tl_merge_cell *cells, size_t count, size_t index, const char *name,
                         tl_json *object)
{
    const tl_json *first = counters_of(phase_at(&cells[0], index, name));
    tl_json *counters = tl_json_add_object(object, "counters");
    for (size_t i = 0; i < tl_json_size(first); i++) {
        const char *counter = tl_json_name(tl_json_at(first, i));
        uint64_t sum = 0;
        if (!tl_counter_is_exact(counter))
            continue;
        for (size_t c = 0; c < count; c++)
            sum += tl_json_count(
                tl_json_get(counters_of(phase_at(&cells[c], index, name)), counter), 0);
        tl_json_add_count(counters, counter, sum);
    }
}

void tl_merge_sum(const tl_merge_cell *cells, size_t count, tl_json *object)
{
    const tl_json *phases = tl_json_get(cells[0].cell, "phases");
    tl_json *list = tl_json_add_array(object, "phases");
    for (size_t p = 0; p < tl_json_size(phases); p++) {
        const char *name = tl_json_text(tl_json_get(tl_json_at(phases, p), "name"), "");
        tl_json *phase = tl_json_add_object(list, NULL);
        uint64_t ops = 0;
        for (size_t c = 0; c < count; c++)
            ops += tl_json_count(tl_json_get(phase_at(&cells[c], p, name), "ops"), 0);
        tl_json_add_text(phase, "name", name);
        tl_json_add_count(phase, "ops", ops);
        sum_counters(cells, count, p, name, phase);
    }
}

static void add_point(const tl_merge_cell *cells, size_t count, tl_json *points)
{
    char id[512];
    tl_json *point = tl_json_add_object(points, NULL);
    snprintf(id, sizeof id, "%.*s", (int)tl_merge_point_bytes(cells[0].id), cells[0].id);
    tl_json_add_text(point, "id", id);
    tl_json_add_count(point, "repetitions", count);
    tl_merge_sum(cells, count, point);
}

tl_json *tl_merge_counters(const tl_merge *merge)
{
    tl_json *root = tl_json_object_new();
    tl_json_add_text(root, "schema", "treelab.counters/1");
    tl_json *cells = tl_json_add_array(root, "cells");
    for (size_t i = 0; i < merge->count; i++)
        tl_json_attach(cells, NULL, tl_merge_exact(merge->cells[i].cell));
    tl_json *points = tl_json_add_array(root, "points");
    for (size_t i = 0, end; i < merge->count; i = end) {
        end = tl_merge_point_end(merge, i);
        add_point(&merge->cells[i], end - i, points);
    }
    return root;
}
