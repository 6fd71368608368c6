/* A process dies by SIGKILL at every point between two steps. The others go on within a second, and nothing is lost but
 * the unfinished step itself. */
#include "check.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define POINTS 64

static zeroipc_memory memory;
static zeroipc_queue queue;
static const char *segment;

/* The child that dies at a point, or after `body` if it never comes by. */
typedef struct victim {
    void (*body)(void);
    const char *point;
    int skip;
} victim;

static void run_victim(void *with)
{
    victim *v = (victim *)with;
    point_wanted = v->point;
    point_skip = v->skip;
    point_act = die_here;
    v->body();
}

static bool dies(void (*body)(void), const char *point, int skip)
{
    victim v;
    v.body = body;
    v.point = point;
    v.skip = skip;
    return finish(start(run_victim, &v)) == -SIGKILL;
}

static char (*points)[40];
static int point_count;

static void run_recorder(void *with)
{
    point_seen = points;
    ((victim *)with)->body();
}

/* All points by which `body` comes. */
static void record(void (*body)(void))
{
    victim v;
    if (points == NULL)
        points = shared(POINTS * sizeof *points);
    memset(points, 0, POINTS * sizeof *points);
    v.body = body;
    CHECK(finish(start(run_recorder, &v)) == 0);
    for (point_count = 0; points[point_count][0] != 0; point_count++) {}
}

static bool is_point(int i, const char *name) { return strcmp(points[i], name) == 0; }

/* Whether the recorded point `i` comes at or behind the point `name`. */
static bool behind(int i, const char *name)
{
    int k;
    for (k = 0; k <= i; k++)
        if (is_point(k, name))
            return true;
    return false;
}

static void report(const char *what, int i)
{
    if (failures != 0)
        fprintf(stderr, "    after a death in %s at %s\n", what, points[i]);
}

/* ---- Queues ---- */

static void fresh_queue(uint64_t capacity)
{
    if (memory.base != NULL) {
        (void)zeroipc_memory_unlink(segment);
        OK(zeroipc_memory_close(&memory));
    }
    segment = named("kill");
    OK(zeroipc_memory_create(&memory, segment, 1 << 20, NULL));
    OK(zeroipc_queue_create(&queue, &memory, "q", &zeroipc_u64, capacity));
}

static void push_value(uint64_t value) { OK(zeroipc_queue_push(&queue, &value, 1000)); }

static void expect_value(uint64_t wanted)
{
    uint64_t value = UINT64_MAX;
    OK(zeroipc_queue_pop(&queue, &value, 1000));
    CHECK(value == wanted);
}

static void expect_empty(void)
{
    uint64_t value;
    CHECK_STATUS(zeroipc_queue_try_pop(&queue, &value), ZEROIPC_EMPTY);
}

static void push_100(void) { push_value(100); }

static void dying_producer(void)
{
    uint64_t capacity;
    int i;
    for (capacity = 1; capacity <= 4; capacity *= 2) {
        uint64_t before = capacity == 4 ? 2 : 0;
        fresh_queue(capacity);
        record(push_100);
        CHECK(point_count >= 9);
        for (i = 0; i < point_count; i++) {
            double began = seconds();
            uint64_t k;
            fresh_queue(capacity);
            for (k = 0; k < before; k++)
                push_value(k);
            CHECK(dies(push_100, points[i], 0));
            for (k = 0; k < before; k++)
                expect_value(k);
            if (behind(i, "queue.push.published"))
                expect_value(100);
            else
                expect_empty(); /* an unfinished push never happened */
            for (k = 0; k < 3 * capacity; k++) {
                push_value(200 + k);
                expect_value(200 + k);
            }
            expect_empty();
            CHECK(seconds() - began < 1);
            report("push", i);
        }
    }
}

/* The producer that stands behind a dead one, with the queue full of it. */
static void dying_producer_before_a_full_queue(void)
{
    int i;
    fresh_queue(2);
    record(push_100);
    for (i = 0; i < point_count; i++) {
        uint64_t value = 7;
        double began = seconds();
        fresh_queue(2);
        CHECK(dies(push_100, points[i], 0));
        push_value(1);
        if (behind(i, "queue.push.published")) {
            CHECK_STATUS(zeroipc_queue_try_push(&queue, &value), ZEROIPC_FULL);
            expect_value(100);
        }
        push_value(2); /* recovers the dead claim, or there is room */
        expect_value(1);
        expect_value(2);
        expect_empty();
        CHECK(seconds() - began < 1);
        report("push before a full queue", i);
    }
}

static void waiting_consumer(void *with)
{
    uint64_t i, value = 0;
    (void)with;
    for (i = 0; i < 2; i++) {
        OK(zeroipc_queue_pop(&queue, &value, 5000));
        if (value == 1)
            _exit(failures == 0 ? 0 : 1);
        CHECK(value == 100);
    }
}

static void dying_producer_with_a_waiting_consumer(void)
{
    int i;
    fresh_queue(2);
    record(push_100);
    for (i = 0; i < point_count; i++) {
        pid_t pid;
        double began;
        fresh_queue(2);
        pid = start(waiting_consumer, NULL);
        while ((zeroipc_priv_load64(queue.cells, __ATOMIC_RELAXED) & ZEROIPC_FORMAT_CELL_WAIT_BIT) == 0)
            sched_yield();
        CHECK(dies(push_100, points[i], 0));
        began = seconds();
        push_value(1);
        CHECK(finish(pid) == 0);
        CHECK(seconds() - began < 1);
        report("push to a waiting consumer", i);
    }
}

static void pop_one(void)
{
    uint64_t value;
    OK(zeroipc_queue_pop(&queue, &value, 1000));
}

static void dying_consumer(void)
{
    int i;
    fresh_queue(4);
    push_value(0);
    record(pop_one);
    CHECK(point_count == 4);
    for (i = 0; i < point_count; i++) {
        double began = seconds();
        fresh_queue(4);
        push_value(0), push_value(1), push_value(2);
        CHECK(dies(pop_one, points[i], 0));
        if (!behind(i, "queue.pop.taken"))
            expect_value(0);
        expect_value(1);
        expect_value(2);
        expect_empty();
        push_value(3);
        expect_value(3);
        CHECK(seconds() - began < 1);
        report("pop", i);
    }
}

static void waiting_producer(void *with)
{
    uint64_t value = 1;
    (void)with;
    OK(zeroipc_queue_push(&queue, &value, 5000));
}

static void dying_consumer_with_a_waiting_producer(void)
{
    int i;
    fresh_queue(1);
    push_value(0);
    record(pop_one);
    for (i = 0; i < point_count; i++) {
        pid_t pid;
        double began;
        fresh_queue(1);
        push_value(0);
        pid = start(waiting_producer, NULL);
        while ((zeroipc_priv_load64(queue.cells, __ATOMIC_RELAXED) & ZEROIPC_FORMAT_CELL_WAIT_BIT) == 0)
            sched_yield();
        CHECK(dies(pop_one, points[i], 0));
        began = seconds();
        if (!behind(i, "queue.pop.taken"))
            expect_value(0);
        CHECK(finish(pid) == 0);
        expect_value(1);
        expect_empty();
        CHECK(seconds() - began < 1);
        report("pop before a waiting producer", i);
    }
}

static void pop_none(void)
{
    uint64_t value;
    CHECK_STATUS(zeroipc_queue_try_pop(&queue, &value), ZEROIPC_EMPTY);
}

static void dying_recoverer(void)
{
    int i;
    fresh_queue(4);
    CHECK(dies(push_100, "queue.push.claimed", 0));
    record(pop_none);
    CHECK(behind(point_count - 1, "queue.recover.freed"));
    for (i = 0; i < point_count; i++) {
        double began = seconds();
        fresh_queue(4);
        CHECK(dies(push_100, "queue.push.written", 0));
        push_value(1);
        CHECK(dies(pop_one, points[i], 0));
        expect_value(1);
        expect_empty();
        push_value(2);
        expect_value(2);
        CHECK(seconds() - began < 1);
        report("recovery", i);
    }
}

static void wait_and_pop(void)
{
    uint64_t value;
    (void)zeroipc_queue_pop(&queue, &value, 300);
}

static void dying_waiter(void)
{
    fresh_queue(4);
    CHECK(dies(wait_and_pop, "queue.wait.marked", 0));
    push_value(1);
    expect_value(1);
    expect_empty();
}

static void stop_here(const char *point)
{
    (void)point;
    (void)raise(SIGSTOP);
}

static void stopping_producer(void *with)
{
    point_wanted = (const char *)with;
    point_act = stop_here;
    push_value(100);
}

/* Who is stopped is alive: it holds up what it has claimed, and deadlines still work. */
static void stopped_producer_counts_as_alive(void)
{
    static char point[] = "queue.push.written";
    uint64_t value = 0;
    int status = 0;
    pid_t pid;
    fresh_queue(4);
    pid = start(stopping_producer, point);
    CHECK(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
    push_value(1);
    CHECK_STATUS(zeroipc_queue_try_pop(&queue, &value), ZEROIPC_EMPTY);
    CHECK_ERROR(zeroipc_queue_pop(&queue, &value, 100), ZEROIPC_TIMED_OUT,
                "queue `q`: there was no value within 100 ms; wait longer, or look at the producers", "");
    CHECK(zeroipc_queue_len(&queue) == 2);
    (void)kill(pid, SIGCONT);
    expect_value(100);
    expect_value(1);
    CHECK(finish(pid) == 0);
}

/* A stopped creator holds the lock; what exists can still be found and used. */
static void create_late(void *with)
{
    zeroipc_array a;
    point_wanted = (const char *)with;
    point_act = stop_here;
    OK(zeroipc_array_create(&a, &memory, "late", &zeroipc_u64, 1));
}

static void stopped_creator_blocks_no_lookup(void)
{
    static char point[] = "create.initialised";
    zeroipc_memory m;
    zeroipc_queue q;
    zeroipc_array a;
    int status = 0;
    pid_t pid;
    fresh_queue(4);
    pid = start(create_late, point);
    CHECK(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
    OK(zeroipc_memory_open(&m, segment, NULL));
    OK(zeroipc_queue_open(&q, &m, "q", &zeroipc_u64));
    CHECK_STATUS(zeroipc_array_open(&a, &m, "late", &zeroipc_u64), ZEROIPC_NOT_FOUND);
    (void)kill(pid, SIGCONT);
    OK(zeroipc_array_create(&a, &m, "other", &zeroipc_u64, 1));
    CHECK(finish(pid) == 0);
    OK(zeroipc_array_open(&a, &m, "late", &zeroipc_u64));
    OK(zeroipc_memory_close(&m));
}

/* Producers die at random places, for a while: what comes out is in order, and no value comes twice. */
static void push_series(void *with)
{
    uint64_t value = *(uint64_t *)with << 32;
    for (;;) {
        if (zeroipc_queue_push(&queue, &value, 100) == ZEROIPC_OK)
            value++;
    }
}

static void dying_at_random(void)
{
    pid_t pids[3];
    uint64_t numbers[3] = { 0, 1, 2 }, next[512] = { 0 }, taken = 0, kills = 0, value, i, incarnation = 3;
    double end = seconds() + 4;
    fresh_queue(8);
    for (i = 0; i < 3; i++)
        pids[i] = start(push_series, &numbers[i]);
    while (seconds() < end) {
        for (i = 0; i < 2000; i++) {
            zeroipc_status status = zeroipc_queue_pop(&queue, &value, 1000);
            CHECK_STATUS(status, ZEROIPC_OK);
            if (status != ZEROIPC_OK)
                break;
            CHECK(value >> 32 < 512 && (value & 0xFFFFFFFF) >= next[value >> 32]);
            next[value >> 32] = (value & 0xFFFFFFFF) + 1;
            taken++;
        }
        if (incarnation < 512) {
            i = kills++ % 3;
            (void)kill(pids[i], SIGKILL);
            CHECK(finish(pids[i]) == -SIGKILL);
            numbers[i] = incarnation++;
            pids[i] = start(push_series, &numbers[i]);
        }
    }
    for (i = 0; i < 3; i++) {
        (void)kill(pids[i], SIGKILL);
        (void)finish(pids[i]);
    }
    while (zeroipc_queue_try_pop(&queue, &value) == ZEROIPC_OK) {}
    CHECK(zeroipc_queue_is_empty(&queue));
    push_value(5);
    expect_value(5);
    printf("    %llu values from %llu killed producers\n", (unsigned long long)taken, (unsigned long long)kills);
}

/* ---- Segments and structures ---- */

static void create_segment(void)
{
    zeroipc_memory m;
    OK(zeroipc_memory_create(&m, segment, 65536, NULL));
}

static void dying_creator_of_a_segment(void)
{
    int i;
    segment = named("dyingsegment");
    record(create_segment);
    OK(zeroipc_memory_unlink(segment));
    for (i = 0; i < point_count; i++) {
        zeroipc_memory m;
        zeroipc_array a;
        CHECK(dies(create_segment, points[i], 0));
        if (is_point(i, "segment.linked")) {
            OK(zeroipc_memory_open(&m, segment, NULL));
        } else {
            CHECK_STATUS(zeroipc_memory_open(&m, segment, NULL), ZEROIPC_NOT_FOUND);
            OK(zeroipc_memory_create(&m, segment, 65536, NULL));
        }
        OK(zeroipc_array_create(&a, &m, "a", &zeroipc_u64, 1));
        OK(zeroipc_memory_close(&m));
        OK(zeroipc_memory_unlink(segment));
        report("segment creation", i);
    }
}

static void attach_and_detach(void)
{
    zeroipc_options o = ZEROIPC_OPTIONS_DEFAULT;
    zeroipc_memory m;
    o.remove_on_last_detach = true;
    OK(zeroipc_memory_open(&m, segment, &o));
    OK(zeroipc_memory_close(&m));
}

static void dying_attacher(void)
{
    zeroipc_options o = ZEROIPC_OPTIONS_DEFAULT;
    zeroipc_memory m;
    int i;
    o.remove_on_last_detach = true;
    segment = named("dyingattach");
    OK(zeroipc_memory_create(&m, segment, 65536, NULL));
    record(attach_and_detach);
    OK(zeroipc_memory_close(&m));
    for (i = 0; i < point_count; i++) {
        zeroipc_memory n;
        uint64_t attached = 0;
        double began = seconds();
        (void)zeroipc_memory_unlink(segment);
        OK(zeroipc_memory_create(&m, segment, 65536, NULL));
        CHECK(dies(attach_and_detach, points[i], 0));
        OK(zeroipc_memory_attachments(&m, &attached));
        CHECK(attached == 1);
        OK(zeroipc_memory_open(&n, segment, &o));
        OK(zeroipc_memory_close(&m));
        OK(zeroipc_memory_close(&n)); /* the last one out */
        CHECK_STATUS(zeroipc_memory_open(&m, segment, NULL), ZEROIPC_NOT_FOUND);
        CHECK(seconds() - began < 1);
        report("attach or detach", i);
    }
    /* nobody else is there: it dies while it removes */
    OK(zeroipc_memory_create(&m, segment, 65536, NULL));
    OK(zeroipc_memory_close(&m));
    record(attach_and_detach);
    CHECK(behind(point_count - 1, "detach.unlinked"));
    for (i = 0; i < point_count; i++) {
        double began = seconds();
        OK(zeroipc_memory_open_or_create(&m, segment, 65536, NULL));
        OK(zeroipc_memory_close(&m));
        CHECK(dies(attach_and_detach, points[i], 0));
        OK(zeroipc_memory_open_or_create(&m, segment, 65536, NULL));
        OK(zeroipc_memory_close(&m));
        CHECK(seconds() - began < 1);
        report("removal", i);
    }
    OK(zeroipc_memory_unlink(segment));
}

static zeroipc_options creator_options;

static void create_structure(void)
{
    zeroipc_memory m;
    zeroipc_array a;
    double value = 1.5;
    OK(zeroipc_memory_open(&m, segment, &creator_options));
    OK(zeroipc_array_create(&a, &m, "x", &zeroipc_f64, 1000));
    OK(zeroipc_array_fill(&a, &value));
}

static void check_after_creator(zeroipc_memory *m, bool died, bool same_name, uint64_t *next)
{
    static const uint64_t zeroes[2000];
    uint64_t values[2000];
    zeroipc_array x, z;
    zeroipc_queue q;
    zeroipc_status status = zeroipc_array_open(&x, m, "x", &zeroipc_f64);
    bool is_there = status == ZEROIPC_OK;
    uint32_t count, i;
    uint64_t end = 0;
    if (!is_there)
        CHECK_STATUS(status, ZEROIPC_NOT_FOUND);
    if (is_there) {
        OK(zeroipc_array_read(&x, 0, values, 1000));
        CHECK(!died || memcmp(values, zeroes, 8000) == 0);
    } else if (same_name) { /* the same name, another type: the dead creator's record must not stick */
        OK(zeroipc_array_create(&x, m, "x", &zeroipc_u32, 2000));
        OK(zeroipc_array_read(&x, 0, values, 2000));
        CHECK(memcmp(values, zeroes, 8000) == 0);
        OK(zeroipc_array_open(&x, m, "x", &zeroipc_u32));
        if (!creator_options.duck_typed)
            CHECK_STATUS(zeroipc_array_open(&x, m, "x", &zeroipc_f32), ZEROIPC_TYPE_MISMATCH);
    }
    OK(zeroipc_array_create(&z, m, "z", &zeroipc_u64, 1500));
    OK(zeroipc_array_read(&z, 0, values, 1500));
    CHECK(memcmp(values, zeroes, 12000) == 0);
    OK(zeroipc_queue_create(&q, m, "q", &zeroipc_u64, 8));
    OK(zeroipc_array_open(&z, m, "z", &zeroipc_u64));
    OK(zeroipc_queue_open(&q, m, "q", &zeroipc_u64));
    OK(zeroipc_memory_entry_count(m, &count));
    for (i = 0; i < count; i++) {
        zeroipc_entry entry;
        OK(zeroipc_memory_entry(m, i, &entry));
        CHECK(entry.offset >= end);
        end = entry.offset + entry.size;
    }
    *next = zeroipc_priv_load_next(m);
    CHECK(zeroipc_priv_round(end, 8) == *next);
}

static void dying_creator_of_a_structure(void)
{
    int i, mode, skip;
    segment = named("dyingstructure");
    for (mode = 0; mode < 12; mode++) {
        zeroipc_options o = ZEROIPC_OPTIONS_DEFAULT;
        zeroipc_memory m;
        zeroipc_array a;
        uint64_t next, undisturbed = 0;
        o.table_version = 1 + (uint32_t)mode % 2;
        o.duck_typed = mode / 2 % 2 == 1;
        creator_options = o;
        skip = mode / 4 % 2;
        if (mode >= 8)
            skip = 0;
        OK(zeroipc_memory_create(&m, segment, 1 << 20, &o));
        record(create_structure);
        OK(zeroipc_memory_close(&m));
        OK(zeroipc_memory_unlink(segment));
        for (i = -1; i < point_count; i++) {
            double began = seconds();
            bool died = false;
            OK(zeroipc_memory_create(&m, segment, 1 << 20, &o));
            if (mode >= 8) /* not the first structure */
                OK(zeroipc_array_create(&a, &m, "first", &zeroipc_u16, 7));
            if (i >= 0)
                died = dies(create_structure, points[i], skip);
            CHECK(died || i < 0 || skip == 1 || mode >= 8); /* a second structure makes no `.schema` */
            check_after_creator(&m, died, mode % 2 == 0, &next);
            if (i < 0)
                undisturbed = next;
            else if (mode % 2 == 0 && strncmp(points[i], "create.", 7) == 0 && !is_point(i, "create.published") &&
                     !is_point(i, "create.unlocked") && skip == 0)
                CHECK(next == undisturbed); /* the space is used again */
            OK(zeroipc_memory_close(&m));
            OK(zeroipc_memory_open(&m, segment, NULL)); /* the table passes the checks of an opener */
            OK(zeroipc_memory_close(&m));
            OK(zeroipc_memory_unlink(segment));
            CHECK(seconds() - began < 1);
            if (i >= 0)
                report("structure creation", i);
        }
    }
}

static void late_record(void)
{
    zeroipc_memory m;
    zeroipc_array a;
    OK(zeroipc_memory_open(&m, segment, NULL));
    OK(zeroipc_array_create(&a, &m, "late", &zeroipc_f64, 10));
}

/* A handle that creates no passport still writes records where there is one: a dead creator's would else be believed.
 */
static void duck_typed_creator_behind_a_dead_one(void)
{
    zeroipc_options o = ZEROIPC_OPTIONS_DEFAULT;
    zeroipc_memory m, duck;
    zeroipc_array a;
    segment = named("dyingduck");
    OK(zeroipc_memory_create(&m, segment, 1 << 20, NULL));
    OK(zeroipc_array_create(&a, &m, "first", &zeroipc_u16, 7));
    CHECK(dies(late_record, "create.recorded", 0));
    o.duck_typed = true;
    OK(zeroipc_memory_open(&duck, segment, &o));
    OK(zeroipc_array_create(&a, &duck, "late", &zeroipc_u64, 10));
    OK(zeroipc_array_open(&a, &m, "late", &zeroipc_u64));
    OK(zeroipc_memory_close(&m));
    OK(zeroipc_memory_close(&duck));
    OK(zeroipc_memory_unlink(segment));
}

static zeroipc_memory *replacing;

/* Another creator replaces the dead one's record by a longer one. */
static void replace_record(const char *point)
{
    static const unsigned char fields[] = "\5\4Pair\20\0\0\0\10\0\0\0\2\0\0\0\0\0\1a\0\1\12\10\0\0\0\1b\0\1\12";
    zeroipc_type pair;
    zeroipc_array a;
    (void)point;
    OK(zeroipc_type_of_description(&pair, "Pair", fields, sizeof fields - 1));
    OK(zeroipc_array_create(&a, replacing, "next", &pair, 10));
}

/* Who walks over the records meanwhile finds nonsense, and looks again. */
static void dead_creators_record_is_replaced_during_a_lookup(void)
{
    zeroipc_memory m, n;
    zeroipc_array a;
    zeroipc_entry entry;
    segment = named("replaced");
    OK(zeroipc_memory_create(&m, segment, 1 << 20, NULL));
    OK(zeroipc_array_create(&a, &m, "first", &zeroipc_u16, 7));
    CHECK(dies(late_record, "create.recorded", 0));
    OK(zeroipc_memory_open(&n, segment, NULL));
    replacing = &n;
    point_wanted = "open.records";
    point_act = replace_record;
    point_skip = 0;
    OK(zeroipc_memory_entry(&m, 0, &entry)); /* has no record: the walk goes to the end */
    CHECK(point_skip < 0 && entry.kind == ZEROIPC_KIND_SCHEMA);
    point_wanted = NULL;
    zeroipc_priv_store32(m.base + m.table_end + offsetof(zeroipc_format_schema_header, used), 60);
    CHECK_STATUS(zeroipc_memory_entry(&m, 0, &entry), ZEROIPC_CORRUPT); /* but not for ever */
    CHECK_STATUS(zeroipc_array_open(&a, &m, "none", &zeroipc_u64), ZEROIPC_NOT_FOUND);
    CHECK_STATUS(zeroipc_array_open(&a, &m, "first", &zeroipc_u16), ZEROIPC_CORRUPT);
    OK(zeroipc_memory_close(&n));
    OK(zeroipc_memory_close(&m));
    OK(zeroipc_memory_unlink(segment));
}

static const test tests[] = {
    TEST(dying_producer),
    TEST(dying_producer_before_a_full_queue),
    TEST(dying_producer_with_a_waiting_consumer),
    TEST(dying_consumer),
    TEST(dying_consumer_with_a_waiting_producer),
    TEST(dying_recoverer),
    TEST(dying_waiter),
    TEST(stopped_producer_counts_as_alive),
    TEST(stopped_creator_blocks_no_lookup),
    TEST(dying_at_random),
    TEST(dying_creator_of_a_segment),
    TEST(dying_attacher),
    TEST(dying_creator_of_a_structure),
    TEST(duck_typed_creator_behind_a_dead_one),
    TEST(dead_creators_record_is_replaced_during_a_lookup),
};

int main(int argc, char **argv) { return run_tests(tests, COUNT(tests), argc, argv, 240); }
