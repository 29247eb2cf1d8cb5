#include "equal.h"

#include <string.h>

static bool same_text(const char *left, const char *right)
{
    return left == right || (left != NULL && right != NULL && strcmp(left, right) == 0);
}

static bool same_int(const tl_script_int *left, const tl_script_int *right)
{
    if (left == NULL || right == NULL)
        return left == right;
    return left->kind == right->kind && left->literal == right->literal &&
           left->loop == right->loop && same_text(left->name, right->name) &&
           same_int(left->left, right->left) && same_int(left->right, right->right);
}

static bool same_bytes(const tl_script_bytes *left, const tl_script_bytes *right)
{
    if (left == NULL || right == NULL)
        return left == right;
    const tl_script_atom *a = left->first, *b = right->first;
    for (; a != NULL && b != NULL; a = a->next, b = b->next) {
        if (a->kind != b->kind || !same_int(a->a, b->a) || !same_int(a->b, b->b) ||
            a->literal.size_bytes != b->literal.size_bytes ||
            (a->literal.size_bytes > 0 &&
             memcmp(a->literal.data, b->literal.data, a->literal.size_bytes) != 0))
            return false;
    }
    return a == b;
}

static bool same_range(const tl_script_range *left, const tl_script_range *right)
{
    if (left == NULL || right == NULL)
        return left == right;
    return left->low_included == right->low_included &&
           left->high_included == right->high_included && same_bytes(left->low, right->low) &&
           same_bytes(left->high, right->high);
}

static bool same_want(const tl_script_want *left, const tl_script_want *right)
{
    return left->given == right->given && left->any == right->any &&
           left->has_status == right->has_status && left->status == right->status &&
           same_bytes(left->value, right->value) && same_bytes(left->key, right->key) &&
           same_bytes(left->first, right->first) && same_bytes(left->last, right->last) &&
           same_int(left->count, right->count) && same_int(left->at, right->at) &&
           left->has_hash == right->has_hash && left->hash == right->hash;
}

static bool same_pairs(const tl_script_pair *left, const tl_script_pair *right)
{
    for (; left != NULL && right != NULL; left = left->next, right = right->next)
        if (!same_text(left->key, right->key) || !same_text(left->word, right->word))
            return false;
    return left == right;
}

static bool same_losses(const tl_script_loss *left, const tl_script_loss *right)
{
    for (; left != NULL && right != NULL; left = left->next, right = right->next) {
        const tl_script_number *a = left->units, *b = right->units;
        for (; a != NULL && b != NULL; a = a->next, b = b->next)
            if (!same_int(a->value, b->value))
                return false;
        if (a != b || left->kind != right->kind)
            return false;
    }
    return left == right;
}

static bool same_lines(const tl_script_line *left, const tl_script_line *right)
{
    for (; left != NULL && right != NULL; left = left->next, right = right->next) {
        bool same =
            left->verb == right->verb && left->number == right->number &&
            left->index == right->index && same_text(left->subject, right->subject) &&
            same_text(left->name, right->name) && same_text(left->tree, right->tree) &&
            same_text(left->error, right->error) && left->read_only == right->read_only &&
            left->reverse == right->reverse && left->sticky == right->sticky &&
            same_bytes(left->key, right->key) && same_bytes(left->value, right->value) &&
            same_range(left->range, right->range) && same_int(left->amount, right->amount) &&
            same_int(left->limit, right->limit) && left->comparison == right->comparison &&
            same_pairs(left->pairs, right->pairs) && same_losses(left->losses, right->losses) &&
            same_int(left->from, right->from) && same_int(left->to, right->to) &&
            same_int(left->step, right->step) && same_int(left->shuffle, right->shuffle) &&
            same_lines(left->body, right->body) && same_want(&left->want, &right->want) &&
            same_text(left->comment, right->comment) &&
            same_text(left->end_comment, right->end_comment);
        if (!same)
            return false;
    }
    return left == right;
}

bool scripts_are_equal(const tl_script *left, const tl_script *right)
{
    return tl_script_line_count(left) == tl_script_line_count(right) &&
           same_lines(tl_script_first(left), tl_script_first(right));
}
