//! The lines that `doctor` prints.

/// How well something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Ok,
    Warn,
    Fail,
}

/// The lines so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    lines: Vec<(Level, String)>,
}

impl Findings {
    pub(super) fn add(&mut self, level: Level, subject: &str, sentence: impl std::fmt::Display) {
        let word = match level {
            Level::Ok => "ok  ",
            Level::Warn => "warn",
            Level::Fail => "fail",
        };
        self.lines.push((level, format!("{word}  {subject:<14} {sentence}")));
    }

    /// The lines so far, in their order.
    pub(super) fn lines(&self) -> &[(Level, String)] {
        &self.lines
    }

    pub(super) fn ok(&mut self, subject: &str, sentence: impl std::fmt::Display) {
        self.add(Level::Ok, subject, sentence);
    }

    pub(super) fn warn(&mut self, subject: &str, sentence: impl std::fmt::Display) {
        self.add(Level::Warn, subject, sentence);
    }

    pub(super) fn fail(&mut self, subject: &str, sentence: impl std::fmt::Display) {
        self.add(Level::Fail, subject, sentence);
    }
}
