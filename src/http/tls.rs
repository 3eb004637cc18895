//! Encryption: rustls with ring, and the roots that it trusts.
//!
//! The roots of Mozilla are part of the program, as an image made from scratch has none. What a company adds for its
//! own proxies stands in the files that other programs read too: `SSL_CERT_FILE` (OpenSSL) and `NODE_EXTRA_CA_CERTS`
//! (Node.js and npm).

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

/// The variables that name a file with further roots.
const FILES: [&str; 2] = ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"];

/// What a client trusts and offers.
///
/// # Errors
/// A file of roots that is named and cannot be read.
pub(super) fn config() -> Result<ClientConfig, String> {
    let mut roots: RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
    let mut files: Vec<OsString> = FILES.into_iter().filter_map(variable).collect();
    files.dedup();
    for file in files {
        let path = Path::new(&file);
        let unreadable = |why: &dyn std::fmt::Display| {
            format!(
                "the certificates in {} cannot be read: {why}",
                path.display()
            )
        };
        let pem = read(path).map_err(|error| unreadable(&error))?;
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate = certificate.map_err(|error| unreadable(&error))?;
            // Old roots that rustls does not take are no reason to trust none.
            let _ = roots.add(certificate);
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    // reqwest leaves a configuration that is handed to it as it is.
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the edge: where the machine keeps further roots"
)]
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the edge: roots that the machine trusts"
)]
fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    std::fs::read(path)
}
