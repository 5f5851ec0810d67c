//! What a process takes, as Linux tells.

use std::fs;

/// Memory and descriptors of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vitals {
    /// Bytes of memory that it has now.
    pub memory: usize,
    /// Files and sockets that it has open.
    pub descriptors: usize,
}

impl Vitals {
    /// Of a process; `None`: this system does not say, or there is no such process.
    #[must_use]
    pub fn of(process: u32) -> Option<Self> {
        Self::at(&format!("/proc/{process}"))
    }

    /// Of this process.
    #[must_use]
    pub fn own() -> Option<Self> {
        let mut vitals = Self::at("/proc/self")?;
        // The folder of descriptors is open while it is counted.
        vitals.descriptors -= 1;
        Some(vitals)
    }

    fn at(folder: &str) -> Option<Self> {
        let status = fs::read_to_string(format!("{folder}/status")).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kib: usize = line.trim().strip_suffix(" kB")?.parse().ok()?;
        Some(Self { memory: kib * 1024, descriptors: fs::read_dir(format!("{folder}/fd")).ok()?.count() })
    }
}
