//! `tidegate advisories`: keeping the local database, and telling what is in it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::config::value::Day;
use crate::error::Error;
use crate::http::{Proxies, block_on};
use crate::packages::advisory::database::{About, Database, DatabaseError};
use crate::packages::advisory::place;
use crate::packages::advisory::update::{self, Budget, Dump, UpdateError};

/// Makes the database anew, and tells what is in it.
///
/// # Errors
/// A source that is out of reach, broken or too large, or a place that cannot be written.
pub fn update(database: Option<PathBuf>, source: &str, today: Day) -> Result<String, Error> {
    let path = located(database)?;
    let dump = Dump::from(source);
    let unavailable = |error: &dyn std::fmt::Display| {
        Error::Unavailable(format!("the database stays as it was: {dump}: {error}"))
    };
    let work = update::update(&dump, &path, Budget::default(), Proxies::System);
    let about = block_on(work)
        .map_err(|error| unavailable(&error))?
        .map_err(|error| match error {
            UpdateError::Io(what, source) => Error::Io { what, source },
            other => unavailable(&other),
        })?;
    let database = Database::open(&path).map_err(|error| unusable(&path, &error))?;
    Ok(told(&path, &about, database.format(), today))
}

/// Tells what is in the database, after a look at every byte of it.
///
/// # Errors
/// A database that is missing or cannot be used.
pub fn status(database: Option<PathBuf>, today: Day) -> Result<String, Error> {
    let path = located(database)?;
    let database = Database::open(&path).map_err(|error| unusable(&path, &error))?;
    database.verify().map_err(|error| unusable(&path, &error))?;
    Ok(told(&path, database.about(), database.format(), today))
}

fn located(database: Option<PathBuf>) -> Result<PathBuf, Error> {
    database.or_else(place::database).ok_or_else(|| {
        Error::Usage(
            "this machine has no folder for caches: name a file with --database, or set TIDEGATE_CACHE_DIR"
                .to_owned(),
        )
    })
}

fn unusable(path: &Path, error: &DatabaseError) -> Error {
    Error::Unavailable(format!("the database {}: {error}", path.display()))
}

fn told(path: &Path, about: &About, format: u32, today: Day) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name:<9} {value}");
    };
    line("database", &path.display().to_string());
    line("format", &format.to_string());
    line("source", &about.source);
    line(
        "records",
        &format!("{} about {} packages", about.records, about.packages),
    );
    line("withdrawn", &about.withdrawn.to_string());
    if about.unreadable > 0 {
        line("unreadable", &about.unreadable.to_string());
    }
    let date = about
        .date
        .map(|date| date.to_zoned(jiff::tz::TimeZone::UTC).date());
    line(
        "data of",
        &date.map_or_else(|| "an unknown day".to_owned(), |date| date.to_string()),
    );
    if let Some(age) = date.and_then(|date| today.0.since(date).ok()) {
        let days = age.get_days().max(0);
        let unit = if days == 1 { "day" } else { "days" };
        line("age", &format!("{days} {unit}"));
    }
    text
}
