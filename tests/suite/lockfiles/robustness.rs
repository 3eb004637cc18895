//! No text breaks a reader, and every span lies within its text.
