/* harness/fault/crash.c -- see crash.h. */
#include "harness/fault/crash.h"

#include "harness/fault/simdisk_body.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_PAGE_BYTES = 4096 }; /* a killed write stops between pages of the page cache */

struct tl_crash_walk {
    const tl_simdisk *trace;
    size_t at;
    tl_image issued, durable;
};

tl_status tl_crash_walk_create(const tl_simdisk *trace, tl_crash_walk **out)
{
    assert((trace->flags & TL_SIMDISK_RECORD) != 0);
    tl_crash_walk *walk = calloc(1, sizeof *walk);
    if (walk == NULL)
        return TL_NO_MEMORY;
    walk->trace = trace;
    tl_image_init(&walk->issued, &trace->share->versions);
    tl_image_init(&walk->durable, &trace->share->versions);
    tl_status status = tl_crash_walk_rewind(walk);
    if (status != TL_OK) {
        tl_crash_walk_destroy(walk);
        return status;
    }
    *out = walk;
    return TL_OK;
}

void tl_crash_walk_destroy(tl_crash_walk *walk)
{
    if (walk == NULL)
        return;
    tl_image_clear(&walk->issued);
    tl_image_clear(&walk->durable);
    free(walk);
}

tl_status tl_crash_walk_rewind(tl_crash_walk *walk)
{
    walk->at = 0;
    tl_status status = tl_image_copy(&walk->issued, &walk->trace->base_issued);
    if (status == TL_OK)
        status = tl_image_copy(&walk->durable, &walk->trace->base_durable);
    return status;
}

tl_status tl_crash_walk_to(tl_crash_walk *walk, size_t at)
{
    assert(at >= walk->at && at <= walk->trace->op_count);
    for (; walk->at < at; walk->at++) {
        tl_status status = tl_simdisk_replay(walk->trace, walk->at, &walk->issued, &walk->durable);
        if (status != TL_OK)
            return status;
    }
    return TL_OK;
}

/* The write in flight at the crash point, NULL when the operation is none. */
static const tl_simdisk_op *write_in_flight(const tl_crash_walk *walk)
{
    if (walk->at == walk->trace->op_count)
        return NULL;
    const tl_simdisk_op *op = &walk->trace->ops[walk->at];
    return op->kind == TL_SIMDISK_WRITE ? op : NULL;
}

static bool names_differ(const tl_image *one, const tl_image *other)
{
    if (one->name_count != other->name_count)
        return true;
    for (uint32_t i = 0; i < one->name_count; i++) {
        const tl_simname *twin = tl_image_find(other, one->names[i].path);
        if (twin == NULL || twin->file != one->names[i].file)
            return true;
    }
    return false;
}

/* File-page boundaries strictly inside a write. */
static size_t page_cuts(const tl_simdisk_op *op)
{
    return (size_t)((op->offset + op->size_bytes - 1) / FILE_PAGE_BYTES -
                    op->offset / FILE_PAGE_BYTES);
}

size_t tl_crash_state_count(const tl_crash_walk *walk, tl_crash_variant variant)
{
    const tl_simdisk_op *write = write_in_flight(walk);
    switch (variant) {
    case TL_CRASH_ALL_ISSUED:
        return 1 + (write == NULL ? 0 : page_cuts(write));
    case TL_CRASH_UNSYNCED_DROPPED:
        return names_differ(&walk->issued, &walk->durable) ? 2 : 1;
    case TL_CRASH_VARIANT_COUNT:
        break;
    }
    return 0;
}

/* What makes a state: a side of the disk, the names it goes with, a torn write. */
typedef struct choice {
    bool durable, names_kept;
    uint32_t torn_sectors;
} choice;

static choice choice_of(const tl_crash_walk *walk, tl_crash_variant variant, size_t index)
{
    assert(index < tl_crash_state_count(walk, variant));
    const tl_simdisk_op *write = write_in_flight(walk);
    choice chosen = {false, false, 0};
    if (variant == TL_CRASH_ALL_ISSUED && index > 0) {
        uint64_t cut = (write->offset / FILE_PAGE_BYTES + index) * FILE_PAGE_BYTES;
        chosen.torn_sectors = (uint32_t)(cut / TL_SECTOR_BYTES - write->first_sector);
    } else if (variant == TL_CRASH_UNSYNCED_DROPPED) {
        chosen.durable = true;
        chosen.names_kept = index == 1;
    }
    return chosen;
}

static tl_status names_copy(tl_image *to, const tl_image *from)
{
    tl_status status = TL_OK;
    to->name_count = 0;
    for (uint32_t i = 0; i < from->name_count && status == TL_OK; i++)
        status = tl_image_set_name(to, from->names[i].path, from->names[i].file);
    return status;
}

tl_status tl_crash_load(const tl_crash_walk *walk, tl_crash_variant variant, size_t index,
                        tl_simdisk *state, tl_hash128 *hash)
{
    assert(state->share == walk->trace->share && state != walk->trace);
    choice chosen = choice_of(walk, variant, index);
    tl_image *image = &state->image;
    tl_status status = tl_image_copy(image, chosen.durable ? &walk->durable : &walk->issued);
    if (status == TL_OK && chosen.names_kept)
        status = names_copy(image, &walk->issued);
    if (status == TL_OK && chosen.torn_sectors != 0)
        status = tl_image_apply(image, write_in_flight(walk), chosen.torn_sectors);
    if (status != TL_OK)
        return status;
    *hash = tl_image_hash(image, &state->share->paths);
    return tl_simdisk_begin_life(state, chosen.durable ? image : &walk->durable);
}

tl_status tl_crash_load_but_for_lost(const tl_crash_walk *walk, tl_simdisk *state)
{
    assert(state->share == walk->trace->share && state != walk->trace);
    tl_image *image = &state->image;
    tl_status status = tl_image_copy(image, &walk->durable);
    while (status == TL_OK && image->file_count < walk->issued.file_count) {
        uint32_t added = 0;
        status = tl_image_add_file(image, &added);
    }
    for (uint32_t i = 0; i < walk->issued.file_count && status == TL_OK; i++)
        status = tl_image_sync_file(image, &walk->issued, i);
    if (status == TL_OK)
        status = names_copy(image, &walk->issued);
    return status == TL_OK ? tl_simdisk_begin_life(state, image) : status;
}

static bool is_data(tl_simdisk_op_kind kind)
{
    return kind == TL_SIMDISK_WRITE || kind == TL_SIMDISK_TRUNCATE || kind == TL_SIMDISK_FALLOCATE;
}

void tl_crash_loss(const tl_crash_walk *walk, tl_crash_variant variant, size_t index, size_t *units,
                   tl_simdisk_loss *loss)
{
    choice chosen = choice_of(walk, variant, index);
    size_t unit_count = 0;
    for (size_t i = 0; i < walk->at && chosen.durable; i++) {
        bool kept = chosen.names_kept && !is_data(walk->trace->ops[i].kind);
        if (!kept && !tl_simdisk_is_covered(walk->trace, i, walk->at))
            units[unit_count++] = i;
    }
    *loss = (tl_simdisk_loss){
        .at = walk->at,
        .power = chosen.durable,
        .units = units,
        .unit_count = unit_count,
        .torn_sectors = chosen.torn_sectors,
    };
}
