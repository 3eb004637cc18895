//! The container action: from the variables of a workflow run to files, annotations and an exit code.
//!
//! Standard output is read by the runner, which obeys some lines of it. Every line that is printed here is either
//! a command of ours or went through [`escape::log`].

use std::fmt::Write as _;
use std::io::{self, BufWriter, Write};

use crate::change::{LeftOutReason, Side};
use crate::error::Error;
use crate::event::{Environment, Event, Target, is_wanted};
use crate::finding::{Severity, Status};
use crate::publish::runner_files;
use crate::redact::redact;
use crate::report::annotation::{self, Kind};
use crate::report::escape;
use crate::report::json;
use crate::report::sarif::{self, SarifOptions, limits};
use crate::report::summary::{self, Budget, Links};
use crate::report::terminal::{self, Detail, Terminal};
use crate::run;
use crate::run::gather::Access;
use crate::run::governance::Governance;
use crate::run::sides::{Sides, is_in_scope};
use crate::verdict::{OnIncomplete, Outcome, Report};

use compared::{Compared, Places, compared};
use input::Inputs;
use remote::Remote;
use workspace::{Checkout, Workspace};

mod compared;
pub mod input;
mod publish;
mod remote;
mod workspace;

/// What the action tells the steps after it, in the order of `action.yml`.
pub const OUTPUTS: [&str; 13] = [
    "outcome",
    "sarif-file",
    "report-file",
    "introduced",
    "existing",
    "fixed",
    "critical",
    "high",
    "medium",
    "low",
    "note",
    "degraded",
    "exit-code",
];

/// The longest reason why nothing was judged, in characters.
const LONGEST_REASON: usize = 4_000;

/// Runs the action in the environment of this process, and gives the exit code.
#[must_use]
pub fn run() -> u8 {
    act(&environment(), &mut BufWriter::new(io::stdout().lock()))
}

/// The variables of this process that are any business of a run.
#[must_use]
pub fn environment() -> Environment {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| is_wanted(name))
        .collect()
}

/// Runs the action, and gives the exit code. `out` is what the runner reads.
#[must_use]
pub fn act(environment: &Environment, out: &mut dyn Write) -> u8 {
    let (code, text) = match Inputs::read(environment) {
        Ok(inputs) => match judge(environment, &inputs) {
            Ok(judged) => tell(environment, &inputs, &judged, out),
            Err(error) => {
                let on_incomplete = inputs.overrides.on_incomplete.unwrap_or_default();
                fail(environment, &error, on_incomplete, Some(&inputs))
            }
        },
        Err(error) => {
            clear_files(environment);
            fail(environment, &error, OnIncomplete::Fail, None)
        }
    };
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // Nobody heard the answer, so that it must not be taken for a good one.
        Err(_) if code == 0 => 2,
        _ => code,
    }
}

/// Takes away what lies where the files of a run would be that its inputs keep from running: a later step must not take
/// what a pull request brought for ours. What cannot be taken away is no output either.
fn clear_files(environment: &Environment) {
    let Ok(workspace) = Workspace::open(environment) else {
        return;
    };
    for file in Inputs::files(environment).into_iter().flatten() {
        let _ = workspace.clear(&file);
    }
}

/// A report, and what there is to know beside it.
struct Judged {
    report: Report,
    target: Target,
    checkout: Checkout,
    workspace: Workspace,
    remote: Option<Remote>,
    /// Why GitHub cannot be asked, although there is a token.
    unasked: Option<Error>,
    note: Option<&'static str>,
}

fn judge(environment: &Environment, inputs: &Inputs) -> Result<Judged, Error> {
    let workspace = Workspace::open(environment)?;
    // Both, whatever is wrong with one of them.
    let cleared = [&inputs.sarif_file, &inputs.report_file].map(|file| workspace.clear(file));
    cleared.into_iter().collect::<Result<(), Error>>()?;
    let mut target = Target::read(environment)?;
    // Whoever has a whole checkout needs nobody else: what is wrong with the other way is told and stops nothing.
    let (remote, unasked) = match Remote::of(environment, inputs.offline) {
        Ok(remote) => (remote, None),
        Err(why) => (None, Some(why)),
    };
    if let Some(remote) = &remote
        && target.event == Event::MergeGroup
    {
        target.is_fork = remote.may_queue_a_fork(&target);
    }
    let checkout = workspace.checkout(&inputs.working_directory, &target.head)?;
    let places = Places {
        repository: checkout.repository.as_ref(),
        remote: remote.as_ref(),
    };
    let found = if places.repository.is_none() && places.remote.is_none() {
        Err(workspace.has_no_repository())
    } else {
        compared(places, &target)
    };
    let Compared {
        base,
        head,
        tip,
        note,
    } = match (found, &unasked) {
        (Err(Error::HistoryMissing(text)), Some(why)) => {
            return Err(Error::HistoryMissing(format!("{why}. {text}")));
        }
        (Err(Error::Usage(text)), Some(why)) => {
            return Err(Error::Usage(format!("{why}. {text}")));
        }
        (found, _) => found?,
    };
    let scope = scope(&workspace, &checkout, inputs, [&base, &head])?;
    let sides = Sides {
        base: Some(base),
        head,
        scope,
        history_missing: None,
        tip: Some(tip),
    };
    let governance = Governance {
        file: Governance::find(&sides)?,
        overrides: inputs.overrides,
        is_fork: target.is_fork,
        today: Some(run::today()),
    };
    let database = inputs.database.as_ref().map(|file| workspace.path(file));
    let access = Access::of_process(inputs.offline, database);
    let report = run::judge(&sides, &governance, Some(&access));
    Ok(Judged {
        report,
        target,
        checkout,
        workspace,
        remote,
        unasked,
        note,
    })
}

/// What is asked for, as prefixes below the repository.
fn scope(
    workspace: &Workspace,
    checkout: &Checkout,
    inputs: &Inputs,
    sides: [&Side; 2],
) -> Result<Vec<String>, Error> {
    let mut prefixes = Vec::new();
    for path in &inputs.paths {
        let prefix = path.below(&checkout.folder);
        if prefix.is_empty() {
            // Everything, which makes all other paths no restriction.
            return Ok(Vec::new());
        }
        // Whoever deploys this path would follow the link, and a change would lead past its gate.
        if sides.iter().any(|side| is_behind_link(side, &prefix)) {
            return Err(Error::Usage(format!(
                "the path {prefix} is a symbolic link or lies behind one, which is not followed: name what it points to"
            )));
        }
        let listed = |side: &&Side| {
            let mut files = side.files().iter();
            files.any(|file| is_in_scope(std::slice::from_ref(&prefix), &file.path))
        };
        let in_workspace = [checkout.root.as_str(), &prefix].join("/");
        // A folder without manifests is no mistake, but a folder that nobody has is.
        if !sides.iter().any(listed) && !workspace.has(in_workspace.trim_start_matches('/')) {
            return Err(Error::Usage(format!(
                "the path {prefix} does not exist in base or head"
            )));
        }
        prefixes.push(prefix);
    }
    Ok(prefixes)
}

fn is_behind_link(side: &Side, path: &str) -> bool {
    side.left_out().iter().any(|left_out| {
        left_out.reason == LeftOutReason::Symlink
            && path
                .strip_prefix(&left_out.path)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// Writes the files, prints warnings and what may be told, tells GitHub, and gives what is to be printed after that:
/// annotations, and the report for people.
fn tell(
    environment: &Environment,
    inputs: &Inputs,
    judged: &Judged,
    out: &mut dyn Write,
) -> (u8, String) {
    let Judged {
        report,
        target,
        checkout,
        note,
        ..
    } = judged;
    let mut code = report.exit_code();
    let mut text = String::new();
    if let Some(why) = &judged.unasked {
        text.push_str(&annotation::about_the_run(
            Kind::Warning,
            "tidegate does not speak with GitHub",
            &why.to_string(),
        ));
    }
    let server = target.server_url.as_deref();
    let links = Links::new(server, target.repository.as_deref(), &target.head);
    let options = SarifOptions {
        category: inputs.category.clone(),
        repository: links.repository().map(str::to_owned),
        ..SarifOptions::default()
    };
    let (mut sarif, mut json) = (Vec::new(), Vec::new());
    let files = [
        (
            sarif::write(report, &options, &mut sarif),
            &sarif,
            &inputs.sarif_file,
            "SARIF",
        ),
        (
            json::write(report, &mut json),
            &json,
            &inputs.report_file,
            "report",
        ),
    ];
    let [sarif_file, report_file] = files.map(|(written, bytes, file, what)| {
        let written = written
            .map_err(|source| Error::Io {
                what: format!("cannot write {what}"),
                source,
            })
            .and_then(|()| judged.workspace.write(file, bytes));
        match written {
            Ok(()) => file.to_string(),
            Err(error) => {
                text.push_str(&annotation::about_the_run(
                    Kind::Error,
                    &format!("tidegate has no {what} file"),
                    &error.to_string(),
                ));
                code = if code == 0 { error.exit_code() } else { code };
                String::new()
            }
        }
    });
    let left_out = limits::left_out(&report.findings);
    if left_out > 0 {
        text.push_str(&annotation::about_the_run(
            Kind::Warning,
            "tidegate's SARIF file does not hold all findings",
            &summary::beyond_sarif(left_out),
        ));
    }
    let planned = publish::plan(inputs, judged, left_out);
    if let Some(planned) = &planned {
        text.push_str(&escape::log(&format!("to be {}", planned.table())));
    }
    // Before GitHub is spoken with, which may take long. Where nobody hears it, nobody hears the end either, and that is
    // noticed.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    let mut text = String::new();
    let mut published = planned
        .map(|planned| publish::publish(environment, inputs, judged, &links, &sarif, &planned))
        .unwrap_or_default();
    if left_out > 0 {
        let separator = if published.degraded.is_empty() {
            ""
        } else {
            ","
        };
        let _ = write!(published.degraded, "{separator}sarif-file");
    }
    let values = outputs(report, [sarif_file, report_file], published.degraded, code);
    text.push_str(&write_outputs(environment, &values));
    let markdown = summary::render(report, &links, *note, Budget::JOB);
    text.push_str(&write_summary(environment, &markdown));
    // What stands on the pull request is not repeated beside it.
    text.push_str(&annotation::render(
        report,
        &checkout.root,
        &published.untold,
    ));

    text.push_str(&log(environment, judged));
    text.push_str(&escape::log(&published.log));
    let _ = writeln!(text, "tidegate: {}", summary::headline(report));
    (code, text)
}

/// What the steps after this one are told, by [`OUTPUTS`].
fn outputs(
    report: &Report,
    [sarif_file, report_file]: [String; 2],
    degraded: String,
    code: u8,
) -> [String; OUTPUTS.len()] {
    let count = |status| report.with_status(status).count().to_string();
    let introduced = |severity| {
        let introduced = report.with_status(Status::Introduced);
        let of_severity = introduced.filter(|finding| finding.severity == severity);
        of_severity.count().to_string()
    };
    let outcome = match report.outcome() {
        Outcome::Passed => "passed",
        Outcome::Blocked => "blocked",
        Outcome::Incomplete => "incomplete",
    };
    let [critical, high, medium, low, note_severity] = Severity::ALL.map(introduced);
    [
        outcome.to_owned(),
        sarif_file,
        report_file,
        count(Status::Introduced),
        count(Status::Existing),
        count(Status::Fixed),
        critical,
        high,
        medium,
        low,
        note_severity,
        degraded,
        code.to_string(),
    ]
}

/// The report for people, as a group of the log.
fn log(environment: &Environment, judged: &Judged) -> String {
    let is_verbose = environment.get("RUNNER_DEBUG") == Some("1");
    let detail = if is_verbose {
        Detail::Verbose
    } else {
        Detail::Normal
    };
    let terminal = Terminal {
        width: 120,
        color: false,
    };
    let report = terminal::render(&judged.report, detail, terminal);
    format!(
        "::group::tidegate report\n{}{}::endgroup::\n",
        escape::log(&about(judged)),
        escape::log(&report)
    )
}

/// What was compared with what, and why.
fn about(judged: &Judged) -> String {
    let Judged { target, report, .. } = judged;
    let mut text = format!("{}: head {}", target.event.name(), target.head);
    if let Some(base) = report.base.as_ref().and_then(|base| base.commit.as_deref()) {
        let _ = write!(text, ", base {base}");
    }
    if let Some(number) = target.pull_request {
        let fork = if target.is_fork { " from a fork" } else { "" };
        let _ = write!(text, ", pull request {number}{fork}");
    }
    text.push('\n');
    if target.event == Event::MergeGroup && target.is_fork {
        text.push_str("GitHub does not say that this queue tries a branch of this repository: waivers that the change adds do not hold\n");
    }
    if let Some(note) = judged.note {
        let _ = writeln!(text, "{note}");
    }
    text
}

/// What a run that could not be carried out leaves behind.
///
/// A summary that stands on the pull request is replaced where the inputs could be read.
fn fail(
    environment: &Environment,
    error: &Error,
    on_incomplete: OnIncomplete,
    inputs: Option<&Inputs>,
) -> (u8, String) {
    // It becomes a comment, and names what a pull request named.
    let why: String = error.to_string().chars().take(LONGEST_REASON).collect();
    let why = redact(&why).into_owned();
    let is_incomplete = error.exit_code() == 3;
    let passes = is_incomplete && on_incomplete == OnIncomplete::Pass;
    let code = if passes { 0 } else { error.exit_code() };
    let outcome = if is_incomplete { "incomplete" } else { "error" };
    let markdown = summary::failure(error.exit_code(), &why, passes);
    let published = inputs
        .map(|inputs| publish::unjudged(environment, inputs, &markdown))
        .unwrap_or_default();
    let mut values = OUTPUTS.map(|_| String::new());
    let [first, .., degraded, last] = &mut values;
    outcome.clone_into(first);
    *degraded = published.degraded;
    *last = code.to_string();
    let mut text = write_outputs(environment, &values);
    text.push_str(&write_summary(environment, &markdown));
    let (kind, title) = match (passes, is_incomplete) {
        (true, _) => (
            Kind::Warning,
            "tidegate judged nothing, and passes as on-incomplete says",
        ),
        (false, true) => (Kind::Error, "tidegate judged nothing: incomplete"),
        (false, false) => (Kind::Error, "tidegate judged nothing"),
    };
    text.push_str(&annotation::about_the_run(kind, title, &why));
    text.push_str(&escape::log(&published.log));
    (code, text)
}

/// Writes the outputs; what is given is a warning if that is not possible.
fn write_outputs(environment: &Environment, values: &[String; OUTPUTS.len()]) -> String {
    let mut text = String::new();
    for (name, value) in OUTPUTS.iter().zip(values) {
        // All values are one line: numbers, words of ours, and a path without control characters.
        let _ = writeln!(text, "{name}={value}");
    }
    runner_files::write(environment, runner_files::OUTPUTS, "outputs", &text)
}

fn write_summary(environment: &Environment, markdown: &str) -> String {
    runner_files::write(environment, runner_files::SUMMARY, "summary", markdown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_nobody_hears_is_no_good_answer() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        assert_eq!(act(&Environment::default(), &mut Closed), 2);
    }
}
