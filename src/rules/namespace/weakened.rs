use std::collections::BTreeSet;

use crate::kubernetes::namespace::PolicyVersion;
use crate::kubernetes::pod_security::{Level, StandardCheck, Version};
use crate::kubernetes::{Completeness, Mode, ModeLabels, Namespace};
use crate::rule::{Check, Context, Pair, Severity, Sink, declare_rule};
use crate::snapshot::labels::labelled_files;

declare_rule! {
    /// A change lowers the Pod Security level of a Namespace.
    ///
    /// ## Why it matters
    /// What the namespace refused so far, it lets in from then on: the change looks like one line of labels, and opens
    /// the namespace to privileged pods. To pin the standard to an older version does the same with fewer letters, as
    /// checks that came later are no longer asked. Labels for `warn` and `audit` refuse nothing: to lower them is low.
    ///
    /// ## Example
    /// ```yaml bad
    /// # base: namespace.yaml
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    ///   labels:
    ///     pod-security.kubernetes.io/enforce: restricted
    /// # file: namespace.yaml
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    ///   labels:
    ///     pod-security.kubernetes.io/enforce: baseline
    /// ```
    ///
    /// ## Instead
    /// Keep the level, and move the one workload that cannot meet it to a namespace of its own.
    /// ```yaml good
    /// # base: namespace.yaml
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    ///   labels:
    ///     pod-security.kubernetes.io/enforce: baseline
    /// # file: namespaces/shop.yaml
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    ///   labels:
    ///     pod-security.kubernetes.io/enforce: restricted
    /// ```
    ///
    /// ## Limits
    /// Nothing is said of a Namespace that is new or deleted, nor of a label that is gone from a patch, from a template,
    /// or from a Namespace that a kustomization may label. A version counts as older only where a check is asked no
    /// longer; pinned where it followed the cluster, it is told as medium if the cluster itself may be that old.
    "namespace/weakened",
    severity: Severity::High,
    other_severities: &[Severity::Medium, Severity::Low],
    references: &["OWASP K8s 2022: K04", "CWE-693"],
    check: Check::Change(check),
}

/// Clusters that are older than this are nowhere maintained any longer.
const OLDEST_CLUSTER: Version = Version(30);

fn check(pair: &Pair<'_>, _context: &Context, sink: &mut Sink<'_>) {
    let labelled = labelled_files(pair.head);
    for after in pair.head.objects().filter_map(Namespace::of) {
        let Some(before) = pair.before(after.object()).and_then(Namespace::of) else {
            continue;
        };
        let object = after.object();
        let open =
            object.completeness() != Completeness::Complete || labelled.contains(&**object.path());
        for mode in Mode::ALL {
            let (was, now) = (before.mode(mode), after.mode(mode));
            if now.is_unrendered() || was.is_unrendered() {
                continue;
            }
            let mut sink = sink.about(object);
            lower_level(was, now, open, after, &mut sink);
            older_version(was, now, open, after, &mut sink);
        }
    }
}

fn severity(mode: Mode) -> Severity {
    match mode {
        Mode::Enforce => Severity::High,
        Mode::Audit | Mode::Warn => Severity::Low,
    }
}

fn lower_level(
    was: ModeLabels<'_>,
    now: ModeLabels<'_>,
    open: bool,
    after: Namespace<'_>,
    sink: &mut Sink<'_>,
) {
    // A level that nothing could read was none that anything kept.
    let Some(Ok(level)) = was.written_level() else {
        return;
    };
    let label = was.mode.level_label();
    match now.level() {
        Some(lower) if lower < level => {
            sink.report(now.level_field)
                .severity(severity(now.mode))
                .say(&format!(
                    "the label {label} was \"{level}\" and now counts as \"{lower}\"; set it to {level} again"
                ));
        }
        Some(_) => {}
        None => {
            // Without a label of its own, `warn` follows `enforce`.
            let followed = now.mode == Mode::Warn
                && matches!(after.enforce().written_level(), Some(Ok(enforced)) if enforced >= level);
            if level == Level::Privileged || open || followed {
                return;
            }
            sink.report(now.level_field)
                .at(after.object().name_span())
                .severity(severity(now.mode))
                .say(&format!(
                    "the label {label} was \"{level}\" and is gone, so that the default of the cluster decides; set it to {level} again"
                ));
        }
    }
}

fn older_version(
    was: ModeLabels<'_>,
    now: ModeLabels<'_>,
    open: bool,
    after: Namespace<'_>,
    sink: &mut Sink<'_>,
) {
    // What is asked at the level that stays; a lower level is told of by itself.
    let (Some(level), PolicyVersion::Pinned(pinned)) = (now.level(), now.version()) else {
        return;
    };
    let followed = was.version() == PolicyVersion::Latest;
    if was.level().is_none() || open && !now.version_field.is_set() {
        return;
    }
    let asked: BTreeSet<_> = StandardCheck::of(level, pinned).collect();
    let lost: Vec<_> = StandardCheck::of(level, was.version().on(Version::LATEST))
        .filter(|check| !asked.contains(check) && check.since() > pinned)
        .collect();
    let Some(first) = lost.first() else { return };
    let severity = match severity(now.mode) {
        Severity::High if followed && lost.iter().all(|check| check.since() > OLDEST_CLUSTER) => {
            Severity::Medium
        }
        severity => severity,
    };
    let label = now.mode.version_label();
    let before = match was.written_version() {
        Some(Ok(version)) => format!("was \"{version}\""),
        _ => "was not set".to_owned(),
    };
    let more = match lost.len() {
        1 => " is".to_owned(),
        2 => " and 1 more check are".to_owned(),
        count => format!(" and {} more checks are", count - 1),
    };
    sink.about(after.object())
        .report(now.version_field)
        .severity(severity)
        .say(&format!(
            "the label {label} {before} and is now \"{}\", so that {}{more} asked no longer; take the later version again",
            now.version(),
            first.id(),
        ));
}
