/* harness/doctor/settings.c -- what the machine and this build are set to, before any measuring. */
#include "harness/doctor/doctor_body.h"

#include "harness/measure/clock.h"
#include "harness/report/machine.h"
#include "harness/report/sysfile.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LINE_BYTES = 256 };

static void look_at_processors(const tl_json *machine, tl_examination *found)
{
    uint64_t online = tl_json_count(tl_json_get(machine, "online"), 0);
    const char *model = tl_json_text(tl_json_get(machine, "cpu_model"), "unknown");
    tl_symptom *symptom =
        tl_symptom_add(found, "processors", online >= 2 ? TL_FIT : TL_FIT_CARE, FOR_CLOCKS,
                       "%llu online, %s", (unsigned long long)online, model);
    if (online < 2)
        tl_symptom_remedy(symptom, "one processor serves the system and the measurement: take a "
                                   "machine with two or more");
    const char *quota = tl_json_text(tl_json_get(machine, "cgroup_quota"), NULL);
    bool limited = quota != NULL && strncmp(quota, "max", 3) != 0;
    if (limited) {
        symptom =
            tl_symptom_add(found, "cgroup_quota", TL_UNFIT, FOR_CLOCKS, "%s (us per us)", quota);
        tl_symptom_remedy(symptom, "a container's limit stops the program when it is used up: "
                                   "start it without --cpus, or with whole processors (cpuset)");
    }
    const char *virt = tl_json_text(tl_json_get(machine, "virt"), "unknown");
    bool bare = strcmp(virt, "none") == 0;
    symptom = tl_symptom_add(found, "virtualisation", bare ? TL_FIT : TL_FIT_CARE, FOR(LATENCY),
                             "%s", virt);
    if (!bare)
        tl_symptom_remedy(symptom, "neighbours that are not seen from here take part: trust "
                                   "ratios of one run, not rates of two days");
}

static void look_at_frequency(const tl_json *machine, tl_examination *found)
{
    const char *governor = tl_json_text(tl_json_get(machine, "governor"), NULL);
    if (governor == NULL) {
        tl_symptom_add(found, "governor", TL_FIT_UNKNOWN, FOR_CLOCKS,
                       "not shown here (virtual machines leave it to the host)");
    } else {
        bool steady = strcmp(governor, "performance") == 0;
        tl_symptom *symptom = tl_symptom_add(found, "governor", steady ? TL_FIT : TL_FIT_CARE,
                                             FOR_CLOCKS, "%s", governor);
        if (!steady)
            tl_symptom_remedy(symptom, "cpupower frequency-set -g performance");
    }
    char line[LINE_BYTES];
    bool intel =
        tl_sysfile_line("/sys/devices/system/cpu/intel_pstate/no_turbo", line, sizeof line);
    bool other =
        !intel && tl_sysfile_line("/sys/devices/system/cpu/cpufreq/boost", line, sizeof line);
    if (intel || other) {
        bool turbo = (line[0] == '1') != intel;
        tl_symptom *symptom = tl_symptom_add(found, "turbo", turbo ? TL_FIT_CARE : TL_FIT,
                                             FOR_CLOCKS, "%s", turbo ? "on" : "off");
        if (turbo)
            tl_symptom_remedy(symptom, intel ? "echo 1 > /sys/devices/system/cpu/intel_pstate/"
                                               "no_turbo"
                                             : "echo 0 > /sys/devices/system/cpu/cpufreq/boost");
    }
    if (tl_json_is_true(tl_json_get(machine, "smt"))) {
        tl_symptom *symptom = tl_symptom_add(found, "smt", TL_FIT_CARE, FOR_CLOCKS, "on");
        tl_symptom_remedy(symptom, "a busy sibling halves a processor: echo off > "
                                   "/sys/devices/system/cpu/smt/control");
    }
}

static void look_at_memory(const tl_json *machine, tl_examination *found)
{
    const char *thp = tl_json_text(tl_json_get(machine, "thp"), NULL);
    bool always = thp != NULL && strcmp(thp, "always") == 0;
    tl_symptom *symptom =
        tl_symptom_add(found, "transparent_hugepages",
                       thp == NULL ? TL_FIT_UNKNOWN
                       : always    ? TL_FIT_CARE
                                   : TL_FIT,
                       FOR(TIME) | FOR(LATENCY), "%s", thp != NULL ? thp : "not shown here");
    if (always)
        tl_symptom_remedy(symptom, "who gets huge pages is luck: echo madvise > "
                                   "/sys/kernel/mm/transparent_hugepage/enabled");
    char value[LINE_BYTES];
    unsigned long long kib = 0;
    if (tl_sysfile_field("/proc/meminfo", "MemAvailable", value, sizeof value) &&
        sscanf(value, "%llu", &kib) == 1) {
        bool enough = kib >= 1024 * 1024;
        symptom = tl_symptom_add(found, "memory", enough ? TL_FIT : TL_UNFIT, FOR_CLOCKS,
                                 "%.1f GiB available", (double)kib / (1024 * 1024));
        if (!enough)
            tl_symptom_remedy(symptom, "stores of the standard sizes do not fit: end what uses "
                                       "the memory, or lower --ops");
    }
}

static void look_at_clock(const tl_json *machine, tl_examination *found)
{
    const tl_clock *clock = tl_clock_fastest();
    const char *source = tl_json_text(tl_json_get(machine, "clocksource"), "unknown");
    bool slow = clock->cost_ns > 100;
    tl_symptom *symptom = tl_symptom_add(found, "clock", slow ? TL_UNFIT : TL_FIT, FOR(LATENCY),
                                         "%s, %.1f ns a reading; clock source %s", clock->name,
                                         clock->cost_ns, source);
    if (slow)
        tl_symptom_remedy(symptom, "each reading enters the kernel: boot with clocksource=tsc, or "
                                   "measure operations of 10 us and more only");
    if (!tl_json_is_true(tl_json_get(machine, "pmu")))
        tl_symptom_add(found, "hardware_counters", TL_FIT_UNKNOWN, FOR(INSTRUCTIONS),
                       "none; instructions are counted by callgrind");
}

static void look_at_build(tl_examination *found)
{
    tl_json *build = tl_build_json();
    const char *type = tl_json_text(tl_json_get(build, "type"), "");
    const char *flags = tl_json_text(tl_json_get(build, "flags"), "");
    bool sanitized = strstr(flags, "-fsanitize") != NULL;
    bool release = strcmp(type, "Release") == 0 && !sanitized;
    tl_symptom *symptom =
        tl_symptom_add(found, "build", release ? TL_FIT : TL_UNFIT, FOR_CLOCKS | FOR(INSTRUCTIONS),
                       "%s%s", type[0] != '\0' ? type : "no type", sanitized ? ", sanitizers" : "");
    if (!release)
        tl_symptom_remedy(symptom, "this program is not what is shipped: ci/build, then "
                                   "build/treelab");
    tl_json_free(build);
}

void tl_doctor_look_at_settings(tl_examination *found)
{
    tl_json *machine = tl_machine_json();
    look_at_build(found);
    look_at_processors(machine, found);
    look_at_frequency(machine, found);
    look_at_memory(machine, found);
    look_at_clock(machine, found);
    tl_json_free(machine);
}

void tl_doctor_look_at_storage(const char *dir, tl_examination *found)
{
    tl_json *storage = tl_storage_json(dir, true);
    const char *fs = tl_json_text(tl_json_get(storage, "fs"), "unknown");
    const tl_json *probe = tl_json_get(storage, "fsync_probe_us");
    double p50 = tl_json_real(tl_json_get(probe, "p50"), NAN);
    double p99 = tl_json_real(tl_json_get(probe, "p99"), NAN);
    if (isnan(p50)) {
        tl_symptom *symptom = tl_symptom_add(found, "sync", TL_UNFIT, FOR(DURABLE),
                                             "%s: cannot write in %s", fs, dir);
        tl_symptom_remedy(symptom, "name a directory on the disk that is to be measured: --dir");
    } else {
        bool memory = strcmp(fs, "tmpfs") == 0 || strcmp(fs, "ramfs") == 0;
        bool uneven = p99 > 10 * p50;
        tl_symptom *symptom = tl_symptom_add(
            found, "sync",
            memory               ? TL_UNFIT
            : p50 < 20 || uneven ? TL_FIT_CARE
                                 : TL_FIT,
            FOR(DURABLE), "%s: fdatasync of 4 KiB p50 %.0f us, longest of 20 %.0f us", fs, p50,
            p99);
        if (memory)
            tl_symptom_remedy(symptom, "a file system in memory syncs nothing: --dir on a disk");
        else if (p50 < 20)
            tl_symptom_remedy(symptom, "too quick for a disk: something below acknowledges early "
                                       "(write cache, hypervisor)");
        else if (uneven)
            tl_symptom_remedy(symptom, "others use this disk or its processor: measure alone, "
                                       "read p99 beside the rate");
    }
    uint64_t free_bytes = tl_json_count(tl_json_get(storage, "free_bytes"), 0);
    bool room = free_bytes >= (uint64_t)4 << 30;
    tl_symptom *symptom =
        tl_symptom_add(found, "disk_space", room ? TL_FIT : TL_FIT_CARE, FOR_CLOCKS,
                       "%.1f GiB free", (double)free_bytes / (double)(1 << 30));
    if (!room)
        tl_symptom_remedy(symptom, "the standard suite wants 4 GiB: free some, or --dir elsewhere");
    tl_json_free(storage);
}
