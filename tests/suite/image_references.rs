//! References to images, taken apart as container runtimes take them apart.

use proptest::prelude::*;
use tidegate::kubernetes::image::{ImageReference, Invalid};

const SHA: &str = "sha256:8f3c0e6f5f3f8d4c3f0b1c5b7f0e5d9a2b6c4d8e1f7a9b3c5d7e9f1a3b5c7d9e";

/// Registry, repository, familiar name and tag.
#[test]
fn names_are_completed() {
    for (text, name, familiar, tag) in [
        ("node", "docker.io/library/node", "node", None),
        (
            "node:22-alpine",
            "docker.io/library/node",
            "node",
            Some("22-alpine"),
        ),
        ("library/node", "docker.io/library/node", "node", None),
        (
            "docker.io/node:22",
            "docker.io/library/node",
            "node",
            Some("22"),
        ),
        (
            "docker.io/library/node",
            "docker.io/library/node",
            "node",
            None,
        ),
        (
            "index.docker.io/acme/shop:1.2.3",
            "docker.io/acme/shop",
            "acme/shop",
            Some("1.2.3"),
        ),
        ("acme/shop", "docker.io/acme/shop", "acme/shop", None),
        ("library/a/b", "docker.io/library/a/b", "library/a/b", None),
        ("localhost/shop", "localhost/shop", "localhost/shop", None),
        (
            "localhost:5000/shop:1",
            "localhost:5000/shop",
            "localhost:5000/shop",
            Some("1"),
        ),
        (
            "registry:5000/app",
            "registry:5000/app",
            "registry:5000/app",
            None,
        ),
        (
            "registry:5000",
            "docker.io/library/registry",
            "registry",
            Some("5000"),
        ),
        (
            "GHCR.io/acme/shop",
            "ghcr.io/acme/shop",
            "ghcr.io/acme/shop",
            None,
        ),
        (
            "[fd00::1]:5000/app:v1",
            "[fd00::1]:5000/app",
            "[fd00::1]:5000/app",
            Some("v1"),
        ),
        (
            "10.0.0.1/a--b/c__d.e:_x",
            "10.0.0.1/a--b/c__d.e",
            "10.0.0.1/a--b/c__d.e",
            Some("_x"),
        ),
    ] {
        let image = ImageReference::parse(text).unwrap_or_else(|why| panic!("{text}: {why}"));
        assert_eq!(image.name(), name, "{text}");
        assert_eq!(image.familiar_name(), familiar, "{text}");
        assert_eq!(image.tag(), tag, "{text}");
        assert_eq!(
            image.effective_tag(),
            Some(tag.unwrap_or("latest")),
            "{text}"
        );
    }
}

#[test]
fn a_digest_decides() {
    let text = format!("registry.example.com:5000/acme/shop:1.2@{SHA}");
    let image = ImageReference::parse(&text).unwrap();
    assert_eq!(image.digest(), Some(SHA));
    assert_eq!(image.tag(), Some("1.2"));
    assert_eq!(image.effective_tag(), None);
    assert_eq!(image.registry(), "registry.example.com:5000");
}

#[test]
fn official_images_are_known() {
    for text in [
        "node",
        "library/node:22",
        "docker.io/library/node",
        "index.docker.io/node",
    ] {
        assert_eq!(
            ImageReference::parse(text).unwrap().official(),
            Some("node"),
            "{text}"
        );
    }
    for text in [
        "acme/node",
        "ghcr.io/library/node",
        "localhost/node",
        "library/a/node",
    ] {
        assert_eq!(
            ImageReference::parse(text).unwrap().official(),
            None,
            "{text}"
        );
    }
}

#[test]
fn what_no_runtime_accepts_says_why() {
    let identifier = "a".repeat(64);
    let (long_tag, long_path) = (format!("a:{}", "b".repeat(129)), "a".repeat(256));
    let (short, upper) = (
        format!("a@{}", &SHA[..20]),
        format!("a@{}", SHA.to_uppercase()),
    );
    let other = format!("a@md5:{}", "a".repeat(32));
    for (text, why) in [
        ("", Invalid::Empty),
        (" node", Invalid::Whitespace),
        ("node\n", Invalid::Whitespace),
        ("Node", Invalid::Capitals),
        ("acme/Shop:1", Invalid::Capitals),
        ("ghcr.io/", Invalid::Path),
        ("a//b", Invalid::Path),
        ("a/_b", Invalid::Path),
        ("a..b", Invalid::Path),
        ("a___b", Invalid::Path),
        ("/a", Invalid::Path),
        (":tag", Invalid::Path),
        ("https://ghcr.io/acme/shop", Invalid::Domain),
        ("-a.example.com/b", Invalid::Domain),
        ("a.example.com:/b", Invalid::Domain),
        ("a:", Invalid::Tag),
        ("a:.b", Invalid::Tag),
        ("a:b:c", Invalid::Tag),
        ("a:$TAG", Invalid::Tag),
        ("a@", Invalid::Digest),
        ("a@sha256", Invalid::Digest),
        (&short, Invalid::Digest),
        (&upper, Invalid::Algorithm),
        (&other, Invalid::Algorithm),
        (&identifier, Invalid::Identifier),
        (&long_tag, Invalid::Tag),
        (&long_path, Invalid::TooLong),
    ] {
        assert_eq!(ImageReference::parse(text), Err(why), "{text}");
    }
}

fn segment() -> impl Strategy<Value = String> {
    "[a-z0-9]{1,6}((\\.|_|__|-{1,3})[a-z0-9]{1,4}){0,2}"
}

fn host() -> impl Strategy<Value = String> {
    "[a-z0-9]([a-z0-9-]{0,5}[a-z0-9])?(\\.[a-z0-9]{1,4}){1,3}(:[0-9]{1,5})?"
}

proptest! {
    #[test]
    fn what_is_put_together_comes_apart_again(
        host in proptest::option::of(host()),
        segments in proptest::collection::vec(segment(), 1..4),
        tag in proptest::option::of("[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}"),
        digest in proptest::option::of("sha256:[0-9a-f]{64}"),
    ) {
        let path = segments.join("/");
        // Without a host, a first segment with a dot would be one.
        let first = segments.first().map(String::as_str).unwrap_or_default();
        prop_assume!(host.is_some() || !first.contains('.') && first != "localhost" || segments.len() == 1);
        let mut text = host.as_ref().map_or_else(String::new, |host| format!("{host}/"));
        text.push_str(&path);
        text.extend(tag.iter().map(|tag| format!(":{tag}")));
        text.extend(digest.iter().map(|digest| format!("@{digest}")));
        let image = ImageReference::parse(&text).unwrap();
        prop_assert_eq!(image.to_string(), text.clone());
        prop_assert_eq!(image.tag(), tag.as_deref());
        prop_assert_eq!(image.digest(), digest.as_deref());
        prop_assert_eq!(&*image.registry(), host.as_deref().unwrap_or("docker.io"));
        prop_assert!(image.repository().ends_with(&path));
        // What is completed means the same, and is complete.
        for name in [image.name(), image.familiar_name()] {
            let again = ImageReference::parse(&name).unwrap();
            prop_assert_eq!(again.name(), image.name());
            prop_assert_eq!(again.familiar_name(), image.familiar_name());
        }
    }

    #[test]
    fn any_text_is_answered(text in "\\PC{0,40}|[a-zA-Z0-9:/@.\\[\\]_-]{0,40}") {
        if let Ok(image) = ImageReference::parse(&text) {
            prop_assert_eq!(image.to_string(), text.clone());
            prop_assert!(ImageReference::parse(&image.name()).is_ok());
        }
    }
}
