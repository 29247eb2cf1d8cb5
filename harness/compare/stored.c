/* harness/compare/stored.c -- see stored.h. */
#include "harness/compare/stored.h"

#include "harness/compare/counters.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { TOLD_MAX = 12 }; /* differing counters of a phase that are printed; the document has all */

static const char *text(const tl_json *node, const char *name)
{
    return tl_json_text(tl_json_get(node, name), "");
}

static const tl_json *cells_of(const tl_json *run)
{
    return tl_json_get(run, "cells");
}

static bool is_bench(const tl_json *cell)
{
    return strcmp(text(cell, "kind"), "bench") == 0;
}

static const char *durability(const tl_json *cell)
{
    return text(tl_json_get(tl_json_get(cell, "engine"), "contract"), "durability");
}

static uint64_t repetition(const tl_json *cell)
{
    return tl_json_count(tl_json_get(cell, "repetition"), 0);
}

static bool same_row(const tl_json *a, const tl_json *b)
{
    return strcmp(text(a, "label"), text(b, "label")) == 0 &&
           strcmp(text(tl_json_get(a, "workload"), "name"),
                  text(tl_json_get(b, "workload"), "name")) == 0 &&
           strcmp(durability(a), durability(b)) == 0;
}

/* The cell of `run` that meets `cell`; NULL: there is none. */
static const tl_json *peer_of(const tl_json *run, const tl_json *cell)
{
    const tl_json *cells = cells_of(run);
    for (size_t i = 0; i < tl_json_size(cells); i++) {
        const tl_json *other = tl_json_at(cells, i);
        if (is_bench(other) && same_row(cell, other) && repetition(cell) == repetition(other))
            return other;
    }
    return NULL;
}

/* Objects of texts with the same members, in any order. */
static bool same_settings(const tl_json *a, const tl_json *b)
{
    if (tl_json_size(a) != tl_json_size(b))
        return false;
    for (size_t i = 0; i < tl_json_size(a); i++) {
        const tl_json *member = tl_json_at(a, i), *other = tl_json_get(b, tl_json_name(member));
        if (other == NULL || strcmp(tl_json_text(member, ""), tl_json_text(other, "")) != 0)
            return false;
    }
    return true;
}

/* Why the counters of two cells may not be compared; NULL: they may. */
static const char *why_not(const tl_json *a, const tl_json *b)
{
    const tl_json *engine_a = tl_json_get(a, "engine"), *engine_b = tl_json_get(b, "engine");
    if (strcmp(text(tl_json_get(a, "workload"), "spec_hash"),
               text(tl_json_get(b, "workload"), "spec_hash")) != 0)
        return "their workloads ask different things (spec_hash)";
    if (!same_settings(tl_json_get(engine_a, "options"), tl_json_get(engine_b, "options")))
        return "their engines have different options";
    if (tl_json_count(tl_json_get(engine_a, "page_bytes"), 0) !=
        tl_json_count(tl_json_get(engine_b, "page_bytes"), 0))
        return "their pages differ in size";
    if (strcmp(text(a, "status"), "ok") != 0 || strcmp(text(b, "status"), "ok") != 0)
        return "one of them did not end well";
    return NULL;
}

static const tl_json *phase_named(const tl_json *cell, const char *name)
{
    const tl_json *phases = tl_json_get(cell, "phases");
    for (size_t i = 0; i < tl_json_size(phases); i++)
        if (strcmp(text(tl_json_at(phases, i), "name"), name) == 0)
            return tl_json_at(phases, i);
    return NULL;
}

/* --- counters --- */

static void counters(const tl_json *a, const tl_json *b, const char *where, tl_stored *found,
                     FILE *out, tl_json *differences)
{
    const tl_json *left = tl_json_get(tl_json_get(a, "counters"), "engine");
    const tl_json *right = tl_json_get(tl_json_get(b, "counters"), "engine");
    size_t told = 0;
    found->counter_sets += tl_json_size(left) > 0 && tl_json_size(right) > 0;
    for (size_t i = 0; i < tl_json_size(left); i++) {
        const tl_json *one = tl_json_at(left, i);
        const char *name = tl_json_name(one);
        const tl_json *other = tl_json_get(right, name);
        if (other == NULL || !tl_counter_is_exact(name))
            continue; /* a counter that only one revision has says nothing of the other */
        uint64_t from = tl_json_count(one, 0), to = tl_json_count(other, 0);
        found->counters++;
        if (from == to)
            continue;
        found->differing++;
        tl_json *row = tl_json_add_object(differences, NULL);
        tl_json_add_text(row, "phase", where);
        tl_json_add_text(row, "counter", name);
        tl_json_add_count(row, "a", from);
        tl_json_add_count(row, "b", to);
        if (told++ < TOLD_MAX)
            fprintf(out, "    %-24s %" PRIu64 " -> %" PRIu64 " (%+.3g%%)\n", name, from, to,
                    from == 0 ? (double)INFINITY : 100 * ((double)to / (double)from - 1));
    }
    if (told > TOLD_MAX)
        fprintf(out, "    and %zu more\n", told - TOLD_MAX);
}

/* --- times --- */

static double rate(const tl_json *phase)
{
    double wall_ns = tl_json_real(tl_json_get(phase, "wall_ns"), 0);
    return wall_ns > 0 ? 1e9 * tl_json_real(tl_json_get(phase, "ops"), 0) / wall_ns : 0;
}

typedef struct range {
    double low, high, middle;
    size_t n;
} range;

/* The rates of one phase in all repetitions of a row. */
static range rates(const tl_json *run, const tl_json *row, const char *phase)
{
    enum { KEPT = 1000 };
    static double values[KEPT];
    range found = {0};
    const tl_json *cells = cells_of(run);
    for (size_t i = 0; i < tl_json_size(cells) && found.n < KEPT; i++) {
        const tl_json *cell = tl_json_at(cells, i);
        double value = is_bench(cell) && same_row(cell, row) ? rate(phase_named(cell, phase)) : 0;
        if (!(value > 0))
            continue;
        size_t at = found.n++;
        for (; at > 0 && values[at - 1] > value; at--)
            values[at] = values[at - 1];
        values[at] = value;
    }
    if (found.n == 0)
        return found;
    found.low = values[0];
    found.high = values[found.n - 1];
    found.middle = found.n % 2 == 1 ? values[found.n / 2]
                                    : (values[found.n / 2 - 1] + values[found.n / 2]) / 2;
    return found;
}

static void times(const tl_stored_request *request, const tl_json *row, const char *phase,
                  FILE *out, tl_json *document)
{
    range a = rates(request->runs[0], row, phase), b = rates(request->runs[1], row, phase);
    if (a.n == 0 || b.n == 0)
        return;
    fprintf(out, "    ops/s %.4g (%.4g..%.4g, %zu) -> %.4g (%.4g..%.4g, %zu), x%.3f\n", a.middle,
            a.low, a.high, a.n, b.middle, b.low, b.high, b.n, b.middle / a.middle);
    tl_json *object = tl_json_add_object(document, NULL);
    tl_json_add_text(object, "phase", phase);
    tl_json_add_real(object, "a_ops_per_s", a.middle);
    tl_json_add_real(object, "b_ops_per_s", b.middle);
    tl_json_add_count(object, "a_repetitions", a.n);
    tl_json_add_count(object, "b_repetitions", b.n);
}

/* --- cells --- */

static void compare_phases(const tl_stored_request *request, const tl_json *a, const tl_json *b,
                           bool show_times, tl_stored *found, FILE *out, tl_json *row)
{
    const tl_json *phases = tl_json_get(a, "phases");
    const char *reason = why_not(a, b);
    tl_json_add_text(row, "refused", reason);
    tl_json *differences = tl_json_add_array(row, "counters"),
            *described = tl_json_add_array(row, "times");
    if (reason != NULL) {
        found->refused_specs++;
        fprintf(out, "  not compared: %s\n", reason);
        return;
    }
    for (size_t i = 0; i < tl_json_size(phases); i++) {
        const tl_json *left = tl_json_at(phases, i);
        const char *name = text(left, "name");
        const tl_json *right = phase_named(b, name);
        if (right == NULL)
            continue;
        size_t before = found->differing, sets = found->counter_sets;
        fprintf(out, "  %s\n", name);
        if (strcmp(text(tl_json_get(left, "check"), "result_hash"),
                   text(tl_json_get(right, "check"), "result_hash")) != 0) {
            found->wrong++;
            fprintf(out, "    WRONG: equal operations, different results\n");
        }
        counters(left, right, name, found, out, differences);
        if (found->differing == before)
            fprintf(out, "    %s\n",
                    found->counter_sets > sets ? "counters are equal" : "no counters");
        if (show_times && repetition(a) == 0 && tl_json_is_true(tl_json_get(left, "measured")))
            times(request, a, name, out, described);
    }
}

static size_t alone(const tl_json *run, const tl_json *other)
{
    size_t count = 0;
    const tl_json *cells = cells_of(run);
    for (size_t i = 0; i < tl_json_size(cells); i++)
        count += is_bench(tl_json_at(cells, i)) && peer_of(other, tl_json_at(cells, i)) == NULL;
    return count;
}

tl_stored tl_stored_compare(const tl_stored_request *request, FILE *out, tl_json *document)
{
    const tl_json *a = request->runs[0], *b = request->runs[1];
    tl_stored found = {
        .unmatched = {alone(a, b), alone(b, a)}
    };
    found.unlike_machines =
        strcmp(text(tl_json_get(a, "class"), "key"), text(tl_json_get(b, "class"), "key")) != 0;
    bool show_times = request->times && (!found.unlike_machines || request->any_machine);
    tl_json *rows = tl_json_add_array(document, "cells");
    fprintf(out, "A %s\nB %s\n", text(a, "id"), text(b, "id"));
    if (request->times && found.unlike_machines)
        fprintf(out, "The machines differ in class: times are %s.\n",
                request->any_machine ? "shown as asked for, and compare nothing" : "not shown");
    for (size_t i = 0; i < tl_json_size(cells_of(a)); i++) {
        const tl_json *cell = tl_json_at(cells_of(a), i);
        const tl_json *peer = is_bench(cell) ? peer_of(b, cell) : NULL;
        if (peer == NULL)
            continue;
        found.matched++;
        fprintf(out, "%s\n", text(cell, "id"));
        tl_json *row = tl_json_add_object(rows, NULL);
        tl_json_add_text(row, "id", text(cell, "id"));
        compare_phases(request, cell, peer, show_times, &found, out, row);
    }
    if (show_times && found.matched > 0)
        fputs("Times describe, they decide nothing: medians of repetitions that are no launches, "
              "from runs that did not\ntake turns; `treelab duel` compares times.\n",
              out);
    return found;
}
