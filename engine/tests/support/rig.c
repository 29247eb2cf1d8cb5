/* engine/tests/support/rig.c -- see rig.h. */
#include "engine/tests/support/rig.h"

#include <stdlib.h>

const char rig_path[] = "rig.tl";

void rig_make(rig *made)
{
    memset(made, 0, sizeof *made);
    made->disk = memdisk_create();
    faultio_init(&made->faults, memdisk_io(made->disk));
    faultmem_init(&made->memory);
    made->options = (tl_env_options){
        .flags = TL_OPEN_DETERMINISTIC,
        .seed = 7,
        .page_bytes = 1024,
        .map_bytes = UINT64_C(256) << 20,
        .growth_bytes = 32 << 10,
        .log_bytes = 8192,
        .readers_max = 8,
        .io = &made->faults.io,
        .memory = &made->memory.memory,
        .error = &made->error,
    };
}

void rig_drop(rig *gone)
{
    if (gone->env != NULL)
        rig_abandon(gone);
    assert_int_equal(0, gone->memory.live_count);
    assert_int_equal(0, memdisk_open_count(gone->disk));
    memdisk_destroy(gone->disk);
    model_clear(&gone->truth);
    pthread_mutex_destroy(&gone->memory.mutex);
}

int rig_setup(void **state)
{
    rig *made = malloc(sizeof *made);
    if (made == NULL)
        return -1;
    rig_make(made);
    *state = made;
    return 0;
}

int rig_teardown(void **state)
{
    rig_drop(*state);
    free(*state);
    return 0;
}

tl_status rig_try_open(rig *on)
{
    on->error = (tl_error){.status = TL_OK};
    return tl_env_open(rig_path, &on->options, &on->env);
}

void rig_open(rig *on)
{
    tl_status status = rig_try_open(on);
    if (status != TL_OK)
        print_error("%s\n", on->error.text);
    check_ok(status);
}

void rig_close(rig *on)
{
    tl_env *env = on->env;
    on->env = NULL;
    check_ok(tl_env_close(env));
}

void rig_abandon(rig *on)
{
    tl_env_abandon(on->env);
    on->env = NULL;
}

void rig_compare(rig *on)
{
    tl_txn *txn = NULL;
    check_sound(on->env, &on->truth);
    check_ok(tl_txn_begin(on->env, TL_TXN_READ_ONLY, &txn));
    check_content(txn, &on->truth);
    tl_txn_abort(txn);
}

void rig_reopen(rig *on)
{
    rig_abandon(on);
    rig_open(on);
    rig_compare(on);
}
