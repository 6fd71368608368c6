/* Segments whose bytes are damaged: every use ends with an error or wrong data, never with a crash, an access outside
 * the segment, or a hang. Run under AddressSanitizer and UndefinedBehaviorSanitizer this means what it says. */
#include "check.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SIZE 16384

#ifndef ROUNDS
#define ROUNDS 20000
#endif

static uint64_t seed = 88172645463325252u;

static uint64_t chance(uint64_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % below;
}

/* Where the interesting bytes are. */
typedef struct target {
    uint64_t from, to;
} target;

static uint64_t spiteful(void)
{
    static const uint64_t values[] = { 0,
                                       1,
                                       2,
                                       3,
                                       7,
                                       8,
                                       255,
                                       0x7FFFFFFF,
                                       0x80000000u,
                                       0xFFFFFFFFu,
                                       UINT64_MAX,
                                       UINT64_MAX - 7,
                                       UINT64_C(1) << 63,
                                       UINT64_C(1) << 61,
                                       SIZE,
                                       SIZE - 8,
                                       2576,
                                       16 };
    return chance(3) == 0 ? seed : values[chance(COUNT(values))] + (chance(4) == 0 ? chance(64) : 0);
}

static void mutate(unsigned char *bytes, const target *targets, size_t count)
{
    uint64_t n = 1 + chance(4);
    while (n-- != 0) {
        const target *t = &targets[chance(count)];
        uint64_t at = t->from + chance(t->to - t->from), value = spiteful();
        switch (chance(4)) {
        case 0: bytes[at] = (unsigned char)value; break;
        case 1: bytes[at] ^= (unsigned char)(1u << chance(8)); break;
        case 2: memcpy(bytes + (at & ~UINT64_C(3)), &value, 4); break;
        default: memcpy(bytes + (at & ~UINT64_C(7)), &value, 8);
        }
    }
}

static const unsigned char fix[] = "\5\3Fix\20\0\0\0\10\0\0\0\2\0\0\0\0\0\3lat\3deg\1\12\10\0\0\0\3lon\3deg\1\12";
static const unsigned char mode[] = "\4\1\2\4Mode\2\0\1\0\0\0\0\0\0\0\1A\2\0\0\0\0\0\0\0\1B";

static uint64_t statuses[ZEROIPC_SYSTEM + 1];

static zeroipc_status note(zeroipc_status status)
{
    statuses[status]++;
    return status;
}

static void use_array(zeroipc_memory *m, const char *name, const zeroipc_type *type)
{
    unsigned char value[64] = { 1 };
    zeroipc_array a;
    uint64_t n;
    if (note(zeroipc_array_open(&a, m, name, type)) != ZEROIPC_OK)
        return;
    n = zeroipc_array_capacity(&a);
    (void)note(zeroipc_array_get(&a, 0, value));
    (void)note(zeroipc_array_get(&a, n - 1, value));
    if (!m->read_only) {
        (void)note(zeroipc_array_set(&a, n - 1, value));
        (void)note(zeroipc_array_write(&a, n / 2, value, 1));
        (void)note(zeroipc_array_fill(&a, value));
    }
}

static void use_queue(zeroipc_memory *m, const char *name, const zeroipc_type *type)
{
    unsigned char value[64] = { 1 }, many[64 * 8];
    zeroipc_queue q;
    uint64_t done;
    int i;
    if (note(zeroipc_queue_open(&q, m, name, type)) != ZEROIPC_OK)
        return;
    memset(many, 0, sizeof many);
    (void)zeroipc_queue_len(&q);
    if (m->read_only)
        return;
    for (i = 0; i < 6; i++) {
        (void)note(zeroipc_queue_try_push(&q, value));
        (void)note(zeroipc_queue_try_pop(&q, value));
        (void)note(zeroipc_queue_try_push(&q, value));
    }
    (void)note(zeroipc_queue_push(&q, value, 0));
    (void)note(zeroipc_queue_pop(&q, value, 0));
    (void)note(zeroipc_queue_push_many(&q, many, 8, 0, &done));
    (void)note(zeroipc_queue_pop_many(&q, many, 8, 0, &done));
    for (i = 0; i < 12; i++)
        (void)zeroipc_queue_try_pop(&q, value);
}

static void use(const char *name, bool read_only)
{
    zeroipc_type fix_type, mode_type, other = zeroipc_opaque(16);
    zeroipc_memory m;
    zeroipc_entry entry;
    zeroipc_array a;
    zeroipc_queue q;
    uint32_t i, count = 0;
    OK(zeroipc_type_of_description(&fix_type, "Fix", fix, sizeof fix - 1));
    OK(zeroipc_type_of_description(&mode_type, "Mode", mode, sizeof mode - 1));
    if (note(read_only ? zeroipc_memory_open_read_only(&m, name) : zeroipc_memory_open(&m, name, NULL)) != ZEROIPC_OK)
        return;
    (void)note(zeroipc_memory_entry_count(&m, &count));
    for (i = 0; i < count && i < 10; i++)
        (void)note(zeroipc_memory_entry(&m, i, &entry));
    use_array(&m, "numbers", &zeroipc_u32);
    use_array(&m, "numbers", &zeroipc_f32);
    use_array(&m, "modes", &mode_type);
    use_array(&m, "fixes", &fix_type);
    use_queue(&m, "fixqueue", &fix_type);
    use_queue(&m, "fixqueue", &other);
    use_queue(&m, "bytes", &zeroipc_u8);
    use_queue(&m, "numbers", &zeroipc_u32);
    if (!read_only) {
        (void)note(zeroipc_array_create(&a, &m, "new", &zeroipc_u64, 3));
        (void)note(zeroipc_queue_create(&q, &m, "newqueue", &fix_type, 2));
    }
    (void)zeroipc_memory_close(&m);
}

static void build(const char *name, uint32_t version, bool duck_typed)
{
    zeroipc_options o = ZEROIPC_OPTIONS_DEFAULT;
    zeroipc_type fix_type, mode_type;
    zeroipc_memory m;
    zeroipc_array a;
    zeroipc_queue q;
    double value[2] = { 1, 2 };
    int i;
    o.table_version = version;
    o.duck_typed = duck_typed;
    OK(zeroipc_type_of_description(&fix_type, "Fix", fix, sizeof fix - 1));
    OK(zeroipc_type_of_description(&mode_type, "Mode", mode, sizeof mode - 1));
    OK(zeroipc_memory_create(&m, name, SIZE, &o));
    OK(zeroipc_array_create(&a, &m, "numbers", &zeroipc_u32, 20));
    OK(zeroipc_array_create(&a, &m, "modes", &mode_type, 20));
    OK(zeroipc_array_create(&a, &m, "fixes", &fix_type, 5));
    OK(zeroipc_queue_create(&q, &m, "fixqueue", &fix_type, 4));
    for (i = 0; i < 7; i++) {
        OK(zeroipc_queue_try_push(&q, value));
        if (i > 2)
            OK(zeroipc_queue_try_pop(&q, value));
    }
    OK(zeroipc_queue_create(&q, &m, "bytes", &zeroipc_u8, 2));
    OK(zeroipc_queue_try_push(&q, value));
    OK(zeroipc_memory_close(&m));
}

static void damage(uint32_t version, bool duck_typed)
{
    const char *name = named("hostile");
    static unsigned char clean[SIZE];
    zeroipc_memory m;
    zeroipc_entry entry;
    target targets[16];
    size_t count = 0;
    char path[300];
    unsigned char *bytes;
    const uint64_t rounds = scaled(ROUNDS, 10);
    uint64_t round;
    uint32_t i, entries;
    int fd;
    build(name, version, duck_typed);
    OK(zeroipc_memory_open(&m, name, NULL));
    targets[count].from = 0; /* the header */
    targets[count++].to = 32;
    targets[count].from = 16; /* the first entries, and the slot behind the last */
    targets[count++].to = 16 + 48 * 8;
    OK(zeroipc_memory_entry_count(&m, &entries));
    for (i = 0; i < entries; i++) {
        OK(zeroipc_memory_entry(&m, i, &entry));
        targets[count].from = entry.offset;
        targets[count++].to = entry.offset + (i == 0 && !duck_typed ? 560 : entry.size < 128 ? entry.size : 128);
    }
    OK(zeroipc_memory_close(&m));
    (void)snprintf(path, sizeof path, "/dev/shm%s", name);
    fd = open(path, O_RDWR);
    bytes = (unsigned char *)mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK(bytes != MAP_FAILED);
    (void)close(fd);
    memcpy(clean, bytes, SIZE);
    for (round = 0; round < rounds; round++) {
        double began = seconds();
        memcpy(bytes, clean, SIZE);
        mutate(bytes, targets, count);
        use(name, round % 5 == 0);
        if (seconds() - began > 2) {
            fprintf(stderr, "round %llu took %.1f s\n", (unsigned long long)round, seconds() - began);
            failures++;
        }
    }
    (void)munmap(bytes, SIZE);
    OK(zeroipc_memory_unlink(name));
}

static void version_1_damaged(void) { damage(1, false); }
static void version_2_damaged(void) { damage(2, false); }
static void duck_typed_damaged(void)
{
    damage(1, true);
    damage(2, true);
}

static void every_outcome_was_seen(void)
{
    CHECK(statuses[ZEROIPC_OK] > 1000 && statuses[ZEROIPC_CORRUPT] > 1000 && statuses[ZEROIPC_NOT_FOUND] > 100);
    CHECK(statuses[ZEROIPC_NOT_A_SEGMENT] > 10 && statuses[ZEROIPC_UNSUPPORTED_VERSION] > 10);
    CHECK(statuses[ZEROIPC_TYPE_MISMATCH] > 100 && statuses[ZEROIPC_KIND_MISMATCH] > 10);
    CHECK(statuses[ZEROIPC_SYSTEM] == 0 && statuses[ZEROIPC_PERMISSION] == 0);
}

/* A peer that scribbles over the cells while they are in use. */
static void scribbler(void *with)
{
    zeroipc_queue *q = (zeroipc_queue *)with;
    for (;;) {
        uint64_t cell = chance(q->mask + 1);
        static const int kinds[] = { 0, 1, 2, 3 };
        uint64_t position = cell + (q->mask + 1) * chance(5);
        uint64_t state = 0;
        switch (kinds[chance(4)]) {
        case 0: state = zeroipc_priv_empty(position); break;
        case 1: state = zeroipc_priv_full(position); break;
        case 2: state = zeroipc_priv_writing(chance(1 << 24) << 3 | 2, position); break;
        default: state = seed; break;
        }
        zeroipc_priv_store64(zeroipc_priv_cell(q, cell), state, __ATOMIC_RELAXED);
        zeroipc_priv_store64(q->header + 8 * chance(2), spiteful(), __ATOMIC_RELAXED);
    }
}

static void scribbled_over_while_in_use(void)
{
    zeroipc_memory m;
    zeroipc_queue q;
    uint64_t value = 0, n = 0;
    double end;
    pid_t pid;
    OK(zeroipc_memory_create(&m, named("scribble"), 65536, NULL));
    OK(zeroipc_queue_create(&q, &m, "q", &zeroipc_u64, 4));
    pid = start(scribbler, &q);
    end = seconds() + 2;
    while (seconds() < end) {
        (void)zeroipc_queue_try_push(&q, &value);
        (void)zeroipc_queue_try_pop(&q, &value);
        (void)zeroipc_queue_push(&q, &value, 1);
        (void)zeroipc_queue_pop(&q, &value, 1);
        (void)zeroipc_queue_len(&q);
        n++;
    }
    CHECK(n > 100);
    (void)kill(pid, SIGKILL);
    (void)finish(pid);
    OK(zeroipc_memory_unlink(zeroipc_priv_segment(&m)));
    OK(zeroipc_memory_close(&m));
}

static const test tests[] = {
    TEST(version_1_damaged),      TEST(version_2_damaged),           TEST(duck_typed_damaged),
    TEST(every_outcome_was_seen), TEST(scribbled_over_while_in_use),
};

int main(int argc, char **argv) { return run_tests(tests, COUNT(tests), argc, argv, 590); }
