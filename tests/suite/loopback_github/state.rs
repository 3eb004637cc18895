//! What this GitHub knows: one repository, its pull requests, and what was said about them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::anchors::{Anchors, Side, follow};
use super::difference::{FileChange, PatchLimits, changes};
use super::objects::{Files, Objects};
use super::record::Recorded;
use super::trouble::Trouble;

/// How far a permission reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Access {
    Read,
    Write,
}

/// The token of a run, and what its workflow asked for.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) value: String,
    /// With `[bot]`, as GitHub shows it nearly everywhere.
    pub(crate) login: String,
    pub(crate) permissions: BTreeMap<&'static str, Access>,
}

impl Token {
    /// What the workflows in the README ask for.
    pub(crate) fn usual() -> Self {
        Self {
            value: "ghs_tOkEnOfThIsRun0123456789".to_owned(),
            login: "github-actions[bot]".to_owned(),
            permissions: BTreeMap::from([
                ("contents", Access::Read),
                ("pull_requests", Access::Write),
                ("security_events", Access::Write),
            ]),
        }
    }

    pub(crate) fn may(&self, permission: &str, access: Access) -> bool {
        self.permissions
            .get(permission)
            .is_some_and(|held| *held >= access)
    }
}

/// The figures that GitHub has limits on, which a test can lower.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    pub(crate) patch: PatchLimits,
    pub(crate) listed_files: usize,
    pub(crate) compared_files: usize,
    pub(crate) tree_entries: usize,
    /// Requests that create content, before GitHub calls it too many.
    pub(crate) writes: usize,
    /// From how many bytes on GraphQL cuts the text of a blob.
    pub(crate) blob_text: usize,
    pub(crate) sarif_bytes: usize,
    /// How often an upload is still pending when asked for.
    pub(crate) sarif_polls: u32,
}

impl Default for Figures {
    fn default() -> Self {
        Self {
            patch: PatchLimits::default(),
            listed_files: 3_000,
            compared_files: 300,
            tree_entries: 100_000,
            writes: 80,
            blob_text: 512_000,
            sarif_bytes: 10 << 20,
            sarif_polls: 1,
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Pull {
    pub(crate) number: u64,
    pub(crate) title: String,
    pub(crate) author: String,
    pub(crate) state: &'static str,
    pub(crate) is_draft: bool,
    pub(crate) base_ref: String,
    pub(crate) base: String,
    pub(crate) head_ref: String,
    pub(crate) head: String,
    /// All heads that it ever had.
    pub(crate) heads: Vec<String>,
    pub(crate) merge: String,
    /// None once a fork was deleted.
    pub(crate) head_repository: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct IssueComment {
    pub(crate) id: u64,
    pub(crate) pull: u64,
    pub(crate) author: String,
    pub(crate) body: String,
    pub(crate) edits: usize,
    pub(crate) minimized: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Review {
    pub(crate) id: u64,
    pub(crate) pull: u64,
    pub(crate) author: String,
    pub(crate) body: String,
    /// `PENDING` is seen by its author alone.
    pub(crate) state: &'static str,
    pub(crate) commit: String,
}

#[derive(Clone, Debug)]
pub(crate) struct ReviewComment {
    pub(crate) id: u64,
    pub(crate) pull: u64,
    pub(crate) review: Option<u64>,
    pub(crate) thread: usize,
    pub(crate) reply_to: Option<u64>,
    pub(crate) author: String,
    pub(crate) body: String,
    pub(crate) edits: usize,
    pub(crate) minimized: Option<String>,
    pub(crate) path: String,
    pub(crate) side: Side,
    pub(crate) start_side: Option<Side>,
    /// None once it is outdated, and for a comment on a file.
    pub(crate) line: Option<u64>,
    pub(crate) start_line: Option<u64>,
    pub(crate) original_line: Option<u64>,
    pub(crate) original_start_line: Option<u64>,
    pub(crate) is_on_file: bool,
    pub(crate) commit: String,
    pub(crate) original_commit: String,
    pub(crate) hunk: String,
}

#[derive(Clone, Debug)]
pub(crate) struct Thread {
    pub(crate) pull: u64,
    /// Who closed it.
    pub(crate) resolved_by: Option<String>,
}

/// A SARIF file that was taken.
#[derive(Clone, Debug)]
pub(crate) struct Upload {
    pub(crate) id: String,
    pub(crate) commit: String,
    pub(crate) reference: String,
    pub(crate) sarif: Value,
    pub(crate) polls: u32,
    pub(crate) errors: Vec<String>,
}

/// Everything.
pub(crate) struct State {
    /// Where it is served, without a slash at the end.
    pub(crate) origin: String,
    /// Where archives are served, which is elsewhere.
    pub(crate) archive_origin: String,
    /// True for a GitHub Enterprise Server: other paths, and no limits.
    pub(crate) is_enterprise: bool,
    /// `owner/name`.
    pub(crate) repository: String,
    /// What it was called before, which a runner that started then still calls it.
    pub(crate) former_name: Option<String>,
    pub(crate) is_private: bool,
    pub(crate) has_code_security: bool,
    pub(crate) token: Token,
    pub(crate) figures: Figures,
    pub(crate) objects: Objects,
    pub(crate) branches: BTreeMap<String, String>,
    pub(crate) pulls: BTreeMap<u64, Pull>,
    pub(crate) issue_comments: Vec<IssueComment>,
    pub(crate) reviews: Vec<Review>,
    pub(crate) review_comments: Vec<ReviewComment>,
    pub(crate) threads: Vec<Thread>,
    pub(crate) uploads: Vec<Upload>,
    /// What `export-ignore` in `.gitattributes` keeps out of archives.
    pub(crate) export_ignored: BTreeSet<String>,
    pub(crate) troubles: Vec<Trouble>,
    pub(crate) requests: Vec<Recorded>,
    pub(crate) written: usize,
    differences: BTreeMap<(String, String), Arc<Vec<FileChange>>>,
    last_id: u64,
}

impl State {
    /// A public repository `shop/deploy` with one commit on `main`.
    pub(crate) fn new(files: &Files) -> Self {
        let mut objects = Objects::default();
        let main = objects.commit(files, &[], "start");
        Self {
            origin: String::new(),
            archive_origin: String::new(),
            is_enterprise: false,
            repository: "shop/deploy".to_owned(),
            former_name: None,
            is_private: false,
            has_code_security: true,
            token: Token::usual(),
            figures: Figures::default(),
            objects,
            branches: BTreeMap::from([("main".to_owned(), main)]),
            pulls: BTreeMap::new(),
            issue_comments: Vec::new(),
            reviews: Vec::new(),
            review_comments: Vec::new(),
            threads: Vec::new(),
            uploads: Vec::new(),
            export_ignored: BTreeSet::new(),
            troubles: Vec::new(),
            requests: Vec::new(),
            written: 0,
            differences: BTreeMap::new(),
            last_id: 1_000,
        }
    }

    pub(crate) fn main(&self) -> String {
        self.branches["main"].clone()
    }

    pub(crate) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// Puts a commit on `main`.
    pub(crate) fn push_main(&mut self, files: &Files) -> String {
        let parent = self.main();
        let id = self.objects.commit(files, &[&parent], "go on");
        self.branches.insert("main".to_owned(), id.clone());
        id
    }

    /// Opens a pull request that leaves `main` where it is, with these files.
    pub(crate) fn open_pull(&mut self, number: u64, files: &Files) -> &mut Pull {
        let base = self.main();
        let head = self.objects.commit(files, &[&base], "change");
        let merge = self.objects.commit(files, &[&base, &head], "test merge");
        let pull = Pull {
            number,
            title: "A change".to_owned(),
            author: "author".to_owned(),
            state: "open",
            is_draft: false,
            base_ref: "main".to_owned(),
            base,
            head_ref: "feature".to_owned(),
            heads: vec![head.clone()],
            head,
            merge,
            head_repository: Some(self.repository.clone()),
        };
        self.pulls.insert(number, pull);
        self.pulls.get_mut(&number).expect("it was just put there")
    }

    /// Puts a commit on a pull request. Comments follow their lines from where they were written, or are outdated until
    /// these are back.
    pub(crate) fn push(&mut self, number: u64, files: &Files) -> String {
        let pull = &self.pulls[&number];
        let (base, before) = (pull.base.clone(), pull.head.clone());
        let head = self.objects.commit(files, &[&before], "next");
        let merge = self.objects.commit(files, &[&base, &head], "test merge");
        let pull = self.pulls.get_mut(&number).expect("it is there");
        pull.heads.push(head.clone());
        pull.head.clone_from(&head);
        pull.merge = merge;
        self.move_comments(number, &head);
        head
    }

    fn move_comments(&mut self, number: u64, head: &str) {
        let diff = self.pull_files(number);
        let objects = &self.objects;
        let comments = &mut self.review_comments;
        for comment in comments
            .iter_mut()
            .filter(|comment| comment.pull == number && !comment.is_on_file)
        {
            head.clone_into(&mut comment.commit);
            let Some(line) = comment.original_line else {
                continue;
            };
            let anchors = diff
                .iter()
                .find(|file| file.path == comment.path)
                .and_then(|file| file.patch.as_deref())
                .map(Anchors::of)
                .unwrap_or_default();
            let place = |line| -> Option<u64> {
                let line = match comment.side {
                    Side::Left => line,
                    Side::Right => {
                        let read = |commit| {
                            let bytes = objects.read(commit, &comment.path)?;
                            std::str::from_utf8(bytes).ok()
                        };
                        follow(line, read(&comment.original_commit)?, read(head)?)?
                    }
                };
                anchors.hunk_of(comment.side, line).map(|_| line)
            };
            let moved = (place(line), comment.original_start_line.map(place));
            (comment.line, comment.start_line) = match moved {
                (Some(line), None) => (Some(line), None),
                (Some(line), Some(Some(start))) => (Some(line), Some(start)),
                _ => (None, None),
            };
        }
    }

    /// What a pull request changes, up to one of its heads.
    pub(crate) fn pull_files_at(&mut self, number: u64, head: &str) -> Arc<Vec<FileChange>> {
        let base = self.pulls[&number].base.clone();
        let parted = self.objects.merge_base(&base, head).unwrap_or(base);
        self.difference(&parted, head)
    }

    pub(crate) fn pull_files(&mut self, number: u64) -> Arc<Vec<FileChange>> {
        let head = self.pulls[&number].head.clone();
        self.pull_files_at(number, &head)
    }

    pub(crate) fn difference(&mut self, base: &str, head: &str) -> Arc<Vec<FileChange>> {
        let key = (base.to_owned(), head.to_owned());
        if let Some(known) = self.differences.get(&key) {
            return Arc::clone(known);
        }
        let found = Arc::new(changes(&self.objects, base, head, self.figures.patch));
        self.differences.insert(key, Arc::clone(&found));
        found
    }

    /// All refs, as a clone sees them.
    pub(crate) fn refs(&self) -> BTreeMap<String, String> {
        let mut refs: BTreeMap<String, String> = self
            .branches
            .iter()
            .map(|(name, id)| (format!("refs/heads/{name}"), id.clone()))
            .collect();
        for pull in self.pulls.values() {
            let number = pull.number;
            refs.insert(format!("refs/pull/{number}/head"), pull.head.clone());
            refs.insert(format!("refs/pull/{number}/merge"), pull.merge.clone());
        }
        refs
    }

    /// A person says something below a pull request.
    pub(crate) fn say(&mut self, pull: u64, author: &str, body: &str) -> u64 {
        let id = self.next_id();
        self.issue_comments.push(IssueComment {
            id,
            pull,
            author: author.to_owned(),
            body: body.to_owned(),
            edits: 0,
            minimized: None,
        });
        id
    }

    /// A person answers a review comment.
    pub(crate) fn reply(&mut self, to: u64, author: &str, body: &str) -> u64 {
        let id = self.next_id();
        let found = self.review_comments.iter().find(|comment| comment.id == to);
        let mut comment = found.expect("there is something to answer").clone();
        comment.id = id;
        comment.reply_to = Some(comment.reply_to.unwrap_or(to));
        author.clone_into(&mut comment.author);
        body.clone_into(&mut comment.body);
        (comment.edits, comment.minimized) = (0, None);
        self.review_comments.push(comment);
        id
    }

    /// Review comments of the run's own token.
    pub(crate) fn own_comments(&self) -> Vec<&ReviewComment> {
        let all = self.review_comments.iter();
        all.filter(|comment| comment.author == self.token.login)
            .collect()
    }

    /// The summaries of the run's own token.
    pub(crate) fn own_summaries(&self) -> Vec<&IssueComment> {
        let all = self.issue_comments.iter();
        all.filter(|comment| comment.author == self.token.login)
            .collect()
    }

    /// Takes permissions away.
    pub(crate) fn withhold(&mut self, permissions: &[&str]) {
        let withheld: BTreeSet<_> = permissions.iter().copied().collect();
        self.token
            .permissions
            .retain(|name, _| !withheld.contains(name));
    }
}
