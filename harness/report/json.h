/* harness/report/json.h -- JSON in and out; json.c alone knows libcjson.
 *
 * A field has one JSON type for ever: counts and nanoseconds are numbers below 2^53, seeds, hashes
 * and ids are strings.  Allocation failures inside a document are remembered and make
 * tl_json_write fail, so that building code needs no check per field.
 */
#ifndef TL_HARNESS_JSON_H
#define TL_HARNESS_JSON_H

#include "tl/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct tl_json tl_json; /* one node: an object, array, number, string, bool or null */

tl_json *tl_json_object_new(void); /* a root; NULL when memory is short (all calls take NULL) */
tl_json *tl_json_array_new(void);
void tl_json_free(tl_json *root); /* the root and all below it */

tl_json *tl_json_add_object(tl_json *object, const char *name); /* name NULL inside an array */
tl_json *tl_json_add_array(tl_json *object, const char *name);
/* A count.  At 2^53 and beyond a double loses it: the document is marked, see tl_json_overflowed */
void tl_json_add_count(tl_json *object, const char *name, uint64_t value);
void tl_json_add_real(tl_json *object, const char *name, double value);     /* non-finite: null */
void tl_json_add_text(tl_json *object, const char *name, const char *text); /* NULL: null */
void tl_json_add_hex(tl_json *object, const char *name, uint64_t value); /* "0x00…", 16 digits */
void tl_json_add_bool(tl_json *object, const char *name, bool value);
void tl_json_add_null(tl_json *object, const char *name);
void tl_json_attach(tl_json *object, const char *name, tl_json *child); /* child becomes owned */
bool tl_json_overflowed(void); /* a count of 2^53 or more was added since the process began */

/* Write to a temporary file beside `path`, fsync, rename.  TL_IO, TL_ACCESS, TL_NO_SPACE,
 * TL_NO_MEMORY leave any older file as it was.  `path` "-" prints to stdout. */
TL_MUST_USE tl_status tl_json_write(const tl_json *root, const char *path);
TL_MUST_USE tl_status tl_json_read(const char *path, tl_json **root); /* TL_INVALID: not JSON */

/* The same from memory.  TL_INVALID: not JSON; *error_at is where reading stopped. */
TL_MUST_USE tl_status tl_json_parse(const char *text, size_t size_bytes, tl_json **root,
                                    size_t *error_at);
/* The document on one line without spaces, members in their order; release with free().  NULL:
 * memory is short, now or when the document was built. */
char *tl_json_line(const tl_json *root);

const tl_json *tl_json_get(const tl_json *node, const char *name); /* NULL when absent */
size_t tl_json_size(const tl_json *node);                          /* members or elements */
const tl_json *tl_json_at(const tl_json *node, size_t index);      /* members count too */
const char *tl_json_name(const tl_json *node);                     /* member name; "" if none */
double tl_json_real(const tl_json *node, double fallback);
uint64_t tl_json_count(const tl_json *node, uint64_t fallback);
const char *tl_json_text(const tl_json *node, const char *fallback);
bool tl_json_is_true(const tl_json *node);

typedef enum tl_json_kind {
    TL_JSON_NULL,
    TL_JSON_BOOL,
    TL_JSON_NUMBER,
    TL_JSON_TEXT,
    TL_JSON_ARRAY,
    TL_JSON_OBJECT,
} tl_json_kind;
tl_json_kind tl_json_kind_of(const tl_json *node); /* of NULL: TL_JSON_NULL */

#endif
