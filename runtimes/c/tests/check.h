/* What every test program shares: the library with its test points, a check macro, names that are unique to the run,
 * and a parent that cleans up however the tests end. */
#ifndef CHECK_H
#define CHECK_H

#define _GNU_SOURCE
#define ZEROIPC_TEST_POINTS
#define ZEROIPC_IMPLEMENTATION
#include <zeroipc.h>

#include <dirent.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* ---- Test points: what a process does when it comes by. ---- */

static const char *point_wanted;        /* act at this point */
static int point_skip;                  /* after so many visits */
static void (*point_act)(const char *); /* by doing this */
static char (*point_seen)[40];          /* or record the names of all points, in shared memory */

void zeroipc_test_point(const char *point)
{
    int i;
    if (point_seen != NULL) {
        for (i = 0; point_seen[i][0] != 0; i++)
            if (strcmp(point_seen[i], point) == 0)
                return;
        (void)snprintf(point_seen[i], sizeof point_seen[i], "%s", point);
    }
    if (point_wanted != NULL && strcmp(point_wanted, point) == 0 && point_skip-- == 0)
        point_act(point);
}

/* ---- Checks. ---- */

static int failures;

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: %s is false\n", __FILE__, __LINE__, #condition);                                   \
            failures++;                                                                                                \
        }                                                                                                              \
    } while (0)

#define CHECK_STATUS(call, wanted)                                                                                     \
    do {                                                                                                               \
        zeroipc_status got_ = (call);                                                                                  \
        if (got_ != (wanted)) {                                                                                        \
            fprintf(stderr, "%s:%d: %s is %s and not %s: %s\n", __FILE__, __LINE__, #call, zeroipc_status_name(got_),  \
                    zeroipc_status_name(wanted), zeroipc_error_message());                                             \
            failures++;                                                                                                \
        }                                                                                                              \
    } while (0)

#define OK(call) CHECK_STATUS(call, ZEROIPC_OK)

/* The call fails, and its sentence is this one; `%s` in it stands for `part`. */
#define CHECK_ERROR(call, wanted, sentence, part)                                                                      \
    do {                                                                                                               \
        char expected_[1200];                                                                                          \
        CHECK_STATUS(call, wanted);                                                                                    \
        say(expected_, sizeof expected_, sentence, part);                                                              \
        if (strcmp(expected_, zeroipc_error_message()) != 0) {                                                         \
            fprintf(stderr, "%s:%d:\n  wanted: %s\n  got:    %s\n", __FILE__, __LINE__, expected_,                     \
                    zeroipc_error_message());                                                                          \
            failures++;                                                                                                \
        }                                                                                                              \
    } while (0)

static inline void say(char *out, size_t size, const char *sentence, const char *part)
{
    const char *hole = strstr(sentence, "%s");
    if (hole == NULL)
        (void)snprintf(out, size, "%s", sentence);
    else
        (void)snprintf(out, size, "%.*s%s%s", (int)(hole - sentence), sentence, part, hole + 2);
}

/* ---- Names. ---- */

static long run_id;

/* A segment name of this run, e.g. "/zeroipc_c_123_queue". Four may be in use at a time. */
static inline const char *named(const char *what)
{
    static char names[4][96];
    static int next;
    char *name = names[next++ % 4];
    (void)snprintf(name, sizeof names[0], "/zeroipc_c_%ld_%s", run_id, what);
    return name;
}

static inline void remove_all(void)
{
    char prefix[40], path[300];
    DIR *directory = opendir("/dev/shm");
    struct dirent *entry;
    int length = snprintf(prefix, sizeof prefix, "zeroipc_c_%ld_", run_id);
    while (directory != NULL && (entry = readdir(directory)) != NULL)
        if (strncmp(entry->d_name, prefix, (size_t)length) == 0) {
            (void)snprintf(path, sizeof path, "/dev/shm/%s", entry->d_name);
            (void)unlink(path);
        }
    if (directory != NULL)
        (void)closedir(directory);
}

/* ---- Processes. ---- */

/* Runs `body` in a child. The child dies with this process, and counts its own failures. */
static inline pid_t start(void (*body)(void *), void *with)
{
    pid_t pid;
    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        failures = 0;
        alarm(300);
        body(with);
        fflush(NULL);
        _exit(failures == 0 ? 0 : 1);
    }
    CHECK(pid > 0);
    return pid;
}

/* The exit code, or minus the signal. */
static inline int finish(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static inline void die_here(const char *point)
{
    (void)point;
    (void)raise(SIGKILL);
}

static inline double seconds(void) { return (double)zeroipc_priv_now() / 1e9; }

/* Memory that forked children share with this process. */
static inline void *shared(size_t size)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        abort();
    return at;
}

/* More work when ZEROIPC_TEST_FULL is set: the nightly run. */
static inline uint64_t scaled(uint64_t count, uint64_t factor)
{
    return getenv("ZEROIPC_TEST_FULL") == NULL ? count : count * factor;
}

/* ---- The program. ---- */

typedef struct test {
    const char *name;
    void (*run)(void);
} test;

#define TEST(name)                                                                                                     \
    {                                                                                                                  \
#name, name                                                                                                    \
    }

static inline void run_body(const test *tests, size_t count, const char *only)
{
    size_t i;
    for (i = 0; i < count; i++) {
        int before = failures;
        double began = seconds();
        if (only != NULL && strcmp(only, tests[i].name) != 0)
            continue;
        tests[i].run();
        printf("%-60s %s %.2f s\n", tests[i].name, failures == before ? "ok" : "FAILED", seconds() - began);
        fflush(stdout);
    }
}

/* The tests run in a child, so that this process can remove what they leave. */
static inline int run_tests(const test *tests, size_t count, int argc, char **argv, unsigned limit)
{
    int status = 0;
    pid_t pid;
    run_id = (long)getpid();
    pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        alarm(limit);
        run_body(tests, count, argc > 1 ? argv[1] : NULL);
        fflush(NULL);
        _exit(failures == 0 ? 0 : 1);
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
    remove_all();
    if (WIFSIGNALED(status))
        fprintf(stderr, "%s: ended by signal %d%s\n", argv[0], WTERMSIG(status),
                WTERMSIG(status) == SIGALRM ? ", the watchdog" : "");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

#endif
