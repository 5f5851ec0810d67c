//! Interceptors of the calls to a server.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, ready};

use crate::rpc::Interface;

use super::execution::Running;
use super::{Called, Context, Fault, Handling, IncomingCall, Program, Reply};

/// Sees each call before its handler does: program, version, procedure and its name, who calls and with which credential. It may
/// wait, and refuse the call.
///
/// All programs of a server get one by [`ServerBuilder::intercept`](crate::server::ServerBuilder::intercept), a single one by
/// [`Intercepted`]. A call comes here after its flavour of credential was [accepted](crate::server::ServerBuilder::add_with_flavours);
/// procedure 0 never comes, since RFC 5531 lets everybody ask who is there. What it does to results, or needs to do after the
/// handler, is the work of a [`tower` layer](super::tower).
///
/// ```
/// # mod calc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/calc.rs")); }
/// # struct Calculator;
/// # impl calc::CalcV1 for Calculator {
/// #     async fn add(&self, _cx: &Context, a: i32, b: i32) -> Result<i32, Fault> { Ok(a + b) }
/// # }
/// use onc_runtime::rpc::AuthStatus;
/// use onc_runtime::service::ServerInterceptor;
/// use onc_runtime::{Context, Error, Fault, Refusal, Server};
///
/// /// Lets those in who are on a list.
/// struct Members;
///
/// impl ServerInterceptor for Members {
///     async fn intercept(&self, call: &Context) -> Result<(), Fault> {
///         let caller = call.auth_sys().ok_or(Fault::Auth(AuthStatus::RejectedCredential))?;
///         if is_member(caller.uid).await { Ok(()) } else { Err(Fault::Auth(AuthStatus::TooWeak)) }
///     }
/// }
/// # async fn is_member(uid: u32) -> bool { uid == 1000 }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = Server::builder().add(calc::CalcV1Server::new(Calculator)).intercept(Members).bind("127.0.0.1:0").await?;
/// # let address = server.local_addr()?;
/// # let running = tokio::spawn(server.run());
/// let nobody = calc::CalcV1Client::connect_to(address).await?;
/// let refused = nobody.add(2, 40).await;
/// assert!(matches!(refused, Err(Error::Refused(Refusal::Auth(AuthStatus::RejectedCredential)))));
/// # running.abort();
/// # Ok(()) }
/// ```
///
/// A function of a call is one too:
///
/// ```
/// use onc_runtime::{Context, Server};
///
/// let builder = Server::builder().intercept(async |call: Context| {
///     println!("{} {} for {}", call.interface().program_name, call.procedure_name(), call.peer());
///     Ok(())
/// });
/// # drop(builder);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not intercept calls",
    note = "an interceptor is a type that implements `ServerInterceptor`, or a function `async |call: Context| Ok(())` whose future is `Send`"
)]
pub trait ServerInterceptor: Send + Sync + 'static {
    /// Looks at a call whose handler is about to run.
    ///
    /// # Errors
    ///
    /// The call is answered with this, and its handler does not run.
    ///
    /// # Cancel safety
    ///
    /// It is dropped when the server is cut off; not when the caller leaves.
    fn intercept(&self, call: &Context) -> impl Future<Output = Result<(), Fault>> + Send;
}

impl<F, Fut> ServerInterceptor for F
where
    F: Fn(Context) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), Fault>> + Send,
{
    fn intercept(&self, call: &Context) -> impl Future<Output = Result<(), Fault>> + Send {
        self(call.clone())
    }
}

/// A program whose calls an interceptor sees: an adapter to add to a server in the program's place.
///
/// ```
/// # mod calc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/calc.rs")); }
/// # struct Calculator;
/// # impl calc::CalcV1 for Calculator {}
/// use onc_runtime::service::Intercepted;
/// use onc_runtime::{Context, Fault, Server};
///
/// let local = async |call: Context| if call.peer().is_local() { Ok(()) } else { Err(Fault::ProcedureUnavailable) };
/// let builder = Server::builder().add(Intercepted::new(calc::CalcV1Server::new(Calculator), local));
/// # drop(builder);
/// ```
pub struct Intercepted<P, I> {
    program: P,
    interceptor: Arc<I>,
}

impl<P: Program, I: ServerInterceptor> Intercepted<P, I> {
    /// `program`, whose calls `interceptor` sees.
    pub fn new(program: P, interceptor: I) -> Self {
        Self::shared(program, Arc::new(interceptor))
    }

    pub(crate) fn shared(program: P, interceptor: Arc<I>) -> Self {
        Self { program, interceptor }
    }
}

impl<P: Program, I: ServerInterceptor> Program for Intercepted<P, I> {
    fn interface(&self) -> &'static Interface {
        self.program.interface()
    }

    fn call(&self, mut call: IncomingCall<'_>) -> Handling {
        call.wait();
        let (context, interceptor) = (call.context(), Arc::clone(&self.interceptor));
        // Arguments are decoded where they were received, and that is now; but nothing is answered and no handler runs before
        // the interceptor has said so.
        Handling::running(Box::new(Guarded {
            called: context.called(),
            interception: Some(Box::pin(async move { interceptor.intercept(&context).await })),
            handling: self.program.call(call),
        }))
    }
}

/// A handler that waits for an interceptor.
struct Guarded<F> {
    called: Called,
    interception: Option<Pin<Box<F>>>,
    handling: Handling,
}

impl<F: Future<Output = Result<(), Fault>> + Send> Running for Guarded<F> {
    fn poll(&mut self, cx: &mut TaskContext<'_>, reply: &mut Reply<'_>) -> Poll<()> {
        if let Some(interception) = &mut self.interception {
            let outcome = ready!(interception.as_mut().poll(cx));
            self.interception = None;
            if let Err(fault) = outcome {
                reply.fault(fault);
                return Poll::Ready(());
            }
        }
        self.handling.poll(cx, reply)
    }

    fn called(&self) -> Called {
        self.called
    }
}

impl<P: Clone, I> Clone for Intercepted<P, I> {
    fn clone(&self) -> Self {
        Self { program: self.program.clone(), interceptor: Arc::clone(&self.interceptor) }
    }
}

impl<P: Program, I> fmt::Debug for Intercepted<P, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Intercepted").field(&self.program.interface()).finish()
    }
}
