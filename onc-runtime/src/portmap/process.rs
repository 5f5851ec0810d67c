//! Processes of this host, and whether they still run.

use std::fs;

/// A process of this host, told apart from a later one with the same number by when it was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// When it was started: clock ticks since the system was.
    pub started: u64,
}

impl Process {
    /// The process that has this number now. `None`: there is none, or the system does not tell (on Linux `/proc` does).
    #[must_use]
    pub fn running(pid: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        Some(Self { pid, started: started(&stat)? })
    }

    /// It has ended. One that cannot be looked at was never known, so that it has not been hidden meanwhile.
    #[must_use]
    pub fn has_ended(self) -> bool {
        Self::running(self.pid) != Some(self)
    }
}

/// When a process was started, of one that runs: from `/proc/PID/stat`.
fn started(stat: &str) -> Option<u64> {
    // The second field is the program's name in parentheses, and may have any character in it.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace();
    // A zombie has ended: only its status is waited for.
    fields.next().filter(|state| !matches!(*state, "Z" | "X" | "x"))?;
    // The 22nd field; the state was the third.
    fields.nth(18)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_is_found_behind_any_name() {
        let rest = "1 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765 1000 10 18446744073709551615";
        assert_eq!(started(&format!("7 (sh) S {rest}")), Some(98765));
        assert_eq!(started(&format!("7 (a) Z 1 (b) R {rest}")), Some(98765));
        assert_eq!(started(&format!("7 (sh) Z {rest}")), None, "a zombie");
        for nonsense in ["", "7", "7 (sh)", "7 (sh) S 1 2 3"] {
            assert_eq!(started(nonsense), None);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_ends_and_another_is_not_taken_for_it() {
        let us = Process::running(std::process::id()).expect("we run");
        assert!(!us.has_ended());
        assert!(Process { started: us.started + 1, ..us }.has_ended(), "another of the same number");

        let mut child = std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().expect("started");
        let process = Process::running(child.id()).expect("it runs");
        assert!(!process.has_ended());
        child.kill().expect("killed");
        child.wait().expect("ended");
        assert!(process.has_ended());
    }
}
