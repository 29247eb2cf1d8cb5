/* harness/fault/choices_weight.c -- how many states a run stands for. */
#include "harness/fault/choices_body.h"

uint64_t tl_choices_mask_count(const tl_choices *choices, const tl_open *open, uint64_t mask)
{
    if (!open->counted)
        return (uint64_t)__builtin_popcountll(mask);
    uint64_t count = 0;
    for (uint64_t left = mask; left != 0; left &= left - 1)
        count += choices->contents[open->first + (uint32_t)__builtin_ctzll(left)].count;
    return count;
}

/* A product of many small numbers: mostly twos. */
typedef struct product {
    uint64_t small;
    mp_bitcnt_t twos;
} product;

static void product_multiply(product *all, mpz_t big, uint64_t factor)
{
    unsigned twos = (unsigned)__builtin_ctzll(factor);
    uint64_t odd = factor >> twos;
    all->twos += twos;
    if (odd == 1)
        return;
    uint64_t grown;
    if (__builtin_mul_overflow(all->small, odd, &grown)) {
        mpz_mul_ui(big, big, all->small);
        grown = odd;
    }
    all->small = grown;
}

static void product_finish(const product *all, mpz_t big)
{
    if (all->small != 1)
        mpz_mul_ui(big, big, all->small);
    mpz_mul_2exp(big, big, all->twos);
}

void tl_choices_group_weight(tl_choices *choices, const tl_group *group, mpz_t weight)
{
    const uint64_t *members = choices->run_words.at + group->members;
    const uint64_t *box = choices->run_words.at + group->boxes;
    mpz_set_ui(weight, 1);
    product all = {1, 0};
    for (uint32_t i = 0; i < group->member_count; i++) {
        const tl_open *open = &choices->opens[members[i]];
        product_multiply(&all, weight, tl_choices_mask_count(choices, open, open->mask));
    }
    product_finish(&all, weight);
    for (uint32_t b = 0; b < group->box_count; b++, box += group->member_count) {
        bool empty = false;
        product less = {1, 0};
        mpz_set_ui(choices->product, 1);
        for (uint32_t i = 0; i < group->member_count && !empty; i++) {
            const tl_open *open = &choices->opens[members[i]];
            uint64_t count = tl_choices_mask_count(choices, open, open->mask & box[i]);
            empty = count == 0;
            if (!empty)
                product_multiply(&less, choices->product, count);
        }
        if (empty)
            continue;
        product_finish(&less, choices->product);
        mpz_sub(weight, weight, choices->product);
    }
}

void tl_choices_weight(const tl_choices *of, mpz_t weight)
{
    tl_choices *choices = (tl_choices *)(uintptr_t)of; /* its scratch is used */
    product all = {1, 0};
    mpz_set(weight, choices->fixed);
    for (uint32_t i = 0; i < choices->open_count; i++) {
        const tl_open *open = &choices->opens[i];
        if (open->group == 0)
            product_multiply(&all, weight, tl_choices_mask_count(choices, open, open->mask));
    }
    product_finish(&all, weight);
    for (uint32_t g = 0; g < choices->group_count; g++) {
        if (choices->groups[g].member_count == 0)
            continue; /* it went into a later one */
        tl_choices_group_weight(choices, &choices->groups[g], choices->scratch);
        mpz_mul(weight, weight, choices->scratch);
    }
}
