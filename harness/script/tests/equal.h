/* harness/script/tests/equal.h -- are two parsed scripts the same, node by node? */
#ifndef TL_SCRIPT_TESTS_EQUAL_H
#define TL_SCRIPT_TESTS_EQUAL_H

#include "harness/script/script.h"

bool scripts_are_equal(const tl_script *left, const tl_script *right);

#endif
