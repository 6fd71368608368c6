/* Queues and arrays: one process, many processes, waiting, deadlines. */
#include "check.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#ifndef SCALE
#define SCALE 1 /* the sanitizers' builds divide the work */
#endif

static zeroipc_memory memory;

static void setup(const char *what, uint64_t size) { OK(zeroipc_memory_create(&memory, named(what), size, NULL)); }

static void teardown(void)
{
    OK(zeroipc_memory_unlink(zeroipc_priv_segment(&memory)));
    OK(zeroipc_memory_close(&memory));
}

/* ---- Array ---- */

static void array_smoke(void)
{
    static const uint32_t sizes[] = { 1, 2, 3, 4, 5, 8, 12, 24, 255, 256, 1000 };
    unsigned char in[1000], out[1000];
    zeroipc_array a;
    size_t s, i;
    setup("array", 1 << 20);
    for (s = 0; s < COUNT(sizes); s++) {
        zeroipc_type type = zeroipc_opaque(sizes[s]);
        char label[32];
        uint64_t n = 7;
        unsigned char many[3000], back[3000];
        (void)snprintf(label, sizeof label, "a%u", sizes[s]);
        OK(zeroipc_array_create(&a, &memory, label, &type, n));
        CHECK(zeroipc_array_capacity(&a) == n && (uintptr_t)zeroipc_array_data(&a) % 64 == 0);
        memset(in, 0, sizeof in);
        for (i = 0; i < n; i++) {
            memset(out, 255, sizeof out);
            OK(zeroipc_array_get(&a, i, out));
            CHECK(memcmp(in, out, sizes[s]) == 0 && (sizes[s] == 1000 || out[sizes[s]] == 255));
        }
        for (i = 0; i < sizeof in; i++)
            in[i] = (unsigned char)(i * 7 + 1);
        OK(zeroipc_array_fill(&a, in));
        for (i = 0; i < n; i++) {
            memset(out, 0, sizeof out);
            OK(zeroipc_array_get(&a, i, out));
            CHECK(memcmp(in, out, sizes[s]) == 0);
        }
        for (i = 0; i < sizeof many; i++)
            many[i] = (unsigned char)(i * 13 + 5);
        OK(zeroipc_array_write(&a, 3, many, 3));
        OK(zeroipc_array_read(&a, 3, back, 3));
        CHECK(memcmp(many, back, (size_t)3 * sizes[s]) == 0);
        OK(zeroipc_array_get(&a, 2, out));
        CHECK(memcmp(in, out, sizes[s]) == 0);
        OK(zeroipc_array_get(&a, 6, out));
        CHECK(memcmp(in, out, sizes[s]) == 0);
        OK(zeroipc_array_read(&a, 7, back, 0));
        CHECK_STATUS(zeroipc_array_get(&a, 7, out), ZEROIPC_OUT_OF_BOUNDS);
        CHECK_STATUS(zeroipc_array_set(&a, UINT64_MAX, out), ZEROIPC_OUT_OF_BOUNDS);
        CHECK_STATUS(zeroipc_array_read(&a, 5, back, 3), ZEROIPC_OUT_OF_BOUNDS);
        CHECK_STATUS(zeroipc_array_write(&a, 1, many, UINT64_MAX), ZEROIPC_OUT_OF_BOUNDS);
    }
    CHECK_ERROR(zeroipc_array_set(&a, 9, out), ZEROIPC_OUT_OF_BOUNDS,
                "array `a1000`: 1 elements from index 9 were asked for and the array has 7", "");
    zeroipc_array_close(&a);
    CHECK_STATUS(zeroipc_array_get(&a, 0, out), ZEROIPC_BAD_ARGUMENT);
    teardown();
}

#define ATOMICS(T, name, type)                                                                                         \
    do {                                                                                                               \
        zeroipc_array a_;                                                                                              \
        T old_ = 0, expected;                                                                                          \
        bool done = true;                                                                                              \
        OK(zeroipc_array_create(&a_, &memory, #name, type, 3));                                                        \
        OK(zeroipc_array_store_##name(&a_, 1, 10));                                                                    \
        OK(zeroipc_array_fetch_add_##name(&a_, 1, 5, &old_));                                                          \
        CHECK(old_ == 10);                                                                                             \
        OK(zeroipc_array_fetch_sub_##name(&a_, 1, 3, &old_));                                                          \
        CHECK(old_ == 15);                                                                                             \
        OK(zeroipc_array_fetch_min_##name(&a_, 1, 7, &old_));                                                          \
        CHECK(old_ == 12);                                                                                             \
        OK(zeroipc_array_fetch_max_##name(&a_, 1, 9, &old_));                                                          \
        CHECK(old_ == 7);                                                                                              \
        OK(zeroipc_array_exchange_##name(&a_, 1, 20, &old_));                                                          \
        CHECK(old_ == 9);                                                                                              \
        expected = 19;                                                                                                 \
        OK(zeroipc_array_compare_exchange_##name(&a_, 1, &expected, 21, &done));                                       \
        CHECK(!done && expected == 20);                                                                                \
        OK(zeroipc_array_compare_exchange_##name(&a_, 1, &expected, 21, &done));                                       \
        CHECK(done);                                                                                                   \
        OK(zeroipc_array_load_##name(&a_, 1, &old_));                                                                  \
        CHECK(old_ == 21);                                                                                             \
        OK(zeroipc_array_load_##name(&a_, 0, &old_));                                                                  \
        CHECK(old_ == 0);                                                                                              \
        OK(zeroipc_array_load_##name(&a_, 2, &old_));                                                                  \
        CHECK(old_ == 0);                                                                                              \
        CHECK_STATUS(zeroipc_array_fetch_add_##name(&a_, 3, 1, NULL), ZEROIPC_OUT_OF_BOUNDS);                          \
    } while (0)

static void array_atomics(void)
{
    zeroipc_array a;
    zeroipc_type opaque = zeroipc_opaque(4);
    uint8_t small = 0;
    int32_t old = 0;
    uint32_t bits = 0;
    setup("atomics", 1 << 20);
    ATOMICS(uint8_t, u8, &zeroipc_u8);
    ATOMICS(uint16_t, u16, &zeroipc_u16);
    ATOMICS(uint32_t, u32, &zeroipc_u32);
    ATOMICS(uint64_t, u64, &zeroipc_u64);
    ATOMICS(int8_t, i8, &zeroipc_i8);
    ATOMICS(int16_t, i16, &zeroipc_i16);
    ATOMICS(int32_t, i32, &zeroipc_i32);
    ATOMICS(int64_t, i64, &zeroipc_i64);
    ATOMICS(float, f32, &zeroipc_f32);
    ATOMICS(double, f64, &zeroipc_f64);
    OK(zeroipc_array_open(&a, &memory, "u32", &zeroipc_u32));
    OK(zeroipc_array_store_u32(&a, 0, 0xF0));
    OK(zeroipc_array_fetch_and_u32(&a, 0, 0x3C, NULL));
    OK(zeroipc_array_fetch_or_u32(&a, 0, 0x01, NULL));
    OK(zeroipc_array_fetch_xor_u32(&a, 0, 0xFF, &bits));
    CHECK(bits == 0x31);
    OK(zeroipc_array_load_u32(&a, 0, &bits));
    CHECK(bits == 0xCE);
    CHECK_ERROR(
        zeroipc_array_fetch_add_i32(&a, 0, 1, &old), ZEROIPC_TYPE_MISMATCH,
        "array `u32`: an operation on i32 was asked for and its elements are u32 of 4 bytes; use the operation of "
        "their type",
        "");
    OK(zeroipc_array_open(&a, &memory, "u32", &opaque));
    OK(zeroipc_array_fetch_add_i32(&a, 0, 1, &old)); /* only the size is known */
    CHECK_STATUS(zeroipc_array_load_u8(&a, 0, &small), ZEROIPC_TYPE_MISMATCH);
    OK(zeroipc_array_open(&a, &memory, "u8", &zeroipc_u8));
    OK(zeroipc_array_store_u8(&a, 0, 255));
    OK(zeroipc_array_fetch_add_u8(&a, 0, 2, &small));
    CHECK(small == 255);
    OK(zeroipc_array_load_u8(&a, 0, &small));
    CHECK(small == 1);
    teardown();
}

static void array_floats_and_nan(void)
{
    zeroipc_array a;
    double value = 0;
    setup("nan", 1 << 20);
    OK(zeroipc_array_create(&a, &memory, "f", &zeroipc_f64, 1));
    OK(zeroipc_array_store_f64(&a, 0, 1));
    OK(zeroipc_array_fetch_min_f64(&a, 0, (double)NAN, NULL));
    OK(zeroipc_array_fetch_max_f64(&a, 0, (double)NAN, NULL));
    OK(zeroipc_array_load_f64(&a, 0, &value));
    CHECK(value == 1);
    OK(zeroipc_array_store_f64(&a, 0, (double)NAN));
    OK(zeroipc_array_fetch_max_f64(&a, 0, -5, &value));
    CHECK(isnan(value));
    OK(zeroipc_array_load_f64(&a, 0, &value));
    CHECK(value == -5);
    OK(zeroipc_array_store_f64(&a, 0, 0.0));
    OK(zeroipc_array_fetch_min_f64(&a, 0, -0.0, NULL));
    OK(zeroipc_array_load_f64(&a, 0, &value));
    CHECK(signbit(value) != 0);
    OK(zeroipc_array_fetch_max_f64(&a, 0, 0.0, NULL));
    OK(zeroipc_array_load_f64(&a, 0, &value));
    CHECK(signbit(value) == 0);
    teardown();
}

static void adder(void *with)
{
    zeroipc_array *a = (zeroipc_array *)with;
    int i;
    for (i = 0; i < 100000 / SCALE; i++)
        OK(zeroipc_array_fetch_add_f64(a, 0, 1, NULL));
}

static void array_adds_of_processes_are_not_lost(void)
{
    zeroipc_array a;
    pid_t pids[4];
    double sum = 0;
    int i;
    setup("adds", 1 << 20);
    OK(zeroipc_array_create(&a, &memory, "sum", &zeroipc_f64, 1));
    for (i = 0; i < 4; i++)
        pids[i] = start(adder, &a);
    for (i = 0; i < 4; i++)
        CHECK(finish(pids[i]) == 0);
    OK(zeroipc_array_load_f64(&a, 0, &sum));
    CHECK(sum == 4.0 * (100000 / SCALE));
    teardown();
}

/* ---- Queue, one process ---- */

static void queue_smoke(void)
{
    zeroipc_queue q, p;
    uint64_t i, value = 0;
    int lap;
    setup("smoke", 1 << 20);
    OK(zeroipc_queue_create(&q, &memory, "q", &zeroipc_u64, 5));
    OK(zeroipc_queue_open(&p, &memory, "q", &zeroipc_u64));
    CHECK(zeroipc_queue_capacity(&q) == 8 && zeroipc_queue_is_empty(&q) && !zeroipc_queue_is_full(&q));
    CHECK_STATUS(zeroipc_queue_try_pop(&p, &value), ZEROIPC_EMPTY);
    for (lap = 0; lap < 20; lap++) {
        uint64_t n = (uint64_t)(lap % 8) + 1;
        for (i = 0; i < n; i++) {
            value = (uint64_t)lap * 100 + i;
            OK(zeroipc_queue_try_push(&q, &value));
            CHECK(zeroipc_queue_len(&q) == i + 1);
        }
        CHECK(zeroipc_queue_is_full(&p) == (n == 8));
        if (n == 8)
            CHECK_STATUS(zeroipc_queue_try_push(&p, &value), ZEROIPC_FULL);
        for (i = 0; i < n; i++) {
            OK(zeroipc_queue_try_pop(&p, &value));
            CHECK(value == (uint64_t)lap * 100 + i && zeroipc_queue_len(&p) == n - i - 1);
        }
        CHECK_STATUS(zeroipc_queue_try_pop(&q, &value), ZEROIPC_EMPTY);
    }
    zeroipc_queue_close(&q);
    CHECK_STATUS(zeroipc_queue_try_push(&q, &value), ZEROIPC_BAD_ARGUMENT);
    CHECK_STATUS(zeroipc_queue_pop(&q, &value, 5), ZEROIPC_BAD_ARGUMENT);
    CHECK(zeroipc_queue_len(&q) == 0 && zeroipc_queue_capacity(&q) == 0);
    CHECK_STATUS(zeroipc_queue_create(&q, &memory, "none", &zeroipc_u64, 0), ZEROIPC_BAD_ARGUMENT);
    CHECK_STATUS(zeroipc_queue_create(&q, &memory, "huge", &zeroipc_u64, (UINT64_C(1) << 31) + 1),
                 ZEROIPC_BAD_ARGUMENT);
    teardown();
}

static void queue_values_of_every_size(void)
{
    static const uint32_t sizes[] = { 1, 2, 3, 4, 7, 8, 9, 12, 16, 24, 31, 200, 255, 256, 257, 259, 260, 4093, 20000 };
    static unsigned char in[20000], out[20008];
    size_t s, i;
    setup("sizes", 1 << 20);
    for (s = 0; s < COUNT(sizes); s++) {
        zeroipc_type type = zeroipc_opaque(sizes[s]);
        zeroipc_queue q;
        char label[32];
        const unsigned char *cell;
        (void)snprintf(label, sizeof label, "q%u", sizes[s]);
        OK(zeroipc_queue_create(&q, &memory, label, &type, 2));
        for (i = 0; i < sizes[s]; i++)
            in[i] = (unsigned char)(i * 31 + s + 1);
        memset(out, 0xEE, sizeof out);
        cell = zeroipc_priv_cell(&q, 0) + 8;
        OK(zeroipc_queue_try_push(&q, in));
        for (i = sizes[s]; i % 8 != 0; i++)
            CHECK(cell[i] == 0); /* the rest of the last word */
        OK(zeroipc_queue_try_pop(&q, out));
        CHECK(memcmp(in, out, sizes[s]) == 0 && out[sizes[s]] == 0xEE);
    }
    teardown();
}

static void queue_capacity_one(void)
{
    zeroipc_queue q;
    uint32_t i, value = 0;
    setup("one", 1 << 20);
    OK(zeroipc_queue_create(&q, &memory, "q", &zeroipc_u32, 1));
    CHECK(zeroipc_queue_capacity(&q) == 1);
    for (i = 0; i < 1000; i++) {
        OK(zeroipc_queue_try_push(&q, &i));
        CHECK_STATUS(zeroipc_queue_try_push(&q, &i), ZEROIPC_FULL);
        CHECK(zeroipc_queue_is_full(&q));
        OK(zeroipc_queue_try_pop(&q, &value));
        CHECK(value == i && zeroipc_queue_is_empty(&q));
        CHECK_STATUS(zeroipc_queue_try_pop(&q, &value), ZEROIPC_EMPTY);
    }
    teardown();
}

/* Hints may lag, move back or be nonsense: the cells decide. */
static void queue_hints_are_only_hints(void)
{
    static const uint64_t hints[] = {
        0, 1, 5, 7, 8, 9, 12, 13, 100, 1000000, UINT64_MAX, UINT64_MAX >> 3, UINT64_MAX >> 1
    };
    zeroipc_queue q;
    uint64_t value = 0, wrote = 0, read = 0;
    size_t i, j;
    setup("hints", 1 << 20);
    OK(zeroipc_queue_create(&q, &memory, "q", &zeroipc_u64, 4));
    for (i = 0; i < 13; i++) {
        OK(zeroipc_queue_try_push(&q, &wrote));
        OK(zeroipc_queue_try_pop(&q, &value));
        CHECK(value == read);
        wrote++, read++;
    }
    for (i = 0; i < COUNT(hints); i++)
        for (j = 0; j < COUNT(hints); j++) {
            zeroipc_priv_store64(q.header, hints[i], __ATOMIC_RELAXED);
            zeroipc_priv_store64(q.header + 8, hints[j], __ATOMIC_RELAXED);
            CHECK(zeroipc_queue_len(&q) == wrote - read);
            while (wrote - read < 1 + j % 4) {
                OK(zeroipc_queue_try_push(&q, &wrote));
                wrote++;
                zeroipc_priv_store64(q.header + 8, hints[j], __ATOMIC_RELAXED);
            }
            if (wrote - read == 4)
                CHECK_STATUS(zeroipc_queue_try_push(&q, &wrote), ZEROIPC_FULL);
            zeroipc_priv_store64(q.header, hints[i], __ATOMIC_RELAXED);
            CHECK(zeroipc_queue_len(&q) == wrote - read);
            while (wrote - read > i % 3) {
                OK(zeroipc_queue_try_pop(&q, &value));
                CHECK(value == read);
                read++;
                zeroipc_priv_store64(q.header, hints[i], __ATOMIC_RELAXED);
            }
            if (wrote == read)
                CHECK_STATUS(zeroipc_queue_try_pop(&q, &value), ZEROIPC_EMPTY);
        }
    teardown();
}

static void queue_positions_beyond_32_and_37_bits(void)
{
    static const uint64_t starts[] = { (UINT64_C(1) << 29) - 4, (UINT64_C(1) << 32) - 4, (UINT64_C(1) << 37) - 4,
                                       (UINT64_C(1) << 40) - 4, (UINT64_C(1) << 60) };
    zeroipc_queue q;
    uint64_t value = 0, k;
    size_t i;
    setup("far", 1 << 20);
    OK(zeroipc_queue_create(&q, &memory, "q", &zeroipc_u64, 4));
    for (i = 0; i < COUNT(starts); i++) {
        for (k = 0; k < 4; k++)
            zeroipc_priv_store64(zeroipc_priv_cell(&q, k), zeroipc_priv_empty(starts[i] + k), __ATOMIC_RELAXED);
        zeroipc_priv_store64(q.header, starts[i], __ATOMIC_RELAXED);
        zeroipc_priv_store64(q.header + 8, starts[i], __ATOMIC_RELAXED);
        for (k = 0; k < 20; k++) {
            /* a dead producer's claim at every other position */
            if (k % 2 == 0) {
                zeroipc_priv_store64(zeroipc_priv_cell(&q, starts[i] + k),
                                     zeroipc_priv_writing(UINT64_C(0xFFFFF0) << 3 | 2, starts[i] + k),
                                     __ATOMIC_RELAXED);
                if (k % 4 == 0)
                    zeroipc_priv_store64(q.header + 8, starts[i] + k + 1, __ATOMIC_RELAXED);
                continue;
            }
            OK(zeroipc_queue_try_push(&q, &k));
            OK(zeroipc_queue_try_pop(&q, &value));
            CHECK(value == k);
        }
        CHECK(zeroipc_queue_is_empty(&q));
    }
    teardown();
}

static void queue_corrupt_cells(void)
{
    zeroipc_queue q;
    uint64_t value = 0;
    setup("corrupt", 1 << 20);
    OK(zeroipc_queue_create(&q, &memory, "q", &zeroipc_u64, 4));
    zeroipc_priv_store64(q.cells, 0, __ATOMIC_RELAXED);
    CHECK_ERROR(
        zeroipc_queue_try_pop(&q, &value), ZEROIPC_CORRUPT,
        "queue `q`: cell 0 holds the state 0x0, which is none; the segment is damaged: remove it and create it anew",
        "");
    CHECK_STATUS(zeroipc_queue_try_push(&q, &value), ZEROIPC_CORRUPT);
    CHECK_STATUS(zeroipc_queue_push(&q, &value, -1), ZEROIPC_CORRUPT);
    zeroipc_priv_store64(q.cells, zeroipc_priv_empty(1), __ATOMIC_RELAXED);
    CHECK_ERROR(
        zeroipc_queue_try_pop(&q, &value), ZEROIPC_CORRUPT,
        "queue `q`: cell 0 holds the state 0x9, whose position belongs to another cell; the segment is damaged: "
        "remove it and create it anew",
        "");
    /* No walk ends: every cell belongs to another lap. */
    zeroipc_priv_store64(zeroipc_priv_cell(&q, 0), zeroipc_priv_full(400), __ATOMIC_RELAXED);
    zeroipc_priv_store64(zeroipc_priv_cell(&q, 1), zeroipc_priv_empty(1), __ATOMIC_RELAXED);
    zeroipc_priv_store64(zeroipc_priv_cell(&q, 2), zeroipc_priv_full(202), __ATOMIC_RELAXED);
    zeroipc_priv_store64(zeroipc_priv_cell(&q, 3), zeroipc_priv_empty(303), __ATOMIC_RELAXED);
    (void)zeroipc_queue_try_pop(&q, &value);
    (void)zeroipc_queue_try_push(&q, &value);
    zeroipc_priv_store64(zeroipc_priv_cell(&q, 0), zeroipc_priv_full(4), __ATOMIC_RELAXED);
    zeroipc_priv_store64(zeroipc_priv_cell(&q, 1), zeroipc_priv_full(1), __ATOMIC_RELAXED);
    (void)zeroipc_queue_len(&q);
    teardown();
}

/* A round in which nothing moved may be due to loads that returned old words; two in a row are not. */
static void queue_walks_give_up_after_two_rounds(void)
{
    zeroipc_queue q;
    zeroipc_priv_walk walk;
    int round;
    setup("rounds", 1 << 20);
    OK(zeroipc_queue_create(&q, &memory, "q", &zeroipc_u64, 4));
    zeroipc_priv_walk_from(&walk, &q, offsetof(zeroipc_format_queue_header, tail));
    for (round = 0; round < 20; round++) { /* every second round something moves */
        if (round % 2 == 0)
            zeroipc_priv_store64(q.header + 8, (uint64_t)round + 1, __ATOMIC_RELAXED);
        walk.steps = 2 * 4 + 64;
        OK(zeroipc_priv_look(&walk));
    }
    walk.steps = 2 * 4 + 64;
    CHECK_STATUS(zeroipc_priv_look(&walk), ZEROIPC_CORRUPT);
    walk.unmoved = false;
    walk.rounds = 10000;
    zeroipc_priv_store64(q.header + 8, 1000, __ATOMIC_RELAXED);
    walk.steps = 2 * 4 + 64;
    CHECK_STATUS(zeroipc_priv_look(&walk), ZEROIPC_CORRUPT);
    teardown();
}

static void queue_many(void)
{
    zeroipc_queue q;
    uint64_t in[100], out[100], done = 7, i;
    setup("bulk", 1 << 20);
    OK(zeroipc_queue_create(&q, &memory, "q", &zeroipc_u64, 64));
    for (i = 0; i < 100; i++)
        in[i] = i;
    CHECK_STATUS(zeroipc_queue_pop_many(&q, out, 100, 0, &done), ZEROIPC_TIMED_OUT);
    CHECK(done == 0);
    OK(zeroipc_queue_push_many(&q, in, 0, 0, &done));
    CHECK(done == 0);
    CHECK_STATUS(zeroipc_queue_push_many(&q, in, 100, 20, &done), ZEROIPC_TIMED_OUT);
    CHECK(done == 64);
    OK(zeroipc_queue_pop_many(&q, out, 10, 0, &done));
    CHECK(done == 10 && out[0] == 0 && out[9] == 9);
    OK(zeroipc_queue_push_many(&q, in + 64, 10, -1, &done));
    OK(zeroipc_queue_pop_many(&q, out, 100, -1, &done));
    CHECK(done == 64 && out[0] == 10 && out[63] == 73);
    teardown();
}

/* ---- Queue, many processes ---- */

typedef struct item {
    uint64_t producer;
    uint64_t sequence;
    uint64_t check;
} item;

typedef struct work {
    zeroipc_queue *queue;
    uint64_t each;
    uint64_t total;
    uint64_t producers;
    uint64_t taken; /* by all consumers */
    uint64_t seen[16];
    bool bulk;
} work;

static void produce(void *with)
{
    work *w = (work *)with;
    uint64_t me = __atomic_fetch_add(&w->producers, 1, __ATOMIC_ACQ_REL), i, k, done;
    item batch[7];
    for (i = 0; i < w->each; i += k) {
        for (k = 0; k < (w->bulk ? 7 : 1) && i + k < w->each; k++) {
            batch[k].producer = me;
            batch[k].sequence = i + k;
            batch[k].check = me * 1000003 ^ (i + k);
        }
        if (w->bulk)
            OK(zeroipc_queue_push_many(w->queue, batch, k, -1, &done));
        else
            OK(zeroipc_queue_push(w->queue, batch, -1));
    }
}

static void consume(void *with)
{
    work *w = (work *)with;
    uint64_t last[16], done, i;
    item batch[5];
    memset(last, 0, sizeof last);
    while (__atomic_load_n(&w->taken, __ATOMIC_RELAXED) < w->total) {
        zeroipc_status status =
            w->bulk ? zeroipc_queue_pop_many(w->queue, batch, 5, 50, &done) : zeroipc_queue_pop(w->queue, batch, 50);
        if (status == ZEROIPC_TIMED_OUT)
            continue;
        CHECK_STATUS(status, ZEROIPC_OK);
        if (status != ZEROIPC_OK)
            return;
        for (i = 0; i < (w->bulk ? done : 1); i++) {
            CHECK(batch[i].producer < 16 && batch[i].check == (batch[i].producer * 1000003 ^ batch[i].sequence));
            CHECK(batch[i].sequence + 1 > last[batch[i].producer]); /* in order per producer */
            last[batch[i].producer] = batch[i].sequence + 1;
            __atomic_fetch_add(&w->seen[batch[i].producer], batch[i].sequence + 1, __ATOMIC_RELAXED);
            __atomic_fetch_add(&w->taken, 1, __ATOMIC_RELAXED);
        }
    }
}

static void mpmc(const char *what, int producers, int consumers, uint64_t capacity, uint64_t each, bool bulk)
{
    work *w = shared(sizeof *w);
    zeroipc_type type = zeroipc_opaque(sizeof(item));
    zeroipc_queue q;
    pid_t pids[16];
    int i;
    double began = seconds();
    setup(what, 1 << 20);
    OK(zeroipc_queue_create(&q, &memory, "q", &type, capacity));
    w->queue = &q;
    w->each = scaled(each, 5) / SCALE;
    w->total = w->each * (uint64_t)producers;
    w->bulk = bulk;
    for (i = 0; i < producers + consumers; i++)
        pids[i] = start(i < producers ? produce : consume, w);
    for (i = 0; i < producers + consumers; i++)
        CHECK(finish(pids[i]) == 0);
    CHECK(w->taken == w->total);
    for (i = 0; i < producers; i++)
        CHECK(w->seen[i] == w->each * (w->each + 1) / 2); /* none lost, none doubled */
    CHECK(zeroipc_queue_is_empty(&q));
    printf("    %d to %d, capacity %llu: %.0f values a second\n", producers, consumers, (unsigned long long)capacity,
           (double)w->total / (seconds() - began));
    teardown();
}

static void queue_spsc(void) { mpmc("spsc", 1, 1, 1024, 2000000, false); }
static void queue_mpmc(void) { mpmc("mpmc", 3, 3, 64, 400000, false); }
static void queue_mpmc_capacity_one(void) { mpmc("mpmc1", 3, 3, 1, 20000, false); }
static void queue_mpmc_capacity_two(void) { mpmc("mpmc2", 4, 2, 2, 50000, false); }
static void queue_mpmc_many(void) { mpmc("mpmcmany", 3, 3, 32, 300000, true); }
static void queue_fan_in(void) { mpmc("fanin", 6, 1, 128, 100000, false); }
static void queue_fan_out(void) { mpmc("fanout", 1, 6, 128, 300000, false); }

/* ---- Waiting ---- */

static void queue_deadlines(void)
{
    zeroipc_queue q;
    uint64_t value = 1;
    double began;
    setup("deadline", 1 << 20);
    OK(zeroipc_queue_create(&q, &memory, "q", &zeroipc_u64, 1));
    began = seconds();
    CHECK_STATUS(zeroipc_queue_pop(&q, &value, 0), ZEROIPC_TIMED_OUT);
    CHECK(seconds() - began < 0.5);
    began = seconds();
    CHECK_STATUS(zeroipc_queue_pop(&q, &value, 120), ZEROIPC_TIMED_OUT);
    CHECK(seconds() - began >= 0.12 && seconds() - began < 1);
    OK(zeroipc_queue_push(&q, &value, 0));
    began = seconds();
    CHECK_STATUS(zeroipc_queue_push(&q, &value, 300), ZEROIPC_TIMED_OUT);
    CHECK(seconds() - began >= 0.3 && seconds() - began < 1.2);
    /* a living owner's claim holds up a consumer, but not its deadline */
    OK(zeroipc_queue_pop(&q, &value, INT64_MAX));
    zeroipc_priv_store64(q.cells, zeroipc_priv_writing(*q.me, 1), __ATOMIC_RELAXED);
    began = seconds();
    CHECK_STATUS(zeroipc_queue_try_pop(&q, &value), ZEROIPC_EMPTY);
    CHECK(seconds() - began < 0.5);
    CHECK_STATUS(zeroipc_queue_pop(&q, &value, 100), ZEROIPC_TIMED_OUT);
    CHECK_STATUS(zeroipc_queue_push(&q, &value, 100), ZEROIPC_TIMED_OUT);
    CHECK(seconds() - began >= 0.2 && seconds() - began < 1.2 && zeroipc_queue_len(&q) == 1);
    teardown();
}

/* The clock runs from the call, and is looked at before every spin: whoever always loses still meets the deadline. */
static void queue_constant_losers(void)
{
    zeroipc_queue q;
    zeroipc_priv_wait wait;
    zeroipc_priv_walk walk;
    zeroipc_priv_stop stop;
    uint64_t value = 1;
    double began;
    setup("losers", 1 << 20);
    OK(zeroipc_queue_create(&q, &memory, "q", &zeroipc_u64, 1));
    stop.cell = q.cells;
    stop.seen = zeroipc_priv_empty(1); /* the word is another already, whenever it is looked at */
    began = seconds();
    wait = zeroipc_priv_wait_of(30);
    while (zeroipc_priv_wait_for(&wait, &stop) == ZEROIPC_OK && seconds() - began < 2) {}
    CHECK(seconds() - began >= 0.03 && seconds() - began < 1);
    CHECK_STATUS(zeroipc_priv_wait_for(&wait, &stop), ZEROIPC_TIMED_OUT);
    zeroipc_priv_walk_from(&walk, &q, offsetof(zeroipc_format_queue_header, head));
    OK(zeroipc_priv_look(&walk));
    walk.seen = zeroipc_priv_writing(*q.me, 0);
    CHECK(!zeroipc_priv_unblock(&walk, &wait));
    CHECK(zeroipc_priv_unblock(&walk, NULL));
    wait = zeroipc_priv_wait_of(-1);
    CHECK(zeroipc_priv_unblock(&walk, &wait));
    /* from the start of the call, not from the first sleep */
    wait = zeroipc_priv_wait_of(20);
    zeroipc_priv_nap(30 * ZEROIPC_PRIV_MS);
    stop.seen = zeroipc_priv_empty(0);
    began = seconds();
    CHECK(zeroipc_priv_wait_for(&wait, &stop) == ZEROIPC_TIMED_OUT && seconds() - began < 0.015);
    /* without time, nobody sleeps or asks to be woken */
    CHECK_STATUS(zeroipc_queue_pop(&q, &value, 0), ZEROIPC_TIMED_OUT);
    CHECK(zeroipc_priv_load64(q.cells, __ATOMIC_RELAXED) == zeroipc_priv_empty(0));
    zeroipc_priv_store64(q.cells, zeroipc_priv_writing(*q.me, 0), __ATOMIC_RELAXED);
    CHECK_STATUS(zeroipc_queue_pop(&q, &value, 0), ZEROIPC_TIMED_OUT);
    CHECK_STATUS(zeroipc_queue_push(&q, &value, 0), ZEROIPC_TIMED_OUT);
    teardown();
}

static void late_producer(void *with)
{
    uint64_t i;
    for (i = 0; i < 5; i++) {
        zeroipc_priv_nap(20 * ZEROIPC_PRIV_MS);
        OK(zeroipc_queue_push((zeroipc_queue *)with, &i, -1));
    }
}

static void late_consumer(void *with)
{
    uint64_t i, value = 0;
    for (i = 0; i < 6; i++) {
        zeroipc_priv_nap(20 * ZEROIPC_PRIV_MS);
        OK(zeroipc_queue_pop((zeroipc_queue *)with, &value, -1));
    }
}

static void queue_sleepers_are_woken(void)
{
    zeroipc_queue q;
    uint64_t i, value = 0;
    double began, slept = 0;
    struct timespec used;
    pid_t pid;
    setup("wake", 1 << 20);
    OK(zeroipc_queue_create(&q, &memory, "q", &zeroipc_u64, 1));
    began = seconds();
    pid = start(late_producer, &q);
    for (i = 0; i < 5; i++) {
        OK(zeroipc_queue_pop(&q, &value, -1));
        CHECK(value == i);
    }
    slept = seconds() - began;
    CHECK(slept >= 0.1 && slept < 0.3); /* well below five slices of 250 ms: the wake came */
    CHECK(finish(pid) == 0);
    began = seconds();
    pid = start(late_consumer, &q);
    for (i = 0; i < 6; i++)
        OK(zeroipc_queue_push(&q, &i, -1));
    slept = seconds() - began;
    CHECK(slept >= 0.09 && slept < 0.3);
    CHECK(finish(pid) == 0);
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    began = (double)used.tv_sec + (double)used.tv_nsec / 1e9;
    CHECK_STATUS(zeroipc_queue_pop(&q, &value, 600), ZEROIPC_TIMED_OUT);
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    CHECK((double)used.tv_sec + (double)used.tv_nsec / 1e9 - began < 0.05); /* waiting costs no processor time */
    teardown();
}

/* ---- Threads: also the program for -fsanitize=thread ---- */

static void *producing_thread(void *with)
{
    produce(with);
    return NULL;
}

static void *consuming_thread(void *with)
{
    consume(with);
    return NULL;
}

static void threads_share_a_handle(void)
{
    work w;
    zeroipc_type type = zeroipc_opaque(sizeof(item));
    zeroipc_queue q;
    pthread_t threads[6];
    int i, round;
    setup("threads", 1 << 20);
    OK(zeroipc_queue_create(&q, &memory, "q", &type, 16));
    for (round = 0; round < 2; round++) {
        memset(&w, 0, sizeof w);
        w.queue = &q;
        w.each = 60000 / SCALE;
        w.total = w.each * 3;
        w.bulk = round == 1;
        for (i = 0; i < 6; i++)
            CHECK(pthread_create(&threads[i], NULL, i < 3 ? producing_thread : consuming_thread, &w) == 0);
        for (i = 0; i < 6; i++)
            CHECK(pthread_join(threads[i], NULL) == 0);
        for (i = 0; i < 3; i++)
            CHECK(w.seen[i] == w.each * (w.each + 1) / 2);
    }
    teardown();
}

typedef struct crew {
    uint32_t created;
    uint32_t ready;
} crew;

static void *creating_thread(void *with)
{
    crew *c = (crew *)with;
    char label[32];
    int i;
    __atomic_add_fetch(&c->ready, 1, __ATOMIC_ACQ_REL);
    while (__atomic_load_n(&c->ready, __ATOMIC_ACQUIRE) < 4)
        sched_yield();
    for (i = 0; i < 20; i++) {
        zeroipc_array a;
        zeroipc_status status;
        (void)snprintf(label, sizeof label, "t%d", i);
        status = zeroipc_array_create(&a, &memory, label, &zeroipc_u64, 5);
        if (status == ZEROIPC_OK)
            __atomic_add_fetch(&c->created, 1, __ATOMIC_RELAXED);
        else
            CHECK_STATUS(status, ZEROIPC_EXISTS);
        OK(zeroipc_array_open(&a, &memory, label, &zeroipc_u64));
        OK(zeroipc_array_fetch_add_u64(&a, 0, 1, NULL));
    }
    return NULL;
}

static void threads_create_through_a_handle(void)
{
    crew c = { 0, 0 };
    pthread_t threads[4];
    int i;
    setup("threadcreate", 1 << 20);
    for (i = 0; i < 4; i++)
        CHECK(pthread_create(&threads[i], NULL, creating_thread, &c) == 0);
    for (i = 0; i < 4; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(c.created == 20);
    teardown();
}

/* A forked child whose threads all find the wiped page at once anchors once. */
static void *first_user(void *with)
{
    *(uint32_t *)with = zeroipc_memory_id(&memory);
    return NULL;
}

static void child_with_threads(void *with)
{
    pthread_t threads[4];
    uint32_t ids[4];
    int i;
    (void)with;
    for (i = 0; i < 4; i++)
        CHECK(pthread_create(&threads[i], NULL, first_user, &ids[i]) == 0);
    for (i = 0; i < 4; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(ids[0] != 0 && ids[0] == ids[1] && ids[1] == ids[2] && ids[2] == ids[3]);
}

static void threads_of_a_child_anchor_once(void)
{
    setup("childthreads", 1 << 20);
    CHECK(finish(start(child_with_threads, NULL)) == 0);
    teardown();
}

static const test tests[] = {
    TEST(array_smoke),
    TEST(array_atomics),
    TEST(array_floats_and_nan),
    TEST(array_adds_of_processes_are_not_lost),
    TEST(queue_smoke),
    TEST(queue_values_of_every_size),
    TEST(queue_capacity_one),
    TEST(queue_hints_are_only_hints),
    TEST(queue_positions_beyond_32_and_37_bits),
    TEST(queue_corrupt_cells),
    TEST(queue_walks_give_up_after_two_rounds),
    TEST(queue_many),
    TEST(queue_spsc),
    TEST(queue_mpmc),
    TEST(queue_mpmc_capacity_one),
    TEST(queue_mpmc_capacity_two),
    TEST(queue_mpmc_many),
    TEST(queue_fan_in),
    TEST(queue_fan_out),
    TEST(queue_deadlines),
    TEST(queue_constant_losers),
    TEST(queue_sleepers_are_woken),
    TEST(threads_share_a_handle),
    TEST(threads_create_through_a_handle),
    TEST(threads_of_a_child_anchor_once),
};

static const test thread_tests[] = {
    TEST(array_smoke),
    TEST(array_atomics),
    TEST(queue_smoke),
    TEST(queue_hints_are_only_hints),
    TEST(threads_share_a_handle),
    TEST(threads_create_through_a_handle),
};

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--threads") == 0)
        return run_tests(thread_tests, COUNT(thread_tests), 1, argv, 300);
    return run_tests(tests, COUNT(tests), argc, argv, 300);
}
