//! The binary: hands the process's arguments and streams to the library.

use std::io::{self, BufWriter};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut stdout = BufWriter::new(io::stdout());
    let exit = jely::run(std::env::args_os(), jely::own_worker(), &mut stdout, &mut io::stderr());
    ExitCode::from(exit.code())
}
