/* engine/tests/support/memdisk.h -- a disk in memory behind tl/io.h, as fast as tests need it.
 *
 * What is written is there; a process that dies (tl_env_abandon) loses nothing.  Losing power is
 * the business of harness/fault, not of this disk.
 *
 * Threads   the tl_io may be used by many; the other calls by one, with no env open.
 */
#ifndef TL_TESTS_MEMDISK_H
#define TL_TESTS_MEMDISK_H

#include "tl/io.h"

typedef struct memdisk memdisk;

memdisk *memdisk_create(void); /* never NULL: a test without memory is over */
void memdisk_destroy(memdisk *disk);
tl_io *memdisk_io(memdisk *disk);

memdisk *memdisk_clone(const memdisk *disk);    /* same names, same bytes, no locks */
uint64_t memdisk_hash(const memdisk *disk);     /* of all names and bytes */
size_t memdisk_open_count(const memdisk *disk); /* files and locks not closed */

/* The bytes of a file, to look at or to damage; NULL when there is none. */
uint8_t *memdisk_bytes(memdisk *disk, const char *path, uint64_t *size_bytes);
void memdisk_remove(memdisk *disk, const char *path); /* no file of that name: nothing happens */

#endif
