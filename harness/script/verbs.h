/* harness/script/verbs.h -- the grammar of each verb as a row; parser and printer both obey it. */
#ifndef TL_HARNESS_SCRIPT_VERBS_H
#define TL_HARNESS_SCRIPT_VERBS_H

#include "harness/script/script.h"

/* What may stand before a verb. */
typedef enum tl_script_subject {
    TL_SCRIPT_SUBJECT_NONE,
    TL_SCRIPT_SUBJECT_TXN,    /* "name:" of a transaction, or nothing */
    TL_SCRIPT_SUBJECT_CURSOR, /* "name:" of a cursor, always */
} tl_script_subject;

enum {                           /* what a want may ask of a verb, beside a status */
       TL_SCRIPT_WANT_NONE = 1,  /* no "->" at all */
       TL_SCRIPT_WANT_VALUE = 2, /* bytes */
       TL_SCRIPT_WANT_KEY = 4,
       TL_SCRIPT_WANT_COUNT = 8,
       TL_SCRIPT_WANT_SCAN = 16, /* hash= first= last= */
       TL_SCRIPT_WANT_AT = 32,
};

/* `shape` lists what follows the verb, one letter per part, capitals required:
 *   o "read"      n N name        @ T tree       k key bytes     v value bytes
 *   r R range     d "reverse"     l "limit" int  i I int         p key=word ...
 *   F for header  E comparison    X fault        C crash         B body to "end" */
typedef struct tl_script_verb_row {
    const char *word;
    tl_script_subject subject;
    const char *shape;
    unsigned wants;
    const char *example; /* shown when a line of this verb is wrong */
} tl_script_verb_row;

const tl_script_verb_row *tl_script_verb_get(tl_script_verb verb);

/* The verb spelled `word`; TL_SCRIPT_VERB_COUNT when there is none. */
tl_script_verb tl_script_verb_find(const char *word);

/* The spelling nearest to `word`, or NULL. */
const char *tl_script_verb_nearest(const char *word);

#endif
