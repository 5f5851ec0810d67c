//! The program that is served and called.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use onc_runtime::client::Stub;
use onc_runtime::service::{Handling, IncomingCall, Program};
use onc_runtime::xdr::Plain;
use onc_runtime::{Client, Fault, Interface, Procedure, ProcedureInfo};

/// The program's number.
pub(super) const PROGRAM: u32 = 0x2000_0077;

/// The versions that are served, all with the same procedures. There is none between them.
pub(super) const VERSIONS: [&Interface; 2] = [&interface(1), &interface(3)];

/// The numbers of the procedures, beside 0.
pub(super) const ADD: u32 = 1;
pub(super) const ECHO: u32 = 2;
pub(super) const WAIT: u32 = 3;
pub(super) const FAIL: u32 = 4;

/// The longest that [`WAIT`] waits.
pub(super) const LONGEST_WAIT: Duration = Duration::from_millis(500);

const fn interface(version: u32) -> Interface {
    const PROCEDURES: &[ProcedureInfo] = &[
        ProcedureInfo { number: 0, name: "NULL", idempotent: true },
        ProcedureInfo { number: ADD, name: "ADD", idempotent: false },
        ProcedureInfo { number: ECHO, name: "ECHO", idempotent: true },
        ProcedureInfo { number: WAIT, name: "WAIT", idempotent: false },
        ProcedureInfo { number: FAIL, name: "FAIL", idempotent: false },
    ];
    Interface { program: PROGRAM, version, program_name: "FUZZ_PROG", version_name: "FUZZ_V", procedures: PROCEDURES }
}

macro_rules! procedure {
    ($name:ident = $number:expr, $arguments:ty as $shape:ty => $results:ty) => {
        #[derive(Debug)]
        pub(super) struct $name;

        impl Procedure for $name {
            type Arguments = $arguments;
            type Results = $results;
            type ArgumentsShape = $shape;
            type ResultsShape = Plain;
            const INTERFACE: &'static Interface = VERSIONS[0];
            const NUMBER: u32 = $number;
            const NAME: &'static str = stringify!($name);
        }
    };
}

procedure!(Add = ADD, (i32, i32) as (Plain, Plain) => i32);
procedure!(Echo = ECHO, (Bytes,) as (Plain,) => Bytes);
procedure!(Wait = WAIT, (u32,) as (Plain,) => u32);
procedure!(Fail = FAIL, () as () => ());

/// One version of the program.
#[derive(Debug)]
pub(super) struct Service {
    interface: &'static Interface,
    handlers: Arc<()>,
}

impl Service {
    pub(super) fn new(interface: &'static Interface) -> Self {
        Self { interface, handlers: Arc::new(()) }
    }
}

impl Program for Service {
    fn interface(&self) -> &'static Interface {
        self.interface
    }

    fn call(&self, call: IncomingCall<'_>) -> Handling {
        match call.procedure() {
            ADD => {
                call.handle::<Add, _, _, _>(&self.handlers, |call, (a, b)| async move { (call, Ok(a.wrapping_add(b))) })
            }
            ECHO => call.handle::<Echo, _, _, _>(&self.handlers, |call, (data,)| async move { (call, Ok(data)) }),
            WAIT => call.handle::<Wait, _, _, _>(&self.handlers, |call, (milliseconds,)| async move {
                tokio::time::sleep(Duration::from_millis(milliseconds.into()).min(LONGEST_WAIT)).await;
                (call, Ok(milliseconds))
            }),
            FAIL => {
                call.handle::<Fail, _, _, _>(&self.handlers, |call, ()| async move { (call, Err(Fault::SystemError)) })
            }
            _ => call.procedure_unavailable(),
        }
    }
}

/// Its client.
#[derive(Clone, Debug)]
pub(super) struct ServiceClient(pub(super) Client);

impl Stub for ServiceClient {
    const INTERFACE: &'static Interface = VERSIONS[0];

    fn from_client(client: Client) -> Self {
        Self(client)
    }

    fn client(&self) -> &Client {
        &self.0
    }
}
