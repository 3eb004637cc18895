//! Network policies as connectivity.

mod causes;
mod changed_lines;
mod command;
mod conformance;
mod corpora;
mod listings;
mod oracle;
mod patch_lines;
mod patches;
mod posture;
mod raw;
mod real_changes;
mod shared_notation;
mod variants;
mod worlds;
