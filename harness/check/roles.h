/* harness/check/roles.h -- what an operation of a recorded run was about, in words.
 *
 * Of a store in the format of engine/FORMAT.md the bytes written tell what kind of page they are;
 * of any other store a file is all that is known.
 */
#ifndef TL_HARNESS_CHECK_ROLES_H
#define TL_HARNESS_CHECK_ROLES_H

#include "harness/check/trace.h"

/* X(upper, lower, meaning) */
#define TL_ROLE_MAP(X)                                                                             \
    X(DIRENT, dirent, "a name in a directory")                                                     \
    X(SIZE, size, "the size of a file")                                                            \
    X(META, meta, "what names the state")                                                          \
    X(BRANCH, branch, "an inner page of a tree")                                                   \
    X(LEAF, leaf, "a page of records")                                                             \
    X(EXTENT, extent, "a large value")                                                             \
    X(BITMAP, bitmap, "which pages are free")                                                      \
    X(MANIFEST, manifest, "the pages of a checkpoint, listed")                                     \
    X(LOG_HEADER, log_header, "the beginning of a log file")                                       \
    X(LOG_FRAME, log_frame, "commits in a log file")                                               \
    X(DATA, data, "bytes of a file, of no known kind")

#define TL_ROLE_AS_ENUM(upper, lower, text) TL_ROLE_##upper,
typedef enum tl_role { TL_ROLE_MAP(TL_ROLE_AS_ENUM) TL_ROLE_COUNT } tl_role;
const char *tl_role_name(tl_role role); /* "log_frame" */

typedef struct tl_roles { /* of one trace; borrows it */
    const tl_simdisk *disk;
    uint32_t page_bytes;
    bool pages; /* the store is in the format of FORMAT.md */
} tl_roles;
tl_roles tl_roles_of(const tl_inspector *inspector, const tl_trace *trace);

/* The number of the name (tl_simdisk_path) that the operation's file had then, or of the directory.
 */
uint32_t tl_op_path(const tl_simdisk *disk, size_t op);
/* Of a sector that a write made. */
tl_role tl_role_of_sector(const tl_roles *roles, size_t op, uint64_t sector);
/* All roles of an operation, a bit each. */
unsigned tl_roles_of_op(const tl_roles *roles, size_t op);

enum { TL_OP_WORDS_MAX = 192 };
/* "write of leaf, branch to db/x.tl at 16384, 8192 bytes"; "fdatasync of db/x.log.0". */
void tl_op_words(const tl_roles *roles, size_t op, char text[TL_OP_WORDS_MAX]);

/* X(upper, lower, meaning) */
#define TL_MOMENT_MAP(X)                                                                           \
    X(OPEN, open, "before the store was open")                                                     \
    X(COMMIT, commit, "in a call of commit")                                                       \
    X(BETWEEN, between, "between commits, or while one was prepared")                              \
    X(CLOSE, close, "after the last commit")

#define TL_MOMENT_AS_ENUM(upper, lower, text) TL_MOMENT_##upper,
typedef enum tl_moment { TL_MOMENT_MAP(TL_MOMENT_AS_ENUM) TL_MOMENT_COUNT } tl_moment;
const char *tl_moment_name(tl_moment moment);
tl_moment tl_moment_of(const tl_trace *trace, size_t entry);

/* The operation is a sync of either kind. */
bool tl_op_is_sync(const tl_simdisk *disk, size_t op);

#endif
