/* harness/run/shapes.c -- see shapes.h. */
#include "harness/run/shapes.h"

#include <stdlib.h>

/* After how many operations sample number `i` is due: the last one at the end of the phase. */
static uint64_t due(const tl_shapes *shapes, size_t i)
{
    uint64_t whole = shapes->phase_ops / shapes->wanted, rest = shapes->phase_ops % shapes->wanted;
    return whole * (i + 1) + rest * (i + 1) / shapes->wanted;
}

tl_status tl_shapes_begin(tl_shapes *shapes, size_t wanted, uint64_t phase_ops)
{
    *shapes = (tl_shapes){.wanted = wanted, .phase_ops = phase_ops};
    shapes->at = calloc(wanted, sizeof *shapes->at);
    if (shapes->at == NULL)
        return TL_NO_MEMORY;
    shapes->next_ops = due(shapes, 0);
    return TL_OK;
}

void tl_shapes_release(tl_shapes *shapes)
{
    free(shapes->at);
    *shapes = (tl_shapes){.at = NULL};
}

tl_status tl_shapes_take(tl_shapes *shapes, const tl_driver *driver, tl_store *store,
                         tl_store_txn *txn, uint64_t ops)
{
    if (shapes->at == NULL || ops < shapes->next_ops)
        return TL_OK;
    tl_shape_sample *sample = &shapes->at[shapes->count];
    tl_store_txn *own = NULL;
    tl_status status = txn != NULL ? TL_OK : driver->begin(store, true, &own);
    if (status == TL_OK)
        status = driver->shape(txn != NULL ? txn : own, &sample->shape);
    if (own != NULL)
        driver->abort(own);
    if (status != TL_OK)
        return status;
    sample->ops = ops;
    shapes->count++;
    while (shapes->next < shapes->wanted && due(shapes, shapes->next) <= ops)
        shapes->next++; /* a chunk longer than the distance passes several, and is one sample */
    shapes->next_ops = shapes->next < shapes->wanted ? due(shapes, shapes->next) : UINT64_MAX;
    return TL_OK;
}
