//! The `tidegate` program: parses, runs, prints and exits.

use std::process::ExitCode;

use clap::Parser;

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
