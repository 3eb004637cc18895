//! The `tidegate` program: parses, runs, prints and exits.

use std::process::ExitCode;

use clap::Parser;

/// Trees and findings are many small pieces, made on all cores and dropped together: a run takes a tenth less CPU than
/// with the allocator of the system.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = match tidegate::cli::Cli::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // clap's own texts go where clap sends them: help to standard output, errors to standard error.
            if error.use_stderr() {
                return ExitCode::from(tidegate::command::refuse(&error));
            }
            return ExitCode::from(if error.print().is_ok() { 0 } else { 2 });
        }
    };
    ExitCode::from(tidegate::command::execute(arguments))
}
