use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::waivers::uses::WaiverUse;

declare_rule! {
    /// A waiver is past its day, or soon will be.
    ///
    /// ## Why it matters
    /// What it covered counts again from the next day on, and nobody has decided anew whether that is right. From two
    /// weeks before, a note tells of it, so that the day comes as no surprise.
    ///
    /// ## Example
    /// ```yaml bad
    /// # file: .tidegate.yaml
    /// waivers:
    ///   - rule: pod-security/host-path
    ///     resource: DaemonSet/logging/fluent-bit
    ///     reason: reads node logs
    ///     until: 2020-01-31
    /// ```
    ///
    /// ## Instead
    /// Mend what it covered, and take the waiver away; or say why it is still accepted, and until when.
    /// ```yaml good
    /// # file: .tidegate.yaml
    /// waivers: []
    /// ```
    "gate/expired-waiver",
    severity: Severity::Medium,
    other_severities: &[Severity::Note],
    references: &["CWE-693"],
    check: Check::Waiver(check),
}

/// From how many days before its end a waiver is told of.
const SOON: i32 = 14;

fn check(waiver: &WaiverUse<'_>, context: &Context, sink: &mut Sink<'_>) {
    let stated = waiver.stated;
    let (Some(today), Some(until)) = (context.today, stated.until()) else {
        return;
    };
    let is_over = today > until;
    let days = (until.0 - today.0).get_days();
    let is_soon = !is_over && days <= SOON && waiver.covered > 0;
    let sentence = if is_over {
        format!(
            "this waiver held until {until} and holds no longer; mend what it covered and take it away, or decide anew"
        )
    } else if is_soon {
        format!(
            "this waiver holds until {until}, and what it covers counts from then on; mend that, or decide anew"
        )
    } else {
        return;
    };
    let severity = if is_over {
        Severity::Medium
    } else {
        Severity::Note
    };
    sink.report_at(stated.span, stated.field.clone())
        .severity(severity)
        .discriminator(&stated.selectors())
        .say(&sentence);
}
