use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::waivers::Said;
use crate::waivers::uses::WaiverUse;

declare_rule! {
    /// A waiver covers more than anybody has looked at.
    ///
    /// ## Why it matters
    /// A waiver that is bound to no object, file or value accepts every later finding of its rule, wherever it appears.
    /// One for every rule turns the gate off.
    ///
    /// ## Example
    /// ```yaml bad
    /// # file: .tidegate.yaml
    /// waivers:
    ///   - rule: input/not-judged
    ///     reason: we render elsewhere
    /// ```
    ///
    /// ## Instead
    /// Name what is accepted. If a rule is not wanted at all, say so under `rules`.
    /// ```yaml good
    /// # file: .tidegate.yaml
    /// rules:
    ///   input/not-judged: off
    /// ```
    "gate/broad-waiver",
    severity: Severity::Medium,
    other_severities: &[Severity::High],
    references: &["CWE-693"],
    check: Check::Waiver(check),
}

fn check(waiver: &WaiverUse<'_>, _context: &Context, sink: &mut Sink<'_>) {
    let stated = waiver.stated;
    let names_everything = stated.rules().iter().any(|rule| {
        rule.as_str()
            .bytes()
            .all(|byte| matches!(byte, b'*' | b'/'))
    });
    let (severity, sentence) = match &stated.waiver {
        Said::Entry(entry) if entry.is_broad() && names_everything => (
            Severity::High,
            "this waiver covers every finding there is; name the rule and the object that are meant",
        ),
        Said::Entry(entry) if entry.is_broad() => (
            Severity::Medium,
            "this waiver covers its rule wherever it speaks; name a resource, path or value, or turn the rule off under `rules`",
        ),
        Said::Comment(..) if names_everything => (
            Severity::Medium,
            "this waiver covers every rule on its line; name the one that is meant",
        ),
        _ => return,
    };
    sink.report_at(stated.span, stated.field.clone())
        .severity(severity)
        .discriminator(&stated.selectors())
        .say(sentence);
}
