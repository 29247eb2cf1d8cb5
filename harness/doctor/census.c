/* harness/doctor/census.c -- who else uses the processors, by /proc/PID/stat before and after. */
#define _GNU_SOURCE
#include "harness/doctor/doctor_body.h"

#include <ctype.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PEOPLE_MAX = 4096, NAME_BYTES = 32 };

typedef struct person {
    long pid;
    unsigned long long ticks;
    char name[NAME_BYTES];
} person;

struct tl_census {
    size_t count;
    person people[PEOPLE_MAX];
};

/* "PID (NAME) S ppid ... utime stime": the name may hold anything, so the last ')' ends it. */
static bool person_read(long pid, person *read)
{
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false; /* it has ended: that is life */
    size_t length = fread(line, 1, sizeof line - 1, file);
    fclose(file);
    line[length] = '\0';
    char *open = strchr(line, '('), *close = strrchr(line, ')');
    unsigned long long user = 0, system = 0;
    if (open == NULL || close == NULL || close < open ||
        sscanf(close + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user,
               &system) != 2)
        return false;
    *read = (person){.pid = pid, .ticks = user + system};
    snprintf(read->name, sizeof read->name, "%.*s", (int)(close - open - 1), open + 1);
    return true;
}

static size_t people_read(person people[PEOPLE_MAX])
{
    size_t count = 0;
    DIR *proc = opendir("/proc");
    if (proc == NULL)
        return 0;
    for (struct dirent *entry; count < PEOPLE_MAX && (entry = readdir(proc)) != NULL;)
        if (isdigit((unsigned char)entry->d_name[0]) &&
            person_read(strtol(entry->d_name, NULL, 10), &people[count]))
            count++;
    closedir(proc);
    return count;
}

tl_census *tl_census_begin(void)
{
    tl_census *census = calloc(1, sizeof *census);
    if (census == NULL)
        return NULL;
    census->count = people_read(census->people);
    if (census->count == 0) {
        free(census);
        return NULL;
    }
    return census;
}

static unsigned long long ticks_before(const tl_census *census, long pid)
{
    for (size_t i = 0; i < census->count; i++)
        if (census->people[i].pid == pid)
            return census->people[i].ticks;
    return 0; /* it began since */
}

double tl_census_end(tl_census *census, double elapsed_ns, char *name, size_t name_bytes)
{
    name[0] = '\0';
    tl_census *now = census == NULL ? NULL : tl_census_begin();
    double others = NAN;
    if (now != NULL) {
        unsigned long long sum = 0, most = 0;
        for (size_t i = 0; i < now->count; i++) {
            const person *one = &now->people[i];
            unsigned long long before = ticks_before(census, one->pid);
            if (one->pid == (long)getpid() || one->ticks <= before)
                continue;
            sum += one->ticks - before;
            if (one->ticks - before > most) {
                most = one->ticks - before;
                snprintf(name, name_bytes, "%s (%ld)", one->name, one->pid);
            }
        }
        others = (double)sum / (double)sysconf(_SC_CLK_TCK) / (elapsed_ns / 1e9);
    }
    free(now);
    free(census);
    return others;
}
