//! Standard output: buffered, and able to say that its reader has left.

use std::io::{self, BufWriter, Write};

/// Where a tool writes its data.
///
/// Whole lines go in and, when the buffer is full, whole lines come out, as long as each is written by
/// one call and is shorter than the buffer.
pub struct Output {
    writer: BufWriter<Watched>,
    terminal: bool,
}

struct Watched {
    inner: Box<dyn Write + Send>,
    closed: bool,
}

impl Output {
    /// Writes to `inner`, which is a terminal or not.
    pub fn new(inner: impl Write + Send + 'static, terminal: bool) -> Self {
        let watched = Watched { inner: Box::new(inner), closed: false };
        Self { writer: BufWriter::with_capacity(64 << 10, watched), terminal }
    }

    /// Whether a person sees it.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// How many columns the terminal has that this is standard output of; none if it is none, or will not say.
    #[must_use]
    pub fn columns(&self) -> Option<u16> {
        let size = self.terminal.then(|| rustix::termios::tcgetwinsize(rustix::stdio::stdout()).ok())?;
        size.map(|size| size.ws_col).filter(|&columns| columns > 0)
    }

    /// Whether its reader has left, which is no error: `| head` is an ordinary thing to type.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.writer.get_ref().closed
    }
}

impl std::fmt::Debug for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Output").field("terminal", &self.terminal).finish_non_exhaustive()
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl Watched {
    fn watch<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        self.closed |= matches!(&result, Err(error) if error.kind() == io::ErrorKind::BrokenPipe);
        result
    }
}

impl Write for Watched {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // What could not be delivered is dropped, or dropping the buffer would try once more.
        let result = if self.closed { Ok(bytes.len()) } else { self.inner.write(bytes) };
        self.watch(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = if self.closed { Ok(()) } else { self.inner.flush() };
        self.watch(result)
    }
}
