//! What a severity is called where others read it: the one table that SARIF, annotations and colours share.

use crate::finding::Severity;

/// The three words that SARIF and GitHub know for how bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Worth knowing.
    Note,
    /// Worth mending.
    Warning,
    /// Fails the checks that look at levels.
    Error,
}

impl Level {
    /// The word in SARIF (§3.27.10 of the standard).
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// The level of a severity.
#[must_use]
pub fn level(severity: Severity) -> Level {
    table(severity).0
}

/// The score that GitHub sorts security alerts by, as the string that it asks for. Over 9.0 it says critical,
/// from 7.0 high, from 4.0 medium, below that low. A note has none: it is no weakness.
#[must_use]
pub fn security_severity(severity: Severity) -> Option<&'static str> {
    table(severity).1
}

fn table(severity: Severity) -> (Level, Option<&'static str>) {
    match severity {
        Severity::Critical => (Level::Error, Some("9.5")),
        Severity::High => (Level::Error, Some("8.0")),
        Severity::Medium => (Level::Warning, Some("5.5")),
        Severity::Low => (Level::Note, Some("2.5")),
        Severity::Note => (Level::Note, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_fall_into_the_bands_that_github_names_alike() {
        for severity in Severity::ALL {
            let score: Option<f64> = security_severity(severity).map(|text| text.parse().unwrap());
            let band = match score {
                None => "note",
                Some(score) if score > 9.0 => "critical",
                Some(score) if score >= 7.0 => "high",
                Some(score) if score >= 4.0 => "medium",
                Some(_) => "low",
            };
            assert_eq!(band, severity.name());
        }
    }

    #[test]
    fn levels_rise_with_severities() {
        let levels: Vec<_> = Severity::ALL.into_iter().rev().map(level).collect();
        assert!(levels.is_sorted());
    }
}
