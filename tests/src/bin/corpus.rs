//! Tries the compiler on a folder of `.x` files: see `tests/corpus/run`.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use onc_tests::corpus;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (folder, keep) = match &arguments[..] {
        [folder] => (PathBuf::from(folder), None),
        [folder, option, keep] if option == "--keep" => (PathBuf::from(folder), Some(PathBuf::from(keep))),
        _ => {
            eprintln!("usage: tests/corpus/run DIR [--keep CRATE]");
            return ExitCode::from(2);
        }
    };
    let scratch =
        keep.clone().unwrap_or_else(|| std::env::temp_dir().join(format!("onc-corpus-{}", std::process::id())));
    let tried = corpus::run(&folder, &scratch).and_then(|outcomes| corpus::print(&outcomes, &mut io::stdout().lock()));
    if keep.is_none() {
        // What is left behind in a temporary folder hurts nobody.
        let _ = std::fs::remove_dir_all(&scratch);
    }
    match tried {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("corpus: {error}");
            ExitCode::from(2)
        }
    }
}
