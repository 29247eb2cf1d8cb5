/* engine/base/regression.h -- seeded losses of speed, compiled only into tl_engine_mutants.
 *
 * Each is one believable mistake that leaves every answer right.  The gate must catch it, told
 * nothing; how large each is, and which layer must see it, is in harness/gate/regressions.c.  One
 * is awake at most, and asking costs the same whichever it is, so that a program with one awake and
 * the same program with none differ in nothing else.
 */
#ifndef TL_BASE_REGRESSION_H
#define TL_BASE_REGRESSION_H

#include <stdbool.h>

#define TL_REGRESSION_MAP(X)                                                                       \
    X(linear_search)                                                                               \
    X(heads_ignored)                                                                               \
    X(split_in_the_middle)                                                                         \
    X(missed_merge)                                                                                \
    X(pages_flushed_twice)                                                                         \
    X(value_copied_twice)                                                                          \
    X(log_hashed_twice)                                                                            \
    X(compact_at_each_delete)                                                                      \
    X(no_append_path)                                                                              \
    X(free_pages_bit_by_bit)                                                                       \
    X(descend_twice)                                                                               \
    X(page_hashed_at_each_read)                                                                    \
    X(no_prefetch)                                                                                 \
    X(no_huge_pages)                                                                               \
    X(compare_once_in_a_million)                                                                   \
    X(page_once_in_a_million)

#define TL_REGRESSION_AS_ENUM(name) TL_REGRESSION_IS_##name,
typedef enum tl_regression {
    TL_REGRESSION_NONE,
    TL_REGRESSION_MAP(TL_REGRESSION_AS_ENUM)
} tl_regression;

#ifdef TREELAB_MUTANTS
extern tl_regression tl_regression_awake;  /* not changed while an env is open */
bool tl_regression_wake(const char *name); /* false: there is none of that name */
/* For those that are rare: count an operation; are a million counted since it was last so? */
void tl_regression_count_operation(void);
bool tl_regression_is_due(void);
#define TL_REGRESSION(name) __builtin_expect(tl_regression_awake == TL_REGRESSION_IS_##name, false)
#else
#define TL_REGRESSION(name) false
static inline void tl_regression_count_operation(void)
{
}
static inline bool tl_regression_is_due(void)
{
    return false;
}
#endif

#endif
