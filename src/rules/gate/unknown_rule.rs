use std::collections::HashMap;

use crate::config::pattern::RulePattern;
use crate::nearest::nearest;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::rules;
use crate::snapshot::Snapshot;
use crate::syntax::{Node, Span};
use crate::waivers::stated;

declare_rule! {
    /// The configuration or a waiver names a rule that does not exist.
    ///
    /// ## Why it matters
    /// It does nothing: the rule that is meant keeps its severity, and the waiver covers no finding.
    ///
    /// ## Example
    /// ```yaml bad
    /// # file: .tidegate.yaml
    /// rules:
    ///   pod-security/hostpath: high
    /// ```
    ///
    /// ## Instead
    /// `tidegate rules` lists them.
    /// ```yaml good
    /// # file: .tidegate.yaml
    /// rules:
    ///   pod-security/host-path: high
    /// ```
    "gate/unknown-rule",
    severity: Severity::Medium,
    references: &["CWE-693"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    if let Some((file, config_file)) = snapshot.configuration()
        && let Ok(config) = &config_file.config
    {
        let settings = config_file.node(&["rules"]).into_iter();
        let places: HashMap<&str, Span> = settings
            .flat_map(Node::entries)
            .map(|entry| (entry.key.key_text(), entry.key.span()))
            .collect();
        for pattern in config.rules.keys().filter(|pattern| is_unknown(pattern)) {
            let place = places.get(pattern.as_str()).copied();
            sink.in_file(&file.path)
                .report_at(place.unwrap_or_default(), Some("/rules".into()))
                .discriminator(pattern.as_str())
                .say(&sentence(pattern));
        }
    }
    for waiver in stated(snapshot) {
        for pattern in waiver.rules().iter().filter(|pattern| is_unknown(pattern)) {
            let mut own = match waiver.object {
                Some(object) => sink.about(object),
                None => sink.in_file(waiver.path),
            };
            own.report_at(waiver.span, waiver.field.clone())
                .discriminator(&waiver.selectors())
                .say(&sentence(pattern));
        }
    }
}

fn is_unknown(pattern: &RulePattern) -> bool {
    !rules::ALL.iter().any(|rule| pattern.names(rule.id))
}

fn sentence(pattern: &RulePattern) -> String {
    let known: Vec<String> = if pattern.exact().is_some() {
        rules::ALL.iter().map(|rule| rule.id.to_owned()).collect()
    } else {
        let families = rules::ALL.iter().map(|rule| rule.family());
        families.map(|family| format!("{family}/*")).collect()
    };
    let hint = match nearest(pattern.as_str(), known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean {near}?"),
        None => "`tidegate rules` lists those that do".to_owned(),
    };
    format!("there is no rule {pattern}; {hint}")
}
