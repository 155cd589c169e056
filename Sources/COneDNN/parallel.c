#include "COneDNN.h"

// libgomp's entry points, declared here because the compiler of the Swift toolchain comes without omp.h and does not
// link -fopenmp. `GOMP_parallel` is what the compiler would call for "#pragma omp parallel".
extern void GOMP_parallel(void (*body)(void *), void *data, unsigned threads, unsigned flags);
extern void omp_set_num_threads(int count);
extern int omp_get_max_threads(void);
extern int omp_get_num_threads(void);
extern int omp_get_thread_num(void);
extern int omp_in_parallel(void);
extern int omp_pause_resource_all(int kind);

void apus_set_threads(int count) {
    omp_set_num_threads(count > 0 ? count : 1);
}

void apus_release_threads(void) {
    // omp_pause_soft of OpenMP 5.0: the pool ends, the settings stay.
    (void)omp_pause_resource_all(1);
}

int apus_threads(void) {
    return omp_get_max_threads();
}

typedef struct Range {
    int64_t begin;
    int64_t end;
} Range;

/// The part of [0, count) of one of several threads; parts differ by at most one and lie in the order of the threads.
static Range share(int64_t count, int thread, int threads) {
    int64_t quotient = count / threads;
    int64_t remainder = count % threads;
    int64_t begin = thread * quotient + (thread < remainder ? thread : remainder);
    return (Range){begin, begin + quotient + (thread < remainder ? 1 : 0)};
}

/// A region always has all threads of the pool, idle ones included: libgomp ends the threads that a smaller region
/// leaves over and starts them again for the next one.
static bool runsInline(int64_t count) {
    return count <= 1 || omp_get_max_threads() == 1 || omp_in_parallel();
}

typedef struct Tasks {
    int64_t count;
    void (*body)(void *context, int64_t task, int thread);
    void *context;
} Tasks;

static void runTasks(void *data) {
    const Tasks *tasks = data;
    int thread = omp_get_thread_num();
    Range range = share(tasks->count, thread, omp_get_num_threads());
    for (int64_t task = range.begin; task < range.end; task++) tasks->body(tasks->context, task, thread);
}

void apus_parallel_for(int64_t tasks, void (*body)(void *context, int64_t task, int thread), void *context) {
    if (runsInline(tasks)) {
        int thread = omp_get_thread_num();
        for (int64_t task = 0; task < tasks; task++) body(context, task, thread);
        return;
    }
    Tasks data = {tasks, body, context};
    GOMP_parallel(runTasks, &data, 0, 0);
}

typedef struct Ranges {
    int64_t count;
    int64_t grain;
    int64_t grains;
    void (*body)(void *context, int64_t begin, int64_t end, int thread);
    void *context;
} Ranges;

static void runRange(void *data) {
    const Ranges *ranges = data;
    int thread = omp_get_thread_num();
    Range range = share(ranges->grains, thread, omp_get_num_threads());
    if (range.begin == range.end) return;
    int64_t begin = range.begin * ranges->grain;
    int64_t end = range.end == ranges->grains ? ranges->count : range.end * ranges->grain;
    ranges->body(ranges->context, begin, end, thread);
}

void apus_parallel_ranges(int64_t count, int64_t grain,
    void (*body)(void *context, int64_t begin, int64_t end, int thread), void *context) {
    if (count <= 0) return;
    if (grain < 1) grain = 1;
    int64_t grains = (count - 1) / grain + 1;
    if (runsInline(grains)) {
        body(context, 0, count, omp_get_thread_num());
        return;
    }
    Ranges data = {count, grain, grains, body, context};
    GOMP_parallel(runRange, &data, 0, 0);
}
