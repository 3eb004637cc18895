use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::{Snapshot, SourceFile};
use crate::syntax::dockerfile::{Dockerfile, Origin, Word};

declare_rule! {
    /// An image holds the settings of npm, with what they give access to.
    ///
    /// ## Why it matters
    /// `.npmrc` is where the token of a registry stands. Copied into the stage that becomes the image, it lies in a layer
    /// that everybody who can pull the image can read, also where a later `RUN rm` takes the file away.
    ///
    /// ## Example
    /// ```dockerfile bad
    /// FROM node:24-alpine
    /// WORKDIR /app
    /// COPY package.json package-lock.json .npmrc ./
    /// RUN npm ci --omit=dev --ignore-scripts
    /// COPY src src
    /// USER node
    /// CMD ["node", "src/server.js"]
    /// ```
    ///
    /// ## Instead
    /// Lend it to the one command that needs it.
    /// ```dockerfile good
    /// FROM node:24-alpine
    /// WORKDIR /app
    /// COPY package.json package-lock.json ./
    /// RUN --mount=type=secret,id=npmrc,target=/app/.npmrc npm ci --omit=dev --ignore-scripts
    /// COPY src src
    /// USER node
    /// CMD ["node", "src/server.js"]
    /// ```
    ///
    /// ## Limits
    /// Only a `COPY` or `ADD` that names the file, in the stages that the image is made of. Nothing is said where the
    /// file stands beside the Dockerfile, or at the root, and holds no credential, or one that is a variable. What a
    /// `COPY . .` takes along is a matter of `.dockerignore`.
    "node/npmrc-shipped",
    severity: Severity::Low,
    references: &["CWE-538", "CWE-522"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    for file in snapshot.files() {
        if let Some(dockerfile) = file.dockerfile() {
            of_dockerfile(snapshot, file, dockerfile, sink);
        }
    }
}

fn of_dockerfile(
    snapshot: &Snapshot,
    file: &SourceFile,
    dockerfile: &Dockerfile,
    sink: &mut Sink<'_>,
) {
    let stages = dockerfile.stages();
    let mut told = false;
    stages.walk(&mut |stage, instruction, _| {
        if told || !["COPY", "ADD"].contains(&&*instruction.keyword) {
            return;
        }
        let words = dockerfile.words(instruction);
        let Some((_, from)) = words.split_last() else {
            return;
        };
        let is_settings = |word: &&Word| word.text.rsplit('/').next() == Some(".npmrc");
        let wanted = from.iter().find(is_settings);
        // `.npmrc*` copies it where there is one.
        let is_sure = wanted.is_some();
        let wanted = wanted.or_else(|| from.iter().find(|word| word.text.ends_with(".npmrc*")));
        let Some(word) = wanted else {
            return;
        };
        let is_of_image = matches!(stages.origin(stage, instruction), Origin::Image(_));
        let path = word.text.trim_end_matches('*');
        let told_here = match held(snapshot, file, path) {
            Some(holds_credential) => holds_credential,
            None => is_sure,
        };
        if is_of_image || !told_here {
            return;
        }
        told = true;
        sink.in_file(&file.path)
            .report_span(word.span)
            .discriminator(".npmrc")
            .say(&format!(
                "{} puts .npmrc into a layer of the image, where whoever pulls it reads the tokens in it; mount it with RUN --mount=type=secret",
                instruction.keyword
            ));
    });
}

/// Whether the file holds a credential of its own; none where it is not here.
fn held(snapshot: &Snapshot, dockerfile: &SourceFile, written: &str) -> Option<bool> {
    let written = written.trim_start_matches("./").trim_start_matches('/');
    let beside = match dockerfile.folder() {
        "" => written.to_owned(),
        folder => format!("{folder}/{written}"),
    };
    let texts = [beside.as_str(), written].into_iter();
    let mut texts = texts
        .filter_map(|path| snapshot.file(path).and_then(SourceFile::lines))
        .peekable();
    texts.peek()?;
    Some(texts.any(|text| text.lines().any(holds_credential)))
}

fn holds_credential(line: &str) -> bool {
    let Some((name, value)) = line.split_once('=') else {
        return false;
    };
    let name = name.trim().rsplit(':').next().unwrap_or_default();
    let names = ["_authToken", "_auth", "_password", "tokenHelper"];
    names.contains(&name) && !value.contains("${")
}
