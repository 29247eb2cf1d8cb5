/* engine/env/inspect.c -- the verifier's view of a whole env, and dumps for people. */
#include "engine/env/inspect.h"

#include "engine/base/hash.h"
#include "engine/page/check.h"
#include "engine/page/zone.h"
#include "engine/tree/verify.h"

#include <stdarg.h>
#include <stdio.h>

/* Pages that are live without being reached from a root. */
static void mark_fixed(const tl_env *env, uint64_t *reached)
{
    const tl_space *space = &env->pager.space;
    for (uint32_t pgno = 0; pgno < tl_meta_pages(env->pager.page_bytes); pgno++)
        reached[pgno >> 6] |= UINT64_C(1) << (pgno & 63);
    for (uint32_t zone = 0; zone < space->zones.count; zone++)
        for (unsigned slot = 0; slot < 2; slot++) {
            uint32_t pgno = tl_zone_slot_pgno(env->pager.page_bytes, zone, slot);
            if (pgno < space->page_count)
                reached[pgno >> 6] |= UINT64_C(1) << (pgno & 63);
        }
}

/* Every live page is reached and every reached page is live, each from one place. */
static void check_space(tl_verifier *verifier)
{
    const tl_space *space = &verifier->pager->space;
    for (uint32_t word = 0; word * 64 < space->page_count && !verifier->stopped; word++) {
        uint64_t live = space->live.words[word], reached = verifier->reached[word];
        uint64_t differing = live ^ reached;
        while (differing != 0 && !verifier->stopped) {
            unsigned bit = (unsigned)__builtin_ctzll(differing);
            bool leaked = ((live >> bit) & 1) != 0;
            tl_verifier_report(verifier, leaked ? "space-leaked" : "space-free", word * 64 + bit,
                               leaked ? "page is marked live but nothing reaches it"
                                      : "page is in use but marked free");
            differing &= differing - 1;
        }
    }
}

/* The catalog is checked like any tree, but its leaves and records are not the user's. */
static tl_status verify_catalog(tl_env *env, tl_verifier *verifier)
{
    tl_root catalog = tl_catalog_root(env);
    tl_verify_summary of_catalog = {0}, *wanted = verifier->summary;
    const char *fault = NULL;
    verifier->summary = &of_catalog;
    tl_status status = tl_tree_verify(verifier, &catalog);
    if (status == TL_OK && !verifier->stopped && of_catalog.findings == 0)
        status = tl_catalog_compare(env, &fault);
    if (fault != NULL)
        tl_verifier_report(verifier, "tree-catalog", catalog.ref.pgno, fault);
    verifier->summary = wanted;
    wanted->findings += of_catalog.findings;
    wanted->pages_checked += of_catalog.pages_checked;
    return status;
}

static tl_status verify_trees(tl_env *env, tl_verifier *verifier)
{
    tl_verify_summary *summary = verifier->summary;
    uint64_t main_hash = 0;
    tl_status status = TL_OK;
    for (size_t i = 0; i < env->newest.trees.count; i++) {
        const tl_tree_entry *entry = &env->newest.trees.at[i];
        summary->content_hash = 0;
        if (status == TL_OK && !verifier->stopped)
            status = tl_tree_verify(verifier, &entry->root);
        summary->trees++;
        summary->trees_hash +=
            tl_mix64(summary->content_hash ^
                     tl_record_hash(tl_name_slice(entry->name), (tl_slice){NULL, 0}));
        main_hash = i == 0 ? summary->content_hash : main_hash;
    }
    summary->content_hash = main_hash;
    return status;
}

static tl_status verify_all(tl_env *env, tl_verifier *verifier)
{
    mark_fixed(env, verifier->reached);
    tl_status status = verify_catalog(env, verifier);
    if (status == TL_OK && !verifier->stopped)
        status = verify_trees(env, verifier);
    if (status == TL_OK && !verifier->stopped && !atomic_load(&env->poisoned))
        check_space(verifier);
    return status;
}

tl_status tl_verify(tl_env *env, tl_report_fn report, void *context, tl_verify_summary *out)
{
    tl_memory *memory = env->pager.memory;
    if (tl_turn_is_mine(env))
        return TL_BUSY;
    tl_status status = tl_turn_take(env, 0);
    if (status != TL_OK)
        return status;
    tl_checkpoint_wait(env); /* while one runs, the catalogs of two are marked live */
    size_t bytes = ((size_t)env->pager.space.page_count / 64 + 1) * sizeof(uint64_t);
    tl_verify_summary summary = {0};
    tl_verifier verifier = {.pager = &env->pager,
                            .txn = env->newest_txn,
                            .report = report,
                            .context = context,
                            .summary = &summary,
                            .reached = memory->allocate(memory, bytes)};
    status = TL_NO_MEMORY;
    if (verifier.reached != NULL) {
        memset(verifier.reached, 0, bytes);
        status = verify_all(env, &verifier);
        memory->release(memory, verifier.reached, bytes);
    }
    tl_turn_give(env);
    if (status != TL_OK)
        return status;
    *out = summary;
    return summary.findings == 0 ? TL_OK : TL_CORRUPT;
}

typedef struct printer {
    tl_print_fn print;
    void *context;
} printer;

static void say(const printer *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(const printer *out, const char *format, ...)
{
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    out->print(out->context, line);
}

/* Bytes as a person reads them: text where printable, else \xNN; long ones are cut. */
static void spell(tl_slice bytes, char *text, size_t text_bytes)
{
    size_t used = 0;
    const uint8_t *at = bytes.data;
    for (size_t i = 0; i < bytes.size_bytes && used + 8 < text_bytes; i++) {
        if (at[i] >= 0x20 && at[i] < 0x7f && at[i] != '\\')
            text[used++] = (char)at[i];
        else
            used += (size_t)snprintf(text + used, text_bytes - used, "\\x%02x", at[i]);
        if (i + 1 < bytes.size_bytes && used + 16 >= text_bytes) {
            memcpy(text + used, "...", 3);
            used += 3;
            break;
        }
    }
    text[used] = '\0';
}

const uint8_t *tl_inspect_page(tl_env *env, uint32_t pgno, tl_status *status)
{
    tl_pager *pager = &env->pager;
    uint8_t *page = pager->scratch[2];
    size_t got = 0;
    bool here = atomic_load(&pager->states[pgno]) == pager->resident;
    if (here)
        return tl_pager_at(pager, pgno);
    *status = pager->io->pread(pager->io, pager->file, (uint64_t)pgno << pager->page_shift, page,
                               pager->page_bytes, &got);
    if (*status == TL_OK && got < pager->page_bytes)
        *status = TL_NOT_FOUND;
    return page;
}

static void dump_entries(const printer *out, const uint8_t *page)
{
    tl_run run = {.kind = tl_page_kind_of(page)};
    uint8_t buffer[TL_KEY_BYTES_MAX];
    char key[200], value[120];
    tl_run_add_page(&run, page, 0, tl_page_count(page));
    if (run.kind == TL_PAGE_BRANCH)
        say(out, "  child %u", tl_branch_child(page, 0).pgno);
    for (unsigned i = 0; i < tl_page_count(page); i++) {
        spell(tl_run_key(&run, i, buffer), key, sizeof key);
        if (run.kind == TL_PAGE_LEAF) {
            if (tl_leaf_has_overflow(page, i)) {
                tl_value_ref ref = tl_value_ref_load(tl_leaf_value(page, i).data);
                say(out, "  %4u  %s = (%u) in extents from page %u%s", i, key, ref.bytes, ref.pgno,
                    ref.first_pages != 0 ? ", a chain" : "");
                continue;
            }
            spell(tl_leaf_value(page, i), value, sizeof value);
            say(out, "  %4u  %s = (%zu) %s", i, key, tl_leaf_value(page, i).size_bytes, value);
        } else {
            say(out, "  %4u  %s -> child %u", i, key, tl_branch_child(page, i + 1).pgno);
        }
    }
}

static tl_status print_page(tl_env *env, uint32_t pgno, printer out)
{
    const tl_pager *pager = &env->pager;
    tl_status status = TL_OK;
    if (pgno >= pager->space.page_count)
        return tl_pager_fail(&env->pager, TL_NOT_FOUND, pgno, "the file has %u pages",
                             pager->space.page_count);
    const uint8_t *page = tl_inspect_page(env, pgno, &status);
    if (status != TL_OK)
        return status;
    if (tl_page_kind_of(page) == TL_PAGE_EXTENT && tl_page_pgno(page) == pgno) {
        say(&out, "page %u: first of %u that hold %u bytes of a value, tree %u, born in txn %llu",
            pgno, tl_load32(page + TL_AT_EXTENT_PAGES), tl_load32(page + TL_AT_EXTENT_BYTES),
            tl_page_tree_id(page), (unsigned long long)tl_page_birth(page));
        say(&out, "  next extent: page %u", tl_load32(page + TL_AT_EXTENT_NEXT));
        return TL_OK;
    }
    const char *fault = tl_page_check_bounds(page, pager->page_bytes);
    if (fault != NULL || tl_page_pgno(page) != pgno) {
        say(&out, "page %u is no tree page: %s", pgno, fault != NULL ? fault : "it names another");
        return TL_OK;
    }
    char lower[200], upper[200], prefix[200];
    spell(tl_page_lower(page), lower, sizeof lower);
    spell(tl_page_upper(page), upper, sizeof upper);
    spell(tl_page_prefix(page), prefix, sizeof prefix);
    say(&out, "page %u: %s, level %u, tree %u, born in txn %llu", pgno,
        tl_page_is_dense(page)                  ? "dense leaf"
        : tl_page_kind_of(page) == TL_PAGE_LEAF ? "leaf"
                                                : "branch",
        tl_page_level(page), tl_page_tree_id(page), (unsigned long long)tl_page_birth(page));
    say(&out, "  %u of %u slots, gap %zu, garbage %u, prefix '%s', fences [%s, %s)",
        tl_page_count(page), tl_page_cap(page), tl_page_gap(page), tl_page_frag(page), prefix,
        lower[0] != '\0' ? lower : "-inf", upper[0] != '\0' ? upper : "+inf");
    dump_entries(&out, page);
    return TL_OK;
}

static double percent(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 0 : 100.0 * (double)part / (double)whole;
}

static double mean(uint64_t sum, uint64_t count)
{
    return count == 0 ? 0 : (double)sum / (double)count;
}

/* Fill histogram, keys, and how far apart neighbours lie. */
static void print_level_shape(const tl_level_shape *level, unsigned number, printer out)
{
    char bins[TL_SHAPE_BINS * 21 + 1];
    size_t used = 0;
    for (unsigned i = 0; i < TL_SHAPE_BINS; i++)
        used += (size_t)snprintf(bins + used, sizeof bins - used, " %llu",
                                 (unsigned long long)level->fill[i]);
    say(&out, "    pages by fill, 5 %% each:%s", bins);
    say(&out, "    %.1f %s a page, %.1f key bytes each, %.1f bytes of prefix a page",
        mean(level->entries + (number > 0 ? level->pages : 0), level->pages),
        number > 0 ? "children" : "records", mean(level->key_bytes, level->entries),
        mean(level->prefix_bytes, level->pages));
    if (level->pages > 1)
        say(&out,
            "    the next page in order is the next in the file %.1f %% of the time, "
            "%.1f pages away on average",
            percent(level->next_adjacent, level->pages - 1),
            mean(level->next_distance, level->pages - 1));
}

static tl_status print_root(tl_env *env, const char *title, const tl_root *root, bool whole,
                            printer out)
{
    tl_shape shape;
    tl_status status = tl_tree_measure(&env->pager, root, &shape);
    if (status != TL_OK)
        return status;
    say(&out, "%s: %llu records, %u levels, root page %u", title, (unsigned long long)root->count,
        root->depth, root->ref.pgno);
    for (unsigned number = root->depth; number-- > 0;) {
        const tl_level_shape *level = &shape.levels[number];
        say(&out, "  level %u: %llu pages, %llu entries, %.1f %% full", number,
            (unsigned long long)level->pages, (unsigned long long)level->entries,
            percent(level->used_bytes, level->usable_bytes));
        if (whole)
            print_level_shape(level, number, out);
    }
    return TL_OK;
}

static tl_status print_trees(tl_env *env, bool whole, printer out)
{
    char name[120], title[160];
    tl_status status = print_root(env, "main tree", tl_forest_main(&env->newest), whole, out);
    for (size_t i = 1; i < env->newest.trees.count && status == TL_OK; i++) {
        const tl_tree_entry *entry = &env->newest.trees.at[i];
        spell(tl_name_slice(entry->name), name, sizeof name);
        snprintf(title, sizeof title, "tree %u '%s'", entry->root.tree_id, name);
        status = print_root(env, title, &entry->root, whole, out);
    }
    return status;
}

static tl_status print_space(tl_env *env, printer out)
{
    const tl_space *space = &env->pager.space;
    say(&out, "%u pages of %u bytes: %u live, %zu free", space->page_count, space->page_bytes,
        tl_bitmap_count(&space->live, space->page_count), tl_space_available(space));
    for (size_t i = 0; i < space->zones.count; i++)
        say(&out, "  zone %zu: slot %c, epoch %llu%s", i, space->zones.at[i].slot == 0 ? 'A' : 'B',
            (unsigned long long)space->zones.at[i].epoch,
            space->zones.at[i].dirty ? ", dirty" : "");
    char row[65];
    for (uint32_t pgno = 0; pgno < space->page_count; pgno += 64) {
        for (uint32_t i = 0; i < 64; i++)
            row[i] = pgno + i >= space->page_count           ? ' '
                     : tl_bitmap_get(&space->live, pgno + i) ? '#'
                                                             : '.';
        row[64] = '\0';
        say(&out, "  %8u %s", pgno, row);
    }
    return TL_OK;
}

static tl_status print_meta(tl_env *env, printer out)
{
    const tl_meta *meta = &env->meta;
    say(&out, "format %u, page_bytes %u, max_key_bytes %u, record_bytes_max %u", meta->version,
        meta->page_bytes, meta->max_key_bytes, meta->record_bytes_max);
    say(&out, "checkpoint %llu at txn %llu, log file %u, salt %016llx",
        (unsigned long long)meta->ckpt_no, (unsigned long long)meta->txn,
        (unsigned)(meta->ckpt_no & 1), (unsigned long long)meta->log_salt);
    say(&out, "catalog page %u (%u levels), next tree id %u, %llu pages, %llu records",
        meta->catalog.pgno, meta->catalog_depth, meta->tree_id_next,
        (unsigned long long)meta->page_count, (unsigned long long)meta->count);
    say(&out, "recovery replayed %llu frames to txn %llu and dropped %llu bytes of a torn tail",
        (unsigned long long)env->recovery.frames, (unsigned long long)env->newest_txn,
        (unsigned long long)env->recovery.tail_bytes);
    return TL_OK;
}

/* Dumps look at the writer's state: in its turn, or in that of the txn this thread has open. */
typedef struct look {
    tl_env *env;
    bool taken;
} look;

static look look_begin(tl_env *env)
{
    return (look){env, !tl_turn_is_mine(env) && tl_turn_take(env, 0) == TL_OK};
}

static tl_status look_end(look at, tl_status status)
{
    if (at.taken)
        tl_turn_give(at.env);
    return status;
}

tl_status tl_dump_page(tl_env *env, uint32_t pgno, tl_print_fn print, void *context)
{
    look at = look_begin(env);
    return look_end(at, print_page(env, pgno, (printer){print, context}));
}

tl_status tl_dump_tree(tl_env *env, tl_print_fn print, void *context)
{
    look at = look_begin(env);
    return look_end(at, print_trees(env, false, (printer){print, context}));
}

tl_status tl_dump_shape(tl_env *env, tl_print_fn print, void *context)
{
    look at = look_begin(env);
    return look_end(at, print_trees(env, true, (printer){print, context}));
}

tl_status tl_dump_space(tl_env *env, tl_print_fn print, void *context)
{
    look at = look_begin(env);
    return look_end(at, print_space(env, (printer){print, context}));
}

tl_status tl_dump_meta(tl_env *env, tl_print_fn print, void *context)
{
    look at = look_begin(env);
    return look_end(at, print_meta(env, (printer){print, context}));
}
