/* harness/report/picture.h -- the list of pictures that a report will have.
 *
 * A picture is one drawing of one kind (the gnuplot template's name); its TSV rows carry its name,
 * so that a template draws every picture of its kind and nothing else.  The caption says what is
 * needed to read the picture alone: units, repetitions, seed, machine, commit, command.
 */
#ifndef TL_HARNESS_PICTURE_H
#define TL_HARNESS_PICTURE_H

#include "harness/report/groups.h"
#include "harness/report/text.h"

typedef struct tl_picture {
    char kind[16]; /* "throughput" "latency" "crash" ...: plots/<kind>.gp */
    char name[96]; /* the file's name without .svg; letters, digits, '_' and '-' only */
    char title[256];
    char what[512]; /* how to read it, one sentence or two; the caption's and alt text's start */
    size_t part_no; /* TL_PICTURE_ALL_PARTS: not of one part */
    size_t workload_no; /* of a latency picture: its groups' */
    size_t panel_count;
    double low, high;      /* the shared value axis, when the kind has one */
    char source[128];      /* a line of its own below; "": none */
    const tl_json *origin; /* where its numbers come from, shaped like a run.json, */
    bool has_origin;       /* when not from a run of the suite; NULL then: not told */
    bool chosen;           /* by tl_pictures_choose: it is to be drawn */
} tl_picture;

#define TL_PICTURE_ALL_PARTS ((size_t)-1)

typedef struct tl_pictures {
    tl_picture *rows;
    size_t count;
    bool failed; /* memory ran short */
} tl_pictures;

/* A new last picture, "<kind>_<part>[_<suffix>]"; valid until the next call.  NULL: no memory. */
tl_picture *tl_pictures_add(tl_pictures *pictures, const char *kind, size_t part_no,
                            const char *suffix, size_t suffix_no);
void tl_pictures_clear(tl_pictures *pictures);

/* "treelab run --driver tree": argv of a run as typed, quoted where a shell needs it. */
void tl_picture_command(tl_text *text, const tl_json *run);
/* "AMD EPYC 7763, 2 CPUs, 8 GiB, Linux 6.1, kvm; class 0x…" */
void tl_picture_machine(tl_text *text, const tl_json *run);
/* "ab12cd34ef56, with local changes" */
void tl_picture_revision(tl_text *text, const tl_json *run);

/* "0x2a": the run's seed without leading zeros. */
void tl_picture_seed(tl_text *text, const tl_json *run);

/* Choose what will be drawn: at most `most` pictures (0: all), each run's first before any run's
 * second, those of all runs before them.  Returns how many are left out. */
size_t tl_pictures_choose(tl_pictures *pictures, size_t most);

/* The header of pictures.tsv and `count` rows of it. */
void tl_pictures_list(const tl_picture *rows, size_t count, tl_text *table);

/* pictures.tsv and captions.tsv into `dir`.  Statuses of tl_text_save. */
TL_MUST_USE tl_status tl_pictures_write(const tl_pictures *pictures, const tl_suite *suite,
                                        const char *dir);

#endif
