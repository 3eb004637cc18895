//! What the registry says of packages.
//!
//! `settings` knows which registry serves a name and with which token; `document` reads what a registry answers;
//! `client` asks, `cache` remembers. Only `client` and `cache` touch network and disk.

pub mod address;
mod bunfig;
pub mod cache;
pub mod client;
pub mod document;
mod loose;
mod npmrc;
mod reduced;
pub mod settings;
mod times;
mod wire;

pub use bunfig::Bunfig;
pub use cache::Cache;
pub use client::{Answer, RegistryAnswers, Unavailable, gather};
pub use document::{Document, Release};
pub use npmrc::NpmSettings;
pub use settings::{Settings, SettingsFile};

/// The registry that npm, pnpm, Yarn and Bun ask where nothing else is configured: the one place that names it.
pub const DEFAULT: &str = "https://registry.npmjs.org/";
