use crate::kubernetes::Object;
use crate::kubernetes::exposed::{literals, severity};
use crate::rule::{Check, Context, Severity, Sink, declare_rule};

declare_rule! {
    /// A Secret holds a credential that is written down in the repository.
    ///
    /// ## Why it matters
    /// Base64 hides nothing: everybody who can read the repository, a copy of it or the log of a pipeline has the
    /// credential, and its history keeps it after it is taken out. A password that is guessed anyway, such as the name of
    /// what it guards, is medium.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: v1
    /// kind: Secret
    /// metadata:
    ///   name: database
    ///   namespace: shop
    /// stringData:
    ///   username: shop
    ///   password: tR7-kq2-Vz9x
    /// ```
    ///
    /// ## Instead
    /// Keep a reference or ciphertext in the repository (External Secrets, Sealed Secrets, SOPS), and replace the
    /// credential wherever it was valid.
    /// ```yaml good
    /// apiVersion: external-secrets.io/v1
    /// kind: ExternalSecret
    /// metadata:
    ///   name: database
    ///   namespace: shop
    /// spec:
    ///   secretStoreRef:
    ///     name: vault
    ///     kind: ClusterSecretStore
    ///   data:
    ///     - secretKey: password
    ///       remoteRef:
    ///         key: shop/database
    /// ```
    ///
    /// ## Limits
    /// Values that stand for others (`changeme`, `my-password`, `${PASSWORD}`), certificates, public keys, hashes,
    /// names of users and hosts, and settings without a credential in them stay silent, as do values that SOPS has
    /// encrypted. Under a key that does not say what it holds, a value must look drawn: a mixture of letters and digits that
    /// no name, host, path, version, identifier or sum has, or a password with small and capital letters, digits and
    /// marks. Passwords that look like plain words are seen only under keys that say what they are.
    "secret/literal",
    severity: Severity::High,
    other_severities: &[Severity::Medium],
    references: &["OWASP K8s 2022: K03", "CWE-798", "CWE-312"],
    check: Check::Object(check),
}

fn check(object: Object<'_>, _context: &Context, sink: &mut Sink<'_>) {
    if object.kind().name != "Secret" {
        return;
    }
    for literal in literals(object.node()) {
        let key = crate::kubernetes::field::shortened(literal.key);
        let hides = if literal.is_encoded {
            ", and Base64 hides nothing"
        } else {
            ""
        };
        sink.report_keyed(literal.node, literal.line)
            .discriminator(&literal.discriminator())
            .severity(severity(&literal.found))
            .say(&format!(
                "{} `{key}` is {} that is written down in the repository{hides}; keep a reference or ciphertext there, and replace the credential",
                literal.field,
                literal.found.what.name(),
            ));
    }
}
