//! Who this program runs as.

use std::time::{SystemTime, UNIX_EPOCH};

use nix::unistd::{getegid, geteuid, gethostname};

use crate::rpc::AuthSys;

impl AuthSys {
    /// The user and groups that this process runs as, and this machine's name: what a C client's `authunix_create_default` sends.
    ///
    /// It is what it was when this was called. Of the supplementary groups there are the first 16, and none on Apple's systems,
    /// which have no list that means anything.
    ///
    /// ```
    /// use onc_runtime::Client;
    /// use onc_runtime::rpc::AuthSys;
    ///
    /// let builder = Client::builder().credential(AuthSys::of_this_process());
    /// # drop(builder);
    /// ```
    #[must_use]
    pub fn of_this_process() -> Self {
        Self {
            stamp: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs() as u32),
            machine_name: machine_name(),
            uid: geteuid().as_raw(),
            gid: getegid().as_raw(),
            gids: groups(),
        }
    }
}

/// The machine's name, as much of it as may be sent.
fn machine_name() -> String {
    let name = gethostname().unwrap_or_default();
    let mut name = name.to_string_lossy().into_owned();
    // RFC 5531, appendix A: `string machinename<255>`.
    name.truncate(name.floor_char_boundary(255));
    name
}

#[cfg(not(target_vendor = "apple"))]
fn groups() -> Vec<u32> {
    // A process whose groups the system does not tell has none to speak of.
    let groups = nix::unistd::getgroups().unwrap_or_default();
    // RFC 5531, appendix A: `unsigned int gids<16>`.
    groups.into_iter().take(16).map(nix::unistd::Gid::as_raw).collect()
}

#[cfg(target_vendor = "apple")]
fn groups() -> Vec<u32> {
    Vec::new()
}
