//! How fresh packages are: what is newer, how old what is installed is, and whether it is old enough to be trusted.
//!
//! All of it is pure: documents of the registry, versions, ranges and an instant go in. Where a registry does not know
//! dates, an answer says so; it never guesses.

pub mod age;
pub mod ascent;
pub mod cooldown;
pub mod cooldown_settings;
pub mod engines;
pub mod outdated;
pub mod parent;
pub mod target;
pub mod upkeep;

pub use cooldown::{Cooldown, Maturity};
pub use engines::Engines;
pub use outdated::{Outdated, outdated};
pub use target::{Acceptance, Refusal};
