//! RBAC as effective permissions, held against an authoriser of its own, and against what people do to manifests.

mod authoriser;
mod cases;
mod changed_lines;
mod cloud_identities;
mod command;
mod corpora;
mod difference;
mod groups_and_names;
mod namespaces;
mod narrower;
mod newcomers;
mod news;
mod overlays;
mod paths;
mod questions;
mod stronger;
mod variants;
mod worlds;
