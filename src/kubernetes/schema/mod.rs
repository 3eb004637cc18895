//! The fields of the built-in kinds, and what in an object is none or has the wrong type.
//!
//! The table is that of the newest release, with the fields that were dropped on the way to it; kinds and versions of
//! the API that it does not hold are not judged.

mod meant;
mod oddity;
mod respelt;

use Shape::{Any, Bool, Bytes, Float, Int, List, Map, Of, Quantity, Text};

use crate::syntax::{Node, Value};

pub use meant::Meant;
pub(super) use meant::{is_other_spelling, is_slip};
pub(super) use oddity::{Budget, oddities};
pub use oddity::{Oddity, What};
pub(super) use respelt::Respellings;

include!("../../../data/fields.rs");

/// What a field takes. Null is as good as no field at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Anything: what a controller reads, and what is a number or a name.
    Any,
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Int,
    /// A number.
    Float,
    /// Text.
    Text,
    /// Text in base 64.
    Bytes,
    /// A number, or text such as `500m`.
    Quantity,
    /// A mapping with the fields of a type.
    Of(u16),
    /// A list.
    List(&'static Shape),
    /// A mapping whose keys are free.
    Map(&'static Shape),
}

impl Shape {
    /// Whether a value can be read as this; what is inside it is not looked at.
    fn takes(self, node: Node<'_>) -> bool {
        match self {
            Any => true,
            Bool => matches!(node.value(), Value::Bool(_)),
            Int => node.as_int().is_some(),
            Float => matches!(node.value(), Value::Int(_) | Value::Float(_)),
            Text => matches!(node.value(), Value::Text(_)),
            // Go reads bytes from a list of numbers as well.
            Bytes => matches!(node.value(), Value::Text(_) | Value::Sequence),
            Quantity => matches!(
                node.value(),
                Value::Text(_) | Value::Int(_) | Value::Float(_)
            ),
            List(_) => node.is_sequence(),
            Of(_) | Map(_) => node.is_mapping(),
        }
    }

    /// The type of a field of this, or of its items.
    pub(super) fn fields(self) -> Option<&'static Type> {
        match self {
            Of(number) => TYPES.get(usize::from(number)),
            List(inner) | Map(inner) => inner.fields(),
            _ => None,
        }
    }

    /// What it takes, in words.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Any => "anything",
            Bool => "a boolean",
            Int => "a whole number",
            Float => "a number",
            Text | Bytes => "text",
            Quantity => "a quantity",
            Of(_) | Map(_) => "a mapping",
            List(_) => "a list",
        }
    }
}

/// A type of the API.
#[derive(Debug)]
pub struct Type {
    /// Its name, as the reference of the API has it.
    pub name: &'static str,
    fields: &'static [(&'static str, Shape)],
}

impl Type {
    /// The type of a kind; none where the table does not hold this version of it.
    #[must_use]
    pub fn of(api_version: &str, kind: &str) -> Option<&'static Self> {
        let at = KINDS
            .binary_search_by(|(version, name, _)| (*version, *name).cmp(&(api_version, kind)))
            .ok()?;
        let (_, _, number) = KINDS.get(at)?;
        TYPES.get(usize::from(*number))
    }

    /// True if some version of the API has a kind of this name.
    #[must_use]
    pub fn is_kind(kind: &str) -> bool {
        KINDS.iter().any(|(_, name, _)| *name == kind)
    }

    /// True for a version of the API that has kinds.
    #[must_use]
    pub fn is_version(api_version: &str) -> bool {
        KINDS.iter().any(|(version, ..)| *version == api_version)
    }

    /// The newest version of the API that has a kind of this name.
    #[must_use]
    pub fn version_of(kind: &str) -> Option<&'static str> {
        let mut kinds = KINDS.iter().rev();
        let (version, ..) = kinds.find(|(_, name, _)| *name == kind)?;
        Some(version)
    }

    /// The names of the kinds that the table holds; some are there in several versions.
    pub fn kinds() -> impl Iterator<Item = &'static str> {
        KINDS.iter().map(|(_, name, _)| *name)
    }

    /// What a field takes.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<Shape> {
        let at = self
            .fields
            .binary_search_by(|(field, _)| (*field).cmp(name))
            .ok()?;
        self.fields.get(at).map(|(_, shape)| *shape)
    }

    /// The names of its fields.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.fields.iter().map(|(name, _)| *name)
    }

    /// True if one of many is to be chosen: so many mappings stand beside each other nowhere else.
    fn is_choice(&self) -> bool {
        let inner = self.fields.iter();
        inner.filter(|(_, shape)| matches!(shape, Of(_))).count() >= 10
    }

    /// True if whoever misspells a field of it loses a protection, or grants something else than was meant.
    fn guards(&self) -> bool {
        GUARDS.binary_search(&self.name).is_ok()
    }
}

/// The types that decide what a container may do, who may do what, and who may reach whom; what is within them
/// counts as well. In the order of their names.
static GUARDS: &[&str] = &[
    "APIService",
    "CertificateSigningRequest",
    "ClusterRole",
    "ClusterRoleBinding",
    "ClusterTrustBundle",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding",
    "MutatingWebhookConfiguration",
    "Namespace",
    "NetworkPolicy",
    "PodSecurityContext",
    "ResourceQuota",
    "Role",
    "RoleBinding",
    "SecurityContext",
    "ServiceAccount",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
];

/// Fields of other types that protect or open something, in order.
static GUARDED: &[&str] = &[
    "allowPrivilegeEscalation",
    "automountServiceAccountToken",
    "capabilities",
    "externalIPs",
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "hostPath",
    "hostUsers",
    "loadBalancerSourceRanges",
    "privileged",
    "procMount",
    "readOnly",
    "readOnlyRootFilesystem",
    "runAsGroup",
    "runAsNonRoot",
    "runAsUser",
    "runtimeClassName",
    "seLinuxOptions",
    "seccompProfile",
    "securityContext",
    "serviceAccount",
    "serviceAccountName",
    "shareProcessNamespace",
    "tls",
];

/// True if a field protects or opens something, wherever it stands.
fn is_guarded(field: &str) -> bool {
    GUARDED.binary_search(&field).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_in_order() {
        assert!(KINDS.is_sorted_by(|a, b| (a.0, a.1) < (b.0, b.1)));
        assert!(GUARDS.is_sorted() && GUARDED.is_sorted());
        for one in TYPES {
            assert!(one.fields.is_sorted_by(|a, b| a.0 < b.0), "{}", one.name);
            for (field, shape) in one.fields {
                let mut inner = *shape;
                while let List(item) | Map(item) = inner {
                    inner = *item;
                }
                assert!(
                    !matches!(inner, Of(_)) || inner.fields().is_some(),
                    "{field}"
                );
            }
        }
        for name in GUARDS {
            assert!(TYPES.iter().any(|one| one.name == *name), "{name}");
        }
        for field in GUARDED {
            assert!(
                TYPES.iter().any(|one| one.field(field).is_some()),
                "{field}"
            );
        }
    }
}
