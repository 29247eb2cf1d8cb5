/* harness/run/pace.c -- see pace.h. */
#include "harness/run/pace.h"

#include <string.h>

static const struct {
    const char *name;
    uint64_t ns;
} units[] = {
    {"ns", 1                      },
    {"us", 1000                   },
    {"ms", 1000000                },
    {"s",  1000000000             },
    {"m",  UINT64_C(60000000000)  },
    {"h",  UINT64_C(3600000000000)},
};
#define DURATION_NS_MAX (10 * 24 * UINT64_C(3600000000000))

bool tl_duration_parse(const char *text, uint64_t *ns)
{
    uint64_t number = 0;
    size_t digits = strspn(text, "0123456789");
    for (size_t i = 0; i < digits; i++) {
        number = number * 10 + (uint64_t)(text[i] - '0');
        if (number > DURATION_NS_MAX)
            return false;
    }
    for (size_t i = 0; digits > 0 && i < sizeof units / sizeof units[0]; i++)
        if (strcmp(text + digits, units[i].name) == 0 && number <= DURATION_NS_MAX / units[i].ns) {
            *ns = number * units[i].ns;
            return true;
        }
    return false;
}
