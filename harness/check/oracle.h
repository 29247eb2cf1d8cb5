/* harness/check/oracle.h -- the truth that no store takes part in: a fixed history of commits.
 *
 * The same history, seed, page size and number of commits give the same operations everywhere.
 * Keys of one group differ only in their last bytes, so that separators are long and branches split
 * although the tree is small.
 * Each commit also puts its own number under the key "\0treelab/n": no two contents are alike.
 * A user's own script has commits that it made itself (script_history.h); there they may be.
 *
 * truth(n) is the content after commit n, as a record count and a sum of tl_record_hash.
 */
#ifndef TL_HARNESS_ORACLE_H
#define TL_HARNESS_ORACLE_H

#include "harness/check/history.h"
#include "tl/engine.h"

typedef struct tl_oracle tl_oracle;

typedef struct tl_oracle_spec {
    uint64_t seed;
    uint32_t page_bytes;       /* keys are about page/16 long, values up to that */
    size_t commits;            /* at least 1 */
    const tl_history *history; /* NULL: mixed */
} tl_oracle_spec;

TL_MUST_USE tl_status tl_oracle_create(const tl_oracle_spec *spec, tl_oracle **oracle);
void tl_oracle_destroy(tl_oracle *oracle); /* NULL is fine */

typedef struct tl_oracle_op { /* one put or del */
    bool del, marker;         /* marker: the key is "\0treelab/n" */
    uint32_t key;             /* number of the key, when no marker */
    uint32_t value_bytes;
    uint64_t value_id; /* the first 8 bytes of the value, big-endian */
} tl_oracle_op;

size_t tl_oracle_commits(const tl_oracle *oracle);
tl_history_deed tl_oracle_deed_after(const tl_oracle *oracle, size_t n);
/* The operations of commit n, 1 <= n <= commits. */
const tl_oracle_op *tl_oracle_ops(const tl_oracle *oracle, size_t n, size_t *op_count);

enum { TL_ORACLE_KEY_MAX = 256, TL_ORACLE_VALUE_MAX = 8192 };
tl_slice tl_oracle_key(const tl_oracle *oracle, const tl_oracle_op *op,
                       uint8_t buffer[TL_ORACLE_KEY_MAX]);
tl_slice tl_oracle_value(const tl_oracle_op *op, uint8_t buffer[TL_ORACLE_VALUE_MAX]);
/* The same as expressions of the script language, "rep(97,248)+u64(17)". */
void tl_oracle_key_text(const tl_oracle *oracle, const tl_oracle_op *op, char *text,
                        size_t text_bytes);
void tl_oracle_value_text(const tl_oracle_op *op, char *text, size_t text_bytes);

/* A content: what commit n left, and after it, with round > 0, the extra commit that a check makes:
 * put "\0treelab/again" = round, del "\0treelab/n". */
typedef struct tl_content {
    size_t n;
    uint64_t round;
} tl_content;
typedef struct tl_truth {
    uint64_t count, hash;
} tl_truth;
tl_truth tl_oracle_truth(const tl_oracle *oracle, tl_content content);

/* The same face on a history that somebody else made: it has no operations to ask for. */
typedef struct tl_oracle_left { /* what a commit left, in all trees */
    tl_truth truth;
    uint64_t marker_hash, again_hash; /* what the records that a check writes, and this content may
                                         have, add to the hash; 0: it has none */
} tl_oracle_left;
/* left[0] is what there was before, left[n] what commit n left.  `trees`: every named tree that
 * there ever was, borrowed.  All is copied but that. */
TL_MUST_USE tl_status tl_oracle_create_of(const tl_oracle_left *left, size_t commits,
                                          const char *const *trees, size_t tree_count,
                                          tl_oracle **oracle);
const char *const *tl_oracle_trees(const tl_oracle *oracle, size_t *tree_count);
bool tl_oracle_has_marker(const tl_oracle *oracle, tl_content content);
/* A commit in low..high that left the same content as commit n; false: there is none. */
bool tl_oracle_same(const tl_oracle *oracle, size_t n, size_t low, size_t high, size_t *same);
tl_slice tl_oracle_marker_key(void);
tl_slice tl_oracle_again_key(void);
tl_slice tl_oracle_number_value(uint64_t number, uint8_t buffer[8]); /* 8 bytes, big-endian */

#endif
