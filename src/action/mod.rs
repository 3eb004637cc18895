//! The container action: from the variables of a workflow run to files, annotations and an exit code.
//!
//! Standard output is read by the runner, which obeys some lines of it. Every line that is printed here is either
//! a command of ours or went through [`escape::log`].

use std::fmt::Write as _;
use std::io::{self, BufWriter, Write};

use crate::change::git::Repository;
use crate::change::{LeftOutReason, Side};
use crate::error::Error;
use crate::event::{Base, Environment, Event, Target};
use crate::finding::Status;
use crate::redact::redact;
use crate::report::annotation::{self, Kind};
use crate::report::escape;
use crate::report::sarif::{self, SarifOptions};
use crate::report::summary::{self, Budget, Links};
use crate::report::terminal::{self, Detail, Terminal};
use crate::run;
use crate::run::gather::Access;
use crate::run::governance::Governance;
use crate::run::sides::{Sides, is_in_scope};
use crate::snapshot::load::is_relevant;
use crate::verdict::{OnIncomplete, Outcome, Report};

use input::Inputs;
use workspace::{Checkout, Workspace, append};

pub mod input;
mod workspace;

/// What the action tells the steps after it, in the order of `action.yml`.
pub const OUTPUTS: [&str; 6] = [
    "outcome",
    "sarif-file",
    "introduced",
    "existing",
    "fixed",
    "exit-code",
];

/// Runs the action in the environment of this process, and gives the exit code.
#[must_use]
pub fn run() -> u8 {
    act(&environment(), &mut BufWriter::new(io::stdout().lock()))
}

fn environment() -> Environment {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| {
            // Nothing else is any of its business: other variables of a workflow may hold secrets.
            let is_known = name.starts_with("GITHUB_") || name.starts_with("INPUT_");
            is_known && !name.ends_with("_TOKEN") || name == "RUNNER_DEBUG"
        })
        .collect()
}

/// Runs the action, and gives the exit code. `out` is what the runner reads.
#[must_use]
pub fn act(environment: &Environment, out: &mut dyn Write) -> u8 {
    let (code, text) = match Inputs::read(environment) {
        Ok(inputs) => match judge(environment, &inputs) {
            Ok(judged) => tell(environment, &inputs, &judged),
            Err(error) => {
                let on_incomplete = inputs.overrides.on_incomplete.unwrap_or_default();
                fail(environment, &error, on_incomplete)
            }
        },
        Err(error) => fail(environment, &error, OnIncomplete::Fail),
    };
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // Nobody heard the answer, so that it must not be taken for a good one.
        Err(_) if code == 0 => 2,
        _ => code,
    }
}

/// A report, and what there is to know beside it.
struct Judged {
    report: Report,
    target: Target,
    checkout: Checkout,
    workspace: Workspace,
    note: Option<&'static str>,
}

fn judge(environment: &Environment, inputs: &Inputs) -> Result<Judged, Error> {
    let workspace = Workspace::open(environment)?;
    workspace.clear(&inputs.sarif_file)?;
    let target = Target::read(environment)?;
    let checkout = workspace.checkout(&inputs.working_directory, &target.head)?;
    let Compared { base, head, note } = compared(&checkout.repository, &target)?;
    let scope = scope(&workspace, &checkout, inputs, [&base, &head])?;
    // A push and a clock are judged by the configuration of their own commit: nobody else's is newer.
    let tip = match (&target.event, &target.base) {
        (Event::PullRequest | Event::PullRequestTarget | Event::MergeGroup, Base::Tip(tip)) => tip,
        _ => &target.head,
    };
    let sides = Sides {
        base: Some(base),
        head,
        scope,
        history_missing: None,
        tip: Some((checkout.repository.clone(), tip.clone())),
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

/// The two sides of a change, and what there is to say about the choice of them.
struct Compared {
    base: Side,
    head: Side,
    note: Option<&'static str>,
}

fn compared(repository: &Repository, target: &Target) -> Result<Compared, Error> {
    let side = |commit: &str| repository.side(commit, is_relevant);
    match &target.base {
        Base::Head(reason) => {
            let head = side(&target.head).map_err(|error| match error {
                Error::Usage(_) | Error::HistoryMissing(_) => missing(repository, target, None),
                other => other,
            })?;
            Ok(Compared {
                base: side(&target.head)?,
                head,
                note: Some(reason),
            })
        }
        Base::Tip(tip) => match repository.merge_base(tip, &target.head) {
            Ok(found) => Ok(Compared {
                base: side(&found.commit)?,
                head: side(&target.head)?,
                note: None,
            }),
            Err(Error::HistoryMissing(_)) => of_test_merge(repository, target)
                .ok_or_else(|| missing(repository, target, Some(tip))),
            // In a clone that is not shallow, a commit that is not here is the caller's mistake; but this caller is
            // GitHub, and the commit exists.
            Err(Error::Usage(_)) if lacks(repository, &target.head) || lacks(repository, tip) => {
                Err(missing(repository, target, Some(tip)))
            }
            Err(error) => Err(error),
        },
    }
}

/// The sides of a pull request where only GitHub's test merge and its parents are here, as with `fetch-depth: 2`.
///
/// The merge differs from its first parent, the tip of the base, by what the pull request does. That is as good as
/// a merge base if the merge changed no file that matters: then the files of the head are those of the merge, line
/// for line.
fn of_test_merge(repository: &Repository, target: &Target) -> Option<Compared> {
    let merge = target.merge.as_deref()?;
    let parent = |number: usize| repository.commit_of(&format!("{merge}^{number}"));
    let base = parent(1).ok()?;
    let is_test_merge = parent(2).is_ok_and(|second| second == target.head) && parent(3).is_err();
    if !is_test_merge {
        return None;
    }
    let merged = repository.side(merge, is_relevant).ok()?;
    let head = repository.side(&target.head, is_relevant).ok()?;
    let is_same = merged.files() == head.files() && merged.left_out() == head.left_out();
    is_same.then_some(())?;
    Some(Compared {
        base: repository.side(&base, is_relevant).ok()?,
        head,
        note: Some(
            "the checkout has no history, so the head is compared with the base that GitHub merged it into",
        ),
    })
}

fn lacks(repository: &Repository, commit: &str) -> bool {
    matches!(
        repository.commit_of(commit),
        Err(Error::Usage(_) | Error::HistoryMissing(_))
    )
}

/// Why there is nothing to compare, and the lines of the workflow that mend it.
fn missing(repository: &Repository, target: &Target, tip: Option<&str>) -> Error {
    let head = &target.head;
    let lacks_head = lacks(repository, head);
    let what = match tip {
        _ if lacks_head => format!("the head {head} is not"),
        Some(tip) if lacks(repository, tip) => format!("the base {tip} is not"),
        Some(tip) => format!("the history between the base {tip} and the head {head} is not"),
        None => format!("what the head {head} holds is not"),
    };
    let mut text = format!(
        "{what} in this checkout, so that there is no telling what the change does. Let the step with actions/checkout fetch all of the history:\n\
         \x20       with:\n\
         \x20         fetch-depth: 0"
    );
    match (target.event, target.pull_request, tip) {
        (Event::PullRequestTarget, Some(number), _) => {
            let _ = write!(
                text,
                "\nThis event checks out the base. Fetch the head, without checking it out, in a step after it:\n\
                 \x20     - run: git fetch --no-tags origin refs/pull/{number}/head"
            );
        }
        (Event::Push, _, Some(tip)) if !lacks_head => {
            let _ = write!(
                text,
                "\nAfter a forced push, also fetch what was there before, in a step after it:\n\
                 \x20     - run: git fetch --no-tags origin {tip}"
            );
        }
        _ => {}
    }
    Error::HistoryMissing(text)
}

/// Writes the files, and gives what is to be printed: warnings, annotations, and the report for people.
fn tell(environment: &Environment, inputs: &Inputs, judged: &Judged) -> (u8, String) {
    let Judged {
        report,
        target,
        checkout,
        workspace,
        note,
    } = judged;
    let mut code = report.exit_code();
    let mut text = String::new();
    let mut sarif_file = inputs.sarif_file.to_string();
    let mut sarif = Vec::new();
    let server = target.server_url.as_deref();
    let links = Links::new(server, target.repository.as_deref(), &target.head);
    let options = SarifOptions {
        category: inputs.category.clone(),
        repository: links.repository().map(str::to_owned),
        ..SarifOptions::default()
    };
    let written = sarif::write(report, &options, &mut sarif)
        .map_err(|source| Error::Io {
            what: "cannot write SARIF".to_owned(),
            source,
        })
        .and_then(|()| workspace.write(&inputs.sarif_file, &sarif));
    if let Err(error) = written {
        text.push_str(&annotation::about_the_run(
            Kind::Error,
            "tidegate has no SARIF file",
            &error.to_string(),
        ));
        sarif_file.clear();
        code = if code == 0 { error.exit_code() } else { code };
    }
    let count = |status| report.with_status(status).count().to_string();
    let outcome = match report.outcome() {
        Outcome::Passed => "passed",
        Outcome::Blocked => "blocked",
        Outcome::Incomplete => "incomplete",
    };
    let values = [
        outcome.to_owned(),
        sarif_file,
        count(Status::Introduced),
        count(Status::Existing),
        count(Status::Fixed),
        code.to_string(),
    ];
    text.push_str(&write_outputs(environment, &values));
    let markdown = summary::render(report, &links, *note, Budget::JOB);
    text.push_str(&write_summary(environment, &markdown));
    text.push_str(&annotation::render(report, &checkout.root));

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
    text.push_str("::group::tidegate report\n");
    text.push_str(&escape::log(&about(judged)));
    text.push_str(&escape::log(&terminal::render(report, detail, terminal)));
    text.push_str("::endgroup::\n");
    let _ = writeln!(text, "tidegate: {}", summary::headline(report));
    (code, text)
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
    if let Some(note) = judged.note {
        let _ = writeln!(text, "{note}");
    }
    text
}

/// What a run that could not be carried out leaves behind.
fn fail(environment: &Environment, error: &Error, on_incomplete: OnIncomplete) -> (u8, String) {
    let why = redact(&error.to_string()).into_owned();
    let is_incomplete = error.exit_code() == 3;
    let passes = is_incomplete && on_incomplete == OnIncomplete::Pass;
    let code = if passes { 0 } else { error.exit_code() };
    let outcome = if is_incomplete { "incomplete" } else { "error" };
    let mut values = OUTPUTS.map(|_| String::new());
    let [first, .., last] = &mut values;
    outcome.clone_into(first);
    *last = code.to_string();
    let mut text = write_outputs(environment, &values);
    text.push_str(&write_summary(
        environment,
        &summary::failure(error.exit_code(), &why, passes),
    ));
    let (kind, title) = match (passes, is_incomplete) {
        (true, _) => (
            Kind::Warning,
            "tidegate judged nothing, and passes as on-incomplete says",
        ),
        (false, true) => (Kind::Error, "tidegate judged nothing: incomplete"),
        (false, false) => (Kind::Error, "tidegate judged nothing"),
    };
    text.push_str(&annotation::about_the_run(kind, title, &why));
    (code, text)
}

/// Writes the outputs; what is given is a warning if that is not possible.
fn write_outputs(environment: &Environment, values: &[String; OUTPUTS.len()]) -> String {
    let mut text = String::new();
    for (name, value) in OUTPUTS.iter().zip(values) {
        // All values are one line: numbers, words of ours, and a path without control characters.
        let _ = writeln!(text, "{name}={value}");
    }
    write_for_runner(environment, "GITHUB_OUTPUT", "outputs", &text)
}

fn write_summary(environment: &Environment, markdown: &str) -> String {
    write_for_runner(environment, "GITHUB_STEP_SUMMARY", "summary", markdown)
}

fn write_for_runner(environment: &Environment, name: &str, what: &str, text: &str) -> String {
    let why = match environment.get(name).map(|path| append(path, text)) {
        Some(Ok(())) => return String::new(),
        Some(Err(error)) => error.to_string(),
        None => format!("{name} is not set"),
    };
    let title = format!("tidegate wrote no {what}");
    annotation::about_the_run(Kind::Warning, &title, &why)
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
