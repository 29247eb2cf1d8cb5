/* harness/script/parse.h -- the pieces of the parser; parse.c puts them together. */
#ifndef TL_HARNESS_SCRIPT_PARSE_H
#define TL_HARNESS_SCRIPT_PARSE_H

#include "harness/script/scanner.h"
#include "harness/script/verbs.h"

/* What follows the verb, as its shape says (verbs.h); a body is the caller's.  False: reported. */
bool tl_parse_shape(tl_scanner *scan, const char *shape, tl_script_line *line);

/* "->" and what follows, when it is there.  False: reported. */
bool tl_parse_want(tl_scanner *scan, const tl_script_verb_row *verb, tl_script_want *want);

#endif
