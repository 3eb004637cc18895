//! The `tidegate` program: parses, runs, prints and exits.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let arguments = match tidegate::cli::Cli::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // clap's own texts go where clap sends them: help to standard output, errors to standard error.
            let code = if error.use_stderr() { 2 } else { 0 };
            return if error.print().is_ok() {
                ExitCode::from(code)
            } else {
                ExitCode::from(2)
            };
        }
    };
    ExitCode::from(tidegate::command::execute(arguments))
}
