use crate::kubernetes::field::shortened;
use crate::kubernetes::schema::{Meant, What};
use crate::kubernetes::{Container, Object};
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::syntax::Node;

declare_rule! {
    /// A key is no field of the Kubernetes API.
    ///
    /// ## Why it matters
    /// The API server drops what it does not know. A misspelt security field is a protection that is written down and
    /// not there: the pod runs, and nothing says that `runAsNonRot` did nothing. Strict validation, the default of
    /// `kubectl apply`, refuses the object instead; many other clients do not ask for it.
    ///
    /// It is medium where the key decides, or is meant to decide, who may do what or reach whom, and low elsewhere.
    ///
    /// ## Example
    /// ```yaml bad
    /// securityContext:
    ///   readOnlyRootFileSystem: true
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// securityContext:
    ///   readOnlyRootFilesystem: true
    /// ```
    ///
    /// ## Limits
    /// Judged are the stable versions of Kubernetes' own kinds by the fields of Kubernetes 1.29 to 1.37, whichever of
    /// them is targeted. `CustomResourceDefinition`, `status` and what is encrypted with SOPS are not looked into, nor
    /// are keys of an anchor's copies, directives of patches, and top-level keys that begin with `x-` or a dot. A file
    /// has at most 1000 such findings, wrong types included. What other rules would say of the field that a key is meant
    /// to be is left to this finding, unless it is graver, or would hold under the right name as well. What stands behind
    /// a slip of `metadata`, `spec`, `template`, `containers` and the like is judged as if it were written rightly.
    "workload/unknown-field",
    severity: Severity::Low,
    other_severities: &[Severity::Medium],
    references: &["CWE-710"],
    check: Check::Object(check),
}

fn check(object: Object<'_>, _context: &Context, sink: &mut Sink<'_>) {
    for odd in object.oddities() {
        let node = odd.node(object);
        let Some(key) = node.key() else { continue };
        let (name, meant) = match odd.what {
            What::NoField => (key.key_text(), odd.meant(object)),
            What::Respelt(name) => (key.source().trim_matches(['"', '\'']), Meant::Field(name)),
            What::WrongType(_) => continue,
        };
        let is_beside = |name: &str| {
            let within = node.parent().and_then(|all| all.get(name));
            within.is_some_and(|beside| beside != node)
        };
        let mut right = None;
        let instead = match meant {
            Meant::Elsewhere(_) => continue,
            Meant::Field(name) if is_beside(name) => {
                format!("put what it holds into {name}, which stands beside it")
            }
            Meant::Field(name) => {
                right = Some(name).filter(|name| protects(name, node));
                format!("write {name}")
            }
            Meant::Version(version) => format!("{version} has it"),
            Meant::Unknown => "remove it, or look up what it is called".to_owned(),
        };
        let severity = if odd.is_guarded(&meant, name) {
            Severity::Medium
        } else {
            Severity::Low
        };
        sink.report_keyed(node, key.span())
            .container(Container::around(node))
            .severity(severity)
            .instead(right.map(|_| key), name, right.unwrap_or_default())
            .say(&format!(
                "{} is no field of {}, so it has no effect (strict validation refuses it); {instead}",
                shortened(name),
                odd.within().name
            ));
    }
}

/// True where the right word only protects, so that nobody brings a danger to life that a slip kept from having effect:
/// that is no edit to make with one click.
fn protects(name: &str, value: Node<'_>) -> bool {
    let written = value.source();
    match name {
        "readOnly" | "readOnlyRootFilesystem" | "runAsNonRoot" => written == "true",
        "allowPrivilegeEscalation"
        | "automountServiceAccountToken"
        | "hostIPC"
        | "hostNetwork"
        | "hostPID"
        | "hostUsers"
        | "privileged" => written == "false",
        _ => false,
    }
}
