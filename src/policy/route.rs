//! Matching a request to a route by host, method and path.

/// Which requests a route is for. An empty list allows any.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct RouteMatch {
    /// Lower-case host names without port; `*.example.com` allows any host below it.
    pub hosts: Vec<String>,
    /// Methods, upper case.
    pub methods: Vec<String>,
    /// The path; `None` allows any.
    pub path: Option<PathPattern>,
}

impl RouteMatch {
    /// Whether a request with this authority, method and path (query included) is meant.
    #[must_use]
    pub fn allows(&self, authority: &[u8], method: &[u8], path: &[u8]) -> bool {
        (self.hosts.is_empty() || self.hosts.iter().any(|host| host_allows(host, authority)))
            && (self.methods.is_empty() || self.methods.iter().any(|m| m.as_bytes() == method))
            && self.path.as_ref().is_none_or(|p| p.allows(path))
    }
}

fn host_allows(pattern: &str, authority: &[u8]) -> bool {
    let host = host_of(authority);
    match pattern.strip_prefix('*') {
        Some(suffix) => {
            host.len() > suffix.len()
                && host
                    .get(host.len() - suffix.len()..)
                    .is_some_and(|end| end.eq_ignore_ascii_case(suffix.as_bytes()))
        }
        None => host.eq_ignore_ascii_case(pattern.as_bytes()),
    }
}

/// The authority without its port. `[::1]:80` keeps its brackets.
fn host_of(authority: &[u8]) -> &[u8] {
    match authority.iter().rposition(|&b| b == b':') {
        Some(colon) if authority.get(colon + 1..).is_some_and(|p| p.iter().all(u8::is_ascii_digit)) => {
            authority.get(..colon).unwrap_or(authority)
        }
        _ => authority,
    }
}

/// A path template: literal segments, `{name}` for any one segment, `/**` at the end for any rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern {
    /// As the operator wrote it; names the operation in reports.
    text: String,
    segments: Vec<Segment>,
    /// Whether anything may follow the segments.
    open: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Literal(String),
    Any { subject: bool },
}

impl PathPattern {
    /// Reads a template.
    ///
    /// # Errors
    /// Says what is wrong, in words that can follow "`/a/{b`: ".
    pub fn parse(text: &str) -> Result<Self, String> {
        let Some(rest) = text.strip_prefix('/') else {
            return Err("a path begins with /".into());
        };
        if rest.contains(['?', '#']) {
            return Err("a path has no query and no fragment".into());
        }
        let (rest, open) = match rest.strip_suffix("**") {
            Some(head) if head.is_empty() || head.ends_with('/') => (head.trim_end_matches('/'), true),
            _ => (rest, false),
        };
        let mut segments = Vec::new();
        if !(open && rest.is_empty()) {
            for part in rest.split('/') {
                segments.push(Segment::parse(part)?);
            }
        }
        Ok(Self { text: text.to_owned(), segments, open })
    }

    /// As the operator wrote it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it can yield a subject: it has a `{subject}` segment, or is the whole path.
    #[must_use]
    pub fn has_subject(&self) -> bool {
        self.is_whole_path() || self.segments.iter().any(|s| matches!(s, Segment::Any { subject: true }))
    }

    fn is_whole_path(&self) -> bool {
        self.open && self.segments.is_empty()
    }

    /// Whether the path, its query left aside, is meant.
    #[must_use]
    pub fn allows(&self, path: &[u8]) -> bool {
        self.walk(path).is_some()
    }

    /// The segment at `{subject}`, or the whole path for `/**`; `None` where the path is another.
    #[must_use]
    pub fn subject<'p>(&self, path: &'p [u8]) -> Option<&'p [u8]> {
        let found = self.walk(path)?;
        if self.is_whole_path() { Some(without_query(path)) } else { found }
    }

    /// Walks the path; the outer option is whether it matches, the inner its subject.
    fn walk<'p>(&self, path: &'p [u8]) -> Option<Option<&'p [u8]>> {
        let mut parts = without_query(path).strip_prefix(b"/")?.split(|&b| b == b'/');
        let mut subject = None;
        for segment in &self.segments {
            let part = parts.next()?;
            match segment {
                Segment::Literal(text) if text.as_bytes() == part => {}
                Segment::Any { subject: is_subject } if !part.is_empty() => {
                    if *is_subject {
                        subject = Some(part);
                    }
                }
                _ => return None,
            }
        }
        (self.open || parts.next().is_none()).then_some(subject)
    }
}

impl Segment {
    fn parse(part: &str) -> Result<Self, String> {
        match part.strip_prefix('{').and_then(|p| p.strip_suffix('}')) {
            Some("") => Err("{} needs a name".into()),
            Some(name) => Ok(Self::Any { subject: name == "subject" }),
            None if part.contains(['{', '}', '*']) => {
                Err("{name} and ** stand for whole segments, and ** only for the last".into())
            }
            None => Ok(Self::Literal(part.to_owned())),
        }
    }
}

/// The path up to its query.
#[must_use]
pub fn without_query(path: &[u8]) -> &[u8] {
    path.iter().position(|&b| b == b'?').and_then(|q| path.get(..q)).unwrap_or(path)
}
