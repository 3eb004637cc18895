//! Where base and head come from, and what differs between them.
