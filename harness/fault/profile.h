/* harness/fault/profile.h -- the rules by which a disk may forget, by name.
 *
 * A profile says which states a crash at one point of a log may leave.  README.md tells the rules
 * one by one; whoever enumerates states and whoever counts them read the same rules and share no
 * code beyond this table.
 */
#ifndef TL_HARNESS_PROFILE_H
#define TL_HARNESS_PROFILE_H

#include <stdbool.h>

/* X(upper, lower, is a power loss, every state of it can be enumerated and counted, meaning) */
#define TL_PROFILE_MAP(X)                                                                          \
    X(SIGKILL, sigkill, false, true,                                                               \
      "a killed process: all that was issued is there; the last write may stop between file "      \
      "pages")                                                                                     \
    X(PREFIX, prefix, true, true,                                                                  \
      "power loss on a disk that keeps one order: a prefix of all operations, cut at any sector")  \
    X(JOURNAL, journal, true, true,                                                                \
      "power loss under ext4 or XFS: sectors in any order, names and sizes as one journal")        \
    X(POSIX, posix, true, true,                                                                    \
      "power loss as POSIX allows it: sectors, sizes and names each in any order")                 \
    X(GARBAGE, garbage, true, false,                                                               \
      "posix, and a file page with an unsynced write may hold anything, what was synced there "    \
      "too")                                                                                       \
    X(LIAR, liar, true, false, "journal, on a disk that drops one sync and says it did not")

#define TL_PROFILE_AS_ENUM(upper, lower, power, exact, text) TL_PROFILE_##upper,
typedef enum tl_profile { TL_PROFILE_MAP(TL_PROFILE_AS_ENUM) TL_PROFILE_COUNT } tl_profile;

typedef struct tl_profile_row {
    const char *name, *summary;
    bool power; /* acknowledged commits count only as far as the durability promises it */
    bool exact; /* finite and small enough to be counted to the last state */
} tl_profile_row;

const tl_profile_row *tl_profile_at(tl_profile profile);
bool tl_profile_find(const char *name, tl_profile *profile); /* false: no profile of this name */

#endif
