//! What is said of real changes, read and judged by a person: nothing is said that nobody judged, and no verdict is left
//! over.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use tidegate::run::{Request, run};
use tidegate::verdict::Report;

use crate::corpora;

/// What a person found who read a line: the change or the project by the start of its name, a part of the line, and the
/// verdict.
pub(crate) type Verdict = (&'static str, &'static str, &'static str);

/// Lines with the verdicts of a person: each line has one, and each verdict a line.
pub(crate) struct Judgement {
    verdicts: &'static [Verdict],
    told: String,
    unjudged: Vec<String>,
    used: BTreeSet<usize>,
}

impl Judgement {
    pub(crate) fn of(verdicts: &'static [Verdict]) -> Self {
        Self {
            verdicts,
            told: String::new(),
            unjudged: Vec::new(),
            used: BTreeSet::new(),
        }
    }

    pub(crate) fn take(&mut self, name: &str, line: &str) {
        let found = self
            .verdicts
            .iter()
            .position(|(of, part, _)| name.starts_with(of) && line.contains(part));
        match found {
            Some(number) => {
                self.used.insert(number);
                writeln!(self.told, "{line}\n    {}", self.verdicts[number].2).unwrap();
            }
            None => self.unjudged.push(line.to_owned()),
        }
    }

    /// What a person said of the lines of all real changes; none without the corpus.
    pub(crate) fn of_real_changes<L: IntoIterator<Item = String>>(
        verdicts: &'static [Verdict],
        lines_of: impl Fn(&str, &Report) -> L,
    ) -> Option<String> {
        let mut judgement = Self::of(verdicts);
        for (name, report) in &real_changes()? {
            for line in lines_of(name, report) {
                judgement.take(name, &line);
            }
        }
        Some(judgement.told())
    }

    pub(crate) fn told(self) -> String {
        assert!(
            self.unjudged.is_empty(),
            "nobody judged {:#?}",
            self.unjudged
        );
        let all = 0..self.verdicts.len();
        let idle: Vec<_> = all
            .filter(|number| !self.used.contains(number))
            .map(|number| self.verdicts[number])
            .collect();
        assert!(idle.is_empty(), "nothing is said any more of {idle:#?}");
        self.told
    }
}

pub(crate) fn judged(base: Option<&Path>, head: &Path) -> Report {
    let named = |folder: &Path| format!("{}/", folder.display());
    let request = Request {
        base: base.map(named),
        head: Some(named(head)),
        ..Request::default()
    };
    run(&request).expect("folders can be judged")
}

/// The reports of all real changes, by their names.
fn real_changes() -> Option<Vec<(String, Report)>> {
    let corpus = corpora::folder("prs")?;
    let mut folders: Vec<_> = fs::read_dir(corpus)
        .unwrap()
        .map(|it| it.unwrap().path())
        .filter(|it| it.join("base").is_dir() && it.join("head").is_dir())
        .collect();
    folders.sort();
    let reports = folders.into_iter().map(|folder| {
        let report = judged(Some(&folder.join("base")), &folder.join("head"));
        let name = folder.file_name().unwrap().to_str().unwrap();
        (name.to_owned(), report)
    });
    Some(reports.collect())
}
