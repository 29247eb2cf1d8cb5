/* harness/cli/cmd_crash_spec.c -- `treelab crash SPEC`: a workload's spec as what is recorded.
 *
 * The spec becomes a script, and all that holds for scripts holds for it: the text goes into
 * reproducers, and spec, seed and scale together bring a state back.
 *
 *     [global] page_bytes, durability, tree.NAME   -> the script's `open`
 *     writes of all phases, in their transactions  -> begin, put, insert, append, del, commit
 *     [crash]                                      -> nothing: the lab crashes everywhere
 *     [verify]                                     -> verify
 *
 * A spec of the catalogue may be its workload: then its sections change that one's phases.
 * Reads leave nothing on the disk and are left out.  Phases of many threads run in one.
 */
#include "harness/cli/cmd_crash_request.h"

#include "harness/check/standard.h"
#include "harness/script/script.h"
#include "harness/spec/spec.h"
#include "workloads/catalogue.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { OPS_DEFAULT = 100, WRITES_MAX = 20000, BYTES_MAX = 8 << 20, OP_CAPACITY = 64 };
enum { VALUE_BYTES_MAX = TL_SCRIPT_LINE_BYTES_MAX / 2 - 65536 }; /* room for a key, and words */

typedef struct making { /* a script in the making */
    tl_crash_request *request;
    tl_spec spec, base; /* base: of the catalogue, where the spec names one as its workload */
    const tl_workload *workload;
    tl_workload_setting settings[TL_SETTING_MAX];
    size_t setting_count;
    char names[TL_SETTING_MAX][64]; /* of settings */
    char order[2 * TL_SPEC_TEXT_MAX];
    FILE *out;
    uint64_t writes, in_txn; /* in_txn: operations, reads too */
    bool begun;              /* the txn wrote already */
} making;

static void refuse(const char *text)
{
    tl_complain("crash", "%s", text);
    exit(TL_EXIT_USAGE);
}

static void tell(void *context, const char *text)
{
    (void)context;
    tl_complain("crash", "%s", text);
}

bool tl_crash_is_spec(const char *word)
{
    size_t length = strlen(word);
    return tl_catalogue_find(word) != NULL ||
           (length > 4 && strcmp(word + length - 4, ".ini") == 0) ||
           (length > 5 && strcmp(word + length - 5, ".json") == 0);
}

/* Sections of the spec then change the phases of the base, as they do in a run. */
static void read_base(making *of, const tl_catalogue_row *row)
{
    if (tl_spec_read_text(&of->base, row->name, row->text, strlen(row->text)) != TL_OK)
        exit(TL_EXIT_USAGE);
    of->workload = tl_workload_find("phases");
    for (size_t i = 0; i < of->spec.section_count; i++) {
        char text[TL_SPEC_TEXT_MAX];
        const tl_spec_section *section = &of->spec.sections[i];
        if (tl_spec_has_section(&of->base, section->name) ||
            tl_spec_kind_of(section->name) == TL_SPEC_CRASH)
            continue;
        snprintf(text, sizeof text, "%.200s:%u: [%.60s]: workload %s has no such phase",
                 of->spec.file, section->line, section->name, row->name);
        refuse(text);
    }
}

static void read_spec(making *of)
{
    const char *word = of->request->script_path;
    const tl_catalogue_row *row = tl_catalogue_find(word);
    tl_spec_begin(&of->spec, tell, NULL);
    tl_spec_begin(&of->base, tell, NULL);
    tl_status status = row != NULL
                           ? tl_spec_read_text(&of->spec, row->name, row->text, strlen(row->text))
                           : tl_spec_read(&of->spec, word);
    if (status != TL_OK)
        exit(tl_exit_code(status));
    const char *name = tl_spec_get(&of->spec, "", "workload", "phases");
    of->workload = tl_workload_find(name);
    if (of->workload == NULL && tl_catalogue_find(name) != NULL)
        read_base(of, tl_catalogue_find(name));
    if (of->workload == NULL) {
        char text[TL_SPEC_TEXT_MAX];
        snprintf(text, sizeof text,
                 "%.200s: the lab takes one built-in workload, not '%.60s'; `treelab list "
                 "workloads` shows them",
                 word, name);
        refuse(text);
    }
    const tl_spec_words words = {
        .workloads = {of->workload}, .workload_count = 1, .drivers = {"tree"}, .driver_count = 1};
    if (!tl_spec_check(&of->spec, &words))
        exit(TL_EXIT_USAGE);
}

static void add_setting(making *of, const char *name, const char *value)
{
    if (of->setting_count == TL_SETTING_MAX)
        refuse("the spec has more settings than a workload takes");
    char *kept = of->names[of->setting_count];
    snprintf(kept, sizeof of->names[0], "%.63s", name);
    of->settings[of->setting_count++] = (tl_workload_setting){kept, value};
}

static void gather_order(making *of, const tl_spec *spec)
{
    size_t used = 0;
    for (size_t i = 0; i < spec->section_count && used < sizeof of->order; i++)
        used += (size_t)snprintf(of->order + used, sizeof of->order - used, "%s%s",
                                 i == 0 ? "" : ",", spec->sections[i].name);
    if (spec->section_count > 0 && tl_spec_find(&of->spec, "", "phases") == NULL)
        add_setting(of, "phases", of->order);
}

/* What is the workload's: all but the run's keys and the drivers'. */
static void gather_entries(making *of, const tl_spec *spec)
{
    for (size_t i = 0; i < spec->entry_count; i++) {
        const tl_spec_entry *entry = &spec->entries[i];
        char name[64];
        bool of_all = entry->section[0] == '\0';
        bool of_run = of_all && tl_spec_row(tl_spec_globals, entry->key) != NULL &&
                      (strcmp(entry->key, "batch") != 0 || !tl_spec_has_phases(of->workload));
        snprintf(name, sizeof name, "%.30s%s%.30s", entry->section, of_all ? "" : ".", entry->key);
        if (!of_run && !(of_all && strncmp(entry->key, "tree.", 5) == 0))
            add_setting(of, name, entry->value);
    }
}

/* Of settings that are given twice the last one wins. */
static void gather_settings(making *of)
{
    gather_order(of, of->base.section_count > 0 ? &of->base : &of->spec);
    gather_entries(of, &of->base);
    gather_entries(of, &of->spec);
}

static uint64_t number_of(const making *of, const char *key, uint64_t fallback)
{
    uint64_t number = fallback;
    const char *text = tl_spec_get(&of->spec, "", key, NULL);
    return text != NULL && tl_parse_size(text, 0, UINT64_MAX, &number) ? number : fallback;
}

/* Up to the first control character: a remark of a script is one line. */
static int plain_length(const char *text)
{
    int length = 0;
    while ((unsigned char)text[length] >= ' ' && text[length] != 0x7f)
        length++;
    return length;
}

/* The store of the lab's own histories, but for what the spec says. */
static void print_open(making *of)
{
    uint64_t page_bytes = number_of(of, "page_bytes", 0);
    tl_standard_settings standard;
    page_bytes = page_bytes != 0 ? page_bytes : 4096;
    tl_standard_settings_fill(&standard, "log", (uint32_t)page_bytes);
    fprintf(of->out, "treelab-script 1\n# %.*s, scale %" PRIu64 ", seed %" PRIu64 "\n",
            plain_length(of->request->script_path), of->request->script_path, of->request->spec_ops,
            of->request->seed);
    fprintf(of->out, "open page_bytes=%" PRIu64 " durability=%s seed=%" PRIu64, page_bytes,
            tl_spec_get(&of->spec, "", "durability", "none"), of->request->seed);
    for (size_t i = 0; i < TL_STANDARD_SETTINGS; i++)
        fprintf(of->out, " %s=%s", standard.settings[i].name, standard.settings[i].value);
    for (size_t i = 0; i < of->spec.entry_count; i++) {
        const tl_spec_entry *entry = &of->spec.entries[i];
        if (entry->section[0] == '\0' && strncmp(entry->key, "tree.", 5) == 0 &&
            strcmp(entry->key, "tree.checkpoint_thread") != 0) /* the lab has one thread */
            fprintf(of->out, " %s=%s", entry->key + 5, entry->value);
    }
    fputc('\n', of->out);
}

static void print_bytes(FILE *out, const void *bytes, size_t size_bytes)
{
    const unsigned char *at = bytes;
    fputs(size_bytes == 0 ? " \"\"" : " hex(", out);
    for (size_t i = 0; i < size_bytes; i++)
        fprintf(out, "%02x", at[i]);
    fputs(size_bytes == 0 ? "" : ")", out);
}

static void end_txn(making *of)
{
    if (of->begun)
        fputs("commit\n", of->out);
    of->begun = false;
    of->in_txn = 0;
}

static void refuse_size(const making *of)
{
    char text[TL_SPEC_TEXT_MAX];
    snprintf(text, sizeof text,
             "%.200s writes more than %d times or %d MiB at scale %" PRIu64
             ", too much for states to be looked at one by one; give a smaller --ops",
             of->request->script_path, WRITES_MAX, BYTES_MAX >> 20, of->request->spec_ops);
    refuse(text);
}

/* In a script an operation is a line, its bytes in hexadecimal. */
static void refuse_value(const making *of, const tl_op *op)
{
    char text[2 * TL_SPEC_TEXT_MAX];
    const char *path = of->request->script_path;
    bool named = tl_catalogue_find(path) != NULL;
    snprintf(text, sizeof text,
             "%.200s writes a value of %" PRIu64 " bytes, and the lab takes at most %d; %s"
             "%.60s%sset a smaller `values`, such as values = 64k",
             path, (uint64_t)op->value_bytes, VALUE_BYTES_MAX,
             named ? "in a spec of your own with workload = " : "", named ? path : "",
             named ? ", " : "");
    refuse(text);
}

static void print_write(making *of, const tl_op *op)
{
    const char *verb = op->kind == TL_OP_DEL             ? "del"
                       : (op->flags & TL_OP_APPEND) != 0 ? "append"
                       : op->kind == TL_OP_INSERT        ? "insert"
                                                         : "put";
    if (op->kind != TL_OP_DEL && op->value_bytes > VALUE_BYTES_MAX)
        refuse_value(of, op);
    if (!of->begun)
        fputs("begin\n", of->out);
    of->begun = true;
    fputs(verb, of->out);
    print_bytes(of->out, op->key, op->key_bytes);
    if (op->kind != TL_OP_DEL)
        print_bytes(of->out, op->value, op->value_bytes);
    fputs((op->flags & TL_OP_ABSENT) != 0 ? " -> TL_NOT_FOUND\n" : "\n", of->out);
    if (++of->writes > WRITES_MAX || ftell(of->out) > BYTES_MAX)
        refuse_size(of);
}

/* Reads count where transactions end, as they do in a run. */
static void print_op(making *of, const tl_op *op, const tl_phase *phase)
{
    if (op->kind == TL_OP_PUT || op->kind == TL_OP_INSERT || op->kind == TL_OP_DEL)
        print_write(of, op);
    if (++of->in_txn == phase->batch)
        end_txn(of);
}

static void print_phases(making *of)
{
    char error[TL_SPEC_TEXT_MAX] = "out of memory", text[2 * TL_SPEC_TEXT_MAX];
    const tl_workload_host host = {TL_WORKLOAD_ABI, sizeof host, NULL};
    const tl_workload_spec spec = {.ops = of->request->spec_ops,
                                   .seed = of->request->seed,
                                   .page_bytes = (uint32_t)number_of(of, "page_bytes", 0),
                                   .value_bytes_max = SIZE_MAX,
                                   .settings = of->settings,
                                   .setting_count = of->setting_count};
    void *generator = of->workload->create(&host, &spec, error, sizeof error);
    if (generator == NULL) {
        snprintf(text, sizeof text, "%.200s: %.400s", of->request->script_path, error);
        refuse(text);
    }
    size_t count = 0;
    const tl_phase *phases = of->workload->phases(generator, &count);
    tl_op ops[OP_CAPACITY];
    for (size_t p = 0; p < count; p++) {
        fprintf(of->out, "# %s\n%s", phases[p].name,
                phases[p].kind == TL_PHASE_VERIFY ? "verify\n" : "");
        if (phases[p].kind != TL_PHASE_OPS)
            continue;
        of->workload->start(generator, p);
        for (size_t n; (n = of->workload->next_n(generator, ops, OP_CAPACITY)) > 0;)
            for (size_t i = 0; i < n; i++)
                print_op(of, &ops[i], &phases[p]);
        end_txn(of);
    }
    of->workload->destroy(generator);
}

void tl_crash_spec_write(tl_crash_request *request, char **text, size_t *text_bytes)
{
    making *of = calloc(1, sizeof *of);
    FILE *out = of == NULL ? NULL : open_memstream(text, text_bytes);
    if (out == NULL) {
        tl_complain("crash", "out of memory");
        exit(TL_EXIT_ENVIRONMENT);
    }
    of->request = request;
    of->out = out;
    read_spec(of);
    request->spec_ops =
        request->commits != 0 ? request->commits : number_of(of, "ops", OPS_DEFAULT);
    request->commits = 0; /* of histories: a script's are known when it has run */
    if (!request->seed_given)
        request->seed = number_of(of, "seed", request->seed);
    gather_settings(of);
    print_open(of);
    print_phases(of);
    bool bad = ferror(out) != 0;
    bad |= fclose(out) != 0;
    tl_spec_release(&of->spec);
    tl_spec_release(&of->base);
    free(of);
    if (!bad)
        return;
    tl_complain("crash", "out of memory");
    exit(TL_EXIT_ENVIRONMENT);
}
