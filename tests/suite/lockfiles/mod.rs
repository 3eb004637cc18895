//! Lockfiles are read as their package managers mean them.

mod bun;
mod conformance;
mod edges;
mod npm;
mod reading;
mod robustness;
