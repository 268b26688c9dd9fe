//! The lines that a scripted customer still has to say.

/// The lines a scripted customer says: in answer to the shop, and unasked. Each cursor counts those already said.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Voice {
    pub(crate) answers: &'static [&'static str],
    pub(crate) unasked: &'static [&'static str],
    pub(crate) answered: usize,
    pub(crate) volunteered: usize,
    /// Gives each answer of the shop a heart, and takes it back a little later.
    pub(crate) fickle: bool,
}

impl Voice {
    pub(crate) const fn new(answers: &'static [&'static str], unasked: &'static [&'static str]) -> Voice {
        Voice { answers, unasked, answered: 0, volunteered: 0, fickle: false }
    }

    pub(crate) const fn fickle(mut self) -> Voice {
        self.fickle = true;
        self
    }

    /// The next answer; none when all are said.
    pub(crate) fn next_answer(&mut self) -> Option<&'static str> {
        self.answered += 1;
        self.answers.get(self.answered - 1).copied()
    }

    /// The next unasked line; after the last comes the first again.
    pub(crate) fn next_unasked(&mut self) -> Option<&'static str> {
        self.volunteered += 1;
        self.unasked.get((self.volunteered - 1) % self.unasked.len().max(1)).copied()
    }
}
