/* harness/check/contract.h -- what a store promises after a crash, as rows of a text table.
 *
 * The table (contracts.txt) is built into the program; `--contract FILE` puts another in its place.
 * It is the only place that says what may be there after a crash: whoever judges a state asks for
 * the contract, then for the commits that it allows at that crash point.  So
 *
 *   - what the contract does not allow is a finding,
 *   - a finding that a `known` row names is counted apart, with the reason that stands there,
 *   - where every allowed state was looked at and kept more than was promised, that can be said.
 *
 * Threads   a table is read by any number of them.
 */
#ifndef TL_HARNESS_CHECK_CONTRACT_H
#define TL_HARNESS_CHECK_CONTRACT_H

#include "harness/check/trace.h"
#include "harness/fault/profile.h"

#include <stdio.h>

/* X(upper, word, meaning) */
#define TL_DURABLE_MAP(X)                                                                          \
    X(NO, no, "no commit need be there")                                                           \
    X(CHECKPOINT, checkpoint, "those before a checkpoint, or close, that returned")                \
    X(ACK, ack, "every acknowledged one")

#define TL_DURABLE_AS_ENUM(upper, word, text) TL_DURABLE_##upper,
typedef enum tl_durable { TL_DURABLE_MAP(TL_DURABLE_AS_ENUM) TL_DURABLE_COUNT } tl_durable;
const char *tl_durable_name(tl_durable durable);

typedef struct tl_contract {
    tl_durable durable;
    bool atomic, ordered;
    bool refuses; /* it may also refuse to open, or say later that it is damaged */
} tl_contract;

enum { TL_CONTRACT_WORD_BYTES = 32, TL_CONTRACT_REASON_BYTES = 256, TL_CONTRACT_ROWS_MAX = 64 };

typedef struct tl_contract_row {
    /* "*": any */
    char driver[TL_CONTRACT_WORD_BYTES], protocol[TL_CONTRACT_WORD_BYTES];
    char durability[TL_CONTRACT_WORD_BYTES], profile[TL_CONTRACT_WORD_BYTES];
    bool known;           /* an exception; else a contract */
    tl_contract contract; /* of a contract */
    /* of an exception */
    bool rules[TL_RULE_COUNT];
    char unless_name[TL_CONTRACT_WORD_BYTES]; /* "": always */
    char unless_value[TL_CONTRACT_WORD_BYTES];
    bool unless_least; /* with that number or a larger one, not with exactly that value */
    char reason[TL_CONTRACT_REASON_BYTES];
} tl_contract_row;

typedef struct tl_contracts {
    tl_contract_row rows[TL_CONTRACT_ROWS_MAX];
    size_t count;
} tl_contracts;

/* The table that is built in; lives for ever. */
const tl_contracts *tl_contracts_builtin(void);
void tl_contracts_print(FILE *file); /* its text */

/* Read a table.
 *
 * TL_OK
 * TL_INVALID   a line is none, or there are too many; `error` tells which, and what is wrong */
TL_MUST_USE tl_status tl_contracts_parse(const char *text, tl_contracts *contracts, char *error,
                                         size_t error_bytes);
/* The same of a file.  Others: it cannot be read. */
TL_MUST_USE tl_status tl_contracts_read(const char *path, tl_contracts *contracts, char *error,
                                        size_t error_bytes);

typedef struct tl_contract_case { /* whose contract; all borrowed */
    const char *driver;
    const tl_driver_setting *settings; /* the last one of a name counts; the protocol is "commit" */
    size_t setting_count;
    uint32_t page_bytes; /* a setting of every store, by this name */
    tl_durability durability;
    tl_profile profile;
} tl_contract_case;
tl_contract_case tl_contract_case_of(const tl_inspector *inspector, tl_profile profile);

/* What is promised: of the first row that fits, or else nothing but honesty. */
tl_contract tl_contract_find(const tl_contracts *contracts, const tl_contract_case *whose);
/* The row that makes breaking `rule` known; NULL: it is a finding. */
const tl_contract_row *tl_contract_known(const tl_contracts *contracts,
                                         const tl_contract_case *whose, tl_rule rule);

/* What may be there after a crash at log entry `at`. */
tl_allowed tl_contract_allowed(const tl_contract *contract, const tl_trace *trace, size_t at);
/* Does the contract put up with this verdict, made by the bounds it allows? */
bool tl_contract_allows(const tl_contract *contract, const tl_verdict *verdict);

/* What all states of a trace together showed, for saying that more was kept than was promised. */
typedef struct tl_contract_seen {
    uint64_t fell_short[TL_DURABLE_COUNT]; /* answers that a contract with that would not allow */
    uint64_t refused;                      /* refusals, also late ones */
} tl_contract_seen;
void tl_contract_see(tl_contract_seen *seen, const tl_trace *trace, size_t at,
                     const tl_verdict *verdict);
/* "durable: ack, not only checkpoint; it never refused"; false: no more than was promised. */
bool tl_contract_stronger(const tl_contract *contract, const tl_contract_seen *seen, char *text,
                          size_t text_bytes);

#endif
