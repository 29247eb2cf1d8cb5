/* harness/cli/cmd_run_catalogue.c -- a spec of the catalogue as a workload: `--workload ycsb_a`.
 *
 * Its keys become settings of the composed workload; those of the command line and of the run's own
 * spec follow, and the last one wins.
 */
#include "harness/cli/cmd_run.h"

#include "workloads/catalogue.h"

#include <stdlib.h>
#include <string.h>

static void out_of_memory(struct argp_state *state)
{
    argp_failure(state, TL_EXIT_ENVIRONMENT, 0, "out of memory");
}

/* Keep "section.key" for as long as the choice lives. */
static const char *keep(tl_choice *choice, struct argp_state *state, const char *text)
{
    char *copy = strdup(text);
    char **grown = realloc(choice->kept, (choice->kept_count + 1) * sizeof *grown);
    if (grown != NULL)
        choice->kept = grown;
    if (grown == NULL || copy == NULL) {
        free(copy);
        out_of_memory(state);
        return "";
    }
    choice->kept[choice->kept_count++] = copy;
    return copy;
}

static void add(tl_choice *choice, struct argp_state *state, size_t index, const char *name,
                const char *value)
{
    tl_run_load *load = &choice->loads[index];
    if (load->setting_count == TL_SETTING_MAX)
        argp_error(state, "more than %d settings of workload '%s'", TL_SETTING_MAX, load->name);
    choice->load_settings[index][load->setting_count++] =
        (tl_workload_setting){keep(choice, state, name), keep(choice, state, value)};
}

static void tell(void *context, const char *text)
{
    (void)context;
    tl_complain("run", "catalogue: %s", text);
}

static void add_order(tl_choice *choice, struct argp_state *state, size_t index,
                      const tl_spec *spec)
{
    char order[2 * TL_SPEC_TEXT_MAX] = "";
    for (size_t i = 0; i < spec->section_count; i++) {
        size_t used = strlen(order);
        snprintf(order + used, sizeof order - used, "%s%s", i == 0 ? "" : ",",
                 spec->sections[i].name);
    }
    if (spec->section_count > 0)
        add(choice, state, index, "phases", order);
}

void tl_choice_resolve_catalogue(tl_choice *choice, struct argp_state *state, size_t index,
                                 const struct tl_catalogue_row *row)
{
    tl_spec *spec = calloc(1, sizeof *spec);
    if (spec == NULL) {
        out_of_memory(state);
        return;
    }
    choice->catalogue[index] = spec;
    tl_spec_begin(spec, tell, NULL);
    if (tl_spec_read_text(spec, row->name, row->text, strlen(row->text)) != TL_OK)
        exit(TL_EXIT_USAGE); /* a test reads them all: this is for catalogues to come */
    choice->loads[index] = (tl_run_load){.workload = tl_workload_find("phases"),
                                         .name = choice->workload_names[index],
                                         .settings = choice->load_settings[index]};
    add_order(choice, state, index, spec);
    for (size_t i = 0; i < spec->entry_count; i++) {
        const tl_spec_entry *entry = &spec->entries[i];
        char name[TL_SPEC_TEXT_MAX];
        snprintf(name, sizeof name, "%.100s%s%.100s", entry->section,
                 entry->section[0] == '\0' ? "" : ".", entry->key);
        add(choice, state, index, name, entry->value);
    }
}
