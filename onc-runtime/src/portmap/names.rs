//! The names of programs.

use std::collections::HashMap;
use std::fs;

/// The names that programs are known by on this host: those of `/etc/rpc`, and the usual ones.
#[derive(Clone, Debug, Default)]
pub struct ProgramNames {
    /// The first name that a number was given.
    names: HashMap<u32, String>,
    /// Names and other names.
    numbers: HashMap<String, u32>,
}

/// The programs that people meet, by their usual names.
const USUAL: [(u32, &str, &[&str]); 35] = [
    (100_000, "portmapper", &["portmap", "sunrpc", "rpcbind"]),
    (100_001, "rstatd", &["rstat", "rstat_svc", "rup"]),
    (100_002, "rusersd", &["rusers"]),
    (100_003, "nfs", &["nfsprog"]),
    (100_004, "ypserv", &["ypprog"]),
    (100_005, "mountd", &["mount", "showmount"]),
    (100_007, "ypbind", &[]),
    (100_008, "walld", &["rwall"]),
    (100_009, "yppasswdd", &["yppasswd"]),
    (100_011, "rquotad", &["rquotaprog", "quota", "rquota"]),
    (100_012, "sprayd", &["spray"]),
    (100_017, "rexd", &["rex"]),
    (100_020, "llockmgr", &[]),
    (100_021, "nlockmgr", &[]),
    (100_023, "statmon", &[]),
    (100_024, "status", &[]),
    (100_026, "bootparam", &[]),
    (100_028, "ypupdated", &["ypupdate"]),
    (100_029, "keyserv", &["keyserver"]),
    (100_068, "cmsd", &[]),
    (100_069, "ypxfrd", &[]),
    (100_083, "ttdbserverd", &[]),
    (100_133, "nsm_addrand", &[]),
    (100_227, "nfs_acl", &[]),
    (100_300, "nisd", &[]),
    (100_303, "nispasswd", &[]),
    (150_001, "pcnfsd", &["pcnfs"]),
    (300_019, "amd", &["amq"]),
    (391_002, "sgi_fam", &["fam"]),
    (395_183, "vxi11_core", &["vxi11"]),
    (395_184, "vxi11_abort", &[]),
    (395_185, "vxi11_intr", &[]),
    (536_903_814, "libvirt", &[]),
    (545_580_417, "ugidd", &[]),
    (600_100_069, "fypxfrd", &[]),
];

/// No sane file is longer.
const MAX_FILE: usize = 1 << 20;

impl ProgramNames {
    /// The names of this host.
    #[must_use]
    pub fn of_this_host() -> Self {
        let file = fs::read("/etc/rpc").unwrap_or_default();
        let text = String::from_utf8_lossy(&file[..file.len().min(MAX_FILE)]);
        let mut names = Self::parse(&text);
        for (number, name, others) in USUAL {
            names.add(number, name, others.iter().copied());
        }
        names
    }

    /// The names that a text in the format of `/etc/rpc` has: name, number, other names; `#` begins a comment. Lines that
    /// make no sense are passed over.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut names = Self::default();
        for line in text.lines() {
            let line = line.split('#').next().unwrap_or_default();
            let mut words = line.split_whitespace();
            if let (Some(name), Some(Ok(number))) = (words.next(), words.next().map(str::parse)) {
                names.add(number, name, words);
            }
        }
        names
    }

    /// The name of a program.
    #[must_use]
    pub fn name(&self, program: u32) -> Option<&str> {
        self.names.get(&program).map(String::as_str)
    }

    /// The number of a program that is given by one of its names, or by its number: decimal, or hexadecimal behind `0x`.
    #[must_use]
    pub fn number(&self, text: &str) -> Option<u32> {
        let number = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok(),
            None => text.parse().ok(),
        };
        number.or_else(|| self.numbers.get(text).copied())
    }

    /// What has a name already keeps it.
    fn add<'a>(&mut self, number: u32, name: &'a str, others: impl Iterator<Item = &'a str>) {
        self.names.entry(number).or_insert_with(|| name.to_owned());
        for name in std::iter::once(name).chain(others) {
            self.numbers.entry(name.to_owned()).or_insert(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_of_etc_rpc_is_read() {
        let names =
            ProgramNames::parse("# all\nnfs\t100003 nfsprog  nfs_server # the usual\n\nx y\nlone\nnfs2 100003\n");
        assert_eq!(names.name(100_003), Some("nfs"));
        for name in ["nfs", "nfsprog", "nfs_server", "nfs2", "100003", "0x186a3", "0X186A3"] {
            assert_eq!(names.number(name), Some(100_003), "{name}");
        }
        for name in ["x", "lone", "usual", "", "-1", "4294967296", "0x"] {
            assert_eq!(names.number(name), None, "{name}");
        }
    }

    #[test]
    fn the_usual_names_are_there_without_a_file() {
        let names = ProgramNames::of_this_host();
        assert_eq!(names.number("mountd"), Some(100_005));
        assert!(names.name(super::super::PROGRAM).is_some());
        for (at, (number, name, _)) in USUAL.iter().enumerate() {
            assert!(USUAL[..at].iter().all(|(other, its, _)| other < number && its != name), "{name}");
        }
    }
}
