//! Prefixes that C needs and Rust does not: `NFS3_OK` is `Nfsstat3::Ok`, `NFSPROC3_READ` is `read`.

use super::case::{Word, words};

/// How many leading words all members of an enum share and can do without.
///
/// None of them may be left without a name or with one that starts with a digit. An enum of one member shares nothing.
pub(super) fn of_members(idents: &[&str]) -> usize {
    let split: Vec<Vec<Word<'_>>> = idents.iter().map(|ident| words(ident)).collect();
    let [first, rest @ ..] = split.as_slice() else { return 0 };
    if rest.is_empty() {
        return 0;
    }
    let shared = rest.iter().fold(first.len(), |shared, other| {
        let same = first.iter().zip(other).take_while(|(one, two)| one.text.eq_ignore_ascii_case(two.text)).count();
        shared.min(same)
    });
    dispensable(&split, shared)
}

/// How many leading words of its procedures name their program.
///
/// Those are the words of the program's own name, `PROG` and `PROGRAM` apart, with or without `PROC` and digits: `NFSPROC3`
/// and `REMOTE_PROC` are names of `NFS_PROGRAM` and of `REMOTE_PROGRAM`. Every procedure has to have them.
pub(super) fn of_procedures(program: &str, idents: &[&str]) -> usize {
    let program: Vec<String> = words(program)
        .iter()
        .map(|word| stem(word.text, &["PROGRAM", "PROG"]))
        .take_while(|word| !word.is_empty())
        .collect();
    let split: Vec<Vec<Word<'_>>> = idents.iter().map(|ident| words(ident)).collect();
    let own = |procedure: &Vec<Word<'_>>| {
        let mut rest = procedure.iter().map(|word| stem(word.text, &["PROC"])).peekable();
        let named = program.iter().take_while(|word| rest.next_if(|own| own == *word).is_some()).count();
        let filler = if named > 0 { rest.take_while(String::is_empty).count() } else { 0 };
        named + filler
    };
    let shared = split.iter().map(own).min().unwrap_or(0);
    dispensable(&split, shared)
}

/// `ident` without its first `count` words.
pub(super) fn without(ident: &str, count: usize) -> &str {
    match words(ident).get(count) {
        // With the underscores that it begins with.
        Some(word) if count > 0 => &ident[word.start..],
        _ => ident,
    }
}

/// The most words, up to `shared`, that can go.
fn dispensable(split: &[Vec<Word<'_>>], shared: usize) -> usize {
    let can_go = |count: usize| {
        split.iter().all(|words| {
            words.get(count).is_some_and(|next| !next.text.starts_with(|first: char| first.is_ascii_digit()))
        })
    };
    (1..=shared).rev().find(|count| can_go(*count)).unwrap_or(0)
}

/// A word in capitals, without trailing digits and without one of `endings`.
fn stem(word: &str, endings: &[&str]) -> String {
    let word = word.to_ascii_uppercase();
    let bare = word.trim_end_matches(|last: char| last.is_ascii_digit());
    let bare = endings.iter().find_map(|ending| bare.strip_suffix(ending)).unwrap_or(bare);
    bare.trim_end_matches(|last: char| last.is_ascii_digit()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(idents: &[&str]) -> Vec<String> {
        let shared = of_members(idents);
        idents.iter().map(|ident| without(ident, shared).to_owned()).collect()
    }

    fn procedures(program: &str, idents: &[&str]) -> Vec<String> {
        let shared = of_procedures(program, idents);
        idents.iter().map(|ident| without(ident, shared).to_owned()).collect()
    }

    #[test]
    fn a_shared_prefix_of_members_goes() {
        assert_eq!(members(&["NFS3_OK", "NFS3ERR_PERM"]), ["OK", "ERR_PERM"]);
        assert_eq!(members(&["NF3REG", "NF3DIR"]), ["REG", "DIR"]);
        assert_eq!(members(&["COLOR_RED", "color_green"]), ["RED", "green"]);
    }

    #[test]
    fn a_prefix_stays_when_nothing_or_a_digit_would_be_left() {
        assert_eq!(members(&["TCP", "TCP_V6"]), ["TCP", "TCP_V6"]);
        assert_eq!(members(&["V_1", "V_2"]), ["V_1", "V_2"]);
        assert_eq!(members(&["A_V_1", "A_V_2"]), ["V_1", "V_2"]);
        assert_eq!(members(&["ONLY_ONE"]), ["ONLY_ONE"]);
        assert_eq!(members(&[]), [""; 0]);
    }

    #[test]
    fn procedures_lose_the_name_of_their_program() {
        assert_eq!(procedures("NFS_PROGRAM", &["NFSPROC3_NULL", "NFSPROC3_READ"]), ["NULL", "READ"]);
        assert_eq!(procedures("NFS4_PROGRAM", &["NFSPROC4_NULL"]), ["NULL"]);
        assert_eq!(procedures("REMOTE_PROGRAM", &["REMOTE_PROC_OPEN", "REMOTE_PROC_CLOSE"]), ["OPEN", "CLOSE"]);
        assert_eq!(procedures("RPCBPROG", &["RPCBPROC_SET", "RPCBPROC_GETADDR"]), ["SET", "GETADDR"]);
        assert_eq!(procedures("CALC_PROG", &["CALC_ADD", "CALC_SUB"]), ["ADD", "SUB"]);
        assert_eq!(procedures("DB_DAEMON_PROG", &["db_daemon_add", "db_daemon_get"]), ["add", "get"]);
    }

    #[test]
    fn verbs_stay() {
        assert_eq!(procedures("CALC_PROG", &["ADD_INT", "ADD_PAIR"]), ["ADD_INT", "ADD_PAIR"]);
        assert_eq!(procedures("CALC_PROG", &["CALC_ADD", "SUB"]), ["CALC_ADD", "SUB"]);
        assert_eq!(procedures("CALC_PROG", &["CALC"]), ["CALC"]);
        assert_eq!(procedures("PROG", &["PROC", "PROC_A"]), ["PROC", "PROC_A"]);
    }
}
