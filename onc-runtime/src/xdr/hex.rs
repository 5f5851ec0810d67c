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
/// assert_eq!(Hex::parse("0x00cafe"), Some(vec![0, 0xca, 0xfe]));
/// assert_eq!(Hex::parse("00caf"), None, "half a byte");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hex<'a>(pub &'a [u8]);

impl Hex<'_> {
    /// The bytes that hexadecimal digits stand for, two for each byte; a `0x` before them is passed over. `None`: they are no
    /// such digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Vec<u8>> {
        let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
        let (pairs, rest) = text.strip_prefix("0x").unwrap_or(text).as_bytes().as_chunks();
        let bytes = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect();
        if rest.is_empty() { bytes } else { None }
    }
}

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
