//! The inputs of the action: what a workflow writes under `with:`.

use clap::ValueEnum;

use crate::config::{FailOn, OnIncomplete};
use crate::error::Error;
use crate::event::Environment;
use crate::report::review::sticky::SummaryWhen;
use crate::report::sarif::SarifOptions;
use crate::run::governance::Overrides;

/// An input that `action.yml` declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// What is shown and gated.
    Path,
    /// The least severity that blocks.
    FailOn,
    /// Whether findings of the base block as well.
    FailOnExisting,
    /// What an incomplete run ends with.
    OnIncomplete,
    /// Where the SARIF file goes.
    SarifFile,
    /// What paths are relative to.
    WorkingDirectory,
    /// What tells several analyses of one commit apart.
    Category,
    /// Whether the network is left alone.
    Offline,
    /// The database of advisories.
    Database,
    /// What GitHub is asked with, and told.
    GithubToken,
    /// Whether findings are commented on the changed lines.
    Review,
    /// When there is a summary comment.
    Summary,
    /// Whether the SARIF file is handed to code scanning.
    UploadSarif,
    /// Where the report goes.
    ReportFile,
}

impl Input {
    /// All inputs, in the order of `action.yml`.
    pub const ALL: [Self; 14] = [
        Self::Path,
        Self::FailOn,
        Self::FailOnExisting,
        Self::OnIncomplete,
        Self::SarifFile,
        Self::WorkingDirectory,
        Self::Category,
        Self::Offline,
        Self::Database,
        Self::GithubToken,
        Self::Review,
        Self::Summary,
        Self::UploadSarif,
        Self::ReportFile,
    ];

    /// The name under `with:`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::FailOn => "fail-on",
            Self::FailOnExisting => "fail-on-existing",
            Self::OnIncomplete => "on-incomplete",
            Self::SarifFile => "sarif-file",
            Self::WorkingDirectory => "working-directory",
            Self::Category => "category",
            Self::Offline => "offline",
            Self::Database => "database",
            Self::GithubToken => "github-token",
            Self::Review => "review",
            Self::Summary => "summary",
            Self::UploadSarif => "upload-sarif",
            Self::ReportFile => "report-file",
        }
    }

    /// What holds where nothing is written.
    #[must_use]
    pub fn default(self) -> &'static str {
        match self {
            Self::Path | Self::WorkingDirectory => ".",
            Self::FailOnExisting | Self::Offline | Self::UploadSarif => "false",
            Self::Review => "true",
            Self::Summary => "auto",
            Self::SarifFile => "tidegate.sarif",
            Self::ReportFile => "tidegate.json",
            // The runner puts the token in its place. It is no variable here: see `Environment::connection`.
            Self::GithubToken => "${{ github.token }}",
            // What is not said is as configured.
            Self::FailOn | Self::OnIncomplete | Self::Category | Self::Database => "",
        }
    }

    fn read(self, environment: &Environment) -> &str {
        environment
            .input(self.name())
            .unwrap_or_else(|| self.default())
    }

    /// A file below the workspace.
    fn file(self, environment: &Environment) -> Result<Inside, Error> {
        let file = self.read(environment);
        let inside = self.path(environment, file)?;
        if inside.parts().is_empty() || file.ends_with('/') {
            return Err(self.refuse(file, "name a file"));
        }
        Ok(inside)
    }

    /// What is written; none where nothing is, so that the configuration says.
    fn choice<T: ValueEnum>(self, environment: &Environment) -> Result<Option<T>, Error> {
        let value = self.read(environment);
        if value.is_empty() {
            return Ok(None);
        }
        T::from_str(value, true).map(Some).map_err(|_| {
            let choices: Vec<String> = T::value_variants()
                .iter()
                .filter_map(ValueEnum::to_possible_value)
                .map(|value| value.get_name().to_owned())
                .collect();
            self.refuse(value, &format!("write one of {}", choices.join(", ")))
        })
    }

    fn flag(self, environment: &Environment) -> Result<bool, Error> {
        let value = self.read(environment);
        match value.to_ascii_lowercase().as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(self.refuse(value, "write true or false")),
        }
    }

    fn path(self, environment: &Environment, text: &str) -> Result<Inside, Error> {
        let workspace = environment.get("GITHUB_WORKSPACE");
        Inside::parse(text, workspace).map_err(|why| self.refuse(text, why))
    }

    fn refuse(self, value: &str, why: &str) -> Error {
        let shown: String = value.chars().take(200).collect();
        Error::Usage(format!(
            "the input {} is '{}': {why}",
            self.name(),
            shown.escape_debug()
        ))
    }
}

/// A path that stays below the workspace by its letters alone: its parts, without `.` and `..`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inside(Vec<String>);

impl Inside {
    /// Reads a path; an absolute one must lie below `workspace`.
    fn parse(text: &str, workspace: Option<&str>) -> Result<Self, &'static str> {
        let relative = match (text.starts_with('/'), workspace) {
            (false, _) => text,
            (true, None) => return Err("it must be relative to the workspace"),
            (true, Some(workspace)) => text
                .strip_prefix(workspace.trim_end_matches('/'))
                .filter(|rest| rest.is_empty() || rest.starts_with('/'))
                .ok_or("it lies outside of the workspace; write it relative to it")?,
        };
        let mut parts = Vec::new();
        for part in relative.split('/') {
            if part == ".." {
                return Err("it must not contain `..`");
            }
            if part.contains(|character: char| character.is_control() || character == '\\') {
                return Err("it must not contain control characters or backslashes");
            }
            if part.eq_ignore_ascii_case(".git") {
                return Err("it must not lie in .git");
            }
            if !part.is_empty() && part != "." {
                parts.push(part.to_owned());
            }
        }
        Ok(Self(parts))
    }

    /// The parts, from the workspace down.
    #[must_use]
    pub fn parts(&self) -> &[String] {
        &self.0
    }

    /// This path below another one.
    #[must_use]
    pub fn below(&self, folder: &[String]) -> String {
        [folder, &self.0].concat().join("/")
    }
}

impl std::fmt::Display for Inside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join("/"))
    }
}

/// What a workflow asked for.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// What is shown and gated, below the working directory; never empty.
    pub paths: Vec<Inside>,
    /// What counts for more than the configuration.
    pub overrides: Overrides,
    /// Where the SARIF file goes, below the workspace.
    pub sarif_file: Inside,
    /// Where the report goes, below the workspace.
    pub report_file: Inside,
    /// True if findings are commented on the changed lines.
    pub review: bool,
    /// When there is a summary comment.
    pub summary: SummaryWhen,
    /// True if the SARIF file is handed to code scanning.
    pub upload_sarif: bool,
    /// What paths are relative to, below the workspace.
    pub working_directory: Inside,
    /// What tells this analysis from others of the same commit.
    pub category: String,
    /// True if no network is used.
    pub offline: bool,
    /// The database of advisories, below the workspace, where one is named.
    pub database: Option<Inside>,
}

impl Inputs {
    /// The files that a run would write, as far as their own inputs make sense, whatever is wrong with others.
    #[must_use]
    pub fn files(environment: &Environment) -> [Option<Inside>; 2] {
        [Input::SarifFile, Input::ReportFile].map(|input| input.file(environment).ok())
    }

    /// Reads the inputs.
    ///
    /// # Errors
    /// [`Error::Usage`] if one of them makes no sense.
    pub fn read(environment: &Environment) -> Result<Self, Error> {
        let paths: Vec<Inside> = Input::Path
            .read(environment)
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .map(|line| Input::Path.path(environment, line))
            .collect::<Result<_, _>>()?;
        let overrides = Overrides {
            fail_on: Input::FailOn.choice::<FailOn>(environment)?,
            fail_on_existing: Input::FailOnExisting.flag(environment)?,
            on_incomplete: Input::OnIncomplete.choice::<OnIncomplete>(environment)?,
        };
        let sarif_file = Input::SarifFile.file(environment)?;
        let report_file = Input::ReportFile.file(environment)?;
        if report_file == sarif_file {
            let name = report_file.to_string();
            return Err(Input::ReportFile.refuse(&name, "that is the SARIF file; name another"));
        }
        let folder = Input::WorkingDirectory.read(environment);
        let working_directory = Input::WorkingDirectory.path(environment, folder)?;
        let file = Input::Database.read(environment);
        let database = if file.is_empty() {
            None
        } else {
            Some(Input::Database.path(environment, file)?)
        };
        Ok(Self {
            offline: Input::Offline.flag(environment)?,
            database,
            paths,
            overrides,
            sarif_file,
            report_file,
            review: Input::Review.flag(environment)?,
            summary: Input::Summary
                .choice(environment)?
                .unwrap_or(SummaryWhen::Auto),
            upload_sarif: Input::UploadSarif.flag(environment)?,
            category: category(environment, &working_directory)?,
            working_directory,
        })
    }
}

fn category(environment: &Environment, working_directory: &Inside) -> Result<String, Error> {
    let category = Input::Category.read(environment);
    if category.chars().any(char::is_control) || category.chars().count() > 200 {
        return Err(Input::Category.refuse(category, "write one short line"));
    }
    let category = category.trim_matches('/');
    Ok(if !category.is_empty() {
        category.to_owned()
    } else if working_directory.parts().is_empty() {
        SarifOptions::default().category
    } else {
        working_directory.to_string()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(inputs: &[(&str, &str)]) -> Result<Inputs, Error> {
        let mut variables = vec![(
            "GITHUB_WORKSPACE".to_owned(),
            "/github/workspace".to_owned(),
        )];
        for (name, value) in inputs {
            variables.push((
                format!("INPUT_{}", name.to_uppercase()),
                (*value).to_owned(),
            ));
        }
        Inputs::read(&variables.into_iter().collect())
    }

    fn error(name: &str, value: &str) -> String {
        match read(&[(name, value)]) {
            Err(Error::Usage(text)) => text,
            other => panic!("{name}: {value}: {other:?}"),
        }
    }

    #[test]
    fn nothing_written_means_the_defaults() {
        let inputs = read(&[("fail-on", ""), ("path", " \n")]).unwrap();
        assert_eq!(inputs.paths, [Inside::default()]);
        assert_eq!(inputs.overrides.fail_on, None);
        assert!(!inputs.overrides.fail_on_existing);
        assert_eq!(inputs.overrides.on_incomplete, None);
        assert_eq!(inputs.sarif_file.to_string(), "tidegate.sarif");
        assert_eq!(inputs.category, "check");
    }

    #[test]
    fn inputs_are_read_as_people_write_them() {
        let inputs = read(&[
            (
                "path",
                "./deploy/\n\n  charts//web\n/github/workspace/k8s\n",
            ),
            ("fail-on", "Never"),
            ("fail-on-existing", "TRUE"),
            ("on-incomplete", "pass"),
            ("sarif-file", "out/./a.sarif"),
            ("working-directory", "services/cart"),
        ])
        .unwrap();
        let paths: Vec<String> = inputs.paths.iter().map(Inside::to_string).collect();
        assert_eq!(paths, ["deploy", "charts/web", "k8s"]);
        assert_eq!(inputs.overrides.fail_on, Some(FailOn::Never));
        assert!(inputs.overrides.fail_on_existing);
        assert_eq!(inputs.overrides.on_incomplete, Some(OnIncomplete::Pass));
        assert_eq!(inputs.sarif_file.to_string(), "out/a.sarif");
        assert_eq!(inputs.category, "services/cart");
        let inputs = read(&[("category", "web/"), ("working-directory", "a")]).unwrap();
        assert_eq!(inputs.category, "web");
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        for (name, value, expected) in [
            ("fail-on", "severe", "critical, high, medium, low, never"),
            ("fail-on-existing", "yes", "true or false"),
            ("on-incomplete", "ignore", "fail, pass"),
            ("sarif-file", "../x.sarif", "`..`"),
            ("report-file", "../x.json", "`..`"),
            ("report-file", "./tidegate.sarif", "name another"),
            ("review", "maybe", "true or false"),
            ("summary", "sometimes", "auto, always, never"),
            ("sarif-file", "a/../../x", "`..`"),
            ("sarif-file", "/etc/x", "outside"),
            ("sarif-file", "/github/workspace-2/x", "outside"),
            ("sarif-file", "./", "name a file"),
            ("sarif-file", ".GIT/hooks/x", ".git"),
            ("sarif-file", "a\nb=c", "control"),
            ("working-directory", "..", "`..`"),
            ("path", "a\n../b", "`..`"),
            ("category", "a\u{7}b", "one short line"),
        ] {
            let text = error(name, value);
            assert!(
                text.starts_with(&format!("the input {name} is '")),
                "{text}"
            );
            assert!(text.contains(expected), "{text}");
        }
    }
}
