//! What a run says of who can reach whom, beside its findings.

use std::collections::BTreeSet;

use crate::connectivity::{self, Answer, Asked};
use crate::error::Error;
use crate::network::lines::Lines;
use crate::network::world::HostNetwork;
use crate::network::{Comparison, Network};
use crate::permissions;
use crate::rule::{Context, Pair};
use crate::snapshot::load::Loaded;
use crate::snapshot::pairs::Pairs;
use crate::verdict::NetworkChange;

/// What a change opens and closes within some paths; nothing where there is no base.
pub(super) fn changes(
    pair: Option<&Pair<'_>>,
    context: &Context,
    in_scope: &dyn Fn(&str) -> bool,
) -> Vec<NetworkChange> {
    let comparison = pair.map(|pair| pair.network(&context.clusters));
    comparison.map_or_else(Vec::new, |it| connectivity::posture(it, in_scope))
}

/// What `tidegate network` answers of what was read.
pub(super) fn answer(
    mut loaded: Loaded,
    asked: &Asked,
    context: &Context,
    in_scope: &dyn Fn(&str) -> bool,
) -> Result<Answer, Error> {
    let changes = loaded.changes();
    let Loaded { base, head, .. } = loaded;
    let clusters_of = |path: &str| context.clusters.of(path);
    let mut told = None;
    let mut exposure_changes = Lines::default();
    if let Some(base) = &base {
        let pair = Pair {
            base,
            head: &head,
            changed: &BTreeSet::new(),
            renames: changes.renamed(),
            moved: changes.moved(),
            pairs: &Pairs::between(base, &head, changes.renamed()),
        };
        let own;
        let comparison = if asked.host_network == HostNetwork::default() {
            pair.network(&context.clusters)
        } else {
            own = Comparison::between(
                pair.applied_before(),
                pair.applied_after(),
                pair.renames,
                &clusters_of,
                asked.host_network,
            );
            &own
        };
        told = Some(connectivity::changes(comparison, in_scope));
        exposure_changes = connectivity::exposure_changes(comparison, in_scope);
    }
    let own;
    let network = if asked.host_network == HostNetwork::default() {
        head.network(&context.clusters)
    } else {
        own = Network::of(head.landed_objects(), &clusters_of, asked.host_network);
        &own
    };
    let clusters = connectivity::answer(network, asked, in_scope);
    let unreadable = permissions::unreadable(&head, in_scope);
    // What could not be read may hold what is asked about.
    if unreadable.is_empty()
        && let Some(why) = connectivity::why_not(network, asked, &clusters)
    {
        return Err(Error::Usage(why));
    }
    Ok(Answer {
        clusters,
        changes: told,
        exposure_changes,
        is_question: asked.why.is_some(),
        assumptions: connectivity::assumptions(network),
        unreadable,
        head,
    })
}
