/* harness/check/process_child.c -- children that may be killed: started, watched, killed, and an
 * I/O table that kills from inside.
 *
 * A child that dies leaves its page behind, with what it had reached.  Waiting is looking again and
 * again, a few microseconds apart: what is waited for takes a millisecond or so, and no signal
 * handler of the caller is touched.
 */
#define _GNU_SOURCE
#include "harness/check/process_body.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { NAP_NS = 20000, FILE_PAGE_BYTES = 4096 };

uint64_t tl_process_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

void tl_process_nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
}

tl_status tl_process_create(tl_process *process)
{
    void *page = mmap(NULL, sizeof *process->page, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return TL_NO_MEMORY;
    *process = (tl_process){.page = page};
    return TL_OK;
}

void tl_process_destroy(tl_process *process)
{
    if (process->page == NULL)
        return;
    tl_process_kill(process);
    munmap(process->page, sizeof *process->page);
    *process = (tl_process){0};
}

tl_status tl_process_start(tl_process *process, void (*body)(void *context, tl_process_page *page),
                           void *context)
{
    pid_t parent = getpid();
    memset((void *)process->page, 0, sizeof *process->page);
    pid_t pid = fork();
    if (pid < 0)
        return errno == ENOMEM || errno == EAGAIN ? TL_NO_MEMORY : TL_IO;
    if (pid == 0) {
        signal(SIGINT, SIG_IGN); /* of the terminal: the parent ends this in its own way */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() == parent)
            body(context, process->page);
        _exit(0);
    }
    process->pid = pid;
    return TL_OK;
}

bool tl_process_has_ended(tl_process *process, int *signal_number)
{
    int how = 0;
    pid_t got = process->pid == 0 ? 0 : waitpid(process->pid, &how, WNOHANG);
    if (got == 0)
        return process->pid == 0;
    *signal_number = got > 0 && WIFSIGNALED(how) ? WTERMSIG(how) : 0;
    process->pid = 0;
    return true;
}

void tl_process_kill(tl_process *process)
{
    if (process->pid == 0)
        return;
    kill(process->pid, SIGKILL);
    while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    process->pid = 0;
}

tl_process_end tl_process_wait(tl_process *process, uint64_t patience_ns, int *signal_number)
{
    uint64_t steps = 0, moved_ns = tl_process_now_ns();
    *signal_number = 0;
    while (!tl_process_has_ended(process, signal_number)) {
        uint64_t now_steps = atomic_load(&process->page->steps), now_ns = tl_process_now_ns();
        if (now_steps != steps) {
            steps = now_steps;
            moved_ns = now_ns;
        } else if (now_ns - moved_ns > patience_ns) {
            tl_process_kill(process);
            return TL_PROCESS_HUNG;
        }
        tl_process_nap();
    }
    return *signal_number != 0 ? TL_PROCESS_KILLED : TL_PROCESS_EXITED;
}

void tl_process_stop(tl_process *process)
{
    int how = 0;
    kill(process->pid, SIGSTOP);
    while (waitpid(process->pid, &how, WUNTRACED) < 0 && errno == EINTR)
        ;
    if (!WIFSTOPPED(how))
        process->pid = 0; /* it ended before it stopped: whoever asks it next is told */
}

void tl_process_continue(tl_process *process)
{
    if (process->pid != 0)
        kill(process->pid, SIGCONT);
}

/* --- the I/O table that kills --- */

static tl_killer *killer_of(tl_io *io)
{
    return (tl_killer *)io;
}

static void die(tl_killer *killer)
{
    atomic_store(&killer->page->reached, true);
    for (;;)
        kill(getpid(), SIGKILL);
}

/* An operation begins: is it the one?  True: it is, and the caller is to do part of it and die. */
static bool operation(tl_killer *killer, unsigned cuts)
{
    uint64_t index = atomic_fetch_add(&killer->page->ops, 1);
    atomic_fetch_add(&killer->page->steps, 1);
    if (index != killer->at)
        return false;
    atomic_store(&killer->page->cuts, cuts);
    if (killer->cut == 0)
        die(killer);
    return killer->cut <= cuts;
}

void tl_killer_step(tl_killer *killer)
{
    (void)operation(killer, 0);
}

void tl_killer_end(tl_killer *killer)
{
    if (killer->at == atomic_load(&killer->page->ops) && killer->cut == 0)
        die(killer);
}

static bool creates(const char *path, bool may)
{
    return may && access(path, F_OK) != 0;
}

static tl_status killer_open(tl_io *io, const char *path, unsigned flags, tl_file **file)
{
    tl_killer *killer = killer_of(io);
    if (creates(path, (flags & TL_IO_CREATE) != 0))
        tl_killer_step(killer);
    return killer->below->open(killer->below, path, flags, file);
}

static tl_status killer_lock(tl_io *io, const char *path, bool exclusive, tl_file **lock,
                             uint64_t *holder_pid)
{
    tl_killer *killer = killer_of(io);
    if (creates(path, exclusive))
        tl_killer_step(killer);
    return killer->below->lock(killer->below, path, exclusive, lock, holder_pid);
}

static void killer_close(tl_io *io, tl_file *file)
{
    tl_io *below = killer_of(io)->below;
    below->close(below, file);
}

static tl_status killer_size(tl_io *io, tl_file *file, uint64_t *size_bytes)
{
    tl_io *below = killer_of(io)->below;
    return below->size(below, file, size_bytes);
}

static tl_status killer_pread(tl_io *io, tl_file *file, uint64_t offset, void *buffer,
                              size_t size_bytes, size_t *got)
{
    tl_io *below = killer_of(io)->below;
    return below->pread(below, file, offset, buffer, size_bytes, got);
}

static tl_status killer_read_verified(tl_io *io, tl_file *file, uint64_t offset, void *buffer,
                                      size_t size_bytes, tl_io_verify_fn verify, void *context)
{
    tl_io *below = killer_of(io)->below;
    return below->read_verified(below, file, offset, buffer, size_bytes, verify, context);
}

/* Write the first `size_bytes` bytes of the spans, and die. */
static void write_and_die(tl_killer *killer, tl_file *file, uint64_t offset,
                          const tl_io_span *spans, size_t size_bytes)
{
    tl_io_span part[TL_IO_SPANS_MAX];
    size_t count = 0;
    for (size_t left = size_bytes; left > 0; count++) {
        part[count] = spans[count];
        if (part[count].size_bytes > left)
            part[count].size_bytes = left;
        left -= part[count].size_bytes;
    }
    if (killer->below->pwritev(killer->below, file, offset, part, count) == TL_OK)
        die(killer);
}

static tl_status killer_pwritev(tl_io *io, tl_file *file, uint64_t offset, const tl_io_span *spans,
                                size_t span_count)
{
    tl_killer *killer = killer_of(io);
    uint64_t size_bytes = 0, first = offset / FILE_PAGE_BYTES;
    for (size_t i = 0; i < span_count; i++)
        size_bytes += spans[i].size_bytes;
    if (size_bytes > 0) {
        atomic_fetch_add(&killer->page->writes, 1);
        uint64_t cuts = (offset + size_bytes - 1) / FILE_PAGE_BYTES - first;
        if (operation(killer, (unsigned)cuts))
            write_and_die(killer, file, offset, spans,
                          (size_t)((first + killer->cut) * FILE_PAGE_BYTES - offset));
    }
    return killer->below->pwritev(killer->below, file, offset, spans, span_count);
}

static tl_status killer_fdatasync(tl_io *io, tl_file *file)
{
    tl_killer *killer = killer_of(io);
    atomic_fetch_add(&killer->page->syncs, 1);
    tl_killer_step(killer);
    return killer->below->fdatasync(killer->below, file);
}

static tl_status killer_fsync_dir(tl_io *io, const char *dir)
{
    tl_killer *killer = killer_of(io);
    atomic_fetch_add(&killer->page->syncs, 1);
    tl_killer_step(killer);
    return killer->below->fsync_dir(killer->below, dir);
}

static tl_status killer_truncate(tl_io *io, tl_file *file, uint64_t size_bytes)
{
    tl_killer *killer = killer_of(io);
    tl_killer_step(killer);
    return killer->below->truncate(killer->below, file, size_bytes);
}

static tl_status killer_fallocate(tl_io *io, tl_file *file, uint64_t offset, uint64_t size_bytes)
{
    tl_killer *killer = killer_of(io);
    tl_killer_step(killer);
    return killer->below->fallocate(killer->below, file, offset, size_bytes);
}

static tl_status killer_rename(tl_io *io, const char *from, const char *to)
{
    tl_killer *killer = killer_of(io);
    tl_killer_step(killer);
    return killer->below->rename(killer->below, from, to);
}

static tl_status killer_unlink(tl_io *io, const char *path)
{
    tl_killer *killer = killer_of(io);
    tl_killer_step(killer);
    return killer->below->unlink(killer->below, path);
}

void tl_killer_init(tl_killer *killer, tl_process_page *page, uint64_t at, unsigned cut)
{
    static const tl_io table = {
        .open = killer_open,
        .close = killer_close,
        .size = killer_size,
        .pread = killer_pread,
        .read_verified = killer_read_verified,
        .pwritev = killer_pwritev,
        .fdatasync = killer_fdatasync,
        .fsync_dir = killer_fsync_dir,
        .truncate = killer_truncate,
        .fallocate = killer_fallocate,
        .rename = killer_rename,
        .unlink = killer_unlink,
        .lock = killer_lock,
    };
    *killer = (tl_killer){.io = table, .below = tl_io_posix(), .page = page, .at = at, .cut = cut};
}
