//! `tidegate publish`: posts a report that a run without rights saved, from a run that has them.
//!
//! The run for a fork's pull request may only read, and its report is the work of whoever wrote the pull request. So the
//! pull request is found by what GitHub says of that run, the report must be about the commit that GitHub names, and the
//! summary says where it comes from.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use super::capability::{Capabilities, Feature, Occasion, Situation};
use super::saved::{LARGEST, Saved};
use super::this_run::{run_number, run_url};
use super::workflow_run::{Found, WorkflowRun};
use super::writes::explain;
use super::{Delivered, MOVED_ON, Order, deliver, runner_files};
use crate::error::Error;
use crate::event::Environment;
use crate::github::Client;
use crate::http::{Proxies, block_on};
use crate::redact::redact;
use crate::report::annotation::{self, Kind};
use crate::report::review::marker::Key;
use crate::report::review::sticky::SummaryWhen;
use crate::report::summary::{self, Links};
use crate::report::{escape, one_line};

/// What stands above a summary whose report is somebody else's.
const NOTE: &str = "This is the report that the pull request's own run saved. Such a run, as that of a fork, is its author's to change: the verdict that counts is that of the check.";

/// What the answer of such a report ends with.
const SOURCE: &str = ", says the pull request's own run";

/// What was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'r> {
    /// The report.
    pub report: &'r Path,
    /// What tells this configuration of the gate apart.
    pub category: &'r str,
    /// True if findings are commented on the changed lines.
    pub review: bool,
    /// When there is a summary comment.
    pub summary: SummaryWhen,
}

/// Posts a report, and gives what is to be printed, with the commands to the runner in it, and the exit code: 3 where
/// something was asked for and could not be. What is not posted is told in the summary of the job as well.
///
/// # Errors
/// [`Error::Event`] and [`Error::Usage`] where event or report are none that can be posted.
pub fn publish(environment: &Environment, request: &Request<'_>) -> Result<(u8, String), Error> {
    let posted = carry_out(environment, request).inspect_err(|error| {
        let why = redact(&error.to_string()).into_owned();
        // The error is told all the same, and nothing is added to it.
        let _ = summarise(environment, true, &why);
    })?;
    let Posted {
        capabilities,
        delivered,
        warning,
    } = posted;
    let table = delivered.log(capabilities.table());
    let mut text = escape::log(&table);
    if let Some(why) = warning {
        text.push_str(&annotation::about_the_run(
            Kind::Warning,
            "tidegate posted nothing",
            &why,
        ));
        text.push_str(&summarise(environment, true, &format!("{why}\n\n{table}")));
    } else if !capabilities.degraded().is_empty() {
        text.push_str(&summarise(environment, capabilities.is_empty(), &table));
    }
    // What is outdated is no fault of this run: the run for the newer commit has a report of its own.
    let is_fine = capabilities.degraded().is_empty() || delivered.is_outdated;
    let code = if is_fine { 0 } else { 3 };
    Ok((code, text))
}

/// What came of it.
struct Posted {
    capabilities: Capabilities,
    delivered: Delivered,
    /// Why nobody will read the report, where no later run will speak.
    warning: Option<String>,
}

/// Writes the summary of the job where there is one. What is given is a warning where that is not possible.
fn summarise(environment: &Environment, is_nothing: bool, why: &str) -> String {
    if environment.get(runner_files::SUMMARY).is_none() {
        return String::new();
    }
    let markdown = summary::not_posted(is_nothing, why);
    runner_files::write(environment, runner_files::SUMMARY, "summary", &markdown)
}

fn carry_out(environment: &Environment, request: &Request<'_>) -> Result<Posted, Error> {
    if environment.get("GITHUB_EVENT_NAME") != Some("workflow_run") {
        return Err(Error::Event(
            "`tidegate publish` runs in a workflow `on: workflow_run`, which tells the pull request"
                .to_owned(),
        ));
    }
    let run = WorkflowRun::parse(&environment.payload()?)?;
    let mut saved = read(request.report)?;
    saved.digest.headline.push_str(SOURCE);
    if saved.head.as_deref() != Some(run.head.as_str()) {
        return Err(Error::Usage(
            "the report is about another commit than the run that saved it".to_owned(),
        ));
    }
    let connection = environment.connection();
    let mut posted = Posted {
        capabilities: Capabilities::of(Situation {
            occasion: Occasion::WorkflowRun,
            has_pull_request: true,
            is_fork: true,
            has_token: connection.is_some(),
            wants_review: request.review,
            wants_summary: request.summary != SummaryWhen::Never,
            wants_upload: false,
            is_partial: saved.digest.known.is_partial,
            left_out: 0,
        }),
        delivered: Delivered::default(),
        warning: None,
    };
    if let Some(why) = environment.misplaced_token() {
        posted.capabilities.refuse_all(&Feature::ALL, &why);
    }
    if let Some(connection) = connection.filter(|_| !posted.capabilities.is_empty()) {
        let client = Client::patient(connection, environment.patience(), Proxies::System)
            .map_err(|failure| Error::Event(format!("GitHub cannot be asked: {failure}")))?;
        block_on(post(
            &client,
            environment,
            request,
            &run,
            &saved,
            &mut posted,
        ))
        .map_err(|failure| Error::Unavailable(failure.to_string()))?;
    }
    Ok(posted)
}

async fn post(
    client: &Client,
    environment: &Environment,
    request: &Request<'_>,
    run: &WorkflowRun,
    saved: &Saved,
    posted: &mut Posted,
) {
    let Posted {
        capabilities,
        delivered,
        warning,
    } = posted;
    let pull = match run.pull(client).await {
        Ok(Found::Pull(pull)) => pull,
        Ok(Found::MovedOn) => {
            delivered.is_outdated = true;
            capabilities.refuse_all(&Feature::ALL, MOVED_ON);
            return;
        }
        Ok(Found::Nothing) => {
            delivered.is_outdated = true;
            let why = "no open pull request has this commit at its tip";
            capabilities.refuse_all(&Feature::ALL, why);
            *warning = Some(not_found(run));
            return;
        }
        Err(failure) => {
            for feature in [Feature::Review, Feature::Summary] {
                if capabilities.allows(feature) {
                    capabilities.refuse(feature, explain(&failure, feature, client.token_kind()));
                }
            }
            return;
        }
    };
    let connection = client.connection();
    let (server, repository) = (&connection.server_url, &connection.repository);
    let links = Links::new(Some(server), Some(repository), &run.head);
    let run_url = run_url(environment, &links);
    let order = Order {
        digest: &saved.digest,
        links: &links,
        note: Some(NOTE),
        run_url: run_url.as_deref(),
        key: Key::of_saved(request.category),
        run: run_number(environment),
        head: &run.head,
        pull_request: Some(pull.number),
        summary: request.summary,
        analysis: None,
        patience: environment.patience(),
    };
    *delivered = deliver(client, &order, capabilities).await;
}

/// Where was looked for a pull request. The branch is its author's to name.
fn not_found(run: &WorkflowRun) -> String {
    let branch = match &run.head_branch {
        Some((_, branch)) => format!(", branch `{}`", shown(branch)),
        None => String::new(),
    };
    format!(
        "No open pull request from {}{branch} has the commit {} at its tip, so that the report of the run was posted nowhere. This is as it should be if the pull request was closed meanwhile; else look whether the token has `pull-requests: write`",
        shown(&run.head_repository),
        run.head
    )
}

/// A name as one short line.
fn shown(name: &str) -> String {
    one_line(&name.chars().take(200).collect::<String>())
}

/// Reads the report, and holds no more of it than is told.
#[expect(
    clippy::disallowed_methods,
    reason = "the edge: the caller named this file to read"
)]
fn read(path: &Path) -> Result<Saved, Error> {
    let file = File::open(path).map_err(|source| Error::Io {
        what: format!("cannot read {}", path.display()),
        source,
    })?;
    // One byte more than may be, so that what is too long is seen.
    let mut bytes = file.take(LARGEST + 1);
    let saved = Saved::parse(BufReader::new(&mut bytes));
    if bytes.limit() == 0 {
        return Err(Error::Usage(format!(
            "the report is larger than {} MiB",
            LARGEST >> 20
        )));
    }
    saved.map_err(Error::Usage)
}
