//! What desktops and the relay say to each other. Types only: nothing here does I/O.
//!
//! The protocol is HTTP with JSON, and Server-Sent Events for the stream. Every path of version 1 begins with `/v1/`.
//! A desktop and a relay of different versions work together: a field that one side does not know is ignored, a field
//! that the other side does not send has its default, and an event of an unknown kind is kept as it came.

pub mod api;
pub mod event;
pub mod failure;
pub mod headers;
pub mod paths;

pub use event::{Event, EventBody, EventId, EventIdError};
pub use failure::{Failure, FailureCode};
