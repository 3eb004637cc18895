//! Typed, span-carrying views of Kubernetes objects over the spanned trees.
//!
//! Views borrow nodes and name each Kubernetes field once; every value comes with the bytes it was written
//! with. Nothing is decoded into structs, so missing and misspelt fields stay visible. The strings that name
//! fields live in this folder alone.

pub mod admission;
pub mod container;
pub mod exposed;
pub mod field;
pub mod kinds;
pub mod kustomization;
pub mod manifest;
pub mod namespace;
pub mod object;
pub mod pod;
pub mod pod_admission;
pub mod pod_security;
pub mod pod_security_policy;
pub mod security_context;

pub use container::{Container, Port, VolumeMount};
pub use field::Field;
pub use manifest::{Manifest, Reading};
pub use namespace::{Mode, ModeLabels, Namespace, PolicyVersion};
pub use object::{Completeness, NamespaceSource, Object};
pub use pod::{Pod, Volume};
pub use pod_admission::{Admission, Breach, Labelled, Standing};
pub use security_context::SecurityContext;
