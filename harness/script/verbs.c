/* harness/script/verbs.c -- every verb of the language: a new verb is a new row. */
#include "harness/script/verbs.h"

#include "harness/cli/cli.h"

#include <string.h>

#define NONE   TL_SCRIPT_SUBJECT_NONE
#define TXN    TL_SCRIPT_SUBJECT_TXN
#define CURSOR TL_SCRIPT_SUBJECT_CURSOR
#define RECORD (TL_SCRIPT_WANT_VALUE | TL_SCRIPT_WANT_KEY)

/* word, subject, shape, what a want may ask, example */
static const tl_script_verb_row verbs[TL_SCRIPT_VERB_COUNT] = {
    [TL_SCRIPT_BLANK] = {"",           NONE,   "",     TL_SCRIPT_WANT_NONE,                        "# a comment"                                  },
    [TL_SCRIPT_ITEM] = {"",           NONE,   "kv",   TL_SCRIPT_WANT_NONE,                        "u64(1) \"value\""                             },
    [TL_SCRIPT_OPEN] = {"open",       NONE,   "p",    0,                                          "open page_bytes=4096 seed=42"                 },
    [TL_SCRIPT_REOPEN] = {"reopen",     NONE,   "p",    0,                                          "reopen"                                       },
    [TL_SCRIPT_CLOSE] = {"close",      NONE,   "",     0,                                          "close"                                        },
    [TL_SCRIPT_VERIFY] = {"verify",     NONE,   "",     0,                                          "verify"                                       },
    [TL_SCRIPT_CHECKPOINT] = {"checkpoint", NONE,   "",     0,                                          "checkpoint"                                   },
    [TL_SCRIPT_COMPACT] = {"compact",    NONE,   "I",    0,                                          "compact 10"                                   },
    [TL_SCRIPT_BEGIN] = {"begin",      NONE,   "on",   0,                                          "begin read r"                                 },
    [TL_SCRIPT_COMMIT] = {"commit",     NONE,   "n",    0,                                          "commit"                                       },
    [TL_SCRIPT_ABORT] = {"abort",      NONE,   "n",    0,                                          "abort"                                        },
    [TL_SCRIPT_SAVEPOINT] = {"savepoint",  NONE,   "N",    0,                                          "savepoint s"                                  },
    [TL_SCRIPT_ROLLBACK] = {"rollback",   NONE,   "N",    0,                                          "rollback s"                                   },
    [TL_SCRIPT_PUT] = {"put",        TXN,    "@kv",  0,                                          "put u64(1) \"value\""                         },
    [TL_SCRIPT_INSERT] = {"insert",     TXN,    "@kv",  0,                                          "insert u64(1) \"value\""                      },
    [TL_SCRIPT_APPEND] = {"append",     TXN,    "@kv",  0,                                          "append u64(1) \"value\""                      },
    [TL_SCRIPT_GET] = {"get",        TXN,    "@k",   TL_SCRIPT_WANT_VALUE,                       "get u64(1) -> \"value\""                      },
    [TL_SCRIPT_DEL] = {"del",        TXN,    "@k",   0,                                          "del u64(1)"                                   },
    [TL_SCRIPT_DROP] = {"drop",       TXN,    "T",    0,                                          "drop @name"                                   },
    [TL_SCRIPT_SCAN] = {"scan",       TXN,    "@rdl", TL_SCRIPT_WANT_COUNT | TL_SCRIPT_WANT_SCAN,
                         "scan [u64(1)..u64(9)) reverse limit 3 -> count=3"                                                                       },
    [TL_SCRIPT_COUNT] = {"count",      TXN,    "@r",   TL_SCRIPT_WANT_COUNT,                       "count -> count=3"                             },
    [TL_SCRIPT_DELRANGE] = {"delrange",   TXN,    "@R",   TL_SCRIPT_WANT_COUNT,
                         "delrange [u64(1)..u64(9)) -> count=8"                                                                                   },
    [TL_SCRIPT_CURSOR] = {"cursor",     TXN,    "N@",   0,                                          "cursor c"                                     },
    [TL_SCRIPT_FIRST] = {"first",      CURSOR, "",     RECORD,                                     "c: first"                                     },
    [TL_SCRIPT_LAST] = {"last",       CURSOR, "",     RECORD,                                     "c: last"                                      },
    [TL_SCRIPT_SEEK] = {"seek",       CURSOR, "k",    RECORD,                                     "c: seek u64(1)"                               },
    [TL_SCRIPT_NEXT] = {"next",       CURSOR, "i",    RECORD,                                     "c: next"                                      },
    [TL_SCRIPT_PREV] = {"prev",       CURSOR, "i",    RECORD,                                     "c: prev"                                      },
    [TL_SCRIPT_CURDEL] = {"curdel",     CURSOR, "",     0,                                          "c: curdel"                                    },
    [TL_SCRIPT_CURCLOSE] = {"curclose",   CURSOR, "",     0,                                          "c: curclose"                                  },
    [TL_SCRIPT_BATCH] = {"batch",      TXN,    "@pB",  TL_SCRIPT_WANT_AT,                          "batch"                                        },
    [TL_SCRIPT_BULKINSERT] = {"bulkinsert", TXN,    "@pB",  TL_SCRIPT_WANT_AT,                          "bulkinsert"                                   },
    [TL_SCRIPT_BULKLOAD] = {"bulkload",   TXN,    "@pB",  TL_SCRIPT_WANT_AT,                          "bulkload fill=bulk90"                         },
    [TL_SCRIPT_FOR] = {"for",        NONE,   "FB",   TL_SCRIPT_WANT_NONE,                        "for i in 0..100 shuffle 7"                    },
    [TL_SCRIPT_EXPECT] = {"expect",     NONE,   "NEI",  TL_SCRIPT_WANT_NONE,                        "expect leaf_splits <= 28"                     },
    [TL_SCRIPT_FAIL] = {"fail",       NONE,   "X",    0,                                          "fail fdatasync 2 EIO sticky"                  },
    [TL_SCRIPT_CRASH] = {"crash",      NONE,   "C",    0,                                          "crash profile=journal at=31 drop=4,6 torn=7:2"},
};

const tl_script_verb_row *tl_script_verb_get(tl_script_verb verb)
{
    return &verbs[verb];
}

tl_script_verb tl_script_verb_find(const char *word)
{
    for (tl_script_verb verb = TL_SCRIPT_OPEN; verb < TL_SCRIPT_VERB_COUNT; verb++)
        if (strcmp(verbs[verb].word, word) == 0)
            return verb;
    return TL_SCRIPT_VERB_COUNT;
}

const char *tl_script_verb_nearest(const char *word)
{
    const char *words[TL_SCRIPT_VERB_COUNT];
    size_t count = 0;
    for (tl_script_verb verb = TL_SCRIPT_OPEN; verb < TL_SCRIPT_VERB_COUNT; verb++)
        words[count++] = verbs[verb].word;
    return tl_nearest(word, words, count);
}
