//! Spanned trees of YAML and JSON files.
//!
//! This floor turns bytes into one arena [`Tree`] a file, in which every key and value knows the bytes it
//! was written with. It knows nothing of Kubernetes, except that scalars resolve as Kubernetes' own reader
//! resolves them. Nothing here fails: what cannot be read is a [`Problem`] beside the documents that could.

mod block_yaml;
mod build;
mod comment;
mod compose;
mod content;
pub mod dockerfile;
pub mod dockerignore;
mod graft;
mod json;
mod lines;
mod part;
mod pointer;
mod refusal;
mod scalar;
pub mod shell;
mod text;
mod tree;
mod yaml;

pub use comment::{Comment, comments_between, statement_lines};
pub use compose::{Composed, Part};
pub use graft::Graft;
pub use lines::{Lines, Position};
pub use pointer::{escape_segment, unescape_segment};
pub use text::{Encoding, decode};
pub use tree::{Document, DuplicateKey, Entry, Node, Problem, ProblemKind, Span, Tree, Value};

/// The largest file that is parsed, in bytes. The largest manifest of the studied repositories has 2.4 MB;
/// what is larger than this is told as oversized, never skipped in silence.
pub const MAX_FILE_SIZE: usize = 16 * 1024 * 1024;

/// The deepest nesting that is read. The API server's own limit is far higher, but no Kubernetes type
/// needs a tenth of this, and every reader of ours may recurse safely below it.
pub const MAX_DEPTH: usize = 255;

/// The notation of a file, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A YAML stream of any number of documents.
    Yaml,
    /// One JSON value; comments and trailing commas are tolerated.
    Json,
}

/// Parses a whole file into a tree.
#[must_use]
pub fn parse(format: Format, text: String) -> Tree {
    match format {
        Format::Yaml => {
            let text = std::sync::Arc::from(text);
            block_yaml::parse(&text).unwrap_or_else(|| yaml::parse(text))
        }
        Format::Json => json::parse(text),
    }
}

/// Parses YAML with the general reader alone, which reads every notation and takes its time: the same tree as [`parse`]
/// makes of it.
#[must_use]
pub fn parse_any_yaml(text: String) -> Tree {
    yaml::parse(text)
}
