/* harness/script/answer.h -- what a store said to one line, and whether that was right. */
#ifndef TL_HARNESS_SCRIPT_ANSWER_H
#define TL_HARNESS_SCRIPT_ANSWER_H

#include "harness/script/evaluate.h"
#include "harness/script/run.h"

/* The status says which of the other fields are meaningful: they are filled by TL_OK alone. */
typedef struct tl_script_answer {
    tl_status status;
    bool has_record;   /* key and value: get (value alone) and cursor steps */
    bool has_key;      /* cursor steps */
    bool has_count;    /* scan, count */
    bool has_ends;     /* scan, when it met a record: first and last */
    bool has_hash;     /* scan */
    bool out_of_order; /* scan: a key was delivered after one that sorts behind it */
    tl_script_buffer key, value, first, last;
    uint64_t count, hash;
    bool has_at; /* batches: which item was refused, whatever the status */
    uint64_t at;
    char note[200]; /* why, for people; "" when the status says it all */
} tl_script_answer;

/* Make an answer empty again; its buffers keep their memory. */
void tl_script_answer_reset(tl_script_answer *answer);
void tl_script_answer_free(tl_script_answer *answer);
void tl_script_answer_note(tl_script_answer *answer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Did the store refuse?  Then it must not have changed anything. */
bool tl_script_is_refusal(tl_status status);

/* A want with its expressions evaluated. */
typedef struct tl_script_expectation {
    const tl_script_want *want;
    tl_script_buffer value, key, first, last;
    int64_t count, at;
    bool model_only; /* the want is not asked: only store against model */
} tl_script_expectation;

TL_MUST_USE tl_status tl_script_expect(tl_script_scope *scope, const tl_script_want *want,
                                       tl_script_expectation *expectation);
void tl_script_expectation_free(tl_script_expectation *expectation);

enum { TL_SCRIPT_SAYING_BYTES = 240 }; /* room for a want or an answer as text */

/* Compare.  False: `want` and `got` tell the difference.  `model` is NULL when it was not asked. */
bool tl_script_answer_agrees(const tl_script_expectation *expectation,
                             const tl_script_answer *store, const tl_script_answer *model,
                             char *want, char *got);

/* Bytes for people: "text", or hex(…) when they are not, cut short with their length. */
void tl_script_saying(char *text, size_t text_bytes, tl_slice bytes);

#endif
