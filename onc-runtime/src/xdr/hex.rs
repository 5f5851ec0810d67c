//! Opaque data as people read it.

use std::fmt;

/// As many bytes are shown whole: a digest, a file handle of NFSv2.
const WHOLE: usize = 32;

/// As many are shown of what is longer.
const SHORTENED: usize = 16;

/// Bytes that are shown in hexadecimal: by `Debug` and `Display` shortened, when there are more than 32, to the first 16 and
/// their number; by `{:x}` all of them.
///
/// `#[derive(HexDebug)]` uses it for opaque data.
///
/// ```
/// use onc_runtime::xdr::Hex;
///
/// assert_eq!(format!("{:?}", Hex(&[0, 0xca, 0xfe])), "0x00cafe");
/// assert_eq!(Hex(&[7; 1 << 20]).to_string(), "0x07070707070707070707070707070707… 1048576 bytes");
/// assert_eq!(format!("{:x}", Hex(&[0, 0xca, 0xfe])), "00cafe");
/// assert_eq!(format!("{:#x}", Hex(&[7; 40])).len(), 2 + 80);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hex<'a>(pub &'a [u8]);

impl fmt::LowerHex for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            f.write_str("0x")?;
        }
        digits(self.0, f)
    }
}

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("0x")?;
        if self.0.len() <= WHOLE {
            return digits(self.0, f);
        }
        digits(&self.0[..SHORTENED], f)?;
        write!(f, "… {} bytes", self.0.len())
    }
}

impl fmt::Debug for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn digits(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}
