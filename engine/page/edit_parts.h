/* engine/page/edit_parts.h -- steps that leaf modes and branch edits are made of. */
#ifndef TL_PAGE_EDIT_PARTS_H
#define TL_PAGE_EDIT_PARTS_H

#include "engine/page/edit.h"

/* Write the page anew between its own fences, with `extra_slots` spare; garbage is gone. */
void tl_page_compact(const tl_edit *edit, uint8_t *page, unsigned extra_slots);
/* Room for one more slot and `cell_bytes` of gap, compacting if need be.  False: unchanged. */
bool tl_page_make_room(const tl_edit *edit, uint8_t *page, size_t cell_bytes);
unsigned tl_page_take_cell(uint8_t *page, size_t cell_bytes); /* from the gap, which has room */
void tl_page_drop_cell(uint8_t *page, unsigned offset, size_t cell_bytes);
void tl_page_open_entry(uint8_t *page, unsigned index, uint32_t head, unsigned offset,
                        size_t suffix_bytes);
void tl_page_close_entry(uint8_t *page, unsigned index);

#endif
