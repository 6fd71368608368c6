//! The Rust side of the example: see README.md.

use std::process::ExitCode;
use std::time::Duration;

use zeroipc::{ErrorKind, FixedStr, Memory, Result};

zeroipc::include_schema! {
    /// What the build script made of `schemas/sensors.zipc`.
    mod sensors;
    /// What the build script made of `changed.zipc`.
    mod changed;
}

use sensors::{SensorHub, SensorReading, Status};

const PRODUCERS: [&str; 4] = ["Rust", "C", "Python", "C++"];
const ME: u32 = 0;
const SHARE: usize = 100;

/// What this process pushed and popped.
#[derive(Debug, Default)]
struct Tally {
    pushed: u64,
    popped: u64,
    pushed_sum: u64,
    popped_sum: u64,
    from: [u64; 4],
    next: [u64; 4],
}

/// A number that depends on the reading, so that a lost or doubled one changes the sum.
fn checksum(reading: &SensorReading) -> u64 {
    (u64::from(reading.id) + 1).wrapping_mul(reading.timestamp_ns.wrapping_add(1)).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

impl Tally {
    fn count(&mut self, reading: &SensorReading) {
        let producer = reading.id as usize;
        assert!(
            producer < PRODUCERS.len() && reading.timestamp_ns >= self.next[producer],
            "reading {} of producer {producer} came out of order",
            reading.timestamp_ns
        );
        self.next[producer] = reading.timestamp_ns + 1;
        self.from[producer] += 1;
        self.popped += 1;
        self.popped_sum = self.popped_sum.wrapping_add(checksum(reading));
    }
}

fn make_reading(sequence: u64) -> SensorReading {
    SensorReading {
        id: ME,
        status: Status::OK,
        _reserved_5: [0; 3],
        timestamp_ns: sequence,
        temperature: 20.0 + (sequence % 100) as f32 / 10.0,
        humidity: 0.5,
        position: sensors::Vec3 { x: 1.0, y: 2.0, z: 0.5 },
        label: FixedStr::new("Rust").unwrap_or_default(),
    }
}

/// Takes part: writes temperatures, pushes and pops as many readings as asked, counts.
fn take_part(segment: &str, readings: u64) -> Result<()> {
    let hub = SensorHub::open_at(segment)?;
    for index in 0..SHARE {
        hub.temperature.set(ME as usize * SHARE + index, ME as f32 + index as f32 / 1000.0);
    }
    let mut seen = Tally::default();
    // `counter[1]` counts what all have popped.
    while seen.pushed < readings || hub.counter.load(1) < (PRODUCERS.len() as u64 * readings).cast_signed() {
        let mut pushed = false;
        if seen.pushed < readings {
            let reading = make_reading(seen.pushed);
            match hub.readings.try_push(reading) {
                Ok(()) => {
                    pushed = true;
                    seen.pushed += 1;
                    seen.pushed_sum = seen.pushed_sum.wrapping_add(checksum(&reading));
                }
                Err(error) if error.kind() == ErrorKind::Full => {}
                Err(error) => return Err(error),
            }
        }
        // Wait only if there was nothing to push either.
        match hub.readings.pop_timeout(Duration::from_millis(if pushed { 0 } else { 20 })) {
            Ok(reading) => {
                seen.count(&reading);
                hub.counter.fetch_add(1, 1);
            }
            Err(error) if error.kind() == ErrorKind::TimedOut => {}
            Err(error) => return Err(error),
        }
    }
    hub.counter.fetch_add(0, seen.pushed.cast_signed());
    hub.counter.fetch_add(2, seen.pushed_sum.cast_signed());
    hub.counter.fetch_add(3, seen.popped_sum.cast_signed());
    println!(
        "Rust    pushed {} (checksum {:016x}), popped {} (checksum {:016x}): {} from Rust, {} from C, {} from Python, \
         {} from C++, each in order",
        seen.pushed,
        seen.pushed_sum,
        seen.popped,
        seen.popped_sum,
        seen.from[0],
        seen.from[1],
        seen.from[2],
        seen.from[3]
    );
    Ok(())
}

/// Compares what all have added up, and what each has written to the array.
fn verify(segment: &str) -> Result<bool> {
    let hub = SensorHub::open_at(segment)?;
    let (pushed, popped) = (hub.counter.load(0), hub.counter.load(1));
    let (pushed_sum, popped_sum) = (hub.counter.load(2), hub.counter.load(3));
    let left = hub.readings.len()?;
    println!(
        "All     pushed {pushed} (checksum {pushed_sum:016x}), popped {popped} (checksum {popped_sum:016x}), {left} left"
    );
    let mut same = pushed == popped && pushed_sum == popped_sum && left == 0;
    for (who, name) in PRODUCERS.iter().enumerate() {
        let share: Vec<f32> = (0..SHARE).filter_map(|index| hub.temperature.get(who * SHARE + index)).collect();
        let whole = (0..SHARE).all(|index| (share[index] - (who as f32 + index as f32 / 1000.0)).abs() < 1e-6);
        println!("        {name:<7} wrote temperatures {:.3} to {:.3}", share[0], share[SHARE - 1]);
        same &= whole;
    }
    println!("        {}", if same { "the checksums agree" } else { "THE CHECKSUMS DIFFER" });
    Ok(same)
}

fn run() -> Result<bool> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["create", segment] => SensorHub::create_at(segment).map(|_| true),
        ["run", segment, readings] => {
            let readings = readings.parse().unwrap_or(1000);
            take_part(segment, readings).map(|()| true)
        }
        ["verify", segment] => verify(segment),
        ["refused", segment] => changed::SensorHub::open_at(segment).map(|_| true),
        ["remove", segment] => Memory::unlink(segment).map(|()| true),
        _ => {
            eprintln!("usage: sensors create|verify|refused|remove SEGMENT, or sensors run SEGMENT READINGS");
            Ok(false)
        }
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(2),
        Err(error) => {
            eprintln!("Rust: {error}");
            ExitCode::FAILURE
        }
    }
}
