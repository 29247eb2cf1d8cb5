/* harness/report/tests/sample.c -- the made-up runs. */
#include "sample.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static tl_json *run_frame(const char *id, const char *status, int exit_code,
                          const char *const *argv)
{
    tl_json *run = tl_json_object_new();
    tl_json_add_text(run, "schema", "treelab.run/1");
    tl_json_add_text(run, "id", id);
    tl_json_add_text(run, "status", status);
    tl_json_add_count(run, "exit_code", (uint64_t)exit_code);
    tl_json_add_text(run, "started", "2026-11-21T15:00:00Z");
    tl_json_add_real(run, "wall_s", 83.4);
    tl_json *words = tl_json_add_array(run, "argv");
    for (; *argv != NULL; argv++)
        tl_json_add_text(words, NULL, *argv);
    tl_json *tool = tl_json_add_object(run, "tool");
    tl_json_add_text(tool, "version", "0.1.0");
    tl_json_add_text(tool, "rev", "ab12cd34ef56");
    tl_json_add_bool(tool, "dirty", true);
    tl_json *build = tl_json_add_object(run, "build");
    tl_json_add_text(build, "compiler", "gcc");
    tl_json_add_text(build, "version", "12.2.0");
    tl_json_add_text(build, "flags", "-O3 -DNDEBUG");
    tl_json_add_text(build, "type", "Release");
    tl_json_add_text(build, "libc", "glibc 2.36");
    tl_json *machine = tl_json_add_object(run, "machine");
    tl_json_add_text(machine, "cpu_model", "Example CPU @ 2.80GHz");
    tl_json_add_count(machine, "cpus", 2);
    tl_json_add_count(machine, "online", 2);
    tl_json_add_count(machine, "l1d_bytes", 32768);
    tl_json_add_count(machine, "l2_bytes", 1048576);
    tl_json_add_count(machine, "l3_bytes", 34603008);
    tl_json_add_count(machine, "ram_bytes", 8589934592);
    tl_json_add_text(machine, "kernel", "6.1.0-18-amd64");
    tl_json_add_text(machine, "virt", "kvm");
    tl_json_add_text(machine, "governor", NULL);
    tl_json_add_text(machine, "thp", "madvise");
    tl_json_add_bool(machine, "aslr", true);
    tl_json_add_bool(machine, "pmu", false);
    tl_json_add_text(machine, "clocksource", "tsc");
    tl_json *storage = tl_json_add_object(run, "storage");
    tl_json_add_text(storage, "fs", "ext4");
    tl_json_add_text(storage, "mount_opts", "rw,relatime");
    tl_json_add_text(storage, "device", "/dev/vda1");
    tl_json *probe = tl_json_add_object(storage, "fsync_probe_us");
    tl_json_add_real(probe, "p50", 412.5);
    tl_json_add_real(probe, "p99", 1830);
    tl_json *class_ = tl_json_add_object(run, "class");
    tl_json_add_text(class_, "key", "0x51d2f3ab9c04e677");
    tl_json *harness = tl_json_add_object(run, "harness");
    tl_json_add_real(harness, "null_op_ns", 31.2);
    tl_json_add_text(harness, "clock", "CLOCK_MONOTONIC");
    tl_json_add_real(harness, "clock_cost_ns", 24);
    tl_json_add_count(harness, "sampling", 1);
    tl_json *noise = tl_json_add_object(run, "noise");
    tl_json_add_real(noise, "load1", 0.52);
    tl_json_add_count(noise, "steal_ticks", 3);
    tl_json *options = tl_json_add_object(run, "options");
    tl_json_add_count(options, "ops", 200000);
    tl_json_add_text(options, "seed", "0x000000000000002a");
    tl_json_add_text(options, "durability", "none");
    tl_json_add_count(options, "page_bytes", 8192);
    tl_json_add_count(options, "repeat", 3);
    return run;
}

typedef struct sample_driver {
    const char *label, *name, *version, *leaf, *promise, *asks_for, *remark;
    double speed; /* against the first row */
} sample_driver;

static const sample_driver sample_drivers[] = {
    {"tree",              "tree",   "0.1.0",         "freelist", "same",     "commit=log",                        "", 1.00},
    {"tree:leaf=rebuild", "tree",   "0.1.0",         "rebuild",  "same",     "commit=log",                        "", 0.62},
    {"lmdb",              "lmdb",   "LMDB 0.9.24",   NULL,       "weaker",   "MDB_NOSYNC",
     "after a power loss the file may be corrupt without being noticed",                                              0.47},
    {"sqlite",            "sqlite", "SQLite 3.40.1", NULL,       "stronger", "journal_mode=WAL, synchronous=OFF",
     "a power loss keeps a commit prefix",                                                                            0.13},
};
enum { SAMPLE_DRIVER_COUNT = sizeof sample_drivers / sizeof sample_drivers[0] };

typedef struct sample_phase {
    const char *workload, *phase, *operation;
    double op_ns; /* of the first driver */
    uint64_t ops;
    double edits; /* share of operations that change a leaf */
    bool measured;
} sample_phase;

static const sample_phase sample_phases[] = {
    {"sequential", "insert",     "put",  160,   200000, 1.0, true },
    {"sequential", "get",        "get",  240,   200000, 0.0, true },
    {"sequential", "scan",       "scan", 21000, 2000,   0.0, true },
    {"random",     "insert",     "put",  610,   200000, 1.0, true },
    {"random",     "get",        "get",  430,   200000, 0.0, true },
    {"random",     "get_absent", "get",  390,   200000, 0.0, true },
    {"random",     "scan",       "scan", 24000, 2000,   0.0, true },
    {"mixed",      "load",       "put",  800,   50000,  1.0, false},
    {"mixed",      "run",        "put",  1100,  100000, 0.8, true },
    {"large",      "insert",     "put",  6200,  20000,  1.0, true },
    {"large",      "get",        "get",  1900,  20000,  0.0, true },
};
enum { SAMPLE_PHASE_COUNT = sizeof sample_phases / sizeof sample_phases[0] };

/* A little unevenness, the same every time, about -1..1. */
static double wobble(unsigned seed)
{
    return sin(seed * 12.9898) * 0.8;
}

static void add_histogram(tl_json *latency, const char *operation, double typical_ns,
                          uint64_t count, double tail)
{
    static const double percentiles[] = {0,    10,   25,    50,    75,     90,     95, 99,
                                         99.5, 99.9, 99.95, 99.99, 99.995, 99.999, 100};
    tl_json *histogram = tl_json_add_object(latency, operation);
    tl_json_add_text(histogram, "kind", "service");
    tl_json_add_count(histogram, "count", count);
    tl_json *curve = tl_json_add_array(histogram, "curve");
    double max_ns = 0;
    for (size_t i = 0; i < sizeof percentiles / sizeof percentiles[0]; i++) {
        double share = percentiles[i] / 100;
        double nines = share < 1 ? -log10(1 - share) : log10((double)count) + 0.2;
        double ns =
            floor(typical_ns * (0.6 + 0.25 * nines) + tail * typical_ns * pow(nines, 4) / 40);
        tl_json *point = tl_json_add_array(curve, NULL);
        tl_json_add_real(point, NULL, percentiles[i]);
        tl_json_add_count(point, NULL, (uint64_t)ns);
        static const struct {
            double percentile;
            const char *name;
        } named[] = {
            {0,     "min"   },
            {50,    "p50"   },
            {90,    "p90"   },
            {99,    "p99"   },
            {99.9,  "p99_9" },
            {99.99, "p99_99"},
            {100,   "max"   }
        };
        for (size_t n = 0; n < sizeof named / sizeof named[0]; n++) {
            if (fabs(named[n].percentile - percentiles[i]) < 1e-9)
                tl_json_add_count(histogram, named[n].name, (uint64_t)ns);
        }
        max_ns = ns;
    }
    tl_json_add_real(histogram, "mean", typical_ns + max_ns / (double)count);
    tl_json_add_count(histogram, "clamped", 0);
}

static void add_engine_counters(tl_json *counters, const sample_driver *driver,
                                const sample_phase *phase)
{
    if (driver->leaf == NULL) {
        tl_json_add_null(counters, "engine");
        return;
    }
    bool stays = strcmp(driver->leaf, "rebuild") != 0; /* cells, where they are */
    double edits = (double)phase->ops * phase->edits;
    double cell_bytes = strcmp(phase->workload, "large") == 0 ? 20000 : 2300;
    bool ascending = strcmp(phase->workload, "sequential") == 0;
    const struct {
        const char *name;
        double value;
    } rows[] = {
        {"descents",          (double)phase->ops                                       },
        {"levels",            3.0 * (double)phase->ops                                 },
        {"full_compares",     1.2 * (double)phase->ops                                 },
        {"append_hits",       ascending ? edits * 0.98 : 0                             },
        {"alloc_fit_gap",     stays ? edits * 0.99 : 0                                 },
        {"alloc_compactions", stays ? (ascending ? 0 : edits * 0.011) : 0              },
        {"alloc_rebuilds",    stays ? 0 : edits                                        },
        {"alloc_bytes_moved", stays ? (ascending ? 0 : edits * 34) : edits * cell_bytes},
        {"alloc_misses",      edits * 0.018                                            },
        {"alloc_failures",    0                                                        },
        {"leaf_splits",       edits * 0.018                                            },
        {"branch_splits",     edits * 0.0002                                           },
        {"log_bytes",         edits * 132                                              },
        {"ckpt_ns",           edits * 11                                               },
    };
    tl_json *engine = tl_json_add_object(counters, "engine");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        tl_json_add_count(engine, rows[i].name, (uint64_t)rows[i].value);
}

static void add_phase(tl_json *phases, const sample_driver *driver, const sample_phase *row,
                      unsigned repetition)
{
    unsigned seed = (unsigned)(driver - sample_drivers) * 31 + repetition * 7 +
                    (unsigned)(row - sample_phases) * 3;
    double op_ns = row->op_ns / driver->speed * (1 + 0.05 * wobble(seed));
    double wall_ns = op_ns * (double)row->ops;
    tl_json *phase = tl_json_add_object(phases, NULL);
    tl_json_add_text(phase, "name", row->phase);
    tl_json_add_bool(phase, "measured", row->measured);
    tl_json_add_count(phase, "ops", row->ops);
    tl_json_add_count(phase, "transactions", 1);
    tl_json_add_count(phase, "errors", 0);
    tl_json_add_count(phase, "wrong", 0);
    tl_json_add_count(phase, "wall_ns", (uint64_t)wall_ns);
    tl_json_add_count(phase, "cpu_ns", (uint64_t)(wall_ns * 0.98));
    tl_json_add_count(phase, "ops_ns", (uint64_t)(wall_ns * 0.9));
    tl_json *latency = tl_json_add_object(phase, "latency");
    double tail = 1 + (double)(driver - sample_drivers) + 0.2 * wobble(seed + 5);
    add_histogram(latency, row->operation, op_ns, row->ops, tail);
    if (strcmp(row->workload, "mixed") == 0)
        add_histogram(latency, "del", op_ns * 0.8, row->ops / 2, tail);
    if (row->edits > 0)
        add_histogram(latency, "commit", op_ns * 400, 1, tail);
    tl_json *counters = tl_json_add_object(phase, "counters");
    add_engine_counters(counters, driver, row);
    tl_json *os = tl_json_add_object(counters, "os");
    tl_json_add_count(os, "minflt", 5200 + seed);
    tl_json_add_count(os, "majflt", 0);
    tl_json_add_count(os, "rd_bytes", 0);
    tl_json_add_count(os, "wr_bytes", 29360128);
    tl_json_add_count(os, "rss_peak_bytes", 71303168);
    tl_json_add_null(counters, "hw");
    tl_json_add_null(counters, "callgrind");
    tl_json *space = tl_json_add_object(phase, "space");
    tl_json_add_count(space, "logical_bytes", 23200000);
    tl_json_add_count(space, "file_bytes", (uint64_t)(29000000 / (0.5 + driver->speed / 2)));
    tl_json_add_real(space, "amplification", 1.25 / (0.5 + driver->speed / 2));
    tl_json_add_count(space, "depth", 3);
    tl_json_add_count(space, "record_count", row->ops);
    tl_json *check = tl_json_add_object(phase, "check");
    tl_json_add_count(check, "answers_checked", row->ops);
    tl_json_add_text(check, "result_hash", "0x00000000deadbeef");
}

/* A cell without phases; `status` is "ok" or "finding". */
static tl_json *add_cell(tl_json *cells, const sample_driver *driver, const char *kind,
                         const char *workload, unsigned repetition, const char *durability,
                         const char *status)
{
    char id[128];
    snprintf(id, sizeof id, "%s/%s/%s/r%u", driver->label, workload, durability, repetition);
    tl_json *cell = tl_json_add_object(cells, NULL);
    tl_json_add_text(cell, "id", id);
    tl_json_add_text(cell, "kind", kind);
    tl_json_add_text(cell, "driver", driver->name);
    tl_json_add_text(cell, "label", driver->label);
    tl_json *engine = tl_json_add_object(cell, "engine");
    tl_json_add_text(engine, "name", driver->name);
    tl_json_add_text(engine, "version", driver->version);
    tl_json *options = tl_json_add_object(engine, "options");
    if (driver->leaf != NULL)
        tl_json_add_text(options, "leaf", driver->leaf);
    tl_json_add_count(engine, "page_bytes", 8192);
    tl_json *contract = tl_json_add_object(engine, "contract");
    tl_json_add_text(contract, "durability", durability);
    tl_json_add_text(contract, "promise", driver->promise);
    tl_json_add_text(contract, "asks_for", driver->asks_for);
    tl_json_add_text(contract, "remark", driver->remark);
    tl_json *about = tl_json_add_object(cell, "workload");
    tl_json_add_text(about, "name", workload);
    tl_json_add_text(
        about, "note",
        strcmp(workload, "large") == 0 ? "values stop at the inline limit of 8000 bytes" : NULL);
    tl_json_add_text(about, "spec_hash", "0x1122334455667788");
    tl_json_add_count(cell, "repetition", repetition);
    tl_json_add_text(cell, "status", status);
    tl_json_add_text(cell, "error", NULL);
    return cell;
}

tl_json *sample_bench_run(unsigned repetitions)
{
    static const char *const argv[] = {"run",
                                       "--driver",
                                       "tree,tree:leaf=rebuild,lmdb,sqlite",
                                       "--workload",
                                       "sequential,random,mixed,large",
                                       "--ops",
                                       "200000",
                                       "--seed",
                                       "42",
                                       "--repeat",
                                       "3",
                                       NULL};
    tl_json *run = run_frame("20261121T150000Z_ab12cd34ef56+dirty", "ok", 0, argv);
    tl_json *summary = tl_json_add_object(run, "summary");
    tl_json_add_count(summary, "answers_checked", 3456789);
    tl_json *cells = tl_json_add_array(run, "cells");
    for (unsigned r = 0; r < repetitions; r++) {
        for (size_t p = 0; p < SAMPLE_PHASE_COUNT;) {
            const char *workload = sample_phases[p].workload;
            size_t end = p;
            while (end < SAMPLE_PHASE_COUNT && strcmp(sample_phases[end].workload, workload) == 0)
                end++;
            for (size_t d = 0; d < SAMPLE_DRIVER_COUNT; d++) {
                tl_json *cell =
                    add_cell(cells, &sample_drivers[d], "bench", workload, r, "none", "ok");
                tl_json *phases = tl_json_add_array(cell, "phases");
                for (size_t i = p; i < end; i++)
                    add_phase(phases, &sample_drivers[d], &sample_phases[i], r);
            }
            p = end;
        }
    }
    return run;
}

tl_json *sample_crash_run(unsigned findings)
{
    static const char *const argv[] = {"crash",  "--driver", "tree,tree:commit=shadow2",
                                       "--seed", "42",       NULL};
    static const sample_driver drivers[] = {
        {"tree",                "tree", "0.1.0", "freelist", "same", "fdatasync per commit", "", 1},
        {"tree:commit=shadow2", "tree", "0.1.0", "freelist", "same", "fdatasync twice",      "", 1},
    };
    static const char *const durabilities[] = {"commit", "none"};
    static const struct {
        const char *name, *leaves, *represented;
    } profiles[] = {
        {"sigkill", "160",    "160"         },
        {"prefix",  "160",    "160"         },
        {"journal", "118904", "281474976710"},
        {"posix",   "4232",   "16777216"    }
    };
    tl_json *run = run_frame("20261121T150140Z_ab12cd34ef56+dirty",
                             findings > 0 ? "crash-failed" : "ok", findings > 0 ? 3 : 0, argv);
    tl_json *cells = tl_json_add_array(run, "cells");
    for (size_t d = 0; d < 2; d++) {
        for (size_t k = 0; k < 2; k++) {
            bool broken = findings > 0 && d == 1 && k == 0;
            tl_json *cell = add_cell(cells, &drivers[d], "crash", "canonical", 0, durabilities[k],
                                     broken ? "finding" : "ok");
            tl_json_add_array(cell, "phases");
            tl_json *crash = tl_json_add_object(cell, "crash");
            tl_json *trace = tl_json_add_object(crash, "trace");
            tl_json_add_count(trace, "io_ops", 180);
            tl_json_add_count(trace, "writes", 120);
            tl_json_add_count(trace, "syncs", 40);
            tl_json_add_count(trace, "commits", 60);
            tl_json_add_count(trace, "checkpoints", 4);
            tl_json *events = tl_json_add_object(trace, "events");
            tl_json_add_count(events, "leaf_splits", 9);
            tl_json_add_count(events, "merges", 3);
            tl_json_add_count(events, "grows", 2);
            tl_json_add_count(events, "page_reuse", 30);
            tl_json_add_bool(crash, "complete", true);
            tl_json_add_count(crash, "points", 160);
            tl_json_add_text(crash, "states", "123456");
            tl_json_add_text(crash, "distinct", "100000");
            tl_json_add_real(crash, "states_per_s", 12000);
            tl_json *list = tl_json_add_array(crash, "profiles");
            for (size_t v = 0; v < 4; v++) {
                tl_json *profile = tl_json_add_object(list, NULL);
                tl_json_add_text(profile, "name", profiles[v].name);
                tl_json_add_text(profile, "tier", "T2");
                tl_json_add_count(profile, "points", 160);
                tl_json_add_text(profile, "leaves", profiles[v].leaves);
                tl_json_add_text(profile, "represented", profiles[v].represented);
                tl_json_add_text(profile, "allowed", profiles[v].represented);
                tl_json_add_real(profile, "coverage", 1);
                tl_json_add_count(profile, "findings", broken && v == 1 ? findings : 0);
            }
            tl_json_add_text(crash, "recovered", broken ? "123449" : "123456");
            tl_json_add_count(crash, "lost_committed", broken ? findings : 0);
            tl_json_add_count(crash, "resurrected", 0);
            tl_json_add_count(crash, "corrupt", 0);
            tl_json_add_count(crash, "other_findings", 0);
            if (!broken) {
                tl_json_add_null(crash, "first_failure");
                continue;
            }
            tl_json *failure = tl_json_add_object(crash, "first_failure");
            tl_json_add_text(failure, "case", "shadow2/commit/prefix/77.0/oldest");
            tl_json_add_text(failure, "rule", "lost_committed");
            tl_json_add_text(failure, "seed", "0x000000000000002a");
            tl_json_add_text(failure, "repro_cmd",
                             "treelab crash replay "
                             "tree/mixed/4096/42/60/shadow2/commit/prefix/77.0/oldest");
            tl_json_add_text(failure, "script", "finding-77.tls");
        }
    }
    return run;
}

void sample_add_small_cell(tl_json *run, const char *label, const char *workload,
                           uint64_t repetition, uint64_t ops, uint64_t wall_ns)
{
    tl_json *cells = (tl_json *)(uintptr_t)tl_json_get(run, "cells");
    tl_json *cell = tl_json_add_object(cells, NULL);
    tl_json_add_text(cell, "kind", "bench");
    tl_json_add_text(cell, "driver", label);
    tl_json_add_text(cell, "label", label);
    tl_json *about = tl_json_add_object(cell, "workload");
    tl_json_add_text(about, "name", workload);
    tl_json_add_count(cell, "repetition", repetition);
    tl_json_add_text(cell, "status", "ok");
    tl_json *phases = tl_json_add_array(cell, "phases");
    tl_json *phase = tl_json_add_object(phases, NULL);
    tl_json_add_text(phase, "name", "get");
    tl_json_add_count(phase, "ops", ops);
    tl_json_add_count(phase, "wall_ns", wall_ns);
    tl_json_add_count(phase, "cpu_ns", wall_ns);
    tl_json_add_count(phase, "ops_ns", wall_ns / 2);
}

tl_json *sample_empty_run(void)
{
    static const char *const argv[] = {"run", NULL};
    tl_json *run = run_frame("20261121T150000Z_000000000000", "ok", 0, argv);
    tl_json_add_array(run, "cells");
    return run;
}

static void add_broken_cell(tl_json *run, const char *label, const char *workload,
                            const char *status, const char *error)
{
    tl_json *cells = (tl_json *)(uintptr_t)tl_json_get(run, "cells");
    tl_json *cell = tl_json_add_object(cells, NULL);
    tl_json_add_text(cell, "id", "x/<b>&'\"/r0");
    tl_json_add_text(cell, "kind", "bench");
    tl_json_add_text(cell, "label", label);
    tl_json *about = tl_json_add_object(cell, "workload");
    tl_json_add_text(about, "name", workload);
    tl_json_add_text(about, "note", "a \"note\" <i>with</i> & marks");
    tl_json_add_text(cell, "status", status);
    tl_json_add_text(cell, "error", error);
}

tl_json *sample_hostile_run(void)
{
    static const char *const argv[] = {"run", "--set", "it's <script>alert(1)</script> & more",
                                       NULL};
    tl_json *run = run_frame("<img src=x onerror=alert(1)>", "wrong", 3, argv);
    tl_json_add_array(run, "cells");
    sample_add_small_cell(run, "tree", "w<&>\"' \t_{sub}^{sup}", 0, 1000, 2000000);
    sample_add_small_cell(run, "lmdb", "w<&>\"' \t_{sub}^{sup}", 0, 1000, 3000000);
    sample_add_small_cell(run, "a 'quoted' <driver> & \"co\"", "w<&>\"' \t_{sub}^{sup}", 0, 1000,
                          4000000);
    sample_add_small_cell(run, "tree", "zero", 0, 0, 0);
    sample_add_small_cell(run, "bad\xff\xc3(utf8", "zero", 0, 7, 100);
    add_broken_cell(run, "sqlite", "w<&>\"' \t_{sub}^{sup}", "failed", "disk <full> & \"gone\"");
    add_broken_cell(run, "sqlite", "zero", "unsupported", "no such operation");
    add_broken_cell(run, "liar", "zero", "wrong", "get gave 'x', not 'y'");
    add_broken_cell(run, NULL, NULL, NULL, NULL);
    return run;
}

static void add_duel(tl_json *run, const char *label, const char *b, const char *verdict,
                     double estimate)
{
    tl_json *cell = tl_json_add_object((tl_json *)tl_json_get(run, "cells"), NULL);
    tl_json_add_text(cell, "kind", "duel");
    tl_json_add_text(cell, "label", label);
    tl_json_add_text(cell, "status", "ok");
    tl_json_add_text(cell, "error", NULL);
    tl_json_add_text(cell, "verdict", verdict);
    tl_json_add_text(cell, "decided_by", estimate > -100 ? "cpu_time" : "counters");
    tl_json_add_text(cell, "note", NULL);
    tl_json *arms = tl_json_add_array(cell, "arms");
    tl_json_add_text(tl_json_add_object(arms, NULL), "label", "tree");
    tl_json_add_text(tl_json_add_object(arms, NULL), "label", b);
    tl_json *statistics = tl_json_add_object(cell, "statistics");
    if (estimate <= -100)
        return;
    tl_json *median = tl_json_add_object(statistics, "median");
    tl_json_add_count(median, "launches", 16);
    tl_json_add_real(median, "estimate_percent", estimate);
    tl_json_add_real(median, "level", 0.001);
    tl_json_add_real(median, "lower_percent", estimate - 1.5);
    tl_json_add_real(median, "upper_percent", estimate + 1.25);
    tl_json_add_real(median, "detectable_percent", 3);
    tl_json_add_real(median, "pass_upper_percent", estimate + 1);
}

tl_json *sample_duel_run(void)
{
    static const char *const argv[] = {"duel", "tree", "tree:leaf=rebuild", NULL};
    tl_json *run = run_frame("20261122T090000Z_ab12cd34ef56", "ok", 1, argv);
    tl_json_add_array(run, "cells");
    add_duel(run, "random/get", "tree:leaf=rebuild", "pass", 0.25);
    add_duel(run, "random/insert", "tree:leaf=rebuild", "regressed", 74.5);
    add_duel(run, "random/scan", "<b>&", "pass", -100);
    return run;
}

tl_json *sample_invalid_duel_run(void)
{
    static const char *const argv[] = {"duel", "tree", "tree:leaf=rebuild", NULL};
    tl_json *run = run_frame("20261122T090000Z_ab12cd34ef56", "ok", 6, argv);
    tl_json_add_array(run, "cells");
    add_duel(run, "random/insert", "tree:leaf=rebuild", "invalid", -100);
    return run;
}
