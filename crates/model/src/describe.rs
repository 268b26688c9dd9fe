//! What an error and its causes say, in one line.

use std::error::Error;

/// What an error says, then each of its causes that adds something, without full stops between them.
#[must_use]
pub fn describe_error(error: &dyn Error) -> String {
    let plain = |error: &dyn Error| error.to_string().trim_end_matches('.').to_owned();
    let mut words = plain(error);
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = plain(error);
        // Many errors quote their cause.
        if !words.contains(&more) {
            words = format!("{words}: {more}");
        }
        cause = error.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;

    /// An error with these words and this cause.
    #[derive(Debug)]
    struct Told(&'static str, Option<Box<Told>>);

    impl fmt::Display for Told {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Told {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref().map(|cause| cause as &dyn Error)
        }
    }

    #[test]
    fn each_cause_is_named_once_and_ends_no_sentence() {
        let cause = Told("no such table: rule.", None);
        let refused = Told("the database refused", Some(Box::new(cause)));
        let start = Told("Deskbell cannot start: the database refused.", Some(Box::new(refused)));
        assert_eq!(describe_error(&start), "Deskbell cannot start: the database refused: no such table: rule");
    }
}
