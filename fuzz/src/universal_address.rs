//! Addresses as text.

use onc_runtime::rpc::{Netid, UniversalAddress};

/// A universal address: what is accepted is read back from what it is written as.
pub fn universal_address(input: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(input) else { return false };
    match text.parse::<UniversalAddress>() {
        Ok(address) => {
            let written = address.to_string();
            assert_eq!(written.parse(), Ok(address));
            let fitting = ["tcp", "tcp6", "local"].into_iter().filter(|netid| {
                let netid: Netid = netid.parse().expect("a known netid");
                UniversalAddress::parse(netid, text).is_ok()
            });
            assert_eq!(fitting.count(), 1, "an address is of one kind");
            true
        }
        Err(error) => {
            assert!(error.to_string().len() < 1000);
            false
        }
    }
}
