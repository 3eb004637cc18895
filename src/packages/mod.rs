//! Packages of JavaScript and the runtime that they ask for.
//!
//! Nothing here knows of Kubernetes. Views borrow the spanned trees, as those of `kubernetes/` do; the strings that
//! name fields of `package.json` live in this folder alone.

pub mod advisory;
pub mod catalogs;
pub mod code_patches;
pub mod dependencies;
pub mod difference;
pub mod extensions;
pub mod freshness;
pub mod graph;
pub mod install;
pub mod launch;
pub mod licence;
pub mod lockfile;
pub mod mise;
pub mod name_patterns;
pub mod node_image;
pub mod node_options;
pub mod node_release;
mod node_schedule;
pub mod node_version;
pub mod nodesource;
pub mod overrides;
pub mod package_json;
pub mod percent;
pub mod pnpm_workspace;
pub mod popular;
pub mod purl;
pub mod purpose;
pub mod range;
pub mod registry;
pub mod relative_path;
pub mod safeguards;
pub mod secret_name;
pub mod specifier;
mod starters;
pub mod upgrade;
pub mod version;
pub mod web_address;
pub mod workspaces;

pub use difference::Difference;
pub use graph::{Graph, Scope};
pub use launch::Launch;
pub use node_release::Line;
pub use node_version::NodeVersion;
pub use package_json::PackageJson;
pub use pnpm_workspace::PnpmWorkspace;
pub use range::Range;
pub use specifier::Specifier;
pub use version::Version;
