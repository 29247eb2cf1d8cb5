/* harness/fault/faults.c -- plans that make one call, or all from one on, fail. */
#include "harness/fault/simdisk_body.h"

#include <string.h>

#define CALL_AS_NAME(upper, lower) #lower,
static const char *const call_names[] = {TL_SIMDISK_CALL_MAP(CALL_AS_NAME)};

const char *tl_simdisk_call_name(tl_simdisk_call call)
{
    return call < TL_SIMDISK_CALL_COUNT ? call_names[call] : "?";
}

#define FAILURE_AS_NAME(upper, lower, text) #lower,
static const char *const failure_names[] = {TL_SYNC_FAILURE_MAP(FAILURE_AS_NAME)};

const char *tl_sync_failure_name(tl_sync_failure failure)
{
    return failure < TL_SYNC_FAILURE_COUNT ? failure_names[failure] : "?";
}

bool tl_sync_failure_find(const char *name, tl_sync_failure *failure)
{
    for (unsigned i = 0; i < TL_SYNC_FAILURE_COUNT; i++) {
        if (strcmp(failure_names[i], name) == 0) {
            *failure = (tl_sync_failure)i;
            return true;
        }
    }
    return false;
}

bool tl_simdisk_call_find(const char *name, tl_simdisk_call *call)
{
    for (unsigned i = 0; i < TL_SIMDISK_CALL_COUNT; i++) {
        if (strcmp(call_names[i], name) == 0) {
            *call = (tl_simdisk_call)i;
            return true;
        }
    }
    return false;
}

void tl_simdisk_fail(tl_simdisk *disk, tl_simdisk_call call, uint64_t nth, tl_status status,
                     bool sticky)
{
    pthread_mutex_lock(&disk->mutex);
    disk->plans[call] = (tl_fault_plan){.countdown = nth, .status = status, .sticky = sticky};
    pthread_mutex_unlock(&disk->mutex);
}

void tl_simdisk_fail_file(tl_simdisk *disk, uint64_t nth, tl_status status)
{
    pthread_mutex_lock(&disk->mutex);
    disk->plans[TL_SIMDISK_CALL_PWRITEV] =
        (tl_fault_plan){.countdown = nth, .status = status, .one_file = true};
    pthread_mutex_unlock(&disk->mutex);
}

void tl_simdisk_fail_sync(tl_simdisk *disk, uint64_t nth, tl_sync_failure failure, bool sticky)
{
    pthread_mutex_lock(&disk->mutex);
    disk->plans[TL_SIMDISK_CALL_FDATASYNC] =
        (tl_fault_plan){.countdown = nth, .status = TL_IO, .sticky = sticky, .failure = failure};
    pthread_mutex_unlock(&disk->mutex);
}

void tl_simdisk_clear_faults(tl_simdisk *disk)
{
    pthread_mutex_lock(&disk->mutex);
    memset(disk->plans, 0, sizeof disk->plans);
    disk->fired = 0;
    disk->late = false;
    disk->quota = UINT64_MAX;
    pthread_mutex_unlock(&disk->mutex);
}

uint64_t tl_simdisk_faults_fired(const tl_simdisk *disk)
{
    return disk->fired;
}

uint64_t tl_simdisk_call_count(const tl_simdisk *disk, tl_simdisk_call call)
{
    return disk->calls[call];
}

uint64_t tl_simdisk_read_bytes(const tl_simdisk *disk)
{
    return disk->read_bytes;
}

size_t tl_simdisk_open_count(const tl_simdisk *disk)
{
    size_t count = 0;
    for (const tl_file *handle = disk->handles; handle != NULL; handle = handle->next)
        count += handle->used;
    return count;
}

void tl_simdisk_set_quota(tl_simdisk *disk, uint64_t bytes)
{
    pthread_mutex_lock(&disk->mutex);
    disk->quota = bytes;
    pthread_mutex_unlock(&disk->mutex);
}
