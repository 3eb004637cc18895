use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::{Snapshot, SourceFile};
use crate::syntax::dockerfile::{Dockerfile, Origin};

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
        let mut words = dockerfile.words(instruction);
        words.pop();
        let is_settings = |text: &str| text.rsplit('/').next() == Some(".npmrc");
        let Some(word) = words.into_iter().find(|word| is_settings(&word.text)) else {
            return;
        };
        let is_of_image = matches!(stages.origin(stage, instruction), Origin::Image(_));
        if is_of_image || is_harmless(snapshot, file, &word.text) {
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

/// True if the file is here and holds no credential of its own.
fn is_harmless(snapshot: &Snapshot, dockerfile: &SourceFile, written: &str) -> bool {
    let written = written.trim_start_matches("./").trim_start_matches('/');
    let beside = match dockerfile.folder() {
        "" => written.to_owned(),
        folder => format!("{folder}/{written}"),
    };
    let mut found = false;
    for path in [beside.as_str(), written] {
        if let Some(text) = snapshot.file(path).and_then(SourceFile::lines) {
            found = true;
            if text.lines().any(holds_credential) {
                return false;
            }
        }
    }
    found
}

fn holds_credential(line: &str) -> bool {
    let Some((name, value)) = line.split_once('=') else {
        return false;
    };
    let name = name.trim().rsplit(':').next().unwrap_or_default();
    let names = ["_authToken", "_auth", "_password", "tokenHelper"];
    names.contains(&name) && !value.contains("${")
}
