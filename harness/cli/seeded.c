/* harness/cli/seeded.c -- see seeded.h. */
#include "harness/cli/seeded.h"

#include "harness/cli/cli.h"
#include "harness/gate/regressions.h"

#include <string.h>

int tl_seeded_take(const char *command, int *argc, char **argv)
{
    for (int i = 1; i + 1 < *argc && tl_regression_wake_here != NULL; i++) {
        if (strcmp(argv[i], "--regress") != 0)
            continue;
        if (!tl_regression_wake_here(argv[i + 1])) {
            tl_complain(command, "no seeded loss of speed is called '%s'; `regressions --list`",
                        argv[i + 1]);
            return TL_EXIT_USAGE;
        }
        memmove(argv + i, argv + i + 2, (size_t)(*argc - i - 1) * sizeof *argv); /* its NULL too */
        *argc -= 2;
        break;
    }
    return TL_EXIT_OK;
}
