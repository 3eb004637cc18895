//! One entry in the form of OSV, as GitHub, OSV and OpenSSF publish them: <https://ossf.github.io/osv-schema/>.
//!
//! Read leniently: unknown fields do not matter, `null` is as good as nothing, and what is only told to people may be
//! missing or odd. What decides (the id and what is affected) must be readable, or the entry counts as unreadable.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::matching::{Affected, Event, MOST};
use super::severity::Rating;

/// The longest summary that is kept, in characters.
const LONGEST_SUMMARY: usize = 200;
/// The longest id that is taken for one.
const LONGEST_ID: usize = 128;
/// How many other names of an entry are kept.
const MOST_ALIASES: usize = 64;
/// "Embedded Malicious Code" in the Common Weakness Enumeration.
pub(super) const EMBEDDED_MALICIOUS_CODE: &str = "CWE-506";

/// What one entry says of one package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its id in the database that it comes from, such as `GHSA-35jh-r3h4-6jhm`.
    pub id: String,
    /// When it last changed.
    pub modified: Option<Timestamp>,
    /// True if it was taken back.
    pub is_withdrawn: bool,
    /// The ids that others gave to the same thing.
    pub aliases: Vec<String>,
    /// One line for people.
    pub summary: String,
    /// The versions that it is about.
    pub affected: Affected,
    /// How grave it is.
    pub rating: Rating,
    /// True if the package is meant to do harm, rather than to have a weakness.
    pub is_malware: bool,
}

/// One entry as a whole.
#[derive(Clone, Debug)]
pub struct Whole {
    /// Its id.
    pub id: String,
    /// True if it was taken back.
    pub is_withdrawn: bool,
    /// What it says of each npm package, by name.
    pub records: Vec<(String, Record)>,
}

/// Reads an entry, and gives what it says of each npm package.
///
/// # Errors
/// A text that is no entry of OSV.
pub fn read(json: &[u8]) -> Result<Vec<(String, Record)>, serde_json::Error> {
    Ok(read_whole(json)?.records)
}

/// Reads an entry.
///
/// # Errors
/// A text that is no entry of OSV.
pub fn read_whole(json: &[u8]) -> Result<Whole, serde_json::Error> {
    let entry: Entry = serde_json::from_slice(json)?;
    if !is_id(&entry.id) {
        return Err(serde::de::Error::custom("the id is none"));
    }
    Ok(Whole {
        id: entry.id.clone(),
        is_withdrawn: entry.is_withdrawn(),
        records: entry.records(),
    })
}

/// True for what can be an id: letters, digits and `-`, `_`, `.`, `:`, so that it is safe in a path and in a text.
#[must_use]
pub fn is_id(text: &str) -> bool {
    let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    (1..=LONGEST_ID).contains(&text.len())
        && text.bytes().all(is_fine)
        && text.starts_with(|letter: char| letter.is_ascii_alphanumeric())
}

/// True if an id is one of the malicious packages of OpenSSF.
#[must_use]
pub(super) fn is_malware_id(id: &str) -> bool {
    id.get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("MAL-"))
}

/// One line of a text for people, not too long.
#[must_use]
pub(super) fn one_line(text: &str) -> String {
    let clean = text
        .chars()
        .take(4 * LONGEST_SUMMARY)
        .map(|letter| if letter.is_control() { ' ' } else { letter });
    let clean: String = clean.collect();
    let words: Vec<&str> = clean.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(LONGEST_SUMMARY) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default().trim_end()),
        None => line,
    }
}

#[derive(Deserialize)]
struct Entry {
    id: String,
    #[serde(default)]
    modified: Value,
    #[serde(default)]
    withdrawn: Value,
    #[serde(default, deserialize_with = "or_default")]
    aliases: Vec<String>,
    #[serde(default)]
    summary: Value,
    #[serde(default)]
    details: Value,
    #[serde(default)]
    severity: Value,
    #[serde(default, deserialize_with = "or_default")]
    affected: Vec<AffectedPackage>,
    #[serde(default)]
    database_specific: Value,
}

#[derive(Deserialize)]
struct AffectedPackage {
    #[serde(default)]
    package: Option<Package>,
    #[serde(default, deserialize_with = "or_default")]
    ranges: Vec<EventRange>,
    #[serde(default, deserialize_with = "or_default")]
    versions: Vec<String>,
    #[serde(default)]
    severity: Value,
    #[serde(default)]
    database_specific: Value,
}

#[derive(Deserialize)]
struct Package {
    ecosystem: String,
    name: String,
}

#[derive(Deserialize)]
struct EventRange {
    #[serde(rename = "type", default)]
    kind: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    events: Vec<EventFields>,
}

#[derive(Deserialize)]
struct EventFields {
    introduced: Option<String>,
    fixed: Option<String>,
    last_affected: Option<String>,
    limit: Option<String>,
}

/// A field with `null` in it is as good as none.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

impl Entry {
    fn is_withdrawn(&self) -> bool {
        self.withdrawn.as_str().is_some_and(|date| !date.is_empty())
    }

    fn records(self) -> Vec<(String, Record)> {
        let mut by_name: BTreeMap<&str, Vec<&AffectedPackage>> = BTreeMap::new();
        for affected in &self.affected {
            if let Some(package) = &affected.package
                // A suffix such as `npm:v2` names a release of an ecosystem.
                && package.ecosystem.split(':').next() == Some("npm")
                && !package.name.is_empty()
            {
                by_name.entry(&package.name).or_default().push(affected);
            }
        }
        let mut aliases: Vec<String> = self
            .aliases
            .iter()
            .filter(|alias| is_id(alias) && **alias != self.id)
            .take(MOST_ALIASES)
            .cloned()
            .collect();
        aliases.sort_unstable();
        aliases.dedup();
        let is_malware = is_malware_id(&self.id)
            || aliases.iter().any(|alias| is_malware_id(alias))
            || is_malicious(&self.database_specific);
        let summary = [&self.summary, &self.details]
            .into_iter()
            .filter_map(Value::as_str)
            .map(one_line)
            .find(|line| !line.is_empty())
            .unwrap_or_default();
        let record = Record {
            modified: self.modified.as_str().and_then(|text| text.parse().ok()),
            is_withdrawn: self.is_withdrawn(),
            aliases,
            summary,
            affected: Affected::default(),
            rating: Rating::default(),
            is_malware,
            id: self.id.clone(),
        };
        by_name
            .into_iter()
            .map(|(name, parts)| {
                let mut record = record.clone();
                for part in &parts {
                    part.add_to(&mut record.affected);
                }
                record.rating = self.rating(&parts);
                if is_malware {
                    record.rating = record.rating.malware();
                }
                (name.to_owned(), record)
            })
            .collect()
    }

    /// What is said of the package itself counts before what is said of the whole.
    fn rating(&self, parts: &[&AffectedPackage]) -> Rating {
        let word = |value: &Value| Some(value.get("severity")?.as_str()?.to_owned());
        let own: Vec<(&str, &str)> = parts
            .iter()
            .flat_map(|part| vectors(&part.severity))
            .collect();
        let word = parts
            .iter()
            .find_map(|part| word(&part.database_specific))
            .or_else(|| word(&self.database_specific));
        let all = if own.is_empty() {
            vectors(&self.severity).collect()
        } else {
            own
        };
        Rating::weigh(word.as_deref(), all)
    }
}

/// The vectors of a `severity` list, each with its type.
fn vectors(severity: &Value) -> impl Iterator<Item = (&str, &str)> {
    let list = severity.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter()
        .take(16)
        .filter_map(|item| Some((item.get("type")?.as_str()?, item.get("score")?.as_str()?)))
}

/// True if the weaknesses that are named include malicious code.
fn is_malicious(database_specific: &Value) -> bool {
    let weaknesses = database_specific.get("cwe_ids").and_then(Value::as_array);
    weaknesses.is_some_and(|list| {
        list.iter()
            .any(|weakness| weakness.as_str() == Some(EMBEDDED_MALICIOUS_CODE))
    })
}

impl AffectedPackage {
    fn add_to(&self, affected: &mut Affected) {
        affected.add_versions(self.versions.iter().map(String::as_str));
        for range in &self.ranges {
            // Ranges of commits say nothing of what a registry serves.
            if range.kind.as_deref() == Some("GIT") {
                continue;
            }
            let mut events = Vec::with_capacity(range.events.len().min(MOST));
            for event in &range.events {
                events.extend(event.introduced.as_deref().map(Event::Introduced));
                events.extend(event.fixed.as_deref().map(Event::Fixed));
                events.extend(event.last_affected.as_deref().map(Event::LastAffected));
                events.extend(event.limit.as_deref().map(Event::Limit));
            }
            affected.add_range(&events);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::finding::Severity;

    use super::*;

    fn one(json: &str) -> Record {
        read(json.as_bytes()).unwrap().remove(0).1
    }

    #[test]
    fn what_does_not_decide_may_be_odd() {
        let record = one(
            r#"{"id":"GHSA-1","modified":7,"aliases":null,"summary":null,"details":"First\n\n\u001b[31mline",
            "severity":"high","credits":[1],"affected":[{"package":{"ecosystem":"npm","name":"a","purl":3},"versions":null,
            "ranges":[{"type":"SEMVER","events":[{"introduced":"0"}],"database_specific":{}}]}],"database_specific":null}"#,
        );
        assert_eq!(record.summary, "First [31mline");
        assert_eq!(record.modified, None);
        assert_eq!(record.rating, Rating::default());
        assert!(record.affected.holds(&"1.0.0".into()));
    }

    #[test]
    fn what_decides_must_be_readable() {
        for json in [
            r#"{"affected":[]}"#,
            r#"{"id":"../../etc","affected":[]}"#,
            r#"{"id":"A-1","affected":[{"package":{"ecosystem":"npm"}}]}"#,
            r#"{"id":"A-1","affected":[{"package":{"ecosystem":"npm","name":"a"},"versions":"1.0.0"}]}"#,
        ] {
            assert!(read(json.as_bytes()).is_err(), "{json}");
        }
    }

    #[test]
    fn parts_about_one_package_are_joined_and_other_ecosystems_left_out() {
        let text = r#"{"id":"A-1","affected":[
            {"package":{"ecosystem":"npm","name":"a"},"versions":["1.0.0"]},
            {"package":{"ecosystem":"npm","name":"a"},"versions":["2.0.0"]},
            {"package":{"ecosystem":"PyPI","name":"b"},"versions":["2.0.0"]},
            {"package":{"ecosystem":"npm","name":"c"},"ranges":[{"type":"GIT","events":[{"introduced":"0"}]}]}]}"#;
        let records = read(text.as_bytes()).unwrap();
        let names: Vec<&str> = records.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["a", "c"]);
        assert_eq!(records[0].1.affected.versions().count(), 2);
        assert!(records[1].1.affected.is_empty());
    }

    #[test]
    fn malware_is_critical_whatever_else_is_written() {
        let severity = |head: &str| {
            let text = format!(
                r#"{{{head},"affected":[{{"package":{{"ecosystem":"npm","name":"a"}},"versions":["1.0.0"]}}]}}"#
            );
            one(&text).rating.severity
        };
        let critical = Some(Severity::Critical);
        assert_eq!(severity(r#""id":"MAL-2026-1""#), critical);
        assert_eq!(
            severity(
                r#""id":"GHSA-1","aliases":["MAL-2026-1"],"database_specific":{"severity":"LOW"}"#
            ),
            critical
        );
        assert_eq!(
            severity(r#""id":"GHSA-1","database_specific":{"cwe_ids":["CWE-506"]}"#),
            critical
        );
        assert_eq!(severity(r#""id":"GHSA-1""#), None);
    }
}
