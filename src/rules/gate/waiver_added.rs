use crate::config::pattern::RulePattern;
use crate::rule::{Check, Context, Pair, Severity, Sink, declare_rule};
use crate::waivers::added::added;
use crate::waivers::{Said, Stated};

declare_rule! {
    /// A waiver is added, holds for longer than before, or covers more.
    ///
    /// ## Why it matters
    /// A waiver takes a finding out of the verdict. Whoever approves the change approves the waiver with it, and
    /// should see that there is one.
    ///
    /// ## Example
    /// ```yaml bad
    /// # base: config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata: {name: shop}
    /// data: {level: info, level: debug}
    /// # file: config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata: {name: shop}
    /// data: {level: info, level: debug} # tidegate: allow(input/duplicate-key) reason="for the demo"
    /// ```
    ///
    /// ## Instead
    /// Mend the finding. Where that has to wait, name the one object, and a day.
    /// ```yaml good
    /// # base: config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata: {name: shop}
    /// data: {level: info, level: debug}
    /// # file: config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata: {name: shop}
    /// data: {level: debug}
    /// ```
    ///
    /// ## Limits
    /// With `new-waivers: after-merge`, and in pull requests from forks, a new waiver does not hold before it is
    /// merged; it is told all the same. The same goes for a comment that stood there before and whose line the change
    /// gives something new to cover.
    "gate/waiver-added",
    severity: Severity::Medium,
    references: &["CWE-693"],
    check: Check::Change(check),
}

fn check(pair: &Pair<'_>, _context: &Context, sink: &mut Sink<'_>) {
    for added in added(pair.base, pair.head, pair.renames) {
        let waiver = &added.waiver;
        let until = waiver.until();
        let holds = until.map_or_else(
            || "without an end".to_owned(),
            |until| format!("until {until}"),
        );
        let rules: Vec<&str> = waiver.rules().iter().map(RulePattern::as_str).collect();
        let rules = rules.join(", ");
        let sentence = match added.before {
            Some(before) => {
                format!("the waiver of {rules} now holds {holds}, and held until {before}")
            }
            None => format!("this waives {rules} {holds}: {}", reason(waiver)),
        };
        let mut own = match waiver.object {
            Some(object) => sink.about(object),
            None => sink.in_file(waiver.path),
        };
        own.report_at(waiver.span, waiver.field.clone())
            .discriminator(&waiver.selectors())
            .say(&sentence);
    }
}

fn reason<'a>(waiver: &'a Stated<'_>) -> &'a str {
    match &waiver.waiver {
        Said::Entry(waiver) => &waiver.reason,
        Said::Comment(inline, _) => &inline.reason,
        Said::Garbled(why) => why,
    }
}
