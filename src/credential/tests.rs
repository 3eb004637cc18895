use super::*;

const LETTERS: &str =
    "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xY5zA7bC9dE1fG3hJ5kM7nP9aS2dF4gH6jK8lZ1xC3vB5nM7qW9eR2tY4uI6oP8";
const HEX: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

fn first(number: usize) -> &'static str {
    &LETTERS[..number]
}

/// Tokens of every shape, put together here so that nobody takes them for leaked ones.
fn tokens() -> Vec<String> {
    vec![
        format!("AKIA{}", "Q3EGWZ7KJ2MXP5RT"),
        format!("AIza{}", first(35)),
        format!("ghp_{}", first(36)),
        format!("github_pat_{}", first(60)),
        format!("glpat-{}", first(20)),
        format!("npm_{}", first(36)),
        format!("xoxb-123456789012-{}", first(24)),
        format!("sk_live_{}", first(24)),
        format!("SG.{}.{}", first(22), first(43)),
        format!("SK{}", &HEX[..32]),
        format!("sk-{}", first(48)),
        format!("sk-or-v1-{HEX}"),
        format!("glsa_{}_{}", first(32), &HEX[..8]),
        format!("gsk_{}", first(52)),
        format!("PMAK-{}-{}", &HEX[..24], &HEX[..34]),
        format!("lin_api_{}", first(40)),
        format!("sntrys_eyJ{}_{}", first(60), first(43)),
        format!("sntryu_{HEX}"),
        format!("figd_{}", first(40)),
        format!("sbp_{}", &HEX[..40]),
        format!("dp.pt.{}", first(43)),
        format!("dp.st.dev.{}", first(40)),
        format!("key-{}", &HEX[..32]),
        format!("{}.atlasv1.{}", first(14), first(67)),
        format!("sk.eyJ{}.{}", first(60), first(22)),
        format!("sk-ant-{}", first(60)),
        format!("pypi-{}", first(90)),
        format!("phx_{}", first(43)),
        format!("dop_v1_{HEX}"),
        format!("dckr_pat_{}", first(27)),
        format!("AccountKey={}==", first(60)),
        format!("eyJ{}.eyJ{}.{}", first(20), first(20), first(43)),
        format!("abc8Q~{}", first(34)),
        format!("hooks.slack.com/services/{}", first(44)),
    ]
}

#[test]
fn tokens_of_providers_prove_themselves() {
    for token in tokens() {
        for text in [
            token.clone(),
            format!("const x = \"{token}\";"),
            format!("a: {token}\nb: 1\n"),
        ] {
            let found = find(&text);
            assert_eq!(found.len(), 1, "{text}: {found:?}");
            assert!(matches!(found[0].what, What::Token(_)), "{text}");
        }
    }
}

#[test]
fn addresses_keys_and_connections_prove_themselves() {
    let block = |label: &str| {
        format!(
            "-----BEGIN {label}-----\n{}\n-----END {label}-----",
            first(64)
        )
    };
    for (text, what, is_weak) in [
        (
            format!("postgres://app:{}@db:5432/shop", first(12)),
            What::Address,
            false,
        ),
        (
            "mongodb://root:toor@mongo/shop".to_owned(),
            What::Address,
            true,
        ),
        (block("PRIVATE KEY"), What::PrivateKey, false),
        (block("OPENSSH PRIVATE KEY"), What::PrivateKey, false),
        (block("ENCRYPTED PRIVATE KEY"), What::PrivateKey, true),
        (
            "Host=db;Username=app;Password=otelp;Database=x".to_owned(),
            What::ConnectionString,
            true,
        ),
        (
            format!("Authorization: Bearer {}", first(30)),
            What::Secret,
            false,
        ),
        (
            format!(
                "Authorization: Basic {}",
                BASE64_STANDARD.encode("shop:wXy7ab!q2")
            ),
            What::BasicAuthentication,
            false,
        ),
        (format!("db.password={}", first(12)), What::Password, false),
        (
            format!("{{\"apiKey\": \"{}\", \"x\": 1}}", first(24)),
            What::Secret,
            false,
        ),
        (
            format!("{{\\\"apiKey\\\": \\\"{}\\\"}}", first(24)),
            What::Secret,
            false,
        ),
        (
            format!("//registry.npmjs.org/:_authToken={}", first(24)),
            What::Secret,
            false,
        ),
        (
            format!(
                "{{\"auths\":{{\"x\":{{\"auth\":\"{}\"}}}}}}",
                BASE64_STANDARD.encode("shop:wXy7ab!q2")
            ),
            What::BasicAuthentication,
            false,
        ),
    ] {
        let found = find(&text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert_eq!((found[0].what, found[0].is_weak), (what, is_weak), "{text}");
    }
}

#[test]
fn what_stands_for_a_secret_is_none() {
    let block = "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----";
    for text in [
        "",
        "AKIAIOSFODNN7EXAMPLE",
        "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "sk_live_abcdefghijklmnopqrstuvwxyz",
        block,
        "-----BEGIN CERTIFICATE-----\nMIIDjzCCAnegAwIBAgIUfIuuQDfWakIpZ7bZAuuLUWhSm2AwDQYJKoZIhvcNAQ\n-----END CERTIFICATE-----",
        "postgres://user:password@host:5432/db",
        "postgres://app:${DB_PASSWORD}@db/shop",
        "postgres://app:$(DB_PASSWORD)@db/shop",
        "postgres://app:<password>@db/shop",
        "postgres://postgres:postgres@localhost:5432/shop",
        "https://user:s3cr3tPass1@registry.example.com",
        "https://registry.example:8080/path/@scope/pkg",
        "password=changeme",
        "password: your-password-here",
        "token = getToken(request)",
        "const token = process.env.API_TOKEN_V2",
        "api_key: {{ .Values.apiKey }}",
        "password=hunter2",
        "tokenName: mysql-v2-root-creds-1a",
        "clientSecret: argocd-oidc-client-1",
        "checksum/secret: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "image: x@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "id: 123e4567-e89b-12d3-a456-426614174000",
        "integrity: sha512-aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xY5zA7bC9dE1fG3hJ5kM7nP9aS2dF4gH6jK8lZ1xC3vB5nM7qW9eR2tY==",
        "tokenPath: /var/run/secrets/kubernetes.io/serviceaccount/token",
        "SECRET_STORE=kubernetes",
        "--authorization-mode=Node,RBAC",
        "ENC[AES256_GCM,data:aB3dE5fG7hJ9kL1mN2p,type:str]",
        "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ",
    ] {
        assert_eq!(find(text), [], "{text}");
    }
}

#[test]
fn a_variable_needs_a_value_that_is_evidence() {
    for (key, value) in [
        (
            "SECRET_KEY_BASE",
            "yYrECL4qbNwleYInGJYvVnSkwJuSQJ4ijPTx5tirGUXrbznFIBFVJdPl5t6O9ASw",
        ),
        ("DB_PASSWORD", "tR7!kq2Vz"),
        ("dbPass", "tR7!kq2Vz"),
        ("API_KEY", "123e4567-e89b-12d3-a456-426614174000"),
        ("ACCESS_TOKEN", &HEX[..40]),
    ] {
        assert!(!of_value(key, value).is_empty(), "{key}");
    }
    for (key, value) in [
        ("MYSQL_ROOT_PASSWORD", "c-krit"),
        ("GF_SECURITY_ADMIN_PASSWORD", "admin"),
        ("DB_PASSWORD", "DB_PASSWORD"),
        ("DB_PASSWORD", "mysql-password"),
        ("MYSQL_ROOT_PASSWORD", "fake_password"),
        ("GOOGLE_API_KEY", "GOOGLE_API_KEY_VAL"),
        ("ETCD_DISCOVERY_TOKEN", "INSERT_ETCD_DISCOVERY_TOKEN"),
        ("COMPASS", "tR7!kq2VzaB3dE5fG7h"),
        ("REQUEST_ID", "123e4567-e89b-12d3-a456-426614174000"),
        ("GIT_COMMIT", &HEX[..40]),
        ("TOKEN_TTL", "3600"),
        ("SECRET", "true"),
        ("PASSWORD_FILE", "/run/secrets/db-password"),
        ("OAUTH_TOKEN", "/run/secrets/oauth2/token1"),
        ("TOKEN_SECRET", "k8s-prod-eu-west-1-token-2"),
    ] {
        assert_eq!(of_value(key, value), vec![], "{key}={value}");
    }
}

#[test]
fn in_a_secret_less_serves() {
    for (key, value, is_weak) in [
        ("admin-password", "admin", true),
        ("password_in", "mpass", true),
        ("POSTGRES_PASSWORD", "postgres", true),
        ("password", "sCaleio123", false),
        (
            "k8sgoatvaultkey",
            "k8s-goat-cd2da27224591da2b48ef83826a8a6c3",
            false,
        ),
        ("key", "AQB16V1VoF5mExAA5kCQs7bBj8VULRw26C84HA==", false),
        ("session", first(32), false),
    ] {
        let found = of_secret(key, value)
            .into_iter()
            .next()
            .unwrap_or_else(|| panic!("{key}"));
        assert_eq!(found.is_weak, is_weak, "{key}");
    }
    for (key, value) in [
        ("admin-user", "admin"),
        ("username", "storageos"),
        ("rootpasswd", "password"),
        ("password", "my-password"),
        ("bearerToken", "my-token"),
        ("key", "mypassword"),
        ("key", "docs"),
        (
            "server.crt",
            "-----BEGIN CERTIFICATE-----\nMIID\n-----END CERTIFICATE-----",
        ),
        ("dhparam.pem", "...base64 encoded data..."),
        ("webhook.github.secret", "shhhh! it's a github secret"),
        ("admin.passwordMtime", "2018-06-01T00:00:00Z"),
        (
            "admin.password",
            "$2a$10$rRyBsGSHK6.uc8fntPwVIuLVHgsAhAX7TcdrqW/RADU0uh7CaChLa",
        ),
        ("auth", "foo:$apr1$OFG3Xybp$ckL0FHDAkoXYIlH9.cysT0"),
        (
            "password",
            "foo:$2y$05$OFG3XybpckL0FHDAkoXYIu9cysT0xyLq8Zr2Lw7Xc4Vb9Nm1Kj6Hg",
        ),
        (
            "password",
            "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7",
        ),
        ("id", "123e4567-e89b-12d3-a456-426614174000"),
        ("url", "https://github.com/argoproj/private-repo"),
        ("tls.crt", ""),
        ("FUNCTIONS_WORKER_RUNTIME", "python"),
        ("config.yaml", "host: db\nport: 5432\n"),
        (
            "password",
            "ENC[AES256_GCM,data:aB3dE5fG7hJ9kL1mN2p,type:str]",
        ),
    ] {
        assert_eq!(of_secret(key, value), vec![], "{key}={value}");
    }
}

#[test]
fn what_is_found_is_hidden() {
    let mut texts = tokens();
    texts.push(format!("password: {}", first(10)));
    texts.push("password=tR7!kq2Vz;x".to_owned());
    texts.push(format!("-H 'Authorization: Bearer {}'", first(30)));
    for text in texts {
        for found in find(&text) {
            for reader in [Reader::Message, Reader::Source] {
                let hidden = candidates(&text, reader);
                let is_hidden = |range: &Range<usize>| {
                    range.start <= found.range.start && range.end >= found.range.end
                };
                assert!(hidden.iter().any(is_hidden), "{text}: {hidden:?}");
            }
        }
    }
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "what is tested is how long it takes"
)]
fn every_scan_is_linear() {
    for part in [
        "a",
        ":",
        "=",
        "token=",
        "token=$",
        "token: x\n",
        "token: \"",
        "://",
        "://a:b@",
        "eyJ.",
        "Q~",
        "abc1Q~",
        "-----BEGIN PRIVATE KEY-----",
        "AKIA",
        "password=a;host=b;",
        "x y\n",
        "\"auth\": \"",
        "{{",
        "a1b2",
        " ",
        "authorization: Basic ",
        "hooks.slack.com/services/",
    ] {
        let text = part.repeat((256 << 10) / part.len());
        let start = std::time::Instant::now();
        let found = find(&text).len() + candidates(&text, Reader::Message).len();
        let seconds = start.elapsed().as_secs();
        assert!(seconds < 20, "{part}: {found} in {seconds} s");
    }
}

#[test]
fn what_is_found_is_called_by_its_key_flag_or_host() {
    let token = format!("ghp_{}", first(36));
    let password = "Zq8KxT3vBn7Zp";
    for (text, label) in [
        (token.clone(), ""),
        (format!("gh: {token}"), "gh"),
        (format!("{{\"gh\": \"{token}\"}}"), "gh"),
        (format!("export GH='{token}'"), "GH"),
        (format!("x --gh={token}"), "gh"),
        (format!("x --gh {token}"), "gh"),
        (
            format!("npm config set //npm.acme.io/:_authToken {token}"),
            "//npm.acme.io/:_authToken",
        ),
        (format!("Authorization: Bearer {token}"), "Authorization"),
        (format!("echo {password} {token}"), ""),
        (
            format!("https://bot:{password}@git.acme.io/x"),
            "git.acme.io",
        ),
        (format!("https://{token}@git.acme.io/x"), "git.acme.io"),
        (format!("echo; PGPASSWORD={password} x"), "PGPASSWORD"),
        (format!("curl -u bot:{password} https://acme.io"), "bot"),
    ] {
        let found = find(&text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert_eq!(found[0].label, label, "{text}");
    }
}

#[test]
fn a_flag_means_what_its_program_takes_it_for() {
    let password = "Zq8KxT3vBn7Zp";
    for (text, count) in [
        (format!("curl -u bot:{password} x"), 1),
        (format!("echo a; curl -s \\\n  -u 'bot:{password}' x"), 1),
        (format!("curl x\nmkdir -p {password}"), 0),
        (format!("curl x | tar -u bot:{password}"), 0),
        (format!("docker login -u a -p {password} ghcr.io"), 1),
        (format!("docker run -p {password} a"), 0),
        (format!("mysql -uroot -p{password}"), 1),
        (format!("mysql -uroot -p {password}"), 0),
        (format!("[\"sshpass\", \"-p\", \"{password}\"]"), 1),
        (format!("x --db-password {password}"), 1),
        (format!("x --db-password\n{password}"), 0),
        ("x --db-password $PASSWORD --token ${TOKEN}".to_owned(), 0),
    ] {
        assert_eq!(find(&text).len(), count, "{text}");
    }
    // What was read is not read again.
    let many = "curl -pa -u ".repeat(100_000);
    assert_eq!(find(&many), vec![]);
}

#[test]
fn a_token_in_the_place_of_a_name_is_hidden() {
    let token = first(24);
    for text in [
        format!("https://{token}@files.corp/x.tgz"),
        format!("git+https://{token}:x-oauth-basic@github.com/a/b.git"),
        format!("https://{token}:@files.corp/x.tgz"),
        format!("git+ssh://{token}@git.corp/a/b.git"),
    ] {
        let hidden = candidates(&text, Reader::Message);
        let at = text.find(token).unwrap();
        let covers = |range: &Range<usize>| range.start <= at && range.end >= at + token.len();
        assert!(hidden.iter().any(covers), "{text}");
    }
    for text in [
        "git+ssh://git@github.com/a/b.git",
        "https://files.corp/@scope/package-name-that-is-long@1.0.0.tgz",
        "https://anna@files.corp/x.tgz",
    ] {
        assert!(candidates(text, Reader::Message).is_empty(), "{text}");
    }
}

#[test]
fn what_begins_like_a_token_and_is_none_proves_nothing() {
    for text in [
        format!("cache-key-{}", &HEX[..32]),
        format!("partition_key-{}", &HEX[..32]),
        format!("key-{}", &HEX[..24]),
        format!("sbp_{}", first(40)),
        format!("glsa_{}", first(20)),
        format!("gsk_{}", first(30)),
        format!("x.atlasv1.{}", first(67)),
        "app.atlasv1.example.io".to_owned(),
        format!("PMAK-{}", &HEX[..24]),
        format!("figd_{}", "x".repeat(40)),
    ] {
        assert_eq!(find(&text), [], "{text}");
    }
}

#[test]
fn what_pages_show_to_everybody_proves_nothing() {
    let public = [
        format!("pk.eyJ{}.{}", first(60), first(22)),
        format!("pk_live_{}", first(24)),
        format!("phc_{}", first(43)),
    ];
    for value in public {
        assert_eq!(of_value("MAPBOX_TOKEN", &value), [], "{value}");
        assert_eq!(of_secret("token", &value), [], "{value}");
        assert_eq!(of_word(&["--api-key"], &value), [], "{value}");
    }
}

#[test]
fn a_key_with_marks_is_told_from_code_and_patterns() {
    let found = by_key("ENCRYPTION_KEY", "u8x/A?D(G+KbPeShVmYq3t6w9z$C&F)H");
    assert_eq!(found.map(|found| found.what), Some(What::Secret));
    for value in [
        "^[A-Z]{3}[0-9a-z]+(-[A-Z0-9]{4})*$",
        "Base64.decode(env[X1],0)+getKey(a[0])",
        "$(cat_/run/Key1)&$(cat_/run/Key2)",
        "sum(rate(x1{A=B2}[5m]))*100",
        "u8x/A?D",
        "secrets/data/App1#API_KEY",
        "vault:kv/data/App1#KEY2",
        "${VAULT_KEY_2}",
        "#{Octopus.Key1}",
        "__KEY_1__+__KEY_2__",
        "@Microsoft.KeyVault(SecretUri=https://a1.vault.azure.net/secrets/B2)",
        "ref+vault://kv/App1#/Key2",
        "v1.2.3+Build5.A9x",
        "Shop2+Cart3+Order4",
        "app=Web1,tier=Front2",
        "%ENV_KEY_1%",
        "<API_KEY_2_HERE>",
        "CHANGE_ME_2+x!",
    ] {
        assert_eq!(by_key("ENCRYPTION_KEY", value), None, "{value}");
    }
}

#[test]
fn what_is_drawn_from_all_marks_behind_a_telling_key_is_a_secret() {
    let marks: Vec<char> = ('!'..='~')
        .filter(|mark| !"\"'`\\".contains(*mark))
        .collect();
    let mut state = 7_u64;
    let mut draw = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(state >> 33).unwrap_or(0)
    };
    let drawn: Vec<String> = (0..300)
        .map(|_| (0..16).map(|_| marks[draw() % marks.len()]).collect())
        .collect();
    let found = |value: &&String| by_key("SESSION_SECRET", value).is_some();
    let number = drawn.iter().filter(found).count();
    // What has no digit, or a row of small letters, may be a word.
    assert!(number >= 200, "{number}");
}

#[test]
fn an_address_without_a_scheme_proves_itself() {
    for text in [
        "shop:q8Zr2Lw7Xc4V@tcp(db:3306)/x",
        "DSN=shop:q8Zr2Lw7Xc4V@tcp(db:3306)/x",
        "shop:q8Zr2Lw7Xc4V@unix(/run/mysqld.sock)/x",
        "a \"shop:q8Zr2Lw7Xc4V@(db)/x\"",
    ] {
        let found = find(text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert_eq!(found[0].what, What::Address, "{text}");
        assert_eq!(&text[found[0].range.clone()], "q8Zr2Lw7Xc4V", "{text}");
    }
    for text in [
        "shop:${PASSWORD}@tcp(db:3306)/x",
        "shop:$(PASSWORD)@tcp(db:3306)/x",
        "root:root@tcp(localhost:3306)/x",
        "user:password@tcp(db:3306)/x",
        "shop@tcp(db:3306)/x",
        "mail a:q8Zr2Lw7Xc4V@host(x)",
        "a:b@Component(x)",
    ] {
        assert_eq!(find(text), [], "{text}");
    }
}

#[test]
fn a_private_key_in_base64_proves_itself_and_a_certificate_does_not() {
    let block = |label: &str, body: &str| {
        let block = format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n");
        BASE64_STANDARD.encode(block)
    };
    for label in ["RSA PRIVATE KEY", "PRIVATE KEY", "EC PRIVATE KEY"] {
        let packed = block(label, first(90));
        let lines: Vec<&str> = [&packed[..76], &packed[76..]].to_vec();
        for text in [
            packed.clone(),
            format!("users:\n- user:\n    client-key-data: {packed}\n  b: 1\n"),
            format!("{{\"key\": \"{packed}\"}}"),
            format!("a: |\n  {}\nb: c\n", lines.join("\n  ")),
        ] {
            let found = find(&text);
            assert_eq!(found.len(), 1, "{text}: {found:?}");
            assert_eq!(found[0].what, What::PrivateKey, "{text}");
            assert!(!found[0].is_weak, "{text}");
            let hidden = candidates(&text, Reader::Source);
            let covers = |range: &Range<usize>| {
                range.start <= found[0].range.start && found[0].range.end <= range.end
            };
            assert!(hidden.iter().any(covers), "{text}");
        }
    }
    let encrypted = find(&block("ENCRYPTED PRIVATE KEY", first(90)));
    assert!(encrypted.iter().all(|found| found.is_weak));
    for text in [
        block("CERTIFICATE", first(90)),
        block("PUBLIC KEY", first(90)),
        block("PRIVATE KEY", "..."),
        "LS0tLS1CRUdJTi".to_owned(),
        "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0t".to_owned(),
    ] {
        assert_eq!(find_marked(&text), [], "{text}");
    }
}
