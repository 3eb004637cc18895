use std::sync::Arc;

use crate::config::clusters::{Clusters, Separated, dropped, separated};
use crate::config::read::ConfigFile;
use crate::config::weakening::{KnownRule, Weakening, weakenings};
use crate::config::{Config, PATHS};
use crate::kubernetes::field::shortened;
use crate::kubernetes::pod_security::{Version, VersionSet};
use crate::rule::{Check, Context, Pair, Severity, Sink, declare_rule};
use crate::rules;
use crate::snapshot::declared::fits;
use crate::snapshot::{Snapshot, SourceFile};
use crate::syntax::{Node, Span};

declare_rule! {
    /// A change to the configuration lets more pass than before.
    ///
    /// ## Why it matters
    /// The change itself is still judged by the configuration of the base branch, but every change after it is not.
    /// Whoever approves it should know what the gate will no longer say.
    ///
    /// ## Example
    /// ```yaml bad
    /// # base: .tidegate.yaml
    /// fail-on: high
    /// # file: .tidegate.yaml
    /// fail-on: never
    /// ```
    ///
    /// ## Instead
    /// Accept the one finding that is meant, with a waiver that says why and until when.
    /// ```yaml good
    /// # base: .tidegate.yaml
    /// fail-on: high
    /// # file: .tidegate.yaml
    /// fail-on: medium
    /// ```
    ///
    /// ## Limits
    /// A pattern that leaves out no more than those before it, versions of Kubernetes that are named for the first time or
    /// dropped from the old end, and a declared workload that found no pod and is replaced by one that does are silent.
    ///
    /// Where the file of the base is broken, the defaults were in force: what its mending takes from them is medium as
    /// far as the broken file can be read to say the same, setting by setting and with mistyped words taken for the
    /// nearest, and high beyond that. A weakening that is meant needs somebody who may merge past a required check, or a configuration of the base
    /// branch that gives this rule a lower severity.
    "gate/configuration-weakened",
    severity: Severity::High,
    other_severities: &[Severity::Medium],
    references: &["CWE-693", "CWE-1188"],
    check: Check::Change(check),
}

fn check(pair: &Pair<'_>, _context: &Context, sink: &mut Sink<'_>) {
    // What cannot be read is told by `invalid-configuration`.
    let Some(after) = config(pair.head) else {
        return;
    };
    let base = pair.base.configuration().map(|(_, file)| file);
    let mut before = base.map(ConfigFile::legible).unwrap_or_default();
    corrected(pair, &mut before, &after);
    let known: Vec<KnownRule> = rules::ALL
        .iter()
        .map(|rule| KnownRule {
            id: rule.id,
            gravest: rule.gravest(),
            opt_in: rule.opt_in,
        })
        .collect();
    let supported: Vec<Version> = VersionSet::SUPPORTED.iter().collect();
    let file = pair.head.configuration();
    let path = file.map_or_else(|| gone(pair.base), |(file, _)| Arc::clone(&file.path));
    let mut found = weakenings(&before, &after, &known, &supported);
    if base.is_some_and(|file| file.config.is_err()) {
        // A broken file meant the defaults, and whoever mends it brings back what it was to say.
        let of_defaults = weakenings(&Config::default(), &after, &known, &supported);
        let restored: Vec<_> = of_defaults
            .into_iter()
            .filter(|restored| !found.iter().any(|told| comes_to_the_same(told, restored)))
            .map(|restored| Weakening {
                severity: Severity::Medium,
                ..restored
            })
            .collect();
        found.extend(restored);
    }
    let parted = parted(pair.base, &before, &after);
    found.extend(parted.or_else(|| outside(pair, &before, &after)));
    for weakening in found {
        let span = file.map_or_else(Span::default, |(_, config)| place(config, &weakening));
        let sentence = match file {
            Some(_) => weakening.sentence.clone(),
            None => format!("{}, as the file is gone", weakening.sentence),
        };
        sink.in_file(&path)
            .report_at(span, Some(format!("/{}", weakening.keys.join("/")).into()))
            .discriminator(&weakening.sentence)
            .severity(weakening.severity)
            .say(&sentence);
    }
}

/// Clusters that no longer hold together what they held together.
fn parted(base: &Snapshot, before: &Config, after: &Config) -> Option<Weakening> {
    let [old, new] = [before, after].map(|config| Clusters::new(&config.kubernetes.clusters));
    let files = base.files().iter().filter(|file| file.manifest().is_some());
    let paths: Vec<&str> = files.map(|file| &*file.path).collect();
    let Separated { one, other } = separated(&old, &new, &paths)?;
    Some(Weakening {
        keys: vec!["kubernetes".to_owned(), "clusters".to_owned()],
        sentence: format!(
            "kubernetes.clusters parts {} from {}, so that what one says no longer counts for the other",
            shortened(other),
            shortened(one)
        ),
        severity: Severity::High,
    })
}

/// Takes declared workloads out of what was there before that found no pod, and whose place is taken by one that does:
/// a mistyped kind or path that is mended.
fn corrected(pair: &Pair<'_>, before: &mut Config, after: &Config) {
    let (old, new) = (&before.kubernetes.workloads, &after.kubernetes.workloads);
    if old.iter().all(|kind| new.contains(kind)) {
        return;
    }
    let finds = |snapshot: &Snapshot, config: &Config| -> Vec<bool> {
        let declared: Vec<_> = config
            .kubernetes
            .declared()
            .filter_map(Result::ok)
            .collect();
        let fits = fits(snapshot, &declared).into_iter();
        fits.map(|fit| fit.has_pods).collect()
    };
    let found = finds(pair.base, before);
    let working: Vec<_> = new
        .iter()
        .zip(finds(pair.head, after))
        .filter(|(kind, finds)| *finds && !old.contains(kind))
        .map(|(kind, _)| kind)
        .collect();
    let mut found = found.into_iter();
    before.kubernetes.workloads.retain(|kind| {
        let finds = found.next().unwrap_or(true);
        let mut working = working.iter();
        finds || !working.any(|new| new.kind == kind.kind || new.pod_template == kind.pod_template)
    });
}

/// Files that a cluster no longer holds, so that it is not known what is applied with them.
fn outside(pair: &Pair<'_>, before: &Config, after: &Config) -> Option<Weakening> {
    // A file that leaves a cluster by itself is no matter of the configuration.
    if before.kubernetes.clusters == after.kubernetes.clusters {
        return None;
    }
    let [old, new] = [before, after].map(|config| Clusters::new(&config.kubernetes.clusters));
    if old.is_empty() {
        return None;
    }
    let files = pair
        .base
        .files()
        .iter()
        .filter(|file| file.manifest().is_some());
    let paths = files.filter_map(|file| {
        let now = pair.head.file(&pair.continued(&file.path))?;
        now.manifest()?;
        Some((&*file.path, &*now.path))
    });
    let path = dropped(&old, &new, paths)?;
    Some(Weakening {
        keys: vec!["kubernetes".to_owned(), "clusters".to_owned()],
        sentence: format!(
            "kubernetes.clusters no longer holds {}, so that what it says protects nothing in the cluster that held it",
            shortened(path)
        ),
        severity: Severity::High,
    })
}

/// True if two sentences tell of the same setting that it is the same now.
fn comes_to_the_same(one: &Weakening, other: &Weakening) -> bool {
    let now = |weakening: &Weakening| {
        let sentence = &weakening.sentence;
        let now = sentence
            .split_once(" to ")
            .map_or(&**sentence, |(_, now)| now);
        now.to_owned()
    };
    one.keys == other.keys && now(one) == now(other)
}

/// What a revision is configured as; the defaults where it has no file, and nothing where the file is broken.
fn config(snapshot: &Snapshot) -> Option<Config> {
    match snapshot.configuration() {
        Some((_, file)) => file.config.as_ref().ok().cloned(),
        None => Some(Config::default()),
    }
}

fn gone(base: &Snapshot) -> Arc<str> {
    let file = base.configuration();
    file.map_or_else(
        || PATHS[0].into(),
        |(file, _): (&SourceFile, _)| Arc::clone(&file.path),
    )
}

/// The setting, or the nearest key that is there.
fn place(file: &ConfigFile, weakening: &Weakening) -> Span {
    let keys: Vec<&str> = weakening.keys.iter().map(String::as_str).collect();
    for depth in (1..=keys.len()).rev() {
        let node = keys.get(..depth).and_then(|keys| file.node(keys));
        if let Some(key) = node.and_then(Node::key) {
            return key.span();
        }
    }
    let first = file.node(&[]).and_then(|root| root.entries().next());
    first.map_or_else(Span::default, |entry| entry.key.span())
}
