//! Panics are bugs, but one must not flood the log nor end the process: it becomes a message.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::Once;

static INSTALLED: Once = Once::new();

thread_local! {
    static IS_QUIET: Cell<bool> = const { Cell::new(false) };
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// From now on let panics of this thread write nothing by themselves: who catches them tells.
pub(super) fn be_quiet() {
    INSTALLED.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| note_place(info, &before)));
    });
    IS_QUIET.set(true);
}

fn note_place(info: &PanicHookInfo<'_>, before: &dyn Fn(&PanicHookInfo<'_>)) {
    if IS_QUIET.get() {
        let place = info.location().map(ToString::to_string);
        PLACE.with_borrow_mut(|kept| *kept = place);
    } else {
        before(info);
    }
}

/// Do something; a panic in it comes back as what it said and where.
///
/// What `work` had in its hands may be half changed then and must not be used any more.
pub(super) fn contain<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let place = PLACE.with_borrow_mut(Option::take);
        match place {
            Some(place) => format!("{} at {place}", words_of(&*panic)),
            None => words_of(&*panic),
        }
    })
}

fn words_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without words".to_owned())
}
