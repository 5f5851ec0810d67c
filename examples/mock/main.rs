//! Testing what calls a server, without a server: an implementation of the service stands in for it, in the same process.
//!
//! `cargo run --example mock`, or `cargo test --example mock`.

use calc::{CalcV1Client, Quotient};
use onc_runtime::Error;

mod calc {
    onc_runtime::include_xdr!("calc");
}

/// What is to be tested: it does not know what is behind its client.
async fn average(calc: &CalcV1Client, numbers: &[i32]) -> Result<Option<i32>, Error> {
    let mut sum = 0;
    for number in numbers {
        sum = calc.add(sum, *number).await?;
    }
    let count = i32::try_from(numbers.len()).unwrap_or(i32::MAX);
    calc.divide(sum, count).await.map(Quotient::into_option)
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let calc = CalcV1Client::new(onc_runtime::Client::in_process(calc::CalcV1Server::new(mock::Calculator::default())));
    println!("the average of 1, 2 and 6 is {:?}", average(&calc, &[1, 2, 6]).await?);
    println!("the average of nothing is {:?}", average(&calc, &[]).await?);
    Ok(())
}

mod mock {
    use std::sync::atomic::{AtomicU32, Ordering};

    use onc_runtime::{Context, Fault};

    use super::calc::{CalcV1, Quotient};

    /// Calculates, and breaks down at a call that the test chooses.
    #[derive(Default)]
    pub(crate) struct Calculator {
        pub(crate) calls: AtomicU32,
        pub(crate) fails_at: Option<u32>,
    }

    impl CalcV1 for Calculator {
        async fn add(&self, _cx: &Context, a: i32, b: i32) -> Result<i32, Fault> {
            let call = self.calls.fetch_add(1, Ordering::Relaxed);
            if self.fails_at == Some(call) { Err(Fault::SystemError) } else { Ok(a + b) }
        }

        async fn divide(&self, _cx: &Context, a: i32, b: i32) -> Result<Quotient, Fault> {
            Ok(a.checked_div(b).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::Ordering;

    use onc_runtime::{Client, Refusal};

    use super::calc::CalcV1Server;
    use super::mock::Calculator;
    use super::*;

    #[tokio::test]
    async fn a_server_that_breaks_down_is_asked_no_more() {
        let calculator = Arc::new(Calculator { fails_at: Some(1), ..Calculator::default() });
        let server = CalcV1Server::from_arc(Arc::clone(&calculator));
        let calc = CalcV1Client::new(Client::in_process(server));
        let failed = average(&calc, &[1, 2, 6]).await;
        assert!(matches!(failed, Err(Error::Refused(Refusal::SystemError))), "{failed:?}");
        assert_eq!(calculator.calls.load(Ordering::Relaxed), 2);
    }
}
