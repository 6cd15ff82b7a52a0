//! Tells that the relay is ready, and where.

use std::fs::File;
use std::io::Write;

use pm_cli::Streams;

use crate::config::Ready;
use crate::error::Error;
use crate::{TOOL, inherited};

/// From here on, a client that connects is served. A descriptor gets the addresses on one line with a space between,
/// and stays open: whoever waits reads up to the newline and not to the end.
pub(crate) fn tell(ready: Ready, addresses: &[String], io: &mut Streams) -> Result<(), Error> {
    match ready {
        Ready::People => io.tell(TOOL, &format!("listening on {}", addresses.join(" and "))),
        Ready::Descriptor(number) => {
            let mut file =
                inherited::copy(number).map(File::from).map_err(|source| Error::Ready { number, source })?;
            let line = format!("{}\n", addresses.join(" "));
            file.write_all(line.as_bytes()).map_err(|source| Error::Ready { number, source })?;
        }
    }
    Ok(())
}
