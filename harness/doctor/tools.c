/* harness/doctor/tools.c -- programs that some figures need. */
#include "harness/doctor/doctor_body.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool in_path(const char *program)
{
    const char *at = getenv("PATH");
    while (at != NULL && *at != '\0') {
        size_t length = strcspn(at, ":");
        char path[PATH_MAX];
        int written = snprintf(path, sizeof path, "%.*s/%s", (int)length, at, program);
        if (written > 0 && written < PATH_MAX && access(path, X_OK) == 0)
            return true;
        at += length + (at[length] == ':');
    }
    return false;
}

void tl_doctor_look_at_tools(tl_examination *found)
{
    static const struct {
        const char *program, *package, *what_for;
        tl_fitness without;
        unsigned purposes;
    } tools[] = {
        {"valgrind", "valgrind",    "instruction counts",   TL_UNFIT,    FOR(INSTRUCTIONS)},
        {"gnuplot",  "gnuplot-nox", "pictures of a report", TL_FIT_CARE, 0                },
    };
    for (size_t i = 0; i < sizeof tools / sizeof tools[0]; i++) {
        bool there = in_path(tools[i].program);
        tl_symptom *symptom = tl_symptom_add(
            found, tools[i].program, there ? TL_FIT : tools[i].without, tools[i].purposes,
            "%s, for %s", there ? "there" : "missing", tools[i].what_for);
        if (!there)
            tl_symptom_remedy(symptom, "apt-get install %s", tools[i].package);
    }
}
