//! What a port mapper knows, kept in a file: so that it can be killed and started again with nothing lost.
//!
//! The file is a text: a first line that says what it is and since which start of the system it holds, then a line for each
//! change, written before whoever made it is answered. When it has grown much longer than what it says, it is written
//! anew beside the old one and takes its place in one step.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};

use super::Process;
use super::table::{Change, Entry, Limits, Owner, Table};

/// The file that changes of a [`Table`] are written to. While it is open no other port mapper can have it.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    /// Changes in the file beyond one for each entry.
    superfluous: usize,
    /// The last change may have been written in part.
    torn: bool,
}

/// A file that is to take the place of another one. It is gone when it is dropped before.
struct Replacement {
    file: File,
    name: PathBuf,
}

/// What the first line begins with.
const HEAD: &str = "onc-portmap 1 ";

/// A file of this length is read whatever the limits are now: they may have been higher.
const MAX_FILE: usize = 8 << 20;

/// No line that was written here is longer: a netid, an address, an owner and five numbers.
const MAX_LINE: usize = 256;

/// So many changes more than there are entries, and the file is written anew.
const SUPERFLUOUS: usize = 4096;

impl Journal {
    /// Opens the file and reads what it knows; if there is none it is made. Files can be made in its folder from then on, since
    /// it is written anew from time to time.
    ///
    /// A file from before the system was started last is not believed, since no server of that time runs any more; nor is one
    /// that others can write to. A line that was not written to its end is left out, and so is what makes no sense.
    ///
    /// # Errors
    ///
    /// The file cannot be read or written, is none of ours, or another port mapper has it open.
    pub fn open(path: impl Into<PathBuf>, limits: Limits) -> io::Result<(Self, Table)> {
        let path = path.into();
        // Locked until the new one has taken its place, which is locked by then.
        let old = match File::open(&path) {
            Ok(file) => Some(lock(file)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let new = Replacement::of(&path)?;
        let table = match &old {
            Some(old) => {
                check(old, &new.file)?;
                read(old, limits)?
            }
            None => Table::new(limits),
        };
        let file = new.take_place(&path, &table)?;
        Ok((Self { path, file, superfluous: 0, torn: false }, table))
    }

    /// Writes a change down that has made `table` what it is.
    ///
    /// What cannot be written is logged: serving goes on.
    pub(super) fn write(&mut self, change: &Change, table: &Table) {
        if self.torn || self.superfluous > table.len() + SUPERFLUOUS {
            // If that fails, there is room for as many changes more before it is tried again.
            self.superfluous = 0;
            match Replacement::of(&self.path).and_then(|new| new.take_place(&self.path, table)) {
                Ok(file) => {
                    (self.file, self.torn) = (file, false);
                    return;
                }
                Err(error) => self.complain(&error),
            }
        }
        self.superfluous += 1;
        let mut line = line(change);
        if self.torn {
            // What was begun before must not make nonsense of this one.
            line.insert(0, '\n');
        }
        // One write: the line is there or, if we are killed before, it is not.
        let written = self.file.write_all(line.as_bytes());
        self.torn = written.is_err();
        if let Err(error) = written {
            self.complain(&error);
        }
    }

    fn complain(&self, error: &io::Error) {
        tracing::error!(target: "onc::portmap", %error, path = %self.path.display(), "the state is not kept as it should be");
    }
}

impl Replacement {
    /// A new file beside `path`.
    fn of(path: &Path) -> io::Result<Self> {
        let mut name = path.as_os_str().to_owned();
        name.push(".new");
        let name = PathBuf::from(name);
        // What is left of an attempt that was killed.
        let _ = fs::remove_file(&name);
        let mut options = OpenOptions::new();
        options.append(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&name).map_err(|error| {
            let why = format!("{} cannot be made beside it: {error}", name.display());
            io::Error::new(error.kind(), why)
        })?;
        Ok(Self { file: lock(file)?, name })
    }

    /// Takes the place of `path` in one step for whoever looks. Returns the file, to be written to at its end.
    fn take_place(mut self, path: &Path, table: &Table) -> io::Result<File> {
        let mut text = format!("{HEAD}{}\n", system_start());
        for entry in table.entries() {
            text += &line(&Change::Set(entry.clone()));
        }
        self.file.write_all(text.as_bytes())?;
        let file = self.file.try_clone()?;
        fs::rename(&self.name, path)?;
        self.name = PathBuf::new();
        Ok(file)
    }
}

/// Locks a file for as long as it is open, where the system can.
fn lock(file: File) -> io::Result<File> {
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => {
            Err(io::Error::new(io::ErrorKind::ResourceBusy, "another port mapper keeps its entries there"))
        }
        _ => Ok(file),
    }
}

/// What the file says.
fn read(mut file: &File, limits: Limits) -> io::Result<Table> {
    let mut table = Table::new(limits);
    let mut text = Vec::new();
    let max = max_file(limits);
    Read::by_ref(&mut file).take((max as u64).saturating_add(1)).read_to_end(&mut text)?;
    let mut lines = text.split_inclusive(|byte| *byte == b'\n');
    // Nothing at all is what is left when the system went down while it was written.
    let Some(head) = lines.next() else { return Ok(table) };
    let Some(start) = head.strip_prefix(HEAD.as_bytes()) else {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "there is a file of that name that is no port mapper's state",
        ));
    };
    if start.trim_ascii_end() != system_start().as_bytes() {
        tracing::info!(target: "onc::portmap", "the state is from before the system was started: forgotten");
        return Ok(table);
    }
    if text.len() > max {
        tracing::warn!(target: "onc::portmap", "the state is longer than any that was written here: forgotten");
        return Ok(table);
    }
    let (mut left_out, mut first) = (0_usize, None);
    for line in lines {
        let text = line.strip_suffix(b"\n").and_then(|line| str::from_utf8(line).ok());
        match text.and_then(parse) {
            Some(change) => {
                table.apply(change);
            }
            None => {
                left_out += 1;
                first.get_or_insert(line);
            }
        }
    }
    if let Some(first) = first {
        // There may be as many of them as the file has bytes, or one of all of them.
        let first = first[..first.len().min(MAX_LINE)].escape_ascii();
        tracing::warn!(target: "onc::portmap", lines = left_out, %first, "lines of the state make no sense: left out");
    }
    Ok(table)
}

/// No file that was written here within these limits is longer: what is, is not ours.
fn max_file(limits: Limits) -> usize {
    // An entry may have been made and removed, or replaced, since the file was written anew.
    let lines = limits.entries.saturating_mul(2).saturating_add(SUPERFLUOUS + 2);
    lines.saturating_mul(MAX_LINE).max(MAX_FILE)
}

/// Refuses a file that others can write to: entries with root's name could be put in. `ours` is one that we have made.
#[cfg(unix)]
fn check(file: &File, ours: &File) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;

    let (found, ours) = (file.metadata()?, ours.metadata()?);
    if !found.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it is not an ordinary file"));
    }
    if found.mode() & 0o022 != 0 {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "others can write to it: `chmod go-w` it, or remove it",
        ));
    }
    if found.uid() != 0 && found.uid() != ours.uid() {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            format!("it is another user's ({}): `chown` it, or remove it", found.uid()),
        ));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check(_file: &File, _ours: &File) -> io::Result<()> {
    Ok(())
}

/// A change as a line. Netids and addresses in a table have no control characters.
fn line(change: &Change) -> String {
    match change {
        Change::Set(entry) => format!("set\t{}\n", fields(entry)),
        Change::Remove(entry) => format!("remove\t{}\n", fields(entry)),
        Change::Unset { program, version, netid, by } => {
            let netid: String = netid.chars().filter(|c| !c.is_control()).collect();
            format!("unset\t{program}\t{version}\t{netid}\t{by}\n")
        }
    }
}

fn fields(Entry { program, version, netid, address, owner, process }: &Entry) -> String {
    let process = process.map(|Process { pid, started }| format!("\t{pid}\t{started}")).unwrap_or_default();
    format!("{program}\t{version}\t{netid}\t{address}\t{owner}{process}")
}

fn parse(line: &str) -> Option<Change> {
    let mut fields = line.split('\t');
    let what = fields.next()?;
    let program = fields.next()?.parse().ok()?;
    let version = fields.next()?.parse().ok()?;
    let netid: Box<str> = fields.next()?.into();
    let change = match what {
        "set" | "remove" => {
            let address = fields.next()?.into();
            let owner: Owner = fields.next()?.parse().ok()?;
            let process = match fields.next() {
                Some(pid) => Some(Process { pid: pid.parse().ok()?, started: fields.next()?.parse().ok()? }),
                None => None,
            };
            let entry = Entry { program, version, netid, address, owner, process };
            if what == "set" { Change::Set(entry) } else { Change::Remove(entry) }
        }
        "unset" => Change::Unset { program, version, netid, by: fields.next()?.parse().ok()? },
        _ => return None,
    };
    fields.next().is_none().then_some(change)
}

/// What is another text after the system has been started again; empty where it does not say.
fn system_start() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").map(|id| id.trim().to_owned()).unwrap_or_default()
}

impl Drop for Replacement {
    fn drop(&mut self) {
        if !self.name.as_os_str().is_empty() {
            let _ = fs::remove_file(&self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("onc-journal-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&path);
            fs::create_dir_all(&path).expect("a folder");
            Self(path)
        }

        fn file(&self) -> PathBuf {
            self.0.join("state")
        }

        /// A file that we alone can write to, whatever files are by default.
        fn write(&self, text: impl AsRef<[u8]>) -> io::Result<()> {
            fs::write(self.file(), text)?;
            #[cfg(unix)]
            fs::set_permissions(self.file(), std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
            Ok(())
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn entry(version: u32, netid: &str) -> Entry {
        let process = (version > 1).then_some(Process { pid: version, started: 1 << 40 });
        let owner = Owner::User(1000);
        Entry { program: 7, version, netid: netid.into(), address: "0.0.0.0.8.1".into(), owner, process }
    }

    fn open(path: &Path) -> (Journal, Table) {
        Journal::open(path, Limits::default()).expect("opens")
    }

    fn entries(table: &Table) -> Vec<Entry> {
        table.entries().cloned().collect()
    }

    /// Makes changes and writes them down, as `Programs` does.
    fn change(journal: &mut Journal, table: &mut Table, change: Change) {
        assert!(table.apply(change.clone()).changed());
        journal.write(&change, table);
    }

    #[test]
    fn every_change_is_there_after_a_kill() {
        let folder = Folder::new("changes");
        let (mut journal, mut table) = open(&folder.file());
        assert!(table.is_empty());
        let unset = Change::Unset { program: 7, version: 1, netid: "".into(), by: Owner::Superuser };
        let changes = [
            Change::Set(entry(1, "tcp")),
            Change::Set(Entry { netid: "local".into(), address: "/run/a b.sock".into(), ..entry(3, "") }),
            Change::Set(entry(1, "udp")),
            Change::Set(entry(2, "udp")),
            Change::Remove(entry(2, "udp")),
            unset,
            Change::Set(entry(1, "udp")),
        ];
        for one in changes {
            change(&mut journal, &mut table, one);
            // Not dropped, not closed: as if killed here.
            let again = File::open(folder.file()).and_then(|file| read(&file, Limits::default())).expect("reads");
            assert_eq!(entries(&again), entries(&table));
        }
        drop(journal);
        let (_, again) = open(&folder.file());
        assert_eq!(entries(&again), entries(&table));
    }

    #[test]
    fn it_is_written_anew_before_it_grows_without_end() {
        let folder = Folder::new("long");
        let (mut journal, mut table) = open(&folder.file());
        change(&mut journal, &mut table, Change::Set(entry(9, "tcp")));
        for _ in 0..SUPERFLUOUS {
            change(&mut journal, &mut table, Change::Set(entry(1, "tcp")));
            change(&mut journal, &mut table, Change::Remove(entry(1, "tcp")));
        }
        drop(journal);
        let longest = (SUPERFLUOUS + 3) * line(&Change::Remove(entry(1, "tcp"))).len() + 100;
        assert!(fs::metadata(folder.file()).expect("it is there").len() < longest as u64);
        assert_eq!(entries(&open(&folder.file()).1), [entry(9, "tcp")]);
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_is_gone_loses_no_change_that_was_written() {
        let folder = Folder::new("gone");
        let (mut journal, mut table) = open(&folder.file());
        // The file is where it was, but nothing can be put beside it.
        fs::create_dir(folder.0.join("state.new")).expect("in the way");
        fs::write(folder.0.join("state.new/file"), "").expect("so that it stays");
        for _ in 0..SUPERFLUOUS {
            change(&mut journal, &mut table, Change::Set(entry(1, "tcp")));
            change(&mut journal, &mut table, Change::Remove(entry(1, "tcp")));
        }
        change(&mut journal, &mut table, Change::Set(entry(2, "tcp")));
        let file = File::open(folder.file()).expect("it is there");
        assert_eq!(entries(&read(&file, Limits::default()).expect("reads")), [entry(2, "tcp")]);
    }

    #[test]
    fn what_could_not_be_written_is_written_with_the_next_change() {
        let folder = Folder::new("torn");
        let (mut journal, mut table) = open(&folder.file());
        change(&mut journal, &mut table, Change::Set(entry(1, "tcp")));
        // Nothing can be written to it.
        journal.file = File::open(folder.file()).expect("it is there");
        change(&mut journal, &mut table, Change::Set(entry(2, "tcp")));
        assert!(journal.torn);
        change(&mut journal, &mut table, Change::Set(entry(3, "tcp")));
        drop(journal);
        assert_eq!(entries(&open(&folder.file()).1), entries(&table));
        assert_eq!(table.len(), 3);
    }

    #[test]
    fn half_a_line_makes_no_nonsense_of_the_next() {
        let folder = Folder::new("half");
        let (mut journal, mut table) = open(&folder.file());
        change(&mut journal, &mut table, Change::Set(entry(1, "tcp")));
        // Nothing can be put beside it, so that it is not written anew.
        fs::create_dir(folder.0.join("state.new")).expect("in the way");
        journal.file.write_all(b"set\t7\t").expect("room");
        journal.torn = true;
        change(&mut journal, &mut table, Change::Set(entry(2, "tcp")));
        drop(journal);
        fs::remove_dir(folder.0.join("state.new")).expect("it is empty");
        assert_eq!(entries(&open(&folder.file()).1), entries(&table));
        assert_eq!(table.len(), 2);
    }

    #[test]
    fn two_do_not_keep_their_entries_in_one_file() {
        let folder = Folder::new("two");
        let (mut journal, mut table) = open(&folder.file());
        change(&mut journal, &mut table, Change::Set(entry(1, "tcp")));
        let refused = Journal::open(folder.file(), Limits::default()).expect_err("it is taken");
        assert_eq!(refused.kind(), io::ErrorKind::ResourceBusy);
        // Written anew it is taken still.
        journal.torn = true;
        change(&mut journal, &mut table, Change::Set(entry(2, "tcp")));
        let refused = Journal::open(folder.file(), Limits::default()).expect_err("it is taken");
        assert_eq!(refused.kind(), io::ErrorKind::ResourceBusy);
        drop(journal);
        assert_eq!(entries(&open(&folder.file()).1), entries(&table));
    }

    #[test]
    fn bytes_that_are_no_text_cost_their_line_alone() {
        let folder = Folder::new("bytes");
        let (mut journal, mut table) = open(&folder.file());
        change(&mut journal, &mut table, Change::Set(entry(1, "tcp")));
        journal.file.write_all(b"\xff\x00\xfe\n").expect("room");
        change(&mut journal, &mut table, Change::Set(entry(2, "tcp")));
        drop(journal);
        assert_eq!(entries(&open(&folder.file()).1), entries(&table));
    }

    #[test]
    fn a_file_that_cannot_have_been_written_here_is_forgotten() {
        let folder = Folder::new("huge");
        let mut text = format!("{HEAD}{}\n{}", system_start(), line(&Change::Set(entry(1, "tcp"))));
        text.extend(std::iter::repeat_n('\n', MAX_FILE));
        folder.write(text).expect("written");
        assert!(open(&folder.file()).1.is_empty());
    }

    #[test]
    fn all_that_the_limits_allow_is_read_back() {
        let limits = Limits { entries: 60_000, ..Limits::default() };
        let folder = Folder::new("limits");
        let (mut journal, mut table) = Journal::open(folder.file(), limits).expect("opens");
        for version in 0..60_000 {
            let address = format!("{version:0>128}").into();
            let process = Some(Process { pid: u32::MAX, started: u64::MAX });
            let longest = Entry {
                program: u32::MAX,
                version,
                netid: "n".repeat(32).into(),
                address,
                owner: Owner::Superuser,
                process,
            };
            assert!(line(&Change::Remove(longest.clone())).len() <= MAX_LINE);
            change(&mut journal, &mut table, Change::Set(longest));
        }
        drop(journal);
        assert!(fs::metadata(folder.file()).expect("it is there").len() > MAX_FILE as u64);
        let (_, again) = Journal::open(folder.file(), limits).expect("opens");
        assert_eq!(again.len(), 60_000);
    }

    #[test]
    fn what_makes_no_sense_is_left_out_and_the_rest_is_kept() {
        let folder = Folder::new("sense");
        let text = format!(
            "{HEAD}{}\n{}set\t7\n\nset\t7\t2\ttcp\ta\tnobody\nset\t7\t2\ttcp\ta\t0\tmore\nset\t-1\t2\ttcp\ta\t0\nget\t7\t2\ttcp\ta\t0\n{}set\t7\t5\ttcp\t0.0.0.0.8.1\t1000",
            system_start(),
            line(&Change::Set(entry(1, "tcp"))),
            line(&Change::Set(entry(4, "tcp"))),
        );
        folder.write(text).expect("written");
        assert_eq!(entries(&open(&folder.file()).1), [entry(1, "tcp"), entry(4, "tcp")]);
    }

    #[test]
    fn the_state_of_an_earlier_start_is_forgotten() {
        let folder = Folder::new("start");
        folder.write(format!("{HEAD}another\n{}", line(&Change::Set(entry(1, "tcp"))))).expect("written");
        assert!(open(&folder.file()).1.is_empty());
    }

    #[test]
    fn a_file_of_something_else_is_not_touched() {
        let folder = Folder::new("else");
        folder.write("my diary\n").expect("written");
        assert_eq!(
            Journal::open(folder.file(), Limits::default()).expect_err("no state").kind(),
            io::ErrorKind::InvalidData
        );
        assert_eq!(fs::read_to_string(folder.file()).expect("it is there"), "my diary\n");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_write_to_is_not_believed() {
        use std::os::unix::fs::PermissionsExt;

        let folder = Folder::new("others");
        drop(open(&folder.file()));
        fs::set_permissions(folder.file(), fs::Permissions::from_mode(0o666)).expect("changed");
        let error = Journal::open(folder.file(), Limits::default()).expect_err("not believed");
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
    }
}
