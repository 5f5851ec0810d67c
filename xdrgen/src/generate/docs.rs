//! Comments of the `.x` as rustdoc, and what stands where there is no comment.

use proc_macro2::TokenStream;
use quote::quote;

use crate::model::Docs;

/// Doc attributes for a comment; without one, `role`.
pub(super) fn comment_or(docs: &Docs, role: &str) -> TokenStream {
    let lines = markdown(docs);
    if lines.is_empty() { paragraph(role) } else { attributes(&lines) }
}

/// Doc attributes for text of our own.
pub(super) fn paragraph(text: &str) -> TokenStream {
    attributes(&text.lines().map(str::to_owned).collect::<Vec<_>>())
}

/// The file's name for an item, where Rust has another: rustdoc's search finds it.
pub(super) fn alias(original: &str, rust: &str) -> Option<TokenStream> {
    (original != super::names::unescape(rust) && !original.is_empty()).then(|| quote!(#[doc(alias = #original)]))
}

fn attributes(lines: &[String]) -> TokenStream {
    let lines = lines.iter().map(|line| if line.is_empty() { String::new() } else { format!(" {line}") });
    quote!(#(#[doc = #lines])*)
}

/// A comment as Markdown that shows what it says: nothing in it is taken for a link, for HTML or for code to be tested.
fn markdown(docs: &Docs) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut state = State::Prose;
    for line in docs {
        let line = line.replace('\t', "        ");
        let line = line.trim_end();
        let indent = line.len() - line.trim_start().len();
        let text = line.trim_start();
        if let Some(language) = text.strip_prefix("```") {
            match state {
                State::Fenced => state = State::Prose,
                _ => state = State::Fenced,
            }
            let language = if state == State::Fenced && language.is_empty() { "text" } else { language };
            lines.push(format!("```{language}"));
            continue;
        }
        if state == State::Fenced {
            lines.push(line.to_owned());
            continue;
        }
        if text.is_empty() || is_rule(text) {
            if lines.last().is_some_and(|last| !last.is_empty()) {
                lines.push(String::new());
            }
            continue;
        }
        // What is indented this far is a drawing or code, and would be compiled as a test.
        if indent >= 4 && !matches!(state, State::Item(_)) {
            if state != State::Drawing {
                lines.push("```text".to_owned());
                state = State::Drawing;
            }
            lines.push(line.to_owned());
            continue;
        }
        if state == State::Drawing {
            close_drawing(&mut lines);
            state = State::Prose;
        }
        if let Some(marker) = list_marker(text) {
            state = State::Item(marker);
            lines.push(escape(text));
        } else if let State::Item(marker) = state {
            if lines.last().is_some_and(String::is_empty) && indent == 0 {
                state = State::Prose;
                lines.push(escape(text));
            } else {
                lines.push(format!("{}{}", " ".repeat(marker), escape(text)));
            }
        } else {
            lines.push(escape(text));
        }
    }
    match state {
        State::Drawing => close_drawing(&mut lines),
        State::Fenced => lines.push("```".to_owned()),
        State::Prose | State::Item(_) => {}
    }
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

/// What the lines before were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Paragraphs.
    Prose,
    /// An item of a list; its text starts at this column.
    Item(usize),
    /// Between the comment's own fences.
    Fenced,
    /// Between fences that we put there.
    Drawing,
}

fn close_drawing(lines: &mut Vec<String>) {
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines.push("```".to_owned());
    lines.push(String::new());
}

/// `-----`, `=====`, `*****`: an ornament, which Markdown would take for a heading.
fn is_rule(text: &str) -> bool {
    text.len() >= 3 && text.chars().all(|char| "-=*_#+~/".contains(char))
}

/// Where the text after `- `, `* ` or `1. ` starts.
fn list_marker(text: &str) -> Option<usize> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let marker = match text.as_bytes() {
        [b'-' | b'*' | b'+', b' ', ..] => 2,
        bytes if (1..4).contains(&digits) && matches!(bytes.get(digits..), Some([b'.' | b')', b' ', ..])) => digits + 2,
        _ => return None,
    };
    Some(marker)
}

/// Prose with what Markdown would read as a link, as HTML or as a heading escaped; code between backticks stays.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    if text.starts_with(['#', '=', '|', '~']) {
        escaped.push('\\');
    }
    let mut rest = text;
    while let Some(at) = rest.find(['`', '[', ']', '<', '>', '\\']) {
        let (before, from) = rest.split_at(at);
        escaped.push_str(before);
        let code = from.strip_prefix('`').and_then(|inside| inside.find('`'));
        let taken = match code {
            Some(length) => {
                escaped.push_str(&from[..length + 2]);
                length + 2
            }
            None => {
                escaped.push('\\');
                escaped.push_str(&from[..1]);
                1
            }
        };
        rest = &from[taken..];
    }
    escaped.push_str(rest);
    with_links(&escaped)
}

/// Web addresses become links.
fn with_links(text: &str) -> String {
    let is_address = |word: &str| word.starts_with("http://") || word.starts_with("https://");
    if !text.split(' ').any(is_address) {
        return text.to_owned();
    }
    let link = |word: &str| {
        if !is_address(word) {
            return word.to_owned();
        }
        let address = word.trim_end_matches(['.', ',', ';', ':', ')']);
        format!("<{address}>{}", &word[address.len()..])
    };
    text.split(' ').map(link).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(lines: &[&str]) -> Vec<String> {
        markdown(&lines.iter().map(|line| (*line).to_owned()).collect())
    }

    #[test]
    fn prose_is_escaped() {
        assert_eq!(shown(&["a <b> [c] `<d>` e` #f"]), ["a \\<b\\> \\[c\\] `<d>` e\\` #f"]);
        assert_eq!(shown(&["#define X"]), ["\\#define X"]);
        assert_eq!(shown(&["see https://example.org/x."]), ["see <https://example.org/x>."]);
    }

    #[test]
    fn ornaments_go() {
        assert_eq!(shown(&["=====", "Title", "-----", "", "text", ""]), ["Title", "", "text"]);
    }

    #[test]
    fn what_is_indented_is_no_test() {
        assert_eq!(
            shown(&["Layout:", "", "    | a | b |", "    let x = 1;", "", "after"]),
            ["Layout:", "", "```text", "    | a | b |", "    let x = 1;", "```", "", "after"]
        );
        assert_eq!(shown(&["```", "let x = <y>;", "```"]), ["```text", "let x = <y>;", "```"]);
        assert_eq!(shown(&["```", "open"]), ["```text", "open", "```"]);
    }

    #[test]
    fn lists_keep_their_lines() {
        assert_eq!(shown(&["- one", "goes on", "- two", "", "after"]), ["- one", "  goes on", "- two", "", "after"]);
        assert_eq!(shown(&["1. one", "   goes on"]), ["1. one", "   goes on"]);
    }
}
