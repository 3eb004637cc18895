//! Network policies as connectivity.

mod changed_lines;
mod command;
mod conformance;
mod corpora;
mod oracle;
mod posture;
mod raw;
mod real_changes;
mod shared_notation;
mod variants;
mod worlds;
