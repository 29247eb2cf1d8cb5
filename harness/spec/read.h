/* harness/spec/read.h -- the two readers; read.c chooses. */
#ifndef TL_HARNESS_SPEC_READ_H
#define TL_HARNESS_SPEC_READ_H

#include "harness/spec/spec.h"

#define TL_SPEC_GLOBAL "global" /* the section, in a file; "" in a spec */

/* Read `text`, which has a NUL at its end and none before.  Troubles are told; the status is
 * TL_NO_MEMORY or TL_OK. */
tl_status tl_spec_read_ini(tl_spec *spec, const char *text);
tl_status tl_spec_read_json(tl_spec *spec, const char *text);

/* What both readers do with a key and with a section: duplicates are told.  "global" is "". */
tl_status tl_spec_read_key(tl_spec *spec, const char *section, const char *key, const char *value,
                           unsigned line);
tl_status tl_spec_read_section(tl_spec *spec, const char *name, unsigned line);

#endif
