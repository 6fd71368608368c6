/* The conformance driver for C. The cross-language tests start it, and the peers of the other languages, with the same
 * commands:
 *
 *   create SEG SIZE                          create a segment
 *   unlink SEG                               remove its name
 *   list SEG                                 the table: {"entries":[{"name":…,"offset":…,"size":…,"kind":…}]}
 *   attachments SEG                          {"attachments":N}, this one included
 *   hold SEG                                 attach, print {"id":N}, stay until standard input ends
 *   array-create SEG NAME TYPE CAPACITY
 *   array-write SEG NAME TYPE VALUE…         write from index 0; creates the array for these values if it is missing
 *   array-read SEG NAME TYPE                 {"values":[…]}
 *   array-add SEG NAME TYPE INDEX VALUE N    fetch_add VALUE to the element N times; {"value":…} afterwards
 *   create-queue SEG NAME CAPACITY           a queue of Item
 *   queue-open SEG NAME TYPE                 {"capacity":N,"len":N}
 *   queue-produce SEG NAME PRODUCER N        push Items (PRODUCER, 0 … N - 1, (double)sequence), blocking
 *   queue-consume SEG NAME N                 pop N Items, blocking, each producer's in order:
 *                                            {"consumed":N,"producers":{"1":{"count":…,"sum":…}}}
 *   queue-drain SEG NAME                     pop until empty; the same line
 *   hold-at POINT COMMAND…                   run COMMAND; at the test point print {"held":"POINT"} and sleep for ever
 *   die-at POINT COMMAND…                    run COMMAND; at the test point SIGKILL
 *
 * TYPE is u8 … f64, bool8 or Item: struct Item { producer u64, sequence u64, value f64 }, 24 bytes. Every result is one
 * line of JSON. A failure prints {"status":"TYPE_MISMATCH","message":"…"} and exits with 1; a wrong call exits with 2.
 * Blocking commands give up after 60 seconds with TIMED_OUT. */
#define _GNU_SOURCE
#define ZEROIPC_TEST_POINTS
#define ZEROIPC_IMPLEMENTATION
#include <zeroipc.h>

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>

#define PATIENCE_MS 60000
#define PRODUCERS 256

typedef struct item {
    uint64_t producer;
    uint64_t sequence;
    double value;
} item;

static const unsigned char item_description[] = "\5\4Item\30\0\0\0\10\0\0\0\3\0"
                                                "\0\0\0\0\10producer\0\1\4"
                                                "\10\0\0\0\10sequence\0\1\4"
                                                "\20\0\0\0\5value\0\1\12";

static zeroipc_memory memory;

/* ---- Test points ---- */

static const char *wanted;
static int dies;

void zeroipc_test_point(const char *point)
{
    if (wanted == NULL || strcmp(wanted, point) != 0)
        return;
    if (dies)
        (void)raise(SIGKILL);
    printf("{\"held\":\"%s\"}\n", point);
    fflush(stdout);
    for (;;)
        (void)pause();
}

/* ---- Results ---- */

static void put_text(const char *text)
{
    putchar('"');
    for (; *text != 0; text++)
        if (*text == '"' || *text == '\\')
            printf("\\%c", *text);
        else
            putchar(*text);
    putchar('"');
}

static void must(zeroipc_status status)
{
    if (status == ZEROIPC_OK)
        return;
    printf("{\"status\":\"%s\",\"message\":", zeroipc_status_name(status));
    put_text(zeroipc_error_message());
    printf("}\n");
    fflush(stdout);
    exit(1);
}

static void misuse(const char *what)
{
    fprintf(stderr, "peer: %s; the commands stand at the top of peer.c\n", what);
    exit(2);
}

/* ---- Types and values ---- */

static const zeroipc_type *const scalars[] = { &zeroipc_u8,  &zeroipc_u16, &zeroipc_u32,  &zeroipc_u64,
                                               &zeroipc_i8,  &zeroipc_i16, &zeroipc_i32,  &zeroipc_i64,
                                               &zeroipc_f32, &zeroipc_f64, &zeroipc_bool8 };

static const zeroipc_type *type_named(const char *name)
{
    static zeroipc_type type;
    size_t i;
    for (i = 0; i < sizeof scalars / sizeof scalars[0]; i++)
        if (strcmp(scalars[i]->name, name) == 0)
            return scalars[i];
    if (strcmp(name, "Item") != 0)
        misuse("unknown type");
    must(zeroipc_type_of_description(&type, "Item", item_description, sizeof item_description - 1));
    return &type;
}

typedef union value {
    uint64_t u;
    int64_t i;
    double d;
    float f;
    unsigned char bytes[8];
} value;

static value parse_value(const zeroipc_type *type, const char *text)
{
    value v;
    v.u = 0;
    if (type == &zeroipc_f32)
        v.f = strtof(text, NULL);
    else if (type == &zeroipc_f64)
        v.d = strtod(text, NULL);
    else if (type->name[0] == 'i')
        v.i = strtoll(text, NULL, 10);
    else
        v.u = strtoull(text, NULL, 10);
    return v;
}

static void put_value(const zeroipc_type *type, value v)
{
    const unsigned unused = 64 - type->size * 8;
    if (type == &zeroipc_f32)
        printf("%.9g", (double)v.f);
    else if (type == &zeroipc_f64)
        printf("%.17g", v.d);
    else if (type->name[0] == 'i')
        printf("%" PRId64, (int64_t)(v.u << unused) >> unused);
    else
        printf("%" PRIu64, v.u << unused >> unused);
}

/* ---- Commands: `a` are the arguments behind the segment, `n` of them ---- */

static void do_list(void)
{
    uint32_t count, i;
    must(zeroipc_memory_entry_count(&memory, &count));
    printf("{\"entries\":[");
    for (i = 0; i < count; i++) {
        zeroipc_entry entry;
        must(zeroipc_memory_entry(&memory, i, &entry));
        printf("%s{\"name\":", i == 0 ? "" : ",");
        put_text(entry.name);
        printf(",\"offset\":%" PRIu64 ",\"size\":%" PRIu64 ",\"kind\":\"%s\"}", entry.offset, entry.size,
               zeroipc_kind_name(entry.kind));
    }
    printf("]}\n");
}

static void do_attachments(void)
{
    uint64_t count;
    must(zeroipc_memory_attachments(&memory, &count));
    printf("{\"attachments\":%" PRIu64 "}\n", count);
}

static void do_hold(void)
{
    printf("{\"id\":%" PRIu32 "}\n", zeroipc_memory_id(&memory));
    fflush(stdout);
    while (getchar() != EOF) {}
}

static void do_array_write(char **a, int n)
{
    const zeroipc_type *type = type_named(a[1]);
    zeroipc_array array;
    int i;
    zeroipc_status status = zeroipc_array_open(&array, &memory, a[0], type);
    if (status == ZEROIPC_NOT_FOUND)
        status = zeroipc_array_create(&array, &memory, a[0], type, (uint64_t)(n - 2));
    must(status);
    for (i = 2; i < n; i++) {
        value v = parse_value(type, a[i]);
        must(zeroipc_array_set(&array, (uint64_t)(i - 2), v.bytes));
    }
}

static void do_array_read(char **a)
{
    const zeroipc_type *type = type_named(a[1]);
    zeroipc_array array;
    uint64_t i;
    if (type->size > 8)
        misuse("array-read reads scalars");
    must(zeroipc_array_open(&array, &memory, a[0], type));
    printf("{\"values\":[");
    for (i = 0; i < zeroipc_array_capacity(&array); i++) {
        value v;
        v.u = 0;
        must(zeroipc_array_get(&array, i, v.bytes));
        printf("%s", i == 0 ? "" : ",");
        put_value(type, v);
    }
    printf("]}\n");
}

#define ADD(name, member)                                                                                              \
    if (type == &zeroipc_##name) {                                                                                     \
        for (i = 0; i < times; i++)                                                                                    \
            must(zeroipc_array_fetch_add_##name(&array, index, (__typeof__(old_##name))v.member, &old_##name));        \
    }

static void do_array_add(char **a)
{
    const zeroipc_type *type = type_named(a[1]);
    const uint64_t index = strtoull(a[2], NULL, 10), times = strtoull(a[4], NULL, 10);
    value v = parse_value(type, a[3]);
    zeroipc_array array;
    uint8_t old_u8;
    uint16_t old_u16;
    uint32_t old_u32;
    uint64_t old_u64, i;
    int8_t old_i8;
    int16_t old_i16;
    int32_t old_i32;
    int64_t old_i64;
    float old_f32;
    double old_f64;
    must(zeroipc_array_open(&array, &memory, a[0], type));
    ADD(u8, u)
    ADD(u16, u)
    ADD(u32, u)
    ADD(u64, u)
    ADD(i8, i)
    ADD(i16, i)
    ADD(i32, i)
    ADD(i64, i)
    ADD(f32, f)
    ADD(f64, d)
    v.u = 0;
    must(zeroipc_array_get(&array, index, v.bytes));
    printf("{\"value\":");
    put_value(type, v);
    printf("}\n");
}

static void do_queue_open(char **a)
{
    zeroipc_queue queue;
    must(zeroipc_queue_open(&queue, &memory, a[0], type_named(a[1])));
    printf("{\"capacity\":%" PRIu64 ",\"len\":%" PRIu64 "}\n", zeroipc_queue_capacity(&queue),
           zeroipc_queue_len(&queue));
}

static void do_queue_produce(char **a)
{
    const uint64_t count = strtoull(a[2], NULL, 10);
    zeroipc_queue queue;
    item next;
    must(zeroipc_queue_open(&queue, &memory, a[0], type_named("Item")));
    next.producer = strtoull(a[1], NULL, 10);
    for (next.sequence = 0; next.sequence < count; next.sequence++) {
        next.value = (double)next.sequence;
        must(zeroipc_queue_push(&queue, &next, PATIENCE_MS));
    }
}

static void do_queue_consume(const char *name, uint64_t count, int64_t patience)
{
    static uint64_t next[PRODUCERS], counts[PRODUCERS];
    static double sums[PRODUCERS];
    zeroipc_queue queue;
    uint64_t i, consumed = 0;
    const char *comma = "";
    must(zeroipc_queue_open(&queue, &memory, name, type_named("Item")));
    for (; consumed < count; consumed++) {
        item got;
        zeroipc_status status = zeroipc_queue_pop(&queue, &got, patience);
        if (status == ZEROIPC_TIMED_OUT && patience == 0)
            break;
        must(status);
        if (got.producer >= PRODUCERS || got.sequence < next[got.producer] || got.value < (double)got.sequence ||
            got.value > (double)got.sequence) {
            printf("{\"status\":\"WRONG\",\"message\":\"producer %" PRIu64 ", sequence %" PRIu64 ", value %g\"}\n",
                   got.producer, got.sequence, got.value);
            exit(1);
        }
        next[got.producer] = got.sequence + 1;
        counts[got.producer]++;
        sums[got.producer] += got.value;
    }
    printf("{\"consumed\":%" PRIu64 ",\"producers\":{", consumed);
    for (i = 0; i < PRODUCERS; i++)
        if (counts[i] != 0) {
            printf("%s\"%" PRIu64 "\":{\"count\":%" PRIu64 ",\"sum\":%.17g}", comma, i, counts[i], sums[i]);
            comma = ",";
        }
    printf("}}\n");
}

static void run(const char *command, const char *segment, char **a, int n)
{
    zeroipc_queue queue;
    zeroipc_array array;
#define IS(word, arguments) (strcmp(command, word) == 0 && n >= (arguments))
    if (IS("create", 1)) {
        must(zeroipc_memory_create(&memory, segment, strtoull(a[0], NULL, 10), NULL));
        return;
    }
    if (IS("unlink", 0)) {
        must(zeroipc_memory_unlink(segment));
        return;
    }
    must(zeroipc_memory_open(&memory, segment, NULL));
    if (IS("list", 0))
        do_list();
    else if (IS("attachments", 0))
        do_attachments();
    else if (IS("hold", 0))
        do_hold();
    else if (IS("array-create", 3))
        must(zeroipc_array_create(&array, &memory, a[0], type_named(a[1]), strtoull(a[2], NULL, 10)));
    else if (IS("array-write", 3))
        do_array_write(a, n);
    else if (IS("array-read", 2))
        do_array_read(a);
    else if (IS("array-add", 5))
        do_array_add(a);
    else if (IS("create-queue", 2))
        must(zeroipc_queue_create(&queue, &memory, a[0], type_named("Item"), strtoull(a[1], NULL, 10)));
    else if (IS("queue-open", 2))
        do_queue_open(a);
    else if (IS("queue-produce", 3))
        do_queue_produce(a);
    else if (IS("queue-consume", 2))
        do_queue_consume(a[0], strtoull(a[1], NULL, 10), PATIENCE_MS);
    else if (IS("queue-drain", 1))
        do_queue_consume(a[0], UINT64_MAX, 0);
    else
        misuse("unknown command, or too few arguments");
#undef IS
}

int main(int argc, char **argv)
{
    int first = 1;
    if (argc > 3 && (strcmp(argv[1], "hold-at") == 0 || strcmp(argv[1], "die-at") == 0)) {
        dies = argv[1][0] == 'd';
        wanted = argv[2];
        first = 3;
    }
    if (argc < first + 2)
        misuse("too few arguments");
    run(argv[first], argv[first + 1], argv + first + 2, argc - first - 2);
    must(zeroipc_memory_close(&memory));
    return 0;
}
