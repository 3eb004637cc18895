//! RBAC as effective permissions, held against an authoriser of its own, and against what people do to manifests.

mod authoriser;
mod cases;
mod difference;
mod paths;
mod worlds;
