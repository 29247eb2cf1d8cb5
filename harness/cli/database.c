/* harness/cli/database.c -- see database.h. */
#define _GNU_SOURCE
#include "harness/cli/database.h"
#include "harness/cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool ends_in_tl(const char *name)
{
    size_t length = strlen(name);
    return length > 3 && strcmp(name + length - 3, ".tl") == 0;
}

/* The engine adds a missing ".tl": say so, where nothing has that name.  True: there is nothing to
 * open, which was told. */
static bool is_elsewhere(const char *command, const char *file, const char *resolved)
{
    struct stat info;
    char *longer = NULL;
    if (resolved != NULL && stat(resolved, &info) == 0 && S_ISDIR(info.st_mode)) {
        tl_complain(command, "'%s' is a directory; name a database in it, %s/NAME.tl", file, file);
        return true;
    }
    const char *base = resolved != NULL ? resolved : file;
    if (ends_in_tl(base) || asprintf(&longer, "%s.tl", base) < 0)
        return false;
    bool there = stat(longer, &info) == 0;
    free(longer);
    if (!there && resolved != NULL)
        tl_complain(command,
                    "'%s' does not end in .tl, as databases do, and there is no '%s.tl'; rename it "
                    "if it is one",
                    file, file);
    else if (!there)
        tl_complain(command, "there is neither a '%s' nor a '%s.tl'", file, file);
    return !there;
}

int tl_database_open(const char *command, const char *file, tl_env **env)
{
    tl_error error = {.text = ""};
    tl_env_options options = {.flags = TL_OPEN_READ_ONLY, .error = &error};
    char *resolved = realpath(file, NULL); /* NULL: the name lacks its ".tl", or nothing is there */
    if (is_elsewhere(command, file, resolved)) {
        free(resolved);
        return TL_EXIT_USAGE;
    }
    tl_status status = tl_env_open(resolved != NULL ? resolved : file, &options, env);
    free(resolved);
    if (status != TL_OK)
        tl_complain(command, "%s (%s)", error.text[0] != '\0' ? error.text : file,
                    tl_status_name(status));
    return tl_exit_code(status);
}

error_t tl_database_argument(int key, char *argument, struct argp_state *state, const char *command,
                             const char **file)
{
    switch (key) {
    case ARGP_KEY_ARG:
        if (*file != NULL)
            argp_error(state, "one FILE at a time; '%s' is the second", argument);
        *file = argument;
        return 0;
    case ARGP_KEY_END:
        if (*file == NULL)
            argp_error(state, "name the database: treelab %s FILE.tl", command);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}
