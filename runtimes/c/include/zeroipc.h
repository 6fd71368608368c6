/* zeroipc.h: typed data that processes share through named POSIX shared memory. Version 0.1.0.
 *
 * One header and no library. Include it wherever you need it, and in exactly one file say
 *
 *     #define _GNU_SOURCE
 *     #define ZEROIPC_IMPLEMENTATION
 *     #include <zeroipc.h>
 *
 * C99 and later, C++11 and later, GCC or Clang, 64-bit little-endian Linux. The bytes in a segment are those of
 * docs/format.md; programs in Rust, C++ and Python read and write the same segments.
 *
 * Contents
 *   Status      what a call returns, and the sentence behind it
 *   Types       what an element is
 *   Memory      a segment: create, open, list, close
 *   Array       elements by index, with atomic operations on numbers
 *   Queue       many producers, many consumers, blocking or not
 *
 * Compile-time options
 *   ZEROIPC_IMPLEMENTATION   define the functions, in one translation unit
 *   ZEROIPC_TEST_POINTS      call zeroipc_test_point() between any two steps; for tests that kill processes
 *
 * What holds everywhere
 *   Handles belong to the caller and nothing is allocated. Do not copy or move an open handle; close structures before
 *   their memory. Any number of threads may use one open handle at the same time; opening and closing it is for one.
 *   A process that dies, by whatever signal, blocks nobody: an unfinished push never happened, and a lock that it held
 *   is free. A process that is stopped or still dumping core counts as alive.
 *   No function is async-signal-safe. After fork the child may go on using open handles.
 *   Another process with write permission can spoil the data, but not make these functions leave the segment or run
 *   forever. It can truncate the file while it is in use: then an access ends with SIGBUS, which nothing here prevents.
 *   Opening a structure uses up to 100 KiB of stack.
 */
#ifndef ZEROIPC_H
#define ZEROIPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if !defined(__linux__)
#error "zeroipc: only Linux is supported: open-file-description locks, futexes and O_TMPFILE have no counterpart elsewhere"
#elif !defined(__GNUC__)
#error "zeroipc: the __atomic builtins of GCC or Clang are needed"
#elif __SIZEOF_POINTER__ != 8 || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "zeroipc: only 64-bit little-endian targets are supported: the format's words are 8 bytes, little-endian and atomic"
#endif

#if defined(__cplusplus)
#define ZEROIPC_PRIV_ASSERT(condition, sentence) static_assert(condition, sentence)
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define ZEROIPC_PRIV_ASSERT(condition, sentence) _Static_assert(condition, sentence)
#else
#define ZEROIPC_PRIV_ASSERT_AT(condition, line) \
    typedef char zeroipc_priv_assert_##line[(condition) ? 1 : -1] __attribute__((unused))
#define ZEROIPC_PRIV_ASSERT_LINE(condition, line) ZEROIPC_PRIV_ASSERT_AT(condition, line)
#define ZEROIPC_PRIV_ASSERT(condition, sentence) ZEROIPC_PRIV_ASSERT_LINE(condition, __LINE__)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* generated: schemas/format */
#define ZEROIPC_FORMAT_MAGIC UINT32_C(0x5A49504D)
#define ZEROIPC_FORMAT_VERSION_1 UINT32_C(1)
#define ZEROIPC_FORMAT_VERSION_2 UINT32_C(2)
#define ZEROIPC_FORMAT_SCHEMA_MAGIC UINT32_C(0x4D484353)
#define ZEROIPC_FORMAT_SCHEMA_VERSION UINT32_C(1)
#define ZEROIPC_FORMAT_RECORD_VERSION UINT16_C(1)
#define ZEROIPC_FORMAT_KIND_ARRAY UINT16_C(1)
#define ZEROIPC_FORMAT_KIND_QUEUE UINT16_C(2)
#define ZEROIPC_FORMAT_CREATION_LOCK UINT64_C(0x0100000000000000)
#define ZEROIPC_FORMAT_ATTACH_LOCK UINT64_C(0x0100000000000001)
#define ZEROIPC_FORMAT_WRITER_ANCHORS UINT64_C(0x0200000000000000)
#define ZEROIPC_FORMAT_MAX_WRITER_ID UINT64_C(0x0000000000FFFFFF)
#define ZEROIPC_FORMAT_READER_ANCHORS UINT64_C(0x4000000000000000)
#define ZEROIPC_FORMAT_READER_ANCHOR_COUNT UINT64_C(0x3FFFFFFFFFFFFFFF)
#define ZEROIPC_FORMAT_MAX_ID_TRIES UINT32_C(1024)
#define ZEROIPC_FORMAT_CELL_EMPTY UINT64_C(1)
#define ZEROIPC_FORMAT_CELL_WRITING UINT64_C(2)
#define ZEROIPC_FORMAT_CELL_FULL UINT64_C(3)
#define ZEROIPC_FORMAT_CELL_TAG_MASK UINT64_C(3)
#define ZEROIPC_FORMAT_CELL_WAIT_BIT UINT64_C(4)
#define ZEROIPC_FORMAT_CELL_POSITION_SHIFT 3
#define ZEROIPC_FORMAT_CELL_OWNER_SHIFT 3
#define ZEROIPC_FORMAT_CELL_OWNER_BITS 24
#define ZEROIPC_FORMAT_CELL_WRITING_POSITION_SHIFT 27
#define ZEROIPC_FORMAT_CELL_WRITING_POSITION_BITS 37
#define ZEROIPC_FORMAT_WAIT_SLICE_MS UINT32_C(250)
#define ZEROIPC_FORMAT_MAX_QUEUE_CAPACITY UINT64_C(0x80000000)

typedef struct zeroipc_format_table_header_v1 {
    uint32_t magic;
    uint32_t version;
    uint32_t entry_count;
    uint32_t next_offset;
} zeroipc_format_table_header_v1;

typedef struct zeroipc_format_table_entry_v1 {
    char name[32];
    uint32_t offset;
    uint32_t size;
} zeroipc_format_table_entry_v1;

typedef struct zeroipc_format_table_header_v2 {
    uint32_t magic;
    uint32_t version;
    uint32_t entry_count;
    uint32_t max_entries;
    uint64_t memory_size;
    uint64_t next_offset;
} zeroipc_format_table_header_v2;

typedef struct zeroipc_format_table_entry_v2 {
    char name[32];
    uint64_t offset;
    uint64_t size;
} zeroipc_format_table_entry_v2;

typedef struct zeroipc_format_schema_header {
    uint32_t magic;
    uint32_t version;
    uint32_t next_id;
    uint32_t used;
} zeroipc_format_schema_header;

typedef struct zeroipc_format_schema_record {
    uint32_t length;
    uint16_t version;
    uint16_t kind;
    uint64_t offset;
    char name[32];
    uint32_t type_count;
    uint32_t reserved;
} zeroipc_format_schema_record;

typedef struct zeroipc_format_schema_type {
    uint64_t layout;
    uint64_t schema;
    uint32_t size;
    uint32_t description_length;
} zeroipc_format_schema_type;

typedef struct zeroipc_format_array_header {
    uint64_t capacity;
} zeroipc_format_array_header;

typedef struct zeroipc_format_queue_header {
    uint64_t head;
    uint64_t tail;
    uint64_t capacity;
} zeroipc_format_queue_header;
/* end of generated */

ZEROIPC_PRIV_ASSERT(sizeof(zeroipc_format_table_header_v1) == 16, "the header of a version 1 table has 16 bytes");
ZEROIPC_PRIV_ASSERT(sizeof(zeroipc_format_table_entry_v1) == 40, "an entry of a version 1 table has 40 bytes");
ZEROIPC_PRIV_ASSERT(sizeof(zeroipc_format_table_header_v2) == 32, "the header of a version 2 table has 32 bytes");
ZEROIPC_PRIV_ASSERT(sizeof(zeroipc_format_table_entry_v2) == 48, "an entry of a version 2 table has 48 bytes");
ZEROIPC_PRIV_ASSERT(sizeof(zeroipc_format_schema_header) == 16, "the header of `.schema` has 16 bytes");
ZEROIPC_PRIV_ASSERT(sizeof(zeroipc_format_schema_record) == 56, "a record has 56 bytes before its types");
ZEROIPC_PRIV_ASSERT(sizeof(zeroipc_format_schema_type) == 24, "a type has 24 bytes before its description");
ZEROIPC_PRIV_ASSERT(sizeof(zeroipc_format_array_header) == 8, "the header of an array has 8 bytes");
ZEROIPC_PRIV_ASSERT(sizeof(zeroipc_format_queue_header) == 24, "the header of a queue has 24 bytes");

/* ==== Status ====================================================================================================== */

typedef enum zeroipc_status {
    ZEROIPC_OK = 0,              /* done */
    ZEROIPC_FULL,                /* the queue is full */
    ZEROIPC_EMPTY,               /* the queue is empty */
    ZEROIPC_TIMED_OUT,           /* the deadline has passed */
    ZEROIPC_NOT_FOUND,           /* no segment or structure of this name */
    ZEROIPC_EXISTS,              /* a segment or structure of this name is there already */
    ZEROIPC_CORRUPT,             /* the segment's bytes break a rule of the format */
    ZEROIPC_NOT_A_SEGMENT,       /* the file is something else */
    ZEROIPC_UNSUPPORTED_VERSION, /* the table, `.schema` or a record has a version that this library does not know */
    ZEROIPC_TYPE_MISMATCH,       /* the structure holds another type */
    ZEROIPC_KIND_MISMATCH,       /* the structure is of another kind */
    ZEROIPC_OUT_OF_SPACE,        /* the segment has no room left */
    ZEROIPC_OUT_OF_MEMORY,       /* the system has no shared memory left */
    ZEROIPC_TABLE_FULL,          /* the table has no entry left */
    ZEROIPC_SCHEMA_FULL,         /* `.schema` has no room for the record */
    ZEROIPC_BAD_NAME,            /* the name breaks the rules */
    ZEROIPC_BAD_ARGUMENT,        /* an argument is impossible */
    ZEROIPC_OUT_OF_BOUNDS,       /* the index is beyond the capacity */
    ZEROIPC_READ_ONLY,           /* the handle only reads */
    ZEROIPC_PERMISSION,          /* the system denies access */
    ZEROIPC_LOCKS_UNSUPPORTED,   /* open-file-description locks do not work here */
    ZEROIPC_SYSTEM               /* a system call failed */
} zeroipc_status;

/* The status as a word, such as "TYPE_MISMATCH". */
const char *zeroipc_status_name(zeroipc_status status);

/* What the last failed call of this thread found, as one sentence: which thing, what was found, what was expected,
 * what to do. FULL, EMPTY and TIMED_OUT of queues say nothing. Valid until the next failure in this thread. */
const char *zeroipc_error_message(void);

/* ==== Types ======================================================================================================= */

/* An element type. The compiler emits one for every type of a schema; the scalars stand below. */
typedef struct zeroipc_type {
    const char *name;
    uint32_t size;                    /* bytes of one element, 1 to 2^30 */
    uint32_t align;                   /* a power of two up to 4096 */
    uint64_t layout;                  /* fingerprint of the bytes */
    uint64_t schema;                  /* fingerprint of the bytes and their meaning */
    const unsigned char *description; /* docs/format.md 3.1; NULL: only the size is known */
    uint32_t description_length;
} zeroipc_type;

extern const zeroipc_type zeroipc_u8, zeroipc_u16, zeroipc_u32, zeroipc_u64;
extern const zeroipc_type zeroipc_i8, zeroipc_i16, zeroipc_i32, zeroipc_i64;
extern const zeroipc_type zeroipc_f32, zeroipc_f64, zeroipc_bool8;

/* A type of which only the size is known: for structs without a schema. It matches every type of this size. */
zeroipc_type zeroipc_opaque(uint32_t size);

/* Checks a description and makes a type of it, with its fingerprints. `type` points to the bytes and to `name`.
 * BAD_ARGUMENT says at which byte the description is damaged. */
zeroipc_status zeroipc_type_of_description(zeroipc_type *type, const char *name, const unsigned char *description,
                                           uint32_t length);

/* ==== Memory ====================================================================================================== */

typedef struct zeroipc_options {
    uint32_t table_size;        /* entries: 0 is 64; else 1, 4, 8, 16 … 4096. One is taken by `.schema` from 8 on */
    uint32_t mode;              /* permission bits of a new segment: 0 is 0600 */
    uint32_t table_version;     /* 0: 2 from 4 GiB on, else 1 */
    bool duck_typed;            /* create no `.schema`: then only sizes are checked */
    bool prefault;              /* reserve all memory when the segment is created */
    bool remove_on_last_detach; /* unlink the segment at close if nobody else is attached */
} zeroipc_options;

#define ZEROIPC_OPTIONS_DEFAULT { 0, 0, 0, false, false, false }

struct zeroipc_priv_self;

/* An attachment to a segment. All members are private. */
typedef struct zeroipc_memory {
    unsigned char *base;
    struct zeroipc_priv_self *self; /* a page that a forked child reads as zeroes */
    uint64_t mapped;
    uint64_t limit; /* the size that the table goes by */
    uint64_t table_end;
    uint64_t device;
    uint64_t inode;
    uint32_t version;
    uint32_t max_entries;
    int fd;
    bool read_only;
    bool duck_typed;
    bool remove;
    char path[272];
} zeroipc_memory;

#define ZEROIPC_KIND_UNKNOWN UINT32_C(0)       /* no record, or one that this library does not know */
#define ZEROIPC_KIND_SCHEMA UINT32_C(0xFFFFFF) /* `.schema` itself */

/* One line of the table. */
typedef struct zeroipc_entry {
    char name[32];
    uint64_t offset;
    uint64_t size;
    uint32_t kind;         /* ZEROIPC_FORMAT_KIND_ARRAY, …_QUEUE, ZEROIPC_KIND_SCHEMA or ZEROIPC_KIND_UNKNOWN */
    uint32_t element_size; /* 0 when not known */
} zeroipc_entry;

/* Creates a segment of `size` bytes, rounded up to whole pages, and attaches to it. `name` is `/` and up to 254 bytes
 * without `/`. `options` may be NULL. EXISTS when the name is taken. */
zeroipc_status zeroipc_memory_create(zeroipc_memory *memory, const char *name, uint64_t size,
                                     const zeroipc_options *options);
/* Attaches to a segment. Of `options`, `duck_typed` and `remove_on_last_detach` count. */
zeroipc_status zeroipc_memory_open(zeroipc_memory *memory, const char *name, const zeroipc_options *options);
/* Attaches without ever writing. Structures can be opened and read; a queue's values cannot be taken. */
zeroipc_status zeroipc_memory_open_read_only(zeroipc_memory *memory, const char *name);
/* Attaches to a segment of at least `size` bytes, or creates it. BAD_ARGUMENT when a smaller one is there. */
zeroipc_status zeroipc_memory_open_or_create(zeroipc_memory *memory, const char *name, uint64_t size,
                                             const zeroipc_options *options);
/* Detaches. TIMED_OUT when the segment was to be removed and others kept attaching: it then stays. The handle is closed
 * in any case; closing a closed one does nothing. */
zeroipc_status zeroipc_memory_close(zeroipc_memory *memory);
/* Removes the name. Who is attached goes on. */
zeroipc_status zeroipc_memory_unlink(const char *name);

/* The segment's size in bytes. */
uint64_t zeroipc_memory_size(const zeroipc_memory *memory);
/* The number of entries in the table, `.schema` included. */
zeroipc_status zeroipc_memory_entry_count(const zeroipc_memory *memory, uint32_t *count);
/* Entry `index`, counted from 0. OUT_OF_BOUNDS behind the last. */
zeroipc_status zeroipc_memory_entry(const zeroipc_memory *memory, uint32_t index, zeroipc_entry *entry);
/* How many handles, in all processes, are attached. */
zeroipc_status zeroipc_memory_attachments(const zeroipc_memory *memory, uint64_t *count);
/* The id of this attachment, as cells carry it; 0 for a read-only handle. */
uint32_t zeroipc_memory_id(zeroipc_memory *memory);
/* Whether the attachment with this id is alive. When in doubt: yes. */
bool zeroipc_memory_is_alive(zeroipc_memory *memory, uint32_t id);

/* ==== Array ======================================================================================================= */

/* An open array. All members are private. */
typedef struct zeroipc_array {
    unsigned char *data;
    uint64_t capacity;
    uint32_t element_size;
    uint8_t scalar; /* code of the element, 0 when it is no number or not known */
    bool read_only;
    char name[32];
} zeroipc_array;

/* Creates an array of `capacity` elements, all zero. */
zeroipc_status zeroipc_array_create(zeroipc_array *array, zeroipc_memory *memory, const char *name,
                                    const zeroipc_type *type, uint64_t capacity);
zeroipc_status zeroipc_array_open(zeroipc_array *array, zeroipc_memory *memory, const char *name,
                                  const zeroipc_type *type);
/* Opens the array, or creates it. BAD_ARGUMENT when it exists with another capacity. */
zeroipc_status zeroipc_array_open_or_create(zeroipc_array *array, zeroipc_memory *memory, const char *name,
                                            const zeroipc_type *type, uint64_t capacity);
void zeroipc_array_close(zeroipc_array *array);
/* Elements. */
static inline uint64_t zeroipc_array_capacity(const zeroipc_array *array) { return array->capacity; }
/* The elements themselves, aligned to 64 and to the type's alignment if our library created the array. Other processes
 * may write at any time: use atomic accesses, or agree on who writes. Behind a read-only handle, writing is SIGSEGV. */
static inline void *zeroipc_array_data(const zeroipc_array *array) { return array->data; }
/* Element `index`. Elements of 1, 2, 4 and 8 bytes are read and written in one access (relaxed); larger ones can be
 * seen half-written while another process writes. */
static inline zeroipc_status zeroipc_array_get(const zeroipc_array *array, uint64_t index, void *value);
static inline zeroipc_status zeroipc_array_set(zeroipc_array *array, uint64_t index, const void *value);
/* `count` elements from `start`. */
zeroipc_status zeroipc_array_read(const zeroipc_array *array, uint64_t start, void *values, uint64_t count);
zeroipc_status zeroipc_array_write(zeroipc_array *array, uint64_t start, const void *values, uint64_t count);
/* Sets every element to `*value`. */
zeroipc_status zeroipc_array_fill(zeroipc_array *array, const void *value);

/* Atomic operations on one element of a scalar type T: i8, u8, i16, u16, i32, u32, i64, u64, f32, f64.
 *
 *   zeroipc_array_load_T(array, index, &value)                           acquire
 *   zeroipc_array_store_T(array, index, value)                           release
 *   zeroipc_array_exchange_T(array, index, value, &old)                  acquire and release, as all that follow
 *   zeroipc_array_compare_exchange_T(array, index, &expected, desired, &exchanged)
 *   zeroipc_array_fetch_add_T, _sub_T, _min_T, _max_T(array, index, value, &old)
 *   zeroipc_array_fetch_and_T, _or_T, _xor_T(array, index, value, &old)  whole numbers only
 *
 * `&old` and `&exchanged` may be NULL. Whole numbers wrap around. Floats compare and exchange by their bits; in min and
 * max a number wins over NaN, and -0 counts as less than +0. TYPE_MISMATCH when the array holds another type. */

/* ==== Queue ======================================================================================================= */

/* An open queue. All members are private. */
typedef struct zeroipc_queue {
    unsigned char *header;
    unsigned char *cells;
    const uint64_t *me; /* WRITING with this attachment's id; 0 in a forked child that has not anchored yet */
    uint64_t mask;
    uint64_t stride;
    uint64_t element_size;
    zeroipc_memory *memory;
    char name[32];
} zeroipc_queue;

/* Creates a queue for `capacity` values, rounded up to a power of two. */
zeroipc_status zeroipc_queue_create(zeroipc_queue *queue, zeroipc_memory *memory, const char *name,
                                    const zeroipc_type *type, uint64_t capacity);
zeroipc_status zeroipc_queue_open(zeroipc_queue *queue, zeroipc_memory *memory, const char *name,
                                  const zeroipc_type *type);
/* Opens the queue, or creates it. BAD_ARGUMENT when it exists with another capacity. */
zeroipc_status zeroipc_queue_open_or_create(zeroipc_queue *queue, zeroipc_memory *memory, const char *name,
                                            const zeroipc_type *type, uint64_t capacity);
void zeroipc_queue_close(zeroipc_queue *queue);
/* Appends a value, or FULL. Never waits; when a producer died half-way, the slot is recovered. */
static inline zeroipc_status zeroipc_queue_try_push(zeroipc_queue *queue, const void *value);
/* Takes the oldest value, or EMPTY, also while its producer is still writing it. After any other status than OK
 * `*value` holds anything. */
static inline zeroipc_status zeroipc_queue_try_pop(zeroipc_queue *queue, void *value);
/* The same, but waits up to `timeout_ms` milliseconds, forever if that is negative, then TIMED_OUT. Waiting costs no
 * processor time. */
static inline zeroipc_status zeroipc_queue_push(zeroipc_queue *queue, const void *value, int64_t timeout_ms);
static inline zeroipc_status zeroipc_queue_pop(zeroipc_queue *queue, void *value, int64_t timeout_ms);
/* Appends all of `count` values, waiting for room as long as the time allows. `*done`, which may be NULL, is how many
 * were appended: all with OK, fewer with any other status. */
zeroipc_status zeroipc_queue_push_many(zeroipc_queue *queue, const void *values, uint64_t count, int64_t timeout_ms,
                                       uint64_t *done);
/* Waits for a value, then takes what is there, up to `count`. `*done` is how many: at least one with OK. */
zeroipc_status zeroipc_queue_pop_many(zeroipc_queue *queue, void *values, uint64_t count, int64_t timeout_ms,
                                      uint64_t *done);
/* Values in the queue at some moment during the call, those still being written included. */
uint64_t zeroipc_queue_len(const zeroipc_queue *queue);
static inline uint64_t zeroipc_queue_capacity(const zeroipc_queue *queue)
{
    return queue->memory == NULL ? 0 : queue->mask + 1;
}
static inline bool zeroipc_queue_is_empty(const zeroipc_queue *queue) { return zeroipc_queue_len(queue) == 0; }
static inline bool zeroipc_queue_is_full(const zeroipc_queue *queue)
{
    return zeroipc_queue_len(queue) == zeroipc_queue_capacity(queue);
}

/* ==== Private: what the inline functions need ===================================================================== */

#ifdef ZEROIPC_TEST_POINTS
void zeroipc_test_point(const char *point);
#define ZEROIPC_TEST_POINT(point) zeroipc_test_point(point)
#else
#define ZEROIPC_TEST_POINT(point) ((void)0)
#endif

/* The size of a value is known at run time only. Without this the compiler takes the branches of other sizes for accesses
 * beyond the caller's variable, and warns. */
#define ZEROIPC_PRIV_HIDE(pointer) __asm__("" : "+r"(pointer))

#define ZEROIPC_PRIV_LIKELY(condition) __builtin_expect(!!(condition), 1)

/* From here on a string move beats a loop of words; see bench/. */
#define ZEROIPC_PRIV_BULK 256

zeroipc_status zeroipc_priv_array_refuse(const zeroipc_array *array, uint64_t index, uint64_t count, bool writes);
zeroipc_status zeroipc_priv_array_refuse_atomic(const zeroipc_array *array, uint64_t index, bool writes, uint8_t scalar,
                                                uint32_t size);
zeroipc_status zeroipc_priv_push_slow(zeroipc_queue *queue, const void *value, bool waits, int64_t timeout_ms);
zeroipc_status zeroipc_priv_pop_slow(zeroipc_queue *queue, void *value, bool waits, int64_t timeout_ms);
void zeroipc_priv_wake(unsigned char *cell);

/* Shared words. A pointer into the mapping is made here and becomes an access of one of these widths only. */
static inline uint64_t zeroipc_priv_load64(const unsigned char *at, int order)
{
    return order == __ATOMIC_ACQUIRE ? __atomic_load_n((const uint64_t *)(const void *)at, __ATOMIC_ACQUIRE)
                                     : __atomic_load_n((const uint64_t *)(const void *)at, __ATOMIC_RELAXED);
}

static inline void zeroipc_priv_store64(unsigned char *at, uint64_t value, int order)
{
    if (order == __ATOMIC_RELEASE)
        __atomic_store_n((uint64_t *)(void *)at, value, __ATOMIC_RELEASE);
    else
        __atomic_store_n((uint64_t *)(void *)at, value, __ATOMIC_RELAXED);
}

/* Moves bytes by the machine's own string instruction, which the compiler cannot take for an access of its own. */
#if defined(__x86_64__)
static inline void zeroipc_priv_move(void *to, const void *from, uint64_t size)
{
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
}
#endif

/* Copies a value into a cell, in whole words; what is left of the last word becomes zero. */
static inline void zeroipc_priv_copy_in(unsigned char *cell, const void *value, uint64_t size)
{
    const unsigned char *from = (const unsigned char *)value;
    uint64_t word, i = 0, rest = size & 7;
    ZEROIPC_PRIV_HIDE(from);
#if defined(__x86_64__)
    if (size >= ZEROIPC_PRIV_BULK) {
        i = size - rest;
        zeroipc_priv_move(cell, from, i);
    }
#endif
    for (; i + 8 <= size; i += 8) {
        memcpy(&word, from + i, 8);
        zeroipc_priv_store64(cell + i, word, __ATOMIC_RELAXED);
    }
    if (rest != 0) {
        word = 0;
        if (rest == 4)
            memcpy(&word, from + i, 4);
        else
            memcpy(&word, from + i, rest);
        zeroipc_priv_store64(cell + i, word, __ATOMIC_RELAXED);
    }
}

static inline void zeroipc_priv_copy_out(void *value, const unsigned char *cell, uint64_t size)
{
    unsigned char *to = (unsigned char *)value;
    uint64_t word, i = 0, rest = size & 7;
    ZEROIPC_PRIV_HIDE(to);
#if defined(__x86_64__)
    if (size >= ZEROIPC_PRIV_BULK) {
        i = size - rest;
        zeroipc_priv_move(to, cell, i);
    }
#endif
    for (; i + 8 <= size; i += 8) {
        word = zeroipc_priv_load64(cell + i, __ATOMIC_RELAXED);
        memcpy(to + i, &word, 8);
    }
    if (rest != 0) {
        word = zeroipc_priv_load64(cell + i, __ATOMIC_RELAXED);
        if (rest == 4)
            memcpy(to + i, &word, 4);
        else
            memcpy(to + i, &word, rest);
    }
}

/* Copies between private bytes and shared ones of any size, each aligned piece in one access and none beyond. */
void zeroipc_priv_write(unsigned char *to, const void *from, uint64_t size);
void zeroipc_priv_read(void *to, const unsigned char *from, uint64_t size);

/* Element accesses: the element's address is a multiple of its size where that is 1, 2, 4 or 8. */
static inline zeroipc_status zeroipc_array_get(const zeroipc_array *array, uint64_t index, void *value)
{
    const unsigned char *at;
    uint64_t w8;
    uint32_t w4;
    uint16_t w2;
    if (!ZEROIPC_PRIV_LIKELY(index < array->capacity))
        return zeroipc_priv_array_refuse(array, index, 1, false);
    at = array->data + index * array->element_size;
    ZEROIPC_PRIV_HIDE(value);
    switch (array->element_size) {
    case 8:
        w8 = __atomic_load_n((const uint64_t *)(const void *)at, __ATOMIC_RELAXED);
        memcpy(value, &w8, 8);
        break;
    case 4:
        w4 = __atomic_load_n((const uint32_t *)(const void *)at, __ATOMIC_RELAXED);
        memcpy(value, &w4, 4);
        break;
    case 2:
        w2 = __atomic_load_n((const uint16_t *)(const void *)at, __ATOMIC_RELAXED);
        memcpy(value, &w2, 2);
        break;
    case 1:
        *(unsigned char *)value = __atomic_load_n(at, __ATOMIC_RELAXED);
        break;
    default:
        zeroipc_priv_read(value, at, array->element_size);
    }
    return ZEROIPC_OK;
}

static inline zeroipc_status zeroipc_array_set(zeroipc_array *array, uint64_t index, const void *value)
{
    unsigned char *at;
    uint64_t w8;
    uint32_t w4;
    uint16_t w2;
    if (!ZEROIPC_PRIV_LIKELY(index < array->capacity && !array->read_only))
        return zeroipc_priv_array_refuse(array, index, 1, true);
    at = array->data + index * array->element_size;
    ZEROIPC_PRIV_HIDE(value);
    switch (array->element_size) {
    case 8:
        memcpy(&w8, value, 8);
        __atomic_store_n((uint64_t *)(void *)at, w8, __ATOMIC_RELAXED);
        break;
    case 4:
        memcpy(&w4, value, 4);
        __atomic_store_n((uint32_t *)(void *)at, w4, __ATOMIC_RELAXED);
        break;
    case 2:
        memcpy(&w2, value, 2);
        __atomic_store_n((uint16_t *)(void *)at, w2, __ATOMIC_RELAXED);
        break;
    case 1:
        __atomic_store_n(at, *(const unsigned char *)value, __ATOMIC_RELAXED);
        break;
    default:
        zeroipc_priv_write(at, value, array->element_size);
    }
    return ZEROIPC_OK;
}

/* An element is of scalar T if the type says so, or if only its size is known. */
#define ZEROIPC_PRIV_AT(T, code, writes)                                                                              \
    if (!ZEROIPC_PRIV_LIKELY(index < array->capacity && array->scalar == (code) && !((writes) && array->read_only))) { \
        zeroipc_status refused =                                                                                      \
            zeroipc_priv_array_refuse_atomic(array, index, writes, code, (uint32_t)sizeof(T));                        \
        if (refused != ZEROIPC_OK)                                                                                    \
            return refused;                                                                                           \
    }                                                                                                                 \
    at = (T *)(void *)(array->data + index * sizeof(T))

#define ZEROIPC_PRIV_FETCH(name, T, code, operation)                                                                  \
    static inline zeroipc_status zeroipc_array_fetch_##operation##_##name(zeroipc_array *array, uint64_t index,       \
                                                                          T value, T *old)                            \
    {                                                                                                                 \
        T *at, before;                                                                                                \
        ZEROIPC_PRIV_AT(T, code, true);                                                                               \
        before = __atomic_fetch_##operation(at, value, __ATOMIC_ACQ_REL);                                             \
        if (old != NULL)                                                                                              \
            *old = before;                                                                                            \
        return ZEROIPC_OK;                                                                                            \
    }

/* A read-modify-write that the machine does not have: `before` and `value` to `after`, until nobody came between. */
#define ZEROIPC_PRIV_LOOP(name, T, B, code, operation, expression)                                                    \
    static inline zeroipc_status zeroipc_array_fetch_##operation##_##name(zeroipc_array *array, uint64_t index,       \
                                                                          T value, T *old)                            \
    {                                                                                                                 \
        B *at, was, is;                                                                                               \
        T before, after;                                                                                              \
        ZEROIPC_PRIV_AT(B, code, true);                                                                               \
        was = __atomic_load_n(at, __ATOMIC_RELAXED);                                                                  \
        do {                                                                                                          \
            memcpy(&before, &was, sizeof(T));                                                                         \
            after = (T)(expression);                                                                                   \
            memcpy(&is, &after, sizeof(T));                                                                           \
        } while (!__atomic_compare_exchange_n(at, &was, is, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));              \
        if (old != NULL)                                                                                              \
            *old = before;                                                                                            \
        return ZEROIPC_OK;                                                                                            \
    }

/* Load, store, exchange: by the bits B of T. */
#define ZEROIPC_PRIV_ACCESS(name, T, B, code)                                                                         \
    static inline zeroipc_status zeroipc_array_load_##name(const zeroipc_array *array, uint64_t index, T *value)      \
    {                                                                                                                 \
        const B *at;                                                                                                  \
        B bits;                                                                                                       \
        ZEROIPC_PRIV_AT(B, code, false);                                                                              \
        bits = __atomic_load_n(at, __ATOMIC_ACQUIRE);                                                                 \
        memcpy(value, &bits, sizeof(T));                                                                              \
        return ZEROIPC_OK;                                                                                            \
    }                                                                                                                 \
    static inline zeroipc_status zeroipc_array_store_##name(zeroipc_array *array, uint64_t index, T value)            \
    {                                                                                                                 \
        B *at, bits;                                                                                                  \
        ZEROIPC_PRIV_AT(B, code, true);                                                                               \
        memcpy(&bits, &value, sizeof(T));                                                                             \
        __atomic_store_n(at, bits, __ATOMIC_RELEASE);                                                                 \
        return ZEROIPC_OK;                                                                                            \
    }                                                                                                                 \
    static inline zeroipc_status zeroipc_array_exchange_##name(zeroipc_array *array, uint64_t index, T value, T *old) \
    {                                                                                                                 \
        B *at, bits;                                                                                                  \
        ZEROIPC_PRIV_AT(B, code, true);                                                                               \
        memcpy(&bits, &value, sizeof(T));                                                                             \
        bits = __atomic_exchange_n(at, bits, __ATOMIC_ACQ_REL);                                                       \
        if (old != NULL)                                                                                              \
            memcpy(old, &bits, sizeof(T));                                                                            \
        return ZEROIPC_OK;                                                                                            \
    }                                                                                                                 \
    static inline zeroipc_status zeroipc_array_compare_exchange_##name(zeroipc_array *array, uint64_t index,          \
                                                                       T *expected, T desired, bool *exchanged)       \
    {                                                                                                                 \
        B *at, was, is;                                                                                               \
        bool done;                                                                                                    \
        ZEROIPC_PRIV_AT(B, code, true);                                                                               \
        memcpy(&was, expected, sizeof(T));                                                                            \
        memcpy(&is, &desired, sizeof(T));                                                                             \
        done = __atomic_compare_exchange_n(at, &was, is, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);                  \
        memcpy(expected, &was, sizeof(T));                                                                            \
        if (exchanged != NULL)                                                                                        \
            *exchanged = done;                                                                                        \
        return ZEROIPC_OK;                                                                                            \
    }

#define ZEROIPC_PRIV_INTEGER(name, T, code)                                   \
    ZEROIPC_PRIV_ACCESS(name, T, T, code)                                     \
    ZEROIPC_PRIV_FETCH(name, T, code, add)                                    \
    ZEROIPC_PRIV_FETCH(name, T, code, sub)                                    \
    ZEROIPC_PRIV_FETCH(name, T, code, and)                                    \
    ZEROIPC_PRIV_FETCH(name, T, code, or)                                     \
    ZEROIPC_PRIV_FETCH(name, T, code, xor)                                    \
    ZEROIPC_PRIV_LOOP(name, T, T, code, min, value < before ? value : before) \
    ZEROIPC_PRIV_LOOP(name, T, T, code, max, value > before ? value : before)

/* `value` replaces `before` if it is less, if only it is a number, or if it is the -0 of two zeroes. */
#define ZEROIPC_PRIV_FLOAT(name, T, B, code, signbit)                                                                 \
    ZEROIPC_PRIV_ACCESS(name, T, B, code)                                                                             \
    ZEROIPC_PRIV_LOOP(name, T, B, code, add, before + value)                                                          \
    ZEROIPC_PRIV_LOOP(name, T, B, code, sub, before - value)                                                          \
    ZEROIPC_PRIV_LOOP(name, T, B, code, min,                                                                          \
                      value < before || (before != before && value == value) ||                                       \
                              (value == before && signbit(value) != 0)                                                \
                          ? value                                                                                     \
                          : before)                                                                                   \
    ZEROIPC_PRIV_LOOP(name, T, B, code, max,                                                                          \
                      value > before || (before != before && value == value) ||                                       \
                              (value == before && signbit(value) == 0)                                                \
                          ? value                                                                                     \
                          : before)

ZEROIPC_PRIV_INTEGER(u8, uint8_t, 1)
ZEROIPC_PRIV_INTEGER(u16, uint16_t, 2)
ZEROIPC_PRIV_INTEGER(u32, uint32_t, 3)
ZEROIPC_PRIV_INTEGER(u64, uint64_t, 4)
ZEROIPC_PRIV_INTEGER(i8, int8_t, 5)
ZEROIPC_PRIV_INTEGER(i16, int16_t, 6)
ZEROIPC_PRIV_INTEGER(i32, int32_t, 7)
ZEROIPC_PRIV_INTEGER(i64, int64_t, 8)
ZEROIPC_PRIV_FLOAT(f32, float, uint32_t, 9, __builtin_signbitf)
ZEROIPC_PRIV_FLOAT(f64, double, uint64_t, 10, __builtin_signbit)

/* The queue's state words. */
static inline uint64_t zeroipc_priv_empty(uint64_t position)
{
    return position << ZEROIPC_FORMAT_CELL_POSITION_SHIFT | ZEROIPC_FORMAT_CELL_EMPTY;
}

static inline uint64_t zeroipc_priv_full(uint64_t position)
{
    return position << ZEROIPC_FORMAT_CELL_POSITION_SHIFT | ZEROIPC_FORMAT_CELL_FULL;
}

static inline uint64_t zeroipc_priv_writing(uint64_t me, uint64_t position)
{
    return me | position << ZEROIPC_FORMAT_CELL_WRITING_POSITION_SHIFT;
}

static inline bool zeroipc_priv_exchange(unsigned char *cell, uint64_t *seen, uint64_t next)
{
    /* SYNC pop: releases the cell; what was copied out of it was read before. Acquired by the push that claims it. */
    return __atomic_compare_exchange_n((uint64_t *)(void *)cell, seen, next, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

static inline unsigned char *zeroipc_priv_cell(const zeroipc_queue *queue, uint64_t position)
{
    return queue->cells + (position & queue->mask) * queue->stride;
}

/* The rest of a push, behind the claim of `seen`. */
static inline void zeroipc_priv_publish(zeroipc_queue *queue, unsigned char *cell, uint64_t position, uint64_t seen,
                                        const void *value)
{
    ZEROIPC_TEST_POINT("queue.push.claimed");
    zeroipc_priv_store64(queue->header + offsetof(zeroipc_format_queue_header, tail), position + 1, __ATOMIC_RELAXED);
    ZEROIPC_TEST_POINT("queue.push.hinted");
    zeroipc_priv_copy_in(cell + 8, value, queue->element_size);
    ZEROIPC_TEST_POINT("queue.push.written");
    /* SYNC push: publishes the value to the pop that finds FULL. */
    zeroipc_priv_store64(cell, zeroipc_priv_full(position), __ATOMIC_RELEASE);
    ZEROIPC_TEST_POINT("queue.push.published");
    if ((seen & ZEROIPC_FORMAT_CELL_WAIT_BIT) != 0)
        zeroipc_priv_wake(cell);
    ZEROIPC_TEST_POINT("queue.push.woken");
}

/* The rest of a pop, behind the copy. False when the cell has changed: the copy may be torn. */
static inline bool zeroipc_priv_consume(zeroipc_queue *queue, unsigned char *cell, uint64_t position, uint64_t seen)
{
    ZEROIPC_TEST_POINT("queue.pop.copied");
    if (!zeroipc_priv_exchange(cell, &seen, zeroipc_priv_empty(position + queue->mask + 1)))
        return false;
    ZEROIPC_TEST_POINT("queue.pop.consumed");
    zeroipc_priv_store64(queue->header + offsetof(zeroipc_format_queue_header, head), position + 1, __ATOMIC_RELAXED);
    ZEROIPC_TEST_POINT("queue.pop.hinted");
    if ((seen & ZEROIPC_FORMAT_CELL_WAIT_BIT) != 0)
        zeroipc_priv_wake(cell);
    ZEROIPC_TEST_POINT("queue.pop.woken");
    return true;
}

/* The fast paths: the hint is right and the cell is free, or full. False: nothing has happened. */
static inline bool zeroipc_priv_push_fast(zeroipc_queue *queue, const void *value)
{
    uint64_t me, position, seen;
    unsigned char *cell;
    if (!ZEROIPC_PRIV_LIKELY(queue->me != NULL))
        return false;
    me = __atomic_load_n(queue->me, __ATOMIC_RELAXED);
    position = zeroipc_priv_load64(queue->header + offsetof(zeroipc_format_queue_header, tail), __ATOMIC_RELAXED);
    cell = zeroipc_priv_cell(queue, position);
    seen = zeroipc_priv_load64(cell, __ATOMIC_RELAXED);
    if (!ZEROIPC_PRIV_LIKELY((seen & ~ZEROIPC_FORMAT_CELL_WAIT_BIT) == zeroipc_priv_empty(position) && me != 0) ||
        !ZEROIPC_PRIV_LIKELY(zeroipc_priv_exchange(cell, &seen, zeroipc_priv_writing(me, position))))
        return false;
    zeroipc_priv_publish(queue, cell, position, seen, value);
    return true;
}

static inline bool zeroipc_priv_pop_fast(zeroipc_queue *queue, void *value)
{
    uint64_t position, seen;
    unsigned char *cell;
    if (!ZEROIPC_PRIV_LIKELY(queue->me != NULL))
        return false;
    position = zeroipc_priv_load64(queue->header + offsetof(zeroipc_format_queue_header, head), __ATOMIC_RELAXED);
    cell = zeroipc_priv_cell(queue, position);
    seen = zeroipc_priv_load64(cell, __ATOMIC_ACQUIRE); /* SYNC push */
    if (!ZEROIPC_PRIV_LIKELY((seen & ~ZEROIPC_FORMAT_CELL_WAIT_BIT) == zeroipc_priv_full(position)))
        return false;
    zeroipc_priv_copy_out(value, cell + 8, queue->element_size);
    return zeroipc_priv_consume(queue, cell, position, seen);
}

static inline zeroipc_status zeroipc_queue_try_push(zeroipc_queue *queue, const void *value)
{
    return zeroipc_priv_push_fast(queue, value) ? ZEROIPC_OK : zeroipc_priv_push_slow(queue, value, false, 0);
}

static inline zeroipc_status zeroipc_queue_try_pop(zeroipc_queue *queue, void *value)
{
    return zeroipc_priv_pop_fast(queue, value) ? ZEROIPC_OK : zeroipc_priv_pop_slow(queue, value, false, 0);
}

static inline zeroipc_status zeroipc_queue_push(zeroipc_queue *queue, const void *value, int64_t timeout_ms)
{
    return zeroipc_priv_push_fast(queue, value) ? ZEROIPC_OK : zeroipc_priv_push_slow(queue, value, true, timeout_ms);
}

static inline zeroipc_status zeroipc_queue_pop(zeroipc_queue *queue, void *value, int64_t timeout_ms)
{
    return zeroipc_priv_pop_fast(queue, value) ? ZEROIPC_OK : zeroipc_priv_pop_slow(queue, value, true, timeout_ms);
}

#ifdef __cplusplus
}
#endif

#endif /* ZEROIPC_H */

/* ================================================================================================================== */
/* ==== Implementation ============================================================================================== */
/* ================================================================================================================== */

#if defined(ZEROIPC_IMPLEMENTATION) && !defined(ZEROIPC_PRIV_IMPLEMENTED)
#define ZEROIPC_PRIV_IMPLEMENTED

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#if !defined(F_OFD_SETLK) || !defined(O_TMPFILE) || !defined(SEEK_DATA) || !defined(MADV_DONTFORK)
#error "zeroipc: define _GNU_SOURCE before the first #include of the file that defines ZEROIPC_IMPLEMENTATION"
#endif
#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define ZEROIPC_PRIV_DIRECTORY "/dev/shm"
#define ZEROIPC_PRIV_SCHEMA_NAME ".schema"
#define ZEROIPC_PRIV_COLD __attribute__((noinline, cold))

/* Limits of the format, docs/format.md 2, 3.1 and 7. */
#define ZEROIPC_PRIV_MAX_ELEMENT (UINT64_C(1) << 30)
#define ZEROIPC_PRIV_MAX_ALIGN 4096
#define ZEROIPC_PRIV_MAX_DESCRIPTION 65535
#define ZEROIPC_PRIV_MAX_DEPTH 32
#define ZEROIPC_PRIV_MAX_TABLE 4096
#define ZEROIPC_PRIV_DEFAULT_TABLE 64
#define ZEROIPC_PRIV_MIN_SCHEMA_TABLE 8
#define ZEROIPC_PRIV_MAX_SIZE (UINT64_C(1) << 56)
#define ZEROIPC_PRIV_V2_SIZE (UINT64_C(1) << 32)
#define ZEROIPC_PRIV_NAME_LENGTH 31
#define ZEROIPC_PRIV_SEGMENT_NAME_LENGTH 254

#define ZEROIPC_PRIV_MS UINT64_C(1000000)
#define ZEROIPC_PRIV_LOCK_NS (UINT64_C(10000) * ZEROIPC_PRIV_MS)
#define ZEROIPC_PRIV_REMOVE_NS (UINT64_C(1000) * ZEROIPC_PRIV_MS)
#define ZEROIPC_PRIV_SPINS 100
#define ZEROIPC_PRIV_POSITIONS ((UINT64_C(1) << 61) - 1)

static inline uint32_t zeroipc_priv_load32(const unsigned char *at)
{
    return __atomic_load_n((const uint32_t *)(const void *)at, __ATOMIC_ACQUIRE);
}

static inline void zeroipc_priv_store32(unsigned char *at, uint32_t value)
{
    __atomic_store_n((uint32_t *)(void *)at, value, __ATOMIC_RELEASE);
}

static inline uint64_t zeroipc_priv_round(uint64_t value, uint64_t to) { return (value + to - 1) & ~(to - 1); }

/* ---- Sentences --------------------------------------------------------------------------------------------------- */

static __thread char zeroipc_priv_message[1024];

/* Text that is cut where the buffer ends. */
typedef struct zeroipc_priv_text {
    char *bytes;
    size_t size;
    size_t used;
} zeroipc_priv_text;

static void zeroipc_priv_put(zeroipc_priv_text *text, const char *bytes, size_t length)
{
    size_t room = text->size - 1 - text->used;
    if (length > room)
        length = room;
    memcpy(text->bytes + text->used, bytes, length);
    text->used += length;
    text->bytes[text->used] = 0;
}

static void zeroipc_priv_puts(zeroipc_priv_text *text, const char *words)
{
    zeroipc_priv_put(text, words, strlen(words));
}

__attribute__((format(printf, 2, 3))) static void zeroipc_priv_putf(zeroipc_priv_text *text, const char *format, ...)
{
    char part[64];
    va_list values;
    va_start(values, format);
    (void)vsnprintf(part, sizeof part, format, values);
    va_end(values);
    zeroipc_priv_puts(text, part);
}

/* Length of the UTF-8 character at `at`, or 0 if there is none. */
static size_t zeroipc_priv_character(const unsigned char *at, size_t left, uint32_t *character)
{
    static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
    size_t length, i;
    uint32_t value;
    if (left == 0)
        return 0;
    value = at[0];
    length = value < 0x80 ? 1 : value < 0xC0 ? 0 : value < 0xE0 ? 2 : value < 0xF0 ? 3 : value < 0xF8 ? 4 : 0;
    if (length == 0 || length > left)
        return 0;
    if (length > 1)
        value &= 0x7Fu >> length;
    for (i = 1; i < length; i++) {
        if ((at[i] & 0xC0) != 0x80)
            return 0;
        value = value << 6 | (at[i] & 0x3Fu);
    }
    if (value < least[length] || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000))
        return 0;
    *character = value;
    return length;
}

static bool zeroipc_priv_is_text(const unsigned char *bytes, size_t length)
{
    uint32_t character;
    size_t i, step;
    for (i = 0; i < length; i += step) {
        step = zeroipc_priv_character(bytes + i, length - i, &character);
        if (step == 0)
            return false;
    }
    return true;
}

static bool zeroipc_priv_is_control(uint32_t character)
{
    return character < 0x20 || (character >= 0x7F && character < 0xA0);
}

/* A name that may come from a foreign segment: nothing in it steers a terminal. */
static void zeroipc_priv_show(zeroipc_priv_text *text, const char *name, size_t length)
{
    const unsigned char *bytes = (const unsigned char *)name;
    uint32_t character = 0;
    size_t i, step;
    for (i = 0; i < length; i += step) {
        step = zeroipc_priv_character(bytes + i, length - i, &character);
        if (step == 0) {
            zeroipc_priv_puts(text, "\xEF\xBF\xBD");
            step = 1;
        } else if (!zeroipc_priv_is_control(character)) {
            if (text->size - 1 - text->used < step)
                return;
            zeroipc_priv_put(text, name + i, step);
        } else if (character == '\t' || character == '\n' || character == '\r') {
            zeroipc_priv_puts(text, character == '\t' ? "\\t" : character == '\n' ? "\\n" : "\\r");
        } else {
            zeroipc_priv_putf(text, "\\u{%x}", character);
        }
    }
}

typedef struct zeroipc_priv_shown {
    char text[300];
} zeroipc_priv_shown;

static const char *zeroipc_priv_name(zeroipc_priv_shown *shown, const char *name)
{
    zeroipc_priv_text text;
    text.bytes = shown->text;
    text.size = sizeof shown->text;
    text.used = 0;
    shown->text[0] = 0;
    zeroipc_priv_show(&text, name, strlen(name));
    return shown->text;
}

__attribute__((format(printf, 2, 3))) ZEROIPC_PRIV_COLD static zeroipc_status
zeroipc_priv_fail(zeroipc_status status, const char *format, ...)
{
    va_list values;
    int length;
    size_t end = sizeof zeroipc_priv_message - 1;
    va_start(values, format);
    length = vsnprintf(zeroipc_priv_message, sizeof zeroipc_priv_message, format, values);
    va_end(values);
    if (length > (int)end) {
        while (end > 0 && ((unsigned char)zeroipc_priv_message[end] & 0xC0) == 0x80)
            end--;
        if (!zeroipc_priv_is_text((const unsigned char *)zeroipc_priv_message + end,
                                  sizeof zeroipc_priv_message - 1 - end))
            zeroipc_priv_message[end] = 0;
    }
    return status;
}

const char *zeroipc_error_message(void) { return zeroipc_priv_message; }

const char *zeroipc_status_name(zeroipc_status status)
{
    switch (status) {
    case ZEROIPC_OK: return "OK";
    case ZEROIPC_FULL: return "FULL";
    case ZEROIPC_EMPTY: return "EMPTY";
    case ZEROIPC_TIMED_OUT: return "TIMED_OUT";
    case ZEROIPC_NOT_FOUND: return "NOT_FOUND";
    case ZEROIPC_EXISTS: return "EXISTS";
    case ZEROIPC_CORRUPT: return "CORRUPT";
    case ZEROIPC_NOT_A_SEGMENT: return "NOT_A_SEGMENT";
    case ZEROIPC_UNSUPPORTED_VERSION: return "UNSUPPORTED_VERSION";
    case ZEROIPC_TYPE_MISMATCH: return "TYPE_MISMATCH";
    case ZEROIPC_KIND_MISMATCH: return "KIND_MISMATCH";
    case ZEROIPC_OUT_OF_SPACE: return "OUT_OF_SPACE";
    case ZEROIPC_OUT_OF_MEMORY: return "OUT_OF_MEMORY";
    case ZEROIPC_TABLE_FULL: return "TABLE_FULL";
    case ZEROIPC_SCHEMA_FULL: return "SCHEMA_FULL";
    case ZEROIPC_BAD_NAME: return "BAD_NAME";
    case ZEROIPC_BAD_ARGUMENT: return "BAD_ARGUMENT";
    case ZEROIPC_OUT_OF_BOUNDS: return "OUT_OF_BOUNDS";
    case ZEROIPC_READ_ONLY: return "READ_ONLY";
    case ZEROIPC_PERMISSION: return "PERMISSION";
    case ZEROIPC_LOCKS_UNSUPPORTED: return "LOCKS_UNSUPPORTED";
    case ZEROIPC_SYSTEM: return "SYSTEM";
    }
    return "unknown status";
}

/* A system call on the segment has failed with `error`. */
ZEROIPC_PRIV_COLD static zeroipc_status zeroipc_priv_fail_system(const char *path, const char *what, int error)
{
    zeroipc_priv_shown shown;
    const char *name = zeroipc_priv_name(&shown, path + sizeof ZEROIPC_PRIV_DIRECTORY - 1);
    if (error == EACCES || error == EPERM)
        return zeroipc_priv_fail(ZEROIPC_PERMISSION,
                                 "segment `%s`: cannot %s: %s; ask its owner, or open it read-only", name, what,
                                 strerror(error));
    return zeroipc_priv_fail(error == ENOMEM ? ZEROIPC_OUT_OF_MEMORY : ZEROIPC_SYSTEM, "segment `%s`: cannot %s: %s",
                             name, what, strerror(error));
}

static const char *zeroipc_priv_segment(const zeroipc_memory *memory)
{
    return memory->path + sizeof ZEROIPC_PRIV_DIRECTORY - 1;
}

/* The rules for names, docs/format.md 1 and 2. `name` is shown whole in the message, `rest` is what they apply to. */
static zeroipc_status zeroipc_priv_check_name(const char *what, const char *name, const char *rest, size_t most)
{
    const unsigned char *bytes = (const unsigned char *)rest;
    zeroipc_priv_shown shown, wrong;
    size_t length = strlen(rest), i, step;
    uint32_t character = 0;
    if (length == 0)
        return zeroipc_priv_fail(ZEROIPC_BAD_NAME, "%s name `%s`: it is empty; give it at least one character", what,
                                 zeroipc_priv_name(&shown, name));
    if (length > most)
        return zeroipc_priv_fail(ZEROIPC_BAD_NAME, "%s name `%s`: it has %zu bytes and %zu fit; shorten it", what,
                                 zeroipc_priv_name(&shown, name), length, most);
    for (i = 0; i < length; i += step) {
        step = zeroipc_priv_character(bytes + i, length - i, &character);
        if (step == 0)
            return zeroipc_priv_fail(ZEROIPC_BAD_NAME, "%s name `%s`: byte %zu is not UTF-8; write the name in UTF-8",
                                     what, zeroipc_priv_name(&shown, name), i);
        if (character == '/' || zeroipc_priv_is_control(character)) {
            char one[5];
            memcpy(one, rest + i, step);
            one[step] = 0;
            return zeroipc_priv_fail(ZEROIPC_BAD_NAME,
                                     "%s name `%s`: it contains '%s'; use letters, digits, `_`, `-` and `.`", what,
                                     zeroipc_priv_name(&shown, name), zeroipc_priv_name(&wrong, one));
        }
    }
    return ZEROIPC_OK;
}

static zeroipc_status zeroipc_priv_check_segment_name(const char *name)
{
    zeroipc_priv_shown shown;
    zeroipc_status status;
    if (name == NULL)
        return zeroipc_priv_fail(ZEROIPC_BAD_ARGUMENT, "the segment's name is NULL; pass a string that begins with `/`");
    if (name[0] != '/' && name[0] != 0)
        return zeroipc_priv_fail(ZEROIPC_BAD_NAME, "segment name `%s`: a segment's name begins with `/`; put one in front",
                                 zeroipc_priv_name(&shown, name));
    status = zeroipc_priv_check_name("segment", name, name + (name[0] == '/'), ZEROIPC_PRIV_SEGMENT_NAME_LENGTH);
    if (status == ZEROIPC_OK && (strcmp(name, "/.") == 0 || strcmp(name, "/..") == 0))
        return zeroipc_priv_fail(ZEROIPC_BAD_NAME,
                                 "segment name `%s`: `/.` and `/..` lead out of the directory of segments; choose another "
                                 "name",
                                 name);
    return status;
}

/* ---- Time -------------------------------------------------------------------------------------------------------- */

static uint64_t zeroipc_priv_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static void zeroipc_priv_nap(uint64_t nanoseconds)
{
    struct timespec nap;
    nap.tv_sec = (time_t)(nanoseconds / UINT64_C(1000000000));
    nap.tv_nsec = (long)(nanoseconds % UINT64_C(1000000000));
    (void)nanosleep(&nap, NULL);
}

static inline void zeroipc_priv_pause(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield" : : : "memory");
#endif
}

static uint64_t zeroipc_priv_random(void)
{
    static uint64_t fallback;
    uint64_t value;
    if (syscall(SYS_getrandom, &value, sizeof value, 0) == (long)sizeof value)
        return value;
    value = __atomic_add_fetch(&fallback, UINT64_C(0x9E3779B97F4A7C15), __ATOMIC_RELAXED);
    value ^= zeroipc_priv_now() ^ (uint64_t)getpid() << 32;
    value = (value ^ value >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    value = (value ^ value >> 27) * UINT64_C(0x94D049BB133111EB);
    return value ^ value >> 31;
}

/* ---- Shared bytes ------------------------------------------------------------------------------------------------ */

void zeroipc_priv_write(unsigned char *to, const void *from, uint64_t size)
{
    const unsigned char *bytes = (const unsigned char *)from;
    uint64_t word;
    uint32_t half;
#if defined(__x86_64__)
    if (size >= ZEROIPC_PRIV_BULK) {
        zeroipc_priv_move(to, bytes, size);
        return;
    }
#endif
    while (size != 0) {
        uint64_t step = ((uintptr_t)to & 7) == 0 && size >= 8 ? 8 : ((uintptr_t)to & 3) == 0 && size >= 4 ? 4 : 1;
        if (step == 8) {
            memcpy(&word, bytes, 8);
            __atomic_store_n((uint64_t *)(void *)to, word, __ATOMIC_RELAXED);
        } else if (step == 4) {
            memcpy(&half, bytes, 4);
            __atomic_store_n((uint32_t *)(void *)to, half, __ATOMIC_RELAXED);
        } else {
            __atomic_store_n(to, *bytes, __ATOMIC_RELAXED);
        }
        to += step;
        bytes += step;
        size -= step;
    }
}

void zeroipc_priv_read(void *to, const unsigned char *from, uint64_t size)
{
    unsigned char *bytes = (unsigned char *)to;
    uint64_t word;
    uint32_t half;
#if defined(__x86_64__)
    if (size >= ZEROIPC_PRIV_BULK) {
        zeroipc_priv_move(bytes, from, size);
        return;
    }
#endif
    while (size != 0) {
        uint64_t step = ((uintptr_t)from & 7) == 0 && size >= 8 ? 8 : ((uintptr_t)from & 3) == 0 && size >= 4 ? 4 : 1;
        if (step == 8) {
            word = __atomic_load_n((const uint64_t *)(const void *)from, __ATOMIC_RELAXED);
            memcpy(bytes, &word, 8);
        } else if (step == 4) {
            half = __atomic_load_n((const uint32_t *)(const void *)from, __ATOMIC_RELAXED);
            memcpy(bytes, &half, 4);
        } else {
            *bytes = __atomic_load_n(from, __ATOMIC_RELAXED);
        }
        bytes += step;
        from += step;
        size -= step;
    }
}

/* ---- Types: descriptions, fingerprints, comparison --------------------------------------------------------------- */

enum {
    ZEROIPC_PRIV_TAG_SCALAR = 1,
    ZEROIPC_PRIV_TAG_ARRAY = 2,
    ZEROIPC_PRIV_TAG_STR = 3,
    ZEROIPC_PRIV_TAG_ENUM = 4,
    ZEROIPC_PRIV_TAG_STRUCT = 5,
    ZEROIPC_PRIV_TAG_OPAQUE = 6
};

#define ZEROIPC_PRIV_SCALARS 11

typedef struct zeroipc_priv_scalar {
    char name[8];
    uint8_t size;
    bool whole;
    bool negative;
} zeroipc_priv_scalar;

/* By the code of a description. */
static const zeroipc_priv_scalar zeroipc_priv_scalars[ZEROIPC_PRIV_SCALARS + 1] = {
    { "", 0, false, false },   { "u8", 1, true, false },  { "u16", 2, true, false }, { "u32", 4, true, false },
    { "u64", 8, true, false }, { "i8", 1, true, true },   { "i16", 2, true, true },  { "i32", 4, true, true },
    { "i64", 8, true, true },  { "f32", 4, false, true }, { "f64", 8, false, true }, { "bool8", 1, false, false },
};

#define ZEROIPC_PRIV_DEFINE_SCALAR(word, code, bytes, print)                                                \
    static const unsigned char zeroipc_priv_description_##word[2] = { ZEROIPC_PRIV_TAG_SCALAR, code };      \
    const zeroipc_type zeroipc_##word = { #word, bytes, bytes, print, print, zeroipc_priv_description_##word, 2 };

ZEROIPC_PRIV_DEFINE_SCALAR(u8, 1, 1, UINT64_C(0x6a0bd88096d02a03))
ZEROIPC_PRIV_DEFINE_SCALAR(u16, 2, 2, UINT64_C(0x9fa5d57c08155689))
ZEROIPC_PRIV_DEFINE_SCALAR(u32, 3, 4, UINT64_C(0x9f9ee97c080f59d7))
ZEROIPC_PRIV_DEFINE_SCALAR(u64, 4, 8, UINT64_C(0x9f8e517c0801975c))
ZEROIPC_PRIV_DEFINE_SCALAR(i8, 5, 1, UINT64_C(0x69fde08096c3fa3f))
ZEROIPC_PRIV_DEFINE_SCALAR(i16, 6, 2, UINT64_C(0x7d6cb17bf4d1ce95))
ZEROIPC_PRIV_DEFINE_SCALAR(i32, 7, 4, UINT64_C(0x7d65bd7bf4cbc44b))
ZEROIPC_PRIV_DEFINE_SCALAR(i64, 8, 8, UINT64_C(0x7d702d7bf4d4d720))
ZEROIPC_PRIV_DEFINE_SCALAR(f32, 9, 4, UINT64_C(0x0d30967bb55ab196))
ZEROIPC_PRIV_DEFINE_SCALAR(f64, 10, 8, UINT64_C(0x0d41ae7bb5694d91))
ZEROIPC_PRIV_DEFINE_SCALAR(bool8, 11, 1, UINT64_C(0xe1b80ee53fb9925b))

/* A walk over the bytes of a description. Once `bad`, it stays where it was and reads zeroes. */
typedef struct zeroipc_priv_reader {
    const unsigned char *bytes;
    size_t length;
    size_t at;
    bool bad;
} zeroipc_priv_reader;

static zeroipc_priv_reader zeroipc_priv_reader_of(const unsigned char *bytes, size_t length)
{
    zeroipc_priv_reader reader;
    reader.bytes = bytes;
    reader.length = length;
    reader.at = 0;
    reader.bad = false;
    return reader;
}

static uint64_t zeroipc_priv_bad_at(zeroipc_priv_reader *reader, size_t at)
{
    if (!reader->bad)
        reader->at = at;
    reader->bad = true;
    return 0;
}

static uint64_t zeroipc_priv_number(zeroipc_priv_reader *reader, size_t width)
{
    uint64_t value = 0;
    if (reader->bad || reader->length - reader->at < width)
        return zeroipc_priv_bad_at(reader, reader->at);
    memcpy(&value, reader->bytes + reader->at, width);
    reader->at += width;
    return value;
}

typedef struct zeroipc_priv_string {
    const char *bytes;
    size_t length;
} zeroipc_priv_string;

static bool zeroipc_priv_same(zeroipc_priv_string a, zeroipc_priv_string b)
{
    return a.length == b.length && memcmp(a.bytes, b.bytes, a.length) == 0;
}

static zeroipc_priv_string zeroipc_priv_read_string(zeroipc_priv_reader *reader)
{
    zeroipc_priv_string text = { "", 0 };
    size_t length = (size_t)zeroipc_priv_number(reader, 1);
    if (reader->bad || reader->length - reader->at < length ||
        !zeroipc_priv_is_text(reader->bytes + reader->at, length)) {
        (void)zeroipc_priv_bad_at(reader, reader->at);
        return text;
    }
    text.bytes = (const char *)reader->bytes + reader->at;
    text.length = length;
    reader->at += length;
    return text;
}

/* What a description says at its top. For arrays, enums and structs the reader then stands at what follows. */
typedef struct zeroipc_priv_node {
    unsigned tag;
    unsigned scalar;          /* scalar, enum */
    uint32_t number;          /* array: count; text, opaque, struct: size */
    uint32_t align;           /* struct */
    uint32_t items;           /* enum: values; struct: fields */
    zeroipc_priv_string name; /* enum, struct */
} zeroipc_priv_node;

static unsigned zeroipc_priv_read_scalar(zeroipc_priv_reader *reader)
{
    unsigned code = (unsigned)zeroipc_priv_number(reader, 1);
    if (code == 0 || code > ZEROIPC_PRIV_SCALARS) {
        (void)zeroipc_priv_bad_at(reader, reader->at - 1);
        return 0;
    }
    return code;
}

static zeroipc_priv_node zeroipc_priv_read_node(zeroipc_priv_reader *reader)
{
    zeroipc_priv_node node;
    memset(&node, 0, sizeof node);
    node.tag = (unsigned)zeroipc_priv_number(reader, 1);
    switch (node.tag) {
    case ZEROIPC_PRIV_TAG_SCALAR:
        node.scalar = zeroipc_priv_read_scalar(reader);
        break;
    case ZEROIPC_PRIV_TAG_ARRAY:
    case ZEROIPC_PRIV_TAG_STR:
    case ZEROIPC_PRIV_TAG_OPAQUE:
        node.number = (uint32_t)zeroipc_priv_number(reader, 4);
        break;
    case ZEROIPC_PRIV_TAG_ENUM:
        node.scalar = zeroipc_priv_read_scalar(reader);
        if (!zeroipc_priv_scalars[node.scalar].whole || zeroipc_priv_number(reader, 1) != 0)
            (void)zeroipc_priv_bad_at(reader, reader->at - 1);
        node.name = zeroipc_priv_read_string(reader);
        node.items = (uint32_t)zeroipc_priv_number(reader, 2);
        break;
    case ZEROIPC_PRIV_TAG_STRUCT:
        node.name = zeroipc_priv_read_string(reader);
        node.number = (uint32_t)zeroipc_priv_number(reader, 4);
        node.align = (uint32_t)zeroipc_priv_number(reader, 4);
        if (node.align == 0 || (node.align & (node.align - 1)) != 0)
            (void)zeroipc_priv_bad_at(reader, reader->at);
        node.items = (uint32_t)zeroipc_priv_number(reader, 2);
        break;
    default:
        (void)zeroipc_priv_bad_at(reader, reader->at - (reader->at != 0));
    }
    return node;
}

typedef struct zeroipc_priv_value {
    uint64_t number; /* as two's complement */
    zeroipc_priv_string name;
} zeroipc_priv_value;

static zeroipc_priv_value zeroipc_priv_read_value(zeroipc_priv_reader *reader)
{
    zeroipc_priv_value value;
    value.number = zeroipc_priv_number(reader, 8);
    value.name = zeroipc_priv_read_string(reader);
    return value;
}

/* Orders the stored numbers of an enum: flips the sign bit, so that one comparison serves both kinds. */
static uint64_t zeroipc_priv_rank(unsigned scalar, uint64_t number)
{
    return zeroipc_priv_scalars[scalar].negative ? number ^ UINT64_C(1) << 63 : number;
}

static bool zeroipc_priv_holds(unsigned scalar, uint64_t number)
{
    unsigned bits = zeroipc_priv_scalars[scalar].size * 8u;
    if (bits == 64)
        return true;
    if (!zeroipc_priv_scalars[scalar].negative)
        return number >> bits == 0;
    return (number + (UINT64_C(1) << (bits - 1))) >> bits == 0;
}

/* A field's offset, name and unit; its type follows. */
typedef struct zeroipc_priv_field {
    uint32_t offset;
    zeroipc_priv_string name;
    zeroipc_priv_string unit;
} zeroipc_priv_field;

static zeroipc_priv_field zeroipc_priv_read_field(zeroipc_priv_reader *reader)
{
    zeroipc_priv_field field;
    field.offset = (uint32_t)zeroipc_priv_number(reader, 4);
    field.name = zeroipc_priv_read_string(reader);
    field.unit = zeroipc_priv_read_string(reader);
    return field;
}

static uint64_t zeroipc_priv_check_node(zeroipc_priv_reader *reader, unsigned depth);

static void zeroipc_priv_check_values(zeroipc_priv_reader *reader, zeroipc_priv_node node)
{
    uint64_t previous = 0;
    uint32_t i;
    for (i = 0; i < node.items && !reader->bad; i++) {
        size_t at = reader->at;
        uint64_t number = zeroipc_priv_read_value(reader).number;
        uint64_t rank = zeroipc_priv_rank(node.scalar, number);
        if (!zeroipc_priv_holds(node.scalar, number) || rank < previous)
            (void)zeroipc_priv_bad_at(reader, at);
        previous = rank;
    }
}

static void zeroipc_priv_check_fields(zeroipc_priv_reader *reader, zeroipc_priv_node node, unsigned depth)
{
    uint32_t previous = 0, i;
    for (i = 0; i < node.items && !reader->bad; i++) {
        size_t at = reader->at;
        zeroipc_priv_field field = zeroipc_priv_read_field(reader);
        uint64_t size = zeroipc_priv_check_node(reader, depth + 1);
        bool padding = field.name.length != 0 && field.name.bytes[0] == '_';
        if (padding || field.offset < previous || field.offset + size > node.number)
            (void)zeroipc_priv_bad_at(reader, at);
        previous = field.offset;
    }
}

/* Walks one node, checks all of it, and returns the size of its values. */
static uint64_t zeroipc_priv_check_node(zeroipc_priv_reader *reader, unsigned depth)
{
    zeroipc_priv_node node;
    uint64_t size;
    if (reader->bad || depth > ZEROIPC_PRIV_MAX_DEPTH)
        return zeroipc_priv_bad_at(reader, reader->at);
    node = zeroipc_priv_read_node(reader);
    size = node.number;
    switch (node.tag) {
    case ZEROIPC_PRIV_TAG_SCALAR:
        size = zeroipc_priv_scalars[node.scalar].size;
        break;
    case ZEROIPC_PRIV_TAG_ARRAY:
        size = node.number * zeroipc_priv_check_node(reader, depth + 1);
        break;
    case ZEROIPC_PRIV_TAG_ENUM:
        size = zeroipc_priv_scalars[node.scalar].size;
        zeroipc_priv_check_values(reader, node);
        break;
    case ZEROIPC_PRIV_TAG_STRUCT:
        zeroipc_priv_check_fields(reader, node, depth);
        break;
    default:
        break;
    }
    if (size > ZEROIPC_PRIV_MAX_ELEMENT)
        return zeroipc_priv_bad_at(reader, reader->at);
    return size;
}

/* Checks a whole description. False, and where it is damaged, if it breaks a rule. */
static bool zeroipc_priv_check_description(const unsigned char *bytes, size_t length, uint64_t *size, size_t *at)
{
    zeroipc_priv_reader reader = zeroipc_priv_reader_of(bytes, length);
    if (length > ZEROIPC_PRIV_MAX_DESCRIPTION) {
        *at = ZEROIPC_PRIV_MAX_DESCRIPTION;
        return false;
    }
    *size = zeroipc_priv_check_node(&reader, 0);
    *at = reader.at;
    return !reader.bad && reader.at == length;
}

/* FNV-1a 64. */
static uint64_t zeroipc_priv_hash_bytes(uint64_t hash, const void *bytes, size_t length)
{
    const unsigned char *at = (const unsigned char *)bytes;
    size_t i;
    for (i = 0; i < length; i++)
        hash = (hash ^ at[i]) * UINT64_C(0x00000100000001b3);
    return hash;
}

static uint64_t zeroipc_priv_hash_number(uint64_t hash, uint64_t number)
{
    return zeroipc_priv_hash_bytes(hash, &number, sizeof number);
}

static uint64_t zeroipc_priv_hash_text(uint64_t hash, const char *bytes, size_t length)
{
    return zeroipc_priv_hash_bytes(zeroipc_priv_hash_number(hash, length), bytes, length);
}

static uint64_t zeroipc_priv_hash(const char *domain)
{
    return zeroipc_priv_hash_text(UINT64_C(0xcbf29ce484222325), domain, strlen(domain));
}

static uint64_t zeroipc_priv_print_scalar(unsigned scalar)
{
    const char *name = zeroipc_priv_scalars[scalar].name;
    return zeroipc_priv_hash_text(zeroipc_priv_hash("zipc1.prim"), name, strlen(name));
}

static uint64_t zeroipc_priv_print_array(uint32_t count, uint64_t element)
{
    return zeroipc_priv_hash_number(zeroipc_priv_hash_number(zeroipc_priv_hash("zipc1.array"), count), element);
}

static uint64_t zeroipc_priv_print(zeroipc_priv_reader *reader, bool meaning);

static uint64_t zeroipc_priv_print_enum(zeroipc_priv_reader *reader, zeroipc_priv_node node)
{
    const char *name = zeroipc_priv_scalars[node.scalar].name;
    uint64_t hash = zeroipc_priv_hash_text(zeroipc_priv_hash("zipc1.enum"), name, strlen(name));
    uint32_t i;
    hash = zeroipc_priv_hash_number(hash, node.items);
    for (i = 0; i < node.items; i++) {
        zeroipc_priv_value value = zeroipc_priv_read_value(reader);
        hash = zeroipc_priv_hash_number(hash, value.number);
        hash = zeroipc_priv_hash_text(hash, value.name.bytes, value.name.length);
    }
    return hash;
}

static uint64_t zeroipc_priv_print_struct(zeroipc_priv_reader *reader, zeroipc_priv_node node, bool meaning)
{
    uint64_t hash = zeroipc_priv_hash_number(zeroipc_priv_hash("zipc1.struct"), node.number);
    uint32_t i;
    hash = zeroipc_priv_hash_number(hash, node.items);
    for (i = 0; i < node.items; i++) {
        zeroipc_priv_field field = zeroipc_priv_read_field(reader);
        uint64_t print = zeroipc_priv_print(reader, meaning);
        if (meaning && field.unit.length != 0)
            print = zeroipc_priv_hash_number(
                zeroipc_priv_hash_text(zeroipc_priv_hash("zipc1.unit"), field.unit.bytes, field.unit.length), print);
        hash = zeroipc_priv_hash_number(hash, field.offset);
        hash = zeroipc_priv_hash_text(hash, field.name.bytes, meaning ? field.name.length : 0);
        hash = zeroipc_priv_hash_number(hash, print);
    }
    return hash;
}

/* The fingerprint of the node where the reader stands; the description has been checked. */
static uint64_t zeroipc_priv_print(zeroipc_priv_reader *reader, bool meaning)
{
    zeroipc_priv_node node = zeroipc_priv_read_node(reader);
    uint64_t print;
    switch (node.tag) {
    case ZEROIPC_PRIV_TAG_ARRAY:
        return zeroipc_priv_print_array(node.number, zeroipc_priv_print(reader, meaning));
    case ZEROIPC_PRIV_TAG_STR:
        return meaning ? zeroipc_priv_hash_number(zeroipc_priv_hash("zipc1.str"), node.number)
                       : zeroipc_priv_print_array(node.number, zeroipc_priv_print_scalar(1));
    case ZEROIPC_PRIV_TAG_OPAQUE:
        return zeroipc_priv_hash_number(zeroipc_priv_hash("zipc1.opaque"), node.number);
    case ZEROIPC_PRIV_TAG_STRUCT:
        return zeroipc_priv_print_struct(reader, node, meaning);
    case ZEROIPC_PRIV_TAG_ENUM:
        print = zeroipc_priv_print_enum(reader, node);
        return meaning ? print : zeroipc_priv_print_scalar(node.scalar);
    default:
        return zeroipc_priv_print_scalar(node.scalar);
    }
}

zeroipc_type zeroipc_opaque(uint32_t size)
{
    zeroipc_type type;
    memset(&type, 0, sizeof type);
    type.name = "opaque";
    type.size = size;
    type.align = 1;
    type.layout = zeroipc_priv_hash_number(zeroipc_priv_hash("zipc1.opaque"), size);
    type.schema = type.layout;
    return type;
}

zeroipc_status zeroipc_type_of_description(zeroipc_type *type, const char *name, const unsigned char *description,
                                           uint32_t length)
{
    zeroipc_priv_reader reader = zeroipc_priv_reader_of(description, length);
    zeroipc_priv_node node;
    uint64_t size = 0;
    size_t at = 0;
    memset(type, 0, sizeof *type);
    if (!zeroipc_priv_check_description(description, length, &size, &at) || size == 0)
        return zeroipc_priv_fail(ZEROIPC_BAD_ARGUMENT, "type `%s`: the type description is damaged at byte %zu", name, at);
    type->name = name;
    type->size = (uint32_t)size;
    type->layout = zeroipc_priv_print(&reader, false);
    reader.at = 0;
    type->schema = zeroipc_priv_print(&reader, true);
    reader.at = 0;
    node = zeroipc_priv_read_node(&reader);
    while (node.tag == ZEROIPC_PRIV_TAG_ARRAY)
        node = zeroipc_priv_read_node(&reader);
    type->align = node.tag == ZEROIPC_PRIV_TAG_STRUCT ? node.align
                  : node.scalar != 0                  ? zeroipc_priv_scalars[node.scalar].size
                                                      : 1;
    type->description = description;
    type->description_length = length;
    return ZEROIPC_OK;
}

/* The sentence about the first difference, with the fields that lead to it. */
typedef struct zeroipc_priv_difference {
    zeroipc_priv_string path[ZEROIPC_PRIV_MAX_DEPTH + 1];
    size_t depth;
    zeroipc_priv_text *text;
} zeroipc_priv_difference;

static void zeroipc_priv_put_path(zeroipc_priv_difference *difference)
{
    size_t i;
    if (difference->depth == 0) {
        zeroipc_priv_puts(difference->text, "the element ");
        return;
    }
    zeroipc_priv_puts(difference->text, "field `");
    for (i = 0; i < difference->depth; i++) {
        zeroipc_priv_string name = difference->path[i];
        zeroipc_priv_puts(difference->text, i == 0 ? "" : ".");
        zeroipc_priv_show(difference->text, name.length == 0 ? "?" : name.bytes, name.length == 0 ? 1 : name.length);
    }
    zeroipc_priv_puts(difference->text, "` ");
}

static void zeroipc_priv_put_pair(zeroipc_priv_difference *difference, const char *before, zeroipc_priv_string ours,
                                  zeroipc_priv_string theirs)
{
    zeroipc_priv_puts(difference->text, before);
    zeroipc_priv_puts(difference->text, "`");
    zeroipc_priv_show(difference->text, ours.bytes, ours.length);
    zeroipc_priv_puts(difference->text, "` here and `");
    zeroipc_priv_show(difference->text, theirs.bytes, theirs.length);
    zeroipc_priv_puts(difference->text, "` in the segment");
}

static void zeroipc_priv_put_type(zeroipc_priv_text *text, zeroipc_priv_reader reader)
{
    zeroipc_priv_node node = zeroipc_priv_read_node(&reader);
    switch (node.tag) {
    case ZEROIPC_PRIV_TAG_ARRAY:
        zeroipc_priv_puts(text, "[");
        zeroipc_priv_put_type(text, reader);
        zeroipc_priv_putf(text, "; %u]", node.number);
        break;
    case ZEROIPC_PRIV_TAG_STR:
        zeroipc_priv_putf(text, "str[%u]", node.number);
        break;
    case ZEROIPC_PRIV_TAG_ENUM:
        zeroipc_priv_show(text, node.name.bytes, node.name.length);
        zeroipc_priv_puts(text, node.name.length == 0 ? "enum of " : ": ");
        zeroipc_priv_puts(text, zeroipc_priv_scalars[node.scalar].name);
        break;
    case ZEROIPC_PRIV_TAG_STRUCT:
        zeroipc_priv_show(text, node.name.bytes, node.name.length);
        if (node.name.length == 0)
            zeroipc_priv_putf(text, "struct of %u bytes", node.number);
        break;
    case ZEROIPC_PRIV_TAG_OPAQUE:
        zeroipc_priv_putf(text, "%u opaque bytes", node.number);
        break;
    default:
        zeroipc_priv_puts(text, zeroipc_priv_scalars[node.scalar].name);
    }
}

static void zeroipc_priv_put_value(zeroipc_priv_text *text, unsigned scalar, uint64_t number)
{
    if (zeroipc_priv_scalars[scalar].negative)
        zeroipc_priv_putf(text, "%lld", (long long)(int64_t)number);
    else
        zeroipc_priv_putf(text, "%llu", (unsigned long long)number);
}

/* One side of a comparison: the node, and the reader behind its head. */
typedef struct zeroipc_priv_side {
    zeroipc_priv_reader start;
    zeroipc_priv_reader rest;
    zeroipc_priv_node node;
} zeroipc_priv_side;

static zeroipc_priv_side zeroipc_priv_side_of(zeroipc_priv_reader reader)
{
    zeroipc_priv_side side;
    side.start = reader;
    side.node = zeroipc_priv_read_node(&reader);
    side.rest = reader;
    return side;
}

static uint64_t zeroipc_priv_side_size(const zeroipc_priv_side *side)
{
    zeroipc_priv_reader reader = side->start;
    return zeroipc_priv_check_node(&reader, 0);
}

/* A type without what one side may not know: an enum is its number, text is bytes. */
static bool zeroipc_priv_plain(const zeroipc_priv_side *side, uint64_t *plain)
{
    zeroipc_priv_reader reader = side->rest;
    zeroipc_priv_node element;
    switch (side->node.tag) {
    case ZEROIPC_PRIV_TAG_SCALAR:
    case ZEROIPC_PRIV_TAG_ENUM:
        *plain = UINT64_C(1) << 40 | side->node.scalar;
        return true;
    case ZEROIPC_PRIV_TAG_STR:
        *plain = side->node.number;
        return true;
    case ZEROIPC_PRIV_TAG_ARRAY:
        element = zeroipc_priv_read_node(&reader);
        *plain = side->node.number;
        return element.tag == ZEROIPC_PRIV_TAG_SCALAR && element.scalar == 1;
    default:
        return false;
    }
}

/* The values of an enum by name and number, so that a hostile description costs n log² n. A value takes 9 bytes. */
typedef struct zeroipc_priv_names {
    zeroipc_priv_reader reader;
    size_t count;
    uint16_t sorted[ZEROIPC_PRIV_MAX_DESCRIPTION / 9];
} zeroipc_priv_names;

static zeroipc_priv_value zeroipc_priv_value_at(const zeroipc_priv_names *names, size_t i)
{
    zeroipc_priv_reader reader = names->reader;
    reader.at += names->sorted[i];
    return zeroipc_priv_read_value(&reader);
}

static int zeroipc_priv_order(zeroipc_priv_value a, zeroipc_priv_value b)
{
    size_t shorter = a.name.length < b.name.length ? a.name.length : b.name.length;
    int order = memcmp(a.name.bytes, b.name.bytes, shorter);
    if (order != 0)
        return order;
    if (a.name.length != b.name.length)
        return a.name.length < b.name.length ? -1 : 1;
    return a.number < b.number ? -1 : a.number > b.number;
}

static void zeroipc_priv_sort(zeroipc_priv_names *names)
{
    static const size_t gaps[] = { 4193, 1073, 281, 77, 23, 8, 1 };
    size_t g, i, j;
    for (g = 0; g < sizeof gaps / sizeof gaps[0]; g++) {
        for (i = gaps[g]; i < names->count; i++) {
            uint16_t moving = names->sorted[i];
            zeroipc_priv_value value = zeroipc_priv_value_at(names, i);
            for (j = i; j >= gaps[g] && zeroipc_priv_order(value, zeroipc_priv_value_at(names, j - gaps[g])) < 0;
                 j -= gaps[g])
                names->sorted[j] = names->sorted[j - gaps[g]];
            names->sorted[j] = moving;
        }
    }
}

/* The number that the name of `value` has there: `value`'s own if it is one of several. */
static bool zeroipc_priv_find_number(const zeroipc_priv_names *names, zeroipc_priv_value value, uint64_t *number)
{
    size_t low = 0, high = names->count, i;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (zeroipc_priv_order(zeroipc_priv_value_at(names, middle), value) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (i = 0; i < 2; i++) {
        if (low + 1 > i && low - i < names->count) {
            zeroipc_priv_value near = zeroipc_priv_value_at(names, low - i);
            if (zeroipc_priv_same(near.name, value.name)) {
                *number = near.number;
                return true;
            }
        }
    }
    return false;
}

/* Values that only one side has are compatible. A name that both have stands for one number, and a number that both
 * have shares at least one name. */
__attribute__((noinline)) static bool zeroipc_priv_compare_enums(zeroipc_priv_difference *difference,
                                                                 const zeroipc_priv_side *ours,
                                                                 const zeroipc_priv_side *theirs)
{
    zeroipc_priv_reader here = ours->rest, there = theirs->rest, next;
    zeroipc_priv_value value, other;
    zeroipc_priv_names names;
    unsigned scalar = ours->node.scalar;
    uint32_t i, seen = 0;
    memset(&other, 0, sizeof other);
    names.reader = theirs->rest;
    names.count = 0;
    for (i = 0; i < theirs->node.items; i++) {
        names.sorted[names.count++] = (uint16_t)(there.at - theirs->rest.at);
        (void)zeroipc_priv_read_value(&there);
    }
    zeroipc_priv_sort(&names);
    there = theirs->rest;
    for (i = 0; i < ours->node.items;) {
        zeroipc_priv_string first;
        uint64_t number;
        bool shared = false;
        next = here;
        value = zeroipc_priv_read_value(&next);
        first = value.name;
        number = value.number;
        while (i < ours->node.items && value.number == number) {
            uint64_t found;
            here = next;
            if (zeroipc_priv_find_number(&names, value, &found)) {
                if (found != number) {
                    zeroipc_priv_put_path(difference);
                    zeroipc_priv_puts(difference->text, "has the value `");
                    zeroipc_priv_show(difference->text, value.name.bytes, value.name.length);
                    zeroipc_priv_puts(difference->text, "` as ");
                    zeroipc_priv_put_value(difference->text, scalar, number);
                    zeroipc_priv_puts(difference->text, " here and as ");
                    zeroipc_priv_put_value(difference->text, scalar, found);
                    zeroipc_priv_puts(difference->text, " in the segment");
                    return false;
                }
                shared = true;
            }
            if (++i < ours->node.items)
                value = zeroipc_priv_read_value(&next);
        }
        for (; seen < theirs->node.items; seen++) {
            next = there;
            other = zeroipc_priv_read_value(&next);
            if (zeroipc_priv_rank(scalar, other.number) >= zeroipc_priv_rank(scalar, number))
                break;
            there = next;
        }
        if (seen < theirs->node.items && other.number == number && !shared) {
            zeroipc_priv_put_path(difference);
            zeroipc_priv_puts(difference->text, "calls the value ");
            zeroipc_priv_put_value(difference->text, scalar, number);
            zeroipc_priv_put_pair(difference, " ", first, other.name);
            return false;
        }
    }
    return true;
}

static bool zeroipc_priv_compare_at(zeroipc_priv_difference *difference, zeroipc_priv_reader ours,
                                    zeroipc_priv_reader theirs);

static bool zeroipc_priv_only(zeroipc_priv_difference *difference, zeroipc_priv_field field, bool here)
{
    difference->path[difference->depth++] = field.name;
    zeroipc_priv_put_path(difference);
    zeroipc_priv_putf(difference->text, "at offset %u is ", field.offset);
    zeroipc_priv_puts(difference->text, here ? "missing in the segment" : "in the segment and missing here");
    return false;
}

static bool zeroipc_priv_compare_fields(zeroipc_priv_difference *difference, zeroipc_priv_field a, zeroipc_priv_field b,
                                        zeroipc_priv_reader ours, zeroipc_priv_reader theirs)
{
    if (a.name.length != 0 && b.name.length != 0 && !zeroipc_priv_same(a.name, b.name)) {
        if (a.offset != b.offset)
            return zeroipc_priv_only(difference, a.offset < b.offset ? a : b, a.offset < b.offset);
        difference->path[difference->depth++] = a.name;
        zeroipc_priv_put_path(difference);
        zeroipc_priv_putf(difference->text, "at offset %u is named ", a.offset);
        zeroipc_priv_put_pair(difference, "", a.name, b.name);
        return false;
    }
    difference->path[difference->depth++] = a.name.length == 0 ? b.name : a.name;
    if (a.offset != b.offset) {
        zeroipc_priv_put_path(difference);
        zeroipc_priv_putf(difference->text, "is at offset %u here and", a.offset);
        zeroipc_priv_putf(difference->text, " at offset %u in the segment", b.offset);
        return false;
    }
    if (!zeroipc_priv_compare_at(difference, ours, theirs))
        return false;
    if (a.unit.length != 0 && b.unit.length != 0 && !zeroipc_priv_same(a.unit, b.unit)) {
        zeroipc_priv_put_path(difference);
        zeroipc_priv_put_pair(difference, "has the unit ", a.unit, b.unit);
        return false;
    }
    difference->depth--;
    return true;
}

static bool zeroipc_priv_compare_sizes(zeroipc_priv_difference *difference, uint64_t ours, uint64_t theirs,
                                       const char *what)
{
    if (ours == theirs)
        return true;
    zeroipc_priv_put_path(difference);
    zeroipc_priv_putf(difference->text, "has %llu %s", (unsigned long long)ours, what);
    zeroipc_priv_putf(difference->text, " here and %llu in the segment", (unsigned long long)theirs);
    return false;
}

static bool zeroipc_priv_compare_structs(zeroipc_priv_difference *difference, const zeroipc_priv_side *ours,
                                         const zeroipc_priv_side *theirs)
{
    zeroipc_priv_reader here = ours->rest, there = theirs->rest;
    uint32_t i;
    for (i = 0; i < ours->node.items || i < theirs->node.items; i++) {
        zeroipc_priv_reader type_here, type_there;
        zeroipc_priv_field a, b;
        memset(&a, 0, sizeof a);
        if (i < ours->node.items)
            a = zeroipc_priv_read_field(&here);
        if (i >= theirs->node.items)
            return zeroipc_priv_only(difference, a, true);
        b = zeroipc_priv_read_field(&there);
        if (i >= ours->node.items)
            return zeroipc_priv_only(difference, b, false);
        type_here = here;
        type_there = there;
        (void)zeroipc_priv_check_node(&here, 0);
        (void)zeroipc_priv_check_node(&there, 0);
        if (!zeroipc_priv_compare_fields(difference, a, b, type_here, type_there))
            return false;
    }
    return zeroipc_priv_compare_sizes(difference, ours->node.number, theirs->node.number, "bytes");
}

static bool zeroipc_priv_compare_at(zeroipc_priv_difference *difference, zeroipc_priv_reader ours,
                                    zeroipc_priv_reader theirs)
{
    zeroipc_priv_side a = zeroipc_priv_side_of(ours), b = zeroipc_priv_side_of(theirs);
    uint64_t plain_a = 0, plain_b = 0;
    if (a.node.tag == ZEROIPC_PRIV_TAG_OPAQUE || b.node.tag == ZEROIPC_PRIV_TAG_OPAQUE)
        return zeroipc_priv_compare_sizes(difference, zeroipc_priv_side_size(&a), zeroipc_priv_side_size(&b), "bytes");
    if (a.node.tag == ZEROIPC_PRIV_TAG_STRUCT && b.node.tag == ZEROIPC_PRIV_TAG_STRUCT)
        return zeroipc_priv_compare_structs(difference, &a, &b);
    if (a.node.tag == ZEROIPC_PRIV_TAG_ARRAY && b.node.tag == ZEROIPC_PRIV_TAG_ARRAY)
        return zeroipc_priv_compare_sizes(difference, a.node.number, b.node.number, "elements") &&
               zeroipc_priv_compare_at(difference, a.rest, b.rest);
    if (a.node.tag == ZEROIPC_PRIV_TAG_ENUM && b.node.tag == ZEROIPC_PRIV_TAG_ENUM && a.node.scalar == b.node.scalar)
        return zeroipc_priv_compare_enums(difference, &a, &b);
    if (zeroipc_priv_plain(&a, &plain_a) && zeroipc_priv_plain(&b, &plain_b) && plain_a == plain_b)
        return true;
    zeroipc_priv_put_path(difference);
    zeroipc_priv_puts(difference->text, "is ");
    zeroipc_priv_put_type(difference->text, ours);
    zeroipc_priv_puts(difference->text, " here and ");
    zeroipc_priv_put_type(difference->text, theirs);
    zeroipc_priv_puts(difference->text, " in the segment");
    return false;
}

/* Compares what we expect with what the segment says; both have been checked. False, and a sentence, if they differ. */
static bool zeroipc_priv_compare(const unsigned char *ours, size_t ours_length, const unsigned char *theirs,
                                 size_t theirs_length, zeroipc_priv_text *text)
{
    zeroipc_priv_difference difference;
    difference.depth = 0;
    difference.text = text;
    return zeroipc_priv_compare_at(&difference, zeroipc_priv_reader_of(ours, ours_length),
                                   zeroipc_priv_reader_of(theirs, theirs_length));
}

/* ---- Locks, anchors, liveness: docs/format.md 4 ------------------------------------------------------------------ */

/* What a forked child must not inherit: the page is wiped there. */
struct zeroipc_priv_self {
    uint64_t writing; /* WRITING with the own id, as a cell carries it; 0 for readers */
    uint64_t byte;    /* the anchor's byte; 0: not anchored */
    void *anchor;     /* the page whose mapping keeps the lock */
    uint32_t busy;    /* a thread is anchoring */
};

/* 0, or the error. EAGAIN: somebody else holds it. */
static int zeroipc_priv_lock(int fd, int type, uint64_t byte)
{
    struct flock lock;
    int result;
    memset(&lock, 0, sizeof lock);
    lock.l_type = (short)type;
    lock.l_whence = (short)SEEK_SET;
    lock.l_start = (off_t)byte;
    lock.l_len = 1;
    do
        result = fcntl(fd, F_OFD_SETLK, &lock);
    while (result != 0 && errno == EINTR);
    return result == 0 ? 0 : errno == EACCES ? EAGAIN : errno;
}

/* Tries and naps, 50 µs doubling to 5 ms, until the time is over: 0, EAGAIN or another error. */
static int zeroipc_priv_lock_within(int fd, int type, uint64_t byte, uint64_t nanoseconds)
{
    uint64_t nap = 50000, deadline = zeroipc_priv_now() + nanoseconds;
    for (;;) {
        int error = zeroipc_priv_lock(fd, type, byte);
        if (error != EAGAIN || zeroipc_priv_now() >= deadline)
            return error;
        zeroipc_priv_nap(nap);
        nap = nap * 2 < 5 * ZEROIPC_PRIV_MS ? nap * 2 : 5 * ZEROIPC_PRIV_MS;
    }
}

/* Any lock in a range of bytes: 1 and where, 0, or -1 when the system does not say. */
static int zeroipc_priv_probe(int fd, uint64_t from, uint64_t length, uint64_t *start, uint64_t *end)
{
    struct flock lock;
    memset(&lock, 0, sizeof lock);
    lock.l_type = (short)F_WRLCK;
    lock.l_whence = (short)SEEK_SET;
    lock.l_start = (off_t)from;
    lock.l_len = (off_t)length;
    if (fcntl(fd, F_OFD_GETLK, &lock) != 0)
        return -1;
    if (lock.l_type == (short)F_UNLCK)
        return 0;
    *start = (uint64_t)lock.l_start;
    *end = lock.l_len <= 0 ? UINT64_MAX : (uint64_t)lock.l_start + (uint64_t)lock.l_len;
    return 1;
}

static bool zeroipc_priv_is_locked(int fd, uint64_t byte, bool when_in_doubt)
{
    uint64_t start, end;
    int found = zeroipc_priv_probe(fd, byte, 1, &start, &end);
    return found < 0 ? when_in_doubt : found == 1;
}

/* Locks in [from, to): each answer splits the range, and the smaller part recurses, so at most 62 deep. */
static uint64_t zeroipc_priv_count_locks(int fd, uint64_t from, uint64_t to)
{
    uint64_t count = 0;
    while (from < to) {
        uint64_t start, end;
        if (zeroipc_priv_probe(fd, from, to - from, &start, &end) != 1)
            return count;
        start = start < from ? from : start;
        end = end > to ? to : end;
        if (end <= start)
            return count;
        count++;
        if (start - from < to - end) {
            count += zeroipc_priv_count_locks(fd, from, start);
            from = end;
        } else {
            count += zeroipc_priv_count_locks(fd, end, to);
            to = start;
        }
    }
    return count;
}

static bool zeroipc_priv_same_file(const zeroipc_memory *memory, const struct stat *file)
{
    return (uint64_t)file->st_dev == memory->device && (uint64_t)file->st_ino == memory->inode;
}

/* An open file description of its own, through /proc or, where that is missing, by name. */
static int zeroipc_priv_reopen(const zeroipc_memory *memory, int flags)
{
    char path[40];
    struct stat file;
    int fd, error;
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", memory->fd);
    fd = open(path, flags | O_CLOEXEC);
    if (fd >= 0 || (errno != ENOENT && errno != ENOTDIR))
        return fd;
    fd = open(memory->path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return fd;
    if (fstat(fd, &file) == 0 && zeroipc_priv_same_file(memory, &file))
        return fd;
    error = ESTALE;
    (void)close(fd);
    errno = error;
    return -1;
}

static bool zeroipc_priv_name_leads_here(const zeroipc_memory *memory)
{
    struct stat file;
    return lstat(memory->path, &file) == 0 && zeroipc_priv_same_file(memory, &file);
}

ZEROIPC_PRIV_COLD static zeroipc_status zeroipc_priv_fail_locks(const zeroipc_memory *memory, const char *found)
{
    zeroipc_priv_shown shown;
    return zeroipc_priv_fail(ZEROIPC_LOCKS_UNSUPPORTED,
                             "segment `%s`: %s; open-file-description locks are needed to know who is alive: use a Linux "
                             "kernel from 4.14 on with " ZEROIPC_PRIV_DIRECTORY " on tmpfs",
                             zeroipc_priv_name(&shown, zeroipc_priv_segment(memory)), found);
}

static bool zeroipc_priv_next_id(const zeroipc_memory *memory, uint32_t *id);

/* The next byte to try for the own anchor: counted in `.schema`, else random. */
static uint64_t zeroipc_priv_choose(const zeroipc_memory *memory)
{
    uint32_t counted;
    uint64_t number;
    if (memory->read_only)
        return ZEROIPC_FORMAT_READER_ANCHORS + zeroipc_priv_random() % ZEROIPC_FORMAT_READER_ANCHOR_COUNT;
    number = zeroipc_priv_next_id(memory, &counted) ? counted : zeroipc_priv_random();
    return ZEROIPC_FORMAT_WRITER_ANCHORS + 1 + number % ZEROIPC_FORMAT_MAX_WRITER_ID;
}

/* Locks a byte on a description that then lives in one mapped page alone: it goes when the process goes. */
static zeroipc_status zeroipc_priv_anchor(zeroipc_memory *memory)
{
    int fd, error = EAGAIN;
    uint64_t byte = 0;
    uint32_t tries;
    void *page;
    fd = zeroipc_priv_reopen(memory, memory->read_only ? O_RDONLY : O_RDWR);
    if (fd < 0)
        return zeroipc_priv_fail_system(memory->path, "open it a second time", errno);
    ZEROIPC_TEST_POINT("anchor.opened");
    for (tries = 0; error == EAGAIN && tries < ZEROIPC_FORMAT_MAX_ID_TRIES; tries++) {
        byte = zeroipc_priv_choose(memory);
        error = zeroipc_priv_lock(fd, memory->read_only ? F_RDLCK : F_WRLCK, byte);
    }
    if (error != 0) {
        (void)close(fd);
        return zeroipc_priv_fail_locks(memory, error == EAGAIN ? "1024 ids in a row are taken" : strerror(error));
    }
    ZEROIPC_TEST_POINT("anchor.locked");
    page = mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_NONE, MAP_SHARED, fd, 0);
    error = errno;
    if (page != MAP_FAILED && madvise(page, (size_t)sysconf(_SC_PAGESIZE), MADV_DONTFORK) != 0) {
        error = errno;
        (void)munmap(page, (size_t)sysconf(_SC_PAGESIZE));
        page = MAP_FAILED;
    }
    (void)close(fd);
    if (page == MAP_FAILED)
        return zeroipc_priv_fail_system(memory->path, "map the page that keeps its anchor", error);
    ZEROIPC_TEST_POINT("anchor.mapped");
    if (!zeroipc_priv_is_locked(memory->fd, byte, false)) {
        (void)munmap(page, (size_t)sysconf(_SC_PAGESIZE));
        return zeroipc_priv_fail_locks(memory, "a lock that was just taken does not show");
    }
    memory->self->anchor = page;
    if (!memory->read_only)
        __atomic_store_n(&memory->self->writing,
                         (byte - ZEROIPC_FORMAT_WRITER_ANCHORS) << ZEROIPC_FORMAT_CELL_OWNER_SHIFT |
                             ZEROIPC_FORMAT_CELL_WRITING,
                         __ATOMIC_RELAXED);
    __atomic_store_n(&memory->self->byte, byte, __ATOMIC_RELEASE);
    ZEROIPC_TEST_POINT("anchor.done");
    return ZEROIPC_OK;
}

/* In a forked child the page reads zeroes: one thread anchors anew, the others nap. */
ZEROIPC_PRIV_COLD static zeroipc_status zeroipc_priv_anchor_again(zeroipc_memory *memory)
{
    zeroipc_status status = ZEROIPC_OK;
    while (__atomic_exchange_n(&memory->self->busy, 1, __ATOMIC_ACQUIRE) != 0)
        zeroipc_priv_nap(50000);
    if (__atomic_load_n(&memory->self->byte, __ATOMIC_RELAXED) == 0)
        status = zeroipc_priv_anchor(memory);
    __atomic_store_n(&memory->self->busy, 0, __ATOMIC_RELEASE);
    return status;
}

/* Called before anything is claimed. */
static inline zeroipc_status zeroipc_priv_be_anchored(zeroipc_memory *memory)
{
    if (ZEROIPC_PRIV_LIKELY(__atomic_load_n(&memory->self->byte, __ATOMIC_ACQUIRE) != 0))
        return ZEROIPC_OK;
    return zeroipc_priv_anchor_again(memory);
}

static void zeroipc_priv_release_anchor(zeroipc_memory *memory)
{
    if (memory->self->anchor != NULL)
        (void)munmap(memory->self->anchor, (size_t)sysconf(_SC_PAGESIZE));
    memset(memory->self, 0, sizeof *memory->self);
}

bool zeroipc_memory_is_alive(zeroipc_memory *memory, uint32_t id)
{
    uint64_t own;
    if (memory->base == NULL || zeroipc_priv_be_anchored(memory) != ZEROIPC_OK)
        return true;
    own = __atomic_load_n(&memory->self->byte, __ATOMIC_RELAXED);
    if (own == ZEROIPC_FORMAT_WRITER_ANCHORS + id)
        return true;
    /* Dead only if the same descriptor sees nothing there, and does see the own anchor. */
    return zeroipc_priv_is_locked(memory->fd, ZEROIPC_FORMAT_WRITER_ANCHORS + id, true) ||
           !zeroipc_priv_is_locked(memory->fd, own, false);
}

uint32_t zeroipc_memory_id(zeroipc_memory *memory)
{
    if (memory->base == NULL || memory->read_only || zeroipc_priv_be_anchored(memory) != ZEROIPC_OK)
        return 0;
    return (uint32_t)(memory->self->byte - ZEROIPC_FORMAT_WRITER_ANCHORS);
}

ZEROIPC_PRIV_COLD static zeroipc_status zeroipc_priv_fail_closed(const char *what)
{
    return zeroipc_priv_fail(ZEROIPC_BAD_ARGUMENT, "the %s is not open; open it first", what);
}

zeroipc_status zeroipc_memory_attachments(const zeroipc_memory *memory, uint64_t *count)
{
    if (memory->base == NULL)
        return zeroipc_priv_fail_closed("segment");
    *count = zeroipc_priv_count_locks(memory->fd, ZEROIPC_FORMAT_WRITER_ANCHORS + 1,
                                      ZEROIPC_FORMAT_WRITER_ANCHORS + 1 + ZEROIPC_FORMAT_MAX_WRITER_ID) +
             zeroipc_priv_count_locks(memory->fd, ZEROIPC_FORMAT_READER_ANCHORS,
                                      ZEROIPC_FORMAT_READER_ANCHORS + ZEROIPC_FORMAT_READER_ANCHOR_COUNT);
    return ZEROIPC_OK;
}

/* ---- The table: docs/format.md 2 --------------------------------------------------------------------------------- */

static bool zeroipc_priv_is_table_size(uint64_t entries)
{
    return entries == 1 || (entries >= 4 && entries <= ZEROIPC_PRIV_MAX_TABLE && (entries & (entries - 1)) == 0);
}

static uint64_t zeroipc_priv_header_size(uint32_t version)
{
    return version == ZEROIPC_FORMAT_VERSION_2 ? sizeof(zeroipc_format_table_header_v2)
                                               : sizeof(zeroipc_format_table_header_v1);
}

static uint64_t zeroipc_priv_entry_size(uint32_t version)
{
    return version == ZEROIPC_FORMAT_VERSION_2 ? sizeof(zeroipc_format_table_entry_v2)
                                               : sizeof(zeroipc_format_table_entry_v1);
}

static uint64_t zeroipc_priv_table_size(uint32_t version, uint32_t entries)
{
    return zeroipc_priv_header_size(version) + zeroipc_priv_entry_size(version) * entries;
}

static unsigned char *zeroipc_priv_entry_at(const zeroipc_memory *memory, uint32_t index)
{
    return memory->base + zeroipc_priv_table_size(memory->version, index);
}

/* SYNC table: the last store of a creation, and what every lookup begins with. */
static unsigned char *zeroipc_priv_count_at(const zeroipc_memory *memory)
{
    return memory->base + (memory->version == ZEROIPC_FORMAT_VERSION_2
                               ? offsetof(zeroipc_format_table_header_v2, entry_count)
                               : offsetof(zeroipc_format_table_header_v1, entry_count));
}

static uint64_t zeroipc_priv_load_next(const zeroipc_memory *memory)
{
    return memory->version == ZEROIPC_FORMAT_VERSION_2
               ? zeroipc_priv_load64(memory->base + offsetof(zeroipc_format_table_header_v2, next_offset),
                                     __ATOMIC_ACQUIRE)
               : zeroipc_priv_load32(memory->base + offsetof(zeroipc_format_table_header_v1, next_offset));
}

static void zeroipc_priv_store_next(const zeroipc_memory *memory, uint64_t next)
{
    if (memory->version == ZEROIPC_FORMAT_VERSION_2)
        zeroipc_priv_store64(memory->base + offsetof(zeroipc_format_table_header_v2, next_offset), next,
                             __ATOMIC_RELEASE);
    else
        zeroipc_priv_store32(memory->base + offsetof(zeroipc_format_table_header_v1, next_offset), (uint32_t)next);
}

typedef struct zeroipc_priv_entry {
    char name[32];
    uint64_t offset;
    uint64_t size;
} zeroipc_priv_entry;

static void zeroipc_priv_load_entry(const zeroipc_memory *memory, uint32_t index, zeroipc_priv_entry *entry)
{
    const unsigned char *at = zeroipc_priv_entry_at(memory, index);
    zeroipc_priv_read(entry->name, at, sizeof entry->name);
    if (memory->version == ZEROIPC_FORMAT_VERSION_2) {
        entry->offset = zeroipc_priv_load64(at + offsetof(zeroipc_format_table_entry_v2, offset), __ATOMIC_ACQUIRE);
        entry->size = zeroipc_priv_load64(at + offsetof(zeroipc_format_table_entry_v2, size), __ATOMIC_ACQUIRE);
    } else {
        entry->offset = zeroipc_priv_load32(at + offsetof(zeroipc_format_table_entry_v1, offset));
        entry->size = zeroipc_priv_load32(at + offsetof(zeroipc_format_table_entry_v1, size));
    }
}

/* The stored offset of a slot, counted or not. */
static uint64_t zeroipc_priv_load_offset(const zeroipc_memory *memory, uint32_t index)
{
    const unsigned char *at = zeroipc_priv_entry_at(memory, index);
    return memory->version == ZEROIPC_FORMAT_VERSION_2
               ? zeroipc_priv_load64(at + offsetof(zeroipc_format_table_entry_v2, offset), __ATOMIC_ACQUIRE)
               : zeroipc_priv_load32(at + offsetof(zeroipc_format_table_entry_v1, offset));
}

/* A field breaks a rule. */
ZEROIPC_PRIV_COLD static zeroipc_status zeroipc_priv_fail_field(const zeroipc_memory *memory, const char *field,
                                                                uint64_t found, const char *rule, uint64_t bound)
{
    zeroipc_priv_shown shown;
    return zeroipc_priv_fail(ZEROIPC_CORRUPT,
                             "segment `%s`: `%s` is %llu and must be %s %llu; the segment is damaged: remove it and "
                             "create it anew",
                             zeroipc_priv_name(&shown, zeroipc_priv_segment(memory)), field, (unsigned long long)found,
                             rule, (unsigned long long)bound);
}

static zeroipc_status zeroipc_priv_fail_entry(const zeroipc_memory *memory, uint32_t index, const char *field,
                                              uint64_t found, const char *rule, uint64_t bound)
{
    char words[40];
    (void)snprintf(words, sizeof words, "%s of entry %u", field, index);
    return zeroipc_priv_fail_field(memory, words, found, rule, bound);
}

static zeroipc_status zeroipc_priv_check_entry(const zeroipc_memory *memory, uint32_t index,
                                               const zeroipc_priv_entry *entry)
{
    zeroipc_priv_shown shown;
    size_t length = strnlen(entry->name, sizeof entry->name);
    if (length == sizeof entry->name || length == 0 ||
        !zeroipc_priv_is_text((const unsigned char *)entry->name, length))
        return zeroipc_priv_fail(ZEROIPC_CORRUPT,
                                 "segment `%s`: `name` of entry %u %s and must have 1 to 31 bytes of UTF-8; the segment is "
                                 "damaged: remove it and create it anew",
                                 zeroipc_priv_name(&shown, zeroipc_priv_segment(memory)), index,
                                 length == 0                    ? "is empty"
                                 : length == sizeof entry->name ? "has no end"
                                                                : "is not UTF-8");
    if (entry->offset % 8 != 0)
        return zeroipc_priv_fail_entry(memory, index, "offset", entry->offset, "a multiple of", 8);
    if (entry->offset < memory->table_end)
        return zeroipc_priv_fail_entry(memory, index, "offset", entry->offset, "at least", memory->table_end);
    if (entry->size == 0)
        return zeroipc_priv_fail_entry(memory, index, "size", entry->size, "at least", 1);
    if (entry->offset > memory->limit)
        return zeroipc_priv_fail_entry(memory, index, "offset", entry->offset, "at most", memory->limit);
    if (entry->size > memory->limit - entry->offset)
        return zeroipc_priv_fail_entry(memory, index, "size", entry->size, "at most", memory->limit - entry->offset);
    return ZEROIPC_OK;
}

/* The number of published entries. */
static zeroipc_status zeroipc_priv_load_count(const zeroipc_memory *memory, uint32_t *count)
{
    *count = zeroipc_priv_load32(zeroipc_priv_count_at(memory)); /* SYNC table */
    if (*count > memory->max_entries)
        return zeroipc_priv_fail_field(memory, "entry_count", *count, "at most", memory->max_entries);
    return ZEROIPC_OK;
}

/* Version 1 does not store its size. `next_offset` is read before entry 0: a creator writes them the other way round, so
 * that one of them is the table's end. */
static zeroipc_status zeroipc_priv_check_header_v1(zeroipc_memory *memory)
{
    uint64_t next, end, entries;
    if (memory->mapped < zeroipc_priv_table_size(ZEROIPC_FORMAT_VERSION_1, 1))
        return zeroipc_priv_fail_field(memory, "file size", memory->mapped, "at least",
                                       zeroipc_priv_table_size(ZEROIPC_FORMAT_VERSION_1, 1));
    next = zeroipc_priv_load_next(memory);
    end = zeroipc_priv_load_offset(memory, 0);
    if (end == 0)
        end = next;
    entries = (end - sizeof(zeroipc_format_table_header_v1)) / sizeof(zeroipc_format_table_entry_v1);
    if (end < zeroipc_priv_table_size(ZEROIPC_FORMAT_VERSION_1, 1) || !zeroipc_priv_is_table_size(entries) ||
        end != zeroipc_priv_table_size(ZEROIPC_FORMAT_VERSION_1, (uint32_t)entries))
        return zeroipc_priv_fail_field(memory, "table end", end,
                                       "16 + 40 × 1, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048 or", 4096);
    memory->table_end = end;
    memory->max_entries = (uint32_t)entries;
    memory->limit = memory->mapped > UINT32_MAX ? UINT32_MAX : memory->mapped;
    return ZEROIPC_OK;
}

static zeroipc_status zeroipc_priv_check_header_v2(zeroipc_memory *memory)
{
    uint64_t size;
    uint32_t entries;
    if (memory->mapped < sizeof(zeroipc_format_table_header_v2))
        return zeroipc_priv_fail_field(memory, "file size", memory->mapped, "at least",
                                       sizeof(zeroipc_format_table_header_v2));
    entries = zeroipc_priv_load32(memory->base + offsetof(zeroipc_format_table_header_v2, max_entries));
    if (entries == 0 || entries > ZEROIPC_PRIV_MAX_TABLE)
        return zeroipc_priv_fail_field(memory, "max_entries", entries, "from 1 to", ZEROIPC_PRIV_MAX_TABLE);
    size = zeroipc_priv_load64(memory->base + offsetof(zeroipc_format_table_header_v2, memory_size), __ATOMIC_ACQUIRE);
    if (size > memory->mapped)
        return zeroipc_priv_fail_field(memory, "memory_size", size, "at most the file's size of", memory->mapped);
    memory->max_entries = entries;
    memory->table_end = zeroipc_priv_table_size(ZEROIPC_FORMAT_VERSION_2, entries);
    memory->limit = size;
    if (size < memory->table_end)
        return zeroipc_priv_fail_field(memory, "memory_size", size, "at least", memory->table_end);
    return ZEROIPC_OK;
}

/* Checks `next_offset` and every counted entry. */
static zeroipc_status zeroipc_priv_check_table(const zeroipc_memory *memory)
{
    uint64_t next = zeroipc_priv_load_next(memory);
    zeroipc_priv_entry entry;
    zeroipc_status status;
    uint32_t count, i;
    if (next < memory->table_end)
        return zeroipc_priv_fail_field(memory, "next_offset", next, "at least", memory->table_end);
    if (next > memory->limit)
        return zeroipc_priv_fail_field(memory, "next_offset", next, "at most", memory->limit);
    status = zeroipc_priv_load_count(memory, &count);
    for (i = 0; status == ZEROIPC_OK && i < count; i++) {
        zeroipc_priv_load_entry(memory, i, &entry);
        status = zeroipc_priv_check_entry(memory, i, &entry);
    }
    return status;
}

/* Fills in what the handle knows about the table, and checks all of it. */
static zeroipc_status zeroipc_priv_learn_table(zeroipc_memory *memory)
{
    zeroipc_priv_shown shown;
    zeroipc_status status;
    uint32_t magic = zeroipc_priv_load32(memory->base + offsetof(zeroipc_format_table_header_v1, magic));
    uint32_t version = zeroipc_priv_load32(memory->base + offsetof(zeroipc_format_table_header_v1, version));
    if (magic != ZEROIPC_FORMAT_MAGIC)
        return zeroipc_priv_fail(ZEROIPC_NOT_A_SEGMENT,
                                 "segment `%s`: the file begins with 0x%08X and a ZeroIPC segment begins with 0x%08X; "
                                 "choose another name, or remove the file",
                                 zeroipc_priv_name(&shown, zeroipc_priv_segment(memory)), magic, ZEROIPC_FORMAT_MAGIC);
    if (version != ZEROIPC_FORMAT_VERSION_1 && version != ZEROIPC_FORMAT_VERSION_2)
        return zeroipc_priv_fail(ZEROIPC_UNSUPPORTED_VERSION,
                                 "segment `%s`: the table has version %u and this library reads versions 1 and 2; use a "
                                 "newer library",
                                 zeroipc_priv_name(&shown, zeroipc_priv_segment(memory)), version);
    memory->version = version;
    status = version == ZEROIPC_FORMAT_VERSION_2 ? zeroipc_priv_check_header_v2(memory)
                                                 : zeroipc_priv_check_header_v1(memory);
    return status == ZEROIPC_OK ? zeroipc_priv_check_table(memory) : status;
}

/* The first entry of this name. NOT_FOUND is left without a sentence. */
static zeroipc_status zeroipc_priv_find(const zeroipc_memory *memory, const char *name, zeroipc_priv_entry *entry)
{
    uint32_t count, i;
    zeroipc_status status = zeroipc_priv_load_count(memory, &count);
    for (i = 0; status == ZEROIPC_OK && i < count; i++) {
        zeroipc_priv_load_entry(memory, i, entry);
        if (strncmp(entry->name, name, sizeof entry->name) == 0)
            return zeroipc_priv_check_entry(memory, i, entry);
    }
    return status == ZEROIPC_OK ? ZEROIPC_NOT_FOUND : status;
}

/* ---- `.schema`: docs/format.md 3 --------------------------------------------------------------------------------- */

typedef struct zeroipc_priv_schema {
    unsigned char *header; /* NULL: the segment has none */
    unsigned char *records;
    uint32_t size; /* bytes for records */
    uint32_t used;
} zeroipc_priv_schema;

static uint64_t zeroipc_priv_schema_size(const zeroipc_memory *memory)
{
    uint64_t most = UINT64_C(512) * memory->max_entries, part = memory->limit / 16;
    part = part < 1024 ? 1024 : part;
    return zeroipc_priv_round(most < part ? most : part, 8);
}

static void zeroipc_priv_place_schema(const zeroipc_memory *memory, const zeroipc_priv_entry *entry,
                                      zeroipc_priv_schema *schema)
{
    uint64_t size = entry->size - sizeof(zeroipc_format_schema_header);
    schema->header = memory->base + entry->offset;
    schema->records = schema->header + sizeof(zeroipc_format_schema_header);
    schema->size = size > UINT32_MAX ? UINT32_MAX : (uint32_t)size;
}

static zeroipc_status zeroipc_priv_find_schema(const zeroipc_memory *memory, zeroipc_priv_schema *schema)
{
    zeroipc_priv_shown shown;
    zeroipc_priv_entry entry;
    zeroipc_status status;
    uint32_t count, magic, version;
    memset(schema, 0, sizeof *schema);
    status = zeroipc_priv_load_count(memory, &count);
    if (status != ZEROIPC_OK || count == 0)
        return status;
    zeroipc_priv_load_entry(memory, 0, &entry);
    if (strncmp(entry.name, ZEROIPC_PRIV_SCHEMA_NAME, sizeof entry.name) != 0)
        return ZEROIPC_OK;
    status = zeroipc_priv_check_entry(memory, 0, &entry);
    if (status != ZEROIPC_OK)
        return status;
    if (entry.size < sizeof(zeroipc_format_schema_header))
        return zeroipc_priv_fail_entry(memory, 0, "size", entry.size, "at least", sizeof(zeroipc_format_schema_header));
    zeroipc_priv_place_schema(memory, &entry, schema);
    magic = zeroipc_priv_load32(schema->header + offsetof(zeroipc_format_schema_header, magic));
    version = zeroipc_priv_load32(schema->header + offsetof(zeroipc_format_schema_header, version));
    schema->used = zeroipc_priv_load32(schema->header + offsetof(zeroipc_format_schema_header, used)); /* SYNC records */
    if (magic != ZEROIPC_FORMAT_SCHEMA_MAGIC)
        return zeroipc_priv_fail_field(memory, ".schema magic", magic, "equal to", ZEROIPC_FORMAT_SCHEMA_MAGIC);
    if (version != ZEROIPC_FORMAT_SCHEMA_VERSION)
        return zeroipc_priv_fail(ZEROIPC_UNSUPPORTED_VERSION,
                                 "segment `%s`: `.schema` has version %u and this library reads version 1; use a newer "
                                 "library",
                                 zeroipc_priv_name(&shown, zeroipc_priv_segment(memory)), version);
    if (schema->used % 8 != 0)
        return zeroipc_priv_fail_field(memory, ".schema used", schema->used, "a multiple of", 8);
    if (schema->used > schema->size)
        return zeroipc_priv_fail_field(memory, ".schema used", schema->used, "at most", schema->size);
    return ZEROIPC_OK;
}

static bool zeroipc_priv_next_id(const zeroipc_memory *memory, uint32_t *id)
{
    zeroipc_priv_schema schema;
    if (zeroipc_priv_find_schema(memory, &schema) != ZEROIPC_OK || schema.header == NULL)
        return false;
    *id = __atomic_fetch_add(
        (uint32_t *)(void *)(schema.header + offsetof(zeroipc_format_schema_header, next_id)), 1, __ATOMIC_RELAXED);
    return true;
}

/* A private copy of the head of the record at `at`, its length checked. */
static zeroipc_status zeroipc_priv_load_record(const zeroipc_memory *memory, const zeroipc_priv_schema *schema,
                                               uint32_t at, zeroipc_format_schema_record *record)
{
    uint32_t left = schema->used - at;
    if (left < sizeof *record)
        return zeroipc_priv_fail_field(memory, ".schema used", schema->used, "the end of a record, not within one at",
                                       at);
    zeroipc_priv_read(record, schema->records + at, sizeof *record);
    if (record->length % 8 != 0)
        return zeroipc_priv_fail_field(memory, "length of a record", record->length, "a multiple of", 8);
    if (record->length < sizeof *record)
        return zeroipc_priv_fail_field(memory, "length of a record", record->length, "at least", sizeof *record);
    if (record->length > left)
        return zeroipc_priv_fail_field(memory, "length of a record", record->length, "at most", left);
    return ZEROIPC_OK;
}

static bool zeroipc_priv_belongs(const zeroipc_format_schema_record *record, const zeroipc_priv_entry *entry)
{
    return record->offset == entry->offset && strncmp(record->name, entry->name, sizeof entry->name) == 0;
}

/* The first record of an entry; `*found` is false if there is none. */
static zeroipc_status zeroipc_priv_find_record(const zeroipc_memory *memory, const zeroipc_priv_schema *schema,
                                               const zeroipc_priv_entry *entry, zeroipc_format_schema_record *record,
                                               uint32_t *at, bool *found)
{
    uint32_t i;
    *found = false;
    if (schema->header == NULL)
        return ZEROIPC_OK;
    for (i = 0; i < schema->used; i += record->length) {
        zeroipc_status status = zeroipc_priv_load_record(memory, schema, i, record);
        if (status != ZEROIPC_OK)
            return status;
        if (zeroipc_priv_belongs(record, entry)) {
            *at = i;
            *found = true;
            return ZEROIPC_OK;
        }
    }
    return ZEROIPC_OK;
}

/* What is to be opened or created. */
typedef struct zeroipc_priv_plan {
    zeroipc_memory *memory;
    const char *name;
    const zeroipc_type *type;
    const unsigned char *description;
    uint32_t description_length;
    uint16_t kind;
    uint8_t scalar;
    unsigned char opaque[5];
    uint64_t capacity;
    uint64_t size; /* of the structure, when it is created */
    char who[sizeof(zeroipc_priv_shown) + 16];
} zeroipc_priv_plan;

static const char *zeroipc_priv_kind_word(uint32_t kind)
{
    return kind == ZEROIPC_FORMAT_KIND_ARRAY ? "array" : kind == ZEROIPC_FORMAT_KIND_QUEUE ? "queue" : "structure";
}

/* Loads a record's only type: a private copy, checked. */
static zeroipc_status zeroipc_priv_load_type(const zeroipc_priv_plan *plan, const zeroipc_priv_schema *schema,
                                             const zeroipc_format_schema_record *record, uint32_t at,
                                             zeroipc_format_schema_type *type, unsigned char *description)
{
    const uint32_t head = (uint32_t)(sizeof *record + sizeof *type);
    uint64_t size = 0;
    size_t damage = 0;
    if (record->type_count != 1)
        return zeroipc_priv_fail_field(plan->memory, "type_count of a record", record->type_count, "equal to", 1);
    if (record->length < head)
        return zeroipc_priv_fail_field(plan->memory, "length of a record", record->length, "at least", head);
    zeroipc_priv_read(type, schema->records + at + sizeof *record, sizeof *type);
    if (type->description_length > ZEROIPC_PRIV_MAX_DESCRIPTION || type->description_length > record->length - head)
        return zeroipc_priv_fail_field(plan->memory, "description_length of a record", type->description_length,
                                       "at most",
                                       record->length - head < ZEROIPC_PRIV_MAX_DESCRIPTION
                                           ? record->length - head
                                           : ZEROIPC_PRIV_MAX_DESCRIPTION);
    zeroipc_priv_read(description, schema->records + at + head, type->description_length);
    if (!zeroipc_priv_check_description(description, type->description_length, &size, &damage))
        return zeroipc_priv_fail(ZEROIPC_CORRUPT,
                                 "%s: the type description in the segment is damaged at byte %zu; remove the segment and "
                                 "create it anew",
                                 plan->who, damage);
    return ZEROIPC_OK;
}

/* Who is refused: docs/format.md 3.3. */
static zeroipc_status zeroipc_priv_check_record(const zeroipc_priv_plan *plan, const zeroipc_priv_schema *schema,
                                                const zeroipc_format_schema_record *record, uint32_t at)
{
    unsigned char description[ZEROIPC_PRIV_MAX_DESCRIPTION + 1];
    char sentence[700];
    zeroipc_format_schema_type type;
    zeroipc_priv_text text;
    zeroipc_status status;
    if (record->version != ZEROIPC_FORMAT_RECORD_VERSION)
        return zeroipc_priv_fail(ZEROIPC_UNSUPPORTED_VERSION,
                                 "%s: its record has version %u and this library reads version %u; use a newer library",
                                 plan->who, (unsigned)record->version, (unsigned)ZEROIPC_FORMAT_RECORD_VERSION);
    if (record->kind != plan->kind && record->kind != ZEROIPC_FORMAT_KIND_ARRAY &&
        record->kind != ZEROIPC_FORMAT_KIND_QUEUE)
        return zeroipc_priv_fail(ZEROIPC_KIND_MISMATCH,
                                 "%s: it has kind %u in the segment, which this library does not know; use a newer library",
                                 plan->who, (unsigned)record->kind);
    if (record->kind != plan->kind)
        return zeroipc_priv_fail(ZEROIPC_KIND_MISMATCH, "%s: its kind in the segment is %s; open it as that, or choose another name",
                                 plan->who, zeroipc_priv_kind_word(record->kind));
    status = zeroipc_priv_load_type(plan, schema, record, at, &type, description);
    if (status != ZEROIPC_OK || (type.size == plan->type->size && type.schema == plan->type->schema))
        return status;
    text.bytes = sentence;
    text.size = sizeof sentence;
    text.used = 0;
    if (!zeroipc_priv_compare(plan->description, plan->description_length, description, type.description_length, &text))
        return zeroipc_priv_fail(ZEROIPC_TYPE_MISMATCH, "%s: %s; build both sides from the same schema", plan->who, sentence);
    if (type.size != plan->type->size)
        return zeroipc_priv_fail(ZEROIPC_TYPE_MISMATCH,
                                 "%s: the element has %u bytes here and %u in the segment; build both sides from the same "
                                 "schema",
                                 plan->who, plan->type->size, type.size);
    return ZEROIPC_OK;
}

/* `used` without what a dead creator left: the last record, if it belongs to no counted entry. */
static zeroipc_status zeroipc_priv_trim(const zeroipc_memory *memory, const zeroipc_priv_schema *schema,
                                        uint32_t count, uint32_t *used)
{
    zeroipc_format_schema_record record;
    zeroipc_priv_entry entry;
    uint32_t at = 0, last = 0, i;
    memset(&record, 0, sizeof record);
    *used = schema->used;
    if (schema->used == 0)
        return ZEROIPC_OK;
    for (; at < schema->used; at += record.length) {
        zeroipc_status status = zeroipc_priv_load_record(memory, schema, at, &record);
        if (status != ZEROIPC_OK)
            return status;
        last = at;
    }
    for (i = 0; i < count; i++) {
        zeroipc_priv_load_entry(memory, i, &entry);
        if (zeroipc_priv_belongs(&record, &entry))
            return ZEROIPC_OK;
    }
    *used = last;
    return ZEROIPC_OK;
}

static uint32_t zeroipc_priv_record_length(const zeroipc_priv_plan *plan)
{
    return (uint32_t)zeroipc_priv_round(sizeof(zeroipc_format_schema_record) + sizeof(zeroipc_format_schema_type) +
                                            plan->description_length,
                                        8);
}

static void zeroipc_priv_write_record(const zeroipc_priv_plan *plan, const zeroipc_priv_schema *schema, uint32_t used,
                                      uint64_t offset)
{
    unsigned char *at = schema->records + used;
    unsigned char *count = schema->header + offsetof(zeroipc_format_schema_header, used);
    zeroipc_format_schema_record record;
    zeroipc_format_schema_type type;
    const uint64_t zero = 0;
    if (used != schema->used)
        zeroipc_priv_store32(count, used);
    ZEROIPC_TEST_POINT("create.trimmed");
    memset(&record, 0, sizeof record);
    record.length = zeroipc_priv_record_length(plan);
    record.version = ZEROIPC_FORMAT_RECORD_VERSION;
    record.kind = plan->kind;
    record.offset = offset;
    memcpy(record.name, plan->name, strlen(plan->name));
    record.type_count = 1;
    type.layout = plan->type->layout;
    type.schema = plan->type->schema;
    type.size = plan->type->size;
    type.description_length = plan->description_length;
    zeroipc_priv_write(at + record.length - 8, &zero, 8);
    zeroipc_priv_write(at, &record, sizeof record);
    zeroipc_priv_write(at + sizeof record, &type, sizeof type);
    zeroipc_priv_write(at + sizeof record + sizeof type, plan->description, plan->description_length);
    ZEROIPC_TEST_POINT("create.recorded");
    zeroipc_priv_store32(count, used + record.length); /* SYNC records */
    ZEROIPC_TEST_POINT("create.used");
}

/* ---- Segments: docs/format.md 1 and 4 ---------------------------------------------------------------------------- */

static void zeroipc_priv_forget(zeroipc_memory *memory)
{
    memset(memory, 0, sizeof *memory);
    memory->fd = -1;
}

/* Gives back everything that the handle holds. */
static void zeroipc_priv_detach(zeroipc_memory *memory)
{
    if (memory->self != NULL) {
        zeroipc_priv_release_anchor(memory);
        (void)munmap(memory->self, (size_t)sysconf(_SC_PAGESIZE));
    }
    if (memory->base != NULL)
        (void)munmap(memory->base, memory->mapped);
    if (memory->fd >= 0)
        (void)close(memory->fd);
    zeroipc_priv_forget(memory);
}

/* Maps the file and makes the page that forgets in children. */
static zeroipc_status zeroipc_priv_map(zeroipc_memory *memory, uint64_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *at = mmap(NULL, size, PROT_READ | (memory->read_only ? 0 : PROT_WRITE), MAP_SHARED, memory->fd, 0);
    if (at == MAP_FAILED)
        return zeroipc_priv_fail_system(memory->path, "map it", errno);
    memory->base = (unsigned char *)at;
    memory->mapped = size;
    at = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        return zeroipc_priv_fail_system(memory->path, "map a page", errno);
    memory->self = (struct zeroipc_priv_self *)at;
    if (madvise(at, page, MADV_WIPEONFORK) != 0)
        return zeroipc_priv_fail_locks(memory, "MADV_WIPEONFORK is missing");
    return ZEROIPC_OK;
}

static void zeroipc_priv_learn_file(zeroipc_memory *memory, const struct stat *file)
{
    memory->device = (uint64_t)file->st_dev;
    memory->inode = (uint64_t)file->st_ino;
}

/* Reserves memory for a range of the file, once and for all. */
static zeroipc_status zeroipc_priv_reserve(const zeroipc_memory *memory, const char *who, uint64_t from, uint64_t size)
{
    struct statvfs room;
    int result;
    do
        result = fallocate(memory->fd, 0, (off_t)from, (off_t)size);
    while (result != 0 && errno == EINTR);
    if (result == 0)
        return ZEROIPC_OK;
    if (errno != ENOSPC && errno != ENOMEM)
        return zeroipc_priv_fail_system(memory->path, "reserve its memory", errno);
    memset(&room, 0, sizeof room);
    (void)fstatvfs(memory->fd, &room);
    return zeroipc_priv_fail(ZEROIPC_OUT_OF_MEMORY,
                             "%s: %llu bytes of shared memory are needed and %llu are free in " ZEROIPC_PRIV_DIRECTORY
                             "; remove segments that nobody uses, or ask for less",
                             who, (unsigned long long)size, (unsigned long long)(room.f_bavail * room.f_frsize));
}

static zeroipc_status zeroipc_priv_fail_segment(zeroipc_status status, const char *name, const char *rest)
{
    zeroipc_priv_shown shown;
    return zeroipc_priv_fail(status, "segment `%s`: %s", zeroipc_priv_name(&shown, name), rest);
}

/* The decisions of a new segment: the table's version and size, and the file's size in whole pages. */
static zeroipc_status zeroipc_priv_settle(const char *name, uint64_t *size, zeroipc_options *options)
{
    zeroipc_priv_shown shown;
    const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t table;
    if (options->table_size == 0)
        options->table_size = ZEROIPC_PRIV_DEFAULT_TABLE;
    if (options->mode == 0)
        options->mode = 0600;
    if (!zeroipc_priv_is_table_size(options->table_size))
        return zeroipc_priv_fail(ZEROIPC_BAD_ARGUMENT,
                                 "segment `%s`: a table of %u entries was asked for; choose 1, 4, 8, 16, 32, 64, 128, 256, "
                                 "512, 1024, 2048 or 4096",
                                 zeroipc_priv_name(&shown, name), options->table_size);
    if (*size == 0 || *size > ZEROIPC_PRIV_MAX_SIZE - page)
        return zeroipc_priv_fail(ZEROIPC_BAD_ARGUMENT, "segment `%s`: a size of %llu bytes was asked for; choose 1 to 2^56 - 4096",
                                 zeroipc_priv_name(&shown, name), (unsigned long long)*size);
    *size = zeroipc_priv_round(*size, page);
    if (options->table_version == 0)
        options->table_version = *size >= ZEROIPC_PRIV_V2_SIZE ? ZEROIPC_FORMAT_VERSION_2 : ZEROIPC_FORMAT_VERSION_1;
    if (options->table_version > ZEROIPC_FORMAT_VERSION_2 || (options->mode & ~07777u) != 0)
        return zeroipc_priv_fail_segment(ZEROIPC_BAD_ARGUMENT, name,
                                         "the options hold an unknown table version or mode; begin with "
                                         "ZEROIPC_OPTIONS_DEFAULT");
    if (options->table_version == ZEROIPC_FORMAT_VERSION_1 && *size >= ZEROIPC_PRIV_V2_SIZE)
        return zeroipc_priv_fail_segment(ZEROIPC_BAD_ARGUMENT, name,
                                         "a table of version 1 ends below 4 GiB; ask for version 2 or a smaller segment");
    table = zeroipc_priv_table_size(options->table_version, options->table_size);
    if (*size < table)
        return zeroipc_priv_fail(ZEROIPC_OUT_OF_SPACE,
                                 "segment `%s`: the table needs %llu bytes and the segment has %llu; ask for a larger "
                                 "segment or a smaller table",
                                 zeroipc_priv_name(&shown, name), (unsigned long long)table, (unsigned long long)*size);
    return ZEROIPC_OK;
}

static void zeroipc_priv_write_header(zeroipc_memory *memory, const zeroipc_options *options)
{
    memory->version = options->table_version;
    memory->max_entries = options->table_size;
    memory->table_end = zeroipc_priv_table_size(options->table_version, options->table_size);
    memory->limit = memory->mapped;
    zeroipc_priv_store32(memory->base + offsetof(zeroipc_format_table_header_v1, magic), ZEROIPC_FORMAT_MAGIC);
    zeroipc_priv_store32(memory->base + offsetof(zeroipc_format_table_header_v1, version), options->table_version);
    if (options->table_version == ZEROIPC_FORMAT_VERSION_2) {
        zeroipc_priv_store32(memory->base + offsetof(zeroipc_format_table_header_v2, max_entries), options->table_size);
        zeroipc_priv_store64(memory->base + offsetof(zeroipc_format_table_header_v2, memory_size), memory->mapped,
                             __ATOMIC_RELEASE);
    }
    zeroipc_priv_store_next(memory, memory->table_end);
}

/* Builds the segment in a file without a name. */
static zeroipc_status zeroipc_priv_build(zeroipc_memory *memory, uint64_t size, const zeroipc_options *options)
{
    char who[sizeof(zeroipc_priv_shown) + 16];
    zeroipc_priv_shown shown;
    zeroipc_status status;
    struct stat file;
    memory->fd = open(ZEROIPC_PRIV_DIRECTORY, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (memory->fd < 0)
        return zeroipc_priv_fail_system(memory->path, "create a file in " ZEROIPC_PRIV_DIRECTORY, errno);
    ZEROIPC_TEST_POINT("segment.opened");
    if (ftruncate(memory->fd, (off_t)size) != 0 || fstat(memory->fd, &file) != 0)
        return zeroipc_priv_fail_system(memory->path, "set its size", errno);
    zeroipc_priv_learn_file(memory, &file);
    ZEROIPC_TEST_POINT("segment.sized");
    (void)snprintf(who, sizeof who, "segment `%s`", zeroipc_priv_name(&shown, zeroipc_priv_segment(memory)));
    status = zeroipc_priv_reserve(memory, who, 0,
                                  options->prefault
                                      ? size
                                      : zeroipc_priv_table_size(options->table_version, options->table_size));
    if (status == ZEROIPC_OK)
        status = zeroipc_priv_map(memory, size);
    if (status != ZEROIPC_OK)
        return status;
    ZEROIPC_TEST_POINT("segment.reserved");
    zeroipc_priv_write_header(memory, options);
    ZEROIPC_TEST_POINT("segment.written");
    status = zeroipc_priv_anchor(memory);
    if (status == ZEROIPC_OK && fchmod(memory->fd, (mode_t)options->mode) != 0)
        return zeroipc_priv_fail_system(memory->path, "set its mode", errno);
    return status;
}

static zeroipc_status zeroipc_priv_link(zeroipc_memory *memory)
{
    char path[40];
    ZEROIPC_TEST_POINT("segment.anchored");
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", memory->fd);
    if (linkat(AT_FDCWD, path, AT_FDCWD, memory->path, AT_SYMLINK_FOLLOW) != 0) {
        if (errno == EEXIST)
            return zeroipc_priv_fail_segment(ZEROIPC_EXISTS, zeroipc_priv_segment(memory),
                                             "it exists already; open it, or choose another name");
        return zeroipc_priv_fail_system(memory->path, "give it its name", errno);
    }
    ZEROIPC_TEST_POINT("segment.linked");
    return ZEROIPC_OK;
}

static void zeroipc_priv_begin(zeroipc_memory *memory, const char *name, const zeroipc_options *options)
{
    zeroipc_priv_forget(memory);
    (void)snprintf(memory->path, sizeof memory->path, ZEROIPC_PRIV_DIRECTORY "%s", name);
    memory->duck_typed = options->duck_typed;
    memory->remove = options->remove_on_last_detach;
}

static zeroipc_options zeroipc_priv_options(const zeroipc_options *options)
{
    zeroipc_options standard = ZEROIPC_OPTIONS_DEFAULT;
    return options == NULL ? standard : *options;
}

zeroipc_status zeroipc_memory_create(zeroipc_memory *memory, const char *name, uint64_t size,
                                     const zeroipc_options *options)
{
    zeroipc_options settled = zeroipc_priv_options(options);
    zeroipc_status status;
    struct stat file;
    zeroipc_priv_forget(memory);
    status = zeroipc_priv_check_segment_name(name);
    if (status == ZEROIPC_OK)
        status = zeroipc_priv_settle(name, &size, &settled);
    if (status != ZEROIPC_OK)
        return status;
    zeroipc_priv_begin(memory, name, &settled);
    if (lstat(memory->path, &file) == 0) /* saves the work; who is really first is decided by the link */
        status = zeroipc_priv_fail_segment(ZEROIPC_EXISTS, name, "it exists already; open it, or choose another name");
    if (status == ZEROIPC_OK)
        status = zeroipc_priv_build(memory, size, &settled);
    if (status == ZEROIPC_OK)
        status = zeroipc_priv_link(memory);
    if (status != ZEROIPC_OK)
        zeroipc_priv_detach(memory);
    return status;
}

static zeroipc_status zeroipc_priv_open_file(zeroipc_memory *memory)
{
    const char *name = zeroipc_priv_segment(memory);
    memory->fd = open(memory->path, (memory->read_only ? O_RDONLY : O_RDWR) | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (memory->fd >= 0)
        return ZEROIPC_OK;
    switch (errno) {
    case ENOENT:
        return zeroipc_priv_fail_segment(ZEROIPC_NOT_FOUND, name, "there is no such segment; create it, or check the name");
    case ELOOP:
        return zeroipc_priv_fail_segment(ZEROIPC_NOT_A_SEGMENT, name,
                                         "it is a symbolic link and must be a regular file; choose another name");
    case EISDIR:
    case ENXIO:
    case ENODEV:
        return zeroipc_priv_fail_segment(ZEROIPC_NOT_A_SEGMENT, name, "it is no regular file; choose another name");
    default:
        return zeroipc_priv_fail_system(memory->path, "open it", errno);
    }
}

static zeroipc_status zeroipc_priv_check_file(zeroipc_memory *memory, uint64_t *size)
{
    const char *name = zeroipc_priv_segment(memory);
    zeroipc_priv_shown shown;
    struct stat file;
    if (fstat(memory->fd, &file) != 0)
        return zeroipc_priv_fail_system(memory->path, "look at it", errno);
    if (!S_ISREG(file.st_mode))
        return zeroipc_priv_fail_segment(ZEROIPC_NOT_A_SEGMENT, name, "it is no regular file; choose another name");
    if (file.st_size < (off_t)sizeof(zeroipc_format_table_header_v1))
        return zeroipc_priv_fail(ZEROIPC_NOT_A_SEGMENT,
                                 "segment `%s`: the file has %lld bytes and a segment has at least 16; choose another name, "
                                 "or remove the file",
                                 zeroipc_priv_name(&shown, name), (long long)file.st_size);
    zeroipc_priv_learn_file(memory, &file);
    *size = (uint64_t)file.st_size;
    return ZEROIPC_OK;
}

/* Attaches to the file that is open, under the attach lock. */
static zeroipc_status zeroipc_priv_attach(zeroipc_memory *memory)
{
    zeroipc_priv_schema schema;
    zeroipc_status status;
    uint64_t size = 0;
    int error;
    ZEROIPC_TEST_POINT("attach.opened");
    status = zeroipc_priv_check_file(memory, &size);
    if (status != ZEROIPC_OK)
        return status;
    error = zeroipc_priv_lock_within(memory->fd, F_RDLCK, ZEROIPC_FORMAT_ATTACH_LOCK, ZEROIPC_PRIV_LOCK_NS);
    if (error == EAGAIN)
        return zeroipc_priv_fail_segment(ZEROIPC_TIMED_OUT, zeroipc_priv_segment(memory),
                                         "another process has held the attach lock for 10 seconds; end that process");
    if (error != 0)
        return zeroipc_priv_fail_locks(memory, strerror(error));
    ZEROIPC_TEST_POINT("attach.locked");
    status = zeroipc_priv_map(memory, size);
    if (status == ZEROIPC_OK)
        status = zeroipc_priv_learn_table(memory);
    if (status == ZEROIPC_OK)
        status = zeroipc_priv_find_schema(memory, &schema);
    ZEROIPC_TEST_POINT("attach.checked");
    if (status == ZEROIPC_OK)
        status = zeroipc_priv_anchor(memory);
    ZEROIPC_TEST_POINT("attach.anchored");
    return status;
}

static zeroipc_status zeroipc_priv_open(zeroipc_memory *memory, const char *name, const zeroipc_options *options,
                                        bool read_only)
{
    zeroipc_options settled = zeroipc_priv_options(options);
    uint64_t deadline = zeroipc_priv_now() + ZEROIPC_PRIV_LOCK_NS;
    zeroipc_status status;
    bool stays;
    zeroipc_priv_forget(memory);
    status = zeroipc_priv_check_segment_name(name);
    if (status != ZEROIPC_OK)
        return status;
    for (;;) {
        zeroipc_priv_begin(memory, name, &settled);
        memory->read_only = read_only;
        status = zeroipc_priv_open_file(memory);
        if (status == ZEROIPC_OK)
            status = zeroipc_priv_attach(memory);
        if (status != ZEROIPC_OK) {
            zeroipc_priv_detach(memory);
            return status;
        }
        stays = zeroipc_priv_name_leads_here(memory);
        (void)zeroipc_priv_lock(memory->fd, F_UNLCK, ZEROIPC_FORMAT_ATTACH_LOCK);
        ZEROIPC_TEST_POINT("attach.released");
        if (stays)
            return ZEROIPC_OK;
        zeroipc_priv_detach(memory); /* removed in between, and perhaps created anew */
        if (zeroipc_priv_now() >= deadline)
            return zeroipc_priv_fail_segment(ZEROIPC_TIMED_OUT, name,
                                             "it was removed again and again while this process attached");
    }
}

zeroipc_status zeroipc_memory_open(zeroipc_memory *memory, const char *name, const zeroipc_options *options)
{
    return zeroipc_priv_open(memory, name, options, false);
}

zeroipc_status zeroipc_memory_open_read_only(zeroipc_memory *memory, const char *name)
{
    return zeroipc_priv_open(memory, name, NULL, true);
}

zeroipc_status zeroipc_memory_open_or_create(zeroipc_memory *memory, const char *name, uint64_t size,
                                             const zeroipc_options *options)
{
    uint64_t deadline = zeroipc_priv_now() + ZEROIPC_PRIV_LOCK_NS;
    zeroipc_priv_shown shown;
    zeroipc_status status;
    do {
        status = zeroipc_priv_open(memory, name, options, false);
        if (status == ZEROIPC_OK && memory->limit < size) {
            uint64_t found = memory->limit;
            zeroipc_priv_detach(memory);
            return zeroipc_priv_fail(ZEROIPC_BAD_ARGUMENT,
                                     "segment `%s`: it exists with %llu bytes and %llu were asked for; ask for no more, or "
                                     "remove it and create it anew",
                                     zeroipc_priv_name(&shown, name), (unsigned long long)found,
                                     (unsigned long long)size);
        }
        if (status != ZEROIPC_NOT_FOUND)
            return status;
        status = zeroipc_memory_create(memory, name, size, options);
    } while (status == ZEROIPC_EXISTS && zeroipc_priv_now() < deadline);
    return status;
}

/* The last one out: nobody can attach while the lock is held. */
static zeroipc_status zeroipc_priv_remove(zeroipc_memory *memory)
{
    zeroipc_status status = ZEROIPC_OK;
    uint64_t start, end;
    int fd = zeroipc_priv_reopen(memory, O_RDWR), error;
    if (fd < 0)
        return zeroipc_priv_fail_system(memory->path, "open it a second time", errno);
    error = zeroipc_priv_lock_within(fd, F_WRLCK, ZEROIPC_FORMAT_ATTACH_LOCK, ZEROIPC_PRIV_REMOVE_NS);
    ZEROIPC_TEST_POINT("detach.locked");
    zeroipc_priv_release_anchor(memory);
    ZEROIPC_TEST_POINT("detach.released");
    if (error != 0) {
        status = zeroipc_priv_fail_segment(ZEROIPC_TIMED_OUT, zeroipc_priv_segment(memory),
                                           "it was not removed: others are attaching; remove it by its name later");
    } else if (zeroipc_priv_probe(fd, ZEROIPC_FORMAT_WRITER_ANCHORS + 1, ZEROIPC_FORMAT_MAX_WRITER_ID, &start, &end) ==
                   0 &&
               zeroipc_priv_probe(fd, ZEROIPC_FORMAT_READER_ANCHORS, ZEROIPC_FORMAT_READER_ANCHOR_COUNT, &start, &end) ==
                   0 &&
               zeroipc_priv_name_leads_here(memory)) {
        if (unlink(memory->path) != 0 && errno != ENOENT)
            status = zeroipc_priv_fail_system(memory->path, "remove it", errno);
        ZEROIPC_TEST_POINT("detach.unlinked");
    }
    if (error == 0)
        (void)zeroipc_priv_lock(fd, F_UNLCK, ZEROIPC_FORMAT_ATTACH_LOCK);
    (void)close(fd);
    return status;
}

zeroipc_status zeroipc_memory_close(zeroipc_memory *memory)
{
    zeroipc_status status = ZEROIPC_OK;
    if (memory->base == NULL)
        return ZEROIPC_OK;
    if (memory->remove)
        status = zeroipc_priv_remove(memory);
    zeroipc_priv_detach(memory);
    return status;
}

zeroipc_status zeroipc_memory_unlink(const char *name)
{
    char path[sizeof ZEROIPC_PRIV_DIRECTORY + 1 + ZEROIPC_PRIV_SEGMENT_NAME_LENGTH + 1];
    zeroipc_status status = zeroipc_priv_check_segment_name(name);
    if (status != ZEROIPC_OK)
        return status;
    (void)snprintf(path, sizeof path, ZEROIPC_PRIV_DIRECTORY "%s", name);
    if (unlink(path) == 0)
        return ZEROIPC_OK;
    if (errno == ENOENT)
        return zeroipc_priv_fail_segment(ZEROIPC_NOT_FOUND, name, "there is no such segment; check the name");
    return zeroipc_priv_fail_system(path, "remove it", errno);
}

uint64_t zeroipc_memory_size(const zeroipc_memory *memory) { return memory->limit; }

zeroipc_status zeroipc_memory_entry_count(const zeroipc_memory *memory, uint32_t *count)
{
    *count = 0;
    return memory->base == NULL ? zeroipc_priv_fail_closed("segment") : zeroipc_priv_load_count(memory, count);
}

zeroipc_status zeroipc_memory_entry(const zeroipc_memory *memory, uint32_t index, zeroipc_entry *entry)
{
    zeroipc_format_schema_record record;
    zeroipc_format_schema_type type;
    zeroipc_priv_entry found;
    zeroipc_priv_schema schema;
    zeroipc_priv_shown shown;
    uint32_t count, at = 0;
    bool recorded = false;
    zeroipc_status status = zeroipc_memory_entry_count(memory, &count);
    memset(entry, 0, sizeof *entry);
    if (status != ZEROIPC_OK)
        return status;
    if (index >= count)
        return zeroipc_priv_fail(ZEROIPC_OUT_OF_BOUNDS, "segment `%s`: there is no entry %u; the table has %u",
                                 zeroipc_priv_name(&shown, zeroipc_priv_segment(memory)), index, count);
    zeroipc_priv_load_entry(memory, index, &found);
    status = zeroipc_priv_check_entry(memory, index, &found);
    if (status == ZEROIPC_OK)
        status = zeroipc_priv_find_schema(memory, &schema);
    if (status == ZEROIPC_OK)
        status = zeroipc_priv_find_record(memory, &schema, &found, &record, &at, &recorded);
    if (status != ZEROIPC_OK)
        return status;
    memcpy(entry->name, found.name, sizeof entry->name);
    entry->offset = found.offset;
    entry->size = found.size;
    if (index == 0 && schema.header != NULL)
        entry->kind = ZEROIPC_KIND_SCHEMA;
    else if (recorded && record.version == ZEROIPC_FORMAT_RECORD_VERSION &&
             (record.kind == ZEROIPC_FORMAT_KIND_ARRAY || record.kind == ZEROIPC_FORMAT_KIND_QUEUE)) {
        entry->kind = record.kind;
        if (record.type_count == 1 && record.length >= sizeof record + sizeof type) {
            zeroipc_priv_read(&type, schema.records + at + sizeof record, sizeof type);
            entry->element_size = type.size;
        }
    }
    return ZEROIPC_OK;
}

/* ---- Structures: docs/format.md 2 and 3 -------------------------------------------------------------------------- */

/* Checks what the caller says about a structure, and completes it. */
static zeroipc_status zeroipc_priv_make_plan(zeroipc_priv_plan *plan, zeroipc_memory *memory, uint16_t kind,
                                             const char *name, const zeroipc_type *type, uint64_t capacity)
{
    zeroipc_priv_reader reader;
    zeroipc_priv_shown shown;
    zeroipc_priv_node node;
    uint64_t size = 0;
    size_t at = 0;
    memset(plan, 0, sizeof *plan);
    if (memory->base == NULL)
        return zeroipc_priv_fail_closed("segment");
    if (name == NULL || type == NULL)
        return zeroipc_priv_fail(ZEROIPC_BAD_ARGUMENT, "the %s's name or type is NULL; pass both",
                                 zeroipc_priv_kind_word(kind));
    plan->memory = memory;
    plan->name = name;
    plan->type = type;
    plan->kind = kind;
    plan->capacity = capacity;
    (void)snprintf(plan->who, sizeof plan->who, "%s `%s`", zeroipc_priv_kind_word(kind), zeroipc_priv_name(&shown, name));
    if (type->size == 0 || type->size > ZEROIPC_PRIV_MAX_ELEMENT)
        return zeroipc_priv_fail(ZEROIPC_BAD_ARGUMENT, "%s: its element has %u bytes and must have 1 to 2^30", plan->who,
                                 type->size);
    if (type->align == 0 || (type->align & (type->align - 1)) != 0 || type->align > ZEROIPC_PRIV_MAX_ALIGN)
        return zeroipc_priv_fail(ZEROIPC_BAD_ARGUMENT,
                                 "%s: its element is aligned to %u and must be to a power of two up to 4096", plan->who,
                                 type->align);
    plan->description = type->description;
    plan->description_length = type->description_length;
    if (type->description == NULL) {
        plan->opaque[0] = ZEROIPC_PRIV_TAG_OPAQUE;
        memcpy(plan->opaque + 1, &type->size, sizeof type->size);
        plan->description = plan->opaque;
        plan->description_length = sizeof plan->opaque;
    }
    if (!zeroipc_priv_check_description(plan->description, plan->description_length, &size, &at))
        return zeroipc_priv_fail(ZEROIPC_BAD_ARGUMENT, "%s: the type description passed is damaged at byte %zu", plan->who,
                                 at);
    if (size != type->size)
        return zeroipc_priv_fail(ZEROIPC_BAD_ARGUMENT, "%s: its element has %u bytes and %llu in its description",
                                 plan->who, type->size, (unsigned long long)size);
    reader = zeroipc_priv_reader_of(plan->description, plan->description_length);
    node = zeroipc_priv_read_node(&reader);
    plan->scalar = (uint8_t)node.scalar;
    return ZEROIPC_OK;
}

/* Where an allocation goes that may begin at `start`: data aligned to 64 or more, head and tail on different lines. */
static uint64_t zeroipc_priv_place(uint64_t start, uint32_t align)
{
    const uint64_t to = align > 64 ? align : 64;
    return zeroipc_priv_round(start + 8, to) - 8;
}

/* Where the free space begins: behind what is published, and where a creator died, at what it left. */
static zeroipc_status zeroipc_priv_start(const zeroipc_memory *memory, uint32_t count, uint64_t *start)
{
    uint64_t end = memory->table_end;
    zeroipc_priv_entry entry;
    uint32_t i;
    *start = memory->table_end;
    if (count == 0)
        return ZEROIPC_OK;
    for (i = 0; i < count; i++) {
        zeroipc_status status;
        zeroipc_priv_load_entry(memory, i, &entry);
        status = zeroipc_priv_check_entry(memory, i, &entry);
        if (status != ZEROIPC_OK)
            return status;
        end = entry.offset + entry.size > end ? entry.offset + entry.size : end;
    }
    *start = zeroipc_priv_load_next(memory);
    if (*start < memory->table_end || *start > memory->limit)
        return zeroipc_priv_fail_field(memory, "next_offset", *start, "within the segment, behind", memory->table_end);
    if (count < memory->max_entries) {
        zeroipc_priv_load_entry(memory, count, &entry);
        if (entry.offset != 0 && entry.offset >= end && entry.offset <= *start && entry.size <= *start &&
            zeroipc_priv_round(entry.offset + entry.size, 8) == *start)
            *start = zeroipc_priv_round(entry.offset, 8);
    }
    return ZEROIPC_OK;
}

/* Makes a reserved range zero. Whole pages that the file does not have yet are; asking the file costs nothing, touching
 * them would. */
static void zeroipc_priv_clear(const zeroipc_memory *memory, uint64_t from, uint64_t size, bool is_fresh)
{
    const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), to = from + size;
    uint64_t first = zeroipc_priv_round(from, page), last = to & ~(page - 1);
    if (!is_fresh || first >= last) {
        memset(memory->base + from, 0, size);
        return;
    }
    memset(memory->base + from, 0, first - from);
    memset(memory->base + last, 0, to - last);
}

static bool zeroipc_priv_is_fresh(const zeroipc_memory *memory, int fd, uint64_t from, uint64_t size)
{
    const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), last = (from + size) & ~(page - 1);
    uint64_t first = zeroipc_priv_round(from, page);
    off_t data;
    (void)memory;
    if (first >= last)
        return true;
    data = lseek(fd, (off_t)first, SEEK_DATA);
    return data < 0 ? errno == ENXIO : (uint64_t)data >= last;
}

/* Publishes what stands at `offset`, field by field, in the order that makes a death harmless. */
static void zeroipc_priv_publish_entry(const zeroipc_memory *memory, uint32_t index, const char *name, uint64_t offset,
                                       uint64_t size)
{
    unsigned char *at = zeroipc_priv_entry_at(memory, index);
    char padded[32];
    memset(padded, 0, sizeof padded);
    memcpy(padded, name, strlen(name));
    zeroipc_priv_write(at, padded, sizeof padded);
    ZEROIPC_TEST_POINT("create.named");
    if (memory->version == ZEROIPC_FORMAT_VERSION_2)
        zeroipc_priv_store64(at + offsetof(zeroipc_format_table_entry_v2, size), size, __ATOMIC_RELEASE);
    else
        zeroipc_priv_store32(at + offsetof(zeroipc_format_table_entry_v1, size), (uint32_t)size);
    ZEROIPC_TEST_POINT("create.sized");
    if (memory->version == ZEROIPC_FORMAT_VERSION_2)
        zeroipc_priv_store64(at + offsetof(zeroipc_format_table_entry_v2, offset), offset, __ATOMIC_RELEASE);
    else
        zeroipc_priv_store32(at + offsetof(zeroipc_format_table_entry_v1, offset), (uint32_t)offset);
    ZEROIPC_TEST_POINT("create.placed");
    zeroipc_priv_store_next(memory, zeroipc_priv_round(offset + size, 8));
    ZEROIPC_TEST_POINT("create.moved");
    zeroipc_priv_store32(zeroipc_priv_count_at(memory), index + 1); /* SYNC table */
    ZEROIPC_TEST_POINT("create.counted");
}

/* Reserves and publishes an empty `.schema`, the first entry. */
static zeroipc_status zeroipc_priv_create_schema(zeroipc_memory *memory, int fd, uint64_t size)
{
    const uint64_t offset = memory->table_end;
    unsigned char *header = memory->base + offset;
    bool is_fresh = zeroipc_priv_is_fresh(memory, fd, offset, size);
    zeroipc_status status = zeroipc_priv_reserve(memory, "`.schema`", offset, size);
    if (status != ZEROIPC_OK)
        return status;
    ZEROIPC_TEST_POINT("create.schema.reserved");
    zeroipc_priv_clear(memory, offset, size, is_fresh);
    zeroipc_priv_store32(header + offsetof(zeroipc_format_schema_header, magic), ZEROIPC_FORMAT_SCHEMA_MAGIC);
    zeroipc_priv_store32(header + offsetof(zeroipc_format_schema_header, version), ZEROIPC_FORMAT_SCHEMA_VERSION);
    zeroipc_priv_store32(header + offsetof(zeroipc_format_schema_header, next_id), (uint32_t)zeroipc_priv_random());
    ZEROIPC_TEST_POINT("create.schema.initialised");
    zeroipc_priv_publish_entry(memory, 0, ZEROIPC_PRIV_SCHEMA_NAME, offset, size);
    return ZEROIPC_OK;
}

/* Writes the structure's own header, and the cells of a queue. */
static void zeroipc_priv_initialise(const zeroipc_priv_plan *plan, uint64_t offset)
{
    unsigned char *at = plan->memory->base + offset;
    const uint64_t stride = 8 + zeroipc_priv_round(plan->type->size, 8);
    uint64_t i;
    if (plan->kind == ZEROIPC_FORMAT_KIND_ARRAY) {
        zeroipc_priv_store64(at + offsetof(zeroipc_format_array_header, capacity), plan->capacity, __ATOMIC_RELAXED);
        return;
    }
    zeroipc_priv_store64(at + offsetof(zeroipc_format_queue_header, head), 0, __ATOMIC_RELAXED);
    zeroipc_priv_store64(at + offsetof(zeroipc_format_queue_header, tail), 0, __ATOMIC_RELAXED);
    zeroipc_priv_store64(at + offsetof(zeroipc_format_queue_header, capacity), plan->capacity, __ATOMIC_RELAXED);
    at += sizeof(zeroipc_format_queue_header);
    for (i = 0; i < plan->capacity; i++, at += stride)
        zeroipc_priv_store64(at, zeroipc_priv_empty(i), __ATOMIC_RELAXED);
}

static zeroipc_status zeroipc_priv_check_room(const zeroipc_priv_plan *plan, uint64_t start, uint64_t offset)
{
    /* Rounded down, so that `next_offset` stays within a foreign segment of an odd size. */
    const uint64_t limit = plan->memory->limit & ~UINT64_C(7);
    if (offset <= limit && plan->size <= limit - offset)
        return ZEROIPC_OK;
    return zeroipc_priv_fail(ZEROIPC_OUT_OF_SPACE,
                             "%s: %llu bytes are needed and %llu of the segment's %llu are free; create a larger segment",
                             plan->who, (unsigned long long)plan->size,
                             (unsigned long long)(start < limit ? limit - start : 0),
                             (unsigned long long)plan->memory->limit);
}

/* The stages of a creation, under the Lock. */
static zeroipc_status zeroipc_priv_create_locked(const zeroipc_priv_plan *plan, int fd, zeroipc_priv_entry *entry)
{
    zeroipc_memory *memory = plan->memory;
    zeroipc_priv_schema schema;
    zeroipc_priv_shown shown;
    zeroipc_status status;
    uint64_t start = 0, schema_size = 0;
    uint32_t count, used = 0;
    bool is_fresh;
    status = zeroipc_priv_find(memory, plan->name, entry);
    if (status == ZEROIPC_OK)
        return zeroipc_priv_fail(ZEROIPC_EXISTS, "%s: it exists already; open it, or choose another name", plan->who);
    if (status == ZEROIPC_NOT_FOUND)
        status = zeroipc_priv_load_count(memory, &count);
    if (status == ZEROIPC_OK)
        status = zeroipc_priv_find_schema(memory, &schema);
    if (status == ZEROIPC_OK)
        status = zeroipc_priv_start(memory, count, &start);
    if (status != ZEROIPC_OK)
        return status;
    if (count == 0 && !memory->duck_typed && memory->max_entries >= ZEROIPC_PRIV_MIN_SCHEMA_TABLE)
        schema_size = zeroipc_priv_schema_size(memory);
    if (count + (schema_size != 0) >= memory->max_entries)
        return zeroipc_priv_fail(ZEROIPC_TABLE_FULL,
                                 "%s: the table of segment `%s` has %u entries and all are taken; create the segment with a "
                                 "larger table",
                                 plan->who, zeroipc_priv_name(&shown, zeroipc_priv_segment(memory)), memory->max_entries);
    entry->offset = count == 0 && schema_size == 0
                        ? start
                        : zeroipc_priv_place(start + schema_size,
                                             plan->kind == ZEROIPC_FORMAT_KIND_ARRAY ? plan->type->align : 1);
    entry->size = plan->size;
    status = zeroipc_priv_check_room(plan, start + schema_size, entry->offset);
    if (status != ZEROIPC_OK)
        return status;
    if (schema_size != 0) {
        zeroipc_priv_entry passport;
        passport.offset = start;
        passport.size = schema_size;
        zeroipc_priv_place_schema(memory, &passport, &schema);
    } else if (schema.header != NULL) {
        status = zeroipc_priv_trim(memory, &schema, count, &used);
        if (status != ZEROIPC_OK)
            return status;
    }
    if (schema.header != NULL && schema.size - used < zeroipc_priv_record_length(plan))
        return zeroipc_priv_fail(ZEROIPC_SCHEMA_FULL,
                                 "%s: its record needs %u bytes and `.schema` has %u of %u free; create a larger segment, or "
                                 "a duck-typed one",
                                 plan->who, zeroipc_priv_record_length(plan), schema.size - used, schema.size);
    ZEROIPC_TEST_POINT("create.checked");
    is_fresh = zeroipc_priv_is_fresh(memory, fd, entry->offset, entry->size);
    status = zeroipc_priv_reserve(memory, plan->who, entry->offset, entry->size);
    if (status == ZEROIPC_OK && schema_size != 0)
        status = zeroipc_priv_create_schema(memory, fd, schema_size);
    if (status != ZEROIPC_OK)
        return status;
    ZEROIPC_TEST_POINT("create.reserved");
    zeroipc_priv_clear(memory, entry->offset, entry->size, is_fresh);
    zeroipc_priv_initialise(plan, entry->offset);
    ZEROIPC_TEST_POINT("create.initialised");
    if (schema.header != NULL)
        zeroipc_priv_write_record(plan, &schema, used, entry->offset);
    zeroipc_priv_publish_entry(memory, count + (schema_size != 0), plan->name, entry->offset, entry->size);
    return ZEROIPC_OK;
}

static zeroipc_status zeroipc_priv_create(const zeroipc_priv_plan *plan, zeroipc_priv_entry *entry)
{
    zeroipc_memory *memory = plan->memory;
    zeroipc_priv_shown shown;
    zeroipc_status status;
    int fd, error;
    if (memory->read_only)
        return zeroipc_priv_fail(ZEROIPC_READ_ONLY, "%s: it cannot be created through a read-only handle; open the segment "
                                                    "for writing",
                                 plan->who);
    if (plan->name[0] == '.')
        return zeroipc_priv_fail(ZEROIPC_BAD_NAME,
                                 "structure name `%s`: names that begin with `.` are kept for the library; begin with a "
                                 "letter",
                                 zeroipc_priv_name(&shown, plan->name));
    status = zeroipc_priv_check_name("structure", plan->name, plan->name, ZEROIPC_PRIV_NAME_LENGTH);
    if (status == ZEROIPC_OK)
        status = zeroipc_priv_be_anchored(memory);
    if (status != ZEROIPC_OK)
        return status;
    fd = zeroipc_priv_reopen(memory, O_RDWR);
    if (fd < 0)
        return zeroipc_priv_fail_system(memory->path, "open it a second time", errno);
    error = zeroipc_priv_lock_within(fd, F_WRLCK, ZEROIPC_FORMAT_CREATION_LOCK, ZEROIPC_PRIV_LOCK_NS);
    ZEROIPC_TEST_POINT("create.locked");
    if (error == EAGAIN)
        status = zeroipc_priv_fail(ZEROIPC_TIMED_OUT,
                                   "%s: another process has held the creation lock for 10 seconds; end that process",
                                   plan->who);
    else if (error != 0)
        status = zeroipc_priv_fail_locks(memory, strerror(error));
    else
        status = zeroipc_priv_create_locked(plan, fd, entry);
    if (error == 0)
        (void)zeroipc_priv_lock(fd, F_UNLCK, ZEROIPC_FORMAT_CREATION_LOCK);
    (void)close(fd);
    ZEROIPC_TEST_POINT("create.unlocked");
    return status;
}

/* Finds a structure and refuses the wrong one. `*recorded`: it has a record, so its cells need no look. */
static zeroipc_status zeroipc_priv_lookup(const zeroipc_priv_plan *plan, zeroipc_priv_entry *entry, bool *recorded)
{
    zeroipc_format_schema_record record;
    zeroipc_priv_schema schema;
    zeroipc_status status;
    uint32_t at = 0;
    if (strlen(plan->name) > ZEROIPC_PRIV_NAME_LENGTH || plan->name[0] == 0)
        return zeroipc_priv_check_name("structure", plan->name, plan->name, ZEROIPC_PRIV_NAME_LENGTH);
    status = zeroipc_priv_find(plan->memory, plan->name, entry);
    if (status == ZEROIPC_OK)
        status = zeroipc_priv_find_schema(plan->memory, &schema);
    if (status != ZEROIPC_OK)
        return status;
    if (schema.header == plan->memory->base + entry->offset)
        return zeroipc_priv_fail(ZEROIPC_KIND_MISMATCH, "%s: it holds the library's records; choose another name", plan->who);
    status = zeroipc_priv_find_record(plan->memory, &schema, entry, &record, &at, recorded);
    if (status == ZEROIPC_OK && *recorded)
        status = zeroipc_priv_check_record(plan, &schema, &record, at);
    return status;
}

enum { ZEROIPC_PRIV_OPEN, ZEROIPC_PRIV_CREATE, ZEROIPC_PRIV_OPEN_OR_CREATE };

static zeroipc_status zeroipc_priv_structure(const zeroipc_priv_plan *plan, int how, zeroipc_priv_entry *entry,
                                             bool *recorded)
{
    zeroipc_priv_shown shown;
    zeroipc_status status = ZEROIPC_NOT_FOUND;
    *recorded = true;
    if (how != ZEROIPC_PRIV_CREATE) {
        status = zeroipc_priv_lookup(plan, entry, recorded);
        if (status == ZEROIPC_NOT_FOUND && how == ZEROIPC_PRIV_OPEN)
            return zeroipc_priv_fail(ZEROIPC_NOT_FOUND, "%s: segment `%s` has no such structure; create it, or check the name",
                                     plan->who, zeroipc_priv_name(&shown, zeroipc_priv_segment(plan->memory)));
        if (status == ZEROIPC_OK)
            return zeroipc_priv_be_anchored(plan->memory);
    }
    if (status == ZEROIPC_NOT_FOUND)
        status = zeroipc_priv_create(plan, entry);
    if (status == ZEROIPC_EXISTS && how == ZEROIPC_PRIV_OPEN_OR_CREATE)
        status = zeroipc_priv_lookup(plan, entry, recorded);
    return status;
}

/* The stored capacity and size do not fit together. */
ZEROIPC_PRIV_COLD static zeroipc_status zeroipc_priv_fail_fit(const zeroipc_priv_plan *plan, uint64_t capacity,
                                                              uint64_t size)
{
    return zeroipc_priv_fail(ZEROIPC_CORRUPT,
                             "%s: its capacity of %llu elements of %u bytes does not make the %llu bytes that the table "
                             "gives it; the element type is another, or the segment is damaged",
                             plan->who, (unsigned long long)capacity, plan->type->size, (unsigned long long)size);
}

static zeroipc_status zeroipc_priv_check_capacity(const zeroipc_priv_plan *plan, int how, uint64_t found)
{
    if (how != ZEROIPC_PRIV_OPEN_OR_CREATE || found == plan->capacity)
        return ZEROIPC_OK;
    return zeroipc_priv_fail(ZEROIPC_BAD_ARGUMENT,
                             "%s: it exists with a capacity of %llu and %llu was asked for; ask for the same, or open it",
                             plan->who, (unsigned long long)found, (unsigned long long)plan->capacity);
}

/* ---- Array: docs/format.md 5 ------------------------------------------------------------------------------------- */

static zeroipc_status zeroipc_priv_array(zeroipc_array *array, zeroipc_memory *memory, const char *name,
                                         const zeroipc_type *type, uint64_t capacity, int how)
{
    const uint64_t head = sizeof(zeroipc_format_array_header);
    zeroipc_priv_entry entry;
    zeroipc_priv_plan plan;
    zeroipc_status status;
    uint64_t found;
    bool recorded;
    memset(array, 0, sizeof *array);
    status = zeroipc_priv_make_plan(&plan, memory, ZEROIPC_FORMAT_KIND_ARRAY, name, type, capacity);
    if (status != ZEROIPC_OK)
        return status;
    if (how != ZEROIPC_PRIV_OPEN && (capacity == 0 || capacity > (ZEROIPC_PRIV_MAX_SIZE - head) / type->size))
        return zeroipc_priv_fail(ZEROIPC_BAD_ARGUMENT, "%s: a capacity of %llu was asked for; choose 1 or more that fit the "
                                                       "segment",
                                 plan.who, (unsigned long long)capacity);
    if (how != ZEROIPC_PRIV_OPEN)
        plan.size = head + capacity * type->size;
    status = zeroipc_priv_structure(&plan, how, &entry, &recorded);
    if (status != ZEROIPC_OK)
        return status;
    if (entry.size < head)
        return zeroipc_priv_fail_fit(&plan, 0, entry.size);
    found = zeroipc_priv_load64(memory->base + entry.offset + offsetof(zeroipc_format_array_header, capacity),
                                __ATOMIC_RELAXED);
    if (found == 0 || found > (entry.size - head) / type->size || head + found * type->size != entry.size)
        return zeroipc_priv_fail_fit(&plan, found, entry.size);
    status = zeroipc_priv_check_capacity(&plan, how, found);
    if (status != ZEROIPC_OK)
        return status;
    array->data = memory->base + entry.offset + head;
    array->capacity = found;
    array->element_size = type->size;
    array->scalar = plan.scalar;
    array->read_only = memory->read_only;
    memcpy(array->name, name, strlen(name));
    return ZEROIPC_OK;
}

zeroipc_status zeroipc_array_create(zeroipc_array *array, zeroipc_memory *memory, const char *name,
                                    const zeroipc_type *type, uint64_t capacity)
{
    return zeroipc_priv_array(array, memory, name, type, capacity, ZEROIPC_PRIV_CREATE);
}

zeroipc_status zeroipc_array_open(zeroipc_array *array, zeroipc_memory *memory, const char *name,
                                  const zeroipc_type *type)
{
    return zeroipc_priv_array(array, memory, name, type, 0, ZEROIPC_PRIV_OPEN);
}

zeroipc_status zeroipc_array_open_or_create(zeroipc_array *array, zeroipc_memory *memory, const char *name,
                                            const zeroipc_type *type, uint64_t capacity)
{
    return zeroipc_priv_array(array, memory, name, type, capacity, ZEROIPC_PRIV_OPEN_OR_CREATE);
}

void zeroipc_array_close(zeroipc_array *array) { memset(array, 0, sizeof *array); }

ZEROIPC_PRIV_COLD zeroipc_status zeroipc_priv_array_refuse(const zeroipc_array *array, uint64_t index, uint64_t count,
                                                           bool writes)
{
    zeroipc_priv_shown shown;
    const char *name = zeroipc_priv_name(&shown, array->name);
    if (array->data == NULL)
        return zeroipc_priv_fail_closed("array");
    if (writes && array->read_only)
        return zeroipc_priv_fail(ZEROIPC_READ_ONLY, "array `%s`: it was opened read-only; open the segment for writing", name);
    if (index < array->capacity && count <= array->capacity - index)
        return ZEROIPC_OK;
    return zeroipc_priv_fail(ZEROIPC_OUT_OF_BOUNDS,
                             "array `%s`: %llu elements from index %llu were asked for and the array has %llu", name,
                             (unsigned long long)count, (unsigned long long)index, (unsigned long long)array->capacity);
}

/* OK when only the element's size is known, and it fits. */
ZEROIPC_PRIV_COLD zeroipc_status zeroipc_priv_array_refuse_atomic(const zeroipc_array *array, uint64_t index,
                                                                  bool writes, uint8_t scalar, uint32_t size)
{
    zeroipc_priv_shown shown;
    zeroipc_status status = zeroipc_priv_array_refuse(array, index, 1, writes);
    if (status != ZEROIPC_OK || array->scalar == scalar || (array->scalar == 0 && array->element_size == size))
        return status;
    return zeroipc_priv_fail(ZEROIPC_TYPE_MISMATCH,
                             "array `%s`: an operation on %s was asked for and its elements are %s of %u bytes; use the "
                             "operation of their type",
                             zeroipc_priv_name(&shown, array->name), zeroipc_priv_scalars[scalar].name,
                             array->scalar == 0 ? "structs" : zeroipc_priv_scalars[array->scalar].name,
                             array->element_size);
}

zeroipc_status zeroipc_array_read(const zeroipc_array *array, uint64_t start, void *values, uint64_t count)
{
    if (count == 0 && array->data != NULL && start <= array->capacity)
        return ZEROIPC_OK;
    if (start >= array->capacity || count > array->capacity - start)
        return zeroipc_priv_array_refuse(array, start, count, false);
    zeroipc_priv_read(values, array->data + start * array->element_size, count * array->element_size);
    return ZEROIPC_OK;
}

zeroipc_status zeroipc_array_write(zeroipc_array *array, uint64_t start, const void *values, uint64_t count)
{
    if (count == 0 && array->data != NULL && start <= array->capacity && !array->read_only)
        return ZEROIPC_OK;
    if (start >= array->capacity || count > array->capacity - start || array->read_only)
        return zeroipc_priv_array_refuse(array, start, count, true);
    zeroipc_priv_write(array->data + start * array->element_size, values, count * array->element_size);
    return ZEROIPC_OK;
}

zeroipc_status zeroipc_array_fill(zeroipc_array *array, const void *value)
{
    const uint64_t size = array->element_size;
    unsigned char pattern[8];
    uint64_t i;
    if (array->data == NULL || array->read_only)
        return zeroipc_priv_array_refuse(array, 0, array->capacity, true);
    if (size == 1 || size == 2 || size == 4 || size == 8) {
        const uint64_t bytes = array->capacity * size;
        for (i = 0; i < 8; i += size)
            memcpy(pattern + i, value, size);
        for (i = 0; i < bytes; i += 8) /* the data is aligned to 8 */
            zeroipc_priv_write(array->data + i, pattern, bytes - i < 8 ? bytes - i : 8);
        return ZEROIPC_OK;
    }
    for (i = 0; i < array->capacity; i++)
        zeroipc_priv_write(array->data + i * size, value, size);
    return ZEROIPC_OK;
}

/* ---- Queue: docs/format.md 6 ------------------------------------------------------------------------------------- */

/* Whether every cell's tag and position are possible. */
static zeroipc_status zeroipc_priv_check_cells(const zeroipc_priv_plan *plan, const unsigned char *cells,
                                               uint64_t capacity, uint64_t stride)
{
    uint64_t i;
    for (i = 0; i < capacity; i++) {
        uint64_t state = zeroipc_priv_load64(cells + i * stride, __ATOMIC_RELAXED);
        uint64_t tag = state & ZEROIPC_FORMAT_CELL_TAG_MASK;
        uint64_t position = tag == ZEROIPC_FORMAT_CELL_WRITING ? state >> ZEROIPC_FORMAT_CELL_WRITING_POSITION_SHIFT
                                                               : state >> ZEROIPC_FORMAT_CELL_POSITION_SHIFT;
        if (tag == 0 || (position & (capacity - 1)) != i)
            return zeroipc_priv_fail(ZEROIPC_CORRUPT,
                                     "%s: cell %llu holds the state 0x%llx, which no queue has there; it is no queue, or the "
                                     "segment is damaged",
                                     plan->who, (unsigned long long)i, (unsigned long long)state);
    }
    return ZEROIPC_OK;
}

static zeroipc_status zeroipc_priv_queue(zeroipc_queue *queue, zeroipc_memory *memory, const char *name,
                                         const zeroipc_type *type, uint64_t capacity, int how)
{
    const uint64_t head = sizeof(zeroipc_format_queue_header);
    zeroipc_priv_entry entry;
    zeroipc_priv_plan plan;
    zeroipc_status status;
    uint64_t found, stride;
    bool recorded;
    memset(queue, 0, sizeof *queue);
    status = zeroipc_priv_make_plan(&plan, memory, ZEROIPC_FORMAT_KIND_QUEUE, name, type, capacity);
    if (status != ZEROIPC_OK)
        return status;
    if (how != ZEROIPC_PRIV_OPEN && (capacity == 0 || capacity > ZEROIPC_FORMAT_MAX_QUEUE_CAPACITY))
        return zeroipc_priv_fail(ZEROIPC_BAD_ARGUMENT, "%s: a capacity of %llu was asked for; choose 1 to 2^31", plan.who,
                                 (unsigned long long)capacity);
    stride = 8 + zeroipc_priv_round(type->size, 8);
    for (plan.capacity = 1; plan.capacity < capacity;)
        plan.capacity *= 2;
    plan.size = head + plan.capacity * stride;
    status = zeroipc_priv_structure(&plan, how, &entry, &recorded);
    if (status != ZEROIPC_OK)
        return status;
    if (entry.size < head)
        return zeroipc_priv_fail_fit(&plan, 0, entry.size);
    found = zeroipc_priv_load64(memory->base + entry.offset + offsetof(zeroipc_format_queue_header, capacity),
                                __ATOMIC_RELAXED);
    if (found == 0 || (found & (found - 1)) != 0 || found > ZEROIPC_FORMAT_MAX_QUEUE_CAPACITY ||
        head + found * stride != entry.size)
        return zeroipc_priv_fail_fit(&plan, found, entry.size);
    status = zeroipc_priv_check_capacity(&plan, how, found);
    if (status == ZEROIPC_OK && !recorded)
        status = zeroipc_priv_check_cells(&plan, memory->base + entry.offset + head, found, stride);
    if (status != ZEROIPC_OK)
        return status;
    queue->header = memory->base + entry.offset;
    queue->cells = queue->header + head;
    queue->me = memory->read_only ? NULL : &memory->self->writing;
    queue->mask = found - 1;
    queue->stride = stride;
    queue->element_size = type->size;
    queue->memory = memory;
    memcpy(queue->name, name, strlen(name));
    return ZEROIPC_OK;
}

zeroipc_status zeroipc_queue_create(zeroipc_queue *queue, zeroipc_memory *memory, const char *name,
                                    const zeroipc_type *type, uint64_t capacity)
{
    return zeroipc_priv_queue(queue, memory, name, type, capacity, ZEROIPC_PRIV_CREATE);
}

zeroipc_status zeroipc_queue_open(zeroipc_queue *queue, zeroipc_memory *memory, const char *name,
                                  const zeroipc_type *type)
{
    return zeroipc_priv_queue(queue, memory, name, type, 0, ZEROIPC_PRIV_OPEN);
}

zeroipc_status zeroipc_queue_open_or_create(zeroipc_queue *queue, zeroipc_memory *memory, const char *name,
                                            const zeroipc_type *type, uint64_t capacity)
{
    return zeroipc_priv_queue(queue, memory, name, type, capacity, ZEROIPC_PRIV_OPEN_OR_CREATE);
}

void zeroipc_queue_close(zeroipc_queue *queue) { memset(queue, 0, sizeof *queue); }

/* Where an operation stopped, and the state that it stopped at: what a wait waits on. */
typedef struct zeroipc_priv_stop {
    unsigned char *cell;
    uint64_t seen;
} zeroipc_priv_stop;

/* A walk over the cells from a hint. It gives up when it has gone too far while nothing moved. */
typedef struct zeroipc_priv_walk {
    const zeroipc_queue *queue;
    const unsigned char *hint_at;
    uint64_t hint;
    uint64_t first;    /* the state of the first cell */
    uint64_t steps;
    uint64_t position; /* where the walk stands */
    unsigned char *cell;
    uint64_t seen; /* the cell's state */
    uint64_t tag;
    uint64_t at; /* the cell's position */
} zeroipc_priv_walk;

static void zeroipc_priv_walk_from(zeroipc_priv_walk *walk, const zeroipc_queue *queue, size_t hint)
{
    memset(walk, 0, sizeof *walk);
    walk->queue = queue;
    walk->hint_at = queue->header + hint;
    walk->hint = zeroipc_priv_load64(walk->hint_at, __ATOMIC_RELAXED);
    walk->position = walk->hint & ZEROIPC_PRIV_POSITIONS;
    walk->first = zeroipc_priv_load64(zeroipc_priv_cell(queue, walk->position), __ATOMIC_RELAXED);
}

ZEROIPC_PRIV_COLD static zeroipc_status zeroipc_priv_fail_cell(const zeroipc_queue *queue, uint64_t position,
                                                               uint64_t state, const char *what)
{
    zeroipc_priv_shown shown;
    return zeroipc_priv_fail(ZEROIPC_CORRUPT,
                             "queue `%s`: cell %llu holds the state 0x%llx, %s; the segment is damaged: remove it and "
                             "create it anew",
                             zeroipc_priv_name(&shown, queue->name), (unsigned long long)(position & queue->mask),
                             (unsigned long long)state, what);
}

/* The full position of a WRITING cell: of those with these low bits the one nearest to where it is seen from. */
static uint64_t zeroipc_priv_nearest(uint64_t from, uint64_t low)
{
    const unsigned unused = 64 - ZEROIPC_FORMAT_CELL_WRITING_POSITION_BITS;
    return from + (uint64_t)((int64_t)((low - from) << unused) >> unused);
}

/* Looks at the cell where the walk stands. */
static inline zeroipc_status zeroipc_priv_look(zeroipc_priv_walk *walk)
{
    const zeroipc_queue *queue = walk->queue;
    if (++walk->steps > 2 * (queue->mask + 1) + 64) {
        uint64_t hint = walk->hint, first = walk->first;
        zeroipc_priv_walk_from(walk, queue, (size_t)(walk->hint_at - queue->header));
        if (walk->hint == hint && walk->first == first)
            return zeroipc_priv_fail_cell(queue, walk->position, first, "from which no walk finds an end");
    }
    walk->cell = zeroipc_priv_cell(queue, walk->position);
    walk->seen = zeroipc_priv_load64(walk->cell, __ATOMIC_ACQUIRE); /* SYNC push, SYNC pop */
    walk->tag = walk->seen & ZEROIPC_FORMAT_CELL_TAG_MASK;
    walk->at = walk->tag == ZEROIPC_FORMAT_CELL_WRITING
                   ? zeroipc_priv_nearest(walk->position, walk->seen >> ZEROIPC_FORMAT_CELL_WRITING_POSITION_SHIFT)
                   : walk->seen >> ZEROIPC_FORMAT_CELL_POSITION_SHIFT;
    if (walk->tag == 0)
        return zeroipc_priv_fail_cell(queue, walk->position, walk->seen, "which is none");
    if (((walk->at ^ walk->position) & queue->mask) != 0 || walk->at > ZEROIPC_PRIV_POSITIONS)
        return zeroipc_priv_fail_cell(queue, walk->position, walk->seen, "whose position belongs to another cell");
    return ZEROIPC_OK;
}

/* EMPTY(p) and everything later prove that all before p - capacity + 1 was claimed. */
static inline void zeroipc_priv_step_back(zeroipc_priv_walk *walk)
{
    walk->position = walk->at > walk->queue->mask ? walk->at - walk->queue->mask : 0;
}

void zeroipc_priv_wake(unsigned char *cell)
{
    (void)syscall(SYS_futex, cell, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/* The walk stands at WRITING: true when it should look again, because the state changed or its dead owner's claim was
 * taken back; false when the owner is alive. */
ZEROIPC_PRIV_COLD static bool zeroipc_priv_unblock(zeroipc_priv_walk *walk)
{
    const uint64_t owners = (UINT64_C(1) << ZEROIPC_FORMAT_CELL_OWNER_BITS) - 1;
    uint32_t owner = (uint32_t)(walk->seen >> ZEROIPC_FORMAT_CELL_OWNER_SHIFT & owners);
    int spins;
    for (spins = 0; spins < ZEROIPC_PRIV_SPINS; spins++) {
        if (zeroipc_priv_load64(walk->cell, __ATOMIC_RELAXED) != walk->seen)
            return true;
        zeroipc_priv_pause();
    }
    if (zeroipc_memory_is_alive(walk->queue->memory, owner))
        return zeroipc_priv_load64(walk->cell, __ATOMIC_RELAXED) != walk->seen;
    ZEROIPC_TEST_POINT("queue.recover.dead");
    if (zeroipc_priv_exchange(walk->cell, &walk->seen, zeroipc_priv_empty(walk->at + walk->queue->mask + 1))) {
        ZEROIPC_TEST_POINT("queue.recover.freed");
        zeroipc_priv_wake(walk->cell);
        ZEROIPC_TEST_POINT("queue.recover.woken");
    }
    return true;
}

/* One attempt to push: OK, FULL with where it stopped, or an error. */
static zeroipc_status zeroipc_priv_push_once(zeroipc_queue *queue, const void *value, zeroipc_priv_stop *stop)
{
    const uint64_t capacity = queue->mask + 1;
    zeroipc_priv_walk walk;
    zeroipc_status status;
    uint64_t me;
    status = zeroipc_priv_be_anchored(queue->memory);
    me = __atomic_load_n(queue->me, __ATOMIC_RELAXED);
    zeroipc_priv_walk_from(&walk, queue, offsetof(zeroipc_format_queue_header, tail));
    while (status == ZEROIPC_OK && (status = zeroipc_priv_look(&walk)) == ZEROIPC_OK) {
        if (walk.tag == ZEROIPC_FORMAT_CELL_EMPTY) {
            if (walk.at != walk.position) {
                zeroipc_priv_step_back(&walk);
            } else if (zeroipc_priv_exchange(walk.cell, &walk.seen, zeroipc_priv_writing(me, walk.position))) {
                zeroipc_priv_publish(queue, walk.cell, walk.position, walk.seen, value);
                return ZEROIPC_OK;
            }
        } else if (walk.at + capacity != walk.position) {
            walk.position = walk.at + 1; /* claimed in this lap or a later one; or the hint was far too high */
        } else if (walk.tag == ZEROIPC_FORMAT_CELL_FULL || !zeroipc_priv_unblock(&walk)) {
            stop->cell = walk.cell;
            stop->seen = walk.seen;
            return ZEROIPC_FULL;
        }
    }
    return status;
}

/* One attempt to pop: OK, EMPTY with where it stopped, or an error. */
static zeroipc_status zeroipc_priv_pop_once(zeroipc_queue *queue, void *value, zeroipc_priv_stop *stop)
{
    zeroipc_priv_walk walk;
    zeroipc_status status;
    zeroipc_priv_walk_from(&walk, queue, offsetof(zeroipc_format_queue_header, head));
    while ((status = zeroipc_priv_look(&walk)) == ZEROIPC_OK) {
        if (walk.at != walk.position) {
            zeroipc_priv_step_back(&walk);
        } else if (walk.tag == ZEROIPC_FORMAT_CELL_FULL) {
            zeroipc_priv_copy_out(value, walk.cell + 8, queue->element_size);
            if (zeroipc_priv_consume(queue, walk.cell, walk.position, walk.seen))
                return ZEROIPC_OK;
        } else if (walk.tag == ZEROIPC_FORMAT_CELL_EMPTY || !zeroipc_priv_unblock(&walk)) {
            stop->cell = walk.cell;
            stop->seen = walk.seen;
            return ZEROIPC_EMPTY;
        }
    }
    return status;
}

/* How long a wait may last, and how it goes on. */
typedef struct zeroipc_priv_wait {
    int64_t timeout_ms;
    uint64_t deadline; /* 0 until the clock was read */
    uint64_t nap;      /* the next sleep on WRITING */
} zeroipc_priv_wait;

static zeroipc_priv_wait zeroipc_priv_wait_of(int64_t timeout_ms)
{
    zeroipc_priv_wait wait;
    wait.timeout_ms = timeout_ms;
    wait.deadline = 0;
    wait.nap = ZEROIPC_PRIV_MS;
    return wait;
}

/* Sleeps while the low half of the word is `seen`'s, at most `longest`. */
static zeroipc_status zeroipc_priv_sleep(zeroipc_priv_wait *wait, unsigned char *cell, uint64_t seen, uint64_t longest)
{
    struct timespec time;
    if (wait->timeout_ms >= 0) {
        const uint64_t now = zeroipc_priv_now(), most = UINT64_MAX / 2 / ZEROIPC_PRIV_MS;
        if (wait->deadline == 0)
            wait->deadline = now + ((uint64_t)wait->timeout_ms < most ? (uint64_t)wait->timeout_ms : most) * ZEROIPC_PRIV_MS;
        if (now >= wait->deadline)
            return ZEROIPC_TIMED_OUT;
        longest = longest < wait->deadline - now ? longest : wait->deadline - now;
    }
    time.tv_sec = (time_t)(longest / UINT64_C(1000000000));
    time.tv_nsec = (long)(longest % UINT64_C(1000000000));
    (void)syscall(SYS_futex, cell, FUTEX_WAIT, (uint32_t)seen, &time, NULL, 0);
    return ZEROIPC_OK;
}

/* Waits until the state where an operation stopped may have changed. */
static zeroipc_status zeroipc_priv_wait_for(zeroipc_priv_wait *wait, const zeroipc_priv_stop *stop)
{
    uint64_t seen = stop->seen, nap = wait->nap;
    int spins;
    if ((seen & ZEROIPC_FORMAT_CELL_TAG_MASK) == ZEROIPC_FORMAT_CELL_WRITING) {
        wait->nap = nap * 2 < 50 * ZEROIPC_PRIV_MS ? nap * 2 : 50 * ZEROIPC_PRIV_MS;
        return zeroipc_priv_sleep(wait, stop->cell, seen, nap);
    }
    wait->nap = ZEROIPC_PRIV_MS;
    if (wait->timeout_ms == 0)
        return ZEROIPC_TIMED_OUT;
    for (spins = 0; spins < ZEROIPC_PRIV_SPINS; spins++) {
        if (zeroipc_priv_load64(stop->cell, __ATOMIC_RELAXED) != seen)
            return ZEROIPC_OK;
        zeroipc_priv_pause();
    }
    if ((seen & ZEROIPC_FORMAT_CELL_WAIT_BIT) == 0 &&
        !zeroipc_priv_exchange(stop->cell, &seen, seen | ZEROIPC_FORMAT_CELL_WAIT_BIT))
        return ZEROIPC_OK;
    ZEROIPC_TEST_POINT("queue.wait.marked");
    return zeroipc_priv_sleep(wait, stop->cell, seen | ZEROIPC_FORMAT_CELL_WAIT_BIT,
                              ZEROIPC_FORMAT_WAIT_SLICE_MS * ZEROIPC_PRIV_MS);
}

ZEROIPC_PRIV_COLD static zeroipc_status zeroipc_priv_refuse_queue(const zeroipc_queue *queue)
{
    zeroipc_priv_shown shown;
    if (queue->memory == NULL)
        return zeroipc_priv_fail_closed("queue");
    return zeroipc_priv_fail(ZEROIPC_READ_ONLY,
                             "queue `%s`: it was opened read-only, and pushing and popping write; open the segment for "
                             "writing",
                             zeroipc_priv_name(&shown, queue->name));
}

static zeroipc_status zeroipc_priv_push_within(zeroipc_queue *queue, const void *value, zeroipc_priv_wait *wait)
{
    zeroipc_priv_stop stop;
    for (;;) {
        zeroipc_status status = zeroipc_priv_push_once(queue, value, &stop);
        if (status != ZEROIPC_FULL || wait == NULL)
            return status;
        status = zeroipc_priv_wait_for(wait, &stop);
        if (status != ZEROIPC_OK)
            return status;
    }
}

static zeroipc_status zeroipc_priv_pop_within(zeroipc_queue *queue, void *value, zeroipc_priv_wait *wait)
{
    zeroipc_priv_stop stop;
    for (;;) {
        zeroipc_status status = zeroipc_priv_pop_once(queue, value, &stop);
        if (status != ZEROIPC_EMPTY || wait == NULL)
            return status;
        status = zeroipc_priv_wait_for(wait, &stop);
        if (status != ZEROIPC_OK)
            return status;
    }
}

zeroipc_status zeroipc_priv_push_slow(zeroipc_queue *queue, const void *value, bool waits, int64_t timeout_ms)
{
    zeroipc_priv_wait wait = zeroipc_priv_wait_of(timeout_ms);
    if (queue->me == NULL)
        return zeroipc_priv_refuse_queue(queue);
    return zeroipc_priv_push_within(queue, value, waits ? &wait : NULL);
}

zeroipc_status zeroipc_priv_pop_slow(zeroipc_queue *queue, void *value, bool waits, int64_t timeout_ms)
{
    zeroipc_priv_wait wait = zeroipc_priv_wait_of(timeout_ms);
    if (queue->me == NULL)
        return zeroipc_priv_refuse_queue(queue);
    return zeroipc_priv_pop_within(queue, value, waits ? &wait : NULL);
}

zeroipc_status zeroipc_queue_push_many(zeroipc_queue *queue, const void *values, uint64_t count, int64_t timeout_ms,
                                       uint64_t *done)
{
    const unsigned char *value = (const unsigned char *)values;
    zeroipc_priv_wait wait = zeroipc_priv_wait_of(timeout_ms);
    zeroipc_status status = queue->me == NULL ? zeroipc_priv_refuse_queue(queue) : ZEROIPC_OK;
    uint64_t i = 0;
    while (status == ZEROIPC_OK && i < count) {
        if (!zeroipc_priv_push_fast(queue, value))
            status = zeroipc_priv_push_within(queue, value, &wait);
        i += status == ZEROIPC_OK;
        value += queue->element_size;
    }
    if (done != NULL)
        *done = i;
    return status;
}

zeroipc_status zeroipc_queue_pop_many(zeroipc_queue *queue, void *values, uint64_t count, int64_t timeout_ms,
                                      uint64_t *done)
{
    unsigned char *value = (unsigned char *)values;
    zeroipc_priv_wait wait = zeroipc_priv_wait_of(timeout_ms);
    zeroipc_status status = queue->me == NULL ? zeroipc_priv_refuse_queue(queue) : ZEROIPC_OK;
    uint64_t i = 0;
    while (status == ZEROIPC_OK && i < count) {
        if (!zeroipc_priv_pop_fast(queue, value))
            status = zeroipc_priv_pop_within(queue, value, i == 0 ? &wait : NULL);
        i += status == ZEROIPC_OK;
        value += queue->element_size;
    }
    if (done != NULL)
        *done = i;
    return status == ZEROIPC_EMPTY && i != 0 ? ZEROIPC_OK : status;
}

/* The first position that is not consumed, or not claimed; the hint where the cells say nothing sensible. */
static uint64_t zeroipc_priv_find_head(const zeroipc_queue *queue)
{
    zeroipc_priv_walk walk;
    zeroipc_priv_walk_from(&walk, queue, offsetof(zeroipc_format_queue_header, head));
    while (zeroipc_priv_look(&walk) == ZEROIPC_OK) {
        if (walk.at == walk.position)
            return walk.position;
        zeroipc_priv_step_back(&walk);
    }
    return walk.hint;
}

static uint64_t zeroipc_priv_find_tail(const zeroipc_queue *queue)
{
    zeroipc_priv_walk walk;
    zeroipc_priv_walk_from(&walk, queue, offsetof(zeroipc_format_queue_header, tail));
    while (zeroipc_priv_look(&walk) == ZEROIPC_OK) {
        if (walk.tag == ZEROIPC_FORMAT_CELL_EMPTY) {
            if (walk.at == walk.position)
                return walk.position;
            zeroipc_priv_step_back(&walk);
        } else if (walk.at + queue->mask + 1 == walk.position) {
            return walk.position;
        } else {
            walk.position = walk.at + 1;
        }
    }
    return walk.hint;
}

uint64_t zeroipc_queue_len(const zeroipc_queue *queue)
{
    uint64_t head, tail;
    if (queue->memory == NULL)
        return 0;
    head = zeroipc_priv_find_head(queue);
    tail = zeroipc_priv_find_tail(queue);
    if (tail <= head)
        return 0;
    return tail - head > queue->mask ? queue->mask + 1 : tail - head;
}

#ifdef __cplusplus
}
#endif

#endif /* ZEROIPC_IMPLEMENTATION */
