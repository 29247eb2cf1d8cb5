/* harness/cli/cmd_apply.h -- what `treelab apply` was asked for. */
#ifndef TL_HARNESS_CMD_APPLY_H
#define TL_HARNESS_CMD_APPLY_H

#include "harness/cli/arguments.h"
#include "harness/script/run.h"
#include "harness/script/simhost.h"

enum { TL_APPLY_MAX = 32 }; /* drivers, or settings of one */

typedef enum tl_apply_io {
    TL_APPLY_IO_ANY, /* a simulated disk where the driver can use one */
    TL_APPLY_IO_SIM,
    TL_APPLY_IO_REAL,
} tl_apply_io;

typedef struct tl_apply_arm { /* one of --driver */
    const tl_driver *driver;
    const char *label; /* as given: "tree:leaf=rebuild" */
    tl_driver_setting settings[TL_APPLY_MAX];
    size_t setting_count;
} tl_apply_arm;

typedef struct tl_apply_request { /* zeros are a good start */
    const char *script, *json_path, *dir;
    tl_apply_arm arms[TL_APPLY_MAX];
    size_t arm_count;
    tl_driver_setting overrides[TL_APPLY_MAX];
    size_t override_count;
    tl_apply_io io;
    unsigned repeat;
    bool format, skip_unsupported, quiet;
    char *copies[4 * TL_APPLY_MAX]; /* what labels and settings point into */
    size_t copy_count;
} tl_apply_request;

/* TL_EXIT_OK, or TL_EXIT_ENVIRONMENT when memory is short; ends the process on a usage error. */
int tl_apply_request_parse(int argc, char **argv, tl_apply_request *request);
void tl_apply_request_free(tl_apply_request *request);

#endif
