/* Descriptions, fingerprints and comparisons are those of schemas/format/vectors.json. */
#include "check.h"
#include "vectors.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const zeroipc_type *const scalars[] = { &zeroipc_u8,  &zeroipc_u16, &zeroipc_u32,  &zeroipc_u64,
                                               &zeroipc_i8,  &zeroipc_i16, &zeroipc_i32,  &zeroipc_i64,
                                               &zeroipc_f32, &zeroipc_f64, &zeroipc_bool8, &zeroipc_f16,
                                               &zeroipc_complex64, &zeroipc_complex128 };

static void vectors_types(void)
{
    size_t i;
    for (i = 0; i < COUNT(type_vectors); i++) {
        const type_vector *v = &type_vectors[i];
        const unsigned char *bytes = (const unsigned char *)v->description;
        zeroipc_type type;
        if (v->size == 0)
            continue;
        OK(zeroipc_type_of_description(&type, v->name, bytes, v->length));
        if (type.size != v->size || type.layout != v->layout || type.schema != v->schema) {
            fprintf(stderr, "%s: size %u, layout %016llx, schema %016llx\n", v->name, type.size,
                    (unsigned long long)type.layout, (unsigned long long)type.schema);
            failures++;
        }
    }
    CHECK(i >= 30);
}

static void scalars_are_constants(void)
{
    size_t i;
    for (i = 0; i < COUNT(scalars); i++) {
        zeroipc_type type;
        OK(zeroipc_type_of_description(&type, scalars[i]->name, scalars[i]->description,
                                       scalars[i]->description_length));
        CHECK(memcmp(&type, scalars[i], sizeof type) == 0);
    }
}

/* A complex number is aligned as one of its parts, also in an array. */
static void complex_numbers_are_aligned_as_their_parts(void)
{
    static const unsigned char bytes[] = { 2, 3, 0, 0, 0, 1, 14 };
    zeroipc_type type;
    CHECK(zeroipc_complex64.size == 8 && zeroipc_complex64.align == 4);
    CHECK(zeroipc_complex128.size == 16 && zeroipc_complex128.align == 8);
    OK(zeroipc_type_of_description(&type, "three", bytes, sizeof bytes));
    CHECK(type.size == 48 && type.align == 8);
}

static void opaque_types(void)
{
    static const unsigned char bytes[] = { 6, 24, 0, 0, 0 };
    zeroipc_type opaque = zeroipc_opaque(24), type;
    OK(zeroipc_type_of_description(&type, "opaque", bytes, sizeof bytes));
    CHECK(opaque.size == 24 && opaque.layout == type.layout && opaque.schema == type.schema && type.align == 1);
}

static void vectors_compare(void)
{
    size_t i;
    for (i = 0; i < COUNT(compare_vectors); i++) {
        const compare_vector *v = &compare_vectors[i];
        char sentence[700] = "";
        zeroipc_priv_text text = { sentence, sizeof sentence, 0 };
        bool same = zeroipc_priv_compare((const unsigned char *)v->ours, v->ours_length,
                                         (const unsigned char *)v->theirs, v->theirs_length, &text);
        if (same != (v->difference[0] == 0) || strcmp(sentence, v->difference) != 0) {
            fprintf(stderr, "%s:\n  wanted: %s\n  got:    %s\n", v->name, v->difference, sentence);
            failures++;
        }
    }
    CHECK(i >= 40);
}

static void vectors_malformed(void)
{
    size_t i;
    for (i = 0; i < COUNT(malformed_vectors); i++) {
        const malformed_vector *v = &malformed_vectors[i];
        uint64_t size;
        size_t at;
        if (zeroipc_priv_check_description((const unsigned char *)v->description, v->length, &size, &at)) {
            fprintf(stderr, "accepted: %s\n", v->name);
            failures++;
        }
    }
    CHECK(i >= 20);
}

/* Every prefix and many mutations of every description: refused or accepted, and compared, without harm. */
static void descriptions_mutated(void)
{
    unsigned char bytes[4096];
    char sentence[200];
    uint64_t size, accepted = 0;
    size_t i, at;
    uint32_t n;
    int round;
    srand(7);
    for (i = 0; i < COUNT(type_vectors); i++) {
        const type_vector *v = &type_vectors[i];
        for (n = 0; n < v->length; n++) {
            unsigned char *copy = malloc(n == 0 ? 1 : n); /* exactly as long, for the sanitizer */
            memcpy(copy, v->description, n);
            CHECK(!zeroipc_priv_check_description(copy, n, &size, &at));
            free(copy);
        }
        for (round = 0; round < 2000; round++) {
            zeroipc_priv_text text = { sentence, sizeof sentence, 0 };
            memcpy(bytes, v->description, v->length);
            for (n = 0; n < 1 + (uint32_t)rand() % 3; n++)
                bytes[(uint32_t)rand() % v->length] = (unsigned char)(rand() % 4 == 0 ? 255 : rand() % 256);
            if (!zeroipc_priv_check_description(bytes, v->length, &size, &at))
                continue;
            accepted++;
            (void)zeroipc_priv_compare((const unsigned char *)v->description, v->length, bytes, v->length, &text);
            (void)zeroipc_priv_compare(bytes, v->length, (const unsigned char *)v->description, v->length, &text);
        }
    }
    CHECK(accepted > 1000);
}

/* The largest enum that a description can hold, against itself with one name changed at the end. */
static void enums_hostile(void)
{
    static unsigned char a[65535], b[65535];
    char sentence[200] = "";
    zeroipc_priv_text text = { sentence, sizeof sentence, 0 };
    unsigned char head[] = { 4, 3, 1, 0, 0, 0 }; /* closed: the numbers are compared as well */
    uint16_t n = 5900;
    uint32_t length = sizeof head, i;
    double began;
    memcpy(head + 4, &n, 2);
    memcpy(a, head, sizeof head);
    for (i = 0; i < n; i++) {
        uint64_t value = i;
        memcpy(a + length, &value, 8);
        a[length + 8] = 2;
        a[length + 9] = (unsigned char)('!' + i % 90);
        a[length + 10] = (unsigned char)('!' + i / 90);
        length += 11;
    }
    memcpy(b, a, length);
    b[length - 1] = '~';
    began = seconds();
    CHECK(zeroipc_priv_compare(a, length, a, length, &text));
    CHECK(!zeroipc_priv_compare(a, length, b, length, &text));
    CHECK(seconds() - began < 2);
    CHECK(strstr(sentence, "calls the value 5899 `") != NULL);
}

static void shown_names_cannot_steer_a_terminal(void)
{
    zeroipc_priv_shown shown;
    CHECK(strcmp(zeroipc_priv_name(&shown, "H\xC3\xB6he\x1b[2J\n"), "H\xC3\xB6he\\u{1b}[2J\\n") == 0);
}

static void names_of_statuses(void)
{
    int i;
    for (i = 0; i <= ZEROIPC_SYSTEM; i++)
        CHECK(strcmp(zeroipc_status_name((zeroipc_status)i), "unknown status") != 0);
    CHECK(strcmp(zeroipc_status_name(ZEROIPC_TYPE_MISMATCH), "TYPE_MISMATCH") == 0);
}

static const test tests[] = {
    TEST(vectors_types),     TEST(scalars_are_constants),
    TEST(complex_numbers_are_aligned_as_their_parts),
    TEST(opaque_types),      TEST(vectors_compare),
    TEST(vectors_malformed), TEST(descriptions_mutated),
    TEST(enums_hostile),     TEST(shown_names_cannot_steer_a_terminal),
    TEST(names_of_statuses),
};

int main(int argc, char **argv) { return run_tests(tests, COUNT(tests), argc, argv, 120); }
