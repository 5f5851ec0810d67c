//! Which credentials a program takes.

use std::sync::Arc;

use crate::rpc::{Admission, AuthFlavour, AuthStatus, CallHeader, OpaqueAuth, ServerFlavour};

/// The flavours of credentials that a program takes. Default: `AUTH_NONE` and `AUTH_SYS`.
///
/// [The guide](crate::guide::callers#flavours-that-prove-something) has one that signs.
///
/// ```
/// # use onc_runtime::{Context, Fault};
/// # mod calc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/calc.rs")); }
/// # struct Calculator;
/// # impl calc::CalcV1 for Calculator {
/// #     async fn add(&self, _cx: &Context, a: i32, b: i32) -> Result<i32, Fault> { Ok(a + b) }
/// # }
/// use onc_runtime::Server;
/// use onc_runtime::rpc::AuthFlavour;
///
/// let builder = Server::builder().add_with_flavours(calc::CalcV1Server::new(Calculator), [AuthFlavour::SYS]);
/// # drop(builder);
/// ```
#[derive(Clone, Debug)]
pub struct Flavours {
    plain: Vec<AuthFlavour>,
    checked: Vec<(AuthFlavour, Arc<dyn ServerFlavour>)>,
    /// `AUTH_NONE` is among the plain ones: nearly all calls have it.
    none: bool,
}

impl Default for Flavours {
    fn default() -> Self {
        [AuthFlavour::NONE, AuthFlavour::SYS].into_iter().collect()
    }
}

impl Flavours {
    /// Takes credentials of a flavour that signs and checks, too; `flavour` examines them.
    #[must_use]
    pub fn and(mut self, number: AuthFlavour, flavour: impl ServerFlavour) -> Self {
        self.checked.push((number, Arc::new(flavour)));
        self
    }

    /// Whether a flavour without a [`ServerFlavour`] is taken, and parses.
    #[inline]
    pub(super) fn accept(&self, credential: &OpaqueAuth<'_>) -> Result<(), AuthStatus> {
        if self.none && credential.flavour == AuthFlavour::NONE && credential.body.is_empty() {
            return Ok(());
        }
        self.accept_other(credential)
    }

    #[inline(never)]
    fn accept_other(&self, credential: &OpaqueAuth<'_>) -> Result<(), AuthStatus> {
        credential.validate()?;
        // RFC 5531 §9, AUTH_TOOWEAK: a flavour that is known and not enough.
        if self.plain.contains(&credential.flavour) { Ok(()) } else { Err(AuthStatus::TooWeak) }
    }

    /// What the flavour of a call decides, if it is one that signs and checks.
    #[inline]
    pub(super) fn admit(&self, header: &CallHeader<'_>, message: &[u8]) -> Option<Admission> {
        if self.checked.is_empty() {
            return None;
        }
        let (_, flavour) = self.checked.iter().find(|(number, _)| *number == header.credential.flavour)?;
        Some(flavour.admit(&header.presented(message)))
    }
}

impl FromIterator<AuthFlavour> for Flavours {
    /// These flavours, which need nothing to check them: `AUTH_NONE`, `AUTH_SYS`.
    fn from_iter<T: IntoIterator<Item = AuthFlavour>>(flavours: T) -> Self {
        let plain: Vec<AuthFlavour> = flavours.into_iter().collect();
        Self { none: plain.contains(&AuthFlavour::NONE), plain, checked: Vec::new() }
    }
}

impl<const N: usize> From<[AuthFlavour; N]> for Flavours {
    fn from(flavours: [AuthFlavour; N]) -> Self {
        flavours.into_iter().collect()
    }
}
