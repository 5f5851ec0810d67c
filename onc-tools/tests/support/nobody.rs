//! A port where nobody is.

use std::net::{SocketAddr, TcpListener, TcpStream};

/// A TCP port that refuses connections as long as this lives: a connection made from there keeps it from everybody else.
pub(crate) struct Nobody {
    _listener: TcpListener,
    connection: TcpStream,
}

impl Nobody {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let connection = TcpStream::connect(listener.local_addr().expect("bound")).expect("it listens");
        Self { _listener: listener, connection }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.connection.local_addr().expect("connected")
    }
}
