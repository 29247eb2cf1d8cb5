/* workloads/tests/broken_plugin.c -- a plug-in that is wrong in one way.  The build says which:
 * it defines FAULT as a row of this enum, and SYMBOL as the name to export.
 */
#include "workloads/workload.h"

enum { ABI, SIZE, FIELDS, NAME, NONE };

static void *create(const tl_workload_host *host, const tl_workload_spec *spec, char *error,
                    size_t error_bytes)
{
    (void)host, (void)spec, (void)error, (void)error_bytes;
    return NULL;
}

static void destroy(void *generator)
{
    (void)generator;
}

static const tl_phase *phases(void *generator, size_t *count)
{
    (void)generator;
    *count = 0;
    return NULL;
}

static void start(void *generator, size_t index)
{
    (void)generator, (void)index;
}

static size_t next_n(void *generator, tl_op *ops, size_t capacity)
{
    (void)generator, (void)ops, (void)capacity;
    return 0;
}

static const char *note(void *generator)
{
    (void)generator;
    return NULL;
}

extern const tl_workload SYMBOL;
const tl_workload SYMBOL = {
    .abi = TL_WORKLOAD_ABI + (FAULT == ABI ? 1 : 0),
    .size_bytes = sizeof(tl_workload) - (FAULT == SIZE ? sizeof(void *) : 0),
    .name = FAULT == NAME ? "random" : "broken",
    .summary = "wrong in one way",
    .create = create,
    .destroy = destroy,
    .phases = phases,
    .start = start,
    .next_n = FAULT == FIELDS ? NULL : next_n,
    .note = note,
};
