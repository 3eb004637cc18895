#![no_main]
//! Network policies of any YAML, alone and as a change from one to another: nothing panics, what is pointed at lies within
//! the file, and nothing is opened where both sides are the same.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use tidegate::finding::Location;
use tidegate::kubernetes::manifest::read;
use tidegate::network::notation::{Named, exposure, lines};
use tidegate::network::world::HostNetwork;
use tidegate::network::{Comparison, Direction, Network};
use tidegate::snapshot::{Snapshot, State};
use tidegate::syntax::Format;
use tidegate_fuzz::{lies_within, parts};

fn revision(text: &str) -> Snapshot {
    let reading = read(Format::Yaml, text.as_bytes().to_vec(), false, &[]);
    let state = Arc::new(State::Read(reading));
    Snapshot::new(vec![("deploy/fuzz.yaml".into(), state)], &BTreeSet::new(), 1)
}

fn compared(base: &Snapshot, head: &Snapshot) -> Comparison {
    let renames = BTreeMap::new();
    let clusters_of = |_: &str| Vec::new();
    let (base, head) = (base.objects(), head.objects());
    Comparison::between(base, head, &renames, &clusters_of, HostNetwork::default())
}

fuzz_target!(|text: &str| {
    let [before, after] = parts::<2>(text);
    let (base, head) = (revision(before), revision(after));
    let text_of = |snapshot: &Snapshot, at: &Location| {
        let file = snapshot.file(&at.path);
        let text = file.and_then(|file| file.text()).unwrap_or_default();
        lies_within(at.span, text);
    };
    for host_network in [HostNetwork::Exempt, HostNetwork::Policied] {
        let network = Network::of(head.objects(), &|_| Vec::new(), host_network);
        for cluster in &network.clusters {
            let (reach, all) = (&cluster.reach, |_: &Named| true);
            let _ = (lines(reach, &all), exposure(reach, &all));
            for own in cluster.policies() {
                let _ = own.meant(&own.policy.subject.pods, own.namespace());
                let _ = Direction::BOTH.map(|direction| own.companions(direction).len());
            }
            for policy in &cluster.reach.world.policies {
                text_of(&head, &policy.at);
                text_of(&head, &policy.subject_at);
                for rule in policy.ingress.iter().chain(&policy.egress).flatten() {
                    text_of(&head, &rule.at);
                    let peers = rule.peers.iter().flatten();
                    peers.for_each(|written| text_of(&head, &written.at));
                    let ports = rule.ports.iter().flatten();
                    ports.for_each(|written| text_of(&head, &written.at));
                }
            }
        }
    }
    let _ = compared(&base, &head);
    assert!(compared(&head, &head).clusters.is_empty());
});
