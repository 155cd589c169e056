#if defined(__linux__)
#define _GNU_SOURCE
#endif

#include "COneDNN.h"

#include <limits.h>
#include <unistd.h>

#if defined(__linux__)

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// The number of CPUs in the affinity mask; 0 if it cannot be read.
static int affinityCount(void) {
    // The kernel refuses a set that is smaller than its own.
    for (int cpus = 1024; cpus <= 1 << 20; cpus *= 2) {
        cpu_set_t *set = CPU_ALLOC((size_t)cpus);
        if (!set) return 0;
        size_t bytes = CPU_ALLOC_SIZE((size_t)cpus);
        int count = sched_getaffinity(0, bytes, set) == 0 ? CPU_COUNT_S(bytes, set) : 0;
        CPU_FREE(set);
        if (count > 0) return count;
    }
    return 0;
}

/// Reads the first line of `directory`/`name`; false if there is none.
static bool readLine(const char *directory, const char *name, char *line, int capacity) {
    char path[PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "r");
    if (!file) return false;
    bool succeeded = fgets(line, capacity, file) != NULL;
    fclose(file);
    return succeeded;
}

/// The CPU quota of one control group, rounded up to whole CPUs; `INT_MAX` if it has none.
static int quota(const char *directory, bool isVersion2) {
    char line[128];
    int64_t microseconds = -1;
    int64_t period = 0;
    if (isVersion2) {
        // "max 100000" without a quota; the conversion fails then.
        if (!readLine(directory, "cpu.max", line, sizeof line)) return INT_MAX;
        if (sscanf(line, "%" SCNd64 " %" SCNd64, &microseconds, &period) != 2) return INT_MAX;
    } else {
        if (!readLine(directory, "cpu.cfs_quota_us", line, sizeof line)) return INT_MAX;
        microseconds = strtoll(line, NULL, 10);
        if (!readLine(directory, "cpu.cfs_period_us", line, sizeof line)) return INT_MAX;
        period = strtoll(line, NULL, 10);
    }
    if (microseconds <= 0 || period <= 0) return INT_MAX;
    int64_t cpus = (microseconds - 1) / period + 1;
    return cpus < INT_MAX ? (int)cpus : INT_MAX;
}

/// The smallest quota of a group and of all groups around it, each of which limits it.
///
/// In a container the path may name groups that are not visible there; the walk then ends at the mount, which shows the
/// container's own group.
static int smallestQuota(const char *mount, const char *group, bool isVersion2) {
    char directory[PATH_MAX];
    if (snprintf(directory, sizeof directory, "%s%s", mount, group) >= (int)sizeof directory) return INT_MAX;
    size_t mountLength = strlen(mount);
    int smallest = INT_MAX;
    for (;;) {
        int own = quota(directory, isVersion2);
        if (own < smallest) smallest = own;
        char *slash = strrchr(directory, '/');
        if (!slash || (size_t)(slash - directory) < mountLength) return smallest;
        *slash = '\0';
    }
}

/// Whether a comma-separated list has an entry.
static bool contains(const char *list, const char *entry) {
    size_t length = strlen(entry);
    for (const char *start = list; start; start = strchr(start, ','), start = start ? start + 1 : NULL) {
        if (strncmp(start, entry, length) == 0 && (start[length] == ',' || start[length] == '\0')) return true;
    }
    return false;
}

/// The smallest CPU quota of the control groups of the process; `INT_MAX` without any.
static int controlGroupQuota(void) {
    FILE *file = fopen("/proc/self/cgroup", "r");
    if (!file) return INT_MAX;
    int smallest = INT_MAX;
    char line[PATH_MAX + 128];
    // A line is "hierarchy:controllers:path"; version 2 has hierarchy 0 and no controllers.
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        char *controllers = strchr(line, ':');
        if (!controllers) continue;
        *controllers++ = '\0';
        char *group = strchr(controllers, ':');
        if (!group) continue;
        *group++ = '\0';
        int found = INT_MAX;
        if (strcmp(line, "0") == 0 && controllers[0] == '\0') {
            found = smallestQuota("/sys/fs/cgroup", group, true);
        } else if (contains(controllers, "cpu")) {
            // Mounted under the names of its controllers, "cpu,cpuacct" as a rule, with "cpu" as a link to it.
            found = smallestQuota("/sys/fs/cgroup/cpu", group, false);
        }
        if (found < smallest) smallest = found;
    }
    fclose(file);
    return smallest;
}

#endif

int apus_available_cpus(void) {
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    int cpus = online > 0 && online < INT_MAX ? (int)online : 1;
#if defined(__linux__)
    int affine = affinityCount();
    if (affine > 0) cpus = affine;
    int limit = controlGroupQuota();
    if (limit < cpus) cpus = limit;
#endif
    return cpus > 0 ? cpus : 1;
}
