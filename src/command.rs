//! The subcommands: what each prints, and the exit code it ends with.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;

use anstream::ColorChoice;

use crate::cli::{
    AnswerFormat, CheckArgs, Cli, Color, Command, Display, ExplainArgs, Format, PodSecurityArgs,
    RulesArgs,
};
use crate::error::Error;
use crate::report;
use crate::report::sarif::SarifOptions;
use crate::report::terminal::Detail;
use crate::run::governance::Overrides;
use crate::run::{self, Request};
use crate::verdict::Report;

/// Runs a command to its exit code. Everything that can be said is printed.
#[must_use]
pub fn execute(arguments: Cli) -> u8 {
    let result = match arguments.command {
        Command::Check(arguments) => check(&arguments),
        Command::PodSecurity(arguments) => pod_security(&arguments),
        Command::Rules(arguments) => rules(&arguments),
        Command::Explain(arguments) => explain(&arguments),
        Command::Action => Ok(crate::action::run()),
    };
    match result {
        Ok(code) => code,
        // The reader of a pipe that closed it has seen enough.
        Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::BrokenPipe => 0,
        Err(error) => {
            let mut stderr = anstream::stderr().lock();
            // Nothing is left to say it to if this fails.
            let _ = writeln!(stderr, "error: {}", report::one_line(&error.to_string()));
            error.exit_code()
        }
    }
}

fn check(arguments: &CheckArgs) -> Result<u8, Error> {
    let report = run::run(&Request {
        paths: arguments.paths.clone(),
        base: arguments.base.clone(),
        head: arguments.head.clone(),
        config: arguments.config.clone(),
        overrides: Overrides {
            fail_on: arguments.fail_on,
            fail_on_existing: arguments.fail_on_existing,
            on_incomplete: arguments.on_incomplete,
        },
        today: Some(run::today()),
    })?;
    // Files first: a closed pipe on standard output must not cost the SARIF file.
    for (format, path) in &arguments.output {
        write_file(&report, *format, path)?;
    }
    let detail = match (arguments.quiet, arguments.verbose) {
        (true, _) => Detail::Quiet,
        (_, true) => Detail::Verbose,
        _ => Detail::Normal,
    };
    match arguments.format {
        Format::Terminal => {
            let terminal = terminal(arguments.display);
            print(
                &report::terminal::render(&report, detail, terminal),
                terminal.color,
            )?;
        }
        Format::Json => write_out(|out| report::json::write(&report, out))?,
        Format::Sarif => {
            write_out(|out| report::sarif::write(&report, &SarifOptions::default(), out))?;
        }
    }
    Ok(report.exit_code())
}

fn write_file(report: &Report, format: Format, path: &Path) -> Result<(), Error> {
    let failed = |source| Error::Io {
        what: format!("cannot write {}", path.display()),
        source,
    };
    let mut out = BufWriter::new(create(path).map_err(failed)?);
    let written = match format {
        Format::Terminal => {
            let terminal = Terminal {
                width: WIDTH,
                color: false,
            };
            out.write_all(report::terminal::render(report, Detail::Normal, terminal).as_bytes())
        }
        Format::Json => report::json::write(report, &mut out),
        Format::Sarif => report::sarif::write(report, &SarifOptions::default(), &mut out),
    };
    written.and_then(|()| out.flush()).map_err(failed)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the edge: the caller named this file to write"
)]
fn create(path: &Path) -> io::Result<File> {
    File::create(path)
}

fn write_out(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Error> {
    let mut out = BufWriter::new(io::stdout().lock());
    write(&mut out)
        .and_then(|()| out.flush())
        .map_err(standard_output)
}

fn standard_output(source: io::Error) -> Error {
    Error::Io {
        what: "cannot write to standard output".to_owned(),
        source,
    }
}

/// What the terminal can show.
pub use crate::report::terminal::Terminal;

/// The width of text that goes to no terminal.
const WIDTH: usize = 120;

fn terminal(display: Display) -> Terminal {
    let is_terminal = io::stdout().is_terminal();
    let color = match display.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => anstream::AutoStream::choice(&io::stdout()) != ColorChoice::Never,
    };
    let width = terminal_size::terminal_size().map_or(WIDTH, |(width, _)| usize::from(width.0));
    Terminal {
        width: if is_terminal { width } else { WIDTH },
        color,
    }
}

fn print(text: &str, color: bool) -> Result<(), Error> {
    let choice = if color {
        ColorChoice::AlwaysAnsi
    } else {
        ColorChoice::Never
    };
    let mut out = anstream::AutoStream::new(io::stdout().lock(), choice);
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(standard_output)
}

fn pod_security(arguments: &PodSecurityArgs) -> Result<u8, Error> {
    let answer = run::pod_security(
        &arguments.paths,
        arguments.level,
        arguments.kubernetes_version,
    )?;
    match arguments.format {
        AnswerFormat::Terminal => {
            let terminal = terminal(arguments.display);
            print(
                &report::pod_security::render(&answer, arguments.level, terminal),
                terminal.color,
            )?;
        }
        AnswerFormat::Json => {
            write_out(|out| report::pod_security::write_json(&answer, out))?;
        }
    }
    Ok(answer.exit_code())
}

fn rules(arguments: &RulesArgs) -> Result<u8, Error> {
    match arguments.format {
        AnswerFormat::Terminal => print(&report::catalogue::list(), false)?,
        AnswerFormat::Json => write_out(report::catalogue::write_json)?,
    }
    Ok(0)
}

fn explain(arguments: &ExplainArgs) -> Result<u8, Error> {
    let Some(rule) = crate::rules::find(&arguments.rule) else {
        let nearest = report::catalogue::nearest(&arguments.rule);
        let hint = if nearest.is_empty() {
            String::new()
        } else {
            format!("; did you mean {}?", nearest.join(" or "))
        };
        return Err(Error::Usage(format!(
            "there is no rule {}{hint}",
            arguments.rule
        )));
    };
    print(&report::catalogue::explain(rule), false)?;
    Ok(0)
}
