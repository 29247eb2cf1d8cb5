/* harness/fault/choices_body.h -- a disk that decides late; for the files of this folder.
 *
 * What one open sector may still hold is a mask over its different contents.  Decisions narrow
 * masks.  Only a refused checksum ties sectors together: all their mixtures but some boxes, where
 * a box is one mask for each member and boxes never overlap.  So what is left of a group is always
 * a product less a sum of products, and narrowing a member keeps that shape.
 */
#ifndef TL_HARNESS_CHOICES_BODY_H
#define TL_HARNESS_CHOICES_BODY_H

#include "harness/fault/choices.h"
#include "harness/fault/pending_body.h"

enum { TL_CONTENTS_MAX = 64, TL_MIX_MEMBERS_MAX = 2048 };

typedef struct tl_content_choice { /* one content of a sector */
    uint32_t version;              /* one that has it */
    uint32_t count;                /* how many have it */
} tl_content_choice;

typedef struct tl_open { /* a sector with a choice */
    uint32_t file, sector;
    uint32_t first, count; /* of choices->contents, oldest first */
    uint32_t source;       /* of possible->open */
    uint32_t group;        /* index + 1; 0: none */
    uint64_t all, mask;    /* which contents there are, and which are left */
    bool counted;          /* some content has several versions */
    bool touched;          /* narrowed in this run, or a member */
    tl_hash128 hash;       /* of all contents */
} tl_open;

typedef struct tl_group {
    size_t members,
        boxes; /* in choices->run_words: open indexes; then masks, member after member */
    uint32_t member_count, box_count;
} tl_group;

typedef enum tl_decision_kind { TL_DECIDE_CONTENT, TL_DECIDE_MIXTURE } tl_decision_kind;

typedef struct tl_decision {
    tl_decision_kind kind;
    uint32_t branch, branch_count;
    bool refused_last;     /* the last branch: a checksum refuses, a unit is not wanted */
    uint64_t trace;        /* of the run until here */
    uint32_t open;         /* CONTENT: which sector; its words are a mask for each branch */
    uint32_t member_count; /* MIXTURE: its words are the members, then a box for each branch */
    size_t words;          /* where in choices->words */
} tl_decision;

typedef struct tl_long_words { /* a growing array of masks */
    uint64_t *at;
    uint32_t count, capacity;
} tl_long_words;

struct tl_choices {
    tl_choices_options options;
    const tl_simdisk *trace;
    const tl_possible *possible;
    tl_image image; /* the outcome; sectors with a choice carry TL_VERSION_OPEN and their index */

    tl_open *opens;
    tl_content_choice *contents;
    uint8_t *content_of; /* by index into possible->shown: which content of its sector */
    uint32_t open_count, open_capacity, content_count, content_capacity, content_of_capacity;
    tl_words path_of_file, file_of_path; /* canonical; UINT32_MAX: none */
    tl_words marks;                      /* by open: of tl_choices_beside_set */
    tl_hash128 names_hash;
    mpz_t fixed; /* ways to take equal versions where all that there are have one content */
    bool exact;

    /* the decisions, and the run that takes them */
    tl_decision *decisions;
    uint32_t decision_count, decision_capacity, depth, hard_count;
    tl_long_words words, run_words, pieces, next_pieces, wide;
    tl_group *groups;
    uint32_t group_count, group_capacity;
    tl_words touched;
    tl_simdisk *state;
    uint32_t run_mark; /* versions from here on were made by the run */
    uint8_t poison;
    tl_run_end end;
    uint64_t run_trace;
    const uint32_t *follow;
    uint32_t follow_count, follow_used;
    bool follow_wrong;
    mpz_t scratch, product, total, part;

    /* by file and first sector: recalled and not read, since when `life` had this value */
    tl_words *recalled;
    uint32_t recalled_capacity, life;

    /* which sectors were read, by file: a bit each */
    tl_long_words *read_bits;
    uint32_t read_bits_capacity;
    tl_read_sector *read_set;
    uint32_t read_set_capacity;
};

/* The open sector behind an entry of the table. */
static inline tl_open *tl_choices_open(tl_choices *choices, uint32_t version)
{
    return &choices->opens[version & ~TL_VERSION_OPEN];
}

/* Stored decision of a run that repeats, or NULL when a new one is to be made; *status: the run
 * has ended. */
tl_decision *tl_choices_repeat(tl_choices *choices, tl_decision_kind kind, tl_status *status);
/* A new decision, whose words are those behind `words`; its branch is taken at once. */
TL_MUST_USE tl_status tl_choices_decide(tl_choices *choices, const tl_decision *made,
                                        tl_decision **decision);
TL_MUST_USE tl_status tl_choices_stop(tl_choices *choices, tl_run_end end); /* gives TL_IO */
TL_MUST_USE tl_status tl_choices_words_add(tl_long_words *words, uint64_t word);

/* choices_recall.c */
bool tl_choices_was_recalled(const tl_choices *choices, uint32_t file, uint64_t offset);
TL_MUST_USE tl_status tl_choices_recall_keep(tl_choices *choices, uint32_t file, uint64_t first);
void tl_choices_forget_recalled(tl_choices *choices);

void tl_choices_touch(tl_choices *choices, uint32_t open);
/* Leave these contents only. */
void tl_choices_narrow(tl_choices *choices, uint32_t open, uint64_t mask);
/* May the sector be narrowed so, with something left of its group? */
bool tl_choices_possible(tl_choices *choices, uint32_t open, uint64_t mask);
uint64_t tl_choices_mask_count(const tl_choices *choices, const tl_open *open, uint64_t mask);

/* choices_weight.c */
void tl_choices_group_weight(tl_choices *choices, const tl_group *group, mpz_t weight);

/* choices_tie.c: ways to decide these sectors, and whoever is tied to one, when they show `box`. */
void tl_choices_box_weight(tl_choices *choices, const uint32_t *members, uint32_t member_count,
                           const uint64_t *box, mpz_t weight);
/* Tie them: all mixtures but those of the boxes, which begin at `boxes` in choices->words, behind
 * the members, and those of the groups that they were in. */
TL_MUST_USE tl_status tl_choices_tie(tl_choices *choices, const uint32_t *members,
                                     uint32_t member_count, size_t boxes, uint32_t box_count);

void tl_choices_note(tl_choices *choices, uint64_t what); /* into the trace of the run */
/* Remember that sectors [first, last] were read, and what is there goes into the trace. */
TL_MUST_USE tl_status tl_choices_note_sectors(tl_choices *choices, uint32_t file, uint64_t first,
                                              uint64_t last, bool contents);

/* Decide what the sector shows in its bytes [from, to). */
TL_MUST_USE tl_status tl_choices_decide_content(tl_choices *choices, uint32_t open, size_t from,
                                                size_t to);
/* Copy bytes of the file as decided; of an open choice any content that is left. */
void tl_choices_copy(tl_choices *choices, uint32_t file, uint64_t offset, void *buffer,
                     size_t size_bytes);
/* A checked piece with one open sector in it: decide by the verdict.  *accepted: the buffer holds
 * it. */
TL_MUST_USE tl_status tl_choices_judge_one(tl_choices *choices, uint32_t open, uint32_t file,
                                           uint64_t offset, void *buffer, size_t size_bytes,
                                           tl_io_verify_fn verify, void *context, bool *accepted);

#endif
