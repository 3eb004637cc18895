//! Advisories: what is publicly known to be wrong with versions of npm packages.
//!
//! ```text
//! record     one entry in the form of OSV (https://ossf.github.io/osv-schema/), read leniently
//! matching   which versions an entry is about, exactly as OSV says
//! severity   how grave, from words and CVSS vectors
//! merge      entries under many names (GHSA, CVE, MAL …) become one advisory
//! fix        which versions mend it and are not affected themselves
//! database   the local file: built by update and increment, found by place
//! osv        asking the API of OSV             bulk   asking an npm registry
//! answer     what all sources said together: the facts that rules see
//! ```
//!
//! Only `database`, `update`, `increment`, `place`, `osv`, `bulk` and `cache` touch disk or network.

pub mod answer;
pub mod bulk;
mod cache;
pub mod database;
pub mod fix;
mod increment;
pub mod matching;
pub mod merge;
pub mod osv;
pub mod place;
pub mod record;
pub mod severity;
pub mod update;

pub use answer::{Advisories, Source, SourceState, gather};
pub use matching::{Affected, Installed};
pub use merge::{Advisory, Told};
pub use record::Record;
pub use severity::Rating;
