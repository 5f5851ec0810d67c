//! Where earlier lines are kept.

use std::env;
use std::fs;
use std::path::PathBuf;

/// The file of earlier lines, its folder made; `None`: there is no place for it.
pub(super) fn file() -> Option<PathBuf> {
    let folder = folder(env::var_os("XDG_STATE_HOME").map(PathBuf::from), env::home_dir())?;
    // Lines may hold secrets. The editor makes the file itself for its owner alone.
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(&folder).ok()?;
    Some(folder.join("history"))
}

/// XDG Base Directory Specification: `$XDG_STATE_HOME`, ignored if it is relative; else `$HOME/.local/state`.
fn folder(state: Option<PathBuf>, home: Option<PathBuf>) -> Option<PathBuf> {
    let state = state.filter(|state| state.is_absolute());
    Some(state.or_else(|| Some(home?.join(".local/state")))?.join("onc"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_that_of_the_specification() {
        let home = Some(PathBuf::from("/home/me"));
        assert_eq!(folder(Some("/state".into()), home.clone()), Some("/state/onc".into()));
        for state in [None, Some("".into()), Some("relative".into())] {
            assert_eq!(folder(state, home.clone()), Some("/home/me/.local/state/onc".into()));
        }
        assert_eq!(folder(None, None), None);
    }
}
