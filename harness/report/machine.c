/* harness/report/machine.c -- the machine as /proc, /sys, sysconf and cpuid show it. */
#define _GNU_SOURCE
#include "harness/report/machine.h"

#include "harness/report/sysfile.h"

#include <linux/perf_event.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#define HAVE_CPUID 1
#else
#define HAVE_CPUID 0
#endif

#define CPU0            "/sys/devices/system/cpu/cpu0/"
#define CLOCKSOURCE     "/sys/devices/system/clocksource/clocksource0/current_clocksource"
#define THP             "/sys/kernel/mm/transparent_hugepage/enabled"
#define CGROUP_ROOT     "/sys/fs/cgroup"
#define HASH_START      UINT64_C(0xcbf29ce484222325) /* FNV-1a, 64 bits */
#define HASH_PRIME      UINT64_C(0x100000001b3)
#define TEXT_BYTES      256
#define PATH_BYTES      512
#define FEATURES_BYTES  8192 /* the flags line of today's processors has under 2 KiB */
#define VALUE_BYTES     1024
#define CACHE_INDEX_MAX 16

static uint64_t hash_text(uint64_t hash, const char *text)
{
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * HASH_PRIME;
    return hash;
}

static void add_line(tl_json *object, const char *name, const char *path)
{
    char line[TEXT_BYTES];
    tl_json_add_text(object, name, tl_sysfile_line(path, line, sizeof line) ? line : NULL);
}

static void add_positive(tl_json *object, const char *name, long value)
{
    if (value > 0)
        tl_json_add_count(object, name, (uint64_t)value);
    else
        tl_json_add_null(object, name);
}

/* Processor: model and features. */

static bool features_read(char features[FEATURES_BYTES])
{
    return tl_sysfile_field("/proc/cpuinfo", "flags", features, FEATURES_BYTES) ||  /* x86 */
           tl_sysfile_field("/proc/cpuinfo", "Features", features, FEATURES_BYTES); /* arm */
}

static void add_processor(tl_json *machine)
{
    char model[TEXT_BYTES], features[FEATURES_BYTES];
    bool known = tl_sysfile_field("/proc/cpuinfo", "model name", model, sizeof model);
    tl_json_add_text(machine, "cpu_model", known ? model : NULL);
    add_positive(machine, "cpus", sysconf(_SC_NPROCESSORS_CONF));
    add_positive(machine, "online", sysconf(_SC_NPROCESSORS_ONLN));
    if (features_read(features))
        tl_json_add_hex(machine, "features_hash", hash_text(HASH_START, features));
    else
        tl_json_add_null(machine, "features_hash");
}

/* Caches of the first processor. */

static bool cache_line(unsigned index, const char *name, char *line, size_t line_bytes)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, CPU0 "cache/index%u/%s", index, name);
    return tl_sysfile_line(path, line, line_bytes);
}

/* Bytes of the data cache of `level`; 0 when unknown. */
static uint64_t cache_bytes(unsigned level)
{
    char line[TEXT_BYTES];
    for (unsigned index = 0; index < CACHE_INDEX_MAX; index++) {
        if (!cache_line(index, "level", line, sizeof line))
            return 0;
        if (strtoul(line, NULL, 10) != level || !cache_line(index, "type", line, sizeof line) ||
            strcmp(line, "Instruction") == 0 || !cache_line(index, "size", line, sizeof line))
            continue;
        char *unit = NULL;
        uint64_t bytes = strtoull(line, &unit, 10);
        return *unit == 'K' ? bytes << 10 : *unit == 'M' ? bytes << 20 : bytes;
    }
    return 0;
}

static void add_caches(tl_json *machine)
{
    static const struct {
        const char *name;
        unsigned level;
        int fallback; /* sysconf knows the caches where /sys does not show them */
    } caches[] = {
        {"l1d_bytes", 1, _SC_LEVEL1_DCACHE_SIZE},
        {"l2_bytes",  2, _SC_LEVEL2_CACHE_SIZE },
        {"l3_bytes",  3, _SC_LEVEL3_CACHE_SIZE },
    };
    for (size_t i = 0; i < sizeof caches / sizeof caches[0]; i++) {
        uint64_t bytes = cache_bytes(caches[i].level);
        add_positive(machine, caches[i].name,
                     bytes > 0 ? (long)bytes : sysconf(caches[i].fallback));
    }
}

static void add_memory_and_kernel(tl_json *machine)
{
    long pages = sysconf(_SC_PHYS_PAGES), page_bytes = sysconf(_SC_PAGESIZE);
    add_positive(machine, "ram_bytes", pages > 0 && page_bytes > 0 ? pages * page_bytes : 0);
    struct utsname name;
    tl_json_add_text(machine, "kernel", uname(&name) == 0 ? name.release : NULL);
}

/* Virtualisation: the processor says whether there is a hypervisor, and its signature which. */

static const char *hypervisor_name(void)
{
#if HAVE_CPUID
    static const struct {
        const char *signature, *name;
    } hypervisors[] = {
        {"KVMKVMKVM",    "kvm"       },
        {"Linux KVM Hv", "kvm"       },
        {"Microsoft Hv", "hyperv"    },
        {"VMwareVMware", "vmware"    },
        {"XenVMMXenVMM", "xen"       },
        {"TCGTCGTCGTCG", "qemu"      },
        {"VBoxVBoxVBox", "virtualbox"},
        {"bhyve bhyve ", "bhyve"     },
        {"ACRNACRNACRN", "acrn"      },
    };
    unsigned eax = 0, words[3] = {0};
    __cpuid(0x40000000, eax, words[0], words[1], words[2]);
    char signature[sizeof words + 1] = "";
    memcpy(signature, words, sizeof words);
    for (size_t i = 0; i < sizeof hypervisors / sizeof hypervisors[0]; i++)
        if (strcmp(signature, hypervisors[i].signature) == 0)
            return hypervisors[i].name;
#endif
    return "other";
}

static void add_virtualisation(tl_json *machine)
{
    char features[FEATURES_BYTES];
    const char *name = NULL;
    if (HAVE_CPUID && features_read(features))
        name = strstr(features, "hypervisor") != NULL ? hypervisor_name() : "none";
    tl_json_add_text(machine, "virt", name);
}

/* Settings of the system that move timings. */

static void add_smt(tl_json *machine)
{
    char line[TEXT_BYTES];
    if (tl_sysfile_line("/sys/devices/system/cpu/smt/active", line, sizeof line))
        tl_json_add_bool(machine, "smt", line[0] == '1');
    else
        tl_json_add_null(machine, "smt");
}

/* Address space randomisation of this process: the system's switch, unless setarch -R is used. */
static void add_aslr(tl_json *machine)
{
    char line[TEXT_BYTES];
    int persona = personality(0xffffffff); /* asks, changes nothing */
    if (persona != -1 && (persona & ADDR_NO_RANDOMIZE) != 0)
        tl_json_add_bool(machine, "aslr", false);
    else if (tl_sysfile_line("/proc/sys/kernel/randomize_va_space", line, sizeof line))
        tl_json_add_bool(machine, "aslr", line[0] != '0');
    else
        tl_json_add_null(machine, "aslr");
}

/* "always [madvise] never": the word in brackets. */
static void add_thp(tl_json *machine)
{
    char line[TEXT_BYTES], word[TEXT_BYTES];
    bool known = tl_sysfile_line(THP, line, sizeof line);
    const char *bracket = known ? strchr(line, '[') : NULL;
    known = bracket != NULL && sscanf(bracket, "[%255[^]]", word) == 1;
    tl_json_add_text(machine, "thp", known ? word : NULL);
}

/* Whether this process can count instructions in hardware. */
static bool has_pmu(void)
{
    struct perf_event_attr attributes = {
        .type = PERF_TYPE_HARDWARE,
        .size = sizeof attributes,
        .config = PERF_COUNT_HW_INSTRUCTIONS,
        .disabled = 1,
        .exclude_kernel = 1,
        .exclude_hv = 1,
    };
    long fd = syscall(SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
    if (fd < 0)
        return false;
    close((int)fd);
    return true;
}

/* The tightest place to look for a processor limit is this process's own cgroup, then each group
 * above it: the first that has a limit is told, "max ..." when none has. */
static void add_cgroup_quota(tl_json *machine)
{
    char group[TEXT_BYTES] = "", path[PATH_BYTES], quota[TEXT_BYTES];
    bool known = false, limited = false;
    tl_sysfile_field("/proc/self/cgroup", "0:", group, sizeof group); /* "0::/user.slice/..." */
    for (;;) { /* ends: each round cuts the last name off `group` */
        snprintf(path, sizeof path, CGROUP_ROOT "%s/cpu.max", group);
        if (tl_sysfile_line(path, quota, sizeof quota)) {
            known = true;
            limited = strncmp(quota, "max", 3) != 0;
        }
        char *slash = strrchr(group, '/');
        if (limited || slash == NULL)
            break;
        *slash = '\0';
    }
    tl_json_add_text(machine, "cgroup_quota", known ? quota : NULL);
}

tl_json *tl_machine_json(void)
{
    tl_json *machine = tl_json_object_new();
    add_processor(machine);
    add_caches(machine);
    add_memory_and_kernel(machine);
    add_virtualisation(machine);
    add_line(machine, "governor", CPU0 "cpufreq/scaling_governor");
    add_smt(machine);
    add_aslr(machine);
    add_thp(machine);
    add_line(machine, "clocksource", CLOCKSOURCE);
    tl_json_add_bool(machine, "pmu", has_pmu());
    add_cgroup_quota(machine);
    return machine;
}

/* Comparability.  What changes from day to day on one machine (kernel patches, free space, load)
 * is left out; memory counts in whole GiB, since kernels keep some for themselves. */
static const struct {
    const char *section, *field;
    uint64_t quantum; /* 0: exact */
} class_fields[] = {
    {"machine", "cpu_model",     0                },
    {"machine", "cpus",          0                },
    {"machine", "online",        0                },
    {"machine", "features_hash", 0                },
    {"machine", "l1d_bytes",     0                },
    {"machine", "l2_bytes",      0                },
    {"machine", "l3_bytes",      0                },
    {"machine", "ram_bytes",     (uint64_t)1 << 30},
    {"machine", "virt",          0                },
    {"machine", "governor",      0                },
    {"machine", "smt",           0                },
    {"machine", "thp",           0                },
    {"machine", "clocksource",   0                },
    {"machine", "cgroup_quota",  0                },
    {"storage", "fs",            0                },
    {"storage", "mount_opts",    0                },
    {"storage", "rotational",    0                },
};

/* One field as text.  Only switches are bool: one that is off and one that the machine does not
 * have (null) are alike. */
static void class_value(const tl_json *field, uint64_t quantum, char *text, size_t text_bytes)
{
    double number = tl_json_real(field, NAN);
    if (isfinite(number))
        snprintf(text, text_bytes, "%.17g", quantum > 0 ? round(number / (double)quantum) : number);
    else
        tl_sysfile_copy(text, text_bytes,
                        tl_json_text(field, tl_json_is_true(field) ? "true" : "-"));
}

tl_json *tl_class_json(const tl_json *machine, const tl_json *storage)
{
    tl_json *class_ = tl_json_object_new(), *fields = tl_json_array_new();
    uint64_t hash = HASH_START;
    for (size_t i = 0; i < sizeof class_fields / sizeof class_fields[0]; i++) {
        bool of_machine = strcmp(class_fields[i].section, "machine") == 0;
        const tl_json *field = tl_json_get(of_machine ? machine : storage, class_fields[i].field);
        char text[VALUE_BYTES];
        class_value(field, class_fields[i].quantum, text, sizeof text);
        hash = hash_text(hash, class_fields[i].field);
        hash = hash_text(hash, "=");
        hash = hash_text(hash, text);
        hash = hash_text(hash, "\n");
        tl_json_add_text(fields, NULL, class_fields[i].field);
    }
    tl_json_add_hex(class_, "key", hash);
    tl_json_attach(class_, "fields", fields);
    return class_;
}
