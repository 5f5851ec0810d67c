//! Integers that are narrower in Rust than on the wire.

/// `value` in a narrower type, if it fits there.
#[inline(always)]
pub(super) fn narrow<Wide, Narrow: TryFrom<Wide>>(value: Wide) -> Option<Narrow> {
    Narrow::try_from(value).ok()
}
