use super::*;
use crate::config::{Secrets, Settings};
use crate::seal::Seal;

struct Nothing;

impl crate::config::Surroundings for Nothing {
    fn variable(&self, _: &str) -> Option<String> {
        None
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A relay of its own folder, whose TikTok is a closed port.
fn config(folder: &std::path::Path) -> Config {
    let endpoints = folder.join("endpoints.json");
    let nowhere =
        r#"{"authorize":"http://127.0.0.1:9/","login_kit":"http://127.0.0.1:9/","business":"http://127.0.0.1:9/"}"#;
    std::fs::write(&endpoints, nowhere).unwrap();
    let settings = Settings {
        config: Some(folder.join("relay.toml")),
        database: Some(format!("sqlite:{}", folder.join("relay.db").display())),
        endpoints: Some(endpoints),
        ..Settings::default()
    };
    std::fs::write(folder.join("relay.toml"), "listen = \"0.0.0.0:80\"\n").unwrap();
    Config { secrets: Secrets::of_text(Seal::new_key()), ..Config::read(settings, &Nothing).unwrap() }
}

async fn lines(config: &Config) -> Vec<String> {
    let mut findings = Findings::default();
    look(config, &mut findings).await;
    findings.lines().iter().map(|(_, line)| line.clone()).collect()
}

fn has(lines: &[String], beginning: &str, part: &str) -> bool {
    lines.iter().any(|line| line.starts_with(beginning) && line.contains(part))
}

#[tokio::test]
async fn a_new_relay_is_told_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path());
    let first = lines(&config).await;
    assert!(has(&first, "ok    configuration", "relay.toml"), "{first:#?}");
    assert!(has(&first, "fail  public_url", "is not set"), "{first:#?}");
    assert!(has(&first, "warn  listen", "without TLS"), "{first:#?}");
    assert!(has(&first, "warn  database", "`serve` makes it"), "{first:#?}");
    assert!(!folder.path().join("relay.db").exists(), "looking makes nothing");

    drop(Database::open(&config.database).await.unwrap());
    let second = lines(&config).await;
    assert!(has(&second, "ok    database", "Sqlite"), "{second:#?}");
    assert!(has(&second, "ok    writes", "are taken"), "{second:#?}");
    assert!(has(&second, "warn  devices", "pair --admin"), "{second:#?}");
    assert!(has(&second, "warn  accounts", "link"), "{second:#?}");
    assert!(has(&second, "fail  tiktok", "does not answer"), "{second:#?}");
    assert!(has(&second, "fail  app", "no Business app"), "{second:#?}");
}

#[tokio::test]
async fn without_a_key_nothing_else_is_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config { secrets: Secrets::of_text(String::new().into()), ..config(folder.path()) };
    let lines = lines(&config).await;
    assert!(has(&lines, "fail  key", ""), "{lines:#?}");
    assert!(!has(&lines, "", "database"), "{lines:#?}");
}
