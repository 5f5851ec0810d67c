//! The name of the module that a file's code is in.

/// The module that the code of a `.x` file is in: its name without what no Rust name can have.
pub(crate) fn module_name(stem: &str) -> String {
    let mut name: String = stem.chars().map(|char| if char.is_ascii_alphanumeric() { char } else { '_' }).collect();
    if name.starts_with(|first: char| first.is_ascii_digit()) || name.is_empty() {
        name.insert(0, '_');
    }
    name
}
