use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::rules;
use crate::waivers::Said;
use crate::waivers::uses::WaiverUse;

declare_rule! {
    /// A waiver covers nothing.
    ///
    /// ## Why it matters
    /// What it accepted is mended, or never was what it names. Left behind, it accepts the next finding of that kind,
    /// which nobody has looked at.
    ///
    /// ## Example
    /// ```yaml bad
    /// # file: .tidegate.yaml
    /// waivers:
    ///   - rule: pod-security/host-path
    ///     resource: DaemonSet/logging/fluent-bit
    ///     reason: reads node logs
    /// ```
    ///
    /// ## Instead
    /// Take it away, or name what is meant: the namespace as the finding tells it, and the value that it quotes.
    /// ```yaml good
    /// # file: .tidegate.yaml
    /// waivers: []
    /// ```
    ///
    /// ## Limits
    /// Nothing is said of waivers for rules about the change itself, which speak in one pull request and not in the
    /// next.
    "gate/unused-waiver",
    severity: Severity::Low,
    references: &["CWE-693"],
    check: Check::Waiver(check),
}

fn check(waiver: &WaiverUse<'_>, context: &Context, sink: &mut Sink<'_>) {
    let stated = waiver.stated;
    let is_over = context
        .today
        .zip(stated.until())
        .is_some_and(|(today, until)| today > until);
    if waiver.covered > 0 || is_over || matches!(stated.waiver, Said::Garbled(_)) {
        return;
    }
    let mut named = rules::ALL
        .iter()
        .filter(|rule| stated.rules().iter().any(|pattern| pattern.names(rule.id)))
        .peekable();
    // Rules about states speak in every run; only for those is silence telling. `unknown-rule` tells the rest.
    let is_known = named.peek().is_some();
    let speaks_of_change = |check: &Check| matches!(check, Check::Change(_) | Check::Waiver(_));
    if is_known && !named.any(|rule| speaks_of_change(&rule.check)) {
        sink.report_at(stated.span, stated.field.clone())
            .discriminator(&stated.selectors())
            .say("this waiver covers nothing; take it away, or name what it is meant to cover");
    }
}
