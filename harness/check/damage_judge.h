/* harness/check/damage_judge.h -- one damaged store, looked at through every read path.
 *
 * Each path begins with an open of its own on the damaged bytes, so that no path lives on what
 * another one has loaded and verified:
 *
 *     open (recovery) -> get of every key that the history ever used
 *     open (recovery) -> scan of everything, and the count
 *     open (recovery) -> verify
 *
 * An open that refuses is asked once: the others would read the same bytes.  Every answer is
 * compared with the truth, record by record, also those before a path notices something.
 */
#ifndef TL_HARNESS_DAMAGE_JUDGE_H
#define TL_HARNESS_DAMAGE_JUDGE_H

#include "harness/check/damage_apply.h"

/* X(upper, lower, is a finding, meaning) */
#define TL_DAMAGE_OUTCOME_MAP(X)                                                                   \
    X(UNCHANGED, unchanged, false, "the damage changes no byte: not looked at")                    \
    X(DETECTED, detected, false, "a documented status, and nothing wrong before it")               \
    X(CORRECTED, corrected, false, "live bytes were hit, every answer is right")                   \
    X(MASKED, masked, false, "dead bytes were hit: scan and verify as if nothing was")             \
    X(AMBIGUOUS, ambiguous, false, "an earlier commit, where the format cannot know better")       \
    X(SILENT_WRONG, silent_wrong, true, "a read path gave wrong data and said nothing")            \
    X(UNDOCUMENTED, undocumented, true, "a status that no damage may lead to")                     \
    X(CRASHED, crashed, true, "the store ended the process")                                       \
    X(HUNG, hung, true, "the store used I/O calls, or time, without end")

#define TL_DAMAGE_OUTCOME_AS_ENUM(upper, lower, finding, text) TL_DAMAGE_##upper,
typedef enum tl_damage_outcome {
    TL_DAMAGE_OUTCOME_MAP(TL_DAMAGE_OUTCOME_AS_ENUM) TL_DAMAGE_OUTCOME_COUNT
} tl_damage_outcome;
const char *tl_damage_outcome_name(tl_damage_outcome outcome);
const char *tl_damage_outcome_text(tl_damage_outcome outcome);
bool tl_damage_outcome_is_finding(tl_damage_outcome outcome);

#define TL_DAMAGE_PATH_MAP(X)                X(OPEN, open) X(GET, get) X(SCAN, scan) X(VERIFY, verify)
#define TL_DAMAGE_PATH_AS_ENUM(upper, lower) TL_DAMAGE_PATH_##upper,
typedef enum tl_damage_path {
    TL_DAMAGE_PATH_MAP(TL_DAMAGE_PATH_AS_ENUM) TL_DAMAGE_PATH_COUNT
} tl_damage_path;
const char *tl_damage_path_name(tl_damage_path path);

typedef struct tl_damage_verdict {
    tl_damage_outcome outcome;
    tl_damage_region region;
    bool live;
    uint8_t asked, noticed; /* a bit for each path */
    tl_damage_path path;    /* of a finding: where it showed */
    tl_status status;       /* the first that was not TL_OK */
    char text[160];         /* of a finding */
} tl_damage_verdict;

typedef struct tl_damage_judge tl_damage_judge;

/* `target` and `stage` (told which path is being asked; may be NULL) outlive the judge.
 * TL_OK       release it with tl_damage_judge_destroy
 * TL_CORRUPT  the image is not sound before any damage; `error` tells how;  TL_NO_MEMORY */
TL_MUST_USE tl_status tl_damage_judge_create(const tl_damage_target *target,
                                             volatile uint8_t *stage, tl_damage_judge **judge,
                                             char *error, size_t error_bytes);
void tl_damage_judge_destroy(tl_damage_judge *judge); /* NULL is fine */

/* TL_OK, or why the harness itself could not: TL_NO_MEMORY. */
TL_MUST_USE tl_status tl_damage_judge_case(tl_damage_judge *judge, const tl_damage_case *damage,
                                           tl_damage_verdict *verdict);

#endif
