/* harness/report/build.c -- how this program was built.
 *
 * Version, flags and type are defined by CMakeLists.txt.  The revision comes from revision.h,
 * which revision.cmake writes anew at every build: one noted at configure time would be out of
 * date after the next commit.
 */
#include "harness/report/machine.h"

#include "harness/driver.h"
#include "revision.h"
#include "workloads/workload.h"

#include <stdio.h>
#include <string.h>
#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif

#if defined(__clang__)
#define COMPILER         "clang"
#define COMPILER_VERSION __clang_version__
#else
#define COMPILER         "gcc"
#define COMPILER_VERSION __VERSION__
#endif

const char *tl_build_version(void)
{
    return TL_BUILD_VERSION;
}

const char *tl_build_revision(void)
{
    return TL_REVISION_DIRTY > 0 ? TL_REVISION "+dirty" : TL_REVISION;
}

tl_json *tl_tool_json(void)
{
    tl_json *tool = tl_json_object_new();
    tl_json_add_text(tool, "version", TL_BUILD_VERSION);
    tl_json_add_text(tool, "rev", TL_REVISION);
    if (TL_REVISION_DIRTY < 0)
        tl_json_add_null(tool, "dirty");
    else
        tl_json_add_bool(tool, "dirty", TL_REVISION_DIRTY > 0);
    tl_json *abi = tl_json_add_object(tool, "abi");
    tl_json_add_count(abi, "workload", TL_WORKLOAD_ABI);
    tl_json_add_count(abi, "driver", TL_DRIVER_ABI);
    return tool;
}

tl_json *tl_build_json(void)
{
    tl_json *build = tl_json_object_new();
    tl_json_add_text(build, "compiler", COMPILER);
    tl_json_add_text(build, "version", COMPILER_VERSION);
    tl_json_add_text(build, "flags", TL_BUILD_FLAGS);
    tl_json_add_text(build, "type", TL_BUILD_TYPE);
#ifdef __GLIBC__
    char libc[64];
    snprintf(libc, sizeof libc, "glibc %s", gnu_get_libc_version());
    tl_json_add_text(build, "libc", libc);
#else
    tl_json_add_null(build, "libc");
#endif
    return build;
}
