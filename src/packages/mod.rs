//! Packages of JavaScript and the runtime that they ask for.
//!
//! Nothing here knows of Kubernetes. Views borrow the spanned trees, as those of `kubernetes/` do; the strings that
//! name fields of `package.json` live in this folder alone.

pub mod install;
pub mod purpose;
pub mod secret_name;
