/* workloads/op.h -- one operation that a workload asks of a store.
 *
 * An op is plain data.  Its bytes belong to the generator and live until the next call of next_n
 * on the same generator.  A generator knows what it wrote before, so a read carries the answer a
 * right store gives; the harness compares.
 */
#ifndef TL_WORKLOADS_OP_H
#define TL_WORKLOADS_OP_H

#include <stddef.h>
#include <stdint.h>

#define TL_OP_KIND_MAP(X)                                                                          \
    X(GET, get, "read one key")                                                                    \
    X(PUT, put, "write one key, present or not")                                                   \
    X(INSERT, insert, "write one key that must be absent")                                         \
    X(DEL, del, "delete one key")                                                                  \
    X(SCAN, scan, "read up to scan_count records in key order from key on")                        \
    X(COMMIT, commit, "end the transaction; issued by the harness, never by a generator")          \
    X(GET_MANY, get_many, "gets asked together; made of them by the harness, never by a generator")

#define TL_OP_AS_ENUM(upper, lower, text) TL_OP_##upper,
typedef enum tl_op_kind { TL_OP_KIND_MAP(TL_OP_AS_ENUM) TL_OP_KIND_COUNT } tl_op_kind;

enum {
    TL_OP_ABSENT = 1,  /* GET, DEL: the right answer is "no such key" */
    TL_OP_APPEND = 2,  /* PUT, INSERT: the key is larger than every key so far (a hint) */
    TL_OP_REVERSE = 4, /* SCAN: downwards from the last record whose key is <= key */
};

typedef struct tl_op {
    uint32_t kind;  /* tl_op_kind */
    uint32_t flags; /* TL_OP_ABSENT, TL_OP_APPEND */
    const void *key;
    size_t key_bytes;  /* 0 for a SCAN from the first record */
    const void *value; /* PUT, INSERT: what to write.  GET: the right answer */
    size_t value_bytes;
    uint64_t scan_count;  /* SCAN: records wanted; also the right number of answers.  GET: 0, or how
                             many gets from this one on belong together (then so for the phase) */
    uint64_t scan_hash;   /* SCAN: sum of tl_record_hash over the right answers; 0 = not known */
    uint64_t intended_ns; /* open-loop start time since the phase began; 0 = closed loop */
} tl_op;

const char *tl_op_kind_name(uint32_t kind); /* "get"; "?" when out of range */

#endif
