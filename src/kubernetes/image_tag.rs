//! What tags of images mean by convention: nothing but the word of those who push them says so.

use super::image::ImageReference;

/// Words for what moves from release to release, or from commit to commit.
const MOVING: [&str; 30] = [
    "alpha",
    "beta",
    "canary",
    "current",
    "dev",
    "develop",
    "development",
    "edge",
    "head",
    "latest",
    "lts",
    "main",
    "mainline",
    "master",
    "next",
    "nightly",
    "preview",
    "prod",
    "production",
    "release",
    "rolling",
    "snapshot",
    "stable",
    "staging",
    "testing",
    "tip",
    "trunk",
    "unstable",
    "devel",
    "insiders",
];

/// Words for what an image is built on. Alone they say nothing of what it holds.
const BUILT_ON: [&str; 22] = [
    "alpine",
    "bookworm",
    "bullseye",
    "buster",
    "busybox",
    "debian",
    "debug",
    "distroless",
    "fpm",
    "glibc",
    "jammy",
    "musl",
    "noble",
    "focal",
    "nonroot",
    "scratch",
    "slim",
    "stretch",
    "trixie",
    "ubi",
    "ubuntu",
    "uclibc",
];

/// Images for which the name of a release of a distribution is a release of their own.
const DISTRIBUTIONS: [&str; 3] = ["buildpack-deps", "debian", "ubuntu"];

/// Official images that run whatever is put into them.
const EMPTY: [&str; 12] = [
    "almalinux",
    "alpine",
    "amazonlinux",
    "archlinux",
    "buildpack-deps",
    "busybox",
    "debian",
    "fedora",
    "node",
    "oraclelinux",
    "rockylinux",
    "ubuntu",
];

/// True for an official image that is known to run something else than Node.js, such as a database.
#[must_use]
pub fn runs_something_else(image: &ImageReference<'_>) -> bool {
    image
        .official()
        .is_some_and(|name| is_official(name) && !EMPTY.contains(&name))
}

/// The official images of Docker Hub, those that are kept no longer included: the folder `library` of
/// `github.com/docker-library/official-images`, as far as anybody is likely to run them.
const OFFICIAL: [&str; 159] = [
    "adminer",
    "aerospike",
    "almalinux",
    "alpine",
    "amazoncorretto",
    "amazonlinux",
    "api-firewall",
    "arangodb",
    "archlinux",
    "backdrop",
    "bash",
    "bonita",
    "buildpack-deps",
    "busybox",
    "caddy",
    "cassandra",
    "celery",
    "centos",
    "chronograf",
    "clearlinux",
    "clefos",
    "clickhouse",
    "clojure",
    "composer",
    "consul",
    "convertigo",
    "couchbase",
    "couchdb",
    "crate",
    "crux",
    "dart",
    "debian",
    "django",
    "docker",
    "drupal",
    "eclipse-mosquitto",
    "eclipse-temurin",
    "eggdrop",
    "elasticsearch",
    "elixir",
    "emqx",
    "erlang",
    "euleros",
    "express-gateway",
    "fedora",
    "flink",
    "fluentd",
    "friendica",
    "gazebo",
    "gcc",
    "geonetwork",
    "ghost",
    "golang",
    "gradle",
    "groovy",
    "haproxy",
    "haskell",
    "haxe",
    "hello-world",
    "hipache",
    "hitch",
    "httpd",
    "hylang",
    "ibmjava",
    "influxdb",
    "iojs",
    "irssi",
    "java",
    "jenkins",
    "jetty",
    "jobber",
    "joomla",
    "jruby",
    "julia",
    "kapacitor",
    "kibana",
    "kong",
    "krakend",
    "lightstreamer",
    "liquibase",
    "logstash",
    "mageia",
    "mariadb",
    "matomo",
    "maven",
    "mediawiki",
    "memcached",
    "mongo",
    "mongo-express",
    "mono",
    "mysql",
    "nats",
    "nats-streaming",
    "neo4j",
    "neurodebian",
    "nextcloud",
    "nginx",
    "node",
    "nuxeo",
    "odoo",
    "open-liberty",
    "open-webui",
    "openjdk",
    "oraclelinux",
    "orientdb",
    "owncloud",
    "percona",
    "perl",
    "photon",
    "php",
    "php-zendserver",
    "phpmyadmin",
    "plone",
    "postfixadmin",
    "postgres",
    "pypy",
    "python",
    "r-base",
    "rabbitmq",
    "rails",
    "rakudo-star",
    "redis",
    "redmine",
    "registry",
    "rethinkdb",
    "rocket.chat",
    "rockylinux",
    "ros",
    "ruby",
    "rust",
    "sapmachine",
    "satosa",
    "sentry",
    "silverpeas",
    "sl",
    "sonarqube",
    "sourcemage",
    "spark",
    "spiped",
    "storm",
    "swift",
    "swipl",
    "teamspeak",
    "telegraf",
    "thrift",
    "tomcat",
    "tomee",
    "traefik",
    "ubuntu",
    "unit",
    "valkey",
    "varnish",
    "vault",
    "websphere-liberty",
    "wordpress",
    "xwiki",
    "yourls",
    "znc",
    "zookeeper",
];

fn is_official(name: &str) -> bool {
    OFFICIAL.binary_search(&name).is_ok()
}

/// True if a name without a registry and a folder is none that Docker Hub has: a placeholder for what a build puts in
/// its place, or an image that only this machine has.
#[must_use]
pub fn is_stand_in(image: &ImageReference<'_>) -> bool {
    image.official().is_some_and(|name| !is_official(name))
}

/// True if a tag names no release: it moves by convention. A bare major or minor version moves as well, but only as
/// far as it says, and is not meant.
#[must_use]
pub fn is_moving(image: &ImageReference<'_>, tag: &str) -> bool {
    let tag = tag.to_ascii_lowercase();
    let words = || tag.split(['-', '_', '.']).filter(|word| !word.is_empty());
    if words().any(|word| matches!(word, "latest" | "snapshot")) {
        return !words().any(is_long_number) && !names_release(&tag);
    }
    let is_distribution = image
        .official()
        .is_some_and(|name| DISTRIBUTIONS.contains(&name));
    let says_nothing = |word: &str| {
        let name = word.trim_end_matches(|c: char| c.is_ascii_digit());
        MOVING.contains(&word) || !is_distribution && BUILT_ON.contains(&name)
    };
    // `alpine3.20` is one word with a dot.
    let mut words = tag
        .split(['-', '_'])
        .map(|word| match word.split_once('.') {
            Some((first, rest))
                if rest.bytes().all(|b| b.is_ascii_digit()) && !is_number(first) =>
            {
                first
            }
            _ => word,
        });
    words.all(says_nothing)
}

/// True if a tag says by its form that it is meant to stay: a version of three parts, a date, a commit.
#[must_use]
pub fn names_release(tag: &str) -> bool {
    let mut words = tag.split(['-', '_', '+']);
    words.any(|word| {
        let word = word.strip_prefix(['v', 'V']).unwrap_or(word);
        let parts = word.split('.').take_while(|part| is_number(part)).count();
        parts >= 3 || is_long_number(word)
    })
}

/// A date, the number of a build, or a commit.
fn is_long_number(word: &str) -> bool {
    word.len() >= 6
        && word.bytes().all(|b| b.is_ascii_hexdigit())
        && word.bytes().any(|b| b.is_ascii_digit())
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// What an image of Node.js carries beyond what a service needs, and what to take instead; none for images that are
/// lean, or that are not known.
#[must_use]
pub fn heavier_variant(image: &ImageReference<'_>) -> Option<(&'static str, &'static str)> {
    const FULL: &str = "the full image of Node.js, with compilers and several hundred packages";
    let name = image.name();
    let tag = image.tag();
    let words = || tag.unwrap_or_default().split(['-', '_']);
    if name == "docker.io/library/node" || name.ends_with("/library/node") {
        // A digest alone does not say which variant it is.
        let known = tag.is_some() || image.digest().is_none();
        let lean = words().any(|word| word == "slim" || word.starts_with("alpine"));
        return (known && !lean).then_some((FULL, "its slim or alpine variant"));
    }
    if name.starts_with("gcr.io/distroless/nodejs") {
        let debug = words().any(|word| word == "debug");
        return debug.then_some((
            "a debug variant of Node.js, with a shell",
            "the variant without debug",
        ));
    }
    if name == "cgr.dev/chainguard/node" {
        let dev = words().any(|word| word == "dev");
        return dev.then_some((
            "a development variant of Node.js, with a shell and a package manager",
            "the variant without -dev",
        ));
    }
    let last = image.last_segment();
    let is_red_hat = name.starts_with("registry.access.redhat.com/ubi")
        || name.starts_with("registry.redhat.io/ubi");
    if is_red_hat && last.starts_with("nodejs-") && !last.ends_with("-minimal") {
        return Some((FULL, "its minimal variant"));
    }
    let is_container_of_developers =
        name.contains("/devcontainers/") && ["javascript-node", "typescript-node"].contains(&last);
    is_container_of_developers.then_some((
        "a development container of Node.js, with all tools of a workplace",
        "a slim variant of node",
    ))
}
