//! Images that bring Node.js, and which version.
//!
//! A name with "node" in it says little: `node-exporter` watches machines, `csi-node-driver-registrar` runs on each,
//! `calico/node`, `kindest/node` and many a blockchain are nodes of something. Only names that are known to mean the
//! runtime count, and for others the shape of the tag must be that of the official image.

use super::node_release::Line;
use super::node_version::NodeVersion;

/// An image that brings Node.js.
#[derive(Clone, Debug)]
pub struct NodeImage {
    /// The version, where name or tag say one.
    pub version: Option<NodeVersion>,
}

/// What stands behind the version in tags of the official image.
const VARIANTS: [&str; 10] = [
    "alpine", "bookworm", "bullseye", "buster", "jessie", "slim", "stretch", "trixie", "wheezy",
    "onbuild",
];

/// Who publishes the runtime under the name `node`, or a mirror of it; as the last parts of the path.
const PUBLISHERS: [&str; 12] = [
    "library",
    "bitnami",
    "bitnamilegacy",
    "bitnamisecure",
    "chainguard",
    "circleci",
    "cimg",
    "amd64",
    "arm32v7",
    "arm64v8",
    "dockerhub",
    "docker-hub",
];

/// The image of a name and a tag. The repository is the path below the registry, `library/node` for what Docker Hub
/// calls `node`; no tag is `latest` unless a digest stands beside it.
#[must_use]
pub fn node_image(registry: &str, repository: &str, tag: Option<&str>) -> Option<NodeImage> {
    let (folder, name) = repository.rsplit_once('/').unwrap_or(("", repository));
    let parent = folder.rsplit('/').next().unwrap_or(folder);
    let of_tag = || tag.and_then(of_tag);
    let known = |version| Some(NodeImage { version });
    match name {
        "node" if parent == "azure-functions" => {
            // `4-node20`: the first number is that of the host.
            let part =
                tag.and_then(|tag| tag.split('-').find_map(|part| part.strip_prefix("node")));
            known(part.and_then(NodeVersion::parse))
        }
        "node" if PUBLISHERS.contains(&parent) || registry == "cgr.dev" => known(of_tag()),
        // A registry of one's own, with the name of the official image.
        "node" if folder.is_empty() => known(of_tag()),
        "node" => tag
            .filter(|tag| is_shaped_like_official(tag))
            .and_then(|_| known(of_tag())),
        "alpine-node" if parent == "mhart" => known(of_tag()),
        "nodejs" if ["distroless", "lambda"].contains(&parent) => known(of_tag()),
        "aws-lambda-nodejs" if parent == "amazon" => known(of_tag()),
        _ if parent == "distroless" => {
            // `nodejs20-debian12`.
            let rest = name.strip_prefix("nodejs")?;
            let major = rest.split('-').next().unwrap_or_default();
            known(NodeVersion::parse(major))
        }
        _ => {
            // `ubi9/nodejs-20-minimal`, `rhscl/nodejs-12-rhel7`.
            let rest = name.strip_prefix("nodejs-")?;
            let is_red_hat = ["ubi", "rhel", "rhscl", "centos", "sclorg"]
                .iter()
                .any(|folder| parent.starts_with(folder));
            let major = rest.split('-').next().filter(|_| is_red_hat)?;
            let version = major
                .parse::<u64>()
                .is_ok()
                .then(|| NodeVersion::parse(major));
            known(version.flatten())
        }
    }
}

/// The version that a tag of the official image names; moving where it names none.
fn of_tag(tag: &str) -> Option<NodeVersion> {
    let first = tag.split(['-', '_']).next().unwrap_or(tag);
    if first.starts_with(|letter: char| letter.is_ascii_digit()) {
        // `20.2024.11.06` of Lambda has more numbers than a version.
        let parts: Vec<_> = first.split('.').collect();
        let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        return match parts.as_slice() {
            [major, ..] if parts.iter().all(is_number) && parts.len() > 3 => {
                NodeVersion::parse(major)
            }
            _ if parts.iter().all(is_number) => NodeVersion::parse(first),
            _ => None,
        };
    }
    if first == "lts" {
        let name = tag.split('-').nth(1).and_then(Line::named);
        return Some(name.map_or(NodeVersion::Moving, NodeVersion::of_line));
    }
    if VARIANTS.iter().any(|variant| first.starts_with(variant)) {
        return Some(NodeVersion::Moving);
    }
    NodeVersion::parse(first)
}

/// True for tags such as `20-alpine` and `20.1.0-bookworm-slim`, and not for `v3.27` or `2.4.0`.
fn is_shaped_like_official(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let first = parts.next().unwrap_or_default();
    let is_version = first.starts_with(|letter: char| letter.is_ascii_digit())
        || ["lts", "current"].contains(&first);
    is_version && parts.any(|part| VARIANTS.iter().any(|variant| part.starts_with(variant)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The major version, -1 for a moving one, -2 for none that is known; none for other images.
    fn major(registry: &str, repository: &str, tag: &str) -> Option<i64> {
        let image = node_image(registry, repository, Some(tag))?;
        Some(match image.version {
            None => -2,
            Some(NodeVersion::Moving) => -1,
            Some(version) => version
                .lines()
                .next()
                .map_or(-3, |line| i64::try_from(line.major).unwrap()),
        })
    }

    #[test]
    fn the_runtime_is_known_by_who_publishes_it() {
        for (registry, repository, tag, wanted) in [
            ("docker.io", "library/node", "20-alpine", 20),
            ("docker.io", "library/node", "20.11.1-bookworm-slim", 20),
            ("docker.io", "library/node", "lts-alpine", -1),
            ("docker.io", "library/node", "alpine3.20", -1),
            ("docker.io", "library/node", "latest", -1),
            ("docker.io", "library/node", "hydrogen-slim", 18),
            ("docker.io", "library/node", "lts-jod", 22),
            ("docker.io", "library/node", "0.10.40", 0),
            ("docker.io", "bitnami/node", "18.19.0-debian-11-r3", 18),
            ("mirror.gcr.io", "library/node", "18", 18),
            ("harbor.example.com", "proxy/library/node", "18", 18),
            ("registry.example.com", "node", "18-slim", 18),
            ("registry.example.com", "mirror/node", "18-slim", 18),
            ("cgr.dev", "chainguard/node", "latest", -1),
            ("gcr.io", "distroless/nodejs20-debian12", "nonroot", 20),
            ("gcr.io", "distroless/nodejs", "16", 16),
            ("public.ecr.aws", "lambda/nodejs", "20.2024.11.06", 20),
            (
                "registry.access.redhat.com",
                "ubi9/nodejs-20-minimal",
                "1-48",
                20,
            ),
            ("mcr.microsoft.com", "azure-functions/node", "4-node18", 18),
        ] {
            assert_eq!(
                major(registry, repository, tag),
                Some(wanted),
                "{registry}/{repository}:{tag}"
            );
        }
    }

    #[test]
    fn other_nodes_are_none_of_ours() {
        for (registry, repository, tag) in [
            ("quay.io", "prometheus/node-exporter", "v1.1.2"),
            ("registry.k8s.io", "nfd/node-feature-discovery", "v0.16"),
            (
                "registry.k8s.io",
                "sig-storage/csi-node-driver-registrar",
                "v2.4.0",
            ),
            ("docker.io", "calico/node", "v3.27.0"),
            ("docker.io", "kindest/node", "v1.30.0"),
            ("docker.io", "celestia/node", "0.10.0"),
            ("docker.io", "selenium/node-chrome", "4.0"),
            ("docker.io", "acme/nodejs-18-demo", "1"),
            ("docker.io", "acme/nodejs", "1.2"),
            ("ghcr.io", "dapr/samples/hello-k8s-node", "latest"),
            ("docker.io", "library/mynode", "18"),
        ] {
            assert_eq!(
                major(registry, repository, tag),
                None,
                "{registry}/{repository}:{tag}"
            );
        }
    }
}
