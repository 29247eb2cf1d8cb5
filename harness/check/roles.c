/* harness/check/roles.c -- see roles.h. */
#include "harness/check/roles.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ROLE_AS_NAME(upper, lower, text) #lower,
static const char *const names[] = {TL_ROLE_MAP(ROLE_AS_NAME)};

const char *tl_role_name(tl_role role)
{
    return role < TL_ROLE_COUNT ? names[role] : "?";
}

tl_roles tl_roles_of(const tl_inspector *inspector, const tl_trace *trace)
{
    return (tl_roles){.disk = trace->disk,
                      .page_bytes = inspector->options.page_bytes,
                      .pages = strcmp(inspector->driver->name, "tree") == 0};
}

static bool ends_with(const char *text, const char *end)
{
    size_t text_bytes = strlen(text), end_bytes = strlen(end);
    return text_bytes >= end_bytes && strcmp(text + text_bytes - end_bytes, end) == 0;
}

uint32_t tl_op_path(const tl_simdisk *disk, size_t index)
{
    const tl_simdisk_op *op = tl_simdisk_op_at(disk, index);
    if (op->kind != TL_SIMDISK_WRITE && op->kind != TL_SIMDISK_TRUNCATE &&
        op->kind != TL_SIMDISK_FALLOCATE)
        return op->path;
    uint32_t path = 0;
    for (uint32_t p = 0; p < tl_simdisk_path_count(disk); p++) {
        uint32_t file;
        if (tl_simdisk_base_name(disk, false, p, &file) && file == op->file)
            path = p;
    }
    for (size_t i = 0; i < index; i++) {
        const tl_simdisk_op *named = tl_simdisk_op_at(disk, i);
        if (named->kind == TL_SIMDISK_CREATE && named->file == op->file)
            path = named->path;
        else if (named->kind == TL_SIMDISK_RENAME && named->path == path)
            path = named->path2;
    }
    return path;
}

enum { META_BYTES = 4096, LOG_HEADER_BYTES = 4096, KIND_AT = 16 };

/* The kind of page that begins at `page_at`, by the byte that FORMAT.md gives it. */
static tl_role page_role(const tl_roles *roles, const tl_simdisk_op *op, uint64_t page_at)
{
    static const tl_role kinds[] = {TL_ROLE_DATA, TL_ROLE_LEAF,   TL_ROLE_BRANCH,  TL_ROLE_EXTENT,
                                    TL_ROLE_LEAF, TL_ROLE_BITMAP, TL_ROLE_MANIFEST};
    uint64_t sector = page_at / TL_SECTOR_BYTES;
    if (sector < op->first_sector || sector >= op->first_sector + op->sector_count)
        return TL_ROLE_DATA; /* the write began behind the page's header */
    const uint8_t *bytes =
        tl_simdisk_payload(roles->disk, op) + (size_t)(sector - op->first_sector) * TL_SECTOR_BYTES;
    return bytes[KIND_AT] < sizeof kinds / sizeof kinds[0] ? kinds[bytes[KIND_AT]] : TL_ROLE_DATA;
}

tl_role tl_role_of_sector(const tl_roles *roles, size_t index, uint64_t sector)
{
    const tl_simdisk_op *op = tl_simdisk_op_at(roles->disk, index);
    const char *path = tl_simdisk_path(roles->disk, tl_op_path(roles->disk, index));
    uint64_t at = sector * TL_SECTOR_BYTES;
    if (op->kind == TL_SIMDISK_TRUNCATE || op->kind == TL_SIMDISK_FALLOCATE)
        return TL_ROLE_SIZE;
    if (!roles->pages || op->sector_count == 0)
        return TL_ROLE_DATA;
    if (strstr(path, ".log.") != NULL)
        return at < LOG_HEADER_BYTES ? TL_ROLE_LOG_HEADER : TL_ROLE_LOG_FRAME;
    if (!ends_with(path, ".tl") && !ends_with(path, ".tl.tmp"))
        return TL_ROLE_DATA;
    uint64_t second = roles->page_bytes > META_BYTES ? roles->page_bytes : META_BYTES;
    if (at < META_BYTES || (at >= second && at < second + META_BYTES))
        return TL_ROLE_META;
    return page_role(roles, op, at - at % roles->page_bytes);
}

unsigned tl_roles_of_op(const tl_roles *roles, size_t index)
{
    const tl_simdisk_op *op = tl_simdisk_op_at(roles->disk, index);
    unsigned bits = 0;
    switch (op->kind) {
    case TL_SIMDISK_CREATE:
    case TL_SIMDISK_RENAME:
    case TL_SIMDISK_UNLINK:
        return 1u << TL_ROLE_DIRENT;
    case TL_SIMDISK_WRITE:
        for (uint32_t s = 0; s < op->sector_count; s++)
            bits |= 1u << tl_role_of_sector(roles, index, op->first_sector + s);
        return bits;
    default:
        return 1u << TL_ROLE_SIZE;
    }
}

static void roles_text(unsigned bits, char *text, size_t text_bytes)
{
    size_t used = 0;
    for (unsigned r = 0; r < TL_ROLE_COUNT && used < text_bytes; r++) {
        if ((bits >> r & 1) != 0)
            used += (size_t)snprintf(text + used, text_bytes - used, "%s%s", used > 0 ? ", " : "",
                                     names[r]);
    }
}

void tl_op_words(const tl_roles *roles, size_t index, char text[TL_OP_WORDS_MAX])
{
    const tl_simdisk_op *op = tl_simdisk_op_at(roles->disk, index);
    const char *path = tl_simdisk_path(roles->disk, tl_op_path(roles->disk, index));
    char what[96];
    roles_text(tl_roles_of_op(roles, index), what, sizeof what);
    switch (op->kind) {
    case TL_SIMDISK_CREATE:
        snprintf(text, TL_OP_WORDS_MAX, "creation of %s", path);
        break;
    case TL_SIMDISK_WRITE:
        snprintf(text, TL_OP_WORDS_MAX, "write of %s to %s at %" PRIu64 ", %" PRIu64 " bytes%s",
                 what, path, op->offset, op->size_bytes, op->through ? ", through" : "");
        break;
    case TL_SIMDISK_TRUNCATE:
        snprintf(text, TL_OP_WORDS_MAX, "truncate of %s to %" PRIu64 " bytes", path,
                 op->size_bytes);
        break;
    case TL_SIMDISK_FALLOCATE:
        snprintf(text, TL_OP_WORDS_MAX, "fallocate of %s, %" PRIu64 " bytes at %" PRIu64, path,
                 op->size_bytes, op->offset);
        break;
    case TL_SIMDISK_RENAME:
        snprintf(text, TL_OP_WORDS_MAX, "rename of %s to %s", path,
                 tl_simdisk_path(roles->disk, op->path2));
        break;
    case TL_SIMDISK_UNLINK:
        snprintf(text, TL_OP_WORDS_MAX, "unlink of %s", path);
        break;
    case TL_SIMDISK_SYNC_FAILED:
        snprintf(text, TL_OP_WORDS_MAX, "fdatasync of %s, which failed", path);
        break;
    default:
        snprintf(text, TL_OP_WORDS_MAX, "%s of %s",
                 op->kind == TL_SIMDISK_SYNC ? "fdatasync" : "fsync_dir", path);
        break;
    }
}

bool tl_op_is_sync(const tl_simdisk *disk, size_t op)
{
    tl_simdisk_op_kind kind = tl_simdisk_op_at(disk, op)->kind;
    return kind == TL_SIMDISK_SYNC || kind == TL_SIMDISK_SYNC_DIR;
}

#define MOMENT_AS_NAME(upper, lower, text) #lower,
static const char *const moment_names[] = {TL_MOMENT_MAP(MOMENT_AS_NAME)};

const char *tl_moment_name(tl_moment moment)
{
    return moment < TL_MOMENT_COUNT ? moment_names[moment] : "?";
}

tl_moment tl_moment_of(const tl_trace *trace, size_t entry)
{
    if (entry < trace->acknowledged[0])
        return TL_MOMENT_OPEN;
    for (size_t n = 1; n <= trace->commits; n++) {
        if (entry < trace->begun[n])
            return TL_MOMENT_BETWEEN;
        if (entry < trace->acknowledged[n])
            return TL_MOMENT_COMMIT;
    }
    return TL_MOMENT_CLOSE;
}
