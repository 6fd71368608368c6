/* The C side of the example: see README.md. Built with -DSCHEMA_HEADER='"sensors.h"'. */
#define _GNU_SOURCE
#define ZEROIPC_IMPLEMENTATION
#include "zeroipc.h"

#include SCHEMA_HEADER

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PRODUCERS = 4, ME = 1, SHARE = 100 };

/** What this process pushed and popped. */
typedef struct tally {
    uint64_t pushed;
    uint64_t popped;
    uint64_t pushed_sum;
    uint64_t popped_sum;
    uint64_t from[PRODUCERS];
    uint64_t next[PRODUCERS];
} tally;

static int fail(const char *doing)
{
    fprintf(stderr, "C: %s: %s\n", doing, zeroipc_error_message());
    return 1;
}

/** A number that depends on the reading, so that a lost or doubled one changes the sum. */
static uint64_t checksum(const sensors_sensor_reading *reading)
{
    return (reading->id + UINT64_C(1)) * (reading->timestamp_ns + UINT64_C(1)) * UINT64_C(0x9E3779B97F4A7C15);
}

static sensors_sensor_reading make_reading(uint64_t sequence)
{
    sensors_sensor_reading reading;
    memset(&reading, 0, sizeof reading);
    reading.id = ME;
    reading.status = SENSORS_STATUS_OK;
    reading.timestamp_ns = sequence;
    reading.temperature = 20.0f + (float)(sequence % 100) / 10.0f;
    reading.humidity = 0.5f;
    memcpy(reading.label, "C", 1);
    return reading;
}

/** Counts a popped reading; 0 if the order of its producer was broken. */
static int count(tally *seen, const sensors_sensor_reading *reading)
{
    if (reading->id >= PRODUCERS || reading->timestamp_ns < seen->next[reading->id]) {
        fprintf(stderr, "C: reading %" PRIu64 " of producer %" PRIu32 " came out of order\n", reading->timestamp_ns,
            reading->id);
        return 0;
    }
    seen->next[reading->id] = reading->timestamp_ns + 1;
    seen->from[reading->id] += 1;
    seen->popped += 1;
    seen->popped_sum += checksum(reading);
    return 1;
}

/** Whether anybody still has readings to pop: `counter[1]` counts what all have popped. */
static int some_are_left(sensors_sensor_hub *hub, uint64_t readings)
{
    int64_t popped = 0;
    return sensors_sensor_hub_counter_get(hub, 1, &popped) == ZEROIPC_OK && (uint64_t)popped < PRODUCERS * readings;
}

static int exchange(sensors_sensor_hub *hub, uint64_t readings, tally *seen)
{
    while (seen->pushed < readings || some_are_left(hub, readings)) {
        sensors_sensor_reading reading = make_reading(seen->pushed);
        zeroipc_status status = ZEROIPC_FULL;
        if (seen->pushed < readings) {
            status = sensors_sensor_hub_readings_try_push(hub, &reading);
            if (status == ZEROIPC_OK) {
                seen->pushed += 1;
                seen->pushed_sum += checksum(&reading);
            } else if (status != ZEROIPC_FULL) {
                return fail("push");
            }
        }
        /* Wait only if there was nothing to push either. */
        status = sensors_sensor_hub_readings_pop(hub, &reading, status == ZEROIPC_OK ? 0 : 20);
        if (status == ZEROIPC_OK) {
            if (!count(seen, &reading)) {
                return 1;
            }
            zeroipc_array_fetch_add_i64(&hub->counter, 1, 1, NULL);
        } else if (status != ZEROIPC_TIMED_OUT) {
            return fail("pop");
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    sensors_sensor_hub hub;
    tally seen;
    uint64_t index;
    int failed;

    if (argc != 3) {
        fprintf(stderr, "usage: sensors SEGMENT READINGS\n");
        return 2;
    }
    if (sensors_sensor_hub_open(&hub, argv[1]) != ZEROIPC_OK) {
        return fail("open");
    }
    memset(&seen, 0, sizeof seen);
    for (index = 0; index < SHARE; index += 1) {
        float value = (float)ME + (float)index / 1000.0f;
        if (sensors_sensor_hub_temperature_set(&hub, ME * SHARE + index, &value) != ZEROIPC_OK) {
            return fail("set a temperature");
        }
    }
    failed = exchange(&hub, strtoull(argv[2], NULL, 10), &seen);
    if (!failed) {
        zeroipc_array_fetch_add_i64(&hub.counter, 0, (int64_t)seen.pushed, NULL);
        zeroipc_array_fetch_add_i64(&hub.counter, 2, (int64_t)seen.pushed_sum, NULL);
        zeroipc_array_fetch_add_i64(&hub.counter, 3, (int64_t)seen.popped_sum, NULL);
        printf("C       pushed %" PRIu64 " (checksum %016" PRIx64 "), popped %" PRIu64 " (checksum %016" PRIx64
               "): %" PRIu64 " from Rust, %" PRIu64 " from C, %" PRIu64 " from Python, %" PRIu64
               " from C++, each in order\n",
            seen.pushed, seen.pushed_sum, seen.popped, seen.popped_sum, seen.from[0], seen.from[1], seen.from[2],
            seen.from[3]);
    }
    sensors_sensor_hub_close(&hub);
    return failed;
}
