//! Whether a variable is called as secrets are. A name is no evidence by itself: rules ask what is done with it.

/// What the name of a secret ends with, as words between underscores.
const ENDINGS: [&str; 21] = [
    "TOKEN",
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "SECRET",
    "PAT",
    "APIKEY",
    "AUTHTOKEN",
    "CREDENTIALS",
    "NPMRC",
    "AUTH",
    "API_KEY",
    "PRIVATE_KEY",
    "SECRET_KEY",
    "ACCESS_KEY",
    "SSH_KEY",
    "DEPLOY_KEY",
    "SIGNING_KEY",
    "ENCRYPTION_KEY",
    "LICENSE_KEY",
    "SERVICE_ACCOUNT_KEY",
];

/// Words of a value that every browser gets to see: bundlers put variables with these prefixes into the code.
const PUBLIC: [&str; 9] = [
    "PUBLIC",
    "PUBLISHABLE",
    "VITE",
    "REACT",
    "VUE",
    "GATSBY",
    "EXPO",
    "NUXT",
    "ANON",
];

/// True if a variable is called as secrets are, such as `NPM_TOKEN`, and not as what browsers get to see, such as
/// `NEXT_PUBLIC_API_KEY`.
#[must_use]
pub fn names_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let is_public = name.split('_').any(|word| PUBLIC.contains(&word));
    let ends = |ending: &str| {
        let before = name.strip_suffix(ending);
        before.is_some_and(|before| before.is_empty() || before.ends_with('_'))
    };
    !is_public && ENDINGS.iter().any(|ending| ends(ending))
}

/// True for the secrets that package managers take: an install has them in its environment for a reason.
#[must_use]
pub fn names_registry_secret(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let words = [
        "NPM",
        "NPMRC",
        "NODE",
        "YARN",
        "PNPM",
        "REGISTRY",
        "GITHUB",
        "GITLAB",
        "ARTIFACTORY",
        "NEXUS",
        "FONTAWESOME",
        "CODEARTIFACT",
        "JFROG",
    ];
    names_secret(name) && upper.split('_').any(|word| words.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_known() {
        for name in [
            "NPM_TOKEN",
            "npm_token",
            "DB_PASSWORD",
            "AWS_SECRET_ACCESS_KEY",
            "NODE_AUTH_TOKEN",
            "SSH_PRIVATE_KEY",
        ] {
            assert!(names_secret(name), "{name}");
        }
        for name in [
            "NEXT_PUBLIC_API_KEY",
            "VITE_MAPBOX_TOKEN",
            "PUBLIC_KEY",
            "CACHE_KEY",
            "TOKEN_TTL",
            "NODE_ENV",
            "COMPAT",
            "AWS_ACCESS_KEY_ID",
        ] {
            assert!(!names_secret(name), "{name}");
        }
        assert!(names_registry_secret("GITHUB_TOKEN") && !names_registry_secret("DB_PASSWORD"));
    }
}
