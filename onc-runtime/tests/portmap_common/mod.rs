//! What the port mapper's tests have in common.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use onc_runtime::portmap::{Daemon, PROGRAM, Service, table};
use onc_runtime::rpc::{Netid, UniversalAddress};

pub(crate) fn service(program: u32, version: u32, netid: Netid, address: &str) -> Service {
    Service { program, version, netid, address: UniversalAddress::parse(netid, address).expect("an address") }
}

/// Another address of the loopback interface each time, where the system has more than one: a port that becomes free there is
/// given to nobody else meanwhile.
pub(crate) fn own_loopback() -> IpAddr {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    if !cfg!(target_os = "linux") {
        return Ipv4Addr::LOCALHOST.into();
    }
    let number = std::process::id().wrapping_mul(64).wrapping_add(COUNT.fetch_add(1, Ordering::Relaxed));
    // Neither 127.0.0.1 nor the network's broadcast address.
    Ipv4Addr::from(0x7f00_0000 | (number & 0x3f_ffff) << 2 | 2).into()
}

/// A port that is free for TCP and UDP.
pub(crate) fn free_port() -> SocketAddr {
    let host = own_loopback();
    loop {
        let tcp = std::net::TcpListener::bind((host, 0)).expect("a port");
        let address = tcp.local_addr().expect("bound");
        if std::net::UdpSocket::bind(address).is_ok() {
            return address;
        }
    }
}

/// A port mapper at a port that another one has just left.
pub(crate) async fn mapper_at(address: SocketAddr) -> Daemon {
    let mut last = None;
    for _ in 0..1000 {
        match Daemon::embedded().bind(address).await {
            Ok(mapper) => return mapper,
            Err(error) => last = Some(error),
        }
        tokio::task::yield_now().await;
    }
    panic!("{address} does not become free: {last:?}")
}

/// The entries of a port mapper as [`Service`] shows itself, without those that are about the port mapper itself.
pub(crate) fn own_entries_left_out(mapper: &Daemon) -> Vec<String> {
    mapper.programs().entries().iter().filter(|entry| entry.program != PROGRAM).map(listed).collect()
}

pub(crate) fn listed(entry: &table::Entry) -> String {
    let table::Entry { program, version, netid, address, .. } = entry;
    format!("program {program} version {version} over {netid} at {address}")
}

/// A folder that goes with the test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("onc-portmap-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
