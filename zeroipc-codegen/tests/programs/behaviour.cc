// What the helpers in the C++ headers do. What can be is checked by the compiler.
#include <cmath>
#include <cstdio>
#include <cstring>

#include "constants.hpp"
#include "enums.hpp"
#include "fields.hpp"
#include "imports.hpp"
#include "numbers.hpp"
#include "variants.hpp"

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            std::fprintf(stderr, "line %d: %s\n", __LINE__, #condition); \
            return 1; \
        } \
    } while (false)

namespace {

namespace consts = tests::constants;
static_assert(consts::ROWS == 4 && consts::MASK == 0xFFFF000000000000 && consts::LOWEST == INT64_MIN);
static_assert(consts::GRAVITY_F32 == 9.80665f && std::is_same_v<decltype(consts::GRAVITY_F32), const float>);
static_assert(consts::UNKNOWN != consts::UNKNOWN && consts::LOW < -1e308 && consts::HALF == 0x3800 && consts::ON);
static_assert(consts::GREETING == "say \"hello\" \\ \?\?= \xc3\xa4\xc3\xb6");

namespace enums {
using namespace tests::enums;
static_assert(name(Colour::GREEN) == "GREEN" && name(static_cast<Colour>(77)).empty());
static_assert(is_known(Light::RED) && !is_known(static_cast<Light>(2)));
static_assert((Access::READ | Access::WRITE | Access::EXECUTE | Access::LIST) == Access::ALL);
static_assert((Access::ALL & ~Access::READ) == (Access::ALL ^ Access::READ));
static_assert(any(Access::READ) && !any(Access::NONE));
static_assert(has(Access::ALL, Access::READ | Access::LIST) && !has(Access::READ, Access::READ | Access::LIST));
static_assert(make_file().access == (Access::READ | Access::LIST) && make_file().wide == Wide::HIGH);
static_assert(has_light(make_file()) && *light_or_none(make_file()) == Light::YELLOW);

constexpr bool assigned()
{
    Access it = Access::NONE;
    it |= Access::READ | Access::LIST;
    it &= ~Access::LIST;
    it ^= Access::WRITE;
    return it == (Access::READ | Access::WRITE);
}
static_assert(assigned());
} // namespace enums

namespace fields {
using namespace tests::fields;
constexpr Outer outer = make_outer();
static_assert(outer.inner.celsius == 21.5 && outer.more[1].level == -5 && outer.plain == 0);
static_assert(outer.inner.rows[1][1] == 4 && outer.inner.exact == INT64_MIN && outer.inner.tiny == -128);
static_assert(zeroipc::schema::text(outer.inner.label) == "a \"b\" \\ \xc3\xa4");
static_assert(in_range(outer.inner).empty() && Sample::level_min == -100 && Sample::level_max == 100);
static_assert(!has_exact(outer.inner) && !exact_or_none(outer.inner) && *count_or_none(outer.inner) == 16);
static_assert(std::is_trivial_v<Sample> && std::is_aggregate_v<Sample>);

constexpr std::string_view changed(double celsius, int level)
{
    Sample it = make_sample();
    it.celsius = celsius;
    it.level = level;
    return in_range(it);
}
static_assert(changed(-273.15, 100).empty() && changed(10000.5, 0) == "celsius" && changed(0, 101) == "level");
static_assert(changed(Sample::celsius_null, -100).empty());
} // namespace fields

namespace numbers {
using namespace tests::numbers;
constexpr Numbers made = make_numbers();
static_assert(made.half == 0x3E00 && made.halves[2] == 0xFBFF && made.narrow.imag() == -2.5f);
static_assert(in_range(made).empty() && has_half(made));

constexpr std::string_view changed(std::uint16_t half)
{
    Numbers it = make_numbers();
    it.half = half;
    return in_range(it);
}
static_assert(changed(0x4101) == "half" && changed(0xBC00) == "half" && changed(0x8000).empty());
static_assert(changed(0xFE01).empty());
} // namespace numbers

namespace importing {
using tests::importing::make_body;
static_assert(make_body().box_around.high.x == 1 && make_body().frame == tests::shared::Frame::BODY);
static_assert(zeroipc::schema::type_of<tests::importing::Body>::name == "Body");
static_assert(zeroipc::schema::type_of<tests::shared::Vec3>::description[0] == 5);
} // namespace importing

int texts()
{
    char field[4] = {'o', 'l', 'd', '!'};
    CHECK(zeroipc::schema::text(field) == "old!");
    CHECK(zeroipc::schema::set_text(field, "ab") && zeroipc::schema::text(field) == "ab" && field[3] == '\0');
    CHECK(!zeroipc::schema::set_text(field, "abcde") && zeroipc::schema::text(field) == "ab");
    return 0;
}

int variants()
{
    using namespace tests::variants;
    const Shape circle = Shape::circle(Circle{1, 2, 3});
    CHECK(circle.tag == ShapeTag::CIRCLE && circle.as_circle()->radius == 3);
    CHECK(circle.as_count() == nullptr && !circle.as_label() && circle.payload_[31] == std::byte{0});
    const float corners[4][2] = {{1, 2}, {3, 4}, {5, 6}, {7, 8}};
    CHECK((*Shape::corners(corners).as_corners())[3][1] == 8);
    const auto label = Shape::label("hello");
    CHECK(label && label->as_label() == "hello" && !Shape::label("thirteen byte"));
    CHECK(Shape::label("")->as_label() == "");
    CHECK(!Shape::label(std::string_view("a\0b", 3)));
    char field[4] = {'k', 'e', 'p', 't'};
    CHECK(!zeroipc::schema::set_text(field, std::string_view("a\0b", 3)) && field[0] == 'k');
    CHECK(*Shape::count(7).as_count() == 7 && *Shape::side(Side::RIGHT).as_side() == Side::RIGHT);
    CHECK(Tree::leaf(circle).as_leaf()->as_circle()->y == 2);
    CHECK(Signal::go().tag == SignalTag::GO);

    struct Seen {
        int operator()(const Circle& value) const { return static_cast<int>(value.radius); }
        int operator()(std::string_view value) const { return static_cast<int>(value.size()); }
        int operator()(const float (&value)[4][2]) const { return static_cast<int>(value[0][0]); }
        int operator()(Side) const { return 100; }
        int operator()(std::uint16_t value) const { return value; }
        int operator()(ShapeTag tag) const { return -static_cast<int>(tag); }
    };
    CHECK(circle.visit(Seen{}) == 3 && label->visit(Seen{}) == 5 && Shape::corners(corners).visit(Seen{}) == 1);
    CHECK(Shape::none().visit(Seen{}) == 0 && Shape::count(9).visit(Seen{}) == 9);
    Shape unknown{};
    unknown.tag = static_cast<ShapeTag>(200);
    CHECK(unknown.visit(Seen{}) == -200);
    return 0;
}

int views()
{
#if __cplusplus >= 202002L && __has_include(<span>)
    using tests::variants::Circle;
    alignas(Circle) std::byte bytes[2 * sizeof(Circle)] = {};
    const Circle last{4, 5, 6};
    std::memcpy(bytes + sizeof(Circle), &last, sizeof(last));
    const auto found = zeroipc::schema::view<Circle>(std::span<std::byte>(bytes));
    CHECK(found && found->size() == 2 && (*found)[1].radius == 6);
    CHECK(zeroipc::schema::view<Circle>(std::span<const std::byte>(bytes))->size() == 2);
    CHECK(!zeroipc::schema::view<Circle>(std::span<std::byte>(bytes).first(sizeof(Circle) + 1)));
    CHECK(!zeroipc::schema::view<Circle>(std::span<std::byte>(bytes).subspan(1, sizeof(Circle))));
#endif
    return 0;
}

} // namespace

int main()
{
    return texts() + variants() + views();
}
