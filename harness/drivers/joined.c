/* harness/drivers/joined.c -- drivers that joined the registry at run time, from shared objects.
 *
 * What a plug-in exports is input: its version, its size and each function pointer that the
 * harness calls without asking are checked before anyone calls it.
 */
#include "harness/drivers/drivers.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool refuse(char *error, size_t error_bytes, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static bool refuse(char *error, size_t error_bytes, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (error != NULL && error_bytes > 0)
        vsnprintf(error, error_bytes, format, arguments);
    va_end(arguments);
    return false;
}

static const char *empty_field(const tl_driver *driver)
{
    bool reads = (driver->capabilities & TL_DRIVER_READS_BACK) != 0;
    const struct {
        bool there;
        const char *name;
    } fields[] = {
        {driver->name != NULL && driver->name[0] != '\0', "name"           },
        {driver->summary != NULL,                         "summary"        },
        {driver->version != NULL,                         "version"        },
        {driver->open != NULL,                            "open"           },
        {driver->close != NULL,                           "close"          },
        {driver->value_bytes_max != NULL,                 "value_bytes_max"},
        {driver->begin != NULL,                           "begin"          },
        {driver->commit != NULL,                          "commit"         },
        {driver->abort != NULL,                           "abort"          },
        {driver->get != NULL || !reads,                   "get"            },
        {driver->scan != NULL || !reads,                  "scan"           },
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (!fields[i].there)
            return fields[i].name;
    for (size_t i = 0; i < 3; i++)
        if (driver->contracts[i].options == NULL || driver->contracts[i].remark == NULL)
            return "contracts";
    return NULL;
}

bool tl_driver_join(const tl_driver *driver, char *error, size_t error_bytes)
{
    if (driver->abi != TL_DRIVER_ABI)
        return refuse(error, error_bytes, "speaks driver ABI %u and this program %d; rebuild it",
                      (unsigned)driver->abi, TL_DRIVER_ABI);
    if (driver->size_bytes < sizeof *driver)
        return refuse(error, error_bytes,
                      "gives a tl_driver of %u bytes, at least %zu are needed; set size_bytes to "
                      "sizeof(tl_driver)",
                      (unsigned)driver->size_bytes, sizeof *driver);
    const char *empty = empty_field(driver);
    if (empty != NULL)
        return refuse(error, error_bytes,
                      "leaves '%s' of its tl_driver empty; harness/driver.h "
                      "says what may be",
                      empty);
    const tl_driver *namesake = tl_driver_find(driver->name);
    if (namesake == driver) /* the same file again */
        return true;
    if (namesake != NULL)
        return refuse(error, error_bytes,
                      "calls its driver '%s', which another one is called; rename it",
                      driver->name);
    if (!tl_drivers_add(driver))
        return refuse(error, error_bytes, "is one too many: %d drivers can be loaded",
                      TL_DRIVERS_JOINED_MAX);
    return true;
}
