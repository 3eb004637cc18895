//! The subcommands: what each prints, and the exit code it ends with.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;

use anstream::ColorChoice;

use crate::advisories;
use crate::cli::{
    AdvisoriesCommand, AnswerFormat, CheckArgs, Cli, Color, Command, CompletionsArgs, Display,
    ExplainArgs, Format, HostNetworkArg, InitArgs, NetworkArgs, NetworkFormat, PackagesArgs,
    PackagesFormat, PermissionsArgs, PermissionsFormat, PodSecurityArgs, PublishArgs, RulesArgs,
};
use crate::connectivity;
use crate::error::Error;
use crate::network::world::HostNetwork;
use crate::permissions::Asked;
use crate::progress::Progress;
use crate::publish::saved_report;
use crate::redact::redact;
use crate::report::sarif::SarifOptions;
use crate::report::summary::{self, Budget, Links};
use crate::report::terminal::Detail;
use crate::report::{self, escape};
use crate::run::gather::Access;
use crate::run::governance::Overrides;
use crate::run::{self, Request, Stage};
use crate::verdict::Report;

/// Runs a command to its exit code. Everything that can be said is printed.
#[must_use]
pub fn execute(arguments: Cli) -> u8 {
    let result = match arguments.command {
        Command::Check(arguments) => check(&arguments),
        Command::PodSecurity(arguments) => pod_security(&arguments),
        Command::Access(arguments) => permissions(&arguments),
        Command::Network(arguments) => network(&arguments),
        Command::Packages(arguments) => packages(&arguments),
        Command::Rules(arguments) => rules(&arguments),
        Command::Explain(arguments) => explain(&arguments),
        Command::Init(arguments) => init(arguments),
        Command::Advisories(arguments) => advisories(arguments.command),
        Command::Completions(arguments) => completions(&arguments),
        Command::Action => Ok(crate::action::run()),
        Command::Publish(arguments) => publish(&arguments),
    };
    match result {
        Ok(code) => code,
        // The reader of a pipe that closed it has seen enough.
        Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::BrokenPipe => 0,
        Err(error) => {
            let mut stderr = anstream::stderr().lock();
            // Nothing is left to say it to if this fails.
            let text = redact(&error.to_string()).into_owned();
            let line = report::one_line(&text);
            let _ = write!(stderr, "{}", escape::log(&format!("error: {line}\n")));
            error.exit_code()
        }
    }
}

/// Posts a saved report.
fn publish(arguments: &PublishArgs) -> Result<u8, Error> {
    let request = saved_report::Request {
        report: &arguments.report,
        category: &arguments.category,
        review: !arguments.no_review,
        summary: arguments.summary,
    };
    let (code, text) = saved_report::publish(&crate::action::environment(), &request)?;
    write_out(|out| out.write_all(text.as_bytes()))?;
    Ok(code)
}

/// Says what is wrong with a command line, and gives the exit code. What clap repeats of it may come from a pull
/// request, as the name of a branch does.
#[must_use]
pub fn refuse(error: &clap::Error) -> u8 {
    let text = error.render().to_string();
    // Nothing is left to say it to if this fails.
    let _ = write!(io::stderr(), "{}", escape::log(&redact(&text)));
    2
}

fn check(arguments: &CheckArgs) -> Result<u8, Error> {
    let progress = Progress::new(arguments.display.quiet);
    let request = Request {
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
        access: Some(Access::of_process(
            arguments.access.offline,
            arguments.access.database.clone(),
        )),
        fixes: tells_fixes(arguments.format)
            || arguments
                .output
                .iter()
                .any(|(format, _)| tells_fixes(*format)),
    };
    let watch = |stage| match stage {
        Stage::NothingBefore if !arguments.display.quiet => nothing_before(&request),
        Stage::NothingBefore => {}
        stage => progress.stage(stage),
    };
    let report = run::run_watched(&request, &watch)?;
    drop(progress);
    // Files first: a closed pipe on standard output must not cost the SARIF file.
    for (format, path) in &arguments.output {
        write_file(&report, *format, path)?;
    }
    let display = arguments.display;
    match arguments.format {
        Format::Terminal => {
            let terminal = terminal(display);
            let text = report::terminal::render(&report, display.detail(), terminal);
            print(&text, terminal.color)?;
        }
        format => write_out(|out| write(&report, format, out))?,
    }
    let code = report.exit_code();
    // The process ends here: to take trees and findings apart piece by piece frees nothing that anybody waits for.
    std::mem::forget(report);
    Ok(code)
}

/// True for the formats that tell what mends a finding.
fn tells_fixes(format: Format) -> bool {
    matches!(format, Format::Json | Format::Sarif)
}

/// Says that nothing of what is asked for has a counterpart, as happens where two folders are to be compared and one of
/// them is written as a path.
fn nothing_before(request: &Request) {
    let paths: Vec<String> = request
        .paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    let (paths, base) = (paths.join(" "), request.base.as_deref().unwrap_or_default());
    let note = format!(
        "note: nothing of {paths} is in the base {base}, so that all of it counts as new; to compare two folders, write --base {base} --head {paths}"
    );
    let line = report::one_line(&redact(&note));
    // Nothing is left to say it to if this fails.
    let _ = write!(anstream::stderr(), "{}", escape::log(&format!("{line}\n")));
}

fn write_file(report: &Report, format: Format, path: &Path) -> Result<(), Error> {
    let failed = |source| Error::Io {
        what: format!("cannot write {}", path.display()),
        source,
    };
    let mut out = BufWriter::new(create(path).map_err(failed)?);
    write(report, format, &mut out)
        .and_then(|()| out.flush())
        .map_err(failed)
}

/// Writes a report for something that is no terminal.
fn write(report: &Report, format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Terminal => {
            let terminal = Terminal {
                width: WIDTH,
                color: false,
            };
            let text = report::terminal::render(report, Detail::Normal, terminal);
            out.write_all(text.as_bytes())
        }
        Format::Json => report::json::write(report, out),
        Format::Sarif => report::sarif::write(report, &SarifOptions::default(), out),
        Format::Github => out.write_all(report::annotation::render_closed(report).as_bytes()),
        Format::Markdown => {
            out.write_all(summary::render(report, &Links::default(), None, Budget::JOB).as_bytes())
        }
    }
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

#[expect(
    clippy::disallowed_methods,
    reason = "the edge: who reads standard output"
)]
fn is_workflow() -> bool {
    std::env::var_os("GITHUB_ACTIONS").is_some()
}

fn print(text: &str, color: bool) -> Result<(), Error> {
    let choice = if color {
        ColorChoice::AlwaysAnsi
    } else {
        ColorChoice::Never
    };
    // The log of a workflow obeys `##[` anywhere in a line; nothing else can start one of ours.
    let text = if is_workflow() && text.contains("##[") {
        Cow::Owned(text.replace("##[", "## ["))
    } else {
        Cow::Borrowed(text)
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
                &report::pod_security::render(
                    &answer,
                    arguments.level,
                    arguments.display.detail(),
                    terminal,
                ),
                terminal.color,
            )?;
        }
        AnswerFormat::Json => {
            write_out(|out| report::pod_security::write_json(&answer, out))?;
        }
    }
    Ok(answer.exit_code())
}

fn permissions(arguments: &PermissionsArgs) -> Result<u8, Error> {
    let (base, head) = (
        arguments.revisions.base.as_deref(),
        arguments.revisions.head.as_deref(),
    );
    let asked = Asked {
        question: arguments.who_can.clone(),
        namespace: arguments.namespace.clone(),
        subject: arguments.subject.clone(),
    };
    let answer = run::access(&arguments.paths, base, head, &asked)?;
    let display = arguments.display;
    match arguments.format {
        PermissionsFormat::Terminal => {
            let text = report::access::render(&answer, display.detail());
            print(&text, terminal(display).color)?;
        }
        PermissionsFormat::Json => write_out(|out| report::access::write_json(&answer, out))?,
        PermissionsFormat::Mermaid => {
            let text = report::access::render_mermaid(&answer);
            write_out(|out| out.write_all(text.as_bytes()))?;
            // A picture has no place for what it lacks.
            let text = report::access::shortcomings(&answer);
            let _ = write!(io::stderr(), "{}", escape::log(&text));
        }
    }
    Ok(answer.exit_code())
}

fn network(arguments: &NetworkArgs) -> Result<u8, Error> {
    let (base, head) = (
        arguments.revisions.base.as_deref(),
        arguments.revisions.head.as_deref(),
    );
    let is_picture = matches!(
        arguments.format,
        NetworkFormat::Mermaid | NetworkFormat::Dot
    );
    if is_picture && !arguments.explain.is_empty() {
        let what = "--explain answers in words, which a picture cannot hold; ask with --format terminal or --format json";
        return Err(Error::Usage(what.to_owned()));
    }
    let asked = connectivity::Asked {
        is_change_alone: base.is_some() && arguments.format != NetworkFormat::Json,
        why: match arguments.explain.as_slice() {
            [from, to] => Some((from.clone(), to.clone())),
            _ => None,
        },
        host_network: match arguments.host_network {
            HostNetworkArg::Exempt => HostNetwork::Exempt,
            HostNetworkArg::Policied => HostNetwork::Policied,
        },
    };
    let answer = run::network(&arguments.paths, base, head, &asked)?;
    let display = arguments.display;
    let picture = |text: String| write_out(|out| out.write_all(text.as_bytes()));
    match arguments.format {
        NetworkFormat::Terminal => {
            let color = terminal(display).color;
            let mut result = Ok(());
            let written = report::network::render(&answer, display.detail(), &mut |piece| {
                result = print(piece, color);
                match &result {
                    Ok(()) => Ok(()),
                    Err(_) => Err(io::ErrorKind::Other.into()),
                }
            });
            result.and(written.map_err(standard_output))?;
        }
        NetworkFormat::Json => write_out(|out| report::network::write_json(&answer, out))?,
        NetworkFormat::Mermaid => picture(report::network_picture::mermaid(&answer))?,
        NetworkFormat::Dot => picture(report::network_picture::dot(&answer))?,
    }
    Ok(answer.exit_code())
}

fn packages(arguments: &PackagesArgs) -> Result<u8, Error> {
    let (base, head) = (
        arguments.revisions.base.as_deref(),
        arguments.revisions.head.as_deref(),
    );
    let access = Access::of_process(arguments.access.offline, arguments.access.database.clone());
    let answer = run::packages(&arguments.paths, base, head, Some(&access))?;
    let display = arguments.display;
    match arguments.format {
        PackagesFormat::Terminal => {
            let text = report::packages::render(&answer, display.detail());
            print(&text, terminal(display).color)?;
        }
        PackagesFormat::Json => {
            write_out(|out| report::packages::write_json(&answer, out))?;
        }
        PackagesFormat::Markdown => {
            let text = report::packages::render_markdown(&answer);
            write_out(|out| out.write_all(text.as_bytes()))?;
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

fn advisories(command: AdvisoriesCommand) -> Result<u8, Error> {
    let told = match command {
        AdvisoriesCommand::Update(arguments) => {
            advisories::update(arguments.database.database, &arguments.source, run::today())?
        }
        AdvisoriesCommand::Status(arguments) => {
            advisories::status(arguments.database, run::today())?
        }
    };
    print(&told, false)?;
    Ok(0)
}

fn init(arguments: InitArgs) -> Result<u8, Error> {
    let request = run::init::Request {
        commit: arguments.pin,
        only: arguments.only,
        force: arguments.force,
    };
    print(&run::init::init(&request)?, false)?;
    Ok(0)
}

fn completions(arguments: &CompletionsArgs) -> Result<u8, Error> {
    let mut script = Vec::new();
    let mut command = <Cli as clap::CommandFactory>::command();
    clap_complete::generate(arguments.shell, &mut command, "tidegate", &mut script);
    write_out(|out| out.write_all(&script))?;
    Ok(0)
}
