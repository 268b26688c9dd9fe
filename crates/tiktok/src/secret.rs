//! The three secrets, each in a type that cannot be printed, saved or mixed up with another by accident.
//!
//! The memory is wiped on drop. That keeps them out of logs and most core dumps; it does not stop a debugger.

use secrecy::{ExposeSecret, SecretString};
use std::fmt;

macro_rules! secret {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(SecretString);

        impl $name {
            /// Wraps the text as received from TikTok or the keychain.
            pub fn new(text: impl Into<String>) -> Self {
                Self(SecretString::from(text.into()))
            }

            /// The text itself: for the wire and the keychain, nowhere else.
            #[must_use]
            pub fn expose(&self) -> &str {
                self.0.expose_secret()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "([redacted])"))
            }
        }
    };
}

secret! {
    /// What an API call shows: `act.…`. Lives for `expires_in` seconds from the answer that carried it.
    AccessToken
}
secret! {
    /// What buys the next pair of tokens: `rft.…`. Works once; the answer carries its successor.
    RefreshToken
}
secret! {
    /// The app's secret, from TikTok's developer portal. The operator's own: none is built in.
    ClientSecret
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_print_itself() {
        let token = AccessToken::new("act.canary");
        assert_eq!(format!("{token:?}"), "AccessToken([redacted])");
        assert_eq!(token.clone().expose(), "act.canary");
    }
}
