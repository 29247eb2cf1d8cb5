/* workloads/phases_pick.h -- a record by a law, among those that are alive. */
#ifndef TL_WORKLOADS_PHASES_PICK_H
#define TL_WORKLOADS_PHASES_PICK_H

#include "workloads/phases_state.h"

void tl_picker_begin(const tl_phases *w, tl_picker *picker, const tl_law *law, uint64_t stream,
                     uint32_t share);

/* The number of a live record; false when none is alive. */
bool tl_pick_live(tl_phases *w, tl_picker *picker, uint64_t *number);

/* The number of any record that was or may yet be born up to now; false when there is none. */
bool tl_pick_any(tl_phases *w, tl_picker *picker, uint64_t *number);

#endif
