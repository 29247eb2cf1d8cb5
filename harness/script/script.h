/* harness/script/script.h -- a script of store operations as a tree in memory.  Start here.
 *
 *     text -> tl_script_parse -> tl_script -> tl_script_print -> text (canonical)
 *                                    |
 *                                    +-> tl_script_run (run.h) on a driver
 *
 * A line is one flat node: its verb says which of the fields it uses (verbs.c), the others are
 * NULL, zero or false.  Expressions stay unevaluated, because loop variables may stand in them.
 *
 * Threads   a parsed script is constant: any number of threads may read and run it.
 * Memory    everything below a tl_script lives until tl_script_free.
 */
#ifndef TL_HARNESS_SCRIPT_H
#define TL_HARNESS_SCRIPT_H

#include "tl/slice.h"
#include "tl/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { /* what a script may ask of the parser; beyond: a clear error */
       TL_SCRIPT_SOURCE_BYTES_MAX = 64 << 20,
       TL_SCRIPT_LINE_BYTES_MAX = 1 << 20, /* a 64 KiB value in hex, and room */
       TL_SCRIPT_LOOPS_MAX = 8,            /* loops around one line */
       TL_SCRIPT_NESTING_MAX = 32,         /* brackets and signs around one number */
       TL_SCRIPT_TERMS_MAX = 256,          /* operators or atoms in one expression */
       TL_SCRIPT_NAME_BYTES_MAX = 64,
};

/* An integer expression: 64-bit, signed. */
typedef enum tl_script_int_kind {
    TL_SCRIPT_LITERAL,
    TL_SCRIPT_VARIABLE,
    TL_SCRIPT_NEGATE, /* uses `left` alone */
    TL_SCRIPT_ADD,
    TL_SCRIPT_SUBTRACT,
    TL_SCRIPT_MULTIPLY,
    TL_SCRIPT_DIVIDE,
    TL_SCRIPT_REMAINDER,
} tl_script_int_kind;

typedef struct tl_script_int tl_script_int;
struct tl_script_int {
    tl_script_int_kind kind;
    int64_t literal;
    unsigned loop;    /* VARIABLE: its loop, 0 = the outermost around this line */
    const char *name; /* VARIABLE: without the $ */
    const tl_script_int *left, *right;
};

/* A bytes expression: atoms put one after the other. */
typedef enum tl_script_atom_kind {
    TL_SCRIPT_TEXT, /* "text" */
    TL_SCRIPT_HEX,  /* hex(00ff) */
    TL_SCRIPT_U64,  /* u64(a): 8 bytes, big-endian */
    TL_SCRIPT_DEC,  /* dec(a,b): a in decimal, zeros in front to b digits */
    TL_SCRIPT_FILL, /* fill(a,b): a bytes of the payload named b (workloads/values.h) */
    TL_SCRIPT_REP,  /* rep(a,b): the byte a, b times */
} tl_script_atom_kind;

typedef struct tl_script_atom tl_script_atom;
struct tl_script_atom {
    tl_script_atom_kind kind;
    tl_slice literal; /* TEXT, HEX: the bytes themselves */
    const tl_script_int *a, *b;
    const tl_script_atom *next;
};

typedef struct tl_script_bytes {
    const tl_script_atom *first; /* never NULL: no bytes are written "" */
} tl_script_bytes;

typedef struct tl_script_range {
    bool low_included, high_included;
    const tl_script_bytes *low, *high; /* NULL: no bound */
} tl_script_range;

/* What a line expects.  Fields that are not asked for are NULL or false. */
typedef struct tl_script_want {
    bool given;      /* false: no "->"; the status must be TL_OK */
    bool any;        /* any status will do */
    bool has_status; /* TL_NAME was written */
    tl_status status;
    const tl_script_bytes *value, *key, *first, *last;
    const tl_script_int *count, *at;
    bool has_hash;
    uint64_t hash;
} tl_script_want;

typedef struct tl_script_pair tl_script_pair; /* key=word */
struct tl_script_pair {
    const char *key, *word;
    const tl_script_pair *next;
};

typedef struct tl_script_number tl_script_number; /* one of a list of numbers */
struct tl_script_number {
    const tl_script_int *value;
    const tl_script_number *next;
};

/* What a power loss did to the operations before it, as numbered in the timeline. */
typedef enum tl_script_loss_kind {
    TL_SCRIPT_LOSS_KEEP,
    TL_SCRIPT_LOSS_DROP,
    TL_SCRIPT_LOSS_TORN,
} tl_script_loss_kind;
typedef struct tl_script_loss tl_script_loss;
struct tl_script_loss {
    tl_script_loss_kind kind;
    const tl_script_number *units; /* TORN: exactly two, the operation and where it tore */
    const tl_script_loss *next;
};

typedef enum tl_script_comparison {
    TL_SCRIPT_EQUAL,
    TL_SCRIPT_AT_MOST,
    TL_SCRIPT_AT_LEAST,
} tl_script_comparison;

/* X(verb): every kind of line.  BLANK is an empty line or a comment, ITEM a pair inside a
 * batch. */
#define TL_SCRIPT_VERB_MAP(X)                                                                      \
    X(BLANK)                                                                                       \
    X(ITEM)                                                                                        \
    X(OPEN)                                                                                        \
    X(REOPEN)                                                                                      \
    X(CLOSE)                                                                                       \
    X(VERIFY)                                                                                      \
    X(CHECKPOINT)                                                                                  \
    X(COMPACT)                                                                                     \
    X(BEGIN)                                                                                       \
    X(COMMIT)                                                                                      \
    X(ABORT)                                                                                       \
    X(SAVEPOINT)                                                                                   \
    X(ROLLBACK)                                                                                    \
    X(PUT)                                                                                         \
    X(INSERT)                                                                                      \
    X(APPEND)                                                                                      \
    X(GET)                                                                                         \
    X(DEL)                                                                                         \
    X(DROP)                                                                                        \
    X(SCAN)                                                                                        \
    X(COUNT)                                                                                       \
    X(DELRANGE)                                                                                    \
    X(CURSOR)                                                                                      \
    X(FIRST)                                                                                       \
    X(LAST)                                                                                        \
    X(SEEK)                                                                                        \
    X(NEXT)                                                                                        \
    X(PREV)                                                                                        \
    X(CURDEL)                                                                                      \
    X(CURCLOSE)                                                                                    \
    X(BATCH)                                                                                       \
    X(BULKINSERT)                                                                                  \
    X(BULKLOAD)                                                                                    \
    X(FOR)                                                                                         \
    X(EXPECT)                                                                                      \
    X(FAIL)                                                                                        \
    X(CRASH)

#define TL_SCRIPT_VERB_AS_ENUM(upper) TL_SCRIPT_##upper,
typedef enum tl_script_verb {
    TL_SCRIPT_VERB_MAP(TL_SCRIPT_VERB_AS_ENUM) TL_SCRIPT_VERB_COUNT
} tl_script_verb;

typedef struct tl_script_line tl_script_line;
struct tl_script_line {
    tl_script_verb verb;
    uint32_t number;     /* in the source, from 1 */
    uint32_t index;      /* among all lines of the script, from 0 */
    const char *subject; /* the name before ":" */
    const char *name;    /* txn, savepoint or cursor; FOR: variable; EXPECT: counter; FAIL: call;
                            CRASH: profile */
    const char *tree;    /* without the @ */
    const char *error;   /* FAIL: "EIO" */
    bool read_only;      /* BEGIN read */
    bool reverse;        /* SCAN */
    bool sticky;         /* FAIL */
    const tl_script_bytes *key, *value;
    const tl_script_range *range;
    const tl_script_int *amount; /* NEXT, PREV, COMPACT, EXPECT: how many; FAIL: nth; CRASH: at */
    const tl_script_int *limit;  /* SCAN */
    tl_script_comparison comparison;                 /* EXPECT */
    const tl_script_pair *pairs;                     /* OPEN, REOPEN, batches */
    const tl_script_loss *losses;                    /* CRASH */
    const tl_script_int *from, *to, *step, *shuffle; /* FOR: [from, to) */
    const tl_script_line *body;                      /* FOR, batches */
    tl_script_want want;
    const char *comment;     /* without "# "; NULL: none.  "" is a bare # */
    const char *end_comment; /* FOR, batches: the one after "end" */
    const tl_script_line *next;
};

typedef struct tl_script tl_script; /* body in parse.c */

typedef struct tl_script_error { /* where a script stops being one */
    uint32_t line, column;       /* from 1 */
    char text[256];              /* "expected a key, for example u64(17) or \"text\"" */
} tl_script_error;

/* Parse `source`.  `name` (a path, for messages) is copied.
 *
 * TL_OK         *script is ready; release it with tl_script_free
 * TL_INVALID    not a script; *error says where and what was expected
 * TL_NO_MEMORY  *error says so too */
TL_MUST_USE tl_status tl_script_parse(const char *name, tl_slice source, tl_script **script,
                                      tl_script_error *error);

/* Read the file at `path` ("-" is stdin) and parse it.  Also TL_NOT_FOUND, TL_ACCESS, TL_IO, with
 * line 0 and a text. */
TL_MUST_USE tl_status tl_script_read(const char *path, tl_script **script, tl_script_error *error);

void tl_script_free(tl_script *script); /* NULL is fine */

const char *tl_script_name(const tl_script *script);
const tl_script_line *tl_script_first(const tl_script *script); /* NULL: nothing but the header */
uint32_t tl_script_line_count(const tl_script *script);         /* all lines, inner ones too */

/* The canonical text: parsing it gives an equal script, printing that gives equal text.
 * TL_OK: *text is NUL-terminated and the caller's to free().  TL_NO_MEMORY. */
TL_MUST_USE tl_status tl_script_print(const tl_script *script, char **text);

#endif
