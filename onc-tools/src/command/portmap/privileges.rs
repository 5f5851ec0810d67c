//! Giving up root's rights.

use std::path::Path;

use nix::unistd::{User, setgid, setgroups, setuid};

use crate::command::Failure;

/// Becomes `user`, who is given the file of the state, too. Nothing of root's rights is left.
pub(super) fn become_user(user: &str, state: Option<&Path>) -> Result<(), Failure> {
    let failed = |what: &str, error: &dyn std::fmt::Display| Failure::new(format!("{what}: {error}"));
    let found = match user.parse::<u32>() {
        Ok(uid) => User::from_uid(uid.into()),
        Err(_) => User::from_name(user),
    };
    let Some(User { uid, gid, .. }) = found.map_err(|error| failed("the list of users", &error))? else {
        return Err(Failure::new(format!("there is no user {user}")));
    };
    if let Some(file) = state {
        std::os::unix::fs::chown(file, Some(uid.as_raw()), Some(gid.as_raw()))
            .map_err(|error| failed(&file.display().to_string(), &error))?;
    }
    let become_it = || {
        setgroups(&[gid])?;
        setgid(gid)?;
        setuid(uid)
    };
    become_it().map_err(|error: nix::Error| failed(&format!("becoming user {user}"), &error))?;
    // What could be taken back was not given up.
    if !uid.is_root() && setuid(0.into()).is_ok() {
        return Err(Failure::new("root's rights could not be given up for good"));
    }
    Ok(())
}
