//! A place in a JSON text.

/// A JSON pointer (RFC 6901), taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer {
    /// As the operator wrote it.
    text: String,
    tokens: Vec<String>,
}

impl Pointer {
    /// Takes a pointer such as `/user/email` apart. One that does not begin with `/` points at
    /// the whole text.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let tokens = text.split('/').skip(1).map(|t| t.replace("~1", "/").replace("~0", "~")).collect();
        Self { text: text.to_owned(), tokens }
    }

    /// As the operator wrote it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The names and indices on the way, from the outermost on.
    #[must_use]
    pub fn tokens(&self) -> &[String] {
        &self.tokens
    }
}
