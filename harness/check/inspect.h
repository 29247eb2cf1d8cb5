/* harness/check/inspect.h -- one look at a store after a crash: did it keep its promise?
 *
 * Open it (which recovers), verify its structure, compare its content with the history, write once
 * more, open it again, verify and compare again.  The first rule that is broken is the verdict.
 */
#ifndef TL_HARNESS_INSPECT_H
#define TL_HARNESS_INSPECT_H

#include "harness/check/oracle.h"
#include "harness/driver.h"

/* X(upper, lower, meaning) */
#define TL_RULE_MAP(X)                                                                             \
    X(NONE, none, "kept its promise")                                                              \
    X(OPENS, opens, "the store opens")                                                             \
    X(STRUCTURE, structure, "its verifier finds nothing")                                          \
    X(READABLE, readable, "every record can be read")                                              \
    X(ONE_PREFIX, one_prefix, "the content is that of exactly one commit prefix")                  \
    X(LOST_COMMITTED, lost_committed, "no acknowledged commit is missing")                         \
    X(RESURRECTED, resurrected, "no commit is there that was not yet begun")                       \
    X(WRITABLE, writable, "it takes another commit")                                               \
    X(KEEPS_WRITES, keeps_writes, "what was written after recovery is there when reopened")        \
    X(IDEMPOTENT, idempotent, "recovering twice gives what recovering once gives")                 \
    X(BOUNDED, bounded, "recovery asks the disk for no more than its bound")                       \
    X(SNAPSHOT, snapshot, "what a reader sees stays as it is until it ends")                       \
    X(ENDS, ends, "every call comes to an end")

#define TL_RULE_AS_ENUM(upper, lower, text) TL_RULE_##upper,
typedef enum tl_rule { TL_RULE_MAP(TL_RULE_AS_ENUM) TL_RULE_COUNT } tl_rule;
const char *tl_rule_name(tl_rule rule); /* "lost_committed" */
const char *tl_rule_text(tl_rule rule);

typedef struct tl_allowed { /* what a crash may leave */
    size_t low, high;       /* commit prefixes low..high; low > high: none of them */
    bool corrupt;           /* it may also refuse to open: TL_CORRUPT, or TL_NOT_OURS when not even
                               the first bytes of the file arrived */
    bool again;             /* `after` is allowed too */
    tl_content after;
} tl_allowed;

typedef struct tl_verdict {
    tl_rule rule;       /* TL_RULE_NONE: fine */
    tl_status status;   /* of the call that went wrong */
    bool refused;       /* fine: refused where that is allowed */
    tl_content content; /* what was there; meaningful when the rule is NONE and not refused */
    char text[224];
} tl_verdict;

typedef struct tl_inspector {
    const tl_driver *driver;
    tl_driver_options options; /* all but io */
    const tl_oracle *oracle;
    bool one_pass; /* content and structure by one walk where the driver can; else verify, then scan
                      and count */
} tl_inspector;

/* Look at the store on `io`.  With `clean` the reopen follows a close, else an abandon.  The store
 * is closed, or abandoned, afterwards. */
void tl_inspect(const tl_inspector *inspector, tl_io *io, const tl_allowed *allowed, bool clean,
                tl_verdict *verdict);

/* Is the prefix in verdict->content among those allowed, or one of equal content?  If not, the
 * verdict says which rule that breaks. */
bool tl_inspect_bounds(const tl_oracle *oracle, const tl_allowed *allowed, tl_verdict *verdict);

/* Parts of it, for recording: open and find out what is there; make the commit of `round`. */
bool tl_inspect_open(const tl_inspector *inspector, tl_io *io, const tl_allowed *allowed,
                     tl_store **store, tl_verdict *verdict);
bool tl_inspect_write(const tl_inspector *inspector, tl_store *store, tl_content content,
                      tl_verdict *verdict);
void tl_inspect_abandon(const tl_inspector *inspector, tl_store *store);

#endif
