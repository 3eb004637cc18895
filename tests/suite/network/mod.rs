//! Network policies as connectivity.

mod oracle;
mod raw;
mod worlds;
