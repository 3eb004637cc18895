use crate::kubernetes::field::shortened;
use crate::kubernetes::schema::{Meant, What};
use crate::kubernetes::{Container, Object};
use crate::rule::{Check, Context, Severity, Sink, declare_rule};

declare_rule! {
    /// A field stands where the Kubernetes API does not look for it.
    ///
    /// ## Why it matters
    /// The API server drops a field that stands in the wrong place: `allowPrivilegeEscalation: false` in the
    /// `securityContext` of the pod, where it is a field of the container's, leaves every container free to gain
    /// privileges. Strict validation, the default of `kubectl apply`, refuses the object instead; many other clients
    /// do not ask for it.
    ///
    /// ## Example
    /// ```yaml bad
    /// spec:
    ///   securityContext:
    ///     readOnlyRootFilesystem: true
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// spec:
    ///   containers:
    ///     - name: app
    ///       securityContext:
    ///         readOnlyRootFilesystem: true
    /// ```
    ///
    /// ## Limits
    /// A key is misplaced if a type at most three steps away in the object has a field of that name that takes the
    /// value, or if it is a label beside `matchLabels`. Where more than two places are equally near, or where the key is
    /// one letter from a field that belongs there, the rule about unknown fields speaks. Both judge the same objects,
    /// and both stand for what follows from the mistake: what other rules would say of the field where it is missing,
    /// unless that is graver, or would hold in the right place as well.
    "workload/misplaced-field",
    severity: Severity::Medium,
    references: &["CWE-710"],
    check: Check::Object(check),
}

/// Fields that weaken what they stand in, unless they are false.
const OPENINGS: [&str; 7] = [
    "allowPrivilegeEscalation",
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "hostPath",
    "privileged",
    "procMount",
];

fn check(object: Object<'_>, _context: &Context, sink: &mut Sink<'_>) {
    let unknown = object.oddities().filter(|odd| odd.what == What::NoField);
    for odd in unknown {
        let node = odd.node(object);
        let Meant::Elsewhere(places) = odd.meant(object) else {
            continue;
        };
        let Some(key) = node.key() else { continue };
        // Nobody is to be told how to open what the slip keeps closed.
        let instead = if OPENINGS.contains(&key.key_text()) && node.source() != "false" {
            "remove it".to_owned()
        } else {
            format!("move it to {}", places.join(" or "))
        };
        sink.report_keyed(node, key.span())
            .container(Container::around(node))
            .say(&format!(
                "{} is no field of {}, so it has no effect (strict validation refuses it); {instead}",
                shortened(key.key_text()),
                odd.within().name
            ));
    }
}
