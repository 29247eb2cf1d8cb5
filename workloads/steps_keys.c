/* workloads/steps_keys.c -- the one table of what can be said about a phase. */
#include "workloads/phases.h"
#include "workloads/steps.h"

#include <string.h>

/* clang-format off */
const tl_workload_option tl_step_keys[] = {
    {"phases",    "text",  "load,run",      "", "phases in order: load, warm, run, delete, churn, crash, verify; run_2 for a second run"},
    {"key_shape", "text",  "binary",        "binary|dense|user|decimal|padded|prefix:N", "random-looking bytes; a big-endian number; user000...; digits; 20 digits; N shared bytes, then binary.  Of all phases"},
    {"key_bytes", "bytes", "16",            "8..511", "size of each key, of all phases; decimal ones are as long as need be"},
    {"verb",      "word",  "insert",        "insert|put", "insert refuses a present key; of all phases"},
    {"kind",      "word",  "auto",          "auto|load|warm|run|delete|churn|crash|verify", "what a phase does unless said otherwise; auto: what it is called"},
    {"ops",       "text",  "auto",          "", "operations: 1e6, 50% (of --ops), 10%<5000 (but no more than), live, 80%live (of the records alive); auto: records of a load, live of a delete, else 100%"},
    {"records",   "text",  "auto",          "", "as ops: what a load inserts (auto: 100%), what upserts may add elsewhere (auto: 0 after a load)"},
    {"keys",      "text",  "uniform",       "", "which record: uniform, sequential[:desc], shuffled, zipf:THETA, scrambled_zipf:THETA, latest:THETA, hotspot:F@P, exponential:F@P, oldest, newest, lag:K"},
    {"victims",   "text",  "auto",          "", "which record a delete takes, as keys; auto: the same, in a delete phase shuffled"},
    {"mix",       "text",  "auto",          "", "verbs by weight, get:95,put:5: get, get_absent, put, upsert, insert, reinsert, delete, delete_absent, scan, scan_reverse, rmw"},
    {"cycle",     "word",  "no",            "no|yes", "the mix is not drawn: insert:5,delete:1 is five inserts, a delete, and again"},
    {"order",     "text",  "random",        "", "of keys that inserts make: random, ascending, descending, runs:N, local:LENGTH, almost:P@D, zigzag, inside_out"},
    {"place",     "word",  "auto",          "auto|anywhere|after|before|among", "where those keys lie to the ones before; auto: anywhere when random, before when descending, else after"},
    {"values",    "text",  "100",           "", "sizes: 100, 4k, page:51%, page+1, uniform:A-B, log:A-B, bimodal:A@W,B@W, histogram:..., zipf:T@A-B, pareto:ALPHA@A-B, normal:MEAN~SD"},
    {"resize",    "word",  "no",            "no|yes", "each write of a record draws its size anew"},
    {"scan_len",  "text",  "uniform:1-100", "", "records of a scan, as values; all: everything"},
    {"reinsert",  "word",  "last",          "last|random", "which deleted record comes back"},
    {"many",      "count", "1",             "1..64", "gets asked together, in phases of gets alone"},
    {"batch",     "count", "0",             "0..1099511627776", "operations in one transaction; 0: the whole phase"},
    {"threads",   "count", "1",             "1..64", "threads that share the phase; of inserts alone, or of reads alone"},
    {"measured",  "word",  "auto",          "auto|yes|no", "auto: run and delete are"},
    {"append",    "word",  "yes",           "yes|no", "hint that keys ascend where they do"},
    {"rate",      "text",  "",              "", "when operations start, read by the run: poisson:20000"},
    {"until",     "text",  "",              "", "when the phase ends, read by the run: 30s, steady(slope<1%/5s), stream: not before its operations"},
    {NULL,        NULL,    NULL,            NULL, NULL},
};
/* clang-format on */

bool tl_phases_key_is_common(const char *key)
{
    static const char *const common[] = {"phases", "key_shape", "key_bytes", "verb"};
    for (size_t i = 0; i < sizeof common / sizeof common[0]; i++)
        if (strcmp(common[i], key) == 0)
            return true;
    return false;
}

#define VERB_AS_NAME(upper, lower, of_live, writes, text) #lower,
static const char *const verb_names[] = {TL_VERB_MAP(VERB_AS_NAME) NULL};

const char *tl_phases_verb(size_t index)
{
    return index < TL_VERB_COUNT ? verb_names[index] : NULL;
}
