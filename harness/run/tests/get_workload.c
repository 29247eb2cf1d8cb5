/* harness/run/tests/get_workload.c -- see get_workload.h. */
#include "harness/run/tests/get_workload.h"

#include <stdlib.h>

typedef struct generator {
    tl_phase phase;
    uint64_t left;
} generator;

static void *create(const tl_workload_host *host, const tl_workload_spec *spec, char *error,
                    size_t error_bytes)
{
    (void)host;
    (void)error;
    (void)error_bytes;
    generator *made = calloc(1, sizeof *made);
    if (made != NULL)
        made->phase =
            (tl_phase){.name = "get", .ops = spec->ops, .read_only = true, .measured = true};
    return made;
}

static const tl_phase *phases(void *state, size_t *count)
{
    *count = 1;
    return &((generator *)state)->phase;
}

static void start(void *state, size_t index)
{
    (void)index;
    ((generator *)state)->left = ((generator *)state)->phase.ops;
}

static size_t next_n(void *state, tl_op *ops, size_t capacity)
{
    generator *made = state;
    size_t count = made->left < capacity ? (size_t)made->left : capacity;
    for (size_t i = 0; i < count; i++)
        ops[i] = (tl_op){.kind = TL_OP_GET, .flags = TL_OP_ABSENT, .key = "k", .key_bytes = 1};
    made->left -= count;
    return count;
}

const tl_workload get_workload = {
    .abi = TL_WORKLOAD_ABI,
    .size_bytes = sizeof get_workload,
    .name = "gets",
    .summary = "gets of one absent key",
    .create = create,
    .destroy = free,
    .phases = phases,
    .start = start,
    .next_n = next_n,
};
