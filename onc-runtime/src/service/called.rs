//! Which procedure was called, for those who have to tell when it panics.

use std::any::Any;

use crate::rpc::Interface;

/// A procedure that was called.
#[derive(Clone, Copy, Debug)]
pub(super) struct Called {
    pub(super) interface: &'static Interface,
    /// Its number.
    pub(super) procedure: u32,
}

impl Called {
    /// The name of the procedure, as its `.x` file spells it.
    pub(super) fn name(self) -> &'static str {
        self.interface.procedure(self.procedure).map_or("", |procedure| procedure.name)
    }

    /// Tells the log that what answered the call `xid` has panicked. The caller is to be answered `SYSTEM_ERR`.
    #[cold]
    pub(super) fn panicked(self, xid: u32, panic: &(dyn Any + Send)) {
        let text = panic.downcast_ref::<&str>().copied();
        let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        tracing::error!(
            target: "onc::server",
            program = self.interface.program_name,
            version = self.interface.version,
            procedure = self.name(),
            number = self.procedure,
            xid,
            panic = text.unwrap_or("something that is no text"),
            "a procedure panicked; the call is answered SYSTEM_ERR"
        );
    }
}
