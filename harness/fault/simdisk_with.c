/* harness/fault/simdisk_with.c -- the log of a run as it would have been with more syncs in it. */
#include "harness/fault/simdisk_body.h"

#include <assert.h>
#include <stdlib.h>

tl_status tl_simdisk_copy_with(const tl_simdisk *trace, const size_t *before,
                               const tl_simdisk_op *syncs, size_t count, tl_simdisk **out)
{
    tl_simdisk *copy = NULL;
    tl_status status = tl_simdisk_create_beside(trace, trace->flags, &copy);
    if (status != TL_OK)
        return status;
    tl_simdisk_op *ops = malloc((trace->op_count + count + 1) * sizeof *ops);
    status = ops == NULL ? TL_NO_MEMORY : tl_image_copy(&copy->image, &trace->image);
    if (status == TL_OK)
        status = tl_image_copy(&copy->base_issued, &trace->base_issued);
    if (status == TL_OK)
        status = tl_image_copy(&copy->base_durable, &trace->base_durable);
    if (status != TL_OK) {
        free(ops);
        tl_simdisk_destroy(copy);
        return status;
    }
    size_t used = 0, next = 0;
    for (size_t i = 0; i <= trace->op_count; i++) {
        for (; next < count && before[next] == i; next++) {
            assert(syncs[next].kind == TL_SIMDISK_SYNC || syncs[next].kind == TL_SIMDISK_SYNC_DIR);
            ops[used++] = syncs[next];
        }
        if (i < trace->op_count)
            ops[used++] = trace->ops[i];
    }
    free(copy->ops);
    copy->ops = ops;
    copy->op_count = used;
    copy->op_capacity = trace->op_count + count + 1;
    *out = copy;
    return TL_OK;
}
