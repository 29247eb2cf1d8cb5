/* harness/report/origin.c -- see origin.h. */
#include "harness/report/origin.h"

#include "harness/report/machine.h"

#include <stdio.h>
#include <time.h>

tl_json *tl_origin_json(int argc, char *const *argv, const char *storage_dir)
{
    char id[96], compact[32];
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(compact, sizeof compact, "%Y%m%dT%H%M%SZ", &utc);
    snprintf(id, sizeof id, "%s_%s", compact, tl_build_revision());
    tl_json *origin = tl_json_object_new();
    tl_json *machine = tl_machine_json(), *storage = tl_storage_json(storage_dir, false);
    tl_json *class_ = tl_class_json(machine, storage);
    tl_json_add_text(origin, "id", id);
    tl_json *words = tl_json_add_array(origin, "argv");
    for (int i = 0; i < argc; i++)
        tl_json_add_text(words, NULL, argv[i]);
    tl_json_attach(origin, "tool", tl_tool_json());
    tl_json_attach(origin, "machine", machine);
    tl_json_attach(origin, "storage", storage);
    tl_json_attach(origin, "class", class_);
    return origin;
}
