use crate::kubernetes::Object;
use crate::kubernetes::exposed::{exposed, severity};
use crate::rule::{Check, Context, Severity, Sink, declare_rule};

declare_rule! {
    /// A credential is written where everybody can read it who may see the object.
    ///
    /// ## Why it matters
    /// Variables, arguments, annotations, the headers of probes and `ConfigMaps` are shown to whoever may read workloads,
    /// by dashboards and by `kubectl describe`, and lie in the repository for good. The evidence is the value: the token
    /// of a provider, a private key, an address with a password, or a value drawn by lot behind a key that says that it is
    /// secret. What opens little (a default password, half of a pair of keys, a test account) is medium.
    ///
    /// ## Example
    /// ```yaml bad
    /// env:
    ///   - name: DATABASE_URL
    ///     value: postgres://shop:tR7-kq2-Vz9x@database/shop
    /// ```
    ///
    /// ## Instead
    /// Keep it in a Secret that is not in the repository, and replace it wherever it was valid.
    /// ```yaml good
    /// env:
    ///   - name: DATABASE_URL
    ///     valueFrom:
    ///       secretKeyRef:
    ///         name: database
    ///         key: url
    /// ```
    ///
    /// ## Limits
    /// In other fields only tokens of providers, private keys, addresses with a password, drawn values beside a `name` that
    /// says what they are, and the keys of an `EncryptionConfiguration` are seen. Behind a key whose last word tells which secret it is (`DB_PASSWORD_OLD`) only drawn values count. The name of a key alone is no evidence: a plain word behind `PASSWORD` stays silent, as do paths, names of
    /// Secrets, variables, templates, sums and values that stand for others.
    "secret/exposed",
    severity: Severity::High,
    other_severities: &[Severity::Medium],
    references: &["OWASP K8s 2022: K03", "CWE-798", "CWE-526"],
    check: Check::Object(check),
}

fn check(object: Object<'_>, _context: &Context, sink: &mut Sink<'_>) {
    exposed(object, &mut |exposed| {
        for (found, line) in exposed.found.iter().zip(exposed.lines()) {
            sink.report_keyed(exposed.addressed(), line)
                .container(exposed.container)
                .discriminator(&exposed.discriminator(found))
                .severity(severity(found))
                .say(&format!(
                    "{} shows {} to whoever may read the object; take it from a Secret that is not in the repository, and replace it",
                    exposed.place,
                    found.what.name(),
                ));
        }
    });
}
