//! The compiler: `.x` text to Rust, or to messages.

use xdrgen::Config;

/// Any text is compiled or refused with messages, the same each time, whether names are kept or not.
///
/// That the compiler ends, and within memory bounds, is for the fuzzer to see: it is run with limits on both.
pub fn compiler(input: &[u8]) -> bool {
    let text = String::from_utf8_lossy(input);
    if may_read_devices(&text) {
        return false;
    }
    let first = compile(&xdrgen::configure(), &text);
    assert_eq!(first, compile(&xdrgen::configure(), &text), "twice the same text");
    let kept = compile(&xdrgen::configure().keep_names(true).serde(true).list_passthrough(true), &text);
    match (&first, &kept) {
        (Ok(_), Ok(_)) | (Err(_), Err(_)) => {}
        _ => panic!("what is right does not depend on how names are spelled: {first:?}, {kept:?}"),
    }
    if let Err(message) = &first {
        assert!(!message.trim().is_empty(), "refused without a word");
    }
    first.is_ok()
}

fn compile(config: &Config, text: &str) -> Result<String, String> {
    // In a folder that is not there: an `#include` finds the text itself, and nothing else.
    config.compile_str("no such folder/fuzzed.x", text).map_err(|error| error.to_string())
}

/// Whether the text may include a file that never ends, or waits for input.
fn may_read_devices(text: &str) -> bool {
    text.contains("include") && text.split("include").skip(1).any(|rest| rest.contains('/'))
}
