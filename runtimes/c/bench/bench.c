/* Costs of the hot paths in nanoseconds: bench [seconds]. Run it on a quiet machine; the best of several rounds counts.
 */
#define _GNU_SOURCE
#define ZEROIPC_IMPLEMENTATION
#include <zeroipc.h>

#include <stdlib.h>
#include <sys/wait.h>

static zeroipc_memory memory;
static const char *name;

static void must(zeroipc_status status)
{
    if (status == ZEROIPC_OK)
        return;
    fprintf(stderr, "%s: %s\n", zeroipc_status_name(status), zeroipc_error_message());
    (void)zeroipc_memory_unlink(name);
    exit(1);
}

static void report(const char *what, uint64_t size, double nanoseconds)
{
    printf("%-44s %6llu bytes %9.2f ns\n", what, (unsigned long long)size, nanoseconds);
}

static void pair(uint32_t size)
{
    enum { PAIRS = 1000000 };
    unsigned char value[65536] = { 0 };
    zeroipc_type type = zeroipc_opaque(size);
    zeroipc_queue queue;
    char label[32];
    double best = 1e9;
    int round, i, pairs = size > 4096 ? PAIRS / 50 : PAIRS;
    (void)snprintf(label, sizeof label, "pair%u", size);
    must(zeroipc_queue_create(&queue, &memory, label, &type, 64));
    for (round = 0; round < 12; round++) {
        uint64_t began = zeroipc_priv_now();
        for (i = 0; i < pairs; i++) {
            must(zeroipc_queue_try_push(&queue, value));
            must(zeroipc_queue_try_pop(&queue, value));
        }
        began = zeroipc_priv_now() - began;
        if ((double)began / pairs < best)
            best = (double)began / pairs;
    }
    report("queue: try_push and try_pop, alone", size, best);
}

static void bulk(uint32_t size)
{
    enum { BATCH = 64, ROUNDS = 20000 };
    static unsigned char values[BATCH * 1024];
    zeroipc_type type = zeroipc_opaque(size);
    zeroipc_queue queue;
    char label[32];
    double best = 1e9;
    int round, i;
    (void)snprintf(label, sizeof label, "bulk%u", size);
    must(zeroipc_queue_create(&queue, &memory, label, &type, BATCH));
    for (round = 0; round < 8; round++) {
        uint64_t began = zeroipc_priv_now();
        for (i = 0; i < ROUNDS; i++) {
            must(zeroipc_queue_push_many(&queue, values, BATCH, 0, NULL));
            must(zeroipc_queue_pop_many(&queue, values, BATCH, 0, NULL));
        }
        began = zeroipc_priv_now() - began;
        if ((double)began / ROUNDS / BATCH < best)
            best = (double)began / ROUNDS / BATCH;
    }
    report("queue: push_many and pop_many of 64, per value", size, best);
}

static void stream(uint32_t size, uint64_t capacity)
{
    const uint64_t count = size > 512 ? 1000000 : 4000000;
    unsigned char value[4096] = { 0 };
    zeroipc_type type = zeroipc_opaque(size);
    zeroipc_queue queue;
    char label[32];
    double best = 1e9;
    uint64_t i;
    int round;
    (void)snprintf(label, sizeof label, "stream%u_%llu", size, (unsigned long long)capacity);
    must(zeroipc_queue_create(&queue, &memory, label, &type, capacity));
    for (round = 0; round < 3; round++) {
        uint64_t began = zeroipc_priv_now();
        pid_t pid = fork();
        if (pid == 0) {
            for (i = 0; i < count; i++)
                must(zeroipc_queue_push(&queue, value, -1));
            _exit(0);
        }
        for (i = 0; i < count; i++)
            must(zeroipc_queue_pop(&queue, value, -1));
        began = zeroipc_priv_now() - began;
        (void)waitpid(pid, NULL, 0);
        if ((double)began / (double)count < best)
            best = (double)began / (double)count;
    }
    (void)snprintf(label, sizeof label, "%llu", (unsigned long long)capacity);
    printf("queue: process to process, capacity %-10s", label);
    printf("%5u bytes %9.2f ns %8.2f million/s\n", size, best, 1e3 / best);
}

static void ping_pong(void)
{
    enum { TURNS = 100000 };
    zeroipc_queue there, back;
    uint64_t value = 0, began;
    pid_t pid;
    int i;
    must(zeroipc_queue_create(&there, &memory, "there", &zeroipc_u64, 1));
    must(zeroipc_queue_create(&back, &memory, "back", &zeroipc_u64, 1));
    pid = fork();
    if (pid == 0) {
        for (i = 0; i < TURNS; i++) {
            must(zeroipc_queue_pop(&there, &value, -1));
            must(zeroipc_queue_push(&back, &value, -1));
        }
        _exit(0);
    }
    began = zeroipc_priv_now();
    for (i = 0; i < TURNS; i++) {
        must(zeroipc_queue_push(&there, &value, -1));
        must(zeroipc_queue_pop(&back, &value, -1));
    }
    report("queue: there and back between processes", 8, (double)(zeroipc_priv_now() - began) / TURNS);
    (void)waitpid(pid, NULL, 0);
}

static void copies(void)
{
    static unsigned char values[1 << 16];
    uint64_t size;
    zeroipc_array array;
    must(zeroipc_array_create(&array, &memory, "copies", &zeroipc_u8, sizeof values));
    for (size = 16; size <= sizeof values; size *= 2) {
        uint64_t began = zeroipc_priv_now(), i, n = (UINT64_C(1) << 30) / size, word;
        unsigned char *at = (unsigned char *)zeroipc_array_data(&array);
        double words, move = 0;
        for (i = 0; i < n; i++) {
            uint64_t k;
            for (k = 0; k < size; k += 8) {
                memcpy(&word, values + k, 8);
                zeroipc_priv_store64(at + k, word, __ATOMIC_RELAXED);
            }
        }
        words = (double)(zeroipc_priv_now() - began) / (double)n;
#if defined(__x86_64__)
        began = zeroipc_priv_now();
        for (i = 0; i < n; i++)
            zeroipc_priv_move(at, values, size);
        move = (double)(zeroipc_priv_now() - began) / (double)n;
#endif
        printf("copy in: words %9.2f ns, string move %9.2f ns %6llu bytes\n", words, move, (unsigned long long)size);
    }
}

static void arrays(void)
{
    enum { TIMES = 20000000 };
    zeroipc_array array;
    uint64_t began, i;
    double sum = 0, value = 1;
    must(zeroipc_array_create(&array, &memory, "array", &zeroipc_f64, 1024));
    began = zeroipc_priv_now();
    for (i = 0; i < TIMES; i++) {
        must(zeroipc_array_get(&array, i % 1024, &value));
        sum += value;
    }
    report("array: get", 8, (double)(zeroipc_priv_now() - began) / TIMES);
    began = zeroipc_priv_now();
    for (i = 0; i < TIMES; i++)
        must(zeroipc_array_set(&array, i % 1024, &sum));
    report("array: set", 8, (double)(zeroipc_priv_now() - began) / TIMES);
    began = zeroipc_priv_now();
    for (i = 0; i < TIMES; i++)
        must(zeroipc_array_fetch_add_f64(&array, 0, 1, NULL));
    report("array: fetch_add_f64", 8, (double)(zeroipc_priv_now() - began) / TIMES);
}

static void liveness(void)
{
    enum { TIMES = 200000 };
    zeroipc_memory other;
    uint64_t began;
    uint32_t id, i;
    must(zeroipc_memory_open(&other, name, NULL));
    id = zeroipc_memory_id(&other);
    began = zeroipc_priv_now();
    for (i = 0; i < TIMES; i++)
        (void)zeroipc_memory_is_alive(&memory, id);
    report("liveness probe", 0, (double)(zeroipc_priv_now() - began) / TIMES);
    must(zeroipc_memory_close(&other));
    began = zeroipc_priv_now();
    for (i = 0; i < 2000; i++) {
        must(zeroipc_memory_open(&other, name, NULL));
        must(zeroipc_memory_close(&other));
    }
    report("open and close a segment", 0, (double)(zeroipc_priv_now() - began) / 2000);
}

int main(void)
{
    static char unique[64];
    (void)snprintf(unique, sizeof unique, "/zeroipc_c_bench_%ld", (long)getpid());
    name = unique;
    must(zeroipc_memory_create(&memory, name, 64 << 20, NULL));
    pair(4), pair(8), pair(24), pair(64), pair(200), pair(256), pair(1024), pair(65536);
    bulk(8), bulk(64);
    arrays();
    liveness();
    ping_pong();
    stream(8, 1), stream(8, 64), stream(8, 1024), stream(64, 1024), stream(1024, 1024);
    copies();
    must(zeroipc_memory_unlink(name));
    must(zeroipc_memory_close(&memory));
    return 0;
}
