/* harness/fault/pending_data.c -- what the sectors of one file may hold, given its size.
 *
 * The file begins as its last finished sync left it.  Then the operations since then are gone
 * through once: a write adds its versions to the chains of its sectors, and one through, when it
 * returned, takes away what is older.  A shrink adds zeros to the block that it cuts; when it
 * persisted it takes away what is older there and begins the chains behind that block anew; when
 * it did not it closes those, for good.  Under journal a size that persisted takes away what is
 * older than the data of the new blocks that it covers.
 */
#include "harness/fault/pending_body.h"

#include <assert.h>
#include <string.h>

enum { FILE_PAGE_BYTES = 4096 };

uint32_t tl_pending_write_sizes(uint64_t found, uint64_t end)
{
    if (end <= found)
        return 0;
    return (uint32_t)((end - 1) / FILE_PAGE_BYTES - found / FILE_PAGE_BYTES) + 1;
}

uint64_t tl_pending_write_size(uint64_t found, uint64_t end, uint32_t nth)
{
    if (nth == 0)
        return found;
    uint64_t boundary = (found / FILE_PAGE_BYTES + nth) * FILE_PAGE_BYTES;
    return boundary < end ? boundary : end;
}

uint32_t tl_pending_sector(const tl_image *image, uint32_t file, uint32_t sector)
{
    const tl_simfile *body = &image->files[file];
    return sector < body->sector_count ? body->sectors[sector] : 0;
}

/* While one file is gone through. */
typedef struct course {
    tl_pending *pending;
    tl_image *image; /* the file's size and sectors without a chain */
    uint32_t file, persisted;
    uint32_t seen;        /* sizes so far */
    uint32_t since;       /* sizes up to this number brought no data */
    uint64_t size;        /* as issued so far */
    uint64_t kept;        /* the newest that persisted */
    uint32_t closed_from; /* sectors from here on take no more versions */
} course;

static tl_status node_add(tl_pending *pending, uint32_t version, uint32_t *node)
{
    tl_status status = tl_pending_reserve(&pending->nodes, &pending->node_capacity,
                                          pending->node_count + 1, sizeof *pending->nodes);
    if (status != TL_OK)
        return status;
    *node = pending->node_count++;
    pending->nodes[*node] = (tl_chain_node){.version = version};
    return TL_OK;
}

/* Make the chain hold this version alone. */
static tl_status chain_reset(tl_pending *pending, tl_chain *chain, uint32_t version)
{
    uint32_t node;
    tl_status status = node_add(pending, version, &node);
    if (status == TL_OK) {
        chain->head = chain->tail = node;
        chain->count = 1;
        chain->given_up = false;
    }
    return status;
}

/* The chain of a sector, begun with what the file holds there when it is new. */
static tl_status chain_of(course *on, uint32_t sector, tl_chain **chain)
{
    tl_pending *pending = on->pending;
    tl_status status = tl_pending_reserve(&pending->chain_of, &pending->chain_of_capacity,
                                          (uint64_t)sector + 1, sizeof *pending->chain_of);
    if (status == TL_OK)
        status = tl_pending_reserve(&pending->chains, &pending->chain_capacity,
                                    pending->chain_count + 1, sizeof *pending->chains);
    if (status != TL_OK)
        return status;
    if (pending->chain_of[sector] != 0) {
        *chain = &pending->chains[pending->chain_of[sector] - 1];
        return TL_OK;
    }
    *chain = &pending->chains[pending->chain_count];
    **chain = (tl_chain){.sector = sector};
    status = chain_reset(pending, *chain, tl_pending_sector(on->image, on->file, sector));
    if (status == TL_OK)
        pending->chain_of[sector] = ++pending->chain_count;
    return status;
}

static tl_status version_add(course *on, uint32_t sector, uint32_t version)
{
    if (sector >= on->closed_from)
        return TL_OK;
    tl_chain *chain;
    uint32_t node;
    tl_status status = chain_of(on, sector, &chain);
    if (status == TL_OK)
        status = node_add(on->pending, version, &node);
    if (status != TL_OK)
        return status;
    on->pending->nodes[chain->tail].next = node;
    chain->tail = node;
    chain->count++;
    chain->given_up = false;
    return TL_OK;
}

/* One more size; true: it persisted. */
static bool size_add(course *on, uint64_t size)
{
    on->size = size;
    if (on->seen++ >= on->persisted)
        return false;
    on->kept = size;
    return true;
}

/* Where the first block at or behind a size begins. */
static uint64_t block_up(uint64_t size)
{
    return (size + FILE_PAGE_BYTES - 1) / FILE_PAGE_BYTES * FILE_PAGE_BYTES;
}

/* Sectors of a write that begin in [from, to) are on the disk: nothing older is left of them. */
static tl_status data_is_there(course *on, const tl_simdisk_op *op, uint64_t from, uint64_t to)
{
    for (uint32_t i = 0; i < op->sector_count; i++) {
        uint64_t sector = op->first_sector + i, begin = sector * TL_SECTOR_BYTES;
        if (begin < from || begin >= to || sector >= on->closed_from)
            continue;
        tl_chain *chain;
        tl_status status = chain_of(on, (uint32_t)sector, &chain);
        if (status == TL_OK)
            status = chain_reset(on->pending, chain, op->first_version + i);
        if (status != TL_OK)
            return status;
    }
    return TL_OK;
}

static tl_status go_write(course *on, const tl_simdisk_op *op, bool is_durable)
{
    tl_status status = TL_OK;
    for (uint32_t i = 0; i < op->sector_count && status == TL_OK; i++)
        status = version_add(on, (uint32_t)op->first_sector + i, op->first_version + i);
    uint64_t found = on->size, end = op->offset + op->size_bytes;
    if (status == TL_OK && is_durable)
        status = data_is_there(on, op, 0, end);
    uint32_t sizes = tl_pending_write_sizes(found, end);
    for (uint32_t nth = 1; nth <= sizes && status == TL_OK; nth++) {
        uint64_t before = tl_pending_write_size(found, end, nth - 1);
        uint64_t size = tl_pending_write_size(found, end, nth);
        bool ordered = on->pending->profile == TL_PROFILE_JOURNAL && on->seen >= on->since;
        if (size_add(on, size) && ordered) /* a block that was there before does not wait */
            status = data_is_there(on, op, block_up(before), size);
    }
    return status;
}

/* A shrink to `size`; a sector that it cuts holds `cut` then.  The block that it cuts is zeroed in
 * place before the size is another; blocks behind it are given back. */
static tl_status go_shrink(course *on, uint64_t size, uint32_t cut)
{
    tl_pending *pending = on->pending;
    uint32_t first = (uint32_t)(size / TL_SECTOR_BYTES);
    uint32_t gone = (uint32_t)(block_up(size) / TL_SECTOR_BYTES);
    bool persisted = size_add(on, size);
    tl_status status = TL_OK;
    for (uint32_t sector = first; sector < gone && status == TL_OK; sector++) {
        bool is_cut = sector == first && size % TL_SECTOR_BYTES != 0;
        tl_chain *chain;
        status = version_add(on, sector, is_cut ? cut : 0);
        if (status == TL_OK && persisted)
            status = chain_of(on, sector, &chain);
        if (status == TL_OK && persisted)
            status = chain_reset(pending, chain, is_cut ? cut : 0);
    }
    if (!persisted) {
        on->closed_from = gone < on->closed_from ? gone : on->closed_from;
        return status;
    }
    if (status == TL_OK && on->image->files[on->file].sector_count > gone)
        status = tl_image_resize(on->image, on->file, (uint64_t)gone * TL_SECTOR_BYTES);
    for (uint32_t i = 0; i < pending->chain_count && status == TL_OK; i++) {
        if (pending->chains[i].sector >= gone)
            status = chain_reset(pending, &pending->chains[i], 0);
    }
    return status;
}

/* What a process wrote before the log began and no sync had covered. */
static tl_status go_base(course *on)
{
    const tl_image *issued = &on->pending->trace->base_issued;
    const tl_image *durable = &on->pending->durable; /* of this file still the base */
    uint64_t size = issued->files[on->file].size_bytes, found = on->size;
    uint32_t end = (uint32_t)(size / TL_SECTOR_BYTES); /* of sectors that take a version */
    uint32_t cut = tl_pending_sector(issued, on->file, end);
    tl_status status = TL_OK;
    if (size >= found)
        end = issued->files[on->file].sector_count;
    for (uint32_t sector = 0; sector < end && status == TL_OK; sector++) {
        uint32_t version = tl_pending_sector(issued, on->file, sector);
        if (version != tl_pending_sector(durable, on->file, sector))
            status = version_add(on, sector, version);
    }
    if (status != TL_OK || size == found)
        return status;
    if (size < found)
        return go_shrink(on, size, cut);
    (void)size_add(on, size);
    return TL_OK;
}

bool tl_pending_is_through(const tl_pending *pending, uint32_t number)
{
    return pending->trace->ops[number].through && number < pending->at &&
           number != pending->left_out;
}

/* A sync of a file that had given data up covers the rest. */
static tl_status go_sync(course *on)
{
    tl_pending *pending = on->pending;
    tl_status status = TL_OK;
    for (uint32_t i = 0; i < pending->chain_count && status == TL_OK; i++) {
        tl_chain *chain = &pending->chains[i];
        if (!chain->given_up)
            status = chain_reset(pending, chain, pending->nodes[chain->tail].version);
    }
    return status;
}

/* One that failed: what no sync covers now, none will. */
static void go_give_up(course *on)
{
    for (uint32_t i = 0; i < on->pending->chain_count; i++) {
        tl_chain *chain = &on->pending->chains[i];
        chain->given_up = chain->given_up || chain->count > 1;
    }
}

static tl_status go_on(course *on, uint32_t number)
{
    if (number == TL_PENDING_BASE)
        return go_base(on);
    const tl_simdisk_op *op = &on->pending->trace->ops[number];
    if (op->kind == TL_SIMDISK_WRITE)
        return go_write(on, op, tl_pending_is_through(on->pending, number));
    if (op->kind == TL_SIMDISK_SYNC)
        return go_sync(on);
    if (op->kind == TL_SIMDISK_SYNC_FAILED) {
        go_give_up(on);
        return TL_OK;
    }
    uint64_t size = op->size_bytes;
    if (op->kind == TL_SIMDISK_FALLOCATE)
        size = op->offset + op->size_bytes > on->size ? op->offset + op->size_bytes : on->size;
    if (size < on->size)
        return go_shrink(on, size, op->first_version);
    (void)size_add(on, size);
    return TL_OK;
}

/* As a process sees a sector whose file ends inside it: zeros behind the end. */
static tl_status version_mask(tl_image *image, uint32_t *version, size_t inside)
{
    static const uint8_t zeros[TL_SECTOR_BYTES];
    tl_versions *versions = image->versions;
    if (memcmp(tl_version_bytes(versions, *version) + inside, zeros, TL_SECTOR_BYTES - inside) == 0)
        return TL_OK;
    uint32_t masked;
    tl_status status = tl_versions_add(versions, 1, &masked);
    if (status != TL_OK)
        return status;
    uint8_t *bytes = tl_version_bytes(versions, masked);
    memcpy(bytes, tl_version_bytes(versions, *version), inside);
    memset(bytes + inside, 0, TL_SECTOR_BYTES - inside);
    *version = masked;
    return TL_OK;
}

static tl_status open_add(course *on, const tl_chain *chain, tl_possible *possible)
{
    tl_status status = tl_pending_reserve(&possible->open, &possible->open_capacity,
                                          possible->open_count + 1, sizeof *possible->open);
    uint64_t wanted = (uint64_t)possible->version_count + chain->count;
    uint32_t capacity = possible->version_capacity;
    if (status == TL_OK)
        status = tl_pending_reserve(&possible->shown, &capacity, wanted, sizeof *possible->shown);
    if (status == TL_OK)
        status = tl_pending_reserve(&possible->logged, &possible->version_capacity, wanted,
                                    sizeof *possible->logged);
    if (status != TL_OK)
        return status;
    tl_open_sector *open = &possible->open[possible->open_count++];
    *open = (tl_open_sector){on->file, chain->sector, possible->version_count, chain->count};
    for (uint32_t node = chain->head; node != 0; node = on->pending->nodes[node].next) {
        possible->shown[possible->version_count] = on->pending->nodes[node].version;
        possible->logged[possible->version_count++] = on->pending->nodes[node].version;
    }
    return TL_OK;
}

/* Hide what lies behind the file's end in its last sector. */
static tl_status end_mask(course *on, tl_possible *possible, uint32_t open_from)
{
    size_t inside = on->kept % TL_SECTOR_BYTES;
    uint32_t last = (uint32_t)(on->kept / TL_SECTOR_BYTES);
    if (inside == 0)
        return TL_OK;
    tl_status status = TL_OK;
    for (uint32_t i = open_from; i < possible->open_count; i++) {
        const tl_open_sector *open = &possible->open[i];
        for (uint32_t v = 0; open->sector == last && v < open->count && status == TL_OK; v++)
            status = version_mask(on->image, &possible->shown[open->first + v], inside);
        if (open->sector == last && status == TL_OK)
            tl_image_set_sector(on->image, on->file, last,
                                possible->shown[open->first + open->count - 1]);
    }
    uint32_t version = tl_pending_sector(on->image, on->file, last);
    if (status == TL_OK)
        status = version_mask(on->image, &version, inside);
    if (status == TL_OK)
        tl_image_set_sector(on->image, on->file, last, version);
    return status;
}

/* Chains into the outcome: one version is content, several are an open sector. */
static tl_status chains_deliver(course *on, tl_possible *possible)
{
    tl_pending *pending = on->pending;
    uint32_t open_from = possible->open_count;
    tl_status status = tl_image_resize(on->image, on->file, on->kept);
    uint32_t visible = on->image->files[on->file].sector_count;
    for (uint32_t i = 0; i < pending->chain_count && status == TL_OK; i++) {
        const tl_chain *chain = &pending->chains[i];
        if (chain->sector >= visible)
            continue;
        tl_image_set_sector(on->image, on->file, chain->sector,
                            pending->nodes[chain->tail].version);
        if (chain->count > 1)
            status = open_add(on, chain, possible);
    }
    return status == TL_OK ? end_mask(on, possible, open_from) : status;
}

tl_status tl_pending_show_file(tl_pending *pending, uint32_t file, uint32_t persisted,
                               tl_possible *possible)
{
    const tl_words *ops = &pending->files[file].ops;
    const tl_pending_size *sizes = pending->files[file].sizes;
    course on = {.pending = pending,
                 .image = &possible->image,
                 .file = file,
                 .persisted = persisted,
                 .since = persisted == 0 ? 0 : sizes[persisted - 1].since,
                 .size = pending->durable.files[file].size_bytes,
                 .kept = pending->durable.files[file].size_bytes,
                 .closed_from = UINT32_MAX};
    if (on.since < pending->files[file].unordered)
        on.since = pending->files[file].unordered;
    pending->chain_count = 0;
    pending->node_count = 1;
    tl_status status =
        tl_pending_reserve(&pending->nodes, &pending->node_capacity, 1, sizeof *pending->nodes);
    if (status == TL_OK)
        status = tl_image_copy_file(on.image, &pending->durable, file);
    for (uint32_t i = 0; i < ops->count && status == TL_OK; i++)
        status = go_on(&on, ops->at[i]);
    assert(status != TL_OK || on.seen >= persisted);
    if (status == TL_OK)
        status = chains_deliver(&on, possible);
    for (uint32_t i = 0; i < pending->chain_count; i++)
        pending->chain_of[pending->chains[i].sector] = 0;
    return status;
}
