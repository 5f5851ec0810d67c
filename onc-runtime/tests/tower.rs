//! Middleware of `tower` around clients and servers.

mod support;

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use onc_runtime::client::{Request, Response};
use onc_runtime::rpc::AuthStatus;
use onc_runtime::service::tower::{Layered, Request as ServerRequest};
use onc_runtime::{Client, Error, Fault, Refusal, Server};
use support::serving::serving;
use support::{TestV1Client, TestV1Server, Tester};
use tower::limit::ConcurrencyLimitLayer;
use tower::load_shed::LoadShedLayer;
use tower::retry::Policy;
use tower::timeout::TimeoutLayer;
use tower::{Layer, Service, ServiceBuilder};

/// Hands over as many calls as it is told, and refuses the rest.
#[derive(Clone)]
struct Refuse<S> {
    inner: S,
    calls: Arc<AtomicUsize>,
}

#[derive(Clone, Default)]
struct RefuseLayer(Arc<AtomicUsize>);

impl<S> Layer<S> for RefuseLayer {
    type Service = Refuse<S>;

    fn layer(&self, inner: S) -> Refuse<S> {
        Refuse { inner, calls: Arc::clone(&self.0) }
    }
}

impl<S> Service<ServerRequest> for Refuse<S>
where
    S: Service<ServerRequest, Error = Fault>,
    S::Response: Send + 'static,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = Fault;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, Fault>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: ServerRequest) -> Self::Future {
        assert_eq!(request.context.interface().program_name, "TEST_PROG");
        assert_eq!(request.context.procedure_name(), "ADD");
        if self.calls.fetch_add(1, Ordering::Relaxed) < 2 {
            return Box::pin(self.inner.call(request));
        }
        Box::pin(ready(Err(Fault::Auth(AuthStatus::TooWeak))))
    }
}

async fn serve(program: impl onc_runtime::service::Program) -> TestV1Client {
    let address = serving(Server::builder().add(program)).await.address;
    Client::builder().connect_to(address).await.expect("connected")
}

#[tokio::test]
async fn a_layer_of_the_server_sees_and_refuses_calls() {
    let layer = RefuseLayer::default();
    let client = serve(Layered::new(TestV1Server::new(Tester::new()), &layer)).await;
    assert_eq!(client.add(1, 2).await.expect("let through"), 3);
    let garbage = client.add(i32::MAX, 1).await;
    assert!(matches!(garbage, Err(Error::Refused(Refusal::GarbageArguments))), "{garbage:?}");
    let refused = client.add(1, 2).await;
    assert!(matches!(refused, Err(Error::Refused(Refusal::Auth(AuthStatus::TooWeak)))), "{refused:?}");
}

#[tokio::test]
async fn an_error_of_the_servers_middleware_is_a_system_error() {
    let layer = ServiceBuilder::new().layer(TimeoutLayer::new(Duration::from_millis(10))).into_inner();
    let client = serve(Layered::new(TestV1Server::new(Tester::new()), &layer)).await;
    let late = client.wait(1).await;
    assert!(matches!(late, Err(Error::Refused(Refusal::SystemError))), "{late:?}");
}

#[tokio::test]
async fn layers_of_the_client_limit_its_calls() {
    let tester = Arc::new(Tester::new());
    let client = serve(TestV1Server(Arc::clone(&tester))).await;
    let limited = ServiceBuilder::new()
        .layer(LoadShedLayer::new())
        .layer(ConcurrencyLimitLayer::new(1))
        .service(client.0.clone().into_service());
    let limited = TestV1Client(Client::from_service(limited));
    let first = tokio::spawn(limited.wait(1));
    tester.begun.notified().await;
    let second = limited.wait(2).await;
    assert!(matches!(&second, Err(Error::Middleware(error)) if error.is::<tower::load_shed::error::Overloaded>()));
    tester.gate.add_permits(1);
    assert_eq!(first.await.expect("ran").expect("answered"), 1);
}

#[tokio::test]
async fn a_limit_of_rate_is_kept_for_all_clones_of_a_client() {
    let address = serving(Server::builder().add(TestV1Server::new(Tester::new()))).await.address;
    // The buffer is what clones of the client share.
    let layers = ServiceBuilder::new().buffer(8).rate_limit(2, Duration::from_secs(3600)).into_inner();
    let client: TestV1Client = Client::builder().layer(layers).connect_to(address).await.expect("connected");
    for other in [client.clone(), client.clone()] {
        assert_eq!(other.add(1, 2).await.expect("answered"), 3);
    }
    let third = client.add(1, 2).timeout(Duration::from_millis(20)).await;
    assert!(matches!(third, Err(Error::Deadline(_))), "{third:?}");
}

/// Tries again as often as it is told, whatever the error.
#[derive(Clone)]
struct Again(usize);

impl Policy<Request, Response, Error> for Again {
    type Future = Ready<()>;

    fn retry(&mut self, _: &mut Request, outcome: &mut Result<Response, Error>) -> Option<Ready<()>> {
        if outcome.is_ok() || self.0 == 0 {
            return None;
        }
        self.0 -= 1;
        Some(ready(()))
    }

    fn clone_request(&mut self, request: &Request) -> Option<Request> {
        Some(request.clone())
    }
}

#[tokio::test]
async fn a_layer_of_the_client_repeats_a_call() {
    let calls = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&calls);
    let answered = tower::service_fn(move |request: Request| {
        let failed = count.fetch_add(1, Ordering::Relaxed) < 2;
        ready(if failed { Err(Error::Closed) } else { Ok(Response::new(request.arguments.slice(..4))) })
    });
    let client = TestV1Client(Client::from_service(ServiceBuilder::new().retry(Again(5)).service(answered)));
    assert_eq!(client.add(7, 0).await.expect("the third time"), 7);
    assert_eq!(calls.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn a_function_can_stand_in_for_a_server() {
    let mock = tower::service_fn(|request: Request| {
        assert_eq!((request.procedure, request.procedure_name), (1, "ADD"));
        ready(Ok::<_, Infallible>(Response::new(request.arguments.slice(4..))))
    });
    let client = TestV1Client(Client::from_service(mock));
    assert_eq!(client.add(1, 99).await.expect("answered"), 99);
}

#[tokio::test]
async fn layers_of_the_builder_wrap_every_call_the_first_outermost() {
    #[derive(Clone)]
    struct Note(&'static str, Arc<std::sync::Mutex<Vec<&'static str>>>);

    #[derive(Clone)]
    struct Noting<S>(Note, S);

    impl<S> Layer<S> for Note {
        type Service = Noting<S>;

        fn layer(&self, inner: S) -> Noting<S> {
            Noting(self.clone(), inner)
        }
    }

    impl<S: Service<Request>> Service<Request> for Noting<S> {
        type Response = S::Response;
        type Error = S::Error;
        type Future = S::Future;

        fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
            self.1.poll_ready(cx)
        }

        fn call(&mut self, request: Request) -> S::Future {
            self.0.1.lock().expect("not poisoned").push(self.0.0);
            self.1.call(request)
        }
    }

    let address = serving(Server::builder().add(TestV1Server::new(Tester::new()))).await.address;
    let notes = Arc::default();
    let client: TestV1Client = Client::builder()
        .layer(Note("outer", Arc::clone(&notes)))
        .layer(Note("inner", Arc::clone(&notes)))
        .connect_to(address)
        .await
        .expect("connected");
    assert_eq!(client.add(1, 2).await.expect("answered"), 3);
    assert_eq!(*notes.lock().expect("not poisoned"), ["outer", "inner"]);
}
