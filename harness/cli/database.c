/* harness/cli/database.c -- see database.h. */
#include "harness/cli/database.h"
#include "harness/cli/cli.h"

#include <stdlib.h>

int tl_database_open(const char *command, const char *file, tl_env **env)
{
    tl_error error = {.text = ""};
    tl_env_options options = {.flags = TL_OPEN_READ_ONLY, .error = &error};
    char *resolved = realpath(file, NULL); /* NULL: the name lacks its ".tl", or nothing is there */
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
