//! The people who write: Maison Bloom's scripted customers, the life they go on to lead, and crowds for load. They act
//! on the world alone.

pub(crate) mod arrivals;
pub(crate) mod crowd;
pub(crate) mod live;
pub(crate) mod maison_bloom;
pub(crate) mod phrases;
pub(crate) mod populate;
pub(crate) mod script;
