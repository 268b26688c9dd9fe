//! What a command is: its arguments, its reply and its body.

use std::future::Future;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{Desk, Fault};

/// A command of the contract: its arguments, the shape of its reply, and what it does.
///
/// Arguments and replies are both serialized and deserialized, so that tests ask as the page does and read the reply by
/// type.
pub trait Command: Listed + Serialize + DeserializeOwned + TS + Send + 'static {
    /// The shape of the reply.
    type Reply: Serialize + DeserializeOwned + TS + 'static;

    /// Runs the command.
    fn run(self, desk: &Desk) -> impl Future<Output = Result<Self::Reply, Fault>> + Send;
}

/// The answer of a command that has nothing to tell.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, TS)]
pub struct Done {}

/// Implemented by `contract!` for each command it lists, so that no other one can be run.
pub trait Listed {
    /// The name of the command's struct; the page uses the same name in camelCase.
    const TYPE_NAME: &'static str;
}

/// A type's name with its first letter in lower case.
pub(crate) fn camel_case(type_name: &'static str) -> impl Iterator<Item = char> {
    type_name.char_indices().map(|(at, letter)| if at == 0 { letter.to_ascii_lowercase() } else { letter })
}
