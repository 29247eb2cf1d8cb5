/* harness/check/damage_image.c -- see damage_image.h. */
#include "harness/check/damage_image.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    RUNS_MAX = 64,      /* beginnings of the history that are tried for a clean image */
    EARLIER_MAX = 32,   /* whole files kept of earlier commits, spread over the history */
    LOGGED_COMMITS = 3, /* commits that a crash image has in its log, where it can */
    META_BYTES = 8192,  /* writes there end what the log is needed for */
    STALE_CAPACITY_MIN = 64,
};

static tl_status fail(char *error, size_t error_bytes, tl_status status, const char *text)
{
    snprintf(error, error_bytes, "%s", text);
    return status;
}

/* The whole content of a file.  TL_NOT_FOUND when there is none of that name. */
static tl_status read_file(tl_io *io, const char *path, tl_damage_bytes *bytes)
{
    tl_file *file = NULL;
    tl_status status = io->open(io, path, 0, &file);
    if (status != TL_OK)
        return status;
    uint64_t size = 0;
    size_t got = 0;
    status = io->size(io, file, &size);
    uint8_t *data = malloc(size == 0 ? 1 : (size_t)size);
    if (status == TL_OK && data == NULL)
        status = TL_NO_MEMORY;
    if (status == TL_OK)
        status = io->pread(io, file, 0, data, (size_t)size, &got);
    io->close(io, file);
    if (status != TL_OK) {
        free(data);
        return status;
    }
    *bytes = (tl_damage_bytes){data, size};
    return TL_OK;
}

tl_status tl_damage_image_load(tl_damage_image *image, uint32_t mark)
{
    tl_hash128 hash;
    tl_simdisk_release(image->disk, mark);
    return tl_crash_load(image->walk, TL_CRASH_ALL_ISSUED, 0, image->disk, &hash);
}

/* ---- which moment ---- */

/* Pages that the largest file spans at the present place of the walk; which file that is. */
static tl_status largest_file(tl_damage_image *image, uint64_t *pages, uint32_t *file)
{
    uint64_t size_max = 0;
    tl_status status = tl_damage_image_load(image, tl_simdisk_mark(image->disk));
    for (size_t i = 0; i < tl_simdisk_op_count(image->trace.disk) && status == TL_OK; i++) {
        const tl_simdisk_op *op = tl_simdisk_op_at(image->trace.disk, i);
        if (op->kind != TL_SIMDISK_CREATE && op->kind != TL_SIMDISK_RENAME)
            continue;
        uint32_t path = op->kind == TL_SIMDISK_CREATE ? op->path : op->path2;
        tl_io *io = tl_simdisk_io(image->disk);
        tl_file *handle = NULL;
        uint64_t size = 0;
        if (io->open(io, tl_simdisk_path(image->trace.disk, path), 0, &handle) != TL_OK)
            continue;
        status = io->size(io, handle, &size);
        io->close(io, handle);
        if (size >= size_max) {
            size_max = size;
            *file = op->file;
        }
    }
    *pages = size_max / image->page_bytes;
    return status;
}

/* Commits that were acknowledged since the metas of `file` were last written, at commit c. */
static size_t logged_commits(const tl_trace *trace, uint32_t file, size_t c)
{
    size_t i = trace->acknowledged[c];
    while (i > 0) {
        const tl_simdisk_op *op = tl_simdisk_op_at(trace->disk, i - 1);
        if (op->kind == TL_SIMDISK_WRITE && op->file == file && op->offset < META_BYTES)
            break;
        i--;
    }
    size_t commits = 0;
    while (commits < c && trace->acknowledged[c - commits - 1] >= i)
        commits++;
    return commits;
}

/* Begin to look at `commits` commits of the history. */
static tl_status record(tl_damage_image *image, size_t commits, char *error, size_t error_bytes)
{
    tl_status status =
        tl_trace_record_first(&image->inspector, commits, &image->trace, error, error_bytes);
    if (status == TL_OK)
        status = tl_simdisk_create_beside(image->trace.disk, TL_SIMDISK_ONE_THREAD, &image->disk);
    if (status == TL_OK)
        status = tl_crash_walk_create(image->trace.disk, &image->walk);
    return status;
}

static void forget(tl_damage_image *image)
{
    tl_crash_walk_destroy(image->walk);
    tl_simdisk_destroy(image->disk);
    tl_trace_clear(&image->trace);
    image->walk = NULL;
    image->disk = NULL;
}

/* Run longer and longer beginnings of the history until the closed file is large enough. */
static tl_status choose_clean(tl_damage_image *image, uint32_t pages_wanted, char *error,
                              size_t error_bytes)
{
    size_t commits = tl_oracle_commits(image->inspector.oracle), step = commits / RUNS_MAX + 1;
    for (size_t c = 1;; c = c + step < commits ? c + step : commits) {
        tl_status status = record(image, c, error, error_bytes);
        if (status == TL_OK)
            status = tl_crash_walk_to(image->walk, tl_simdisk_op_count(image->trace.disk));
        uint64_t pages = 0;
        uint32_t file = 0;
        if (status == TL_OK)
            status = largest_file(image, &pages, &file);
        image->commit = c;
        if (status != TL_OK || pages >= pages_wanted || c == commits)
            return status;
        forget(image);
    }
}

/* Of the commits that leave enough in the log, the last one after which the file is large enough
 * but not a quarter larger: it has the most content in those pages.  Else the first that leaves
 * enough in a larger file, or the first with a large enough one, or the last of all. */
static tl_status choose_crash(tl_damage_image *image, uint32_t pages_wanted, char *error,
                              size_t error_bytes)
{
    size_t commits = tl_oracle_commits(image->inspector.oracle);
    size_t large = 0, logged = 0, best = 0;
    tl_status status = record(image, commits, error, error_bytes);
    for (size_t c = 1; c <= commits && status == TL_OK; c++) {
        uint64_t pages = 0;
        uint32_t file = 0;
        status = tl_crash_walk_to(image->walk, image->trace.acknowledged[c]);
        if (status == TL_OK)
            status = largest_file(image, &pages, &file);
        if (status != TL_OK || pages < pages_wanted)
            continue;
        large = large == 0 ? c : large;
        if (logged_commits(&image->trace, file, c) < LOGGED_COMMITS)
            continue;
        logged = logged == 0 ? c : logged;
        if (pages <= pages_wanted + pages_wanted / 4)
            best = c;
    }
    image->commit = best != 0 ? best : logged != 0 ? logged : large != 0 ? large : commits;
    return status;
}

/* ---- what was there before ---- */

static tl_status name_files(tl_damage_image *image)
{
    const tl_simdisk *disk = image->trace.disk;
    tl_io *io = tl_simdisk_io(image->disk);
    for (size_t i = 0; i < tl_simdisk_op_count(disk); i++) {
        const tl_simdisk_op *op = tl_simdisk_op_at(disk, i);
        if (op->kind != TL_SIMDISK_CREATE && op->kind != TL_SIMDISK_RENAME)
            continue;
        const char *path =
            tl_simdisk_path(disk, op->kind == TL_SIMDISK_CREATE ? op->path : op->path2);
        size_t length = strlen(path);
        bool known = length > 5 && strcmp(path + length - 5, ".lock") == 0; /* holds no data */
        for (unsigned f = 0; f < image->file_count; f++) {
            if (strcmp(image->files[f].path, path) != 0)
                continue;
            image->files[f].number = op->file; /* another one under the same name */
            known = true;
        }
        tl_damage_file *file = &image->files[image->file_count];
        if (known || image->file_count == TL_DAMAGE_FILES_MAX || length >= sizeof file->path)
            continue;
        tl_status status = read_file(io, path, &file->now);
        if (status == TL_NOT_FOUND)
            continue;
        if (status != TL_OK)
            return status;
        memcpy(file->path, path, length + 1);
        const char *slash = strrchr(file->path, '/');
        file->name = slash == NULL ? file->path : slash + 1;
        file->number = op->file;
        image->names[image->file_count++] = file->name;
    }
    return TL_OK;
}

static bool stale_is_known(const tl_damage_file *file, uint32_t pgno, const uint8_t *data,
                           uint32_t page_bytes, uint32_t *version)
{
    uint64_t at = (uint64_t)pgno * page_bytes;
    uint64_t there = at < file->now.size_bytes ? file->now.size_bytes - at : 0;
    if (there < page_bytes || memcmp(file->now.data + at, data, page_bytes) == 0)
        return true; /* as it is now, or cut off since: it cannot be stale */
    *version = 0;
    for (size_t i = 0; i < file->stale_count; i++) {
        if (file->stale[i].pgno != pgno)
            continue;
        if (memcmp(file->stale[i].data, data, page_bytes) == 0)
            return true;
        ++*version;
    }
    return false;
}

static tl_status stale_add(tl_damage_file *file, uint32_t pgno, const uint8_t *data,
                           uint32_t page_bytes)
{
    uint32_t version = 0;
    if (stale_is_known(file, pgno, data, page_bytes, &version))
        return TL_OK;
    if (file->stale_count == file->stale_capacity) {
        size_t capacity = file->stale_capacity == 0 ? STALE_CAPACITY_MIN : file->stale_capacity * 2;
        tl_damage_page *grown = realloc(file->stale, capacity * sizeof *grown);
        if (grown == NULL)
            return TL_NO_MEMORY;
        file->stale = grown;
        file->stale_capacity = capacity;
    }
    uint8_t *copy = malloc(page_bytes);
    if (copy == NULL)
        return TL_NO_MEMORY;
    memcpy(copy, data, page_bytes);
    file->stale[file->stale_count++] = (tl_damage_page){pgno, version, copy};
    return TL_OK;
}

/* Keep the pages that the log entry wrote, as they were then. */
static tl_status keep_pages(tl_damage_image *image, tl_damage_file *file, const tl_simdisk_op *op)
{
    tl_io *io = tl_simdisk_io(image->disk);
    tl_file *handle = NULL;
    uint8_t *page = malloc(image->page_bytes);
    tl_status status = page == NULL ? TL_NO_MEMORY : io->open(io, file->path, 0, &handle);
    uint64_t last = (op->offset + op->size_bytes - 1) / image->page_bytes;
    for (uint64_t p = op->offset / image->page_bytes; p <= last && status == TL_OK; p++) {
        size_t got = 0;
        status = io->pread(io, handle, p * image->page_bytes, page, image->page_bytes, &got);
        if (status == TL_OK && got == image->page_bytes)
            status = stale_add(file, (uint32_t)p, page, image->page_bytes);
    }
    if (handle != NULL)
        io->close(io, handle);
    free(page);
    return status == TL_NOT_FOUND ? TL_OK : status; /* it has another name at this moment */
}

static tl_status keep_whole(tl_damage_image *image, size_t commit)
{
    tl_io *io = tl_simdisk_io(image->disk);
    for (unsigned f = 0; f < image->file_count; f++) {
        tl_damage_file *file = &image->files[f];
        tl_damage_bytes then = {NULL, 0};
        const tl_damage_bytes *last =
            file->earlier_count == 0 ? NULL : &file->earlier[file->earlier_count - 1].bytes;
        tl_status status = read_file(io, file->path, &then);
        if (status != TL_OK)
            return status == TL_NOT_FOUND ? TL_OK : status;
        if ((last != NULL && last->size_bytes == then.size_bytes &&
             memcmp(last->data, then.data, (size_t)then.size_bytes) == 0) ||
            (file->now.size_bytes == then.size_bytes &&
             memcmp(file->now.data, then.data, (size_t)then.size_bytes) == 0)) {
            free(then.data);
            continue;
        }
        file->earlier[file->earlier_count++] = (tl_damage_earlier){commit, then};
    }
    return TL_OK;
}

static int page_order(const void *a, const void *b)
{
    const tl_damage_page *one = a, *two = b;
    if (one->pgno != two->pgno)
        return one->pgno < two->pgno ? -1 : 1;
    return (one->version > two->version) - (one->version < two->version);
}

/* Go through the history once more, up to log entry `end`, and keep what it wrote. */
static tl_status keep_past(tl_damage_image *image, size_t end)
{
    size_t step = image->commit / EARLIER_MAX + 1, next = 0;
    uint32_t mark = tl_simdisk_mark(image->disk);
    tl_status status = tl_crash_walk_rewind(image->walk);
    for (unsigned f = 0; f < image->file_count && status == TL_OK; f++) {
        image->files[f].earlier = calloc(EARLIER_MAX + 1, sizeof(tl_damage_earlier));
        if (image->files[f].earlier == NULL)
            status = TL_NO_MEMORY;
    }
    for (size_t i = 0; i < end && status == TL_OK; i++) {
        const tl_simdisk_op *op = tl_simdisk_op_at(image->trace.disk, i);
        status = tl_crash_walk_to(image->walk, i + 1);
        bool commit = next < image->commit && i + 1 == image->trace.acknowledged[next];
        if (status != TL_OK || (op->kind != TL_SIMDISK_WRITE && !commit))
            continue;
        status = tl_damage_image_load(image, mark);
        for (unsigned f = 0; f < image->file_count && status == TL_OK; f++) {
            if (op->kind == TL_SIMDISK_WRITE && op->file == image->files[f].number)
                status = keep_pages(image, &image->files[f], op);
        }
        if (commit && status == TL_OK) {
            status = keep_whole(image, next);
            next += step;
        }
    }
    for (unsigned f = 0; f < image->file_count && status == TL_OK; f++) {
        if (image->files[f].stale_count > 0)
            qsort(image->files[f].stale, image->files[f].stale_count, sizeof(tl_damage_page),
                  page_order);
    }
    return status == TL_OK ? tl_crash_walk_to(image->walk, end) : status;
}

static tl_status keep_foreign(tl_damage_image *image, uint64_t seed, char *error,
                              size_t error_bytes)
{
    tl_oracle_spec spec = {.seed = seed,
                           .page_bytes = image->page_bytes,
                           .commits = tl_oracle_commits(image->inspector.oracle)};
    tl_oracle *oracle = NULL;
    tl_status status = tl_oracle_create(&spec, &oracle);
    tl_inspector other = image->inspector;
    other.oracle = oracle;
    other.options.seed = seed;
    tl_trace trace = {0};
    if (status == TL_OK)
        status = tl_trace_record_first(&other, image->commit, &trace, error, error_bytes);
    for (unsigned f = 0; f < image->file_count && status == TL_OK; f++) {
        status =
            read_file(tl_simdisk_io(trace.disk), image->files[f].path, &image->files[f].foreign);
        if (status == TL_NOT_FOUND)
            status = TL_OK;
    }
    tl_trace_clear(&trace);
    tl_oracle_destroy(oracle);
    return status;
}

tl_status tl_damage_image_make(const tl_inspector *inspector, const tl_damage_image_wish *wish,
                               tl_damage_image *image, char *error, size_t error_bytes)
{
    *image = (tl_damage_image){
        .inspector = *inspector, .clean = wish->clean, .page_bytes = inspector->options.page_bytes};
    error[0] = '\0';
    tl_status status = wish->clean ? choose_clean(image, wish->pages, error, error_bytes)
                                   : choose_crash(image, wish->pages, error, error_bytes);
    if (status != TL_OK)
        return error[0] != '\0' ? status : fail(error, error_bytes, status, tl_status_text(status));
    size_t end = wish->clean ? tl_simdisk_op_count(image->trace.disk)
                             : image->trace.acknowledged[image->commit];
    status = tl_crash_walk_rewind(image->walk);
    if (status == TL_OK)
        status = tl_crash_walk_to(image->walk, end);
    if (status == TL_OK)
        status = tl_damage_image_load(image, tl_simdisk_mark(image->disk));
    if (status == TL_OK)
        status = name_files(image);
    if (status == TL_OK && image->file_count == 0)
        return fail(error, error_bytes, TL_NOT_FOUND, "the store left no file to damage");
    if (status == TL_OK)
        status = keep_past(image, end);
    if (status == TL_OK)
        status = keep_foreign(image, wish->other_seed, error, error_bytes);
    return status == TL_OK || error[0] != '\0'
               ? status
               : fail(error, error_bytes, status, tl_status_text(status));
}

void tl_damage_image_clear(tl_damage_image *image)
{
    for (unsigned f = 0; f < image->file_count; f++) {
        tl_damage_file *file = &image->files[f];
        for (size_t i = 0; i < file->stale_count; i++)
            free(file->stale[i].data);
        for (size_t i = 0; i < file->earlier_count; i++)
            free(file->earlier[i].bytes.data);
        free(file->stale);
        free(file->earlier);
        free(file->now.data);
        free(file->foreign.data);
    }
    forget(image);
    *image = (tl_damage_image){0};
}
