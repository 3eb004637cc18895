//! tidegate: the pull-request gate for JavaScript microservices on Kubernetes.

pub mod change;
pub mod error;
pub mod finding;
pub mod kubernetes;
pub mod rule;
pub mod rules;
pub mod snapshot;
pub mod syntax;
