//! The body of a request on its way to the server: counted, and its beginning kept where it says what is asked.

use std::cell::{Cell, Ref, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};

/// How much of a query is kept: more than people write.
const QUERY: usize = 64 << 10;

/// How much of any other body, to know it again.
const BEGINNING: usize = 4 << 10;

/// What is known of a body while it passes and afterwards.
#[derive(Debug)]
pub(crate) struct Upload {
    bytes: Cell<u64>,
    beginning: RefCell<Vec<u8>>,
    /// How much of it to keep.
    room: usize,
    state: Cell<State>,
    last: Cell<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The server has not taken all of it.
    Open,
    /// The client has not sent more.
    Awaited,
    Done,
    Broken,
}

impl Upload {
    pub(crate) fn new(is_query: bool) -> Rc<Self> {
        Rc::new(Self {
            bytes: Cell::new(0),
            beginning: RefCell::default(),
            room: if is_query { QUERY } else { BEGINNING },
            state: Cell::new(State::Open),
            last: Cell::new(Instant::now()),
        })
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.get()
    }

    /// The beginning of the body, and whether it is all of it.
    pub(crate) fn beginning(&self) -> (Ref<'_, Vec<u8>>, bool) {
        let kept = self.beginning.borrow();
        let is_whole = self.state.get() == State::Done && self.bytes.get() == kept.len() as u64;
        (kept, is_whole)
    }

    /// Whether the client broke it off.
    pub(crate) fn is_broken(&self) -> bool {
        self.state.get() == State::Broken
    }

    /// Since when the server has kept us waiting; nothing if it is the client who does.
    pub(crate) fn waiting_since(&self) -> Option<Instant> {
        (self.state.get() != State::Awaited).then(|| self.last.get())
    }

    fn took(&self, bytes: &Bytes) {
        self.bytes.set(self.bytes.get() + bytes.len() as u64);
        let mut beginning = self.beginning.borrow_mut();
        let room = self.room.saturating_sub(beginning.len());
        beginning.extend_from_slice(&bytes[..room.min(bytes.len())]);
    }

    fn enter(&self, state: State) {
        self.state.set(state);
        self.last.set(Instant::now());
    }
}

/// The body itself.
#[derive(Debug)]
pub(crate) struct Outgoing {
    inner: Option<Incoming>,
    upload: Rc<Upload>,
}

impl Outgoing {
    pub(crate) fn new(inner: Incoming, upload: Rc<Upload>) -> Self {
        if inner.is_end_stream() {
            upload.enter(State::Done);
        }
        Self { inner: Some(inner), upload }
    }

    /// The body of a request without one, which can be sent again.
    pub(crate) fn none(upload: Rc<Upload>) -> Self {
        upload.enter(State::Done);
        Self { inner: None, upload }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Self { inner, upload } = &mut *self;
        let Some(inner) = inner else { return Poll::Ready(None) };
        // While nothing comes, it is the client who is waited for.
        let state = upload.state.replace(State::Awaited);
        let frame = ready!(Pin::new(&mut *inner).poll_frame(context));
        upload.state.set(state);
        match &frame {
            Some(Ok(frame)) => {
                if let Some(bytes) = frame.data_ref() {
                    upload.took(bytes);
                }
                upload.enter(if inner.is_end_stream() { State::Done } else { State::Open });
            }
            Some(Err(_)) => upload.enter(State::Broken),
            None => upload.enter(State::Done),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}
