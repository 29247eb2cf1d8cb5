/* harness/script/content.h -- a content of several trees as one hash: the sum over its records and
 * its named trees. */
#ifndef TL_HARNESS_SCRIPT_CONTENT_H
#define TL_HARNESS_SCRIPT_CONTENT_H

#include "harness/driver.h"

#include <string.h>

/* What a named tree itself adds. */
static inline uint64_t tl_content_tree_hash(const char *tree)
{
    return tl_record_hash((tl_slice){tree, strlen(tree)}, (tl_slice){"tree", 4});
}

/* What a record adds, of the main tree (NULL) or a named one.  Equal records of different trees
 * weigh differently: an odd factor loses nothing. */
static inline uint64_t tl_content_record_hash(const char *tree, tl_slice key, tl_slice value)
{
    uint64_t hash = tl_record_hash(key, value);
    return tree == NULL ? hash : hash * (2 * tl_content_tree_hash(tree) + 1);
}

#endif
