//! The sandbox by itself: `sandbox --port 4600 --speed 1`. It prints where it listens and what to type into Deskbell,
//! and runs until Ctrl-C.

use std::{io::Write as _, time::Duration};

use anyhow::{Context as _, bail};
use sandbox::{Config, Populate, Sandbox, WindowRule};

const USAGE: &str = "\
sandbox: a TikTok to practise with, on this computer only

  --port P               listen on this port (default: any free one)
  --seed S               what is drawn by lot follows from it (default 1)
  --speed X              how fast customers live; 0 is silence (default 1)
  --conversations N      add a crowd of N conversations
  --messages M           with M messages each (default 20)
  --rule A|B             which reading of the reply window (default A)
  --country XX           where its shops are registered; VN, ID and TH answer comments by message (default TH)
  --review SECONDS       how long TikTok looks at an automatic message (default 20)
  --write-endpoints FILE write the endpoints file for the client
  --quiet                print nothing
";

struct Options {
    config: Config,
    endpoints: Option<String>,
    quiet: bool,
}

fn options(mut args: impl Iterator<Item = String>) -> anyhow::Result<Options> {
    let mut config = Config { scripted: true, speed: 1.0, ..Config::default() };
    let (mut conversations, mut messages) = (0, 20);
    let (mut endpoints, mut quiet) = (None, false);
    while let Some(flag) = args.next() {
        let mut value = || args.next().with_context(|| format!("{flag} needs a value\n\n{USAGE}"));
        match flag.as_str() {
            "--port" => {
                config.port = value()?.parse().context("--port is a number from 0 to 65535")?;
            }
            "--seed" => config.seed = value()?.parse().context("--seed is a whole number")?,
            "--speed" => config.speed = value()?.parse().context("--speed is a number")?,
            "--conversations" => {
                conversations = value()?.parse().context("--conversations is a whole number")?;
            }
            "--messages" => messages = value()?.parse().context("--messages is a whole number")?,
            "--rule" => {
                config.rule = match value()?.as_str() {
                    "A" | "a" => WindowRule::A,
                    "B" | "b" => WindowRule::B,
                    other => bail!("--rule is A or B, not {other}"),
                }
            }
            "--country" => config.country = value()?.to_uppercase(),
            "--review" => {
                let seconds = value()?.parse().context("--review is a whole number of seconds")?;
                config.review = Duration::from_secs(seconds);
            }
            "--write-endpoints" => endpoints = Some(value()?),
            "--quiet" => quiet = true,
            "--help" | "-h" => bail!("{USAGE}"),
            other => bail!("unknown flag {other}\n\n{USAGE}"),
        }
    }
    config.populate = (conversations > 0).then_some(Populate { conversations, messages });
    Ok(Options { config, endpoints, quiet })
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = options(std::env::args().skip(1))?;
    let sandbox = Sandbox::start(options.config).await.context("the sandbox could not listen")?;
    if let Some(file) = &options.endpoints {
        tokio::fs::write(file, sandbox.endpoints_json()).await.with_context(|| format!("{file} was not written"))?;
    }
    if !options.quiet {
        let apps = sandbox.apps();
        let mut out = std::io::stdout().lock();
        writeln!(out, "Sandbox                 {}", sandbox.base_url())?;
        writeln!(out, "Login Kit client key    {}", apps.login_client_key)?;
        writeln!(out, "Login Kit secret        {}", apps.login_client_secret)?;
        writeln!(out, "Business app id         {}", apps.business_app_id)?;
        writeln!(out, "Business secret         {}", apps.business_secret)?;
        writeln!(out, "Business redirect       {}", apps.business_redirect_uri)?;
        writeln!(out, "Endpoints               {}", sandbox.endpoints_json())?;
        out.flush()?;
    }
    tokio::signal::ctrl_c().await.context("Ctrl-C cannot be heard")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(args: &str) -> anyhow::Result<Options> {
        options(args.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn flags_say_how_the_sandbox_is_set_up() {
        let options = parsed(
            "--port 4600 --seed 7 --speed 0 --conversations 5 --messages 3 --rule B --quiet --country us --review 3",
        )
        .unwrap();
        assert_eq!((options.config.port, options.config.seed, options.config.rule), (4600, 7, WindowRule::B));
        assert_eq!(options.config.populate, Some(Populate { conversations: 5, messages: 3 }));
        assert_eq!((options.config.country.as_str(), options.config.review), ("US", Duration::from_secs(3)));
        assert!(options.quiet && options.config.scripted);
    }

    #[test]
    fn a_wrong_flag_is_refused() {
        assert!(parsed("--prot 4600").is_err());
        assert!(parsed("--port").is_err());
        assert!(parsed("--rule C").is_err());
    }
}
