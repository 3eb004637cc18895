//! Network policies as connectivity.

mod changed_lines;
mod command;
mod corpora;
mod oracle;
mod raw;
mod shared_notation;
mod worlds;
