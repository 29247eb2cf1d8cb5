/* harness/drivers/settings.h -- the key=value settings a driver understands, as a table of rows. */
#ifndef TL_DRIVERS_SETTINGS_H
#define TL_DRIVERS_SETTINGS_H

#include "harness/driver.h"

typedef enum tl_setting_kind {
    TL_SETTING_NAME, /* a const char *, borrowed from the setting: a row of a registry */
    TL_SETTING_U32,  /* "512", "4k" */
    TL_SETTING_U64,
    TL_SETTING_BOOL, /* "0" or "1" */
    TL_SETTING_FLAG, /* "0" or "1": a bit of an unsigned */
} tl_setting_kind;

typedef struct tl_setting_row {
    const char *name;
    tl_setting_kind kind;
    size_t offset;                     /* of the field in the target */
    unsigned flag;                     /* TL_SETTING_FLAG: which bit */
    const char *const *(*names)(void); /* TL_SETTING_NAME: the registry, NULL-terminated */
    const char *doc;                   /* one line for people */
} tl_setting_row;

typedef struct tl_setting_table {
    const tl_setting_row *rows;
    size_t count;
} tl_setting_table;

/* tree_settings.c: what driver `tree` understands; its target is a tl_env_options. */
extern const tl_setting_table tl_tree_settings;

/* Write every setting of `options` into `target`.
 *
 * TL_INVALID  a name is unknown or a value is not of its kind; options->error tells which, and for
 *             a name the nearest one */
tl_status tl_settings_apply(const tl_setting_table *table, const char *driver,
                            const tl_driver_options *options, void *target);

/* TL_OK when `options` has no settings; otherwise TL_INVALID, explained. */
tl_status tl_settings_refuse(const char *driver, const tl_driver_options *options);

#endif
