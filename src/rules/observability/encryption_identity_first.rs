use crate::kubernetes::encryption::{Encryption, Kept};
use crate::kubernetes::{Completeness, Object};
use crate::rule::{Check, Context, Severity, Sink, declare_rule};

declare_rule! {
    /// The API server stores Secrets as they are.
    ///
    /// ## Why it matters
    /// The first provider of the first entry that covers a resource writes it, the others only read. With `identity`
    /// first, or without an entry for Secrets, whoever reads etcd, its disk or a backup has them all, although the
    /// configuration looks as if they were encrypted.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: apiserver.config.k8s.io/v1
    /// kind: EncryptionConfiguration
    /// resources:
    ///   - resources: [secrets]
    ///     providers:
    ///       - identity: {}
    ///       - kms: {apiVersion: v2, name: keys, endpoint: unix:///run/kms/keys.sock}
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: apiserver.config.k8s.io/v1
    /// kind: EncryptionConfiguration
    /// resources:
    ///   - resources: [secrets]
    ///     providers:
    ///       - kms: {apiVersion: v2, name: keys, endpoint: unix:///run/kms/keys.sock}
    ///       - identity: {}
    /// ```
    ///
    /// ## Limits
    /// `identity` comes first for a while where encryption is taken back on purpose: give that a waiver with an end.
    "observability/encryption-identity-first",
    severity: Severity::Medium,
    references: &["OWASP K8s 2022: K08", "CWE-311"],
    check: Check::Object(check),
}

fn check(object: Object<'_>, _context: &Context, sink: &mut Sink<'_>) {
    if object.completeness() != Completeness::Complete {
        return;
    }
    let Some(encryption) = Encryption::of(object) else {
        return;
    };
    match encryption.of_secrets() {
        Kept::Plain(at) => {
            let sentence = "providers begins with identity, so that Secrets are stored as they are; put a provider that \
                            encrypts first";
            sink.report(encryption.resources()).at(at).say(sentence);
        }
        Kept::NotCovered => {
            let sentence = "resources has no entry for secrets, so that they are stored as they are; add one with a \
                            provider that encrypts first";
            sink.report(encryption.resources()).say(sentence);
        }
        Kept::Encrypted => {}
    }
}
