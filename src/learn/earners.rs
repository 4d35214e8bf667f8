//! Sessions that did business, in a map of their own: only who pays pushes out who paid.

use crate::memory::known;
use crate::memory::sheet::SheetSpec;

/// Most sheets of it: with 2,048 sessions each.
const MOST: usize = 32;

/// A session that does business again within this time, in seconds, is not written anew.
pub(super) const RENEWED_S: u32 = 3600;

/// The sheets for this many bytes, at least one.
pub(super) fn specs(bytes: u64) -> Vec<SheetSpec> {
    known::specs("pal1.t", bytes, MOST)
}
