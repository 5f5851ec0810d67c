//! The outcome as a table.

use std::io::{self, Write};

use super::{Compiled, Generated, Outcome};

/// Prints a line for each file, the messages of what failed, and the totals. Returns how many files were accepted whose
/// Rust does not compile.
///
/// # Errors
///
/// `out` cannot be written to.
pub fn print(outcomes: &[Outcome], out: &mut impl Write) -> io::Result<usize> {
    let width = outcomes.iter().map(|outcome| outcome.file.display().to_string().len()).max().unwrap_or(4).max(4);
    writeln!(out, "{:width$}  {:8}  {:8}  {:8}  supplied", "file", "accepted", "compiles", "rpcgen")?;
    for outcome in outcomes {
        let (accepted, supplied) = match &outcome.generated {
            Generated::Rust { types, constants, files, .. } => {
                let supplied = [(types.len(), "types"), (*constants, "constants"), (*files, "files")];
                let supplied = supplied.iter().filter(|(count, _)| *count > 0);
                ("yes", supplied.map(|(count, what)| format!("{count} {what}")).collect::<Vec<_>>().join(", "))
            }
            Generated::Refused { .. } => ("no", String::new()),
        };
        let compiles = match outcome.compiled {
            Some(Compiled::Yes) => "yes",
            Some(Compiled::No(_)) => "NO",
            None => "-",
        };
        let rpcgen = outcome.rpcgen.map_or("-", |accepts| if accepts { "yes" } else { "no" });
        let file = outcome.file.display().to_string();
        writeln!(out, "{file:width$}  {accepted:8}  {compiles:8}  {rpcgen:8}  {supplied}")?;
    }
    for outcome in outcomes {
        let ((Generated::Refused { message }, _) | (_, Some(Compiled::No(message)))) =
            (&outcome.generated, &outcome.compiled)
        else {
            continue;
        };
        writeln!(out, "\n== {}\n{}", outcome.file.display(), message.trim_end())?;
    }
    let count = |what: &dyn Fn(&Outcome) -> bool| outcomes.iter().filter(|outcome| what(outcome)).count();
    let accepted = count(&|outcome| matches!(outcome.generated, Generated::Rust { .. }));
    let compiled = count(&|outcome| matches!(outcome.compiled, Some(Compiled::Yes)));
    let rpcgen = match count(&|outcome| outcome.rpcgen.is_some()) {
        0 => "rpcgen is not here".to_owned(),
        _ => format!("rpcgen accepts {}", count(&|outcome| outcome.rpcgen == Some(true))),
    };
    writeln!(out, "\n{} files: {accepted} accepted, {compiled} of them compile; {rpcgen}", outcomes.len())?;
    Ok(accepted - compiled)
}
