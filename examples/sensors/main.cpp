// The C++ side of the example: see README.md. Built with -DSCHEMA_HEADER='"sensors.hpp"'.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#define ZEROIPC_IMPLEMENTATION
#include "zeroipc.h"

#include SCHEMA_HEADER

#include <array>
#include <chrono>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

constexpr std::size_t PRODUCERS = 4;
constexpr std::uint32_t ME = 3;
constexpr std::uint64_t SHARE = 100;

/// What this process pushed and popped.
struct Tally {
    std::uint64_t pushed = 0;
    std::uint64_t popped = 0;
    std::uint64_t pushed_sum = 0;
    std::uint64_t popped_sum = 0;
    std::array<std::uint64_t, PRODUCERS> from{};
    std::array<std::uint64_t, PRODUCERS> next{};
};

/// A number that depends on the reading, so that a lost or doubled one changes the sum.
std::uint64_t checksum(const sensors::SensorReading& reading)
{
    return (reading.id + UINT64_C(1)) * (reading.timestamp_ns + UINT64_C(1)) * UINT64_C(0x9E3779B97F4A7C15);
}

sensors::SensorReading make_reading(std::uint64_t sequence)
{
    sensors::SensorReading reading{};
    reading.id = ME;
    reading.status = sensors::Status::OK;
    reading.timestamp_ns = sequence;
    reading.temperature = 20.0F + static_cast<float>(sequence % 100) / 10.0F;
    reading.humidity = 0.5F;
    zeroipc::schema::set_text(reading.label, "C++");
    return reading;
}

/// Counts a popped reading; false if the order of its producer was broken.
bool count(Tally& seen, const sensors::SensorReading& reading)
{
    if (reading.id >= PRODUCERS || reading.timestamp_ns < seen.next[reading.id]) {
        std::fprintf(stderr, "C++: reading %" PRIu64 " of producer %" PRIu32 " came out of order\n",
            reading.timestamp_ns, reading.id);
        return false;
    }
    seen.next[reading.id] = reading.timestamp_ns + 1;
    seen.from[reading.id] += 1;
    seen.popped += 1;
    seen.popped_sum += checksum(reading);
    return true;
}

void add(const sensors::SensorHub& hub, std::uint64_t counter, std::uint64_t number)
{
    zeroipc::schema::check(
        zeroipc_array_fetch_add_i64(hub.counter().handle(), counter, static_cast<std::int64_t>(number), nullptr));
}

bool exchange(const sensors::SensorHub& hub, std::uint64_t readings, Tally& seen)
{
    const auto queue = hub.readings();
    // Counter 1 counts what all have popped.
    while (seen.pushed < readings || static_cast<std::uint64_t>(hub.counter().get(1)) < PRODUCERS * readings) {
        bool pushed = false;
        if (seen.pushed < readings) {
            const auto reading = make_reading(seen.pushed);
            pushed = queue.try_push(reading);
            if (pushed) {
                seen.pushed += 1;
                seen.pushed_sum += checksum(reading);
            }
        }
        // Wait only if there was nothing to push either.
        if (const auto reading = queue.pop(std::chrono::milliseconds(pushed ? 0 : 20))) {
            if (!count(seen, *reading)) {
                return false;
            }
            add(hub, 1, 1);
        }
    }
    return true;
}

int run(const char* segment, std::uint64_t readings)
{
    const auto hub = sensors::SensorHub::open(segment);
    const auto temperature = hub.temperature();
    for (std::uint64_t index = 0; index < SHARE; index += 1) {
        temperature.set(ME * SHARE + index, static_cast<float>(ME) + static_cast<float>(index) / 1000.0F);
    }
    Tally seen;
    if (!exchange(hub, readings, seen)) {
        return EXIT_FAILURE;
    }
    add(hub, 0, seen.pushed);
    add(hub, 2, seen.pushed_sum);
    add(hub, 3, seen.popped_sum);
    std::printf("C++     pushed %" PRIu64 " (checksum %016" PRIx64 "), popped %" PRIu64 " (checksum %016" PRIx64
                "): %" PRIu64 " from Rust, %" PRIu64 " from C, %" PRIu64 " from Python, %" PRIu64
                " from C++, each in order\n",
        seen.pushed, seen.pushed_sum, seen.popped, seen.popped_sum, seen.from[0], seen.from[1], seen.from[2],
        seen.from[3]);
    return EXIT_SUCCESS;
}

} // namespace

int main(int argc, char** argv)
{
    if (argc != 3) {
        std::fprintf(stderr, "usage: sensors SEGMENT READINGS\n");
        return 2;
    }
    try {
        return run(argv[1], std::strtoull(argv[2], nullptr, 10));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "C++: %s\n", error.what());
        return EXIT_FAILURE;
    }
}
