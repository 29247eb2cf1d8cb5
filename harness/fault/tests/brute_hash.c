/* harness/fault/tests/brute_hash.c -- images as sorted lists of hashes; see brute.h. */
#include "harness/fault/tests/brute.h"

#include <stdlib.h>
#include <string.h>

static void word_in(tl_brute_hash *hash, uint64_t word)
{
    hash->low = (hash->low ^ word) * UINT64_C(0x9fb21c651e98df25);
    hash->low ^= hash->low >> 32;
    hash->high = (hash->high + word) * UINT64_C(0xd6e8feb86659fd93);
    hash->high ^= hash->high >> 29;
}

static void bytes_in(tl_brute_hash *hash, const uint8_t *bytes, size_t size_bytes)
{
    word_in(hash, size_bytes);
    for (size_t i = 0; i < size_bytes; i += sizeof(uint64_t)) {
        uint64_t word = 0;
        memcpy(&word, bytes + i, size_bytes - i < sizeof word ? size_bytes - i : sizeof word);
        word_in(hash, word);
    }
}

tl_brute_hash tl_brute_image_hash(const tl_brute_image *image)
{
    tl_brute_hash hash = {1, 2};
    for (size_t i = 0; i < image->file_count; i++) {
        const tl_brute_file *file = &image->files[i];
        bytes_in(&hash, (const uint8_t *)file->path, strlen(file->path));
        bytes_in(&hash, file->bytes, file->size_bytes);
    }
    return hash;
}

int tl_brute_hash_compare(const void *left, const void *right)
{
    const tl_brute_hash *a = left, *b = right;
    if (a->high != b->high)
        return a->high > b->high ? 1 : -1;
    return (a->low > b->low) - (a->low < b->low);
}

typedef struct collection {
    tl_brute_hash *hashes;
    size_t count, capacity, limit, outcomes;
    tl_status status;
} collection;

static bool collect(void *context, const tl_brute_image *image, size_t outcome)
{
    collection *c = context;
    if (c->count == c->limit) {
        c->status = TL_NO_SPACE;
        return false;
    }
    if (c->count == c->capacity) {
        size_t grown = c->capacity == 0 ? 256 : c->capacity * 2;
        tl_brute_hash *memory = realloc(c->hashes, grown * sizeof *memory);
        if (memory == NULL) {
            c->status = TL_NO_MEMORY;
            return false;
        }
        c->hashes = memory;
        c->capacity = grown;
    }
    c->outcomes = outcome;
    c->hashes[c->count++] = tl_brute_image_hash(image);
    return true;
}

tl_status tl_brute_images(const tl_simdisk *trace, size_t at, tl_profile profile, size_t limit,
                          tl_brute_set *set)
{
    collection c = {.limit = limit};
    tl_status status = tl_brute_states(trace, at, profile, collect, &c);
    if (status == TL_OK)
        status = c.status;
    if (status != TL_OK) {
        free(c.hashes);
        return status;
    }
    if (c.count > 0)
        qsort(c.hashes, c.count, sizeof *c.hashes, tl_brute_hash_compare);
    *set = (tl_brute_set){c.hashes, c.count, c.outcomes};
    return TL_OK;
}
