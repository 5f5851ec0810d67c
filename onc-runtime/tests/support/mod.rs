//! A small protocol, as xdrgen would write it, for the tests of the runtime.
#![allow(dead_code, unreachable_pub)]

pub mod clock;
pub mod seen;
pub mod serving;
pub mod simulated;
pub mod wire;

use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use onc_runtime::client::Stub;
use onc_runtime::service::{Handling, IncomingCall, Program};
use onc_runtime::xdr::Plain;
use onc_runtime::{Call, Client, Context, Fault, Interface, Procedure, ProcedureInfo};

pub trait TestV1: Send + Sync + 'static {
    fn add(&self, cx: &Context, a: i32, b: i32) -> impl Future<Output = Result<i32, Fault>> + Send;
    fn echo(&self, cx: &Context, data: Bytes) -> impl Future<Output = Result<Bytes, Fault>> + Send;
    fn wait(&self, cx: &Context, ticket: u32) -> impl Future<Output = Result<u32, Fault>> + Send;
}

pub static INTERFACE: Interface = Interface {
    program: 0x2000_0042,
    version: 1,
    program_name: "TEST_PROG",
    version_name: "TEST_V1",
    procedures: &[
        ProcedureInfo { number: 0, name: "NULL", idempotent: true },
        ProcedureInfo { number: 1, name: "ADD", idempotent: false },
        ProcedureInfo { number: 2, name: "ECHO", idempotent: true },
        ProcedureInfo { number: 3, name: "WAIT", idempotent: false },
    ],
};

macro_rules! procedure {
    ($name:ident = $number:literal $text:literal, $arguments:ty as $shape:ty => $results:ty) => {
        #[derive(Debug)]
        pub struct $name;

        impl Procedure for $name {
            type Arguments = $arguments;
            type Results = $results;
            type ArgumentsShape = $shape;
            type ResultsShape = Plain;
            const INTERFACE: &'static Interface = &INTERFACE;
            const NUMBER: u32 = $number;
            const NAME: &'static str = $text;
        }
    };
}

procedure!(Null = 0 "NULL", () as () => ());
procedure!(Add = 1 "ADD", (i32, i32) as (Plain, Plain) => i32);
procedure!(Echo = 2 "ECHO", (Bytes,) as (Plain,) => Bytes);
procedure!(Wait = 3 "WAIT", (u32,) as (Plain,) => u32);

pub struct TestV1Server<T>(pub Arc<T>);

impl<T: TestV1> TestV1Server<T> {
    pub fn new(service: T) -> Self {
        Self(Arc::new(service))
    }
}

impl<T: TestV1> Program for TestV1Server<T> {
    fn interface(&self) -> &'static Interface {
        &INTERFACE
    }

    fn call(&self, call: IncomingCall<'_>) -> Handling {
        match call.procedure() {
            1 => call.handle::<Add, _, _, _>(&self.0, |call, (a, b)| async move {
                let outcome = call.service.add(&call.context, a, b).await;
                (call, outcome)
            }),
            2 => call.handle::<Echo, _, _, _>(&self.0, |call, (a,)| async move {
                let outcome = call.service.echo(&call.context, a).await;
                (call, outcome)
            }),
            3 => call.handle::<Wait, _, _, _>(&self.0, |call, (a,)| async move {
                let outcome = call.service.wait(&call.context, a).await;
                (call, outcome)
            }),
            _ => call.procedure_unavailable(),
        }
    }
}

#[derive(Clone, Debug)]
pub struct TestV1Client(pub Client);

impl TestV1Client {
    pub fn null(&self) -> Call<Null> {
        self.0.call(())
    }

    pub fn add(&self, a: i32, b: i32) -> Call<Add> {
        self.0.call((a, b))
    }

    pub fn echo(&self, data: Bytes) -> Call<Echo> {
        self.0.call((data,))
    }

    pub fn wait(&self, ticket: u32) -> Call<Wait> {
        self.0.call((ticket,))
    }
}

impl Stub for TestV1Client {
    const INTERFACE: &'static Interface = &INTERFACE;

    fn from_client(client: Client) -> Self {
        Self(client)
    }

    fn client(&self) -> &Client {
        &self.0
    }
}

/// Adds, echoes, and waits until it is told to go on.
pub struct Tester {
    /// Calls of `wait` hold here until a permit is there.
    pub gate: tokio::sync::Semaphore,
    /// Calls that have begun.
    pub begun: tokio::sync::Notify,
}

impl Tester {
    pub fn new() -> Self {
        Self { gate: tokio::sync::Semaphore::new(0), begun: tokio::sync::Notify::new() }
    }
}

impl TestV1 for Tester {
    async fn add(&self, _cx: &Context, a: i32, b: i32) -> Result<i32, Fault> {
        if a == i32::MIN {
            panic!("the caller asked for it");
        }
        a.checked_add(b).ok_or(Fault::GarbageArguments)
    }

    async fn echo(&self, _cx: &Context, data: Bytes) -> Result<Bytes, Fault> {
        Ok(data)
    }

    async fn wait(&self, _cx: &Context, ticket: u32) -> Result<u32, Fault> {
        self.begun.notify_one();
        let permit = self.gate.acquire().await.map_err(Fault::system)?;
        permit.forget();
        Ok(ticket)
    }
}
