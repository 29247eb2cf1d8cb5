/* harness/compare/looks.c -- see looks.h. */
#include "harness/compare/looks.h"

#include "harness/compare/signed_rank.h"

#include <stdlib.h>
#include <string.h>

#define ALPHA_DEFAULT 0.01

static void share_out(tl_looks *looks, double total)
{
    double parts = (double)(looks->count * (looks->count + 1)) / 2;
    for (size_t i = 0; i < looks->count; i++)
        looks->rows[i].alpha = total * (double)(i + 1) / parts;
}

tl_looks tl_looks_default(void)
{
    tl_looks looks = {
        .count = 4, .rows = {{16, 0}, {32, 0}, {64, 0}, {128, 0}}
    };
    share_out(&looks, ALPHA_DEFAULT);
    return looks;
}

static bool parse_alpha(const char **text, double *alpha)
{
    char *end;
    *alpha = strtod(*text, &end);
    if (end == *text)
        return false;
    if (*end == '%') {
        *alpha /= 100;
        end++;
    }
    *text = end;
    return *alpha > 0 && *alpha < 0.5;
}

bool tl_looks_parse(const char *text, tl_looks *looks)
{
    tl_looks made = {0};
    size_t with_alpha = 0;
    for (;;) {
        char *end;
        if (made.count == TL_LOOKS_MAX || *text < '0' || *text > '9')
            return false;
        unsigned long launches = strtoul(text, &end, 10);
        tl_look *look = &made.rows[made.count];
        if (launches < 1 || launches > TL_SIGNED_RANK_N_MAX ||
            (made.count > 0 && launches <= look[-1].launches))
            return false;
        look->launches = (unsigned)launches;
        text = end;
        if (*text == ':') {
            text++;
            with_alpha++;
            if (!parse_alpha(&text, &look->alpha))
                return false;
        }
        made.count++;
        if (*text == '\0')
            break;
        if (*text++ != ',')
            return false;
    }
    if (with_alpha != 0 && with_alpha != made.count)
        return false;
    if (with_alpha == 0)
        share_out(&made, ALPHA_DEFAULT);
    if (!(tl_looks_alpha(&made) < 0.5))
        return false;
    *looks = made;
    return true;
}

double tl_looks_alpha(const tl_looks *looks)
{
    double sum = 0;
    for (size_t i = 0; i < looks->count; i++)
        sum += looks->rows[i].alpha;
    return sum;
}

double tl_looks_share(const tl_looks *looks, size_t index, double total)
{
    return total * looks->rows[index].alpha / tl_looks_alpha(looks);
}
