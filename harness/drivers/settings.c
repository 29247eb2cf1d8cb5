/* harness/drivers/settings.c -- from key=value text to the fields of an options struct. */
#include "harness/drivers/settings.h"

#include "harness/cli/cli.h"
#include "harness/drivers/files.h"

#include <stdio.h>
#include <string.h>

enum { SETTING_ROWS_MAX = 32 }; /* of any one driver: room for the names offered to tl_nearest */

static const tl_setting_row *find_row(const tl_setting_table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->rows[i].name, name) == 0)
            return &table->rows[i];
    return NULL;
}

/* The settings of peers are few: all of them fit into the message. */
static void refuse_of_few(const char *const *names, size_t count, const char *driver,
                          const tl_driver_options *options, const char *name)
{
    char all[160] = "";
    for (size_t i = 0, used = 0; i < count && used < sizeof all; i++)
        used +=
            (size_t)snprintf(all + used, sizeof all - used, "%s%s", i == 0 ? "" : ", ", names[i]);
    tl_driver_explain(options, "driver %s has no setting '%s'; it has %s", driver, name, all);
}

static tl_status refuse_name(const tl_setting_table *table, const char *driver,
                             const tl_driver_options *options, const char *name)
{
    const char *names[SETTING_ROWS_MAX];
    size_t name_count = table->count < SETTING_ROWS_MAX ? table->count : SETTING_ROWS_MAX;
    for (size_t i = 0; i < name_count; i++)
        names[i] = table->rows[i].name;
    const char *nearest = name_count == 0 ? NULL : tl_nearest(name, names, name_count);
    if (nearest != NULL)
        tl_driver_explain(options, "driver %s has no setting '%s'; did you mean '%s'?", driver,
                          name, nearest);
    else if (name_count == 0)
        tl_driver_explain(options, "driver %s has no settings; remove '%s'", driver, name);
    else if (table == &tl_tree_settings)
        tl_driver_explain(options,
                          "driver %s has no setting '%s'; `treelab list settings` shows those it "
                          "has",
                          driver, name);
    else
        refuse_of_few(names, name_count, driver, options, name);
    return TL_INVALID;
}

static tl_status refuse_value(const char *driver, const tl_driver_options *options,
                              const tl_driver_setting *setting, const char *wanted)
{
    tl_driver_explain(options, "driver %s: setting %s wants %s, not '%s'", driver, setting->name,
                      wanted, setting->value);
    return TL_INVALID;
}

/* A row of a registry, or the nearest one. */
static tl_status check_name(const tl_setting_row *row, const char *driver,
                            const tl_driver_options *options, const tl_driver_setting *setting)
{
    const char *const *names = row->names();
    size_t count = 0;
    for (; names[count] != NULL; count++)
        if (strcmp(names[count], setting->value) == 0)
            return TL_OK;
    const char *nearest = tl_nearest(setting->value, names, count);
    tl_driver_explain(options, "driver %s: unknown %s '%s'; %s%s%s", driver, setting->name,
                      setting->value, nearest == NULL ? "'treelab list" : "did you mean '",
                      nearest == NULL ? "" : nearest, nearest == NULL ? "' shows all" : "'?");
    return TL_INVALID;
}

/* memcpy because the field is only known by its offset. */
static tl_status apply_one(const tl_setting_row *row, const char *driver,
                           const tl_driver_options *options, const tl_driver_setting *setting,
                           unsigned char *target)
{
    uint64_t number = 0;
    switch (row->kind) {
    case TL_SETTING_NAME:
        if (check_name(row, driver, options, setting) != TL_OK)
            return TL_INVALID;
        memcpy(target + row->offset, &setting->value, sizeof setting->value);
        return TL_OK;
    case TL_SETTING_U32: {
        if (!tl_parse_size(setting->value, 0, UINT32_MAX, &number))
            return refuse_value(driver, options, setting,
                                "a number up to 4294967295, like 512 or 4k");
        uint32_t narrow = (uint32_t)number;
        memcpy(target + row->offset, &narrow, sizeof narrow);
        return TL_OK;
    }
    case TL_SETTING_U64:
        if (!tl_parse_size(setting->value, 0, UINT64_MAX, &number))
            return refuse_value(driver, options, setting, "a number like 65536 or 64m");
        memcpy(target + row->offset, &number, sizeof number);
        return TL_OK;
    case TL_SETTING_BOOL: {
        if (!tl_parse_size(setting->value, 0, 1, &number))
            return refuse_value(driver, options, setting, "0 or 1");
        bool on = number == 1;
        memcpy(target + row->offset, &on, sizeof on);
        return TL_OK;
    }
    case TL_SETTING_FLAG: {
        if (!tl_parse_size(setting->value, 0, 1, &number))
            return refuse_value(driver, options, setting, "0 or 1");
        unsigned flags;
        memcpy(&flags, target + row->offset, sizeof flags);
        flags = number == 1 ? flags | row->flag : flags & ~row->flag;
        memcpy(target + row->offset, &flags, sizeof flags);
        return TL_OK;
    }
    }
    return TL_INVALID;
}

tl_status tl_settings_apply(const tl_setting_table *table, const char *driver,
                            const tl_driver_options *options, void *target)
{
    for (size_t i = 0; i < options->setting_count; i++) {
        const tl_driver_setting *setting = &options->settings[i];
        const tl_setting_row *row = find_row(table, setting->name);
        if (row == NULL)
            return refuse_name(table, driver, options, setting->name);
        tl_status status = apply_one(row, driver, options, setting, target);
        if (status != TL_OK)
            return status;
    }
    return TL_OK;
}

tl_status tl_settings_refuse(const char *driver, const tl_driver_options *options)
{
    static const tl_setting_table empty = {NULL, 0};
    return tl_settings_apply(&empty, driver, options, NULL);
}
