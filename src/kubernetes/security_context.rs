//! `securityContext`: the fields that a pod and a container both have. A pod's value is that of every container
//! which sets none.

use crate::syntax::Node;

use super::field::Field;

/// The security context of a pod's `spec` or of a container; it may be absent, with all its fields.
#[derive(Clone, Copy, Debug)]
pub struct SecurityContext<'a> {
    holder: Node<'a>,
}

impl<'a> SecurityContext<'a> {
    pub(super) fn of(holder: Node<'a>) -> Self {
        Self { holder }
    }

    /// `runAsNonRoot`.
    #[must_use]
    pub fn run_as_non_root(self) -> Field<'a> {
        Field::follow(self.holder, &["securityContext", "runAsNonRoot"])
    }

    /// `runAsUser`.
    #[must_use]
    pub fn run_as_user(self) -> Field<'a> {
        Field::follow(self.holder, &["securityContext", "runAsUser"])
    }

    /// `seccompProfile`.
    #[must_use]
    pub fn seccomp_profile(self) -> Field<'a> {
        Field::follow(self.holder, &["securityContext", "seccompProfile"])
    }

    /// `windowsOptions.hostProcess`.
    #[must_use]
    pub fn host_process(self) -> Field<'a> {
        Field::follow(
            self.holder,
            &["securityContext", "windowsOptions", "hostProcess"],
        )
    }
}
