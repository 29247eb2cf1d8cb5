/* workloads/op.c -- the names of operation kinds, from the table in op.h. */
#include "workloads/op.h"

#define OP_AS_NAME(upper, lower, text) #lower,
static const char *const names[] = {TL_OP_KIND_MAP(OP_AS_NAME)};

const char *tl_op_kind_name(uint32_t kind)
{
    return kind < TL_OP_KIND_COUNT ? names[kind] : "?";
}
