//! A difference is no more and no less than what the two listings differ in, ways in from outside among it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tidegate::finding::Location;
use tidegate::network::connections::Protocol;
use tidegate::network::difference::Difference;
use tidegate::network::lines::Gathered;
use tidegate::network::notation::{Named, lines};
use tidegate::network::selector::Selector;
use tidegate::network::ways_in::{Entry, PortRef, Service, ServicePort};
use tidegate::network::{Reach, World};
use tidegate::syntax::Span;

use super::oracle::world;
use super::raw::Cluster;
use super::worlds::Random;

/// What passes from one end to another, in the words of the listing.
type Rows = BTreeMap<(String, String), String>;

/// Every end but addresses: these are told in other ranges where the other side cuts them otherwise, and are held to
/// the packets that they mean elsewhere.
fn is_in(from: &Named, to: &Named) -> bool {
    ![from, to]
        .iter()
        .any(|end| matches!(end, Named::External(_)))
}

fn listed(reach: &Reach) -> Rows {
    let lines = lines(reach, &|_| true);
    let rows = lines.iter().filter(|(from, to, _)| is_in(from, to));
    rows.map(|(from, to, [said])| ((from.to_string(), to.to_string()), said.to_string()))
        .collect()
}

/// Services in front of some pods, and what sends requests to some of them.
fn with_ways_in(mut world: World, cluster: &Cluster, random: &mut Random) -> World {
    let at = || Location {
        path: "cluster.yaml".into(),
        span: Span::default(),
    };
    for (number, pod) in cluster.pods.iter().enumerate() {
        if random.below(2) == 0 {
            continue;
        }
        let namespace: Arc<str> = cluster.namespaces[pod.namespace].name.into();
        let name: Arc<str> = number.to_string().into();
        let labels = pod.labels.iter().take(1);
        let selector = labels.fold(Selector::all(), |all, (key, value)| {
            all.with_label(key, value)
        });
        let target = match random.below(3) {
            0 => PortRef::Name("http".into()),
            1 => PortRef::Number(80),
            _ => PortRef::Number(8080),
        };
        world.services.push(Service {
            namespace: Arc::clone(&namespace),
            name: Arc::clone(&name),
            selector,
            ports: vec![ServicePort {
                name: None,
                port: 80,
                target,
                protocol: Protocol::Tcp,
            }],
            is_open: false,
            at: at(),
        });
        if random.below(3) > 0 {
            world.entries.push(Entry {
                kind: "Ingress".into(),
                namespace: Arc::clone(&namespace),
                name: Arc::clone(&name),
                backends: vec![(namespace, name, PortRef::Number(80))],
                at: at(),
            });
        }
    }
    world
}

#[test]
fn network_differences_are_what_the_listings_differ_in() {
    let (mut told, mut ways_in) = (0, 0);
    for seed in 0..600 {
        let before = Random(seed).cluster();
        let mut after = before.clone();
        let mut random = Random(seed + 2_000_000);
        // Every third world has no policy on either side, and every third the same ones on both.
        let mut bare = before.clone();
        if seed % 3 == 0 {
            bare.policies.clear();
            bare.admin.clear();
            after = bare.clone();
        } else if seed % 3 == 1 {
            after.policies = Random(seed + 1_000_000).cluster().policies;
        }
        let old = with_ways_in(world(&bare), &bare, &mut random);
        let new = with_ways_in(world(&after), &after, &mut random);
        let mut peers = old.peers();
        peers.extend(new.peers());
        let (old, new) = (Reach::beside(old, &peers), Reach::beside(new, &peers));
        let difference = Difference::between(&old, &new);
        let mut lines = Gathered::default();
        difference.tell((&old, &new), false, &|_| true, &mut lines);
        let lines = lines.lines();
        let rows = lines.iter().filter(|(from, to, _)| is_in(from, to));
        let rows: Vec<_> = rows
            .map(|(from, to, [was, now])| {
                ways_in += usize::from(*from == Named::Controller);
                (
                    (from.to_string(), to.to_string()),
                    was.to_string(),
                    now.to_string(),
                )
            })
            .collect();
        let (was, now) = (listed(&old), listed(&new));
        let none = "No Connections".to_owned();
        let pairs: BTreeSet<_> = was.keys().chain(now.keys()).collect();
        let expected: Vec<_> = pairs
            .into_iter()
            .map(|pair| {
                let of = |rows: &Rows| rows.get(pair).unwrap_or(&none).clone();
                (pair.clone(), of(&was), of(&now))
            })
            .filter(|(_, was, now)| was != now)
            .collect();
        let rows: BTreeSet<_> = rows.into_iter().collect();
        assert_eq!(rows, expected.into_iter().collect(), "seed {seed}");
        told += rows.len();
    }
    assert!(
        told > 1_000 && ways_in > 200,
        "{told} rows, {ways_in} ways in"
    );
}
