use std::collections::BTreeSet;

use crate::kubernetes::pod_security::{StandardCheck, Version, VersionSet};
use crate::rule::{Check, Context, Severity, Sink, Workload, declare_rule, enforces};

declare_rule! {
    /// The next version of Kubernetes refuses what a pod does today.
    ///
    /// ## Why it matters
    /// The Pod Security Standards grow with Kubernetes. A namespace that enforces a level without pinning its version
    /// asks for the new checks on the day of the upgrade: Deployments stay, and their next Pods are refused. Now is the
    /// time to learn of it. The finding is low where the workload's own namespace will refuse it, else a note.
    ///
    /// ## Example
    /// ```yaml bad
    /// # kubernetes: 1.33
    /// livenessProbe:
    ///   httpGet:
    ///     host: 127.0.0.1
    ///     port: 8080
    /// ```
    ///
    /// ## Instead
    /// Write what the next version permits as well; today's permits it too.
    /// ```yaml good
    /// # kubernetes: 1.33
    /// livenessProbe:
    ///   httpGet:
    ///     port: 8080
    /// ```
    ///
    /// ## Limits
    /// It looks one minor version beyond the newest that you target, and only as far as the standard is known: 1.37.
    /// What a target refuses already is told by the other rules of this family.
    "pod-security/refused-after-upgrade",
    severity: Severity::Note,
    other_severities: &[Severity::Low],
    references: &["KEP-2579"],
    check: Check::Workload(check),
}

fn check(workload: &Workload<'_>, context: &Context, sink: &mut Sink<'_>) {
    let Some(newest) = context.targets.newest() else {
        return;
    };
    let next = Version(newest.0 + 1);
    if next > Version::LATEST {
        return;
    }
    let standing = context.standing(workload);
    let coming = VersionSet::of(next);
    let all = context.targets.with(coming);
    for check in StandardCheck::ALL {
        if check.revision(next) == check.revision(newest) {
            continue;
        }
        // What the overridden check finds today is nothing new.
        let mut today = BTreeSet::new();
        if let Some(overridden) = check.overrides() {
            standing.breaches(overridden, workload.pod, context.targets, &mut |breach| {
                today.insert(breach.violation.field.place());
            });
        }
        standing.breaches(check, workload.pod, all, &mut |breach| {
            let violation = &breach.violation;
            if breach.holds != coming || today.contains(&violation.field.place()) {
                return;
            }
            let mut sentence = format!(
                "{}: the {} level of Kubernetes {next} asks for it, and your newest target is {newest}",
                violation.reason,
                check.level()
            );
            let refusing = workload.namespaces.iter();
            let refusing = refusing.filter(|_| !breach.refused.is_empty());
            if let Some(namespace) = refusing.clone().next() {
                sentence.push_str("; ");
                sentence.push_str(&enforces(namespace));
                sentence.push_str(", so the upgrade has its Pods refused");
            }
            let mut draft = sink
                .report(violation.field)
                .container(violation.container)
                .discriminator(&format!("{} {}", check.id(), violation.value));
            for namespace in refusing {
                draft = draft.severity(Severity::Low).enforced_by(namespace);
            }
            draft.say(&sentence);
        });
    }
}
