//! What a check of the standard says of one place.

use std::borrow::Cow;

use super::check::StandardCheck;
use crate::kubernetes::container::Container;
use crate::kubernetes::field::Field;

/// One place of a pod that breaks a check.
#[derive(Clone, Debug)]
pub struct Violation<'a> {
    /// The check.
    pub check: StandardCheck,
    /// The container that it is about; none where the pod itself offends.
    pub container: Option<Container<'a>>,
    /// The field, with the line to edit; absent fields are to be added.
    pub field: Field<'a>,
    /// The value that tells it from others of the same field: a capability, a path, a sysctl, a port.
    pub value: Cow<'a, str>,
    /// The value found and the value wanted, starting with the field.
    pub reason: String,
}

/// Whom a check tells of the places that it finds.
pub(super) type Visit<'v, 'a> = &'v mut dyn FnMut(Violation<'a>);

impl<'a> Violation<'a> {
    pub(super) fn of_pod(check: StandardCheck, field: Field<'a>, reason: String) -> Self {
        Self {
            check,
            container: None,
            field,
            value: Cow::Borrowed(""),
            reason,
        }
    }

    pub(super) fn of_container(
        check: StandardCheck,
        container: Container<'a>,
        field: Field<'a>,
        reason: String,
    ) -> Self {
        Self {
            container: Some(container),
            ..Self::of_pod(check, field, reason)
        }
    }

    pub(super) fn with_value(self, value: impl Into<Cow<'a, str>>) -> Self {
        Self {
            value: value.into(),
            ..self
        }
    }
}
