//! A crate whose build script compiles a schema: what comes out is taken in, and used as if it were written by hand.

use weather::{Report, StatusKind, Weather};
use zeroipc::{Memory, Result};

zeroipc::include_schema! {
    /// What `build.rs` made of `schemas/weather.zipc`.
    mod weather;
    /// What it made of `schemas/place.zipc`, which the other one imports.
    mod place;
}

fn main() -> Result<()> {
    let name = format!("/zeroipc_build_rs_{}", std::process::id());
    let weather = Weather::create_at(&name)?;
    // Whatever happens from here on, the example leaves no segment behind.
    Memory::unlink(&name)?;

    let at = place::Point { latitude: 52.5, longitude: 13.4 };
    // What is not said here is as the schema says, the status among it.
    weather.reports.push(Report { station: 3, at, temperature: 21.5, ..Report::DEFAULT })?;
    weather.reports.push(Report { station: 4, at, temperature: Report::TEMPERATURE_NULL, ..Report::DEFAULT })?;
    while let Some(report) = weather.reports.try_pop()? {
        // A number from a segment may be any number.
        if report.station < weather::MAX_STATIONS {
            weather.newest.set(report.station as usize, report);
        }
        // The whole report names `at`; the point in it knows which of its fields.
        let odd = report.at.out_of_range().or(report.out_of_range());
        match (report.status.known(), report.temperature_or_none(), odd) {
            (Some(StatusKind::Ok), Some(celsius), None) => println!("station {}: {celsius} degC", report.station),
            (Some(StatusKind::Ok), None, None) => println!("station {} knows no temperature", report.station),
            (status, _, odd) => println!("station {} is {status:?}, its odd field is {odd:?}", report.station),
        }
    }
    println!("{name} has {} of {} bytes left", weather.memory().free()?, Weather::SIZE);
    Ok(())
}
