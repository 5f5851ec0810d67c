//! The file in which a port mapper keeps its entries.

use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::LazyLock;
use std::thread;

use allocation_counter::measure;
use onc_runtime::portmap::table::{Entry, Limits, Owner};
use onc_runtime::portmap::{Journal, Programs, Rules, Table};

/// What a file that is opened may take in memory: the new one's name and text, and so much for each byte that was found.
const MEMORY: u64 = 16 << 10;
const MEMORY_A_BYTE: u64 = 64;

/// The line that a file of this start of the system begins with.
static HEAD: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let file = StateFile::new("head");
    let _ = Journal::open(&file.0, Limits::default()).expect("a new file");
    fs::read(&file.0).expect("it has been made")
});

/// A file is refused and left as it is, or opened in memory that follows its length. What it says is written anew, read the
/// same again, and kept with what is changed from then on.
///
/// If the first byte is odd, what follows is the whole file, otherwise what is behind its first line.
pub fn journal(input: &[u8]) -> bool {
    let Some((&how, rest)) = input.split_first() else { return false };
    let head = if how % 2 == 0 { &HEAD[..] } else { &[] };
    let found = [head, rest].concat();
    let file = StateFile::new("journal");
    fs::write(&file.0, &found).expect("room for a small file");
    // Without anybody's right to write but our own, whatever the system's default is.
    #[cfg(unix)]
    fs::set_permissions(&file.0, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("it is ours");

    let mut opened = None;
    let memory = measure(|| opened = Some(Journal::open(&file.0, Limits::default())));
    let most = MEMORY + MEMORY_A_BYTE * found.len() as u64;
    assert!(memory.bytes_max <= most, "{} bytes of memory for {} of a file", memory.bytes_max, found.len());
    let (journal, table) = match opened.expect("it was run") {
        Ok(opened) => opened,
        Err(_) => {
            assert_eq!(fs::read(&file.0).expect("it is there"), found, "what is refused is not touched");
            return false;
        }
    };
    let entries = listed(&table);
    for Entry { netid, address, .. } in &entries {
        assert!(!netid.is_empty() && !address.is_empty(), "{netid:?} {address:?}");
        assert!(!netid.chars().chain(address.chars()).any(char::is_control), "{netid:?} {address:?}");
    }
    let written = fs::read(&file.0).expect("it is there");
    drop(journal);
    let (journal, table) = file.open();
    assert_eq!(listed(&table), entries);
    assert_eq!(fs::read(&file.0).expect("it is there"), written, "the same is written the same");

    changed(&file, journal, table);
    !entries.is_empty()
}

/// Changes what there is, and holds that it is there again as it was left, without having been closed.
fn changed(file: &StateFile, journal: Journal, table: Table) {
    let programs = Programs::new(table, Rules::default()).with_journal(journal);
    let before = programs.entries();
    if let Some(first) = before.first() {
        assert!(programs.remove(first));
    }
    let made = Entry {
        program: 0x2000_0001,
        version: 1,
        netid: "tcp".into(),
        address: "0.0.0.0.8.1".into(),
        owner: Owner::Superuser,
        process: None,
    };
    let _ = programs.set(made);
    let (after, written) = (programs.entries(), fs::read(&file.0).expect("it is there"));
    drop(programs);
    assert_eq!(fs::read(&file.0).expect("it is there"), written, "nothing waits to be written");
    assert_eq!(listed(&file.open().1), after);
}

fn listed(table: &Table) -> Vec<Entry> {
    table.entries().cloned().collect()
}

/// A file of this thread's own, which goes with this.
struct StateFile(PathBuf);

impl StateFile {
    fn new(name: &str) -> Self {
        let of_thread = format!("onc-fuzz-{name}-{}-{:?}", process::id(), thread::current().id());
        // In memory where that is to be had: a check makes a dozen files.
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let file = Self(folder.join(of_thread));
        // Left by another process of the same number.
        let _ = fs::remove_file(&file.0);
        file
    }

    fn open(&self) -> (Journal, Table) {
        Journal::open(&self.0, Limits::default()).expect("it was written here")
    }
}

impl Drop for StateFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
