/* harness/spec/spec.h -- what a run is asked to do, as a text that can be kept, hashed and run
 * again.
 *
 *     [global]                     ; for the whole run, and for all phases
 *     ops = 1e6
 *     driver = tree,lmdb
 *     tree.leaf = rebuild          ; a setting of one driver
 *     [load]                       ; one section per phase, in the order in which they run
 *     [run]
 *     keys = zipf:0.99
 *
 * The same in JSON: {"global": {"ops": 1000000, ...}, "phases": [{"phase": "load"}, {"phase":
 * "run", "keys": "zipf:0.99"}]}.  Both are read into one list of (section, key, value, where from),
 * and everything behind that is one way: the command line adds to the list, a table of known keys
 * is held against it, and one canonical JSON comes out of it.
 *
 *     tl_spec_begin -> tl_spec_put ... -> tl_spec_read -> tl_spec_check -> tl_spec_get ...
 *                   -> tl_spec_release
 *
 * Threads   a spec is used by one thread at a time.
 * Memory    texts handed out live as long as the spec; those handed in are copied.
 */
#ifndef TL_HARNESS_SPEC_H
#define TL_HARNESS_SPEC_H

#include "harness/report/json.h"
#include "workloads/workload.h"

#include <stdio.h>

enum {
    TL_SPEC_TEXT_MAX = 512,  /* bytes that always hold a message of this room */
    TL_SPEC_HASH_BYTES = 65, /* SHA-256 in hex, and a NUL */
};

typedef enum tl_spec_origin { /* the later ones win */
                              TL_SPEC_DEFAULT,
                              TL_SPEC_FILE,
                              TL_SPEC_COMMAND,
} tl_spec_origin;

typedef struct tl_spec_entry {
    char *section; /* "" = [global] */
    char *key, *value;
    tl_spec_origin origin;
    unsigned line; /* in the file, from 1; 0: the file does not have it */
} tl_spec_entry;

typedef struct tl_spec_section {
    char *name;
    unsigned line;
} tl_spec_section;

/* Told each trouble as one line for people: "mix.ini:7: [run] unknown key 'kyes'; ..." */
typedef void tl_spec_tell(void *context, const char *text);

typedef struct tl_spec {
    char *file; /* as named by the user; NULL: no file was read */
    tl_spec_entry *entries;
    size_t entry_count, entry_capacity;
    tl_spec_section *sections; /* in running order */
    size_t section_count, section_capacity;
    tl_spec_tell *tell;
    void *context;
    size_t trouble_count; /* told so far */
} tl_spec;

void tl_spec_begin(tl_spec *spec, tl_spec_tell *tell, void *context);
void tl_spec_release(tl_spec *spec);

/* Set a key; section "" is [global], another is made when it is not there yet.  What the command
 * line said stays, whenever the file is read.
 *
 * TL_OK
 * TL_EXISTS     the file has the key already; *before (may be NULL) is its line there
 * TL_NO_MEMORY */
TL_MUST_USE tl_status tl_spec_put(tl_spec *spec, const char *section, const char *key,
                                  const char *value, tl_spec_origin origin, unsigned line,
                                  unsigned *before);
TL_MUST_USE tl_status tl_spec_add_section(tl_spec *spec, const char *name, unsigned line,
                                          unsigned *before); /* the same statuses */

const tl_spec_entry *tl_spec_find(const tl_spec *spec, const char *section, const char *key);
const char *tl_spec_get(const tl_spec *spec, const char *section, const char *key,
                        const char *fallback);
bool tl_spec_has_section(const tl_spec *spec, const char *name);

/* Read a file, INI or JSON (its name ends in .json, or it begins with a brace), at most 1 MiB.
 * tl_spec_read_text does the same from memory; `name` stands for the file in messages.
 *
 * TL_OK
 * TL_INVALID    it says something that no spec says; each trouble was told
 * TL_NOT_FOUND, TL_ACCESS, TL_IO   the file; told
 * TL_NO_MEMORY  told */
TL_MUST_USE tl_status tl_spec_read(tl_spec *spec, const char *path);
TL_MUST_USE tl_status tl_spec_read_text(tl_spec *spec, const char *name, const char *text,
                                        size_t size_bytes);

/* Tell of a trouble at `line` of the file (0: at none), printf-like. */
void tl_spec_trouble(tl_spec *spec, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same, in front of it where the entry is from and its section. */
void tl_spec_trouble_at(tl_spec *spec, const tl_spec_entry *entry, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The keys of [global] that every run has, with type, default and range; a NULL-named row ends it.
 * A default of "" means that the run decides ("batch": the workload's own). */
extern const tl_workload_option tl_spec_globals[];
const tl_workload_option *tl_spec_row(const tl_workload_option *table, const char *key);

/* Is `value` one that `row` takes?  False: `error` says what would be right.  Texts of types that
 * only a workload understands are taken as they are. */
bool tl_spec_value(const tl_workload_option *row, const char *value, char *error,
                   size_t error_bytes);

/* A value of a row of numbers; false for other rows. */
bool tl_spec_number(const tl_workload_option *row, const char *value, uint64_t *number);

typedef enum tl_spec_kind { /* what a section asks for */
                            TL_SPEC_UNKNOWN,
                            TL_SPEC_PHASE,
                            TL_SPEC_CRASH,
                            TL_SPEC_VERIFY,
} tl_spec_kind;
/* "run", "run2" and "run_mornings" are sections of the kind "run". */
tl_spec_kind tl_spec_kind_of(const char *section);
const char *const *tl_spec_kinds(size_t *count); /* "load", "warm", ... */

/* Does the workload take settings "SECTION.key", and the key alone for all sections?  It says so by
 * its name, "phases", or by rows "*.key" in its option table. */
bool tl_spec_has_phases(const tl_workload *workload);
/* The row of a setting: of "run.keys" that named "*.keys" or "keys".  NULL: there is none. */
const tl_workload_option *tl_spec_setting_row(const tl_workload *workload, const char *name);

enum { TL_SPEC_WORDS_MAX = 64 };
typedef struct tl_spec_words {                       /* what the keys of a spec may be */
    const tl_workload *workloads[TL_SPEC_WORDS_MAX]; /* the chosen ones */
    /* What one of them asks before the spec says anything: of the catalogue; else NULL. */
    const struct tl_spec *bases[TL_SPEC_WORDS_MAX];
    size_t workload_count;
    const char *drivers[TL_SPEC_WORDS_MAX]; /* what may stand before a dot in [global] */
    size_t driver_count;
} tl_spec_words;

/* Hold every entry against the words; each trouble is told.  True: there was none. */
bool tl_spec_check(tl_spec *spec, const tl_spec_words *words);

/* Print as INI that can be run again: each key, and behind it where it came from.  Defaults of
 * workloads and phases are printed as remarks, so that running it again asks the same. */
void tl_spec_print(const tl_spec *spec, const tl_spec_words *words, FILE *out);
/* The same as JSON, which can be run again too; "origins" tells where from. */
tl_json *tl_spec_json(const tl_spec *spec, const tl_spec_words *words);

/* What a cell was asked, whoever asked and however: keys sorted, numbers as digits, no engine, no
 * place, no repetitions.  Equal hashes: the same questions to a store. */
typedef struct tl_spec_ask {
    const tl_workload *workload;
    uint64_t ops, seed;
    uint32_t page_bytes;
    const char *durability;
    bool batch_given;
    uint64_t batch;
    const tl_workload_setting *settings;
    size_t setting_count;
} tl_spec_ask;
/* The canonical document and the SHA-256 of its text on one line.  NULL: memory is short. */
tl_json *tl_spec_canonical(const tl_spec_ask *ask, char hash[TL_SPEC_HASH_BYTES]);
/* The SHA-256 of a document on one line; false: memory is short. */
bool tl_spec_hash(const tl_json *root, char hash[TL_SPEC_HASH_BYTES]);

#endif
