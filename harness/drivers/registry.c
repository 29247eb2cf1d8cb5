/* harness/drivers/registry.c -- the drivers of this build, one row each, in listing order. */
#include "harness/drivers/drivers.h"

#include <string.h>

static const tl_driver *const drivers[] = {
    &tl_driver_tree,
#if TL_HAVE_LMDB
    &tl_driver_lmdb,
#endif
#if TL_HAVE_SQLITE
    &tl_driver_sqlite,
#endif
#if TL_HAVE_BDB
    &tl_driver_bdb,
#endif
#if TL_HAVE_WIREDTIGER
    &tl_driver_wiredtiger,
#endif
#if TL_HAVE_LEVELDB
    &tl_driver_leveldb,
#endif
#if TL_HAVE_ROCKSDB
    &tl_driver_rocksdb,
#endif
    &tl_driver_model,      &tl_driver_null, &tl_driver_append,
};

/* Every driver that a build may lack, and the Debian package that gives it. */
static const struct {
    tl_driver_missing row;
    bool here;
} optional[] = {
    {{"lmdb", "liblmdb-dev"},             TL_HAVE_LMDB      },
    {{"sqlite", "libsqlite3-dev"},        TL_HAVE_SQLITE    },
    {{"bdb", "libdb5.3-dev"},             TL_HAVE_BDB       },
    {{"wiredtiger", "libwiredtiger-dev"}, TL_HAVE_WIREDTIGER},
    {{"leveldb", "libleveldb-dev"},       TL_HAVE_LEVELDB   },
    {{"rocksdb", "librocksdb-dev"},       TL_HAVE_ROCKSDB   },
};

enum { BUILTIN_COUNT = sizeof drivers / sizeof drivers[0] };

static const tl_driver *joined[TL_DRIVERS_JOINED_MAX]; /* at start-up, before any thread */
static size_t joined_count;

bool tl_drivers_add(const tl_driver *driver)
{
    if (joined_count == TL_DRIVERS_JOINED_MAX)
        return false;
    joined[joined_count++] = driver;
    return true;
}

size_t tl_driver_count(void)
{
    return BUILTIN_COUNT + joined_count;
}

const tl_driver *tl_driver_at(size_t index)
{
    if (index < BUILTIN_COUNT)
        return drivers[index];
    return index < tl_driver_count() ? joined[index - BUILTIN_COUNT] : NULL;
}

const tl_driver *tl_driver_find(const char *name)
{
    for (size_t i = 0; i < tl_driver_count(); i++)
        if (strcmp(tl_driver_at(i)->name, name) == 0)
            return tl_driver_at(i);
    return NULL;
}

const tl_driver_missing *tl_driver_missing_at(size_t index)
{
    for (size_t i = 0; i < sizeof optional / sizeof optional[0]; i++)
        if (!optional[i].here && index-- == 0)
            return &optional[i].row;
    return NULL;
}
