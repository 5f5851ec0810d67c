//! Giving up root's rights.

use std::io;
use std::os::unix::fs::lchown;
use std::path::Path;

use nix::unistd::{User, setgid, setgroups, setuid};

use crate::command::Failure;

/// Becomes `user`, for whom the folder of the state is made first if there is none. Nothing of root's rights is left.
pub(super) fn become_user(user: &str, state: Option<&Path>) -> Result<(), Failure> {
    let failed = |what: &str, error: &dyn std::fmt::Display| Failure::new(format!("{what}: {error}"));
    let found = match user.parse::<u32>() {
        Ok(uid) => User::from_uid(uid.into()),
        Err(_) => User::from_name(user),
    };
    let Some(User { uid, gid, .. }) = found.map_err(|error| failed("the list of users", &error))? else {
        return Err(Failure::new(format!("there is no user {user}")));
    };
    if let Some(folder) = state.and_then(Path::parent).filter(|folder| !folder.as_os_str().is_empty()) {
        make_folder(folder, uid.as_raw(), gid.as_raw())
            .map_err(|error| failed(&format!("the folder {}", folder.display()), &error))?;
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

/// Makes a folder that the user can write in. One that exists is left as it is.
fn make_folder(folder: &Path, uid: u32, gid: u32) -> io::Result<()> {
    match std::fs::create_dir(folder) {
        Ok(()) => lchown(folder, Some(uid), Some(gid)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}
