//! What 2,000 workloads under 500 policies cost, within one process: `cargo bench --bench network`. Half as many are there
//! to show how the cost grows.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use divan::Bencher;
use tidegate::kubernetes::manifest::read;
use tidegate::network::world::HostNetwork;
use tidegate::network::{Comparison, Network};
use tidegate::snapshot::{Snapshot, State};
use tidegate::syntax::Format;

fn main() {
    divan::main();
}

/// So many workloads, each with a label of its own, in twenty namespaces that deny by default, and a quarter as many
/// policies; a file for each hundred objects. With more, one policy lets in every namespace.
fn revision(workloads: usize, more: bool) -> Snapshot {
    let mut objects: Vec<String> = Vec::new();
    for number in 0..workloads {
        objects.push(format!(
            "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: app-{number}, namespace: team-{}}}\nspec:\n  selector: {{matchLabels: {{app: app-{number}}}}}\n  template:\n    metadata: {{labels: {{app: app-{number}, tier: tier-{}}}}}\n    spec:\n      containers: [{{name: app, image: 'example.com/app:1', ports: [{{name: http, containerPort: {}}}]}}]\n",
            number % 20,
            number % 7,
            8000 + number % 50
        ));
    }
    for number in 0..workloads / 4 {
        let target = number * 4 / 20 * 20 + number % 20;
        let mut text = format!(
            "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: policy-{number}, namespace: team-{}}}\nspec:\n",
            number % 20
        );
        // Writing to a String cannot fail.
        let _ = if number < 20 {
            write!(
                text,
                "  podSelector: {{}}\n  policyTypes: [Ingress, Egress]\n"
            )
        } else {
            let wide = if more && number == 100 {
                "    - namespaceSelector: {}\n"
            } else {
                ""
            };
            write!(
                text,
                "  podSelector: {{matchLabels: {{app: app-{target}}}}}\n  policyTypes: [Ingress]\n  ingress:\n  - from:\n    - podSelector: {{matchLabels: {{app: app-{}}}}}\n    - namespaceSelector: {{matchLabels: {{team: t{}}}}}\n    - ipBlock: {{cidr: 10.{}.{}.0/24}}\n{wide}    ports: [{{port: http}}, {{port: {}}}]\n",
                (target + 20) % workloads,
                number % 5,
                number / 256,
                number % 256,
                8000 + number % 100
            )
        };
        objects.push(text);
    }
    let files: Vec<String> = objects.chunks(100).map(<[String]>::concat).collect();
    let count = files.len();
    let states = files.into_iter().enumerate().map(|(number, text)| {
        let reading = read(Format::Yaml, text.into_bytes(), false, &[]);
        (
            Arc::from(format!("network/{number:04}.yaml")),
            Arc::new(State::Read(reading)),
        )
    });
    Snapshot::new(states.collect(), &BTreeSet::new(), count)
}

#[divan::bench(args = [1_000, 2_000], sample_count = 5)]
fn connectivity(bencher: Bencher<'_, '_>, workloads: usize) {
    let head = revision(workloads, true);
    bencher.bench_local(|| {
        let network = Network::of(head.objects(), &|_| Vec::new(), HostNetwork::default());
        network.clusters.len()
    });
}

#[divan::bench(args = [1_000, 2_000], sample_count = 5)]
fn difference(bencher: Bencher<'_, '_>, workloads: usize) {
    let (base, head) = (revision(workloads, false), revision(workloads, true));
    let renames = BTreeMap::new();
    bencher.bench_local(|| {
        let found = Comparison::between(
            base.objects(),
            head.objects(),
            &renames,
            &|_| Vec::new(),
            HostNetwork::default(),
        );
        found
            .clusters
            .iter()
            .map(|it| it.openings.opened.len() + it.openings.escaped.len())
            .sum::<usize>()
    });
}
