/* harness/spec/canonical.c -- one text for one question, and its SHA-256.
 *
 *     {"global":{"batch":1000,"durability":"none",...},"phases":[{"keys":"zipf:0.99","phase":"run"}]}
 *
 * Members are sorted by name, numbers are digits, settings that were not given have their default
 * where the workload's table tells it; phases keep their order.  It is a spec: `treelab run` takes
 * it.  A setting "SECTION.key" of a workload with phases stands in its section.
 */
#include "harness/spec/spec.h"

#include <inttypes.h>
#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>

enum { MEMBERS_MAX = 512, NAME_BYTES = 64 };

typedef struct member {
    const char *section; /* points into the setting's name; "" = global */
    size_t section_bytes;
    const char *name, *value;
    const tl_workload_option *row; /* NULL: text */
} member;

typedef struct members {
    member all[MEMBERS_MAX];
    size_t count;
} members;

static int compare(const void *a, const void *b)
{
    return strcmp(((const member *)a)->name, ((const member *)b)->name);
}

static bool same_section(const member *a, const member *b)
{
    return a->section_bytes == b->section_bytes &&
           memcmp(a->section, b->section, a->section_bytes) == 0;
}

/* The last value of a setting wins, as with the workload. */
static void put(members *list, member one)
{
    for (size_t i = 0; i < list->count; i++)
        if (same_section(&list->all[i], &one) && strcmp(list->all[i].name, one.name) == 0) {
            list->all[i] = one;
            return;
        }
    if (list->count < MEMBERS_MAX)
        list->all[list->count++] = one;
}

static void put_global(members *list, const char *name, const char *value)
{
    put(list, (member){"", 0, name, value, tl_spec_row(tl_spec_globals, name)});
}

/* Sections in the order of the setting "phases", or else in which settings name them. */
static void list_sections(const members *list, const char *order, member *sections, size_t *count)
{
    *count = 0;
    while (order != NULL && *order != '\0' && *count < MEMBERS_MAX) {
        size_t bytes = strcspn(order, ",+");
        sections[(*count)++] = (member){order, bytes, NULL, NULL, NULL};
        order += bytes + (order[bytes] != '\0');
    }
    for (size_t i = 0; i < list->count; i++) {
        bool known = list->all[i].section_bytes == 0;
        for (size_t j = 0; j < *count && !known; j++)
            known = same_section(&sections[j], &list->all[i]);
        if (!known && *count < MEMBERS_MAX)
            sections[(*count)++] = list->all[i];
    }
}

static void add_member(tl_json *object, const member *one)
{
    uint64_t number;
    if (tl_spec_number(one->row, one->value, &number) && number < (UINT64_C(1) << 53))
        tl_json_add_count(object, one->name, number);
    else
        tl_json_add_text(object, one->name, one->value);
}

static void add_section(tl_json *object, const members *list, const member *section)
{
    for (size_t i = 0; i < list->count; i++)
        if (same_section(&list->all[i], section))
            add_member(object, &list->all[i]);
}

static void add_settings(members *list, const tl_spec_ask *ask)
{
    const tl_workload_option *row = ask->workload->options;
    for (; row != NULL && row->name != NULL; row++)
        if (strncmp(row->name, "*.", 2) != 0)
            put(list, (member){"", 0, row->name, row->fallback, row});
    for (size_t i = 0; i < ask->setting_count; i++) {
        const tl_workload_setting *given = &ask->settings[i];
        const char *dot = strchr(given->name, '.');
        member one = {"", 0, given->name, given->value,
                      tl_spec_setting_row(ask->workload, given->name)};
        if (dot != NULL && tl_spec_has_phases(ask->workload)) {
            one.section = given->name;
            one.section_bytes = (size_t)(dot - given->name);
            one.name = dot + 1;
        }
        put(list, one);
    }
}

bool tl_spec_hash(const tl_json *root, char hash[TL_SPEC_HASH_BYTES])
{
    char *line = tl_json_line(root);
    if (line == NULL)
        return false;
    struct sha256_ctx context;
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_init(&context);
    sha256_update(&context, strlen(line), (const uint8_t *)line);
    sha256_digest(&context, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(hash + 2 * i, 3, "%02x", digest[i]);
    free(line);
    return true;
}

typedef struct work { /* large: on the heap */
    members list;
    member sections[MEMBERS_MAX];
    char names[MEMBERS_MAX][NAME_BYTES];
} work;

static tl_json *make_document(work *w, const tl_spec_ask *ask)
{
    size_t section_count = 0;
    const char *order = NULL;
    char ops[24], seed[24], page_bytes[24], batch[24];
    snprintf(ops, sizeof ops, "%" PRIu64, ask->ops);
    snprintf(seed, sizeof seed, "0x%016" PRIx64, ask->seed);
    snprintf(page_bytes, sizeof page_bytes, "%" PRIu32, ask->page_bytes);
    snprintf(batch, sizeof batch, "%" PRIu64, ask->batch);
    add_settings(&w->list, ask);
    bool phased = tl_spec_has_phases(ask->workload);
    for (size_t i = 0; phased && i < ask->setting_count; i++)
        if (strcmp(ask->settings[i].name, "phases") == 0)
            order = ask->settings[i].value;
    put_global(&w->list, "workload", ask->workload->name);
    put_global(&w->list, "ops", ops);
    put_global(&w->list, "seed", seed);
    put_global(&w->list, "page_bytes", page_bytes);
    put_global(&w->list, "durability", ask->durability);
    if (ask->batch_given)
        put_global(&w->list, "batch", batch);
    list_sections(&w->list, order, w->sections, &section_count);
    for (size_t s = 0; s < section_count; s++) { /* the phase's name is one of its members */
        snprintf(w->names[s], sizeof w->names[s], "%.*s", (int)w->sections[s].section_bytes,
                 w->sections[s].section);
        member name = w->sections[s];
        name.name = "phase";
        name.value = w->names[s];
        name.row = NULL;
        put(&w->list, name);
    }
    qsort(w->list.all, w->list.count, sizeof w->list.all[0], compare);

    tl_json *root = tl_json_object_new();
    member global = {"", 0, NULL, NULL, NULL};
    tl_json *object = tl_json_add_object(root, "global");
    for (size_t i = 0; i < w->list.count; i++)
        if (same_section(&w->list.all[i], &global) &&
            !(order != NULL && strcmp(w->list.all[i].name, "phases") == 0))
            add_member(object, &w->list.all[i]);
    tl_json *phases = tl_json_add_array(root, "phases");
    for (size_t s = 0; s < section_count; s++)
        add_section(tl_json_add_object(phases, NULL), &w->list, &w->sections[s]);
    return root;
}

tl_json *tl_spec_canonical(const tl_spec_ask *ask, char hash[TL_SPEC_HASH_BYTES])
{
    work *w = calloc(1, sizeof *w);
    if (w == NULL)
        return NULL;
    tl_json *root = make_document(w, ask);
    free(w);
    if (tl_spec_hash(root, hash))
        return root;
    tl_json_free(root);
    return NULL;
}
