//! The git objects of the repository, with the ids that git gives them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use gix::hash::{Kind as Hash, ObjectId};
use gix::objs::{Kind, compute_hash};

/// A file as a commit has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct File {
    /// As git writes it: `100644`, `100755`, `120000` for a link, `160000` for a commit of another repository.
    pub(crate) mode: &'static str,
    pub(crate) bytes: Vec<u8>,
}

impl<T: AsRef<[u8]>> From<T> for File {
    fn from(bytes: T) -> Self {
        Self {
            mode: "100644",
            bytes: bytes.as_ref().to_vec(),
        }
    }
}

/// All files of a commit by path.
pub(crate) type Files = BTreeMap<String, File>;

/// Files out of names and texts.
pub(crate) fn files<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Files {
    pairs
        .into_iter()
        .map(|(path, text)| (path.to_owned(), File::from(text)))
        .collect()
}

/// Files out of a folder.
pub(crate) fn files_below(root: &Path) -> Files {
    fn walk(root: &Path, folder: &Path, files: &mut Files) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(root, &path, files);
            } else {
                let name = path.strip_prefix(root).expect("it is below");
                let name = name.to_str().expect("it is Unicode").replace('\\', "/");
                files.insert(name, File::from(fs::read(&path).expect("a file")));
            }
        }
    }
    let mut files = Files::new();
    walk(root, root, &mut files);
    files
}

/// One row of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) mode: &'static str,
    pub(crate) name: String,
    pub(crate) id: String,
}

#[derive(Clone, Debug)]
pub(crate) struct Commit {
    pub(crate) tree: String,
    pub(crate) parents: Vec<String>,
    pub(crate) message: String,
}

/// Everything that was ever pushed.
#[derive(Debug, Default)]
pub(crate) struct Objects {
    store: BTreeMap<String, (Kind, Vec<u8>)>,
    trees: BTreeMap<String, Vec<Entry>>,
    commits: BTreeMap<String, Commit>,
}

/// Who wrote all commits, and when.
const SIGNATURE: &str = "a <a@example.com> 1767225600 +0000";

impl Objects {
    fn add(&mut self, kind: Kind, bytes: Vec<u8>) -> String {
        let id = compute_hash(Hash::Sha1, kind, &bytes)
            .expect("it can be hashed")
            .to_string();
        self.store.insert(id.clone(), (kind, bytes));
        id
    }

    /// Stores a commit of these files.
    pub(crate) fn commit(&mut self, files: &Files, parents: &[&str], message: &str) -> String {
        let tree = self.add_tree(files);
        let mut text = format!("tree {tree}\n");
        for parent in parents {
            assert!(self.commits.contains_key(*parent), "there is no {parent}");
            text.push_str(&format!("parent {parent}\n"));
        }
        text.push_str(&format!(
            "author {SIGNATURE}\ncommitter {SIGNATURE}\n\n{message}\n"
        ));
        let id = self.add(Kind::Commit, text.into_bytes());
        let commit = Commit {
            tree,
            parents: parents.iter().map(|id| (*id).to_owned()).collect(),
            message: message.to_owned(),
        };
        self.commits.insert(id.clone(), commit);
        id
    }

    fn add_tree(&mut self, files: &Files) -> String {
        let mut entries = Vec::new();
        let mut folders: BTreeMap<&str, Files> = BTreeMap::new();
        for (path, file) in files {
            if let Some((folder, rest)) = path.split_once('/') {
                let below = folders.entry(folder).or_default();
                below.insert(rest.to_owned(), file.clone());
                continue;
            }
            let id = if file.mode == "160000" {
                String::from_utf8(file.bytes.clone()).expect("the id of a commit elsewhere")
            } else {
                self.add(Kind::Blob, file.bytes.clone())
            };
            entries.push(Entry {
                mode: file.mode,
                name: path.clone(),
                id,
            });
        }
        for (name, below) in &folders {
            entries.push(Entry {
                mode: "40000",
                name: (*name).to_owned(),
                id: self.add_tree(below),
            });
        }
        // git sorts folders as if their names ended in a slash.
        entries.sort_by_key(|entry| match entry.mode {
            "40000" => format!("{}/", entry.name),
            _ => entry.name.clone(),
        });
        let mut bytes = Vec::new();
        for entry in &entries {
            bytes.extend_from_slice(format!("{} {}\0", entry.mode, entry.name).as_bytes());
            let id = ObjectId::from_hex(entry.id.as_bytes()).expect("an id");
            bytes.extend_from_slice(id.as_slice());
        }
        let id = self.add(Kind::Tree, bytes);
        self.trees.insert(id.clone(), entries);
        id
    }

    pub(crate) fn find_commit(&self, id: &str) -> Option<&Commit> {
        self.commits.get(id)
    }

    pub(crate) fn find_tree(&self, id: &str) -> Option<&[Entry]> {
        self.trees.get(id).map(Vec::as_slice)
    }

    pub(crate) fn find_blob(&self, id: &str) -> Option<&[u8]> {
        match self.store.get(id) {
            Some((Kind::Blob, bytes)) => Some(bytes),
            _ => None,
        }
    }

    /// What is below a tree: full paths, folders before what is in them.
    pub(crate) fn walk(&self, tree: &str) -> Vec<Entry> {
        let mut found = Vec::new();
        for entry in self.find_tree(tree).unwrap_or_default() {
            found.push(entry.clone());
            if entry.mode == "40000" {
                for mut below in self.walk(&entry.id) {
                    below.name = format!("{}/{}", entry.name, below.name);
                    found.push(below);
                }
            }
        }
        found
    }

    /// The entries of a commit by path, without its folders.
    pub(crate) fn files_of(&self, commit: &str) -> BTreeMap<String, Entry> {
        let tree = &self.commits[commit].tree;
        self.walk(tree)
            .into_iter()
            .filter(|entry| entry.mode != "40000")
            .map(|entry| (entry.name.clone(), entry))
            .collect()
    }

    /// The bytes of a file of a commit.
    pub(crate) fn read(&self, commit: &str, path: &str) -> Option<&[u8]> {
        let mut tree = self.commits.get(commit)?.tree.clone();
        let mut rest = path;
        while let Some((folder, below)) = rest.split_once('/') {
            let entries = self.find_tree(&tree)?;
            tree = entries
                .iter()
                .find(|entry| entry.name == folder)?
                .id
                .clone();
            rest = below;
        }
        let entry = self
            .find_tree(&tree)?
            .iter()
            .find(|entry| entry.name == rest)?;
        self.find_blob(&entry.id)
    }

    /// A commit and all before it, the nearest first.
    pub(crate) fn ancestry(&self, tip: &str) -> Vec<String> {
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        let mut waiting = VecDeque::from([tip.to_owned()]);
        while let Some(id) = waiting.pop_front() {
            if !seen.insert(id.clone()) {
                continue;
            }
            waiting.extend(self.commits[&id].parents.iter().cloned());
            found.push(id);
        }
        found
    }

    /// Where two commits parted.
    pub(crate) fn merge_base(&self, base: &str, head: &str) -> Option<String> {
        let before_base: BTreeSet<_> = self.ancestry(base).into_iter().collect();
        let mut ancestry = self.ancestry(head).into_iter();
        ancestry.find(|id| before_base.contains(id))
    }

    /// Writes everything as a bare repository that git can clone.
    pub(crate) fn write_to(&self, folder: &Path, refs: &BTreeMap<String, String>) {
        let put = |path: &str, bytes: &[u8]| {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().expect("it has one")).expect("a folder");
            fs::write(path, bytes).expect("a file");
        };
        put("HEAD", b"ref: refs/heads/main\n");
        put(
            "config",
            b"[core]\n\trepositoryformatversion = 0\n\tbare = true\n[uploadpack]\n\tallowAnySHA1InWant = true\n",
        );
        for (id, (kind, bytes)) in &self.store {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
            let head = format!("{kind} {}\0", bytes.len());
            encoder.write_all(head.as_bytes()).expect("memory");
            encoder.write_all(bytes).expect("memory");
            let (folder, file) = id.split_at(2);
            let packed = encoder.finish().expect("memory");
            put(&format!("objects/{folder}/{file}"), &packed);
        }
        for (name, id) in refs {
            put(name, format!("{id}\n").as_bytes());
        }
    }
}
