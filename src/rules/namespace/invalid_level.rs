use crate::kubernetes::field::{quoted, shown};
use crate::kubernetes::namespace::LABEL_PREFIX;
use crate::kubernetes::pod_security::Level;
use crate::kubernetes::{Completeness, Mode, ModeLabels, Namespace, Object};
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::syntax::Entry;

declare_rule! {
    /// A Pod Security label of a Namespace says something that admission does not know.
    ///
    /// ## Why it matters
    /// The API server refuses a Namespace that is created with such a value, or changed to it, so that the change does
    /// not take effect. On a namespace that has the value already, a level that cannot be read counts as `restricted`
    /// for `enforce` and as `privileged` for `audit` and `warn`, and a version as `latest`. A label whose name is
    /// misspelt is not refused: it does nothing, and the namespace is as open as without it (low where it resembles none
    /// of the labels that there are).
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    ///   labels:
    ///     pod-security.kubernetes.io/enforce: Restricted
    ///     pod-security.kubernetes.io/enforce-version: "1.36"
    /// ```
    ///
    /// ## Instead
    /// A level is `privileged`, `baseline` or `restricted`; a version is `latest` or one like `v1.36`.
    /// ```yaml good
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    ///   labels:
    ///     pod-security.kubernetes.io/enforce: restricted
    ///     pod-security.kubernetes.io/enforce-version: v1.36
    /// ```
    ///
    /// ## Limits
    /// Values that a template makes are not known. Labels that a kustomization adds are not read.
    "namespace/invalid-level",
    severity: Severity::High,
    other_severities: &[Severity::Low],
    references: &["OWASP K8s 2022: K04", "CWE-1289"],
    check: Check::Object(check),
}

fn check(object: Object<'_>, _context: &Context, sink: &mut Sink<'_>) {
    let Some(namespace) = Namespace::of(object) else {
        return;
    };
    for mode in Mode::ALL {
        let labels = namespace.mode(mode);
        bad_level(labels, sink);
        bad_version(labels, sink);
    }
    for entry in namespace.pod_security_labels() {
        unknown_label(object, entry, sink);
    }
}

fn bad_level(labels: ModeLabels<'_>, sink: &mut Sink<'_>) {
    let (Some(Err(_)), Some(node)) = (labels.written_level(), labels.level_field.node()) else {
        return;
    };
    let label = labels.mode.level_label();
    let fallback = labels.mode.fallback();
    let value = shown(node);
    let hint = Level::ALL
        .into_iter()
        .map(Level::name)
        .find(|level| is_near(node.as_str().unwrap_or_default(), level));
    let wanted = hint.map_or_else(
        || "write privileged, baseline or restricted".to_owned(),
        |level| format!("write {level}"),
    );
    sink.report(labels.level_field).say(&format!(
        "the label {label} is {value}, which is no level: the API server refuses it, and where it is there already it counts as {fallback}; {wanted}"
    ));
}

fn bad_version(labels: ModeLabels<'_>, sink: &mut Sink<'_>) {
    let (Some(Err(_)), Some(node)) = (labels.written_version(), labels.version_field.node()) else {
        return;
    };
    let label = labels.mode.version_label();
    let value = shown(node);
    sink.report(labels.version_field).say(&format!(
        "the label {label} is {value}, which is no version: the API server refuses it, and where it is there already it counts as latest; write latest or a version such as v1.36"
    ));
}

fn unknown_label(object: Object<'_>, entry: Entry<'_>, sink: &mut Sink<'_>) {
    let key = entry.key.key_text();
    let known = || {
        let modes = Mode::ALL.into_iter();
        modes.flat_map(|mode| [mode.level_label(), mode.version_label()])
    };
    let unrendered = object.completeness() == Completeness::Template && key.contains("{{");
    if unrendered || known().any(|label| label == key) {
        return;
    }
    let name = key.strip_prefix(LABEL_PREFIX).unwrap_or(key);
    let meant = known()
        .filter_map(|label| label.strip_prefix(LABEL_PREFIX))
        .find(|label| is_near(name, label));
    let (severity, remedy) = match meant {
        Some(meant) => (Severity::High, format!("write {LABEL_PREFIX}{meant}")),
        None => (Severity::Low, "remove it".to_owned()),
    };
    sink.report_keyed(entry.value, entry.key.span())
        .severity(severity)
        .say(&format!(
            "the label {} is none that Pod Security admission knows, so that it does nothing; {remedy}",
            quoted(key)
        ));
}

/// True if one slip of the hand makes the one word of the other: case and blanks aside, at most two letters.
fn is_near(written: &str, meant: &str) -> bool {
    let written = written.trim().to_ascii_lowercase();
    written.len() <= meant.len() + 2 && distance(&written, meant) <= 2
}

/// How many letters have to be added, left out or replaced to get from one word to the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, letter) in one.chars().enumerate() {
        let mut next = vec![index + 1];
        for ((against, above), pair) in other.iter().zip(row.iter().skip(1)).zip(&row) {
            let left = next.last().copied().unwrap_or_default();
            let replaced = pair + usize::from(letter != *against);
            next.push(replaced.min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}
