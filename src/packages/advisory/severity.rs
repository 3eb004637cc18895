//! How grave an advisory is.
//!
//! Two kinds of statement meet here: a word that an editor chose (`database_specific.severity` of GitHub's entries), and
//! vectors of the Common Vulnerability Scoring System (<https://www.first.org/cvss/>). They may disagree. The word of
//! someone who looked counts most, then the newest version of CVSS. Both are kept, so that both can be shown.

use crate::finding::Severity;

/// No vector is longer.
const LONGEST_VECTOR: usize = 512;

/// What each version of CVSS cannot be scored without.
const BASE_V2: [&str; 6] = ["AV", "AC", "Au", "C", "I", "A"];
const BASE_V3: [&str; 8] = ["AV", "AC", "PR", "UI", "S", "C", "I", "A"];
const BASE_V4: [&str; 11] = [
    "AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA",
];

/// A CVSS score from 0.0 to 10.0, in tenths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Score(pub u8);

impl Score {
    /// Rounds a score to tenths; none for what is no score.
    #[must_use]
    pub fn new(score: f64) -> Option<Self> {
        if !(0.0..=10.0).contains(&score) {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "at most a hundred, and never below nothing"
        )]
        Some(Self((score * 10.0).round() as u8))
    }

    /// The severity as CVSS 3.1 and 4.0 name it; "none" is a note.
    #[must_use]
    pub fn severity(self) -> Severity {
        match self.0 {
            0 => Severity::Note,
            1..40 => Severity::Low,
            40..70 => Severity::Medium,
            70..90 => Severity::High,
            _ => Severity::Critical,
        }
    }
}

impl std::fmt::Display for Score {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.0 / 10, self.0 % 10)
    }
}

/// How grave an advisory is, and who says so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rating {
    /// What counts; none if nobody said anything that can be understood.
    pub severity: Option<Severity>,
    /// The score of the newest CVSS vector.
    pub score: Option<Score>,
    /// The word that was written, in small letters.
    pub word: Option<String>,
}

impl Rating {
    /// The rating of malware, which no word makes milder.
    #[must_use]
    pub fn malware(self) -> Self {
        Self {
            severity: Some(Severity::Critical),
            ..self
        }
    }

    /// Weighs a word and vectors, each with its type (`CVSS_V3` …).
    #[must_use]
    pub fn weigh<'a>(
        word: Option<&str>,
        vectors: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let best = vectors
            .into_iter()
            .filter_map(|(kind, vector)| score(kind, vector))
            .max_by_key(|(version, score)| (*version, *score));
        let word = word.map(|word| word.trim().to_ascii_lowercase());
        Self {
            severity: word
                .as_deref()
                .and_then(of_word)
                .or_else(|| best.map(|(version, score)| of_score(version, score))),
            score: best.map(|(_, score)| score),
            word: word.filter(|word| !word.is_empty() && word.len() <= 32),
        }
    }

    /// Weighs what the npm registry says: a word and a score.
    #[must_use]
    pub fn of_registry(word: Option<&str>, score: Option<f64>) -> Self {
        // The registry writes 0 where there is no score.
        let score = score.and_then(Score::new).filter(|score| score.0 > 0);
        let rating = Self::weigh(word, []);
        Self {
            severity: rating.severity.or_else(|| score.map(Score::severity)),
            score,
            word: rating.word,
        }
    }
}

/// The severity of a word; GitHub and npm say "moderate" for what others call "medium".
fn of_word(word: &str) -> Option<Severity> {
    match word {
        "critical" => Some(Severity::Critical),
        "high" | "important" => Some(Severity::High),
        "moderate" | "medium" => Some(Severity::Medium),
        "low" => Some(Severity::Low),
        "none" | "info" | "informational" => Some(Severity::Note),
        _ => None,
    }
}

/// CVSS 2 has no "critical": from 7.0 on all is high.
fn of_score(version: u8, score: Score) -> Severity {
    let severity = score.severity();
    match version {
        2 => severity.min(Severity::High),
        _ => severity,
    }
}

/// The version of CVSS and the score of a vector that has all that it needs.
fn score(kind: &str, vector: &str) -> Option<(u8, Score)> {
    let vector = vector.trim();
    if vector.len() > LONGEST_VECTOR {
        return None;
    }
    let (version, base): (u8, &[&str]) = if vector.starts_with("CVSS:4.") {
        (4, &BASE_V4)
    } else if vector.starts_with("CVSS:3.") {
        (3, &BASE_V3)
    } else if kind == "CVSS_V2" {
        (2, &BASE_V2)
    } else {
        return None;
    };
    // Without one of them the score would be 0, as if someone had found it harmless.
    let names: Vec<&str> = vector
        .split('/')
        .filter_map(|part| Some(part.split_once(':')?.0))
        .collect();
    if !base.iter().all(|name| names.contains(name)) {
        return None;
    }
    let value = match version {
        2 => vector.parse::<cvss::v2::Vector>().ok()?.score().value(),
        3 => vector.parse::<cvss::v3::Vector>().ok()?.score().value(),
        _ => vector.parse::<cvss::v4::Vector>().ok()?.score().value(),
    };
    Some((version, Score::new(value)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const V2: (&str, &str) = ("CVSS_V2", "AV:N/AC:L/Au:N/C:C/I:C/A:C");
    const V3: (&str, &str) = ("CVSS_V3", "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:L/A:N");
    const V4: (&str, &str) = (
        "CVSS_V4",
        "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
    );

    #[test]
    fn the_word_counts_most_then_the_newest_vector() {
        let weigh = |word, vectors: &[(&'static str, &'static str)]| {
            let rating = Rating::weigh(word, vectors.iter().copied());
            (
                rating.severity.map(Severity::name),
                rating.score.map(|score| score.to_string()),
            )
        };
        let told = |severity, score: &str| (Some(severity), Some(score.to_owned()));
        assert_eq!(weigh(None, &[V2]), told("high", "10.0"));
        assert_eq!(weigh(None, &[V2, V3]), told("medium", "6.5"));
        assert_eq!(weigh(None, &[V4, V3]), told("critical", "9.3"));
        assert_eq!(weigh(Some("LOW"), &[V4]), told("low", "9.3"));
        assert_eq!(weigh(Some("MODERATE"), &[]), (Some("medium"), None));
        assert_eq!(weigh(Some("fnord"), &[V3]), told("medium", "6.5"));
        assert_eq!(weigh(Some(""), &[]), (None, None));
    }

    #[test]
    fn a_vector_with_parts_missing_has_no_score_instead_of_a_harmless_one() {
        for vector in [
            ("CVSS_V3", "CVSS:3.1/AV:N"),
            ("CVSS_V3", "7.5"),
            ("CVSS_V3", "AV:N/AC:L/Au:N/C:C/I:C/A:C"),
            ("CVSS_V3", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:L/A:X"),
            ("CVSS_V2", "AV:N/AC:L"),
            ("Ubuntu", "high"),
        ] {
            assert_eq!(
                Rating::weigh(None, [vector]),
                Rating::default(),
                "{vector:?}"
            );
        }
    }

    #[test]
    fn a_registry_that_knows_no_score_writes_zero() {
        let rating = Rating::of_registry(Some("moderate"), Some(0.0));
        assert_eq!(rating.severity, Some(Severity::Medium));
        assert_eq!(rating.score, None);
        let rating = Rating::of_registry(None, Some(9.8));
        assert_eq!(rating.severity, Some(Severity::Critical));
    }
}
