//! What rpcgen says of the same file.

use std::path::Path;
use std::process::{Command, Stdio};

/// Whether rpcgen accepts a file for every output, with `-N` where it needs that; `None`: there is no rpcgen.
#[must_use]
pub fn rpcgen(file: &Path) -> Option<bool> {
    let accepts = |newstyle: bool| -> Option<bool> {
        for output in ["-h", "-c", "-l", "-m"] {
            let mut command = Command::new("rpcgen");
            if newstyle {
                command.arg("-N");
            }
            let folder = file.parent().unwrap_or(Path::new("."));
            command.arg(output).arg(file.file_name()?).current_dir(folder);
            let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().ok()?;
            if !status.success() {
                return Some(false);
            }
        }
        Some(true)
    };
    Some(accepts(false)? || accepts(true)?)
}
