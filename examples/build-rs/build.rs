//! Compiles the schema that all examples share.

fn main() -> Result<(), zeroipc_codegen::Error> {
    zeroipc_codegen::build("../../schemas/sensors.zipc")
}
