use crate::kubernetes::exposed::severity;
use crate::kubernetes::field::shortened;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::SourceFile;
use crate::snapshot::credentials::in_settings;
use crate::snapshot::file_kind::FileKind;

declare_rule! {
    /// A file of settings holds a credential.
    ///
    /// ## Why it matters
    /// `.npmrc`, `.yarnrc.yml`, `.env`, `package.json`, lockfiles, the literals and patches of a kustomization, the files that its
    /// generators put into objects, and objects of kinds that others define lie in the repository, in packages and in images. A token of a registry lets everybody who finds it read private packages, and often publish
    /// new versions of them.
    ///
    /// ## Example
    /// ```ini bad
    /// # file: .npmrc
    /// //registry.npmjs.org/:_authToken=tR7kq2Vz9xQ4wL8n
    /// ```
    ///
    /// ## Instead
    /// Name a variable that only the pipeline has, and replace the credential wherever it was valid.
    /// ```ini good
    /// # file: .npmrc
    /// //registry.npmjs.org/:_authToken=${NPM_TOKEN}
    /// ```
    ///
    /// ## Limits
    /// In files that show what another one should hold (`.env.example`, `.env.sample`, `.env.template`, `.env.dist`), and in
    /// comments, only tokens that providers mark as theirs are seen. What a generator is fed with is read in whatever encoding where its name is one of data and settings (any without an extension, `*.txt`, `*.conf`, `*.sh`, `*.xml`), and not where it is one of source code; a value that stands alone there
    /// needs a name, or a key in the generator, that says what it is. Files that only programs name so (`.npmrc.ci`) are not read. Of lockfiles the addresses are. Of a kubeconfig the `users` are. What dotenvx, SOPS, KMS or git-crypt encrypted, hashes of passwords and references to stores of secrets are no credentials. In objects of unknown kinds only tokens of providers, private keys, addresses with a password, and drawn
    /// values beside a `name` that says what they are (`{name: redisPassword, value: …}`), or behind such a key in the values of a chart (`HelmRelease`, `Application`), are seen. In `.env` files a key that says that its value is secret needs a value that looks like one.
    "secret/in-file",
    severity: Severity::High,
    other_severities: &[Severity::Medium],
    references: &["OWASP K8s 2022: K03", "CWE-798", "CWE-312"],
    check: Check::File(check),
}

fn check(file: &SourceFile, _context: &Context, sink: &mut Sink<'_>) {
    let instead = match file.kind() {
        FileKind::NpmSettings | FileKind::YarnSettings => {
            "name a variable that only the pipeline has"
        }
        FileKind::Environment => "keep the file out of the repository",
        FileKind::Kustomization | FileKind::Settings | FileKind::KeyFile => {
            "keep it out of the repository"
        }
        FileKind::Yaml | FileKind::Json => "take it from a Secret that is not in the repository",
        _ => "take it from a variable",
    };
    for held in in_settings(file) {
        sink.report_span(held.line)
            .discriminator(&held.discriminator)
            .severity(severity(&held.found))
            .say(&format!(
                "`{}` holds {}; {instead}, and replace the credential",
                shortened(&held.place),
                held.found.what.name()
            ));
    }
}
