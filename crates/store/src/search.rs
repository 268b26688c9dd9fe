//! Search over everything, in every script, as one types.
//!
//! Text is folded and cut so that what people type finds what people wrote ([`fold`]); beside a message's words stand words
//! of our own, for its account, its conversation, its direction and what is in it. So every operator of a [`Query`] is one
//! more word to intersect, and the cost of a search does not grow with the number of hits: the index is walked backwards
//! from the newest message and left as soon as there are enough. Ordering by FTS5's rank was measured at a million
//! messages and costs a thousand times more.
//!
//! The index keeps beginnings of one, two and three letters. FTS5 gathers all hits of a longer one before it gives the
//! first, which took 0.3 ms for 6,000 hits. Keeping four and five letters too was measured: that beginning took 0.06 ms,
//! but the next letter as long as before, the index grew by a tenth and writing slowed by as much.

mod day;
pub(crate) mod entry;
mod excerpt;
mod facet;
mod find;
pub(crate) mod index;
pub(crate) mod linear;
mod people_filter;
mod plan;
mod query;
mod rebuild;
mod scope;
mod term;
mod walk;

#[cfg(test)]
mod tests;

pub use entry::IndexEntry;
pub use excerpt::{Mark, marks};
pub use find::{Found, Hit, PersonHit, ThreadFound, find, find_more, in_thread};
pub use index::{forget, forget_person, index, index_person};
pub use linear::{patterns, words};
pub use model::text_fold::fold;
pub use query::{Problem, ProblemKind, Query};
pub use rebuild::{is_rebuilding, merge, rebuild};
pub use scope::Scope;
