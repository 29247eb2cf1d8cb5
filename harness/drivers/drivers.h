/* harness/drivers/drivers.h -- the tables of this folder and the limits they share. */
#ifndef TL_DRIVERS_DRIVERS_H
#define TL_DRIVERS_DRIVERS_H

#include "harness/driver.h"

#define TL_DRIVER_MAP_BYTES (UINT64_C(16) << 30) /* when tl_driver_options.map_bytes is 0 */

/* Longest key of the peers: LMDB's limit, and tree's at pages of 4 KiB and more, kept by SQLite
 * too, so that one workload or script has the same answers everywhere. */
enum { TL_DRIVER_KEY_BYTES_MAX = 511 };

/* The cache of an engine that has one: `usual_bytes`, or less when the options say so. */
static inline uint64_t tl_driver_cache_bytes(const tl_driver_options *options, uint64_t usual_bytes)
{
    return options->map_bytes != 0 && options->map_bytes < usual_bytes ? options->map_bytes
                                                                       : usual_bytes;
}

enum { TL_DRIVERS_JOINED_MAX = 16 }; /* drivers that can be loaded into one process */
/* Append a checked driver to the registry.  False: there are as many already. */
bool tl_drivers_add(const tl_driver *driver);

static inline bool tl_driver_key_fits(tl_slice key, size_t key_bytes_max)
{
    return key.size_bytes != 0 && key.size_bytes <= key_bytes_max;
}

extern const tl_driver tl_driver_tree;
extern const tl_driver tl_driver_null;
extern const tl_driver tl_driver_model;
extern const tl_driver tl_driver_lmdb;   /* when TL_HAVE_LMDB */
extern const tl_driver tl_driver_sqlite; /* when TL_HAVE_SQLITE, and so on */
extern const tl_driver tl_driver_bdb;
extern const tl_driver tl_driver_wiredtiger;
extern const tl_driver tl_driver_leveldb;
extern const tl_driver tl_driver_rocksdb;
extern const tl_driver tl_driver_append;

#endif
