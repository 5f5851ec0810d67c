//! Rust source as people lay it out.

use proc_macro2::TokenStream;

/// Formats items.
pub(super) fn format(items: TokenStream) -> String {
    match syn::parse2::<syn::File>(items.clone()) {
        Ok(file) => spaced(&prettyplease::unparse(&file)),
        // It would be a mistake of ours; rustc shows where.
        Err(_) => items.to_string(),
    }
}

/// Puts an empty line between items.
fn spaced(source: &str) -> String {
    let mut spaced = String::with_capacity(source.len() + source.len() / 16);
    let mut previous = "";
    for line in source.lines() {
        if ends_item(previous) && starts_item(line) && indent(previous) == indent(line) {
            spaced.push('\n');
        }
        spaced.push_str(line);
        spaced.push('\n');
        previous = line;
    }
    spaced
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn ends_item(line: &str) -> bool {
    let line = line.trim_start();
    !line.starts_with("//") && (line.ends_with(';') || line.ends_with('}'))
}

fn starts_item(line: &str) -> bool {
    let line = line.trim_start();
    ["///", "#[", "pub ", "impl ", "impl<", "fn "].iter().any(|start| line.starts_with(start))
}
