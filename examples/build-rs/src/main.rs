//! A crate whose build script compiles a schema: what comes out is included, and used as if it were written by hand.

/// What `build.rs` made of `schemas/sensors.zipc`.
#[allow(dead_code, unreachable_pub)]
mod sensors {
    include!(concat!(env!("OUT_DIR"), "/sensors.rs"));
}

use sensors::{SensorHub, SensorReading, Status};
use zeroipc::{FixedStr, Memory, Result};

fn main() -> Result<()> {
    let name = format!("/zeroipc_build_rs_{}", std::process::id());
    let hub = SensorHub::create_at(&name)?;
    // Whatever happens from here on, the example leaves no segment behind.
    Memory::unlink(&name)?;

    hub.temperature.set(3, 21.5);
    hub.readings.push(SensorReading {
        id: 3,
        status: Status::OK,
        _reserved_5: [0; 3],
        timestamp_ns: 1_000,
        temperature: 21.5,
        humidity: 0.4,
        position: sensors::Vec3 { x: 1.0, y: 2.0, z: 0.5 },
        label: FixedStr::new("window").unwrap_or_default(),
    })?;
    let reading = hub.readings.pop()?;
    println!("sensor {} at the {} is {:?}: {} degC", reading.id, reading.label, reading.status, reading.temperature);
    println!("{name} has {} of {} bytes left", hub.memory().free()?, SensorHub::SIZE);
    Ok(())
}
