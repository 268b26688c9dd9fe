//! The environment of the program, or of a test.

/// The environment that a configuration is read in: the program's, or a test's.
pub trait Surroundings {
    /// A variable of the environment.
    fn variable(&self, name: &str) -> Option<String>;
    /// The names of all variables.
    fn names(&self) -> Vec<String>;
}

/// The program's own environment.
#[derive(Debug, Clone, Copy, Default)]
pub struct Environment;

impl Surroundings for Environment {
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn names(&self) -> Vec<String> {
        std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).collect()
    }
}
