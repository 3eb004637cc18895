//! The stages of one run over 1,000 generated manifests, within one process: `cargo bench`.
//!
//! `events` is the floor that no reader of YAML can go below with this parser; `whole` is everything from bytes
//! in memory to findings. Beside them a lockfile of 28,831 lines, where the corpora are at hand. Whole processes are
//! measured by `benches/measure.py`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use divan::counter::BytesCount;
use tidegate::evaluate::evaluate;
use tidegate::kubernetes::manifest::read;
use tidegate::packages::lockfile::{self, LockfileKind};
use tidegate::rule::Context;
use tidegate::snapshot::{Snapshot, State};
use tidegate::syntax::{Format, parse};

fn main() {
    divan::main();
}

/// A Deployment and a Service a file; one in ten breaks the restricted level.
fn manifests() -> Vec<String> {
    (0..1_000)
        .map(|index| {
            let escalation = index % 10 == 0;
            let mut text = format!(
                "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: service-{index}\n  namespace: team-{}\n  labels:\n    app.kubernetes.io/name: service-{index}\nspec:\n  replicas: 2\n  selector:\n    matchLabels:\n      app.kubernetes.io/name: service-{index}\n  template:\n    metadata:\n      labels:\n        app.kubernetes.io/name: service-{index}\n    spec:\n      automountServiceAccountToken: false\n      securityContext:\n        runAsNonRoot: true\n        seccompProfile:\n          type: RuntimeDefault\n      containers:\n        - name: api\n          image: registry.example.com/shop/service-{index}:1.2.0\n          ports:\n            - name: http\n              containerPort: 8080\n          env:\n            - name: LOG_LEVEL\n              value: info\n          resources:\n            requests: {{ cpu: 100m, memory: 128Mi }}\n            limits: {{ memory: 256Mi }}\n          securityContext:\n            allowPrivilegeEscalation: {escalation}\n            capabilities:\n              drop: [ALL]\n",
                index % 50
            );
            let _ = write!(
                text,
                "---\napiVersion: v1\nkind: Service\nmetadata:\n  name: service-{index}\nspec:\n  selector:\n    app.kubernetes.io/name: service-{index}\n  ports:\n    - name: http\n      port: 80\n      targetPort: http\n"
            );
            text
        })
        .collect()
}

fn bytes(files: &[String]) -> BytesCount {
    BytesCount::new(files.iter().map(String::len).sum::<usize>())
}

fn snapshot(files: &[String]) -> Snapshot {
    let states = files
        .iter()
        .enumerate()
        .map(|(index, text)| {
            let reading = read(Format::Yaml, text.clone().into_bytes(), false, &[]);
            (
                Arc::from(format!("{index:04}.yaml")),
                Arc::new(State::Read(reading)),
            )
        })
        .collect();
    Snapshot::new(states, &BTreeSet::new(), files.len())
}

#[divan::bench]
fn events(bencher: divan::Bencher<'_, '_>) {
    let files = manifests();
    bencher.counter(bytes(&files)).bench(|| {
        files
            .iter()
            .map(|text| granit_parser::Parser::new_from_str(text).count())
            .sum::<usize>()
    });
}

#[divan::bench]
fn trees(bencher: divan::Bencher<'_, '_>) {
    let files = manifests();
    bencher.counter(bytes(&files)).bench(|| {
        files
            .iter()
            .map(|text| parse(Format::Yaml, text.clone()).documents().len())
            .sum::<usize>()
    });
}

#[divan::bench]
fn rules(bencher: divan::Bencher<'_, '_>) {
    let files = manifests();
    let snapshot = snapshot(&files);
    let context = Context::default();
    bencher
        .counter(bytes(&files))
        .bench(|| evaluate(&snapshot, &context).findings.len());
}

#[divan::bench]
fn whole(bencher: divan::Bencher<'_, '_>) {
    let files = manifests();
    let context = Context::default();
    bencher
        .counter(bytes(&files))
        .bench(|| evaluate(&snapshot(&files), &context).findings.len());
}

/// The largest lockfile of the corpora; none without them.
#[expect(
    clippy::disallowed_methods,
    reason = "the corpora are no part of the repository"
)]
fn large_lockfile() -> Option<String> {
    let corpora = std::env::var_os("TIDEGATE_CORPORA").map_or_else(
        || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora"),
        Into::into,
    );
    std::fs::read_to_string(corpora.join("apps/hoppscotch__hoppscotch/pnpm-lock.yaml")).ok()
}

#[divan::bench]
fn lockfile_tree(bencher: divan::Bencher<'_, '_>) {
    let Some(text) = large_lockfile() else {
        return;
    };
    bencher
        .counter(BytesCount::new(text.len()))
        .bench(|| parse(Format::Yaml, text.clone()).documents().len());
}

#[divan::bench]
fn lockfile(bencher: divan::Bencher<'_, '_>) {
    let Some(text) = large_lockfile() else {
        return;
    };
    bencher.counter(BytesCount::new(text.len())).bench(|| {
        lockfile::read(LockfileKind::Pnpm, text.clone())
            .packages
            .len()
    });
}
