/* engine/base/mutant.c -- which seeded bugs are awake; see mutant.h. */
#include "engine/base/mutant.h"

#ifdef TREELAB_MUTANTS
#include <assert.h>
#include <stdatomic.h>
#include <string.h>

enum { AWAKE_MAX = 6, NAME_BYTES = 48 };

typedef struct awake {
    char name[NAME_BYTES];
    atomic_bool reached;
} awake;

static awake all[AWAKE_MAX];
static unsigned awake_count;

void tl_mutant_select(const char *names)
{
    awake_count = 0;
    while (names != NULL && *names != '\0') { /* ends: every round steps over a name */
        size_t length = strcspn(names, "+");
        assert(length < NAME_BYTES && awake_count < AWAKE_MAX);
        awake *next = &all[awake_count++];
        memcpy(next->name, names, length);
        next->name[length] = '\0';
        atomic_store(&next->reached, false);
        names += length + (names[length] == '+');
    }
}

bool tl_mutant_active(const char *name)
{
    for (unsigned i = 0; i < awake_count; i++)
        if (strcmp(all[i].name, name) == 0) {
            atomic_store_explicit(&all[i].reached, true, memory_order_relaxed);
            return true;
        }
    return false;
}

bool tl_mutant_reached(void)
{
    bool reached = awake_count != 0;
    for (unsigned i = 0; i < awake_count; i++)
        reached = reached && atomic_load(&all[i].reached);
    return reached;
}
#else
typedef int tl_mutant_none; /* ISO C wants a declaration in every file */
#endif
