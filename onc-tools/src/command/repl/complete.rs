//! What the Tab key offers.

use std::collections::BTreeSet;

use crate::dynamic::complete;

use super::Scope;
use super::line::{COMMANDS, split};

impl Scope<'_> {
    /// What may stand at the end of a line: where the word begins that is being written, and what may take its place.
    pub(super) fn complete(&self, text: &str) -> (usize, Vec<String>) {
        let begin = text.len() - text.trim_start().len();
        let (word, rest) = split(&text[begin..]);
        let behind = text.len() - rest.len();
        let fitting = |at: usize, names: Vec<String>, word: &str, end: &str| {
            let is_begun = |name: &String| name.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
            (at, names.into_iter().filter(is_begun).map(|name| name + end).collect())
        };
        if begin + word.len() == text.len() {
            let mut names = self.procedures();
            names.extend(COMMANDS.map(str::to_owned));
            return fitting(begin, names, word, " ");
        }
        match word {
            ".describe" => {
                let mut names = self.procedures();
                names.extend(self.model.types.iter().map(|named| named.name.ident.clone()));
                fitting(behind, names, rest, "")
            }
            ".template" => fitting(behind, self.procedures(), rest, ""),
            _ => match self.find(word) {
                Ok(found) => {
                    let (at, candidates) = complete(self.model, found.procedure, rest);
                    (behind + at, candidates)
                }
                Err(_) => (text.len(), Vec::new()),
            },
        }
    }

    fn procedures(&self) -> Vec<String> {
        let all = self.which.procedures(self.model);
        let names: BTreeSet<String> = all.map(|found| found.procedure.name.clone()).collect();
        names.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use xdrgen::model::Model;

    use crate::command::dial::Which;

    use super::*;

    fn model() -> Model {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/x/kinds.x");
        xdrgen::load(&xdrgen::configure(), file.as_ref()).expect("a good file")
    }

    /// The lines that the candidates make.
    fn offered(text: &str) -> Vec<String> {
        offered_in("1", text)
    }

    fn offered_in(version: &str, text: &str) -> Vec<String> {
        let model = model();
        let which = Which { prog: Some("kinds_prog".into()), vers: Some(version.into()) };
        let (at, candidates) = Scope { model: &model, which }.complete(text);
        candidates.into_iter().map(|candidate| format!("{}{candidate}", &text[..at])).collect()
    }

    #[test]
    fn procedures_and_commands_are_offered() {
        assert_eq!(offered("A"), ["ADD "]);
        assert_eq!(offered("  ec"), ["  ECHO "]);
        assert_eq!(offered(".t"), [".template ", ".time "]);
        assert_eq!(offered(".describe sh"), [".describe shape"]);
        assert_eq!(offered(".template NO"), [".template NOTHING"]);
        assert_eq!(offered("").len(), 3 + COMMANDS.len());
        assert_eq!(offered("UNKNOWN {"), [""; 0]);
        for version in ["0x1", "kinds_v1"] {
            assert_eq!(offered_in(version, "NO"), ["NOTHING "], "of the versions that a call takes for {version}");
        }
        assert_eq!(offered_in("2", "NO"), [""; 0]);
    }

    #[test]
    fn fields_are_offered() {
        assert_eq!(offered("ADD {"), ["ADD {\"a\": ", "ADD {\"b\": "]);
        assert_eq!(offered("ADD { \"a\": 1, "), ["ADD { \"a\": 1, \"b\": "]);
        assert_eq!(offered("ADD"), ["ADD "]);
        assert_eq!(offered("ADD "), ["ADD {", "ADD ["]);
        assert_eq!(offered("ADD [1,2"), [""; 0]);
        assert_eq!(offered("ECHO {\"fi"), ["ECHO {\"fixed\": "]);
        assert_eq!(
            offered("ECHO {\"fixed\": [{\"x\": 1, \"y\": 2}, {\"x\": 1, "),
            ["ECHO {\"fixed\": [{\"x\": 1, \"y\": 2}, {\"x\": 1, \"y\": "]
        );
        assert_eq!(offered("ECHO {\"list\": [{"), ["ECHO {\"list\": [{\"name\": "]);
        assert_eq!(offered("ECHO {\"deep\": {\"left\": {\"v"), ["ECHO {\"deep\": {\"left\": {\"value\": "]);
        assert_eq!(offered("ECHO {\"c\" "), [""; 0], "a colon is due");
        assert_eq!(offered("ECHO {\"c\": \"RED\" "), [""; 0], "a comma is due");
        assert_eq!(offered("NOTHING "), [""; 0]);
    }

    #[test]
    fn values_are_offered() {
        assert_eq!(offered("ECHO {\"c\": \"G"), ["ECHO {\"c\": \"GREEN\""]);
        assert_eq!(offered("ECHO {\"b\": t"), ["ECHO {\"b\": true"]);
        assert_eq!(offered("ECHO {\"maybe\": "), ["ECHO {\"maybe\": null", "ECHO {\"maybe\": {"]);
        assert_eq!(offered("ECHO {\"names\": "), ["ECHO {\"names\": ["]);
    }

    #[test]
    fn the_discriminant_chooses_the_arms() {
        let union = "ECHO {\"one\": {";
        assert_eq!(offered(union).len(), 3, "the discriminant and two arms");
        let chosen = format!("{union}\"kind\": \"RED\", ");
        assert_eq!(offered(&chosen), [format!("{chosen}\"at\": ")]);
        let chosen = format!("{union}\"kind\": \"GREEN\", ");
        assert_eq!(offered(&chosen), [""; 0]);
        let chosen = "ECHO {\"sc\": {\"d\": -1, ";
        assert_eq!(offered(chosen), [format!("{chosen}\"minus\": ")]);
        let inside = "ECHO {\"one\": {\"kind\": \"RED\", \"at\": {\"x";
        assert_eq!(offered(inside), ["ECHO {\"one\": {\"kind\": \"RED\", \"at\": {\"x\": "]);
    }

    #[test]
    fn nothing_breaks_it() {
        let text = "ECHO {\"c\": \"RED\", \"fixed\": [{\"x\": 1}, ]}]}} , : \"\\\" ü { [ nul 1e }";
        for (end, _) in text.char_indices() {
            let _ = offered(&text[..end]);
        }
    }
}
