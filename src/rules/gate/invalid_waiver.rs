use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::waivers::Said;
use crate::waivers::uses::WaiverUse;

declare_rule! {
    /// A comment is meant as a waiver and is none.
    ///
    /// ## Why it matters
    /// It covers nothing: a waiver without a reason, or one that is misspelt, does not hold.
    ///
    /// ## Example
    /// ```yaml bad
    /// # file: config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// # tidegate: allow(input/duplicate-key)
    /// metadata: {name: shop}
    /// ```
    ///
    /// ## Instead
    /// `# tidegate: allow(family/name) until=2027-01-31 reason="…"` on the line of the finding, or above it.
    /// ```yaml good
    /// # file: config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata: {name: shop}
    /// ```
    "gate/invalid-waiver",
    severity: Severity::Medium,
    references: &["CWE-693"],
    check: Check::Waiver(check),
}

fn check(waiver: &WaiverUse<'_>, _context: &Context, sink: &mut Sink<'_>) {
    let stated = waiver.stated;
    if let Said::Garbled(why) = &stated.waiver {
        sink.report_at(stated.span, stated.field.clone())
            .discriminator(why)
            .say(&format!("this waiver does not hold: {why}"));
    }
}
