//! The `zeroipc-codegen` command.

use std::path::PathBuf;

use clap::Parser;
use zeroipc_codegen::{Compiler, Format};

#[derive(Parser, Debug)]
struct Args {
    schemas: Vec<PathBuf>,
    #[arg(long)]
    c: bool,
    #[arg(long)]
    python: bool,
    #[arg(long)]
    rust: bool,
    #[arg(long)]
    bare: bool,
    #[arg(short)]
    o: PathBuf,
}

fn main() {
    let args = Args::parse();
    let mut compiler = Compiler::new().bare(args.bare);
    for schema in &args.schemas {
        compiler = compiler.schema(schema);
    }
    if args.c {
        compiler = compiler.c();
    }
    if args.python {
        compiler = compiler.python();
    }
    if args.rust {
        compiler = compiler.rust();
    }
    match compiler.compile() {
        Ok(compiled) => {
            std::fs::create_dir_all(&args.o).expect("dir");
            for output in compiled.outputs {
                std::fs::write(args.o.join(output.path), output.text).expect("write");
            }
        }
        Err(error) => {
            eprint!("{}", error.render(Format::Human));
            std::process::exit(1);
        }
    }
}
