//! What a judged run tells GitHub, and what it says of that in its log.

use super::input::Inputs;
use super::{Judged, remote::Remote};
use crate::event::{Environment, Event, Target};
use crate::http::block_on;
use crate::publish::capability::{Capabilities, Feature, Occasion, Situation};
use crate::publish::this_run::{run_number, run_url};
use crate::publish::unjudged::{Unjudged, withdraw};
use crate::publish::{Analysis, Delivered, NO_REFERENCE, Order, deliver};
use crate::report::annotation::Untold;
use crate::report::review::digest::Digest;
use crate::report::review::marker::Key;
use crate::report::review::sticky::SummaryWhen;
use crate::report::sarif::SarifOptions;
use crate::report::summary::Links;

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Published {
    /// What does not stand on the pull request.
    pub(super) untold: Untold,
    /// What was asked for and could not be.
    pub(super) degraded: String,
    /// What is to be printed; what GitHub said in it is not escaped.
    pub(super) log: String,
}

/// What may be told, as far as can be said before; none for whoever leaves the network alone, who asked for that and
/// needs no table of what it costs.
pub(super) fn plan(inputs: &Inputs, judged: &Judged, left_out: usize) -> Option<Capabilities> {
    if inputs.offline {
        return None;
    }
    let has_token = judged.remote.is_some() || judged.unasked.is_some();
    let is_partial = !judged.report.incomplete.is_empty();
    let mut situation = situation(inputs, &judged.target, has_token);
    (situation.is_partial, situation.left_out) = (is_partial, left_out);
    let mut capabilities = Capabilities::of(situation);
    if reference(&judged.target).is_none() {
        capabilities.refuse_all(&[Feature::CodeScanning], NO_REFERENCE);
    }
    if let Some(why) = &judged.unasked {
        capabilities.refuse_all(&Feature::ALL, &why.to_string());
    }
    Some(capabilities)
}

/// The ref whose tip was judged.
fn reference(target: &Target) -> Option<String> {
    match target.pull_request {
        // The lines are those of the head, not those of the test merge.
        Some(number) => Some(format!("refs/pull/{number}/head")),
        None => target.reference.clone(),
    }
}

fn situation(inputs: &Inputs, target: &Target, has_token: bool) -> Situation {
    Situation {
        occasion: match target.event {
            Event::PullRequest => Occasion::PullRequest,
            Event::PullRequestTarget => Occasion::PullRequestTarget,
            Event::MergeGroup => Occasion::MergeGroup,
            Event::Push | Event::Schedule | Event::WorkflowDispatch => Occasion::Branch,
        },
        has_pull_request: target.pull_request.is_some(),
        is_fork: target.is_fork,
        has_token,
        wants_review: inputs.review,
        wants_summary: inputs.summary != SummaryWhen::Never,
        wants_upload: inputs.upload_sarif,
        is_partial: false,
        left_out: 0,
    }
}

/// Tells GitHub what may be told.
pub(super) fn publish(
    environment: &Environment,
    inputs: &Inputs,
    judged: &Judged,
    links: &Links,
    sarif: &[u8],
    planned: &Capabilities,
) -> Published {
    let target = &judged.target;
    let mut capabilities = planned.clone();
    let reference = reference(target);
    let options = SarifOptions {
        category: inputs.category.clone(),
        ..SarifOptions::default()
    };
    let category = options.automation_id();
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
            category: &category,
        }),
        patience: environment.patience(),
    };
    let client = judged.remote.as_ref().map(Remote::client);
    let delivered = match client.filter(|_| !capabilities.is_empty()) {
        Some(client) => block_on(deliver(client, &order, &mut capabilities)),
        None => Ok(Delivered::default()),
    };
    let delivered = delivered.unwrap_or_else(|failure| {
        capabilities.refuse_all(&Feature::ALL, &failure.to_string());
        Delivered::default()
    });
    Published {
        degraded: capabilities.degraded(),
        log: delivered.log(capabilities.changes(planned)),
        untold: delivered.untold,
    }
}

/// Tells a pull request that nothing was judged, where its summary says otherwise. What cannot be read of the event or
/// of the connection is no news: it is why nothing was judged.
pub(super) fn unjudged(environment: &Environment, inputs: &Inputs, summary: &str) -> Published {
    let Some(target) = Target::read(environment).ok().filter(|_| !inputs.offline) else {
        return Published::default();
    };
    let remote = Remote::of(environment, false);
    let has_token = !matches!(remote, Ok(None));
    let mut capabilities = Capabilities::of(situation(inputs, &target, has_token));
    capabilities.refuse_all(
        &[Feature::Review, Feature::CodeScanning],
        "nothing was judged",
    );
    let order = Unjudged {
        text: summary,
        key: Key::of(&inputs.category),
        run: run_number(environment),
        head: &target.head,
        pull_request: target.pull_request,
        patience: environment.patience(),
    };
    let delivered = match &remote {
        Ok(Some(remote)) => block_on(withdraw(remote.client(), &order, &mut capabilities))
            .map_err(|failure| failure.to_string()),
        Ok(None) => Ok(Delivered::default()),
        Err(why) => Err(why.to_string()),
    };
    let delivered = delivered.unwrap_or_else(|why| {
        capabilities.refuse_all(&Feature::ALL, &why);
        Delivered::default()
    });
    Published {
        untold: Untold::ALL,
        degraded: capabilities.degraded(),
        log: delivered.log(capabilities.table()),
    }
}
