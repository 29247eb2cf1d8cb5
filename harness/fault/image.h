/* harness/fault/image.h -- the content of a whole disk, as a table of version numbers.
 *
 * An image is a picture at one moment: which names there are, which file each names, how long each
 * file is, and which version each of its sectors holds.  Copying an image of 64 pages of 4 KiB is
 * a copy of 2 KiB.  Two images of one store share the versions.
 *
 * Bytes of the last sector behind the end of a file are zero: truncate makes them so, and a file
 * that grows again reads zeros there.
 */
#ifndef TL_HARNESS_IMAGE_H
#define TL_HARNESS_IMAGE_H

#include "harness/fault/paths.h"
#include "harness/fault/simdisk.h"
#include "harness/fault/versions.h"

typedef struct tl_simfile {
    uint64_t size_bytes;
    uint32_t *sectors; /* version of each sector of the file */
    uint32_t sector_count, capacity;
    uint32_t *lost; /* of a durable side: the version that a failed sync left in the cache alone
                       and took for written; 0: none.  NULL when there never was one */
    uint32_t lost_count, lost_capacity;
    tl_hash128 hash; /* sum over the sectors; kept only while image.hashing */
} tl_simfile;

typedef struct tl_simname {
    uint32_t path, file;
} tl_simname;

typedef struct tl_image {
    tl_versions *versions; /* borrowed */
    tl_simfile *files;     /* also those without a name: open, or named only on another image */
    tl_simname *names;
    uint32_t file_count, file_capacity, name_count, name_capacity;
    bool hashing; /* keep the files' hashes up to date; contents may then not change in place */
} tl_image;

void tl_image_init(tl_image *image, tl_versions *versions); /* empty */
void tl_image_clear(tl_image *image);

tl_versions *tl_simdisk_versions(tl_simdisk *disk);
/* Crash at operation `at`: the disk then holds `left`, an image of its own versions, as
 * tl_simdisk_crash would have left it.  After a kill (no `power`) a later power loss falls back to
 * `certain`, likewise an image of its versions; NULL: to what is durable now.  TL_UNSUPPORTED: the
 * disk keeps no log. */
TL_MUST_USE tl_status tl_simdisk_crash_to(tl_simdisk *disk, size_t at, bool power,
                                          const tl_image *left, const tl_image *certain);

/* Make `to` equal to `from`, reusing its memory.  TL_NO_MEMORY leaves `to` usable, content
 * unspecified; so do the others below. */
TL_MUST_USE tl_status tl_image_copy(tl_image *to, const tl_image *from);
TL_MUST_USE tl_status tl_image_copy_file(tl_image *to, const tl_image *from, uint32_t file);
/* A sync of the file: `durable` gets what `issued` has, but for the sectors that a failed one gave
 * up and nobody has written since.  And such a failed one: `durable` notes what it never got. */
TL_MUST_USE tl_status tl_image_sync_file(tl_image *durable, const tl_image *issued, uint32_t file);
TL_MUST_USE tl_status tl_image_lose_file(tl_image *durable, const tl_image *issued, uint32_t file);
TL_MUST_USE tl_status tl_image_copy_names(tl_image *to, const tl_image *from, const tl_paths *paths,
                                          uint32_t dir);

TL_MUST_USE tl_status tl_image_add_file(tl_image *image, uint32_t *file); /* empty, nameless */
TL_MUST_USE tl_status tl_image_resize(tl_image *image, uint32_t file, uint64_t size_bytes);
void tl_image_set_sector(tl_image *image, uint32_t file, uint32_t sector, uint32_t version);

const tl_simname *tl_image_find(const tl_image *image, uint32_t path); /* NULL when absent */
bool tl_image_is_named(const tl_image *image, uint32_t file);
TL_MUST_USE tl_status tl_image_set_name(tl_image *image, uint32_t path, uint32_t file);
void tl_image_remove_name(tl_image *image, uint32_t path);

/* Copy bytes [offset, offset + size_bytes), which lie inside the file, to `buffer`. */
void tl_image_read(const tl_image *image, uint32_t file, uint64_t offset, void *buffer,
                   size_t size_bytes);

/* Do a log entry again; of a write only the first `sector_count` sectors (UINT32_MAX: all).
 * Syncs do nothing to one image, but for one that failed and took its file back. */
TL_MUST_USE tl_status tl_image_apply(tl_image *image, const tl_simdisk_op *op,
                                     uint32_t sector_count);

/* Sum up what is there, and keep the sums from now on. */
void tl_image_begin_hashing(tl_image *image);
/* Hash of all that a process can see: names, sizes, contents.  Needs image.hashing. */
tl_hash128 tl_image_hash(const tl_image *image, const tl_paths *paths);

#endif
