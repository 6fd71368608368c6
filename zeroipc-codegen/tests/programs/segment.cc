// A segment through the C++ header and through the C accessors. The argument is the segment's name.
#include <cstdio>
#include <cstring>
#include <utility>

#include "zeroipc.h"

#include "variants.h"
#include "aliases.hpp"
#include "numbers.hpp"
#include "variants.hpp"

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            std::fprintf(stderr, "line %d: %s (%s)\n", __LINE__, #condition, zeroipc_error_message()); \
            return 1; \
        } \
    } while (false)

namespace {

using tests::variants::Circle;
using tests::variants::Drawing;
using tests::variants::Drawings;
using tests::variants::Shape;
using zeroipc::schema::Error;

template <typename F>
zeroipc_status thrown(F&& f)
{
    try {
        std::forward<F>(f)();
    } catch (const Error& error) {
        return std::strlen(error.what()) > 0 ? error.status() : ZEROIPC_OK;
    }
    return ZEROIPC_OK;
}

int written_in_cpp_read_in_c(const char* name)
{
    using namespace std::chrono_literals;
    CHECK(thrown([&] { Drawings::open(name); }) == ZEROIPC_NOT_FOUND);
    Drawings made = Drawings::create(name);
    CHECK(thrown([&] { Drawings::create(name); }) == ZEROIPC_EXISTS);
    CHECK(made.shapes().size() == 8 && made.drawings().capacity() == 8);
    made.shapes().set(3, Shape::circle(Circle{1, 2, 3}));
    CHECK(thrown([&] { made.shapes().set(8, Shape::none()); }) == ZEROIPC_OUT_OF_BOUNDS);
    CHECK(thrown([&] { made.shapes().get(8); }) == ZEROIPC_OUT_OF_BOUNDS);
    CHECK(made.shapes().data()[3].as_circle()->y == 2);
#if __cplusplus >= 202002L && __has_include(<span>)
    CHECK(span(made.shapes()).size() == 8);
#endif

    Drawing drawing{};
    drawing.shapes[1] = *Shape::label("hello");
    CHECK(!made.drawings().try_pop() && !made.drawings().pop(1ms));
    for (int i = 0; i < 8; ++i) {
        CHECK(made.drawings().try_push(drawing));
    }
    CHECK(!made.drawings().try_push(drawing) && !made.drawings().push(drawing, 1ms));
    CHECK(made.drawings().size() == 8 && made.drawings().pop().shapes[1].as_label() == "hello");

    CHECK(made.drawings().try_pop(drawing) && made.drawings().try_push(drawing));

    // A moved segment goes on, and what it was moved to closes it.
    Drawings moved = std::move(made);
    CHECK(moved.shapes().get(3).as_circle()->radius == 3);

    tests_variants_drawings c;
    CHECK(tests_variants_drawings_open(&c, name) == ZEROIPC_OK);
    tests_variants_shape shape;
    CHECK(tests_variants_drawings_shapes_get(&c, 3, &shape) == ZEROIPC_OK);
    CHECK(tests_variants_shape_circle(&shape)->radius == 3);
    tests_variants_drawing taken;
    CHECK(tests_variants_drawings_drawings_try_pop(&c, &taken) == ZEROIPC_OK);
    CHECK(std::strcmp(tests_variants_shape_label(&taken.shapes[1]), "hello") == 0);
    tests_variants_shape_set_count(&shape, 77);
    CHECK(tests_variants_drawings_shapes_set(&c, 0, &shape) == ZEROIPC_OK);
    tests_variants_drawings_close(&c);
    moved.close();

    const Drawings again = Drawings::open_or_create(name);
    CHECK(*again.shapes().get(0).as_count() == 77 && again.drawings().size() == 6);
    return 0;
}

/** Elements that are arrays, texts and complex numbers. */
int elements_without_a_name(const char* name)
{
    using tests::aliases::Places;
    CHECK(thrown([&] { Places::open(name); }) != ZEROIPC_OK);
    CHECK(zeroipc_memory_unlink(name) == ZEROIPC_OK);
    {
        const Places places = Places::create(name);
        places.rows().set(2, {1, 2, 3});
        std::array<char, 16> label{};
        CHECK(zeroipc::schema::set_text(label, "sixteen bytes..") && places.labels().try_push(label));
    }
    {
        const Places places = Places::open(name);
        CHECK(places.rows().get(2)[1] == 2);
        CHECK(zeroipc::schema::text(places.labels().pop()) == "sixteen bytes..");
    }
    CHECK(zeroipc_memory_unlink(name) == ZEROIPC_OK);
    const auto signals = tests::numbers::Signals::create(name);
    signals.singles().set(0, std::complex<float>(1, -1));
    CHECK(signals.singles().get(0).imag() == -1.0f);
    signals.numbers().set(1, tests::numbers::make_numbers());
    CHECK(signals.numbers().get(1).wide.imag() == 1e100);
    return 0;
}

} // namespace

int main(int, char** arguments)
{
    const char* const name = arguments[1];
    static_cast<void>(zeroipc_memory_unlink(name));
    const int wrong = written_in_cpp_read_in_c(name) + elements_without_a_name(name);
    static_cast<void>(zeroipc_memory_unlink(name));
    return wrong;
}
