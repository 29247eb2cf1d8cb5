/* harness/check/artifact.c -- see artifact.h. */
#include "harness/check/artifact.h"

#include "harness/run/directory.h"
#include "harness/run/run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 1024, TEXT_BYTES_MAX = 256 << 10 }; /* kept free for the texts */

typedef struct sectors { /* every content once */
    const uint8_t **at;
    uint64_t *hashes;
    size_t count, capacity, budget;
    size_t left_out; /* operations whose contents did not fit */
} sectors;

static FILE *create(const char *dir, const char *name, tl_status *status)
{
    char path[PATH_BYTES];
    FILE *out = NULL;
    if (snprintf(path, sizeof path, "%s/%s", dir, name) < (int)sizeof path)
        out = fopen(path, "wb");
    *status = out == NULL ? tl_directory_status(errno) : TL_OK;
    return out;
}

static tl_status finish(FILE *out, tl_status status)
{
    bool bad = ferror(out) != 0;
    bad |= fclose(out) != 0;
    return status == TL_OK && bad ? TL_IO : status;
}

/* The number of a content; SIZE_MAX: there is no room for it. */
static size_t sector_number(sectors *all, const uint8_t *bytes)
{
    uint64_t hash = tl_record_hash((tl_slice){bytes, TL_SECTOR_BYTES}, (tl_slice){NULL, 0});
    for (size_t i = 0; i < all->count; i++)
        if (all->hashes[i] == hash && memcmp(all->at[i], bytes, TL_SECTOR_BYTES) == 0)
            return i;
    if (all->count == all->budget)
        return SIZE_MAX;
    all->at[all->count] = bytes;
    all->hashes[all->count] = hash;
    return all->count++;
}

/* Numbers for the contents of operations, the newest first; of the oldest they may not fit. */
static size_t number_sectors(const tl_simdisk *disk, size_t count, sectors *all)
{
    size_t first = count;
    while (first > 0) {
        const tl_simdisk_op *op = tl_simdisk_op_at(disk, first - 1);
        const uint8_t *bytes = op->sector_count > 0 ? tl_simdisk_payload(disk, op) : NULL;
        for (uint32_t s = 0; s < op->sector_count; s++)
            if (sector_number(all, bytes + (size_t)s * TL_SECTOR_BYTES) == SIZE_MAX)
                return first;
        first--;
    }
    return 0;
}

static tl_status write_log(const tl_simdisk *disk, size_t count, sectors *all, const char *dir)
{
    char text[256];
    tl_status status;
    all->left_out = number_sectors(disk, count, all);
    FILE *out = create(dir, "log.txt", &status);
    if (out == NULL)
        return status;
    for (size_t i = 0; i < count; i++) {
        const tl_simdisk_op *op = tl_simdisk_op_at(disk, i);
        tl_simdisk_op_text(disk, i, text, sizeof text);
        fprintf(out, "%s", text);
        if (op->sector_count > 0)
            fprintf(out, "; from sector %" PRIu64 " of the file:", op->first_sector);
        const uint8_t *bytes = op->sector_count > 0 ? tl_simdisk_payload(disk, op) : NULL;
        for (uint32_t s = 0; s < op->sector_count && i >= all->left_out; s++)
            fprintf(out, " %zu", sector_number(all, bytes + (size_t)s * TL_SECTOR_BYTES));
        fputs(i < all->left_out && op->sector_count > 0 ? " left out\n" : "\n", out);
    }
    status = finish(out, TL_OK);
    out = status == TL_OK ? create(dir, "sectors.bin", &status) : NULL;
    if (out == NULL)
        return status;
    for (size_t i = 0; i < all->count; i++)
        fwrite(all->at[i], 1, TL_SECTOR_BYTES, out);
    return finish(out, TL_OK);
}

static void write_contract(FILE *out, const tl_recording_spec *spec)
{
    const tl_driver_contract *contract = &spec->driver->contracts[spec->durability];
    fprintf(out, "store      %s, driver %s\ncontract   durability %s, promise %s%s%s\n",
            spec->driver->version(), spec->driver->name, tl_run_durability_name(spec->durability),
            tl_run_promise_name(contract->promise),
            contract->remark != NULL && contract->remark[0] != '\0' ? "; " : "",
            contract->remark != NULL ? contract->remark : "");
    fputs("options   ", out);
    for (size_t i = 0; i < spec->setting_count; i++)
        fprintf(out, " %s=%s", spec->settings[i].name, spec->settings[i].value);
    fprintf(out, "\n");
}

static tl_status write_readme(const tl_reproducer *of, const char *id, const char *dir,
                              tl_status script, tl_status state, const sectors *all)
{
    const tl_enumerate_finding *finding = of->finding;
    const tl_allowed *allowed = &finding->allowed;
    tl_status status;
    FILE *out = create(dir, "README.txt", &status);
    if (out == NULL)
        return status;
    fprintf(out, "state      %s\nrule       %s: %s\n", id, tl_rule_name(finding->verdict.rule),
            tl_rule_text(finding->verdict.rule));
    if (allowed->low <= allowed->high)
        fprintf(out, "expected   the content after commit %zu to %zu%s\n", allowed->low,
                allowed->high, allowed->corrupt ? ", or a refusal to open" : "");
    fprintf(out, "observed   %s (%s)\n", finding->verdict.text,
            tl_status_name(finding->verdict.status));
    write_contract(out, of->spec);
    fprintf(out, "profile    %s: %s\nagain      %s\n", tl_profile_at(finding->where.profile)->name,
            tl_profile_at(finding->where.profile)->summary, of->command);
    const char *mutants = of->mutant != NULL ? "-mutants" : "";
    const char *option = of->mutant != NULL ? " --mutant " : "";
    const char *mutant = of->mutant != NULL ? of->mutant : "";
    if (script == TL_OK)
        fprintf(out, "           treelab%s apply script.tls%s%s; treelab%s crash script.tls%s%s\n",
                mutants, option, mutant, mutants, option, mutant);
    else
        fprintf(out, "left out   script.tls: %s\n", tl_status_text(script));
    if (state == TL_OK)
        fputs("           treelab verify state/tree.tl; treelab dump state/tree.tl\n", out);
    else
        fprintf(out, "left out   state/: %s\n", tl_status_text(state));
    if (all->left_out > 0)
        fprintf(out, "left out   contents of the first %zu operations of the log\n", all->left_out);
    return finish(out, TL_OK);
}

tl_status tl_artifact_write(const tl_reproducer *of, const char *id, const char *dir)
{
    const tl_simdisk *disk = of->recording->trace.disk;
    size_t count = tl_simdisk_op_count(disk), point = of->finding->where.nested
                                                          ? of->finding->where.first.point
                                                          : of->finding->where.point;
    char path[PATH_BYTES];
    count = point < count ? point + 1 : count; /* with the one in flight */
    sectors all = {.capacity = (TL_ARTIFACT_BYTES_MAX - TEXT_BYTES_MAX) / 2 / TL_SECTOR_BYTES};
    all.budget = all.capacity;
    all.at = malloc(all.capacity * sizeof *all.at);
    all.hashes = malloc(all.capacity * sizeof *all.hashes);
    tl_status status = all.at == NULL || all.hashes == NULL ? TL_NO_MEMORY : TL_OK;
    tl_status script = TL_OK, state = TL_OK;
    if (status == TL_OK)
        status = tl_directory_make(dir);
    if (status == TL_OK)
        status = write_log(disk, count, &all, dir);
    if (status == TL_OK) {
        snprintf(path, sizeof path, "%s/script.tls", dir);
        script = tl_reproducer_write(of, path);
        snprintf(path, sizeof path, "%s/state", dir);
        state = tl_state_keep(of->recording, of->seed, &of->finding->where, path,
                              (TL_ARTIFACT_BYTES_MAX - TEXT_BYTES_MAX) / 2);
        status = write_readme(of, id, dir, script, state, &all);
    }
    free(all.at);
    free(all.hashes);
    return status;
}
