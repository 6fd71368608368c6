/* What the helpers in the C headers do. Exits with the line of the first thing that is wrong. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "constants.h"
#include "enums.h"
#include "fields.h"
#include "imports.h"
#include "numbers.h"
#include "variants.h"

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "line %d: %s\n", __LINE__, #condition); \
            return 1; \
        } \
    } while (0)

static int constants(void)
{
    CHECK(TESTS_CONSTANTS_ROWS == 4);
    CHECK(TESTS_CONSTANTS_MASK == 0xFFFF000000000000);
    CHECK(TESTS_CONSTANTS_LOWEST == INT64_MIN);
    CHECK(TESTS_CONSTANTS_GRAVITY == 9.80665);
    CHECK(TESTS_CONSTANTS_GRAVITY_F32 == 9.80665f && sizeof(TESTS_CONSTANTS_GRAVITY_F32) == sizeof(float));
    CHECK(isnan(TESTS_CONSTANTS_UNKNOWN) && sizeof(TESTS_CONSTANTS_UNKNOWN) == sizeof(double));
    CHECK(isinf(TESTS_CONSTANTS_FAR) && TESTS_CONSTANTS_FAR > 0);
    CHECK(isinf(TESTS_CONSTANTS_LOW) && TESTS_CONSTANTS_LOW < 0);
    CHECK(TESTS_CONSTANTS_HALF == 0x3800);
    CHECK(strcmp(TESTS_CONSTANTS_GREETING, "say \"hello\" \\ \?\?= \xc3\xa4\xc3\xb6") == 0);
    CHECK(TESTS_CONSTANTS_GREETING_LENGTH == strlen(TESTS_CONSTANTS_GREETING));
    CHECK(TESTS_CONSTANTS_ON == 1);
    return 0;
}

static int enums(void)
{
    tests_enums_file file;
    CHECK(strcmp(tests_enums_colour_name(TESTS_ENUMS_COLOUR_GREEN), "GREEN") == 0);
    CHECK(strcmp(tests_enums_large_name(TESTS_ENUMS_LARGE_TOP), "TOP") == 0);
    CHECK(tests_enums_colour_name(77) == NULL);
    CHECK(tests_enums_light_is_known(TESTS_ENUMS_LIGHT_RED));
    CHECK(!tests_enums_light_is_known(2));
    CHECK(TESTS_ENUMS_ACCESS_ALL == 0x303);
    tests_enums_file_init(&file);
    CHECK(file.access == (TESTS_ENUMS_ACCESS_READ | TESTS_ENUMS_ACCESS_LIST));
    CHECK(file.colour == TESTS_ENUMS_COLOUR_GREEN);
    CHECK(file.wide == TESTS_ENUMS_WIDE_HIGH);
    CHECK(tests_enums_file_has_light(&file));
    file.light = TESTS_ENUMS_FILE_LIGHT_NULL;
    CHECK(!tests_enums_file_has_light(&file));
    return 0;
}

static int fields(void)
{
    tests_fields_outer outer;
    tests_fields_sample *it = &outer.inner;
    memset(&outer, 0xAA, sizeof(outer));
    tests_fields_outer_init(&outer);
    CHECK(it->celsius == 21.5 && it->level == -5 && it->count == 16 && it->ready == 1 && it->letter == 65);
    CHECK(it->weights[0] == 0.25f && it->weights[2] == 1.0f && isinf(it->weights[3]));
    CHECK(it->rows[0][0] == 1 && it->rows[1][1] == 4);
    CHECK(memcmp(it->label, "a \"b\" \\ \xc3\xa4\0\0\0\0\0\0", 16) == 0);
    CHECK(it->big == UINT64_MAX && it->tiny == INT8_MIN && it->exact == INT64_MIN && it->stamp == 0);
    CHECK(outer.more[1].level == -5 && outer.plain == 0 && outer.more[0].pad77_[2] == 0);

    CHECK(tests_fields_sample_in_range(it) == NULL);
    it->celsius = TESTS_FIELDS_SAMPLE_CELSIUS_MAX;
    CHECK(tests_fields_sample_in_range(it) == NULL);
    it->celsius = 10000.5;
    CHECK(strcmp(tests_fields_sample_in_range(it), "celsius") == 0);
    CHECK(tests_fields_sample_has_celsius(it));
    it->celsius = TESTS_FIELDS_SAMPLE_CELSIUS_NULL;
    CHECK(!tests_fields_sample_has_celsius(it));
    CHECK(tests_fields_sample_in_range(it) == NULL);
    it->weights[2] = NAN;
    CHECK(strcmp(tests_fields_sample_in_range(it), "weights") == 0);
    it->weights[2] = 0;
    it->level = 101;
    CHECK(strcmp(tests_fields_sample_in_range(it), "level") == 0);
    it->level = TESTS_FIELDS_SAMPLE_LEVEL_MIN;
    it->big = 0;
    CHECK(strcmp(tests_fields_sample_in_range(it), "big") == 0);
    it->big = TESTS_FIELDS_SAMPLE_BIG_MIN;
    CHECK(tests_fields_sample_in_range(it) == NULL);

    it->maybe = NAN;
    CHECK(tests_fields_sample_has_maybe(it));
    it->maybe = -1.0f;
    CHECK(!tests_fields_sample_has_maybe(it));
    CHECK(!tests_fields_sample_has_exact(it));
    CHECK(tests_fields_sample_has_count(it));
    return 0;
}

static int numbers(void)
{
    tests_numbers_numbers it;
    tests_numbers_numbers_init(&it);
    CHECK(it.half == 0x3E00 && it.halves[1] == 0x3C00 && it.halves[2] == 0xFBFF);
    CHECK(it.narrow[0] == 1.0f && it.narrow[1] == -2.5f && it.wide[0] == 0.5 && it.wide[1] == 1e100);
    CHECK(tests_numbers_numbers_in_range(&it) == NULL);
    it.half = 0x4101; /* a little above 2.5 */
    CHECK(strcmp(tests_numbers_numbers_in_range(&it), "half") == 0);
    it.half = 0xBC00; /* -1 */
    CHECK(strcmp(tests_numbers_numbers_in_range(&it), "half") == 0);
    it.half = 0x8000; /* -0 */
    CHECK(tests_numbers_numbers_in_range(&it) == NULL);
    it.half = 0xFE01; /* some NaN */
    CHECK(!tests_numbers_numbers_has_half(&it));
    CHECK(tests_numbers_numbers_in_range(&it) == NULL);
    return 0;
}

static int variants(void)
{
    static const float corners[4][2] = { { 1, 2 }, { 3, 4 }, { 5, 6 }, { 7, 8 } };
    const tests_variants_circle circle = { 1, 2, 3 };
    tests_variants_shape it, zero;
    tests_variants_tree tree;
    size_t i;
    memset(&zero, 0, sizeof(zero));
    memset(&it, 0xAA, sizeof(it));

    tests_variants_shape_set_circle(&it, &circle);
    CHECK(it.tag == TESTS_VARIANTS_SHAPE_TAG_CIRCLE && tests_variants_shape_circle(&it)->radius == 3);
    CHECK(tests_variants_shape_count(&it) == NULL && tests_variants_shape_label(&it) == NULL);
    for (i = 24; i < 32; ++i) {
        CHECK(it.as.bytes_[i] == 0);
    }
    for (i = 0; i < 7; ++i) {
        CHECK(it.pad1_[i] == 0);
    }
    /* A value out of the variant itself may be put into it. */
    tests_variants_shape_set_circle(&it, tests_variants_shape_circle(&it));
    CHECK(tests_variants_shape_circle(&it)->x == 1);

    tests_variants_shape_set_corners(&it, &corners[0][0]);
    CHECK(tests_variants_shape_corners(&it)[7] == 8 && it.as.corners[3][0] == 7);
    CHECK(tests_variants_shape_set_label(&it, "twelve bytes", 12));
    CHECK(memcmp(tests_variants_shape_label(&it), "twelve bytes", 12) == 0 && it.as.bytes_[12] == 0);
    CHECK(!tests_variants_shape_set_label(&it, "thirteen byte", 13));
    CHECK(!tests_variants_shape_set_label(&it, "a\0b", 3));
    CHECK(memcmp(tests_variants_shape_label(&it), "twelve bytes", 12) == 0);
    CHECK(tests_variants_shape_set_label(&it, NULL, 0) && tests_variants_shape_label(&it)[0] == 0);
    tests_variants_shape_set_count(&it, 0x1234);
    CHECK(*tests_variants_shape_count(&it) == 0x1234 && it.as.bytes_[2] == 0);
    tests_variants_shape_set_side(&it, TESTS_VARIANTS_SIDE_RIGHT);
    CHECK(*tests_variants_shape_side(&it) == TESTS_VARIANTS_SIDE_RIGHT);
    tests_variants_tree_set_leaf(&tree, &it);
    CHECK(*tests_variants_shape_side(tests_variants_tree_leaf(&tree)) == TESTS_VARIANTS_SIDE_RIGHT);
    tests_variants_shape_set_none(&it);
    CHECK(memcmp(&it, &zero, sizeof(it)) == 0);
    return 0;
}

static int imports(void)
{
    tests_importing_body body;
    tests_importing_body_init(&body);
    CHECK(body.position.x == 1 && body.path[1].x == 1 && body.box_around.high.x == 1);
    CHECK(body.frame == TESTS_SHARED_FRAME_BODY);
    CHECK(body.quality == (TESTS_SHARED_QUALITY_FIXED | TESTS_SHARED_QUALITY_FILTERED));
    CHECK(TESTS_IMPORTING_CELLS == 12);
    return 0;
}

int main(void)
{
    return constants() + enums() + fields() + numbers() + variants() + imports();
}
