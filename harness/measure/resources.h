/* harness/measure/resources.h -- what a phase cost the operating system, as it counts itself.
 *
 * Threads   counts are of the whole process.
 * Failure   a source the system does not offer (/proc hidden) leaves its fields 0.
 */
#ifndef TL_HARNESS_RESOURCES_H
#define TL_HARNESS_RESOURCES_H

#include <stdint.h>

/* X(field): all are counts since the process began, except the last, which is a peak */
#define TL_RESOURCES_MAP(X)                                                                        \
    X(minflt)   /* page faults served from memory */                                               \
    X(majflt)   /* page faults that read a disk */                                                 \
    X(vol_cs)   /* times the process waited */                                                     \
    X(invol_cs) /* times it was interrupted for another */                                         \
    X(rd_bytes) /* bytes fetched from storage */                                                   \
    X(wr_bytes) /* bytes sent to storage, or dirtied in the page cache */                          \
    X(rss_peak_bytes)

#define TL_RESOURCES_AS_FIELD(name) uint64_t name;
typedef struct tl_resources {
    TL_RESOURCES_MAP(TL_RESOURCES_AS_FIELD)
} tl_resources;

tl_resources tl_resources_now(void);

/* What happened between two readings; the peak is the later one's. */
tl_resources tl_resources_between(const tl_resources *before, const tl_resources *after);

/* Let rss_peak_bytes begin anew.  Where the system refuses, it stays the peak of the process. */
void tl_resources_reset_peak(void);

#endif
