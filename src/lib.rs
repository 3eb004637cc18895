//! tidegate: the pull-request gate for JavaScript microservices on Kubernetes.

pub mod change;
pub mod error;
pub mod syntax;
