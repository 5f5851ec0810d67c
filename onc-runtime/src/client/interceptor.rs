//! Interceptors of a client's calls.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::channel::{BoxError, Caller, Client, Request, Response, middleware_error};
use crate::error::Error;

/// Sees each call of a client before it is sent: program, version, procedure and its name, whom it goes to, who calls. It may
/// change it, wait, or refuse it.
///
/// What it does to replies, or needs to do twice, is the work of a [`tower` layer](super::ClientBuilder::layer).
///
/// ```
/// # mod calc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/calc.rs")); }
/// # use onc_runtime::{Context, Fault, Server};
/// # struct Calculator;
/// # impl calc::CalcV1 for Calculator {
/// #     async fn add(&self, cx: &Context, a: i32, b: i32) -> Result<i32, Fault> {
/// #         assert_eq!(cx.auth_sys().map(|caller| caller.uid), Some(1000));
/// #         Ok(a + b)
/// #     }
/// # }
/// use onc_runtime::Client;
/// use onc_runtime::client::{BoxError, ClientInterceptor, Request};
/// use onc_runtime::rpc::{AuthSys, Credential};
///
/// /// Calls as whoever has logged in by then.
/// struct LoggedIn;
///
/// impl ClientInterceptor for LoggedIn {
///     async fn intercept(&self, call: &mut Request) -> Result<(), BoxError> {
///         let uid = current_user().await.ok_or("nobody has logged in")?;
///         let caller = AuthSys { uid, machine_name: "here".into(), ..AuthSys::default() };
///         call.credential = Some(Credential::Sys(caller).into());
///         Ok(())
///     }
/// }
/// # async fn current_user() -> Option<u32> { Some(1000) }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let server = Server::builder().add(calc::CalcV1Server::new(Calculator)).bind("127.0.0.1:0").await?;
/// # let address = server.local_addr()?;
/// # let running = tokio::spawn(server.run());
/// let calc: calc::CalcV1Client = Client::builder().intercept(LoggedIn).connect_to(address).await?;
/// assert_eq!(calc.add(2, 40).await?, 42);
/// # running.abort();
/// # Ok(()) }
/// ```
///
/// A function of a call is one too:
///
/// ```
/// use onc_runtime::Client;
/// use onc_runtime::client::Request;
///
/// let builder = Client::builder().intercept(async |call: Request| {
///     println!("{} {} of {}", call.procedure_name, call.interface.program_name, call.server.as_deref().unwrap_or("here"));
///     Ok(call)
/// });
/// # drop(builder);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not intercept calls",
    note = "an interceptor is a type that implements `ClientInterceptor`, or a function `async |call: Request| Ok(call)` whose future is `Send`"
)]
pub trait ClientInterceptor: Send + Sync + 'static {
    /// Looks at a call that is about to be sent.
    ///
    /// # Errors
    ///
    /// The call is not made. An [`Error`] is the caller's as it is, anything else an [`Error::Middleware`].
    ///
    /// # Cancel safety
    ///
    /// It is dropped when the caller gives up, or the call's deadline passes.
    fn intercept(&self, call: &mut Request) -> impl Future<Output = Result<(), BoxError>> + Send;
}

impl<F, Fut> ClientInterceptor for F
where
    F: Fn(Request) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Request, BoxError>> + Send,
{
    async fn intercept(&self, call: &mut Request) -> Result<(), BoxError> {
        *call = self(call.clone()).await?;
        Ok(())
    }
}

impl Client {
    /// A client whose calls go through `interceptor`, and then through this one.
    #[must_use]
    pub fn intercepted(&self, interceptor: impl ClientInterceptor) -> Self {
        self.intercepted_by(Arc::new(interceptor))
    }

    pub(super) fn intercepted_by<I: ClientInterceptor>(&self, interceptor: Arc<I>) -> Self {
        Self::in_front_of(self, Intercepted { client: self.clone(), interceptor })
    }
}

struct Intercepted<I> {
    client: Client,
    interceptor: Arc<I>,
}

impl<I: ClientInterceptor> Caller for Intercepted<I> {
    fn call(&self, mut request: Request) -> Pin<Box<dyn Future<Output = Result<Response, Error>> + Send>> {
        let (client, interceptor) = (self.client.share(), Arc::clone(&self.interceptor));
        Box::pin(async move {
            interceptor.intercept(&mut request).await.map_err(middleware_error)?;
            client.call_raw(request).await
        })
    }
}

impl<I> fmt::Debug for Intercepted<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Intercepted").field("client", &self.client).finish_non_exhaustive()
    }
}
