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
use super::workflow_run::WorkflowRun;
use super::writes::explain;
use super::{Delivered, Order, deliver};
use crate::error::Error;
use crate::event::Environment;
use crate::github::{Client, Failure};
use crate::http::{Proxies, block_on};
use crate::report::review::marker::Key;
use crate::report::review::sticky::SummaryWhen;
use crate::report::summary::Links;

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

/// Posts a report, and gives what is to be printed, and the exit code: 3 where something was asked for and could not be.
///
/// # Errors
/// [`Error::Event`] and [`Error::Usage`] where event or report are none that can be posted.
pub fn publish(environment: &Environment, request: &Request<'_>) -> Result<(u8, String), Error> {
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
    let mut capabilities = Capabilities::of(Situation {
        occasion: Occasion::WorkflowRun,
        has_pull_request: true,
        is_fork: true,
        has_token: connection.is_some(),
        wants_review: request.review,
        wants_summary: request.summary != SummaryWhen::Never,
        wants_upload: false,
        is_partial: saved.digest.known.is_partial,
        left_out: 0,
    });
    let delivered = match connection.filter(|_| !capabilities.is_empty()) {
        Some(connection) => {
            let client = Client::patient(connection, environment.patience(), Proxies::System)
                .map_err(|failure| Error::Event(format!("GitHub cannot be asked: {failure}")))?;
            let posted = post(
                &client,
                environment,
                request,
                &run,
                &saved,
                &mut capabilities,
            );
            block_on(posted).map_err(|failure| Error::Unavailable(failure.to_string()))?
        }
        None => Delivered::default(),
    };
    // What is outdated is no fault of this run: the run for the newer commit has a report of its own.
    let is_fine = capabilities.degraded().is_empty() || delivered.is_outdated;
    let code = if is_fine { 0 } else { 3 };
    Ok((code, delivered.log(capabilities.table())))
}

async fn post(
    client: &Client,
    environment: &Environment,
    request: &Request<'_>,
    run: &WorkflowRun,
    saved: &Saved,
    capabilities: &mut Capabilities,
) -> Delivered {
    let mut delivered = Delivered::default();
    let pull = match run.pull(client).await {
        Ok(pull) => pull,
        Err(Failure::NotFound) => {
            delivered.is_outdated = true;
            capabilities.refuse_all(
                &Feature::ALL,
                "no open pull request has this commit at its tip",
            );
            return delivered;
        }
        Err(failure) => {
            for feature in [Feature::Review, Feature::Summary] {
                if capabilities.allows(feature) {
                    capabilities.refuse(feature, explain(&failure, feature));
                }
            }
            return delivered;
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
    deliver(client, &order, capabilities).await
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
