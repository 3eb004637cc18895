//! What a judged run tells GitHub, and what it says of that in its log.

use super::input::Inputs;
use super::{Judged, remote::Remote};
use crate::event::{Environment, Event};
use crate::http::block_on;
use crate::publish::capability::{Capabilities, Feature, Occasion, Situation};
use crate::publish::this_run::{run_number, run_url};
use crate::publish::{Analysis, Delivered, Order, deliver};
use crate::report::review::digest::Digest;
use crate::report::review::marker::Key;
use crate::report::review::sticky::SummaryWhen;
use crate::report::summary::Links;

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Published {
    /// True if all findings stand on the pull request.
    pub(super) is_told: bool,
    /// What was asked for and could not be.
    pub(super) degraded: String,
    /// What is to be printed; what GitHub said in it is not escaped.
    pub(super) log: String,
}

/// Tells GitHub what may be told.
pub(super) fn publish(
    environment: &Environment,
    inputs: &Inputs,
    judged: &Judged,
    links: &Links,
    sarif: &[u8],
) -> Published {
    // Whoever leaves the network alone asked for that, and needs no table of what it costs.
    if inputs.offline {
        return Published::default();
    }
    let target = &judged.target;
    let occasion = match target.event {
        Event::PullRequest => Occasion::PullRequest,
        Event::PullRequestTarget => Occasion::PullRequestTarget,
        Event::MergeGroup => Occasion::MergeGroup,
        Event::Push | Event::Schedule | Event::WorkflowDispatch => Occasion::Branch,
    };
    let mut capabilities = Capabilities::of(Situation {
        occasion,
        has_pull_request: target.pull_request.is_some(),
        is_fork: target.is_fork,
        has_token: judged.remote.is_some(),
        wants_review: inputs.review,
        wants_summary: inputs.summary != SummaryWhen::Never,
        wants_upload: inputs.upload_sarif,
        is_partial: !judged.report.incomplete.is_empty(),
    });
    let reference = match target.pull_request {
        // The lines are those of the head, not those of the test merge.
        Some(number) => Some(format!("refs/pull/{number}/head")),
        None => target.reference.clone(),
    };
    let digest = Digest::of(&judged.report);
    let run_url = run_url(environment, links);
    let order = Order {
        digest: &digest,
        links,
        note: judged.note,
        run_url: run_url.as_deref(),
        key: Key::of(&inputs.category),
        run: run_number(environment),
        head: &target.head,
        pull_request: target.pull_request,
        summary: inputs.summary,
        analysis: reference.as_deref().map(|reference| Analysis {
            sarif,
            commit: &target.head,
            reference,
        }),
        patience: environment.patience(),
    };
    let client = judged.remote.as_ref().map(Remote::client);
    let delivered = match client.filter(|_| !capabilities.is_empty()) {
        Some(client) => block_on(deliver(client, &order, &mut capabilities)),
        None => Ok(Delivered::default()),
    };
    let delivered = delivered.unwrap_or_else(|failure| {
        for feature in Feature::ALL {
            if capabilities.allows(feature) {
                capabilities.refuse(feature, failure.to_string());
            }
        }
        Delivered::default()
    });
    Published {
        is_told: delivered.is_told,
        degraded: capabilities.degraded(),
        log: delivered.log(&capabilities),
    }
}
