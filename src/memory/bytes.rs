//! Numbers in the fixed forms of shared data: all little-endian, none of them able to panic.

/// The bytes at a place; zeros where there are not as many.
#[must_use]
pub fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes.get(at..at + N).and_then(|b| b.try_into().ok()).unwrap_or([0; N])
}

/// Writes to a place; nothing where there is no room.
pub fn put(bytes: &mut [u8], at: usize, part: &[u8]) {
    if let Some(place) = bytes.get_mut(at..at + part.len()) {
        place.copy_from_slice(part);
    }
}

/// Writes parts one after another, from the beginning.
pub struct Parts<'b> {
    bytes: &'b mut [u8],
    at: usize,
}

impl<'b> Parts<'b> {
    /// Writes here.
    pub fn new(bytes: &'b mut [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Writes the next part.
    pub fn put(&mut self, part: &[u8]) {
        put(self.bytes, self.at, part);
        self.at += part.len();
    }
}
