//! Takes connections until it is told to stop, and then lets what is under way come to its end.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulConnection, GracefulShutdown};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::Semaphore;

use crate::dial::Wire;
use crate::listen::Listener;
use crate::relay::{BUFFER, Relay};
use crate::route::Via;

/// How long what is under way may take once the relay was told to end.
const GRACE: Duration = Duration::from_secs(2);

/// How many connections are open at once; the next ones wait to be taken.
const MOST: usize = 512;

/// How long a client may keep a connection open and ask nothing.
const IDLE: Duration = Duration::from_mins(2);

/// A listening socket, ready to be waited for.
enum Door {
    Unix(UnixListener),
    Tcp(TcpListener, u16),
}

/// Serves until `stop` ends; inside of a local task set.
pub(crate) async fn serve(
    listeners: &[Listener],
    relay: Rc<Relay>,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let doors = listeners.iter().map(Door::open).collect::<io::Result<Vec<_>>>()?;
    let graceful = GracefulShutdown::new();
    tokio::select! {
        () = accept(&doors, &relay, &graceful) => {}
        () = stop => {}
    }
    drop(doors);
    relay.ledger.stop();
    // Whatever is left then breaks off, and its records say so.
    let _too_late = tokio::time::timeout(GRACE, graceful.shutdown()).await;
    Ok(())
}

/// Takes connections for ever.
async fn accept(doors: &[Door], relay: &Rc<Relay>, graceful: &GracefulShutdown) {
    let places = Arc::new(Semaphore::new(MOST));
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        match poll_fn(|context| next(doors, context)).await {
            Ok((stream, via)) => {
                let connection = graceful.watch(connection(Rc::clone(relay), via, stream));
                tokio::task::spawn_local(async move {
                    // A client that leaves, or sends what is no request, has been answered as far as it could be.
                    let _ = connection.await;
                    drop(place);
                });
            }
            // Too many open files, say: it is better to wait than to spin.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

fn connection(
    relay: Rc<Relay>,
    via: Via,
    stream: Box<dyn Wire>,
) -> impl GracefulConnection<Output = Result<(), hyper::Error>> {
    let service = service_fn(move |request: Request<Incoming>| {
        let relay = Rc::clone(&relay);
        async move { Ok::<_, Infallible>(relay.answer(via, request).await) }
    });
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE)
        .preserve_header_case(true)
        .auto_date_header(false)
        .max_buf_size(BUFFER);
    builder.serve_connection(TokioIo::new(stream), service)
}

/// The next connection of any of the sockets.
fn next(doors: &[Door], context: &mut Context<'_>) -> Poll<io::Result<(Box<dyn Wire>, Via)>> {
    for door in doors {
        if let Poll::Ready(accepted) = door.poll(context) {
            return Poll::Ready(accepted);
        }
    }
    Poll::Pending
}

impl Door {
    fn open(listener: &Listener) -> io::Result<Self> {
        Ok(match listener {
            Listener::Unix(listener) => {
                let listener = listener.try_clone()?;
                listener.set_nonblocking(true)?;
                Self::Unix(UnixListener::from_std(listener)?)
            }
            Listener::Tcp(listener, address) => {
                let listener = listener.try_clone()?;
                listener.set_nonblocking(true)?;
                Self::Tcp(TcpListener::from_std(listener)?, address.port())
            }
        })
    }

    fn poll(&self, context: &mut Context<'_>) -> Poll<io::Result<(Box<dyn Wire>, Via)>> {
        match self {
            Self::Unix(listener) => {
                listener.poll_accept(context).map_ok(|(stream, _)| (Box::new(stream) as _, Via::Socket))
            }
            Self::Tcp(listener, port) => listener.poll_accept(context).map_ok(|(stream, _)| {
                // Answers are written whole, so waiting to write more of them at once gains nothing.
                let _ = stream.set_nodelay(true);
                (Box::new(stream) as _, Via::Port(*port))
            }),
        }
    }
}
