//! Compiles a schema and what it imports.

fn main() -> Result<(), zeroipc_codegen::Error> {
    zeroipc_codegen::build("schemas/weather.zipc")
}
