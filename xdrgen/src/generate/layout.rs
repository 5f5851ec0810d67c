//! Rust source as people lay it out.

use proc_macro2::TokenStream;

/// Formats items.
pub(super) fn format(items: TokenStream) -> String {
    match syn::parse2::<syn::File>(items) {
        Ok(file) => spaced(&prettyplease::unparse(&file)),
        // A mistake of ours, which rustc then reports to somebody who can tell us.
        Err(error) => {
            let message = format!("xdrgen generated what is no Rust ({error}): please report this with the .x file");
            format!("compile_error!({message:?});\n")
        }
    }
}

/// Puts an empty line between items, and type arguments on the line of their call.
fn spaced(source: &str) -> String {
    let mut spaced = String::with_capacity(source.len() + source.len() / 16);
    let mut previous = "";
    let mut lines = source.lines();
    while let Some(line) = lines.next() {
        if ends_item(previous) && starts_item(line) && indent(previous) == indent(line) {
            spaced.push('\n');
        }
        spaced.push_str(line);
        if line.ends_with("::<") {
            let mut arguments = String::new();
            for part in lines.by_ref().map(str::trim) {
                if part.starts_with('>') {
                    spaced.push_str(arguments.trim_end().trim_end_matches(','));
                    spaced.push_str(part);
                    break;
                }
                arguments.push_str(part);
                arguments.push(' ');
            }
        }
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
    ["///", "#[", "pub ", "const _", "impl ", "impl<", "fn "].iter().any(|start| line.starts_with(start))
}
