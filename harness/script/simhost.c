#include "harness/script/simhost.h"

#include <stdlib.h>
#include <string.h>

typedef struct commit_mark {    /* lengths of the log around a commit */
    size_t begun, acknowledged; /* acknowledged SIZE_MAX: not yet */
} commit_mark;

struct tl_simhost {
    tl_script_host host;
    tl_simdisk *disk;
    commit_mark *marks; /* marks[i]: commit base + 1 + i, made since the log began */
    size_t mark_count, mark_room;
    uint64_t base;    /* commits that the first open since then found */
    size_t opened;    /* length of the log when it was done; SIZE_MAX: not yet */
    uint64_t certain; /* commits that are there even if that open is undone */
    tl_simhost_state_fn make_state;
    bool out_of_marks; /* memory was short: nothing can be said about survivors any more */
};

/* --- failing calls --- */

static const struct error_row {
    const char *name;
    tl_status status;
} error_rows[] = {
    {"EIO",    TL_IO       },
    {"ENOSPC", TL_NO_SPACE },
    {"ENOMEM", TL_NO_MEMORY},
    {"EACCES", TL_ACCESS   },
};

static tl_status fail_call(void *context, const tl_script_fault *fault)
{
    tl_simhost *host = context;
    tl_simdisk_call call;
    if (!tl_simdisk_call_find(fault->call, &call))
        return TL_UNSUPPORTED;
    for (size_t i = 0; i < sizeof error_rows / sizeof error_rows[0]; i++) {
        if (strcmp(error_rows[i].name, fault->error) != 0)
            continue;
        tl_simdisk_fail(host->disk, call, fault->nth, error_rows[i].status, fault->sticky);
        return TL_OK;
    }
    return TL_UNSUPPORTED;
}

/* --- crashes --- */

/* What the script says in the words of the disk.  TL_INVALID: it cannot have happened. */
static tl_status translate(const tl_script_power_loss *loss, size_t *units, tl_simdisk_loss *disk)
{
    *disk = (tl_simdisk_loss){
        .at = (size_t)loss->at, .power = strcmp(loss->profile, "sigkill") != 0, .units = units};
    for (size_t i = 0; i < loss->unit_count; i++) {
        const tl_script_unit *unit = &loss->units[i];
        if (unit->kind == TL_SCRIPT_LOSS_TORN) {
            if (unit->unit != loss->at || unit->tear == 0 || unit->tear > UINT32_MAX)
                return TL_INVALID;
            disk->torn_sectors = (uint32_t)unit->tear;
            continue;
        }
        bool keeps = unit->kind == TL_SCRIPT_LOSS_KEEP;
        if (disk->unit_count > 0 && keeps != disk->keep_listed)
            return TL_INVALID; /* either what was kept or what was dropped, not both */
        disk->keep_listed = keeps;
        units[disk->unit_count++] = (size_t)unit->unit;
    }
    return TL_OK;
}

static int compare_units(const void *left, const void *right)
{
    size_t a = *(const size_t *)left, b = *(const size_t *)right;
    return (a > b) - (a < b);
}

/* A commit begun by then may be there; one acknowledged by then must be, if that was promised. */
static void bound_survivors(tl_simhost *host, const tl_script_power_loss *loss,
                            tl_script_survivors *survivors)
{
    bool promised =
        loss->durability == TL_DURABILITY_COMMIT || strcmp(loss->profile, "sigkill") == 0;
    if (host->out_of_marks)
        return;
    uint64_t least = loss->at >= host->opened ? host->base : host->certain, most = host->base;
    for (size_t i = 0; i < host->mark_count; i++) {
        if (host->marks[i].begun <= loss->at)
            most = host->base + 1 + i;
        if (host->marks[i].acknowledged <= loss->at)
            least = host->base + 1 + i;
    }
    survivors->most = most;
    survivors->least = promised ? least : 0;
    host->certain = survivors->least;
}

/* As a list of what was lost. */
static tl_status crash_by_units(tl_simhost *host, const tl_script_power_loss *loss)
{
    size_t *units = calloc(loss->unit_count + 1, sizeof *units);
    if (units == NULL)
        return TL_NO_MEMORY;
    tl_simdisk_loss disk;
    tl_status status = translate(loss, units, &disk);
    if (status == TL_OK) {
        qsort(units, disk.unit_count, sizeof *units, compare_units);
        status = tl_simdisk_crash(host->disk, &disk);
    }
    free(units);
    return status;
}

static tl_status crash(void *context, const tl_script_power_loss *asked,
                       tl_script_survivors *survivors)
{
    tl_simhost *host = context;
    tl_script_power_loss loss = *asked;
    tl_status status;
    if (loss.now)
        loss.at = tl_simdisk_op_count(host->disk);
    if (loss.state == NULL) {
        status = crash_by_units(host, &loss);
    } else if (host->make_state == NULL) {
        status = TL_UNSUPPORTED;
    } else {
        size_t at = 0;
        status = host->make_state(host->disk, &loss, &at);
        loss.at = at;
    }
    if (status == TL_OK)
        bound_survivors(host, &loss, survivors);
    if (status != TL_OK)
        tl_simdisk_restart(host->disk); /* the store is gone all the same */
    host->mark_count = 0;
    host->opened = SIZE_MAX;
    return status;
}

void tl_simhost_set_states(tl_simhost *host, tl_simhost_state_fn make)
{
    host->make_state = make;
}

static void reopen(void *context)
{
    tl_simhost *host = context;
    tl_simdisk_restart(host->disk);
}

/* The first open of a log says what it begins with; later ones which commits of unknown outcome are
 * there after all. */
static void opened(void *context, uint64_t commit)
{
    tl_simhost *host = context;
    size_t length = tl_simdisk_op_count(host->disk);
    if (host->opened == SIZE_MAX || commit < host->base) {
        host->mark_count = 0;
        host->base = commit;
        host->opened = length;
        return;
    }
    if (commit - host->base < host->mark_count)
        host->mark_count = (size_t)(commit - host->base);
    for (size_t i = 0; i < host->mark_count; i++)
        if (host->marks[i].acknowledged == SIZE_MAX)
            host->marks[i].acknowledged = length;
}

static void commit_mark_set(void *context, uint64_t commit, bool acknowledged)
{
    tl_simhost *host = context;
    size_t at = (size_t)(commit - host->base - 1), length = tl_simdisk_op_count(host->disk);
    if (at >= host->mark_room) {
        size_t room = 2 * at + 64;
        commit_mark *larger = realloc(host->marks, room * sizeof *larger);
        if (larger == NULL) {
            host->out_of_marks = true;
            return;
        }
        host->marks = larger;
        host->mark_room = room;
    }
    if (acknowledged)
        host->marks[at].acknowledged = length;
    else
        host->marks[at] = (commit_mark){length, SIZE_MAX};
    if (host->mark_count <= at)
        host->mark_count = at + 1;
}

/* --- life --- */

static bool has_crash(const tl_script_line *line)
{
    for (; line != NULL; line = line->next)
        if (line->verb == TL_SCRIPT_CRASH || (line->body != NULL && has_crash(line->body)))
            return true;
    return false;
}

tl_status tl_simhost_create(const tl_script *script, tl_simhost **out)
{
    tl_simhost *host = calloc(1, sizeof *host);
    if (host == NULL)
        return TL_NO_MEMORY;
    unsigned flags = TL_SIMDISK_ONE_THREAD; /* scripts run deterministic stores: no threads */
    if (has_crash(tl_script_first(script)))
        flags |= TL_SIMDISK_RECORD;
    tl_status status = tl_simdisk_create(flags, &host->disk);
    if (status != TL_OK) {
        free(host);
        return status;
    }
    host->opened = SIZE_MAX;
    host->host = (tl_script_host){.context = host,
                                  .io = tl_simdisk_io(host->disk),
                                  .on_fail = fail_call,
                                  .on_crash = crash,
                                  .on_reopen = reopen,
                                  .on_opened = opened,
                                  .on_commit = commit_mark_set};
    *out = host;
    return TL_OK;
}

void tl_simhost_destroy(tl_simhost *host)
{
    if (host == NULL)
        return;
    tl_simdisk_destroy(host->disk);
    free(host->marks);
    free(host);
}

const tl_script_host *tl_simhost_get(tl_simhost *host)
{
    return &host->host;
}
