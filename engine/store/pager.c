/* engine/store/pager.c -- opening, loading and taking pages; writing is in pager_write.c. */
#include "engine/store/pager.h"
#include "engine/base/mutant.h"
#include "engine/page/check.h"
#include "engine/store/facts.h"

#include <assert.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>

static void scratch_lay_out(tl_pager *pager)
{
    uint8_t *at = pager->arena->scratch;
    for (size_t i = 0; i < sizeof pager->scratch / sizeof pager->scratch[0]; i++) {
        pager->scratch[i] = at;
        at += pager->page_bytes;
    }
    pager->weights = (uint32_t *)(void *)at;
    at += (pager->page_bytes / 4 + 4) * sizeof *pager->weights;
    at += -(uintptr_t)at & 7;
    pager->marks = (uint64_t *)(void *)at;
    assert(at + pager->page_bytes / 8 <= pager->arena->scratch + TL_ARENA_SCRATCH_BYTES);
}

tl_status tl_pager_open(tl_pager *pager, const tl_meta *meta, tl_file *file, size_t pin_capacity)
{
    pager->file = file;
    pager->page_bytes = meta->page_bytes;
    pager->page_shift = (unsigned)__builtin_ctz(meta->page_bytes);
    pager->max_key_bytes = meta->max_key_bytes;
    pager->record_bytes_max = meta->record_bytes_max;
    pager->foreign_txn = meta->txn;
    tl_status status = tl_arena_enter(pager->arena);
    if (status != TL_OK) {
        pager->arena = NULL; /* not ours to leave */
        return status;
    }
    pager->base = pager->arena->base;
    pager->states = pager->arena->states;
    pager->resident = pager->arena->generation | TL_ARENA_RESIDENT;
    uint64_t map_pages = pager->arena->map_bytes >> pager->page_shift;
    pager->map_pages = map_pages > UINT32_MAX ? UINT32_MAX : (uint32_t)map_pages;
    scratch_lay_out(pager);
    pager->edit.page_bytes = pager->page_bytes;
    pager->edit.scratch = pager->scratch[0];
    pager->edit.stats = &pager->stats;
    pager->edit.memory = pager->memory;
    tl_edit_open(&pager->edit);
    status =
        tl_space_open(&pager->space, pager->memory, &pager->stats, pager->page_bytes, pin_capacity);
    if (status == TL_OK && pager->space_policy != NULL)
        pager->space.policy = pager->space_policy;
    if (status != TL_OK)
        return status;
    if (meta->page_count > pager->map_pages)
        return tl_pager_fail(pager, TL_INVALID, 0,
                             "the file has %llu pages, more than map_bytes can hold",
                             (unsigned long long)meta->page_count);
    return tl_space_extend(&pager->space, (uint32_t)meta->page_count);
}

void tl_pager_close(tl_pager *pager)
{
    tl_edit_close(&pager->edit);
    if (pager->space.memory != NULL) {
        tl_vector_release(&pager->doomed, pager->memory);
        tl_vector_release(&pager->direct, pager->memory);
    }
    tl_space_close(&pager->space);
    if (pager->base != NULL) /* entered: until then the arena may be another env's */
        tl_arena_leave(pager->arena);
}

tl_status tl_pager_fail(tl_pager *pager, tl_status status, uint32_t pgno, const char *format, ...)
{
    tl_error error = {.status = status, .pgno = pgno};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error.text, sizeof error.text, format, arguments);
    va_end(arguments);
    pthread_mutex_lock(&pager->error_mutex);
    pager->error = error;
    pthread_mutex_unlock(&pager->error_mutex);
    return status;
}

typedef struct load_context { /* what the parent promised of a page, and what was found wrong */
    uint32_t page_bytes;
    tl_ref ref;
    unsigned level;
    uint32_t tree_id;
    uint64_t birth_most;
    bool sound; /* checksum and bounds of these bytes were verified before */
    const char *fault;
} load_context;

static bool page_verify(void *opaque, const void *bytes, size_t size_bytes)
{
    load_context *context = opaque;
    const uint8_t *page = bytes;
    (void)size_bytes;
    if (!context->sound &&
        tl_load32(page + TL_AT_CRC) != tl_page_checksum(page, context->page_bytes) &&
        !TL_MUTANT(skip_page_crc))
        context->fault = "its checksum is wrong";
    else if (tl_page_pgno(page) != context->ref.pgno && !TL_MUTANT(skip_page_number))
        context->fault = "it belongs to another place";
    else if (tl_load32(page + TL_AT_BIRTH) != context->ref.tag && !TL_MUTANT(skip_page_tag))
        context->fault = "it is another version than its parent names";
    else if (tl_page_level(page) != context->level)
        context->fault = "it is on another level than its parent says";
    else if (tl_page_tree_id(page) != context->tree_id)
        context->fault = "it belongs to another tree";
    else if (tl_page_birth(page) > context->birth_most)
        context->fault = "it is younger than the checkpoint that names it";
    else
        context->fault = context->sound ? NULL : tl_page_check_bounds(page, context->page_bytes);
    return context->fault == NULL;
}

static tl_status page_read(tl_pager *pager, tl_ref ref, unsigned level, uint32_t tree_id,
                           uint8_t *to)
{
    tl_page_facts facts;
    load_context context = {.page_bytes = pager->page_bytes,
                            .ref = ref,
                            .level = level,
                            .tree_id = tree_id,
                            .birth_most = pager->foreign_txn,
                            .sound =
                                tl_page_recall(pager, ref.pgno, NULL, &facts) && facts.read != 0,
                            .fault = "it is beyond the file's end"};
    tl_status status =
        pager->io->read_verified(pager->io, pager->file, (uint64_t)ref.pgno << pager->page_shift,
                                 to, pager->page_bytes, page_verify, &context);
    if (status == TL_OK) {
        atomic_fetch_add_explicit(&pager->pages_loaded, 1, memory_order_relaxed);
        return TL_OK;
    }
    if (status != TL_CORRUPT)
        return tl_pager_fail(pager, status, ref.pgno, "page %u could not be read: %s", ref.pgno,
                             tl_status_text(status));
    atomic_fetch_add_explicit(&pager->sum_failures, 1, memory_order_relaxed);
    return tl_pager_fail(pager, TL_CORRUPT, ref.pgno, "page %u is damaged: %s", ref.pgno,
                         context.fault != NULL ? context.fault : "it reads differently each time");
}

static bool ref_possible(const tl_pager *pager, tl_ref ref)
{
    return ref.pgno < pager->map_pages && ref.pgno >= tl_meta_pages(pager->page_bytes);
}

static tl_status misnamed(tl_pager *pager, tl_ref ref)
{
    return tl_pager_fail(pager, TL_CORRUPT, ref.pgno, "page %u is named but cannot exist",
                         ref.pgno);
}

tl_status tl_pager_load(tl_pager *pager, tl_ref ref, unsigned level, uint32_t tree_id)
{
    if (!ref_possible(pager, ref))
        return misnamed(pager, ref);
    _Atomic uint32_t *state = &pager->states[ref.pgno];
    uint32_t loading = pager->arena->generation | TL_ARENA_LOADING;
    for (;;) {
        uint32_t seen = atomic_load_explicit(state, memory_order_acquire);
        if (seen == pager->resident)
            return TL_OK;
        if (seen == loading)
            sched_yield(); /* another thread reads it at this moment */
        else if (atomic_compare_exchange_weak(state, &seen, loading))
            break;
    }
    tl_status status = page_read(pager, ref, level, tree_id, tl_pager_at(pager, ref.pgno));
    atomic_store_explicit(state, status == TL_OK ? pager->resident : pager->arena->generation,
                          memory_order_release);
    return status;
}

tl_status tl_pager_copy(tl_pager *pager, tl_ref ref, unsigned level, uint32_t tree_id, uint8_t *to)
{
    const uint8_t *page = NULL;
    if (!ref_possible(pager, ref))
        return misnamed(pager, ref);
    if (!tl_pager_is_resident(pager, ref.pgno))
        return page_read(pager, ref, level, tree_id, to);
    tl_status status = tl_pager_get(pager, ref, level, tree_id, &page);
    if (status == TL_OK) /* a checkpoint may be storing the checksum at this moment */
        memcpy(to + TL_AT_PGNO, page + TL_AT_PGNO, pager->page_bytes - TL_AT_PGNO);
    return status;
}

void tl_pager_set_resident(tl_pager *pager, uint32_t pgno)
{
    atomic_store_explicit(&pager->states[pgno], pager->resident, memory_order_release);
}

/* The next size of the file that adds at least `count` usable pages, at best a whole step. */
static uint64_t grown_pages(const tl_pager *pager, uint64_t step)
{
    return pager->space.page_count + step;
}

/* Pages that the file should grow by. */
static uint64_t growth_step(const tl_pager *pager, uint64_t least)
{
    uint64_t step = pager->growth_bytes >> pager->page_shift;
    if (pager->growth_bytes == 0) {
        step =
            pager->space.page_count / 16; /* what a file has too much of is a sixteenth at most */
        uint64_t most = (UINT64_C(16) << 20) >> pager->page_shift;
        step = step < 16 ? 16 : step > most ? most : step;
    }
    return step < least ? least : step;
}

static tl_status grow_by(tl_pager *pager, uint64_t step)
{
    uint64_t old_bytes = (uint64_t)pager->space.page_count << pager->page_shift;
    uint64_t page_count = grown_pages(pager, step);
    if (!pager->read_only && !TL_MUTANT(size_after_sync)) {
        tl_status status =
            pager->io->fallocate(pager->io, pager->file, old_bytes, step << pager->page_shift);
        if (status != TL_OK)
            return status;
    }
    tl_status status = tl_space_extend(&pager->space, (uint32_t)page_count);
    pager->stats.grows += status == TL_OK;
    return status;
}

/* Pages by which the file may grow. */
static uint64_t growth_room(const tl_pager *pager)
{
    uint64_t most = pager->map_pages;
    if (!pager->read_only && pager->max_bytes >> pager->page_shift < most)
        most = pager->max_bytes >> pager->page_shift;
    return most > pager->space.page_count ? most - pager->space.page_count : 0;
}

bool tl_pager_is_full(const tl_pager *pager, size_t count)
{
    return tl_space_available(&pager->space) < count &&
           (pager->starved || growth_room(pager) < count);
}

tl_status tl_pager_grow(tl_pager *pager, uint64_t least)
{
    uint64_t room = growth_room(pager);
    uint64_t step = growth_step(pager, least);
    if (room < least)
        return tl_pager_fail(pager, TL_NO_SPACE, 0,
                             "the page file has reached its limit of %llu pages",
                             (unsigned long long)(pager->space.page_count + room));
    tl_status status = grow_by(pager, step < room ? step : room);
    if (status == TL_NO_SPACE && step > least)
        status = grow_by(pager, least); /* a full disk may still have a little */
    if (status == TL_NO_SPACE)
        return tl_pager_fail(pager, status, 0, "the disk is full: the page file cannot grow");
    return status == TL_OK ? TL_OK
                           : tl_pager_fail(pager, status, 0, "the page file cannot grow: %s",
                                           tl_status_text(status));
}

tl_status tl_pager_secure_slow(tl_pager *pager, size_t count)
{
    if (tl_space_available(&pager->space) < count && pager->shrinking)
        return tl_pager_fail(pager, TL_NO_SPACE, 0, "the page file is being cut");
    if (tl_space_available(&pager->space) < count) {
        /* A new zone takes two of the new pages for itself. */
        tl_status status = tl_pager_grow(pager, count - tl_space_available(&pager->space) + 2);
        while (status == TL_NO_SPACE && tl_pager_relieved(pager)) { /* ends: waits do not go on */
            size_t here = tl_space_available(&pager->space);
            status = here < count ? tl_pager_grow(pager, count - here + 2) : TL_OK;
        }
        pager->starved = status == TL_NO_SPACE;
        if (status != TL_OK)
            return status;
    }
    return tl_space_secure(&pager->space, count);
}

uint8_t *tl_pager_take(tl_pager *pager, uint32_t *pgno)
{
    *pgno = tl_space_take(&pager->space);
    tl_edit_forget(&pager->edit, *pgno);
    tl_pager_set_resident(pager, *pgno);
    tl_pager_touch(pager, *pgno, 1);
    return tl_pager_at(pager, *pgno);
}

void tl_pager_give(tl_pager *pager, const uint8_t *page)
{
    tl_space_give(&pager->space, tl_page_pgno(page), tl_page_birth(page),
                  tl_pager_owns(pager, page));
}
