//! What `tidegate packages` prints.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::Arc;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde::Serialize;

use super::escape::{code_in_table, prose};
use super::json::{JsonLocation, JsonPassedOver};
use super::package_changes::{CHANGES, SCOPES};
use super::package_standing::{JsonStanding, gravity, standing, standing_cells};
use super::places::Places;
use super::terminal::Detail;
use super::{count, one_line};
use crate::inventory::standing::Standing;
use crate::inventory::{Answer, ChangeRow, Row, Summary, Word};
use crate::packages::Scope;

/// The version of this format; a breaking change raises the number.
pub const SCHEMA: &str = "tidegate.packages/1";

/// The longest list that text shows; JSON has all.
const MOST_ROWS: usize = 20;

/// True if the place of a change lies in the base.
fn is_in_base(row: &ChangeRow) -> bool {
    row.after.is_none()
}

/// `lodash 4.17.20`, `express 4.21.1 -> 4.21.2`.
fn versions(answer: &Answer, row: &ChangeRow) -> String {
    let word = |word: Option<Word>| word.map(|word| answer.word(word));
    let name = answer.word(row.name);
    match (word(row.before), word(row.after)) {
        (Some(before), Some(after)) if before != after => format!("{name} {before} -> {after}"),
        (before, after) => format!("{name} {}", after.or(before).unwrap_or_default()),
    }
}

/// `direct`, `through a > b`, `nobody`.
fn way(answer: &Answer, row: &ChangeRow) -> String {
    if row.is_direct {
        return "direct".to_owned();
    }
    let steps: Vec<&str> = row.via.iter().map(|word| answer.word(*word)).collect();
    match (steps.is_empty(), &row.workspace) {
        (false, _) => format!("through {}", steps.join(" > ")),
        (true, Some(_)) => "direct".to_owned(),
        (true, None) => "no workspace reaches it".to_owned(),
    }
}

fn workspace(folder: Option<&Arc<str>>) -> &str {
    folder.map_or("-", |folder| if folder.is_empty() { "." } else { folder })
}

/// What text shows first: what is vulnerable, what is direct, then what production gets.
fn shown(answer: &Answer) -> Vec<&Row> {
    let mut rows: Vec<&Row> = answer.packages.iter().collect();
    rows.sort_by_key(|row| (gravity(&row.standing), !row.is_direct, row.scope));
    rows
}

fn shown_changes(rows: &[ChangeRow]) -> Vec<&ChangeRow> {
    let mut rows: Vec<&ChangeRow> = rows.iter().collect();
    rows.sort_by_key(|row| {
        (
            gravity(&row.standing),
            !row.scope.is_shipped(),
            !row.is_direct,
        )
    });
    rows
}

/// `package-lock.json: 312 packages (280 production, 32 development) in 3 workspaces`.
fn summary(summary: &Summary) -> String {
    let number: usize = summary.packages.values().sum();
    let scopes: Vec<String> = summary
        .packages
        .iter()
        .map(|(scope, number)| format!("{number} {}", scope.name()))
        .collect();
    let scopes = if scopes.is_empty() {
        String::new()
    } else {
        format!(" ({})", scopes.join(", "))
    };
    if !summary.is_locked {
        let (pinned, what) = match number {
            0 => (String::new(), "what"),
            _ => (
                format!("{} by exact versions{scopes}; ", count(number, "package")),
                "what else",
            ),
        };
        return format!(
            "{}: {pinned}no lockfile says {what} is installed, in {}",
            summary.path,
            count(summary.workspaces, "workspace")
        );
    }
    format!(
        "{}: {}{scopes} in {}",
        summary.path,
        count(number, "package"),
        count(summary.workspaces, "workspace")
    )
}

/// The answer as text: what changed, or else what is installed, in a few lines; with more detail, all of it.
#[must_use]
pub fn render(answer: &Answer, detail: Detail) -> String {
    let mut places = Places::of(answer.base.as_ref(), &answer.head);
    let mut text = String::new();
    let most = if detail == Detail::Verbose {
        usize::MAX
    } else {
        MOST_ROWS
    };
    // Writing to a String cannot fail.
    if let Some(changes) = &answer.changes {
        for row in shown_changes(changes).into_iter().take(most) {
            let at = row.changed_at.as_ref().map(|at| (false, at));
            let at = at.or(row.location.as_ref().map(|at| (is_in_base(row), at)));
            let place = at.map_or_else(String::new, |(in_base, at)| places.told(in_base, at));
            let line = format!(
                "{:<20}  {}, {} in {}, {}{}  {place}",
                row.what.name(),
                versions(answer, row),
                row.scope.name(),
                workspace(row.workspace.as_ref()),
                way(answer, row),
                standing(
                    &row.standing,
                    row.after.map_or("", |word| answer.word(word))
                ),
            );
            let _ = writeln!(text, "{}", one_line(&line));
        }
        left_out(changes.len(), most, "change", &mut text);
        if changes.is_empty() {
            text.push_str("no package changed\n");
        }
    } else if detail != Detail::Quiet {
        for row in shown(answer).into_iter().take(most) {
            let way = match (row.is_direct, row.paths.first()) {
                (true, _) => "direct".to_owned(),
                (false, Some(path)) if path.len() > 1 => {
                    let steps = path.iter().take(path.len() - 1);
                    let steps: Vec<&str> = steps.map(|word| answer.word(*word)).collect();
                    format!("through {}", steps.join(" > "))
                }
                _ => "no workspace reaches it".to_owned(),
            };
            let line = format!(
                "{} {}, {} in {}, {way}{}  {}",
                answer.word(row.name),
                answer.word(row.version),
                row.scope.name(),
                workspace(row.workspace.as_ref()),
                standing(&row.standing, answer.word(row.version)),
                places.told(false, &row.location),
            );
            let _ = writeln!(text, "{}", one_line(&line));
        }
        left_out(answer.packages.len(), most, "package", &mut text);
    }
    for file in &answer.unreadable {
        let line = format!("cannot be read: {}: {}", file.path, file.reason);
        let _ = writeln!(text, "{}", one_line(&line));
    }
    for what in &answer.not_looked_at {
        if answer.is_incomplete || detail != Detail::Quiet && !answer.packages.is_empty() {
            let _ = writeln!(text, "{}", one_line(&format!("not looked at: {what}")));
        }
    }
    if detail != Detail::Quiet {
        for installation in answer.installations.iter().take(most) {
            let _ = writeln!(text, "{}", one_line(&summary(installation)));
        }
        left_out(answer.installations.len(), most, "lockfile", &mut text);
        if answer.installations.is_empty() {
            let files = count(answer.head.files_read, "file");
            let _ = writeln!(text, "read nothing: there are no packages in {files}");
        }
    }
    text
}

fn left_out(number: usize, most: usize, noun: &str, text: &mut String) {
    if let Some(more) = number.checked_sub(most).filter(|more| *more > 0) {
        let _ = writeln!(
            text,
            "and {}; --verbose and --format json have all",
            count(more, &format!("more {noun}"))
        );
    }
}

/// The answer as Markdown: the same in tables.
#[must_use]
pub fn render_markdown(answer: &Answer) -> String {
    let mut places = Places::of(answer.base.as_ref(), &answer.head);
    let mut text = String::from("## Packages\n\n");
    let is_looked_at = is_looked_at(answer);
    if let Some(changes) = &answer.changes {
        if changes.is_empty() {
            text.push_str("No package changed.\n");
        } else {
            let columns = ["Change", "Package", "Scope", "Workspace", "Way", "Place"];
            header(&columns, is_looked_at, &mut text);
        }
        for row in shown_changes(changes).into_iter().take(MOST_ROWS) {
            let at = row.changed_at.as_ref().map(|at| (false, at));
            let at = at.or(row.location.as_ref().map(|at| (is_in_base(row), at)));
            let place = at.map_or_else(String::new, |(in_base, at)| places.told(in_base, at));
            let _ = write!(
                text,
                "| {} | {} | {} | {} | {} | {} |",
                row.what.name(),
                code_in_table(&versions(answer, row)),
                row.scope.name(),
                code_in_table(workspace(row.workspace.as_ref())),
                code_in_table(&way(answer, row)),
                code_in_table(&place),
            );
            let version = row.after.map_or("", |word| answer.word(word));
            standing_cells(&row.standing, version, is_looked_at, &mut text);
        }
        more(changes.len(), &mut text);
    } else {
        let columns = [
            "Package",
            "Version",
            "Scope",
            "Workspace",
            "Direct",
            "Place",
        ];
        header(&columns, is_looked_at, &mut text);
        for row in shown(answer).into_iter().take(MOST_ROWS) {
            let _ = write!(
                text,
                "| {} | {} | {} | {} | {} | {} |",
                code_in_table(answer.word(row.name)),
                code_in_table(answer.word(row.version)),
                row.scope.name(),
                code_in_table(workspace(row.workspace.as_ref())),
                if row.is_direct { "yes" } else { "no" },
                code_in_table(&places.told(false, &row.location)),
            );
            let version = answer.word(row.version);
            standing_cells(&row.standing, version, is_looked_at, &mut text);
        }
        more(answer.packages.len(), &mut text);
    }
    text.push('\n');
    let unread = answer.unreadable.iter();
    for file in unread.take(MOST_ROWS) {
        let line = format!("{}: {}", file.path, file.reason);
        let _ = writeln!(text, "- cannot be read: {}", code_in_table(&line));
    }
    for what in answer
        .not_looked_at
        .iter()
        .filter(|_| !answer.packages.is_empty())
    {
        let _ = writeln!(text, "- not looked at: {}", prose(what));
    }
    for installation in answer.installations.iter().take(MOST_ROWS) {
        let _ = writeln!(text, "- {}", code_in_table(&summary(installation)));
    }
    more(answer.installations.len(), &mut text);
    text
}

/// True if the outside world said anything of any package: else columns about that would be empty.
fn is_looked_at(answer: &Answer) -> bool {
    let rows = answer.packages.iter().map(|row| &*row.standing);
    let changes = answer.changes.iter().flatten().map(|row| &row.standing);
    rows.chain(changes)
        .any(|standing| *standing != Standing::default())
}

fn header(columns: &[&str], is_looked_at: bool, text: &mut String) {
    let more: &[&str] = if is_looked_at {
        &["Vulnerable", "Newest", "Age"]
    } else {
        &[]
    };
    let columns = [columns, more].concat();
    let lines = vec!["---"; columns.len()];
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "| {} |\n| {} |",
        columns.join(" | "),
        lines.join(" | ")
    );
}

fn more(number: usize, text: &mut String) {
    if let Some(more) = number.checked_sub(MOST_ROWS).filter(|more| *more > 0) {
        let _ = write!(text, "\n… and {more} more.\n");
    }
}

/// The whole answer of `tidegate packages`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "tidegate packages")]
pub struct JsonAnswer<'a> {
    /// The version of this format.
    #[schemars(extend("const" = SCHEMA))]
    schema: &'static str,
    /// Each package in each workspace that reaches it.
    packages: Vec<JsonRow<'a>>,
    /// What changed in each workspace; absent without a base.
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<Vec<JsonChange<'a>>>,
    /// Each lockfile, and each root without one.
    installations: Vec<JsonInstallation<'a>>,
    /// Package files that could not be read: what they install is unknown.
    unreadable: Vec<JsonPassedOver<'a>>,
    /// What was not looked at, and why; absent where everything was.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    not_looked_at: &'a [String],
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Package")]
struct JsonRow<'a> {
    /// The real name, also where an alias leads to it.
    name: &'a str,
    /// The version; of what has none the commit, the address or the path.
    version: &'a str,
    /// The folder of the workspace, empty for the root; null where no workspace reaches the package.
    workspace: Option<&'a str>,
    /// Where the workspace needs it, by reachability.
    #[schemars(extend("enum" = SCOPES))]
    scope: &'static str,
    /// True if the workspace asks for it itself.
    direct: bool,
    /// Ways from the workspace to the package, itself included, the shortest first; not all of them.
    paths: Vec<Vec<&'a str>>,
    /// The entry of a `package.json` that brings it; else its entry in the lockfile.
    location: JsonLocation<'a>,
    #[serde(flatten)]
    standing: JsonStanding<'a>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Change")]
struct JsonChange<'a> {
    #[schemars(extend("enum" = CHANGES))]
    change: &'static str,
    name: &'a str,
    /// The version in the base; null where it is added.
    before: Option<&'a str>,
    /// The version in the head; null where it is removed.
    after: Option<&'a str>,
    /// The folder of the workspace, empty for the root; null where no workspace reaches the package.
    workspace: Option<&'a str>,
    /// Where the workspace needs it, or needed it where it is gone.
    #[schemars(extend("enum" = SCOPES))]
    scope: &'static str,
    /// True if the workspace asks for it itself.
    direct: bool,
    /// Over which dependencies it comes in, from the workspace's own on; empty where it is direct.
    via: Vec<&'a str>,
    /// The entry of a `package.json` that brings it; in the base where it is gone.
    location: Option<JsonLocation<'a>>,
    /// The changed line of the head; null where the package is gone.
    changed_at: Option<JsonLocation<'a>>,
    #[serde(flatten)]
    standing: JsonStanding<'a>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Installation")]
struct JsonInstallation<'a> {
    /// The lockfile, or the `package.json` of a root without one.
    path: &'a str,
    /// True if a lockfile says what is installed.
    locked: bool,
    /// How many workspaces it has, the root included.
    workspaces: usize,
    /// How many packages it has.
    packages: usize,
}

/// Writes the answer as JSON.
///
/// # Errors
/// What the writer refuses.
pub fn write_json(answer: &Answer, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &document(answer))?;
    out.write_all(b"\n")
}

/// The JSON schema of the answer, as `schema/packages.schema.json` holds it.
#[must_use]
pub fn schema() -> Schema {
    SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<JsonAnswer<'_>>()
}

fn document(answer: &Answer) -> JsonAnswer<'_> {
    let mut places = Places::of(answer.base.as_ref(), &answer.head);
    let words = |all: &[Word]| all.iter().map(|word| answer.word(*word)).collect();
    let packages = answer.packages.iter().map(|row| JsonRow {
        name: answer.word(row.name),
        version: answer.word(row.version),
        workspace: row.workspace.as_deref(),
        scope: row.scope.name(),
        direct: row.is_direct,
        paths: row.paths.iter().map(|path| words(path)).collect(),
        location: JsonLocation::of(&row.location, places.resolve(false, &row.location)),
        standing: JsonStanding::from(&*row.standing),
    });
    let packages = packages.collect();
    let changes = answer.changes.as_ref().map(|rows| {
        let rows = rows.iter().map(|row| JsonChange {
            change: row.what.name(),
            name: answer.word(row.name),
            before: row.before.map(|word| answer.word(word)),
            after: row.after.map(|word| answer.word(word)),
            workspace: row.workspace.as_deref(),
            scope: row.scope.name(),
            direct: row.is_direct,
            via: words(&row.via),
            location: row
                .location
                .as_ref()
                .map(|at| JsonLocation::of(at, places.resolve(is_in_base(row), at))),
            changed_at: row
                .changed_at
                .as_ref()
                .map(|at| JsonLocation::of(at, places.resolve(false, at))),
            standing: JsonStanding::from(&row.standing),
        });
        rows.collect()
    });
    let installations = answer.installations.iter().map(|summary| JsonInstallation {
        path: &summary.path,
        locked: summary.is_locked,
        workspaces: summary.workspaces,
        packages: summary.packages.values().sum(),
    });
    JsonAnswer {
        schema: SCHEMA,
        packages,
        changes,
        installations: installations.collect(),
        unreadable: JsonPassedOver::all(&answer.unreadable),
        not_looked_at: &answer.not_looked_at,
    }
}

/// The scopes are those of the schema.
const _: () = assert!(SCOPES.len() == Scope::ALL.len());
