//! What can stop a run. Findings and unreadable input never do; these can.

/// A run that could not be carried out, and whose fault that most likely is.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A path, revision or combination of flags that does not exist or makes no sense: the caller's to mend.
    #[error("{0}")]
    Usage(String),
    /// The history needed to find the base is not in this clone; with the remedy.
    #[error("{0}")]
    HistoryMissing(String),
    /// The machine refused a read or a write.
    #[error("{what}: {source}")]
    Io {
        /// What was being done, with the path.
        what: String,
        /// What the machine said.
        source: std::io::Error,
    },
    /// The repository cannot be read.
    #[error("{0}")]
    Repository(String),
    /// The event that GitHub handed over lacks something that the run needs.
    #[error("{0}")]
    Event(String),
    /// Something outside that was asked for gave no answer, or none that can be used.
    #[error("{0}")]
    Unavailable(String),
}

impl Error {
    /// The process exit code that this error ends a run with: 2 for what the caller must mend, 3 for what
    /// makes the run incomplete.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Io { .. } | Self::Event(_) => 2,
            Self::HistoryMissing(_) | Self::Repository(_) | Self::Unavailable(_) => 3,
        }
    }
}
