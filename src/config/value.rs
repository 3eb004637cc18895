//! Values of the configuration that are more than text: severities that can be off, versions, periods and days.

use std::borrow::Cow;
use std::fmt;

use jiff::civil::Date;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

use crate::finding::Severity;
use crate::kubernetes::pod_security::Version;

/// How grave something is, or that it is not to be told at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// Not told.
    Off,
    /// Told with this severity.
    Severity(Severity),
}

impl Setting {
    /// The word in the configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Severity(severity) => severity.name(),
        }
    }
}

const SETTINGS: &str = "write critical, high, medium, low, note or off";

impl<'de> Deserialize<'de> for Setting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Setting;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("critical, high, medium, low, note or off")
            }

            // To many readers of YAML, `off` is no word but the boolean.
            fn visit_bool<E: de::Error>(self, value: bool) -> Result<Setting, E> {
                if value {
                    return Err(E::custom(SETTINGS));
                }
                Ok(Setting::Off)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Setting, E> {
                // All spellings that some reader takes for that boolean.
                if matches!(
                    text,
                    "off" | "Off" | "OFF" | "no" | "No" | "NO" | "n" | "N" | "False" | "FALSE"
                ) {
                    return Ok(Setting::Off);
                }
                let severity = Severity::ALL
                    .into_iter()
                    .find(|severity| severity.name() == text);
                severity
                    .map(Setting::Severity)
                    .ok_or_else(|| E::custom(SETTINGS))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for Setting {
    fn schema_name() -> Cow<'static, str> {
        "Setting".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A severity, or `off`, which some readers of YAML take for false.",
            "enum": ["critical", "high", "medium", "low", "note", "off", false],
        })
    }
}

/// A version of a target cluster, such as `"1.36"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TargetVersion(pub Version);

impl TargetVersion {
    /// The oldest target that makes sense: the first version that enforces the labels of Namespaces by itself. The
    /// rules take that enforcement for granted, and no managed or maintained cluster is older.
    ///
    /// Source: the feature gate `PodSecurity` of Kubernetes, on by default from 1.23 on.
    pub const OLDEST: Version = Version(23);
}

impl<'de> Deserialize<'de> for TargetVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = TargetVersion;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a minor version in quotes, such as \"1.36\"")
            }

            fn visit_f64<E: de::Error>(self, value: f64) -> Result<TargetVersion, E> {
                Err(E::custom(format!(
                    "a version needs quotes, as 1.30 without them is the number 1.3; this reads as {value}"
                )))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<TargetVersion, E> {
                if text == "latest" {
                    return Err(E::custom(
                        "`latest` changes its meaning from one day to the next: name the version of the cluster",
                    ));
                }
                let version: Version = text.parse().map_err(E::custom)?;
                if version < TargetVersion::OLDEST {
                    return Err(E::custom(format!(
                        "{version} is older than {}, the first version that enforces Pod Security labels; name the version of the cluster",
                        TargetVersion::OLDEST
                    )));
                }
                Ok(TargetVersion(version))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for TargetVersion {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "TargetVersion".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": r"^v?1\.(2[3-9]|[3-9][0-9]|[1-9][0-9]{2,})$" })
    }
}

/// A length of time, in hours: `12h`, `3d`, `2w` or `2y` (365 days).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period {
    /// How long.
    pub hours: u32,
}

impl Period {
    /// Days as a period.
    #[must_use]
    pub const fn days(days: u32) -> Self {
        Self { hours: days * 24 }
    }

    fn parse(text: &str) -> Option<Self> {
        let unit = text.chars().next_back()?;
        let number = text.strip_suffix(unit)?;
        let hours = match unit {
            'h' => 1,
            'd' => 24,
            'w' => 7 * 24,
            'y' => 365 * 24,
            _ => return None,
        };
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let hours = number.parse::<u32>().ok()?.checked_mul(hours)?;
        Some(Self { hours })
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { hours } = self;
        match (hours % (365 * 24), hours % 24) {
            (0, _) if *hours > 0 => write!(f, "{}y", hours / (365 * 24)),
            (_, 0) => write!(f, "{}d", hours / 24),
            _ => write!(f, "{hours}h"),
        }
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        const PERIOD: &str = "a length of time such as 12h, 3d, 2w or 2y";
        impl de::Visitor<'_> for Visitor {
            type Value = Period;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(PERIOD)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Period, E> {
                Period::parse(text).ok_or_else(|| E::custom(format!("write {PERIOD}")))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for Period {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Period".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9]+[hdwy]$" })
    }
}

/// The last day on which something holds, as `2027-01-31`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub Date);

impl Day {
    /// Reads a day as RFC 3339 writes it (`full-date`).
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let shaped = text.len() == 10
            && text.bytes().enumerate().all(|(index, byte)| match index {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        let date = shaped.then(|| text.parse().ok()).flatten();
        date.map(Self).ok_or("a day is written as 2027-01-31")
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

impl JsonSchema for Day {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Day".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_have_a_unit() {
        for (text, hours) in [
            ("12h", 12),
            ("3d", 72),
            ("2w", 336),
            ("2y", 17520),
            ("0d", 0),
        ] {
            assert_eq!(Period::parse(text), Some(Period { hours }), "{text}");
        }
        for text in ["", "3", "d", "-3d", "3 d", "1.5d", "99999999y", "3é"] {
            assert_eq!(Period::parse(text), None, "{text}");
        }
        assert_eq!(Period::days(730).to_string(), "2y");
        assert_eq!(Period { hours: 36 }.to_string(), "36h");
        assert_eq!(Period::days(3).to_string(), "3d");
    }

    #[test]
    fn days_exist() {
        assert!(Day::parse("2028-02-29").is_ok());
        for text in [
            "2027-02-29",
            "2027-1-31",
            "27-01-31",
            "2027-01-31T00:00",
            "+027-01-31",
            "tomorrow",
        ] {
            assert!(Day::parse(text).is_err(), "{text}");
        }
    }
}
