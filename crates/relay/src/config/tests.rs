use std::collections::BTreeMap;

use clap::{Args as _, FromArgMatches as _};

use super::*;

struct Given(BTreeMap<&'static str, String>);

impl Surroundings for Given {
    fn variable(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }

    fn names(&self) -> Vec<String> {
        self.0.keys().map(ToString::to_string).collect()
    }
}

fn nothing() -> Given {
    Given(BTreeMap::new())
}

fn checked(toml: &str) -> Result<Config, ConfigError> {
    Config::check(None, Settings::from_toml(toml)?, &nothing())
}

fn refused(toml: &str) -> String {
    checked(toml).unwrap_err().to_string()
}

#[test]
fn nothing_at_all_is_a_relay_on_this_machine() {
    let config = checked("").unwrap();
    assert_eq!(config.database, DatabaseAddress::Sqlite("/var/lib/deskbell-relay/relay.db".into()));
    assert_eq!(config.listen.to_string(), "127.0.0.1:8480");
    assert_eq!(config.tls, TlsConfig::Plain);
    assert_eq!(
        (config.retention_days, config.requests_per_second.get(), config.calls_per_second.get()),
        (None, 1_000, 10)
    );
    assert!(config.monitors.iter().any(|network| network.contains("::1".parse().unwrap())));
    assert!(config.secrets.key().is_none());
}

#[test]
fn a_mistake_is_told_with_its_line_and_without_its_value() {
    let unknown = refused("listen = \"0.0.0.0:80\"\npublic_ulr = \"x\"\n");
    assert!(unknown.starts_with("line 2: there is no key `public_ulr`, expected one of"), "{unknown}");
    for (toml, says) in [
        ("database = 5", "line 1"),
        ("database = \"mysql://root:hunter2@h/d\"", "`database` begins with"),
        ("database = \"sqlite:\"", "names no file"),
        ("listen = \"hunter2\"", "`listen` is an address with a port"),
        ("public_url = \"http://relay.example\"", "begins with https://"),
        ("public_url = \"https://a:hunter2@relay.example\"", "has a user"),
        ("public_url = \"relay.example\"", "is no web address"),
        ("tls_certificate = \"/c.pem\"", "`tls_key` is not"),
        ("tls_key = \"/k.pem\"", "`tls_certificate` is not"),
        ("acme = true", "needs a `public_url` with a name"),
        ("acme = true\npublic_url = \"https://192.0.2.1\"", "needs a `public_url` with a name"),
        (
            "acme = true\ntls_key = \"k\"\ntls_certificate = \"c\"\npublic_url = \"https://relay.example\"",
            "exclude each other",
        ),
        ("trusted_proxies = [\"10.0.0.0/99\"]", "line 1"),
        ("retention_days = 3", "is at least 4"),
        ("endpoints = \"/nowhere.json\"", "`endpoints`: /nowhere.json cannot be read"),
    ] {
        let sentence = refused(toml);
        assert!(sentence.contains(says), "{toml}: {sentence}");
        assert!(!sentence.contains("hunter2"), "{sentence}");
    }
}

#[test]
fn flags_come_before_the_environment_and_that_before_the_file() {
    let flags = |arguments: &[&str]| {
        let command = Settings::augment_args(clap::Command::new("relay"));
        Settings::from_arg_matches(&command.try_get_matches_from(arguments).unwrap()).unwrap()
    };
    let file = Settings::from_toml("listen = \"127.0.0.1:1\"\nlog = \"file\"\nretention_days = 7").unwrap();
    let given = flags(&["relay", "--listen", "127.0.0.1:2", "--acme", "--trusted-proxies", "10.0.0.1,10.1.0.0/16"]);
    let both = given.or(file);
    assert_eq!(both.listen.as_deref(), Some("127.0.0.1:2"));
    assert_eq!((both.log.as_deref(), both.retention_days.unwrap()), (Some("file"), 7));
    assert_eq!((both.acme, both.trusted_proxies.unwrap().len()), (Some(true), 2));
    // clap itself reads the environment, and prefers a flag to it.
    let keys = Settings::augment_args(clap::Command::new("keys"));
    for key in keys.get_arguments() {
        let name = key.get_id().as_str().to_uppercase();
        assert_eq!(key.get_env().unwrap().to_str(), Some(format!("DESKBELL_RELAY_{name}").as_str()));
    }
}

#[test]
fn a_misspelt_variable_is_refused() {
    let names = |name: &str| vec!["PATH".to_owned(), name.to_owned()];
    for known in ["DESKBELL_RELAY_LISTEN", "DESKBELL_RELAY_KEY", "DESKBELL_RELAY_DATABASE_PASSWORD", "DESKBELL_LOG"] {
        assert_eq!(settings::refuse_unknown_variables(&names(known)), Ok(()), "{known}");
    }
    let refused = settings::refuse_unknown_variables(&names("DESKBELL_RELAY_LISTENS")).unwrap_err().to_string();
    assert!(refused.contains("DESKBELL_RELAY_LISTENS"), "{refused}");
}

#[test]
fn the_databases_password_goes_into_its_address_and_is_never_printed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    std::fs::write(&file, "p@ss w/rd:#\n").unwrap();
    let settings = |database: &str| Settings {
        database: Some(database.to_owned()),
        database_password_file: Some(file.clone()),
        ..Settings::default()
    };
    let config = Config::check(None, settings("postgres://relay@db.example/relay"), &nothing()).unwrap();
    let expected = "postgres://relay:p%40ss%20w%2Frd%3A%23@db.example/relay";
    assert_eq!(config.database, DatabaseAddress::Postgres(expected.to_owned()));
    let parsed: tokio_postgres::Config = expected.parse().unwrap();
    assert_eq!(parsed.get_password(), Some("p@ss w/rd:#".as_bytes()));
    for twice in ["postgres://relay:x@db.example/relay", "postgres://db.example/relay"] {
        assert!(Config::check(None, settings(twice), &nothing()).is_err(), "{twice}");
    }
}

#[test]
fn keys_come_from_the_environment_a_file_or_systemd() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("key"), "from a file\n").unwrap();
    std::fs::write(path("deskbell-relay-key"), "from systemd\n").unwrap();
    let credentials = ("CREDENTIALS_DIRECTORY", folder.path().display().to_string());
    let variable = ("DESKBELL_RELAY_KEY", "from the environment".to_owned());
    let settings = Settings { key_file: Some(path("key")), ..Settings::default() };
    for (given, settings, key, source) in [
        (vec![variable, credentials.clone()], &settings, "from the environment", SecretSource::Environment),
        (vec![credentials.clone()], &settings, "from a file", SecretSource::File(path("key"))),
        (vec![credentials], &Settings::default(), "from systemd", SecretSource::Credential(path("deskbell-relay-key"))),
    ] {
        let secrets = Secrets::find(settings, &Given(given.into_iter().collect())).unwrap();
        assert_eq!((secrets.key(), secrets.source()), (Some(key), Some(&source)));
        assert!(!format!("{secrets:?}").contains("from "), "{secrets:?}");
    }
    let missing = Settings { key_file: Some(path("nothing")), ..Settings::default() };
    assert!(Secrets::find(&missing, &nothing()).unwrap_err().to_string().contains("cannot be read"));
}

#[test]
fn the_example_has_every_key_and_is_well_formed() {
    let example = include_str!("../../../../packaging/relay/deskbell-relay.toml");
    let is_key = |line: &str| line.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '));
    let shown: String = example
        .lines()
        .map(|line| line.strip_prefix('#').filter(|rest| is_key(rest)).unwrap_or(line))
        .fold(String::new(), |text, line| text + line + "\n");
    let settings = Settings::from_toml(&shown).unwrap();
    assert_eq!(settings.public_url.as_deref(), Some("https://relay.shop.example"));
    let keys = Settings::augment_args(clap::Command::new("keys"));
    for key in keys.get_arguments().map(|key| key.get_id().as_str()).filter(|key| *key != "config") {
        assert!(shown.lines().any(|line| line.starts_with(&format!("{key} = "))), "{key} is not in the example");
    }
    // As it comes.
    assert!(Settings::from_toml(example).is_ok());
}
