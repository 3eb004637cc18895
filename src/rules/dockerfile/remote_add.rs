use std::collections::BTreeSet;

use crate::kubernetes::field::shortened;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::SourceFile;

declare_rule! {
    /// `ADD` fetches a file or a repository without saying what it must be.
    ///
    /// ## Why it matters
    /// Whoever controls the address decides what lands in the image, today and at the next build. Docker compares
    /// nothing unless it is told a checksum.
    ///
    /// ## Example
    /// ```dockerfile bad
    /// FROM debian:13.1-slim
    /// ADD https://example.com/tool-1.2.tar.gz /opt/
    /// USER 1000
    /// ```
    ///
    /// ## Instead
    /// ```dockerfile good
    /// FROM debian:13.1-slim
    /// ADD --checksum=sha256:24454f830cdb571e2c4ad15481119c43b3cafd48dd869a9b2945d1036d1dc68d https://example.com/tool-1.2.tar.gz /opt/
    /// USER 1000
    /// ```
    ///
    /// ## Limits
    /// A git repository is silent with `--checksum` or with a whole commit behind `#`, and told of with a branch or a
    /// tag, which move.
    "dockerfile/remote-add",
    severity: Severity::Medium,
    references: &["CWE-494", "CIS Docker 1.6: 4.9"],
    check: Check::File(check),
}

fn check(file: &SourceFile, _context: &Context, sink: &mut Sink<'_>) {
    let Some(dockerfile) = file.dockerfile() else {
        return;
    };
    let mut told = BTreeSet::new();
    for add in dockerfile.instructions() {
        if add.keyword != "ADD" || add.flag("checksum").is_some() {
            continue;
        }
        let words = dockerfile.words(add);
        for source in words
            .split_last()
            .map(|(_, sources)| sources)
            .unwrap_or_default()
        {
            let address = &*source.text;
            let sentence = if let Some(commit) = git_commit(address) {
                if is_commit(commit) {
                    continue;
                }
                "ADD clones {}, and what it clones may change; put the whole commit behind `#`, or add `--checksum=`"
            } else if is_http(address) {
                "ADD fetches {}, and nothing checks what that is; add `--checksum=sha256:…`"
            } else {
                continue;
            };
            if !told.insert(address.to_owned()) {
                continue;
            }
            sink.report_span(source.span)
                .discriminator(address)
                .say(&sentence.replace("{}", &shortened(address)));
        }
    }
}

fn is_http(address: &str) -> bool {
    address.starts_with("http://") || address.starts_with("https://")
}

/// What a git address asks for behind `#`, as Docker tells these addresses; none for other addresses.
fn git_commit(address: &str) -> Option<&str> {
    let (place, reference) = address.split_once('#').unwrap_or((address, ""));
    let path = place.split('?').next().unwrap_or(place);
    let is_git = address.starts_with("git@")
        || address.starts_with("git://")
        || address.starts_with("ssh://")
        || is_http(place)
            && path
                .trim_end_matches('/')
                .rsplit_once('.')
                .is_some_and(|(_, end)| end == "git");
    // `#commit:folder`
    is_git.then(|| reference.split(':').next().unwrap_or_default())
}

fn is_commit(reference: &str) -> bool {
    [40, 64].contains(&reference.len()) && reference.bytes().all(|byte| byte.is_ascii_hexdigit())
}
