//! How the run was asked for.

use anyhow::{Context, Result, bail};

#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// Everything smaller, in under a minute.
    pub(crate) quick: bool,
    pub(crate) sqlite: bool,
    pub(crate) postgres: bool,
    /// How long the load of the throughput case lasts.
    pub(crate) seconds: u32,
    /// Webhooks a second.
    pub(crate) rate: u32,
    /// Desktops that read.
    pub(crate) desktops: usize,
    /// How often a process is killed.
    pub(crate) kills: u32,
    pub(crate) seed: u64,
    /// Only cases whose names begin so; all if empty.
    pub(crate) cases: Vec<String>,
}

impl Options {
    pub(crate) fn parse(arguments: &[String]) -> Result<Self> {
        let quick = arguments.iter().any(|argument| argument == "--quick");
        let mut options =
            if quick { Self { quick, seconds: 3, desktops: 20, kills: 2, ..Self::full() } } else { Self::full() };
        let mut rest = arguments.iter().filter(|argument| *argument != "--quick");
        while let Some(argument) = rest.next() {
            let value = rest.next().with_context(|| format!("`{argument}` is unknown or needs something after it"))?;
            let number = || value.parse::<u32>().with_context(|| format!("`{argument}` needs a number, not `{value}`"));
            match argument.as_str() {
                "--database" => match value.as_str() {
                    "sqlite" => options.postgres = false,
                    "postgres" => options.sqlite = false,
                    other => bail!("`--database` is sqlite or postgres, not `{other}`"),
                },
                "--seconds" => options.seconds = number()?.max(1),
                "--rate" => options.rate = number()?.max(1),
                "--desktops" => options.desktops = number()?.clamp(1, 2_000) as usize,
                "--kills" => options.kills = number()?.max(1),
                "--seed" => options.seed = u64::from(number()?),
                "--cases" => options.cases = value.split(',').map(str::to_owned).collect(),
                other => bail!("there is no option `{other}`; see `cargo xtask help`"),
            }
        }
        Ok(options)
    }

    fn full() -> Self {
        Self {
            quick: false,
            sqlite: true,
            postgres: true,
            seconds: 15,
            rate: 500,
            desktops: 50,
            kills: 10,
            seed: 7,
            cases: Vec::new(),
        }
    }

    /// Whether this case was asked for.
    pub(crate) fn wants(&self, case: &str) -> bool {
        self.cases.is_empty() || self.cases.iter().any(|begin| case.starts_with(begin.as_str()))
    }

    /// One of two sizes: of the full run, or of the quick one.
    pub(crate) fn size<T>(&self, full: T, quick: T) -> T {
        if self.quick { quick } else { full }
    }
}
