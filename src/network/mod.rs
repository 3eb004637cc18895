//! Network policies as connectivity: who can reach whom, and what a change opens or closes.
//!
//! ```text
//! world ─▶ ends     workloads that no policy tells apart, pods that are not here, parts of the address space
//!   ─▶ reach        what each end lets in and out ─▶ what passes between two
//! ```
//!
//! What is not in the repository is not known: other policies may deny more or, where a pod is selected, allow more.
//! What is said is what a network plugin that follows the API would let through, given what the repository holds.
//! ICMP is left open by the API and is not told; what a kubelet sends to the pods of its node always passes.

pub mod addresses;
pub mod connections;
pub mod ends;
pub mod intervals;
pub mod reach;
pub mod selector;
pub mod table;
pub mod world;

pub use addresses::Addresses;
pub use connections::{Connections, Protocol};
pub use reach::Reach;
pub use selector::Selector;
pub use world::{Direction, World};
