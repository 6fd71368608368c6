/* Segments, the table of both versions, `.schema`, names, options, and what the errors say. */
/* The library's calls of fallocate come by here: some are interrupted, or find no memory. */
#define fallocate counted_fallocate
#include "check.h"
#undef fallocate
#include "vectors.h"

#include <sys/resource.h>

static int allocate_fail_at = -1, allocate_error, allocate_calls;
static off_t allocate_from[16], allocate_size[16];

int counted_fallocate(int fd, int mode, off_t from, off_t size)
{
    int call = allocate_calls++;
    if (call < 16) {
        allocate_from[call] = from;
        allocate_size[call] = mode == 0 ? size : -size;
    }
    if (call == allocate_fail_at) {
        errno = allocate_error;
        return -1;
    }
    return (int)syscall(SYS_fallocate, fd, mode, from, size);
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const zeroipc_options standard = ZEROIPC_OPTIONS_DEFAULT;

static const zeroipc_type *scalar_named(const char *name)
{
    return strcmp(name, "f32") == 0 ? &zeroipc_f32 : strcmp(name, "i32") == 0 ? &zeroipc_i32 : &zeroipc_u64;
}

static void read_head(const char *name, unsigned char *bytes, size_t size)
{
    char path[300];
    int fd;
    (void)snprintf(path, sizeof path, "/dev/shm%s", name);
    fd = open(path, O_RDONLY);
    CHECK(fd >= 0 && read(fd, bytes, size) == (ssize_t)size);
    (void)close(fd);
}

static void patch(const char *name, off_t at, const void *bytes, size_t size)
{
    char path[300];
    int fd;
    (void)snprintf(path, sizeof path, "/dev/shm%s", name);
    fd = open(path, O_RDWR);
    CHECK(fd >= 0 && pwrite(fd, bytes, size, at) == (ssize_t)size);
    (void)close(fd);
}

static void patch32(const char *name, off_t at, uint32_t value) { patch(name, at, &value, 4); }

/* The bytes of schemas/format/segments.json: written by this library, and opened after another wrote them. */
static void vectors_segments(void)
{
    size_t i, j;
    for (i = 0; i < COUNT(segment_vectors); i++) {
        const segment_vector *v = &segment_vectors[i];
        const char *name = named("vector");
        zeroipc_options options = ZEROIPC_OPTIONS_DEFAULT;
        unsigned char *head = calloc(1, v->table_end), *wanted = calloc(1, v->table_end);
        zeroipc_memory memory;
        uint32_t count;
        options.table_size = v->table_size;
        options.table_version = v->version;
        options.duck_typed = v->duck_typed;
        OK(zeroipc_memory_create(&memory, name, v->size, &options));
        for (j = 0; j < COUNT(structure_vectors); j++) {
            const structure_vector *s = &structure_vectors[j];
            zeroipc_array array;
            zeroipc_queue queue;
            if (strcmp(s->segment, v->name) != 0)
                continue;
            if (s->kind[0] == 'a')
                OK(zeroipc_array_create(&array, &memory, s->name, scalar_named(s->element), s->capacity));
            else
                OK(zeroipc_queue_create(&queue, &memory, s->name, scalar_named(s->element), s->capacity));
        }
        read_head(name, head, v->table_end);
        memcpy(wanted, v->head, v->length);
        if (memcmp(head, wanted, v->table_end) != 0) {
            fprintf(stderr, "%s: the bytes differ\n", v->name);
            failures++;
        }
        OK(zeroipc_memory_close(&memory));
        OK(zeroipc_memory_open(&memory, name, NULL));
        CHECK(memory.table_end == v->table_end && memory.max_entries == v->table_size);
        OK(zeroipc_memory_entry_count(&memory, &count));
        for (j = 0; j < COUNT(structure_vectors); j++) {
            const structure_vector *s = &structure_vectors[j];
            zeroipc_array array;
            zeroipc_queue queue;
            if (strcmp(s->segment, v->name) != 0)
                continue;
            count--;
            if (s->kind[0] == 'a')
                OK(zeroipc_array_open(&array, &memory, s->name, scalar_named(s->element)));
            else
                OK(zeroipc_queue_open(&queue, &memory, s->name, scalar_named(s->element)));
        }
        CHECK(count == 0);
        OK(zeroipc_memory_close(&memory));
        OK(zeroipc_memory_unlink(name));
        free(head);
        free(wanted);
    }
}

static void create_open_close(void)
{
    const char *name = named("smoke");
    zeroipc_memory a, b;
    struct stat file;
    char path[300];
    uint64_t attached = 0;
    OK(zeroipc_memory_create(&a, name, 5000, NULL));
    CHECK(zeroipc_memory_size(&a) == 8192);
    (void)snprintf(path, sizeof path, "/dev/shm%s", name);
    CHECK(stat(path, &file) == 0 && (file.st_mode & 07777) == 0600 && file.st_size == 8192);
    CHECK_ERROR(zeroipc_memory_create(&b, name, 5000, NULL), ZEROIPC_EXISTS,
                "segment `%s`: it exists already; open it, or choose another name", name);
    OK(zeroipc_memory_open(&b, name, NULL));
    CHECK(zeroipc_memory_id(&a) != 0 && zeroipc_memory_id(&b) != 0 && zeroipc_memory_id(&a) != zeroipc_memory_id(&b));
    CHECK(zeroipc_memory_is_alive(&a, zeroipc_memory_id(&b)) && zeroipc_memory_is_alive(&a, zeroipc_memory_id(&a)));
    OK(zeroipc_memory_attachments(&a, &attached));
    CHECK(attached == 2);
    {
        uint32_t id = zeroipc_memory_id(&b);
        OK(zeroipc_memory_close(&b));
        CHECK(!zeroipc_memory_is_alive(&a, id));
    }
    OK(zeroipc_memory_close(&b));
    OK(zeroipc_memory_attachments(&a, &attached));
    CHECK(attached == 1);
    OK(zeroipc_memory_close(&a));
    OK(zeroipc_memory_unlink(name));
    CHECK_ERROR(zeroipc_memory_open(&a, name, NULL), ZEROIPC_NOT_FOUND,
                "segment `%s`: there is no such segment; create it, or check the name", name);
    CHECK_ERROR(zeroipc_memory_unlink(name), ZEROIPC_NOT_FOUND,
                "segment `%s`: there is no such segment; check the name", name);
    CHECK_STATUS(zeroipc_memory_attachments(&a, &attached), ZEROIPC_BAD_ARGUMENT);
}

static void open_or_create(void)
{
    const char *name = named("either");
    zeroipc_memory a, b;
    OK(zeroipc_memory_open_or_create(&a, name, 8192, NULL));
    OK(zeroipc_memory_open_or_create(&b, name, 4096, NULL));
    CHECK(zeroipc_memory_size(&b) == 8192);
    OK(zeroipc_memory_close(&b));
    CHECK_ERROR(
        zeroipc_memory_open_or_create(&b, name, 8193, NULL), ZEROIPC_BAD_ARGUMENT,
        "segment `%s`: it exists with 8192 bytes and 8193 were asked for; ask for no more, or remove it and create "
        "it anew",
        name);
    OK(zeroipc_memory_close(&a));
    OK(zeroipc_memory_unlink(name));
}

static void options(void)
{
    const char *name = named("options");
    zeroipc_options o = standard;
    zeroipc_memory m;
    struct stat file;
    char path[300];
    o.table_size = 65;
    CHECK_STATUS(zeroipc_memory_create(&m, name, 65536, &o), ZEROIPC_BAD_ARGUMENT);
    o = standard;
    o.table_version = 3;
    CHECK_STATUS(zeroipc_memory_create(&m, name, 65536, &o), ZEROIPC_BAD_ARGUMENT);
    o.table_version = 1;
    CHECK_STATUS(zeroipc_memory_create(&m, name, UINT64_C(4) << 30, &o), ZEROIPC_BAD_ARGUMENT);
    CHECK_STATUS(zeroipc_memory_create(&m, name, 0, NULL), ZEROIPC_BAD_ARGUMENT);
    CHECK_STATUS(zeroipc_memory_create(&m, name, UINT64_MAX, NULL), ZEROIPC_BAD_ARGUMENT);
    o = standard;
    o.table_size = 4096;
    CHECK_ERROR(
        zeroipc_memory_create(&m, name, 4096, &o), ZEROIPC_BAD_ARGUMENT,
        "segment `%s`: the table needs 163856 bytes and the segment has 4096; ask for a larger segment or a smaller "
        "table",
        name);
    o = standard;
    o.mode = 0640;
    OK(zeroipc_memory_create(&m, name, 4096, &o));
    (void)snprintf(path, sizeof path, "/dev/shm%s", name);
    CHECK(stat(path, &file) == 0 && (file.st_mode & 07777) == 0640);
    OK(zeroipc_memory_close(&m));
    OK(zeroipc_memory_unlink(name));
    OK(zeroipc_memory_create(&m, name, UINT64_C(5) << 30, NULL)); /* sparse */
    CHECK(m.version == 2);
    OK(zeroipc_memory_close(&m));
    OK(zeroipc_memory_open(&m, name, NULL));
    CHECK(m.version == 2 && zeroipc_memory_size(&m) == UINT64_C(5) << 30);
    OK(zeroipc_memory_close(&m));
    OK(zeroipc_memory_unlink(name));
}

static void big_version_2(void)
{
    const char *name = named("big");
    zeroipc_memory m;
    zeroipc_array a, b;
    zeroipc_entry entry;
    uint64_t value = 42;
    OK(zeroipc_memory_create(&m, name, UINT64_C(6) << 30, NULL));
    OK(zeroipc_array_create(&a, &m, "low", &zeroipc_u64, 10));
    /* Beyond 4 GiB, without the memory for what lies before: the next offset is moved by hand. */
    zeroipc_priv_store_next(&m, UINT64_C(5) << 30);
    OK(zeroipc_array_create(&b, &m, "high", &zeroipc_u64, 10));
    OK(zeroipc_array_set(&b, 9, &value));
    OK(zeroipc_memory_entry(&m, 2, &entry));
    CHECK(entry.offset == (UINT64_C(5) << 30) + 56);
    OK(zeroipc_memory_close(&m));
    OK(zeroipc_memory_open(&m, name, NULL));
    OK(zeroipc_array_open(&b, &m, "high", &zeroipc_u64));
    value = 0;
    OK(zeroipc_array_get(&b, 9, &value));
    CHECK(value == 42);
    OK(zeroipc_memory_close(&m));
    OK(zeroipc_memory_unlink(name));
}

static void names(void)
{
    static const char *const bad[] = { "",     "sensor", "/",      "/.",        "/..",  "/../etc",
                                       "/a/b", "/a\nb",  "/a\x7f", "/\xC2\x85", "/\xff" };
    static const char *const odd[] = { "/.hidden", "/t\xC3\xA9mp", "/a b" };
    char longest[300], label[40];
    zeroipc_memory m;
    zeroipc_array a;
    size_t i;
    for (i = 0; i < COUNT(bad); i++)
        CHECK_STATUS(zeroipc_memory_create(&m, bad[i], 4096, NULL), ZEROIPC_BAD_NAME);
    CHECK_ERROR(zeroipc_memory_open(&m, "sensor", NULL), ZEROIPC_BAD_NAME,
                "segment name `sensor`: a segment's name begins with `/`; put one in front", "");
    CHECK_ERROR(zeroipc_memory_open(&m, "/../etc", NULL), ZEROIPC_BAD_NAME,
                "segment name `/../etc`: it contains '/'; use letters, digits, `_`, `-` and `.`", "");
    CHECK_ERROR(zeroipc_memory_open(&m, "/a\nb", NULL), ZEROIPC_BAD_NAME,
                "segment name `/a\\nb`: it contains '\\n'; use letters, digits, `_`, `-` and `.`", "");
    for (i = 0; i < COUNT(odd); i++)
        CHECK_STATUS(zeroipc_priv_check_segment_name(odd[i]), ZEROIPC_OK);
    memset(longest, 'x', sizeof longest);
    longest[0] = '/';
    longest[255] = 0;
    OK(zeroipc_priv_check_segment_name(longest));
    longest[255] = 'x';
    longest[256] = 0;
    CHECK_STATUS(zeroipc_priv_check_segment_name(longest), ZEROIPC_BAD_NAME);
    OK(zeroipc_memory_create(&m, named("names"), 65536, NULL));
    memset(label, 'y', sizeof label);
    label[32] = 0;
    CHECK_ERROR(zeroipc_array_create(&a, &m, label, &zeroipc_u8, 1), ZEROIPC_BAD_NAME,
                "structure name `%s`: it has 32 bytes and 31 fit; shorten it", label);
    CHECK_STATUS(zeroipc_array_open(&a, &m, label, &zeroipc_u8), ZEROIPC_BAD_NAME);
    label[31] = 0;
    OK(zeroipc_array_create(&a, &m, label, &zeroipc_u8, 1));
    OK(zeroipc_array_open(&a, &m, label, &zeroipc_u8));
    CHECK_ERROR(zeroipc_array_create(&a, &m, ".mine", &zeroipc_u8, 1), ZEROIPC_BAD_NAME,
                "structure name `.mine`: names that begin with `.` are kept for the library; begin with a letter", "");
    CHECK_STATUS(zeroipc_array_create(&a, &m, "", &zeroipc_u8, 1), ZEROIPC_BAD_NAME);
    CHECK_STATUS(zeroipc_array_create(&a, &m, "a/b", &zeroipc_u8, 1), ZEROIPC_BAD_NAME);
    CHECK_STATUS(zeroipc_array_create(&a, &m, "a\tb", &zeroipc_u8, 1), ZEROIPC_BAD_NAME);
    CHECK_STATUS(zeroipc_array_open(&a, &m, ".schema", &zeroipc_u8), ZEROIPC_KIND_MISMATCH);
    OK(zeroipc_memory_unlink(zeroipc_priv_segment(&m)));
    OK(zeroipc_memory_close(&m));
}

static void files_that_are_no_segments(void)
{
    const char *name = named("file");
    zeroipc_memory m;
    char path[300];
    int fd;
    (void)snprintf(path, sizeof path, "/dev/shm%s", name);
    fd = open(path, O_CREAT | O_RDWR, 0600);
    CHECK_ERROR(
        zeroipc_memory_open(&m, name, NULL), ZEROIPC_NOT_A_SEGMENT,
        "segment `%s`: the file has 0 bytes and a segment has at least 56; choose another name, or remove the file",
        name);
    CHECK(write(fd, "hello, this is no segment at all, and never was: just text, really", 66) == 66);
    CHECK_ERROR(
        zeroipc_memory_open(&m, name, NULL), ZEROIPC_NOT_A_SEGMENT,
        "segment `%s`: the file begins with 0x6C6C6568 and a ZeroIPC segment begins with 0x5A49504D; choose another "
        "name, or remove the file",
        name);
    patch32(name, 0, ZEROIPC_FORMAT_MAGIC);
    patch32(name, 4, 3);
    CHECK_ERROR(zeroipc_memory_open(&m, name, NULL), ZEROIPC_UNSUPPORTED_VERSION,
                "segment `%s`: the table has version 3 and this library reads versions 1 and 2; use a newer library",
                name);
    CHECK(ftruncate(fd, 55) == 0);
    patch32(name, 4, 1);
    CHECK_STATUS(zeroipc_memory_open(&m, name, NULL), ZEROIPC_NOT_A_SEGMENT);
    patch32(name, 4, 2);
    CHECK_STATUS(zeroipc_memory_open(&m, name, NULL), ZEROIPC_NOT_A_SEGMENT);
    CHECK(ftruncate(fd, 56) == 0);
    CHECK_STATUS(zeroipc_memory_open(&m, name, NULL), ZEROIPC_CORRUPT);
    patch32(name, 4, 1);
    CHECK_STATUS(zeroipc_memory_open(&m, name, NULL), ZEROIPC_CORRUPT);
    (void)close(fd);
    (void)unlink(path);
    CHECK(symlink("/etc/passwd", path) == 0);
    CHECK_STATUS(zeroipc_memory_open(&m, name, NULL), ZEROIPC_NOT_A_SEGMENT);
    CHECK_STATUS(zeroipc_memory_create(&m, name, 4096, NULL), ZEROIPC_EXISTS);
    (void)unlink(path);
    CHECK(mkdir(path, 0700) == 0);
    CHECK_STATUS(zeroipc_memory_open(&m, name, NULL), ZEROIPC_NOT_A_SEGMENT);
    CHECK_STATUS(zeroipc_memory_open_read_only(&m, name), ZEROIPC_NOT_A_SEGMENT);
    (void)rmdir(path);
    CHECK(mkfifo(path, 0600) == 0);
    CHECK_STATUS(zeroipc_memory_open(&m, name, NULL), ZEROIPC_NOT_A_SEGMENT);
    CHECK_STATUS(zeroipc_memory_open_read_only(&m, name), ZEROIPC_NOT_A_SEGMENT);
    (void)unlink(path);
}

static void table_fields_are_checked(void)
{
    const char *name = named("fields");
    zeroipc_memory m;
    zeroipc_array a;
    char path[300];
    OK(zeroipc_memory_create(&m, name, 65536, NULL));
    OK(zeroipc_array_create(&a, &m, "a", &zeroipc_u64, 4));
    OK(zeroipc_memory_close(&m));
    patch32(name, 8, 65);
    CHECK_ERROR(
        zeroipc_memory_open(&m, name, NULL), ZEROIPC_CORRUPT,
        "segment `%s`: `entry_count` is 65 and must be at most 64; the segment is damaged: remove it and create it "
        "anew",
        name);
    patch32(name, 8, 2);
    patch32(name, 12, 70000);
    CHECK_STATUS(zeroipc_memory_open(&m, name, NULL), ZEROIPC_CORRUPT);
    patch32(name, 12, 100);
    CHECK_STATUS(zeroipc_memory_open(&m, name, NULL), ZEROIPC_CORRUPT);
    patch32(name, 12, 8192);
    patch32(name, 16 + 40 + 32, 2583);
    CHECK_ERROR(
        zeroipc_memory_open(&m, name, NULL), ZEROIPC_CORRUPT,
        "segment `%s`: `offset of entry 1` is 2583 and must be a multiple of 8; the segment is damaged: remove it "
        "and create it anew",
        name);
    patch32(name, 16 + 40 + 32, 65528);
    CHECK_STATUS(zeroipc_memory_open(&m, name, NULL), ZEROIPC_CORRUPT);
    patch32(name, 16 + 32, 2577);
    CHECK_STATUS(zeroipc_memory_open(&m, name, NULL), ZEROIPC_CORRUPT);
    patch32(name, 16 + 32, 2576);
    patch32(name, 16 + 40 + 32, 6712);
    OK(zeroipc_memory_open(&m, name, NULL));
    OK(zeroipc_memory_close(&m));
    patch32(name, 6712, 5); /* the array's capacity */
    OK(zeroipc_memory_open(&m, name, NULL));
    CHECK_STATUS(zeroipc_array_open(&a, &m, "a", &zeroipc_u64), ZEROIPC_CORRUPT);
    OK(zeroipc_memory_close(&m));
    (void)snprintf(path, sizeof path, "/dev/shm%s", name);
    CHECK(truncate(path, 4096) == 0);
    CHECK_ERROR(
        zeroipc_memory_open(&m, name, NULL), ZEROIPC_CORRUPT,
        "segment `%s`: `next_offset` is 8192 and must be at most 4096; the segment is damaged: remove it and create "
        "it anew",
        name);
    (void)unlink(path);
}

static void types_are_checked(void)
{
    static const unsigned char here[] = "\5\3Fix\20\0\0\0\10\0\0\0\2\0\0\0\0\0\3lat\3deg\1\12\10\0\0\0\3lon\3deg\1\12";
    static const unsigned char there[] = "\5\3Fix\20\0\0\0\10\0\0\0\2\0\0\0\0\0\3lon\3deg\1\12\10\0\0\0\3lat\3deg\1\12";
    const char *name = named("types");
    zeroipc_type ours, theirs, opaque = zeroipc_opaque(16), wrong = zeroipc_opaque(24);
    zeroipc_memory m;
    zeroipc_queue q;
    zeroipc_array a;
    zeroipc_entry entry;
    OK(zeroipc_type_of_description(&ours, "Fix", here, sizeof here - 1));
    OK(zeroipc_type_of_description(&theirs, "Fix", there, sizeof there - 1));
    CHECK(ours.size == 16 && ours.align == 8 && ours.layout == theirs.layout && ours.schema != theirs.schema);
    OK(zeroipc_memory_create(&m, name, 65536, NULL));
    OK(zeroipc_queue_create(&q, &m, "readings", &theirs, 8));
    CHECK_ERROR(
        zeroipc_queue_open(&q, &m, "readings", &ours), ZEROIPC_TYPE_MISMATCH,
        "queue `readings`: field `lat` at offset 0 is named `lat` here and `lon` in the segment; build both sides "
        "from the same schema",
        "");
    CHECK_ERROR(zeroipc_array_open(&a, &m, "readings", &theirs), ZEROIPC_KIND_MISMATCH,
                "array `readings`: its kind in the segment is queue; open it as that, or choose another name", "");
    CHECK_ERROR(zeroipc_queue_open(&q, &m, "readings", &wrong), ZEROIPC_TYPE_MISMATCH,
                "queue `readings`: the element has 24 bytes here and 16 in the segment; build both sides from the same "
                "schema",
                "");
    OK(zeroipc_queue_open(&q, &m, "readings", &opaque));
    OK(zeroipc_queue_open(&q, &m, "readings", &theirs));
    CHECK_ERROR(zeroipc_queue_open(&q, &m, "reading", &theirs), ZEROIPC_NOT_FOUND,
                "queue `reading`: segment `%s` has no such structure; create it, or check the name", name);
    CHECK_ERROR(zeroipc_queue_create(&q, &m, "readings", &theirs, 8), ZEROIPC_EXISTS,
                "queue `readings`: it exists already; open it, or choose another name", "");
    CHECK_ERROR(zeroipc_queue_open_or_create(&q, &m, "readings", &theirs, 17), ZEROIPC_BAD_ARGUMENT,
                "queue `readings`: it exists with a capacity of 8 and 32 was asked for; ask for the same, or open it",
                "");
    OK(zeroipc_queue_open_or_create(&q, &m, "readings", &theirs, 7));
    ours.size = 24;
    CHECK_STATUS(zeroipc_queue_open(&q, &m, "readings", &ours), ZEROIPC_BAD_ARGUMENT);
    OK(zeroipc_memory_entry(&m, 0, &entry));
    CHECK(strcmp(entry.name, ".schema") == 0 && entry.kind == ZEROIPC_KIND_SCHEMA && entry.size == 4096);
    OK(zeroipc_memory_entry(&m, 1, &entry));
    CHECK(strcmp(entry.name, "readings") == 0 && entry.kind == ZEROIPC_FORMAT_KIND_QUEUE && entry.element_size == 16);
    CHECK(entry.offset % 64 == 56);
    CHECK_STATUS(zeroipc_memory_entry(&m, 2, &entry), ZEROIPC_OUT_OF_BOUNDS);
    OK(zeroipc_memory_close(&m));
    OK(zeroipc_memory_unlink(name));
}

/* A variant is a struct with fields at one offset; numbers without atomic operations are elements all the same. */
static void variants_and_complex_numbers(void)
{
    /* Shape of 24 bytes: tag at 0, an open enum on u32; wave at 8, complex128; code at 8, flags on u8. */
    static const unsigned char bytes[] = "\5\5Shape\30\0\0\0\10\0\0\0\3\0"
                                         "\0\0\0\0\3tag\0\4\3\0\3Tag\1\0\1\0\0\0\0\0\0\0\4WAVE"
                                         "\10\0\0\0\4wave\0\1\16"
                                         "\10\0\0\0\4code\0\4\1\2\4Code\0\0";
    static const size_t flavour = sizeof bytes - 1 - 8;
    typedef struct shape {
        uint32_t tag, reserved;
        union {
            double wave[2];
            uint8_t code;
        } payload;
    } shape;
    unsigned char changed[sizeof bytes];
    const char *name = named("variants");
    zeroipc_type ours, theirs;
    zeroipc_memory m;
    zeroipc_array a, halves;
    shape in = { 1, 0, { { 1.5, -2 } } }, out;
    uint16_t half = 0x3e00, found;
    float old;
    memcpy(changed, bytes, sizeof bytes);
    CHECK(changed[flavour] == 2);
    changed[flavour] = 1;
    OK(zeroipc_type_of_description(&ours, "Shape", bytes, sizeof bytes - 1));
    OK(zeroipc_type_of_description(&theirs, "Shape", changed, sizeof bytes - 1));
    CHECK(ours.size == sizeof in && ours.align == 8 && ours.layout == theirs.layout && ours.schema != theirs.schema);
    OK(zeroipc_memory_create(&m, name, 65536, NULL));
    OK(zeroipc_array_create(&a, &m, "shapes", &ours, 4));
    OK(zeroipc_array_set(&a, 1, &in));
    CHECK_ERROR(zeroipc_array_open(&a, &m, "shapes", &theirs), ZEROIPC_TYPE_MISMATCH,
                "array `shapes`: field `code` is a closed enum here and a set of flags in the segment; build both sides "
                "from the same schema",
                "");
    OK(zeroipc_array_open(&a, &m, "shapes", &ours));
    OK(zeroipc_array_get(&a, 1, &out));
    CHECK(memcmp(&in, &out, sizeof in) == 0 && out.payload.wave[1] == -2);
    OK(zeroipc_array_create(&halves, &m, "halves", &zeroipc_f16, 4));
    OK(zeroipc_array_set(&halves, 3, &half));
    OK(zeroipc_array_get(&halves, 3, &found));
    CHECK(found == half);
    OK(zeroipc_array_create(&a, &m, "waves", &zeroipc_complex64, 4));
    CHECK_ERROR(zeroipc_array_fetch_add_f32(&a, 0, 1, &old), ZEROIPC_TYPE_MISMATCH,
                "array `waves`: an operation on f32 was asked for and its elements are complex64 of 8 bytes; use the "
                "operation of their type",
                "");
    CHECK_STATUS(zeroipc_array_open(&a, &m, "waves", &zeroipc_f64), ZEROIPC_TYPE_MISMATCH);
    OK(zeroipc_memory_close(&m));
    OK(zeroipc_memory_unlink(name));
}

static void records_are_checked(void)
{
    const char *name = named("records");
    const off_t record = 2576 + 16;
    zeroipc_memory m;
    zeroipc_array a;
    uint16_t word = 2;
    OK(zeroipc_memory_create(&m, name, 65536, NULL));
    OK(zeroipc_array_create(&a, &m, "a", &zeroipc_u64, 4));
    patch(name, record + 4, &word, 2);
    CHECK_ERROR(zeroipc_array_open(&a, &m, "a", &zeroipc_u64), ZEROIPC_UNSUPPORTED_VERSION,
                "array `a`: its record has version 2 and this library reads version 1; use a newer library", "");
    word = 1;
    patch(name, record + 4, &word, 2);
    word = 77;
    patch(name, record + 6, &word, 2);
    CHECK_ERROR(zeroipc_array_open(&a, &m, "a", &zeroipc_u64), ZEROIPC_KIND_MISMATCH,
                "array `a`: it has kind 77 in the segment, which this library does not know; use a newer library", "");
    word = 1;
    patch(name, record + 6, &word, 2);
    patch32(name, record, 80 + 7);
    CHECK_STATUS(zeroipc_array_open(&a, &m, "a", &zeroipc_u64), ZEROIPC_CORRUPT);
    patch32(name, record, 48);
    CHECK_STATUS(zeroipc_array_open(&a, &m, "a", &zeroipc_u64), ZEROIPC_CORRUPT);
    patch32(name, record, 96);
    CHECK_STATUS(zeroipc_array_open(&a, &m, "a", &zeroipc_u64), ZEROIPC_CORRUPT);
    patch32(name, record, 88);
    patch32(name, record + 56 + 20, 9); /* leaves the record */
    CHECK_STATUS(zeroipc_array_open(&a, &m, "a", &zeroipc_i64), ZEROIPC_CORRUPT);
    patch32(name, record + 56 + 20, 2);
    CHECK_ERROR(zeroipc_array_open(&a, &m, "a", &zeroipc_i64), ZEROIPC_TYPE_MISMATCH,
                "array `a`: the element is i64 here and u64 in the segment; build both sides from the same schema", "");
    patch32(name, record + 56 + 16, 4);
    CHECK_ERROR(zeroipc_array_open(&a, &m, "a", &zeroipc_u64), ZEROIPC_CORRUPT,
                "segment `%s`: `size of a record` is 4 and must be that of its description, 8; the segment is damaged: "
                "remove it and create it anew",
                name);
    patch32(name, record + 56 + 16, 0);
    CHECK_STATUS(zeroipc_array_open(&a, &m, "a", &zeroipc_u64), ZEROIPC_CORRUPT);
    patch(name, record + 56 + 24, "\6\0\0\0\0", 5); /* a description of no bytes, as the size says */
    patch32(name, record + 56 + 20, 5);
    CHECK_STATUS(zeroipc_array_open(&a, &m, "a", &zeroipc_u64), ZEROIPC_CORRUPT);
    patch(name, record + 56 + 24, "\1\4\0\0\0", 5);
    patch32(name, record + 56 + 20, 2);
    patch32(name, record + 56 + 16, 8);
    OK(zeroipc_array_open(&a, &m, "a", &zeroipc_u64));
    patch32(name, 2576 + 12, 80); /* `used` ends within the record */
    CHECK_STATUS(zeroipc_array_open(&a, &m, "a", &zeroipc_u64), ZEROIPC_CORRUPT);
    patch32(name, 2576 + 12, 88);
    patch32(name, 2576, 0);
    CHECK_STATUS(zeroipc_array_open(&a, &m, "a", &zeroipc_u64), ZEROIPC_CORRUPT);
    CHECK_STATUS(zeroipc_array_create(&a, &m, "b", &zeroipc_u64, 1), ZEROIPC_CORRUPT);
    OK(zeroipc_memory_close(&m));
    OK(zeroipc_memory_unlink(name));
}

static void duck_typing(void)
{
    const char *name = named("duck");
    zeroipc_options o = standard;
    zeroipc_memory m, n;
    zeroipc_array a;
    zeroipc_queue q;
    zeroipc_type wide;
    uint32_t count;
    off_t at;
    o.duck_typed = true;
    OK(zeroipc_memory_create(&m, name, 65536, &o));
    OK(zeroipc_array_create(&a, &m, "a", &zeroipc_f32, 10));
    OK(zeroipc_memory_open(&n, name, NULL)); /* a handle that would write records */
    OK(zeroipc_queue_create(&q, &n, "q", &zeroipc_u32, 4));
    OK(zeroipc_memory_entry_count(&m, &count));
    CHECK(count == 2);                                 /* nobody adds a passport later */
    OK(zeroipc_array_open(&a, &n, "a", &zeroipc_i32)); /* the same sizes */
    CHECK_ERROR(
        zeroipc_array_open(&a, &n, "a", &zeroipc_u64), ZEROIPC_TYPE_MISMATCH,
        "array `a`: its element has 8 bytes here and the segment has 4 bytes for each; open it with the type that it "
        "was created with",
        "");
    CHECK_STATUS(zeroipc_queue_open(&q, &n, "a", &zeroipc_u32), ZEROIPC_CORRUPT);
    OK(zeroipc_queue_open(&q, &n, "q", &zeroipc_u64)); /* the same stride */
    at = (off_t)(q.header - n.base) + 16;              /* its capacity */
    wide = zeroipc_opaque(16);
    CHECK_STATUS(zeroipc_queue_open(&q, &n, "q", &wide), ZEROIPC_TYPE_MISMATCH);
    patch32(name, at, 2); /* 32 bytes for each */
    CHECK_STATUS(zeroipc_queue_open(&q, &n, "q", &zeroipc_u64), ZEROIPC_TYPE_MISMATCH);
    patch32(name, at, 8); /* no room for a value */
    CHECK_STATUS(zeroipc_queue_open(&q, &n, "q", &zeroipc_u64), ZEROIPC_CORRUPT);
    patch32(name, at, 3);
    CHECK_ERROR(zeroipc_queue_open(&q, &n, "q", &zeroipc_u64), ZEROIPC_CORRUPT,
                "queue `q`: its capacity is 3 and must be a power of two up to 2^31; it is another structure, or the "
                "segment is damaged",
                "");
    patch32(name, at, 4);
    OK(zeroipc_queue_open(&q, &n, "q", &zeroipc_u64));
    OK(zeroipc_memory_close(&m));
    OK(zeroipc_memory_close(&n));
    OK(zeroipc_memory_unlink(name));
    o = standard;
    o.table_size = 4;
    OK(zeroipc_memory_create(&m, name, 65536, &o));
    OK(zeroipc_array_create(&a, &m, "a", &zeroipc_u64, 1));
    OK(zeroipc_array_create(&a, &m, "b", &zeroipc_u64, 1));
    OK(zeroipc_array_create(&a, &m, "c", &zeroipc_u64, 1));
    OK(zeroipc_array_create(&a, &m, "d", &zeroipc_u64, 1));
    CHECK_ERROR(
        zeroipc_array_create(&a, &m, "e", &zeroipc_u64, 1), ZEROIPC_TABLE_FULL,
        "array `e`: the table of segment `%s` has 4 entries and all are taken; create the segment with a larger "
        "table",
        name);
    OK(zeroipc_memory_close(&m));
    OK(zeroipc_memory_unlink(name));
}

static void space_runs_out(void)
{
    const char *name = named("space");
    zeroipc_options o = standard;
    zeroipc_memory m;
    zeroipc_array a;
    zeroipc_type wide = zeroipc_opaque(8);
    uint32_t count;
    int i;
    char label[32];
    OK(zeroipc_memory_create(&m, name, 65536, NULL));
    CHECK_ERROR(zeroipc_array_create(&a, &m, "a", &zeroipc_u64, 10000), ZEROIPC_OUT_OF_SPACE,
                "array `a`: 80008 bytes are needed and 58864 of the segment's 65536 are free; create a larger segment",
                "");
    OK(zeroipc_memory_entry_count(&m, &count));
    CHECK(count == 0);
    CHECK_STATUS(zeroipc_array_create(&a, &m, "a", &zeroipc_u64, UINT64_MAX / 8), ZEROIPC_BAD_ARGUMENT);
    CHECK_STATUS(zeroipc_array_create(&a, &m, "a", &zeroipc_u64, 0), ZEROIPC_BAD_ARGUMENT);
    wide.align = 3;
    CHECK_STATUS(zeroipc_array_create(&a, &m, "a", &wide, 1), ZEROIPC_BAD_ARGUMENT);
    wide.align = 4096;
    OK(zeroipc_array_create(&a, &m, "wide", &wide, 1));
    CHECK((uintptr_t)zeroipc_array_data(&a) % 4096 == 0);
    OK(zeroipc_array_create(&a, &m, "a", &zeroipc_u8, 1));
    CHECK((uintptr_t)zeroipc_array_data(&a) % 64 == 0);
    OK(zeroipc_memory_close(&m));
    OK(zeroipc_memory_unlink(name));
    o.table_size = 4096;
    OK(zeroipc_memory_create(&m, name, 300000, &o)); /* room for 18,928 bytes of records: 215 of 88 */
    for (i = 0; i < 215; i++) {
        (void)snprintf(label, sizeof label, "x%d", i);
        OK(zeroipc_array_create(&a, &m, label, &zeroipc_u64, 1));
    }
    CHECK_ERROR(zeroipc_array_create(&a, &m, "y", &zeroipc_u64, 1), ZEROIPC_SCHEMA_FULL,
                "array `y`: its record needs 88 bytes and `.schema` has 8 of 18928 free; create a larger segment, or a "
                "duck-typed one",
                "");
    OK(zeroipc_array_open(&a, &m, "x214", &zeroipc_u64));
    OK(zeroipc_memory_close(&m));
    OK(zeroipc_memory_unlink(name));
}

static void memory_runs_out(void)
{
    const char *name = named("full");
    zeroipc_options o = standard;
    struct statvfs room;
    zeroipc_memory m;
    zeroipc_array a;
    uint64_t size;
    uint32_t count;
    CHECK(statvfs("/dev/shm", &room) == 0);
    size = (uint64_t)room.f_blocks * room.f_frsize + (UINT64_C(1) << 30);
    o.prefault = true;
    CHECK_STATUS(zeroipc_memory_create(&m, name, size, &o), ZEROIPC_OUT_OF_MEMORY);
    CHECK(strstr(zeroipc_error_message(), "bytes of shared memory are needed and") != NULL);
    CHECK_STATUS(zeroipc_memory_open(&m, name, NULL), ZEROIPC_NOT_FOUND);
    OK(zeroipc_memory_create(&m, name, size, NULL));
    CHECK_STATUS(zeroipc_array_create(&a, &m, "a", &zeroipc_u8, size - (UINT64_C(256) << 20)), ZEROIPC_OUT_OF_MEMORY);
    OK(zeroipc_memory_entry_count(&m, &count));
    CHECK(count == 0);
    OK(zeroipc_array_create(&a, &m, "a", &zeroipc_u8, 1000));
    OK(zeroipc_memory_close(&m));
    OK(zeroipc_memory_unlink(name));
    OK(zeroipc_memory_create(&m, name, 1 << 20, &o));
    OK(zeroipc_array_create(&a, &m, "a", &zeroipc_u8, 1000));
    OK(zeroipc_memory_close(&m));
    OK(zeroipc_memory_unlink(name));
}

static void read_only(void)
{
    const char *name = named("readonly");
    zeroipc_memory m, r;
    zeroipc_array a, b;
    zeroipc_queue q, p;
    uint64_t value = 7, attached = 0;
    char path[300];
    OK(zeroipc_memory_create(&m, name, 65536, NULL));
    OK(zeroipc_array_create(&a, &m, "a", &zeroipc_u64, 4));
    OK(zeroipc_queue_create(&q, &m, "q", &zeroipc_u64, 4));
    OK(zeroipc_array_set(&a, 2, &value));
    OK(zeroipc_queue_try_push(&q, &value));
    (void)snprintf(path, sizeof path, "/dev/shm%s", name);
    CHECK(chmod(path, 0400) == 0);
    OK(zeroipc_memory_open_read_only(&r, name));
    CHECK(zeroipc_memory_id(&r) == 0);
    CHECK(zeroipc_memory_is_alive(&r, zeroipc_memory_id(&m)) && !zeroipc_memory_is_alive(&r, 12345678));
    OK(zeroipc_memory_attachments(&r, &attached));
    CHECK(attached == 2);
    OK(zeroipc_array_open(&b, &r, "a", &zeroipc_u64));
    OK(zeroipc_queue_open(&p, &r, "q", &zeroipc_u64));
    value = 0;
    OK(zeroipc_array_get(&b, 2, &value));
    CHECK(value == 7);
    CHECK_ERROR(zeroipc_array_set(&b, 2, &value), ZEROIPC_READ_ONLY,
                "array `a`: it was opened read-only; open the segment for writing", "");
    CHECK_STATUS(zeroipc_array_write(&b, 0, &value, 1), ZEROIPC_READ_ONLY);
    CHECK_STATUS(zeroipc_array_fill(&b, &value), ZEROIPC_READ_ONLY);
    CHECK_STATUS(zeroipc_array_fetch_add_u64(&b, 0, 1, NULL), ZEROIPC_READ_ONLY);
    OK(zeroipc_array_load_u64(&b, 2, &value));
    CHECK(zeroipc_queue_len(&p) == 1);
    CHECK_STATUS(zeroipc_queue_try_push(&p, &value), ZEROIPC_READ_ONLY);
    CHECK_STATUS(zeroipc_queue_try_pop(&p, &value), ZEROIPC_READ_ONLY);
    CHECK_STATUS(zeroipc_queue_pop(&p, &value, 10), ZEROIPC_READ_ONLY);
    CHECK_STATUS(zeroipc_queue_pop_many(&p, &value, 1, 10, NULL), ZEROIPC_READ_ONLY);
    CHECK_STATUS(zeroipc_array_create(&b, &r, "b", &zeroipc_u64, 1), ZEROIPC_READ_ONLY);
    OK(zeroipc_memory_close(&r));
    OK(zeroipc_memory_attachments(&m, &attached));
    CHECK(attached == 1);
    OK(zeroipc_memory_close(&m));
    OK(zeroipc_memory_unlink(name));
}

/* Processes that cannot know of each other: everyone creates or opens everything. */
#define RACERS 8
#define RACED 40

typedef struct race {
    const char *name;
    uint32_t ready;
    uint32_t created[RACED];
    uint32_t segments;
} race;

static void racer(void *with)
{
    race *r = (race *)with;
    zeroipc_memory m;
    zeroipc_array a;
    zeroipc_status status;
    char label[32];
    uint32_t i, n;
    (void)__atomic_add_fetch(&r->ready, 1, __ATOMIC_ACQ_REL);
    while (__atomic_load_n(&r->ready, __ATOMIC_ACQUIRE) < RACERS)
        sched_yield();
    status = zeroipc_memory_create(&m, r->name, 1 << 20, NULL);
    if (status == ZEROIPC_OK)
        __atomic_add_fetch(&r->segments, 1, __ATOMIC_RELAXED);
    else if (status == ZEROIPC_EXISTS)
        OK(zeroipc_memory_open(&m, r->name, NULL));
    else
        CHECK(!"neither created nor there");
    for (n = 0; n < RACED; n++) {
        i = (n + (uint32_t)getpid() % 3) % RACED;
        (void)snprintf(label, sizeof label, "structure_%u", i);
        status = zeroipc_array_create(&a, &m, label, &zeroipc_u64, 10 + i);
        if (status == ZEROIPC_OK)
            __atomic_add_fetch(&r->created[i], 1, __ATOMIC_RELAXED);
        else
            CHECK_STATUS(status, ZEROIPC_EXISTS);
        OK(zeroipc_array_open_or_create(&a, &m, label, &zeroipc_u64, 10 + i));
        OK(zeroipc_array_fetch_add_u64(&a, 0, 1, NULL));
    }
    OK(zeroipc_memory_close(&m));
}

static void racing_creators(void)
{
    race *r = shared(sizeof *r);
    zeroipc_memory m;
    zeroipc_array a;
    pid_t pids[RACERS];
    uint64_t value = 0, end = 0;
    char label[32];
    uint32_t i, count, round;
    for (round = 0; round < 5; round++) {
        memset(r, 0, sizeof *r);
        r->name = named("race");
        for (i = 0; i < RACERS; i++)
            pids[i] = start(racer, r);
        for (i = 0; i < RACERS; i++)
            CHECK(finish(pids[i]) == 0);
        CHECK(r->segments == 1);
        OK(zeroipc_memory_open(&m, r->name, NULL));
        OK(zeroipc_memory_entry_count(&m, &count));
        CHECK(count == RACED + 1);
        for (i = 0, end = 0; i < count; i++) {
            zeroipc_entry entry;
            OK(zeroipc_memory_entry(&m, i, &entry));
            CHECK(entry.offset >= end);
            end = entry.offset + entry.size;
        }
        for (i = 0; i < RACED; i++) {
            (void)snprintf(label, sizeof label, "structure_%u", i);
            OK(zeroipc_array_open(&a, &m, label, &zeroipc_u64));
            CHECK(r->created[i] == 1);
            OK(zeroipc_array_load_u64(&a, 0, &value));
            CHECK(value == RACERS && zeroipc_array_capacity(&a) == 10 + i);
        }
        OK(zeroipc_memory_close(&m));
        OK(zeroipc_memory_unlink(r->name));
    }
}

static void attacher(void *with)
{
    zeroipc_options o = ZEROIPC_OPTIONS_DEFAULT;
    zeroipc_memory m;
    int i;
    o.remove_on_last_detach = true;
    for (i = 0; i < 200; i++) {
        zeroipc_array a;
        OK(zeroipc_memory_open_or_create(&m, (const char *)with, 65536, &o));
        OK(zeroipc_array_open_or_create(&a, &m, "a", &zeroipc_u64, 1));
        CHECK(zeroipc_priv_name_leads_here(&m)); /* nobody removes what is attached */
        OK(zeroipc_memory_close(&m));
    }
}

static void last_one_out(void)
{
    const char *name = named("last");
    zeroipc_options o = standard;
    zeroipc_memory a, b, c;
    pid_t pids[4];
    int i;
    o.remove_on_last_detach = true;
    OK(zeroipc_memory_create(&a, name, 65536, &o));
    OK(zeroipc_memory_open(&b, name, NULL));
    OK(zeroipc_memory_close(&a));
    OK(zeroipc_memory_open(&a, name, &o));
    OK(zeroipc_memory_close(&b));
    OK(zeroipc_memory_open_read_only(&c, name));
    OK(zeroipc_memory_close(&a));
    OK(zeroipc_memory_open(&a, name, &o));
    OK(zeroipc_memory_close(&c));
    OK(zeroipc_memory_close(&a));
    CHECK_STATUS(zeroipc_memory_open(&a, name, NULL), ZEROIPC_NOT_FOUND);
    for (i = 0; i < 4; i++)
        pids[i] = start(attacher, (void *)(uintptr_t)name);
    for (i = 0; i < 4; i++)
        CHECK(finish(pids[i]) == 0);
    CHECK_STATUS(zeroipc_memory_open(&a, name, NULL), ZEROIPC_NOT_FOUND);
}

static void many_attachments(void)
{
    enum { MANY = 300 };
    static zeroipc_memory handles[MANY];
    const char *name = named("many");
    zeroipc_memory m;
    uint64_t attached = 0;
    int i;
    OK(zeroipc_memory_create(&m, name, 65536, NULL));
    for (i = 0; i < MANY; i++)
        if (i % 3 == 0)
            OK(zeroipc_memory_open_read_only(&handles[i], name));
        else
            OK(zeroipc_memory_open(&handles[i], name, NULL));
    OK(zeroipc_memory_attachments(&m, &attached));
    CHECK(attached == MANY + 1);
    for (i = 0; i < MANY; i++)
        OK(zeroipc_memory_close(&handles[i]));
    OK(zeroipc_memory_attachments(&m, &attached));
    CHECK(attached == 1);
    OK(zeroipc_memory_close(&m));
    OK(zeroipc_memory_unlink(name));
}

/* The child goes on with the inherited handle, under an id of its own, and the parent's anchor does not outlive it. */
typedef struct family {
    zeroipc_memory *memory;
    uint32_t parent_id;
    uint32_t child_id;
    zeroipc_queue *queue;
} family;

static void child_of_fork(void *with)
{
    family *f = (family *)with;
    uint64_t value = 5;
    CHECK(f->memory->self->byte == 0);
    OK(zeroipc_queue_push(f->queue, &value, 1000));
    f->child_id = zeroipc_memory_id(f->memory);
    CHECK(f->child_id != 0 && f->child_id != f->parent_id);
    CHECK(zeroipc_memory_is_alive(f->memory, f->parent_id));
}

static void middle_of_fork(void *with)
{
    family *f = (family *)with;
    zeroipc_memory m;
    OK(zeroipc_memory_open(&m, zeroipc_priv_segment(f->memory), NULL));
    f->parent_id = zeroipc_memory_id(&m);
    if (fork() == 0) { /* outlives its parent */
        prctl(PR_SET_PDEATHSIG, 0);
        usleep(700000);
        _exit(0);
    }
    _exit(0);
}

static void fork_without_exec(void)
{
    const char *name = named("fork");
    family *f = shared(sizeof *f);
    zeroipc_memory m;
    zeroipc_queue q;
    uint64_t value = 0, attached = 0;
    OK(zeroipc_memory_create(&m, name, 65536, NULL));
    OK(zeroipc_queue_create(&q, &m, "q", &zeroipc_u64, 4));
    f->memory = &m;
    f->queue = &q;
    f->parent_id = zeroipc_memory_id(&m);
    CHECK(finish(start(child_of_fork, f)) == 0);
    OK(zeroipc_queue_pop(&q, &value, 1000));
    CHECK(value == 5 && !zeroipc_memory_is_alive(&m, f->child_id));
    OK(zeroipc_memory_attachments(&m, &attached));
    CHECK(attached == 1);
    CHECK(finish(start(middle_of_fork, f)) == 0);
    CHECK(f->parent_id != 0 && !zeroipc_memory_is_alive(&m, f->parent_id)); /* though a child of it still runs */
    OK(zeroipc_memory_close(&m));
    OK(zeroipc_memory_unlink(name));
}

/* A program that closes all its descriptors closes ours too, and opens others under their numbers. */
enum { CLOSED, ANOTHER_FILE, A_PIPE };

typedef struct closer {
    const char *name, *decoy;
    int what;
} closer;

static void take_the_numbers(const closer *c)
{
    char path[300];
    int fd, last, ends[2];
    for (fd = 3; fd < 1024; fd++)
        (void)close(fd);
    (void)snprintf(path, sizeof path, "/dev/shm%s", c->decoy);
    if (c->what == A_PIPE && pipe(ends) == 0)
        fd = ends[0];
    else
        fd = open(path, O_RDWR);
    do
        last = dup(fd);
    while (last >= 0 && last < 60);
    CHECK(last >= 0);
    for (fd = 3; c->what == CLOSED && fd < 1024; fd++)
        (void)close(fd);
}

static void claim_and_die(void *with)
{
    uint64_t value = 100;
    point_wanted = "queue.push.claimed";
    point_act = die_here;
    (void)zeroipc_queue_try_push((zeroipc_queue *)with, &value);
}

static void push_in_a_child(void *with)
{
    uint64_t value = 2;
    OK(zeroipc_queue_push((zeroipc_queue *)with, &value, 1000));
}

static void close_everything(void *with)
{
    closer *c = (closer *)with;
    zeroipc_options o = standard;
    struct stat before, after;
    zeroipc_memory m;
    zeroipc_queue q;
    zeroipc_array a;
    char path[300];
    uint64_t value = 1, attached = 0;
    int number;
    o.remove_on_last_detach = true;
    OK(zeroipc_memory_open(&m, c->name, &o));
    OK(zeroipc_queue_open(&q, &m, "q", &zeroipc_u64));
    CHECK(finish(start(claim_and_die, &q)) == -SIGKILL);
    (void)snprintf(path, sizeof path, "/dev/shm%s", c->decoy);
    CHECK(stat(path, &before) == 0);
    number = m.fd;
    take_the_numbers(c);
    CHECK((fcntl(number, F_GETFD) >= 0) == (c->what != CLOSED));
    OK(zeroipc_memory_attachments(&m, &attached));
    CHECK(attached == 1);
    CHECK(!zeroipc_memory_is_alive(&m, 0) && !zeroipc_memory_is_alive(&m, 1u << 24));
    CHECK(zeroipc_memory_is_alive(&m, zeroipc_memory_id(&m)));
    OK(zeroipc_queue_push(&q, &value, 1000));
    value = 0;
    OK(zeroipc_queue_pop(&q, &value, 1000)); /* the dead producer's cell is recovered */
    CHECK(value == 1);
    CHECK(finish(start(push_in_a_child, &q)) == 0);
    OK(zeroipc_queue_pop(&q, &value, 1000));
    CHECK(value == 2);
    OK(zeroipc_array_create(&a, &m, "after", &zeroipc_u64, 2000));
    OK(zeroipc_array_set(&a, 1999, &value));
    CHECK(stat(path, &after) == 0 && after.st_blocks == before.st_blocks);
    OK(zeroipc_memory_close(&m));
    CHECK((fcntl(number, F_GETFD) >= 0) == (c->what != CLOSED)); /* it is no longer ours to close */
}

static void descriptors_are_closed_by_others(void)
{
    closer c;
    for (c.what = CLOSED; c.what <= A_PIPE; c.what++) {
        zeroipc_memory m, decoy;
        zeroipc_queue q;
        c.name = named("closed");
        c.decoy = named("decoy");
        OK(zeroipc_memory_create(&decoy, c.decoy, 1 << 20, NULL));
        OK(zeroipc_memory_create(&m, c.name, 1 << 20, NULL));
        OK(zeroipc_queue_create(&q, &m, "q", &zeroipc_u64, 4));
        OK(zeroipc_memory_close(&m));
        CHECK(finish(start(close_everything, &c)) == 0);
        CHECK_STATUS(zeroipc_memory_open(&m, c.name, NULL), ZEROIPC_NOT_FOUND); /* the last one out removed it */
        (void)zeroipc_memory_unlink(c.name);
        OK(zeroipc_memory_unlink(c.decoy));
        OK(zeroipc_memory_close(&decoy));
    }
}

/* When the name is gone too, nothing leads to the segment: all count as alive, and the others' files stay as they are.
 */
static void nothing_leads_to_the_segment(void)
{
    const char *name = named("lost");
    zeroipc_memory m;
    zeroipc_array a;
    uint64_t attached;
    int fd;
    OK(zeroipc_memory_create(&m, name, 65536, NULL));
    OK(zeroipc_memory_unlink(name));
    fd = open("/dev/null", O_RDWR);
    CHECK(dup2(fd, m.fd) == m.fd);
    CHECK(zeroipc_memory_is_alive(&m, 77));
    CHECK_STATUS(zeroipc_memory_attachments(&m, &attached), ZEROIPC_SYSTEM);
    CHECK_STATUS(zeroipc_array_create(&a, &m, "a", &zeroipc_u64, 4), ZEROIPC_SYSTEM);
    (void)close(fd);
    fd = m.fd;
    OK(zeroipc_memory_close(&m));
    CHECK(close(fd) == 0);
}

/* A lock over many bytes is no anchor; anybody may take one. */
static void a_strangers_wide_lock(void)
{
    const char *name = named("wide");
    zeroipc_memory m;
    struct flock lock;
    char path[300];
    uint64_t attached = 0;
    double began;
    int fd;
    OK(zeroipc_memory_create(&m, name, 65536, NULL));
    (void)snprintf(path, sizeof path, "/dev/shm%s", name);
    fd = open(path, O_RDWR);
    memset(&lock, 0, sizeof lock);
    lock.l_type = F_RDLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = (off_t)(ZEROIPC_FORMAT_WRITER_ANCHORS + zeroipc_memory_id(&m) + 1); /* to the end of all bytes */
    CHECK(fcntl(fd, F_OFD_SETLK, &lock) == 0);
    began = seconds();
    OK(zeroipc_memory_attachments(&m, &attached));
    CHECK(seconds() - began < 1);
    CHECK(attached == (zeroipc_memory_id(&m) == ZEROIPC_FORMAT_MAX_WRITER_ID ? 2 : 3)); /* once in each range */
    (void)close(fd);
    OK(zeroipc_memory_close(&m));
    OK(zeroipc_memory_unlink(name));
}

static void version_1_in_a_large_file(void)
{
    const char *name = named("large1");
    zeroipc_options o = standard;
    zeroipc_memory m;
    zeroipc_array a;
    char path[300];
    uint64_t next;
    o.table_version = 1;
    OK(zeroipc_memory_create(&m, name, 65536, &o));
    OK(zeroipc_array_create(&a, &m, "first", &zeroipc_u64, 4));
    OK(zeroipc_memory_close(&m));
    (void)snprintf(path, sizeof path, "/dev/shm%s", name);
    CHECK(truncate(path, (off_t)5 << 30) == 0);
    patch32(name, 12, 0xFFFFFFFC);
    CHECK_STATUS(zeroipc_memory_open(&m, name, NULL), ZEROIPC_CORRUPT);
    for (next = 0xFFFFFFF8; next >= 0xFFFFFFB8; next -= 64) {
        patch32(name, 12, (uint32_t)next);
        OK(zeroipc_memory_open(&m, name, NULL));
        CHECK(zeroipc_memory_size(&m) == 0xFFFFFFF8);
        CHECK_STATUS(zeroipc_array_create(&a, &m, "over", &zeroipc_u8, next == 0xFFFFFFF8 ? 1 : 57),
                     ZEROIPC_OUT_OF_SPACE);
        if (next != 0xFFFFFFF8)
            OK(zeroipc_array_create(&a, &m, "last", &zeroipc_u8, 56));
        CHECK(zeroipc_priv_load_next(&m) == 0xFFFFFFF8);
        OK(zeroipc_memory_close(&m));
    }
    OK(zeroipc_memory_open(&m, name, NULL));
    OK(zeroipc_array_open(&a, &m, "last", &zeroipc_u8));
    OK(zeroipc_memory_close(&m));
    OK(zeroipc_memory_unlink(name));
    /* A foreign file of an odd size. */
    OK(zeroipc_memory_create(&m, name, 65536, &o));
    OK(zeroipc_array_create(&a, &m, "first", &zeroipc_u64, 4));
    OK(zeroipc_memory_close(&m));
    CHECK(truncate(path, 65536 + 7) == 0);
    patch32(name, 12, 65528 - 64);
    OK(zeroipc_memory_open(&m, name, NULL));
    CHECK_STATUS(zeroipc_array_create(&a, &m, "over", &zeroipc_u8, 65), ZEROIPC_OUT_OF_SPACE);
    OK(zeroipc_array_create(&a, &m, "last", &zeroipc_u8, 64));
    CHECK(zeroipc_priv_load_next(&m) == 65536);
    OK(zeroipc_memory_close(&m));
    OK(zeroipc_memory_unlink(name));
}

static void a_first_structure_that_does_not_suit(void)
{
    const char *name = named("unsuited");
    zeroipc_options o = standard;
    zeroipc_type wide = zeroipc_opaque(256);
    zeroipc_memory m;
    zeroipc_array a;
    uint32_t count;
    wide.align = 256;
    o.duck_typed = true;
    OK(zeroipc_memory_create(&m, name, 65536, &o));
    CHECK_ERROR(zeroipc_array_create(&a, &m, "wide", &wide, 1), ZEROIPC_BAD_ARGUMENT,
                "array `wide`: the first structure starts behind the table, at 2576, which does not suit elements "
                "aligned to 256; create another structure first",
                "");
    OK(zeroipc_memory_entry_count(&m, &count));
    CHECK(count == 0 && zeroipc_priv_load_next(&m) == 2576 && zeroipc_priv_load_offset(&m, 0) == 0);
    OK(zeroipc_array_create(&a, &m, "first", &zeroipc_u64, 1));
    OK(zeroipc_array_create(&a, &m, "wide", &wide, 1));
    CHECK((uintptr_t)zeroipc_array_data(&a) % 256 == 0);
    OK(zeroipc_memory_close(&m));
    OK(zeroipc_memory_unlink(name));
}

static void duck_typed_handles_record(void)
{
    const char *name = named("duckrecord");
    zeroipc_options o = standard;
    zeroipc_memory m, duck;
    zeroipc_array a;
    zeroipc_entry entry;
    OK(zeroipc_memory_create(&m, name, 65536, NULL));
    OK(zeroipc_array_create(&a, &m, "first", &zeroipc_u64, 1));
    o.duck_typed = true;
    OK(zeroipc_memory_open(&duck, name, &o));
    OK(zeroipc_array_create(&a, &duck, "second", &zeroipc_u32, 1));
    OK(zeroipc_memory_entry(&m, 2, &entry));
    CHECK(entry.kind == ZEROIPC_FORMAT_KIND_ARRAY && entry.element_size == 4);
    CHECK_STATUS(zeroipc_array_open(&a, &m, "second", &zeroipc_f32), ZEROIPC_TYPE_MISMATCH);
    OK(zeroipc_memory_close(&duck));
    OK(zeroipc_memory_close(&m));
    OK(zeroipc_memory_unlink(name));
}

/* A damaged `next_offset` must not lead a creation over what is there. */
static void creation_overwrites_nothing(void)
{
    const char *name = named("overwrite");
    zeroipc_memory m;
    zeroipc_array a, b;
    uint64_t i, value = 0, next;
    OK(zeroipc_memory_create(&m, name, 65536, NULL));
    OK(zeroipc_array_create(&a, &m, "a", &zeroipc_u64, 100));
    value = 7;
    OK(zeroipc_array_fill(&a, &value));
    next = zeroipc_priv_load_next(&m);
    patch32(name, 12, 2576);
    CHECK_ERROR(
        zeroipc_array_create(&b, &m, "b", &zeroipc_u64, 1), ZEROIPC_CORRUPT,
        "segment `%s`: `next_offset` is 2576 and must be at least 7520; the segment is damaged: remove it and create "
        "it anew",
        name);
    patch32(name, 12, (uint32_t)next - 8);
    CHECK_STATUS(zeroipc_array_create(&b, &m, "b", &zeroipc_u64, 1), ZEROIPC_CORRUPT);
    patch32(name, 12, 65544);
    CHECK_STATUS(zeroipc_array_create(&b, &m, "b", &zeroipc_u64, 1), ZEROIPC_CORRUPT);
    /* What looks left by a dead creator, and is not: within an array, or at an odd place. */
    patch32(name, 12, (uint32_t)next + 64);
    for (i = 0; i < 2; i++) {
        uint32_t at = (uint32_t)(i == 0 ? next - 64 : next + 4);
        patch32(name, 16 + 2 * 40 + 32, at);
        patch32(name, 16 + 2 * 40 + 36, (uint32_t)next + 64 - at);
        OK(zeroipc_priv_start(&m, 2, &value));
        CHECK(value == next + 64);
    }
    patch32(name, 16 + 2 * 40 + 32, (uint32_t)next);
    patch32(name, 16 + 2 * 40 + 36, 64);
    OK(zeroipc_priv_start(&m, 2, &value));
    CHECK(value == next);
    OK(zeroipc_array_create(&b, &m, "b", &zeroipc_u64, 1));
    for (i = 0; i < 100; i++) {
        OK(zeroipc_array_get(&a, i, &value));
        CHECK(value == 7);
    }
    OK(zeroipc_memory_close(&m));
    OK(zeroipc_memory_unlink(name));
}

/* A child that is forked while a lock is held shares its description, and keeps it open. */
static pid_t *bystander;

static void fork_here(const char *point)
{
    struct rlimit limit;
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, 0);
        alarm(30);
        for (;;)
            (void)pause();
    }
    *bystander = pid;
    if (strcmp(point, "anchor.locked") == 0) { /* no page can be mapped */
        CHECK(getrlimit(RLIMIT_AS, &limit) == 0);
        limit.rlim_cur = 1;
        CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
    }
}

static void fail_to_open(void *with)
{
    zeroipc_memory m;
    struct rlimit limit;
    point_act = fork_here;
    CHECK(zeroipc_memory_open(&m, (const char *)with, NULL) != ZEROIPC_OK);
    CHECK(getrlimit(RLIMIT_AS, &limit) == 0);
    limit.rlim_cur = limit.rlim_max;
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
    point_wanted = NULL;
}

static void failures_leave_no_locks(void)
{
    const char *name = named("nolocks");
    zeroipc_memory m;
    uint64_t attached = 0;
    int fd, i;
    bystander = shared(sizeof *bystander);
    OK(zeroipc_memory_create(&m, name, 65536, NULL));
    fd = zeroipc_priv_reopen(&m, O_RDWR);
    for (i = 0; i < 2; i++) {
        *bystander = 0;
        point_wanted = i == 0 ? "attach.locked" : "anchor.locked";
        patch32(name, 12, i == 0 ? 1 : 2576); /* `next_offset` */
        CHECK(finish(start(fail_to_open, (void *)(uintptr_t)name)) == 0);
        CHECK(*bystander > 0 && kill(*bystander, 0) == 0);
        CHECK(!zeroipc_priv_is_locked(fd, ZEROIPC_FORMAT_ATTACH_LOCK, true));
        OK(zeroipc_memory_attachments(&m, &attached));
        CHECK(attached == 1);
        if (*bystander > 0)
            (void)kill(*bystander, SIGKILL);
    }
    point_wanted = NULL;
    (void)close(fd);
    OK(zeroipc_memory_close(&m));
    OK(zeroipc_memory_unlink(name));
}

static void close_inherited(void *with) { OK(zeroipc_memory_close((zeroipc_memory *)with)); }

static void count_in_a_child(void *with)
{
    uint64_t attached = 0;
    OK(zeroipc_memory_attachments((zeroipc_memory *)with, &attached));
    CHECK(attached == 2);
}

/* A child that never attached does not remove; one that counts is counted. */
static void children_and_the_last_one_out(void)
{
    const char *name = named("children");
    zeroipc_options o = standard;
    zeroipc_memory m, r;
    o.remove_on_last_detach = true;
    OK(zeroipc_memory_create(&m, name, 65536, &o));
    CHECK(finish(start(count_in_a_child, &m)) == 0);
    zeroipc_priv_release_anchor(&m); /* as if this process had died */
    CHECK(finish(start(close_inherited, &m)) == 0);
    OK(zeroipc_memory_open_read_only(&r, name));
    CHECK(zeroipc_priv_be_anchored(&m) == ZEROIPC_OK);
    CHECK(finish(start(close_inherited, &r)) == 0);
    OK(zeroipc_memory_close(&r));
    OK(zeroipc_memory_open_read_only(&r, name));
    OK(zeroipc_memory_close(&r));
    OK(zeroipc_memory_close(&m));
    CHECK_STATUS(zeroipc_memory_open(&m, name, NULL), ZEROIPC_NOT_FOUND);
}

static void arrays_suit_their_readers_type(void)
{
    const char *name = named("misaligned");
    zeroipc_options o = standard;
    zeroipc_type wide = zeroipc_opaque(64);
    zeroipc_memory m;
    zeroipc_array a;
    o.duck_typed = true;
    OK(zeroipc_memory_create(&m, name, 65536, &o));
    wide.align = 16;
    CHECK_STATUS(zeroipc_array_create(&a, &m, "a", &wide, 4), ZEROIPC_BAD_ARGUMENT);
    wide.align = 8;
    OK(zeroipc_array_create(&a, &m, "a", &wide, 4));
    wide.align = 16;
    CHECK_ERROR(
        zeroipc_array_open(&a, &m, "a", &wide), ZEROIPC_TYPE_MISMATCH,
        "array `a`: its elements begin at 2584 and the type is aligned to 16 here; create it with this type, or "
        "open it with one that needs no such alignment",
        "");
    CHECK(zeroipc_array_data(&a) == NULL);
    CHECK_STATUS(zeroipc_array_open_or_create(&a, &m, "a", &wide, 4), ZEROIPC_TYPE_MISMATCH);
    wide.align = 8;
    OK(zeroipc_array_open(&a, &m, "a", &wide));
    OK(zeroipc_memory_close(&m));
    OK(zeroipc_memory_unlink(name));
}

/* An interrupted call does not begin again from the start, and a failed one leaves nothing. */
static void memory_is_reserved_in_pieces(void)
{
    const char *name = named("pieces");
    const off_t piece = (off_t)64 << 20;
    struct stat before, after;
    zeroipc_memory m;
    zeroipc_array a;
    uint64_t at;
    OK(zeroipc_memory_create(&m, name, UINT64_C(300) << 20, NULL));
    OK(zeroipc_array_create(&a, &m, "a", &zeroipc_u8, 1));
    at = zeroipc_priv_place(zeroipc_priv_load_next(&m), 1);
    CHECK(fstat(m.fd, &before) == 0);
    allocate_calls = 0;
    allocate_fail_at = 2;
    allocate_error = ENOSPC;
    CHECK_STATUS(zeroipc_array_create(&a, &m, "b", &zeroipc_u8, UINT64_C(130) << 20), ZEROIPC_OUT_OF_MEMORY);
    CHECK(allocate_calls == 4 && allocate_from[3] == (off_t)at && allocate_size[3] == -2 * piece);
    CHECK(fstat(m.fd, &after) == 0 && after.st_blocks <= before.st_blocks + 16); /* the pages at the ends */
    allocate_calls = 0;
    allocate_fail_at = 1;
    allocate_error = EINTR;
    OK(zeroipc_array_create(&a, &m, "b", &zeroipc_u8, UINT64_C(130) << 20));
    allocate_fail_at = -1;
    CHECK(allocate_calls == 4 && allocate_from[0] == (off_t)at && allocate_size[0] == piece);
    CHECK(allocate_from[1] == (off_t)at + piece && allocate_from[2] == allocate_from[1] && allocate_size[2] == piece);
    CHECK(allocate_from[3] == (off_t)at + 2 * piece && allocate_size[3] == ((off_t)2 << 20) + 8);
    OK(zeroipc_memory_close(&m));
    OK(zeroipc_memory_unlink(name));
}

static const test tests[] = {
    TEST(vectors_segments),
    TEST(create_open_close),
    TEST(open_or_create),
    TEST(options),
    TEST(big_version_2),
    TEST(names),
    TEST(files_that_are_no_segments),
    TEST(table_fields_are_checked),
    TEST(types_are_checked),
    TEST(variants_and_complex_numbers),
    TEST(records_are_checked),
    TEST(duck_typing),
    TEST(space_runs_out),
    TEST(memory_runs_out),
    TEST(read_only),
    TEST(racing_creators),
    TEST(last_one_out),
    TEST(many_attachments),
    TEST(fork_without_exec),
    TEST(descriptors_are_closed_by_others),
    TEST(nothing_leads_to_the_segment),
    TEST(a_strangers_wide_lock),
    TEST(version_1_in_a_large_file),
    TEST(a_first_structure_that_does_not_suit),
    TEST(duck_typed_handles_record),
    TEST(creation_overwrites_nothing),
    TEST(failures_leave_no_locks),
    TEST(children_and_the_last_one_out),
    TEST(arrays_suit_their_readers_type),
    TEST(memory_is_reserved_in_pieces),
};

int main(int argc, char **argv) { return run_tests(tests, COUNT(tests), argc, argv, 120); }
