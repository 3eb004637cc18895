//! Typed, span-carrying views of Kubernetes objects over the spanned trees.
//!
//! Views borrow nodes and name each Kubernetes field once; every value comes with the bytes it was written
//! with. Nothing is decoded into structs, so missing and misspelt fields stay visible. The strings that name
//! fields live in this folder alone.

pub mod accounts;
pub mod admission;
pub mod admission_change;
pub mod annotations;
pub mod api_resources;
pub mod api_versions;
pub mod audit;
pub mod bindings;
pub mod container;
mod counterparts;
mod declared;
pub mod encryption;
pub mod exposed;
mod exposed_image;
mod exposed_unknown;
pub mod exposed_values;
mod exposed_wrong_type;
pub mod field;
pub mod gateway;
mod groups;
pub mod handed_over;
mod harmless_operation;
pub mod image;
pub mod image_repair;
pub mod image_sources;
pub mod image_tag;
pub mod ingress;
pub mod inline_patch;
pub mod kinds;
pub mod kustomization;
pub mod label_change;
pub mod log_files;
pub mod manifest;
pub mod marked;
pub mod merge;
pub mod miswritten;
pub mod namespace;
pub mod node_paths;
pub mod object;
mod operations;
pub mod patch;
pub mod persistent_volume;
pub mod pod;
pub mod pod_admission;
pub mod pod_security;
pub mod pod_security_policy;
pub mod process;
pub mod resources;
pub mod roles;
pub mod schema;
pub mod security_context;
pub mod selector;
pub mod service;
pub mod service_target;
pub mod taken_away;
mod template;
pub mod together;
pub mod unserved;
pub mod variant;

pub use container::{Container, Port, VolumeMount};
pub use field::Field;
pub use image::ImageReference;
pub use label_change::LabelChange;
pub use manifest::{Manifest, Reading};
pub use namespace::{Mode, ModeLabels, ModeValues, Namespace, PolicyVersion};
pub use object::{Completeness, NamespaceSource, Object};
pub use pod::{Pod, Volume};
pub use pod_admission::{Admission, Breach, Labelled, Standing};
pub use process::{Process, Variable};
pub use security_context::SecurityContext;
pub use variant::Variant;
