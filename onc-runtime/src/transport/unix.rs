//! Unix sockets: in the file system, and in Linux's abstract namespace.

use std::fmt;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixStream};

use crate::rpc::UniversalAddress;

use super::Peer;

/// Connects to the socket of this name. A name that begins with `@` or a zero byte is in Linux's abstract namespace.
///
/// # Errors
///
/// The system's, as of connecting.
///
/// # Cancel safety
///
/// Dropped, the attempt is abandoned.
pub async fn connect(name: impl AsRef<Path>) -> io::Result<UnixStream> {
    UnixStream::connect(system_name(name.as_ref())).await
}

/// Who is at the other end of a connection. Its user is the one that it ran as when it connected.
#[must_use]
pub fn peer(stream: &UnixStream) -> Peer {
    // A peer whose user the kernel does not tell is one that has gone already.
    let credentials = stream.peer_cred().ok();
    // Zero is one of another namespace, which has no number here.
    let pid = credentials.and_then(|credentials| u32::try_from(credentials.pid()?).ok()).filter(|pid| *pid != 0);
    Peer::local(credentials.map(|credentials| credentials.uid()))
        .with_process(credentials.map(|credentials| credentials.gid()), pid)
}

/// A listening socket. One that was bound here takes its file with it when it is closed.
#[derive(Debug)]
pub(crate) struct UnixSocket {
    listener: UnixListener,
    _file: Option<SocketFile>,
}

/// The file of a socket, which goes with it.
#[derive(Debug)]
struct SocketFile {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl UnixSocket {
    /// Binds a socket that every user may connect to. A socket of that name which nobody listens at is removed first.
    pub(crate) fn bind(name: &Path) -> io::Result<Self> {
        let name = system_name(name);
        if is_abstract(&name) {
            return Ok(Self { listener: UnixListener::bind(&name)?, _file: None });
        }
        remove_stale(&name)?;
        let listener = UnixListener::bind(&name)?;
        let file = SocketFile::of(name.clone())?;
        std::fs::set_permissions(&name, std::fs::Permissions::from_mode(0o666))?;
        Ok(Self { listener, _file: Some(file) })
    }

    /// A socket that was bound elsewhere; its file is left alone.
    pub(crate) fn from_std(listener: std::os::unix::net::UnixListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        Ok(Self { listener: UnixListener::from_std(listener)?, _file: None })
    }

    /// Its universal address, if it has one: a name that is text.
    pub(crate) fn address(&self) -> Option<UniversalAddress> {
        let address = self.listener.local_addr().ok()?;
        match address.as_pathname() {
            Some(path) => UniversalAddress::from_path(path),
            None => format!("@{}", abstract_name(address.into())?).parse().ok(),
        }
    }

    /// The next connection.
    ///
    /// # Cancel safety
    ///
    /// Safe: no connection is lost.
    pub(crate) async fn accept(&self) -> io::Result<(UnixStream, Peer)> {
        let (stream, _) = self.listener.accept().await?;
        let peer = peer(&stream);
        Ok((stream, peer))
    }
}

/// The name of a socket as people read and write it.
pub(crate) struct Name<'a>(pub(crate) &'a Path);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_os_str().as_bytes() {
            [0, name @ ..] => write!(f, "unix:@{}", String::from_utf8_lossy(name)),
            _ => write!(f, "unix:{}", self.0.display()),
        }
    }
}

/// The name of a socket in Linux's abstract namespace, if it is text.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn abstract_name(address: std::os::unix::net::SocketAddr) -> Option<String> {
    use std::os::linux::net::SocketAddrExt;

    String::from_utf8(address.as_abstract_name()?.to_vec()).ok()
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn abstract_name(_address: std::os::unix::net::SocketAddr) -> Option<String> {
    None
}

/// The name as the system takes it: an abstract one begins with a zero byte.
fn system_name(name: &Path) -> PathBuf {
    match name.as_os_str().as_bytes() {
        [b'@', rest @ ..] => PathBuf::from(std::ffi::OsString::from_vec([&[0], rest].concat())),
        _ => name.to_owned(),
    }
}

fn is_abstract(name: &Path) -> bool {
    name.as_os_str().as_bytes().starts_with(&[0])
}

/// Removes a socket that nobody listens at: its server was killed.
fn remove_stale(path: &Path) -> io::Result<()> {
    let Ok(found) = std::fs::symlink_metadata(path) else { return Ok(()) };
    if !found.file_type().is_socket() {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "there is a file of that name that is no socket"));
    }
    match std::os::unix::net::UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => std::fs::remove_file(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(_) => Err(io::ErrorKind::AddrInUse.into()),
    }
}

impl SocketFile {
    fn of(path: PathBuf) -> io::Result<Self> {
        let found = std::fs::symlink_metadata(&path)?;
        Ok(Self { path, device: found.dev(), inode: found.ino() })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // What has taken its place meanwhile is another's; nothing can be done about the moment between.
        if let Ok(found) = std::fs::symlink_metadata(&self.path)
            && (found.dev(), found.ino()) == (self.device, self.inode)
        {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}
