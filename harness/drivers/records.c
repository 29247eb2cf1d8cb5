/* harness/drivers/records.c -- a sorted array cut into chunks, so that versions share most of it.
 *
 *   version --> [chunk 0] [chunk 1] ... [chunk n-1]     each: up to 256 sorted record pointers
 *
 * A draft starts as a copy of the list of chunks.  Each chunk and record carries the number of
 * the version it was born in; what was not born in the draft belongs to older versions too and is
 * replaced, never changed.  The old object then joins the draft's list of retired ones, and is
 * released when no version older than that draft is left.
 *
 * Invariants
 *   (1) keys strictly increase within a chunk and from chunk to chunk
 *   (2) no chunk of a version is empty
 *   (3) a record born in the draft stands only in chunks born in the draft
 */
#include "harness/drivers/records.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_RECORDS_MAX = 256 };

typedef struct record {
    uint64_t born;
    size_t key_bytes, value_bytes;
    unsigned char bytes[]; /* key, then value */
} record;

typedef struct chunk {
    uint64_t born;
    size_t count;
    record *records[CHUNK_RECORDS_MAX];
} chunk;

struct tl_records_version {
    uint64_t number;
    tl_records_version *newer;
    size_t pins;
    chunk **chunks;
    size_t chunk_count, chunk_capacity;
    uint64_t record_count, content_bytes;
    void **retired; /* held by the versions before this one, not by this one */
    size_t retired_count, retired_capacity;
};

struct tl_records {
    tl_records_version *oldest, *newest; /* a list along `newer` */
    tl_records_version *draft;
};

static int key_compare(tl_slice a, const record *b)
{
    size_t common = a.size_bytes < b->key_bytes ? a.size_bytes : b->key_bytes;
    int order = common == 0 ? 0 : memcmp(a.data, b->bytes, common);
    return order != 0 ? order : (a.size_bytes > b->key_bytes) - (a.size_bytes < b->key_bytes);
}

/* Number of the chunk where `key` is or belongs: the last that begins at or before it, or 0. */
static size_t chunk_find(const tl_records_version *version, tl_slice key)
{
    size_t low = 0, high = version->chunk_count;
    while (low < high) { /* ends: high - low shrinks every round */
        size_t middle = low + (high - low) / 2;
        if (key_compare(key, version->chunks[middle]->records[0]) < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return low == 0 ? 0 : low - 1;
}

/* First slot whose key is >= `key`; *equal tells whether it is `key` itself. */
static size_t slot_find(const chunk *home, tl_slice key, bool *equal)
{
    size_t low = 0, high = home->count;
    *equal = false;
    while (low < high) { /* ends: high - low shrinks every round */
        size_t middle = low + (high - low) / 2;
        int order = key_compare(key, home->records[middle]);
        *equal = *equal || order == 0;
        if (order > 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Reserve first, change later: these make the changes that follow unable to fail. */
static bool list_reserve(void ***list, size_t *capacity, size_t wanted)
{
    if (wanted <= *capacity)
        return true;
    size_t grown = *capacity < 8 ? 16 : *capacity * 2;
    void **moved = realloc(*list, grown * sizeof **list);
    if (moved == NULL)
        return false;
    *list = moved;
    *capacity = grown;
    return true;
}

static bool draft_reserve(tl_records_version *draft)
{
    void **chunks = (void **)draft->chunks;
    bool reserved = list_reserve(&chunks, &draft->chunk_capacity, draft->chunk_count + 1);
    draft->chunks = (chunk **)chunks;
    return reserved && list_reserve(&draft->retired, &draft->retired_capacity,
                                    draft->retired_count + 2); /* a chunk and a record */
}

static void draft_drop(tl_records_version *draft, void *object, uint64_t born)
{
    if (born == draft->number) {
        free(object);
        return;
    }
    assert(draft->retired_count < draft->retired_capacity);
    draft->retired[draft->retired_count++] = object;
}

/* The chunk at `index`, made the draft's own.  NULL when memory ran out. */
static chunk *draft_own(tl_records_version *draft, size_t index)
{
    chunk *shared = draft->chunks[index];
    if (shared->born == draft->number)
        return shared;
    chunk *own = malloc(sizeof *own);
    if (own == NULL)
        return NULL;
    own->born = draft->number;
    own->count = shared->count;
    memcpy(own->records, shared->records, shared->count * sizeof shared->records[0]);
    draft_drop(draft, shared, shared->born);
    draft->chunks[index] = own;
    return own;
}

/* Open an empty chunk of the draft at `index`. */
static chunk *draft_add_chunk(tl_records_version *draft, size_t index)
{
    chunk *added = malloc(sizeof *added);
    if (added == NULL)
        return NULL;
    added->born = draft->number;
    added->count = 0;
    memmove(draft->chunks + index + 1, draft->chunks + index,
            (draft->chunk_count - index) * sizeof draft->chunks[0]);
    draft->chunks[index] = added;
    draft->chunk_count++;
    return added;
}

static record *record_make(uint64_t born, tl_slice key, tl_slice value)
{
    if (value.size_bytes > SIZE_MAX - sizeof(record) - key.size_bytes)
        return NULL;
    record *made = malloc(sizeof *made + key.size_bytes + value.size_bytes);
    if (made == NULL)
        return NULL;
    made->born = born;
    made->key_bytes = key.size_bytes;
    made->value_bytes = value.size_bytes;
    if (key.size_bytes != 0)
        memcpy(made->bytes, key.data, key.size_bytes);
    if (value.size_bytes != 0)
        memcpy(made->bytes + key.size_bytes, value.data, value.size_bytes);
    return made;
}

/* Make room in a full chunk.  Records after the last of all open a new chunk, so that ascending
 * inserts leave full ones behind; elsewhere half moves to the right.  Corrects *index and *slot. */
static chunk *draft_split(tl_records_version *draft, size_t *index, size_t *slot)
{
    chunk *left = draft->chunks[*index];
    bool at_end = *index + 1 == draft->chunk_count && *slot == left->count;
    size_t kept = at_end ? left->count : left->count / 2;
    chunk *right = draft_add_chunk(draft, *index + 1);
    if (right == NULL)
        return NULL;
    right->count = left->count - kept;
    memcpy(right->records, left->records + kept, right->count * sizeof left->records[0]);
    left->count = kept;
    if (*slot < kept || (*slot == kept && !at_end))
        return left;
    *slot -= kept;
    (*index)++;
    return right;
}

static tl_status draft_insert(tl_records_version *draft, size_t index, size_t slot, tl_slice key,
                              tl_slice value)
{
    chunk *home = draft->chunk_count == 0 ? draft_add_chunk(draft, 0) : draft_own(draft, index);
    if (home == NULL)
        return TL_NO_MEMORY;
    record *made = record_make(draft->number, key, value);
    if (made != NULL && home->count == CHUNK_RECORDS_MAX) {
        home = draft_split(draft, &index, &slot);
        if (home == NULL) {
            free(made);
            made = NULL;
        }
    }
    if (made == NULL) {
        if (draft->chunks[0]->count == 0) { /* the first chunk was for this record: invariant 2 */
            free(draft->chunks[0]);
            draft->chunk_count = 0;
        }
        return TL_NO_MEMORY;
    }
    memmove(home->records + slot + 1, home->records + slot,
            (home->count - slot) * sizeof home->records[0]);
    home->records[slot] = made;
    home->count++;
    draft->record_count++;
    draft->content_bytes += key.size_bytes + value.size_bytes;
    return TL_OK;
}

static tl_status draft_replace(tl_records_version *draft, size_t index, size_t slot, tl_slice key,
                               tl_slice value)
{
    chunk *home = draft_own(draft, index);
    if (home == NULL)
        return TL_NO_MEMORY;
    record *made = record_make(draft->number, key, value);
    if (made == NULL)
        return TL_NO_MEMORY;
    record *old = home->records[slot];
    home->records[slot] = made;
    draft->content_bytes += value.size_bytes - old->value_bytes;
    draft_drop(draft, old, old->born);
    return TL_OK;
}

tl_status tl_records_put(tl_records_version *draft, tl_slice key, tl_slice value, bool insert)
{
    size_t index = chunk_find(draft, key), slot = 0;
    bool equal = false;
    if (draft->chunk_count != 0)
        slot = slot_find(draft->chunks[index], key, &equal);
    if (equal && insert)
        return TL_EXISTS;
    if (!draft_reserve(draft))
        return TL_NO_MEMORY;
    return equal ? draft_replace(draft, index, slot, key, value)
                 : draft_insert(draft, index, slot, key, value);
}

tl_status tl_records_del(tl_records_version *draft, tl_slice key)
{
    bool equal = false;
    size_t index = chunk_find(draft, key), slot = 0;
    if (draft->chunk_count != 0)
        slot = slot_find(draft->chunks[index], key, &equal);
    if (!equal)
        return TL_NOT_FOUND;
    chunk *home = draft_reserve(draft) ? draft_own(draft, index) : NULL;
    if (home == NULL)
        return TL_NO_MEMORY;
    record *old = home->records[slot];
    home->count--;
    memmove(home->records + slot, home->records + slot + 1,
            (home->count - slot) * sizeof home->records[0]);
    draft->record_count--;
    draft->content_bytes -= old->key_bytes + old->value_bytes;
    draft_drop(draft, old, old->born);
    if (home->count == 0) {
        free(home);
        draft->chunk_count--;
        memmove(draft->chunks + index, draft->chunks + index + 1,
                (draft->chunk_count - index) * sizeof draft->chunks[0]);
    }
    return TL_OK;
}

uint64_t tl_records_count(const tl_records_version *version)
{
    return version->record_count;
}

uint64_t tl_records_bytes(const tl_records_version *version)
{
    return version->content_bytes;
}

tl_records_place tl_records_end(const tl_records_version *version)
{
    return (tl_records_place){version->chunk_count, 0};
}

tl_records_place tl_records_seek(const tl_records_version *version, tl_slice key, bool *equal)
{
    *equal = false;
    if (version->chunk_count == 0)
        return tl_records_end(version);
    size_t index = chunk_find(version, key);
    size_t slot = slot_find(version->chunks[index], key, equal);
    if (slot == version->chunks[index]->count)
        return (tl_records_place){index + 1, 0};
    return (tl_records_place){index, slot};
}

bool tl_records_at(const tl_records_version *version, tl_records_place place, tl_slice *key,
                   tl_slice *value)
{
    if (place.chunk >= version->chunk_count)
        return false;
    const record *found = version->chunks[place.chunk]->records[place.slot];
    *key = (tl_slice){found->bytes, found->key_bytes};
    *value = (tl_slice){found->bytes + found->key_bytes, found->value_bytes};
    return true;
}

tl_records_place tl_records_after(const tl_records_version *version, tl_records_place place)
{
    if (place.chunk >= version->chunk_count)
        return place;
    if (place.slot + 1 < version->chunks[place.chunk]->count)
        return (tl_records_place){place.chunk, place.slot + 1};
    return (tl_records_place){place.chunk + 1, 0};
}

bool tl_records_before(const tl_records_version *version, tl_records_place *place)
{
    if (place->slot > 0) {
        place->slot--;
        return true;
    }
    if (place->chunk == 0)
        return false;
    place->chunk--;
    place->slot = version->chunks[place->chunk]->count - 1;
    return true;
}

uint64_t tl_records_rank(const tl_records_version *version, tl_records_place place)
{
    uint64_t before = place.slot;
    for (size_t i = 0; i < place.chunk && i < version->chunk_count; i++)
        before += version->chunks[i]->count;
    return before;
}

static void version_release(tl_records_version *version)
{
    free(version->chunks);
    free(version->retired);
    free(version);
}

/* Release the versions at the old end that nobody reads, and what only they held. */
static void collect(tl_records *records)
{
    while (records->oldest != records->newest && records->oldest->pins == 0) {
        tl_records_version *gone = records->oldest, *next = gone->newer;
        for (size_t i = 0; i < next->retired_count; i++)
            free(next->retired[i]);
        next->retired_count = 0;
        records->oldest = next;
        version_release(gone);
    }
}

tl_status tl_records_create(tl_records **out)
{
    tl_records *records = calloc(1, sizeof *records);
    tl_records_version *first = calloc(1, sizeof *first);
    if (records == NULL || first == NULL) {
        free(records);
        free(first);
        return TL_NO_MEMORY;
    }
    records->oldest = records->newest = first;
    *out = records;
    return TL_OK;
}

void tl_records_destroy(tl_records *records)
{
    if (records == NULL)
        return;
    if (records->draft != NULL)
        tl_records_discard(records, records->draft);
    for (tl_records_version *each = records->oldest; each != NULL; each = each->newer)
        each->pins = 0;
    collect(records);
    tl_records_version *last = records->newest;
    for (size_t i = 0; i < last->chunk_count; i++) {
        for (size_t slot = 0; slot < last->chunks[i]->count; slot++)
            free(last->chunks[i]->records[slot]);
        free(last->chunks[i]);
    }
    version_release(last);
    free(records);
}

tl_records_version *tl_records_pin(tl_records *records)
{
    records->newest->pins++;
    return records->newest;
}

void tl_records_unpin(tl_records *records, tl_records_version *version)
{
    assert(version->pins > 0);
    version->pins--;
    collect(records);
}

tl_status tl_records_fork(tl_records *records, tl_records_version **out)
{
    if (records->draft != NULL)
        return TL_BUSY;
    const tl_records_version *newest = records->newest;
    tl_records_version *draft = calloc(1, sizeof *draft);
    if (draft == NULL)
        return TL_NO_MEMORY;
    draft->number = newest->number + 1;
    draft->chunk_capacity = newest->chunk_count + 16;
    draft->chunks = malloc(draft->chunk_capacity * sizeof(chunk *));
    if (draft->chunks == NULL) {
        free(draft);
        return TL_NO_MEMORY;
    }
    if (newest->chunk_count != 0)
        memcpy(draft->chunks, newest->chunks, newest->chunk_count * sizeof draft->chunks[0]);
    draft->chunk_count = newest->chunk_count;
    draft->record_count = newest->record_count;
    draft->content_bytes = newest->content_bytes;
    records->draft = draft;
    *out = draft;
    return TL_OK;
}

void tl_records_publish(tl_records *records, tl_records_version *draft)
{
    assert(records->draft == draft);
    records->newest->newer = draft;
    records->newest = draft;
    records->draft = NULL;
    collect(records);
}

void tl_records_discard(tl_records *records, tl_records_version *draft)
{
    assert(records->draft == draft);
    for (size_t i = 0; i < draft->chunk_count; i++) {
        chunk *each = draft->chunks[i];
        if (each->born != draft->number)
            continue;
        for (size_t slot = 0; slot < each->count; slot++)
            if (each->records[slot]->born == draft->number)
                free(each->records[slot]);
        free(each);
    }
    records->draft = NULL;
    version_release(draft); /* what it retired still belongs to the older versions */
}
