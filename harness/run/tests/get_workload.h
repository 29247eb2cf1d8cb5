/* harness/run/tests/get_workload.h -- one phase of gets of one absent key, as many as asked for. */
#ifndef TL_RUN_TESTS_GET_WORKLOAD_H
#define TL_RUN_TESTS_GET_WORKLOAD_H

#include "workloads/workload.h"

extern const tl_workload get_workload; /* spec.ops gets */

#endif
