//! The Pod Security Standards, exactly as the API server's admission evaluates them.

/// A level of the standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Anything goes.
    Privileged,
    /// No known privilege escalation.
    Baseline,
    /// Hardened.
    Restricted,
}

/// A minor version of the standard: `Version(36)` is 1.36.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub u32);

impl Version {
    /// The newest version that is known; anything newer is judged by it.
    pub const LATEST: Self = Self(37);
}
