/* harness/calibrate/record.c -- see record.h. */
#include "harness/calibrate/record.h"

#include "workloads/keys.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_LAUNCHES = 64 };

typedef struct recorder {
    const tl_record_request *request;
    tl_samples *samples;
    const tl_record_arm *arm;
    uint64_t done, total;
    unsigned block;
    tl_status status; /* of keeping samples */
} recorder;

static bool stop(void *context)
{
    const recorder *r = context;
    const tl_record_request *request = r->request;
    return r->status != TL_OK || (request->stop != NULL && request->stop(request->context));
}

static void keep(void *context, tl_duel_stage stage, const char *load, uint64_t number,
                 const tl_launch *launch)
{
    recorder *r = context;
    (void)number;
    if (stage != TL_DUEL_LOOKS)
        return;
    for (size_t i = 0; i < launch->phase_count && r->status == TL_OK; i++) {
        const tl_launch_phase *phase = &launch->phases[i];
        char row[2 * TL_LAUNCH_NAME_MAX];
        double unused;
        tl_sample sample = {.arm = r->arm->name,
                            .row = row,
                            .load = load,
                            .block = r->block,
                            .launch_s = (double)launch->wall_ns / 1e9};
        if (!tl_launch_ratios(phase, false, &sample.median, &sample.sums) ||
            !tl_launch_ratios(phase, true, &sample.wall, &unused))
            continue;
        snprintf(row, sizeof row, "%.47s/%.47s", load, phase->name);
        r->status = tl_samples_add(r->samples, &sample);
        if (r->status == TL_OK && !tl_samples_write(r->request->journal, &sample))
            r->status = TL_IO;
    }
    r->done++;
    if (r->request->step != NULL)
        r->request->step(r->request->context, r->done, r->total, r->arm->name);
}

static uint64_t missing(const recorder *r, const tl_gate_duel *asked, const tl_record_arm *arm)
{
    uint64_t most = 0;
    for (size_t load = 0; load < asked->request.load_count; load++) {
        uint64_t has = tl_samples_launches(r->samples, arm->name, asked->loads[load].name);
        uint64_t wants = has < arm->launches ? arm->launches - has : 0;
        most = wants > most ? wants : most;
    }
    return most;
}

static tl_status block(recorder *r, tl_gate_duel *asked, uint64_t launches_missing, char *error,
                       size_t error_bytes)
{
    const tl_record_request *request = r->request;
    uint64_t launches = launches_missing < BLOCK_LAUNCHES ? launches_missing : BLOCK_LAUNCHES;
    const char *words[] = {"--inject", r->arm->name};
    bool injects = strcmp(r->arm->name, "aa") != 0;
    tl_duel *duel = NULL;
    for (unsigned side = 0; side < 2; side++)
        asked->request.arms[side] = (tl_launch_arm){
            .label = side == 0 ? "A" : r->arm->name,
            .binary = request->program,
            .arguments = side == 1 && injects ? words : NULL,
            .argument_count = side == 1 && injects ? 2 : 0,
        };
    tl_gate_duel_layouts(request->policy, (const char *const[]){request->program, request->program},
                         asked);
    asked->request.looks = (tl_looks){
        .count = 1,
        .rows = {{(unsigned)launches, 0.01}},
    };
    asked->request.confirm_launches = 0;
    asked->request.budget_ns = 0;
    asked->request.dir = request->scratch;
    /* Fresh lots for each block, also of a recording that goes on. */
    asked->request.seed = tl_stream(tl_stream(request->seed, (uint64_t)(r->arm - request->arms)),
                                    r->arm->launches - launches_missing);
    asked->request.stop = stop;
    asked->request.sample = keep;
    asked->request.context = r;
    tl_status status = tl_duel_run(&asked->request, &duel, error, error_bytes);
    tl_duel_free(duel);
    return r->status != TL_OK ? r->status : status;
}

tl_status tl_record(const tl_record_request *request, tl_samples *samples, char *error,
                    size_t error_bytes)
{
    recorder r = {.request = request, .samples = samples, .status = TL_OK};
    tl_gate_duel *asked = malloc(sizeof *asked);
    if (asked == NULL)
        return TL_NO_MEMORY;
    tl_status status = tl_gate_duel_make(request->policy, request->only, asked);
    if (status != TL_OK || asked->request.load_count == 0)
        snprintf(error, error_bytes, "the policy has no row of layer time, or too many");
    status = status == TL_OK && asked->request.load_count == 0 ? TL_INVALID : status;
    for (size_t i = 0; i < request->arm_count && status == TL_OK; i++)
        r.total += missing(&r, asked, &request->arms[i]) * asked->request.load_count;
    for (bool any = true; any && status == TL_OK && !stop(&r); r.block++) {
        any = false;
        for (size_t i = 0; i < request->arm_count && status == TL_OK && !stop(&r); i++) {
            r.arm = &request->arms[i];
            uint64_t wants = missing(&r, asked, r.arm);
            any = any || wants > 0;
            if (wants > 0)
                status = block(&r, asked, wants, error, error_bytes);
            if (wants > 0 && status == TL_OK && !stop(&r) && missing(&r, asked, r.arm) == wants) {
                snprintf(error, error_bytes,
                         "%s: a block of launches gave no values for some row; see `treelab duel`",
                         r.arm->name);
                status = TL_INVALID;
            }
        }
    }
    free(asked);
    return status;
}
