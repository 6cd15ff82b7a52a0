//! The token to ask with.

use pm_cli::{Exit, Explain, Streams};
use pm_github::{Api, Secret};

use crate::config::variables;
use crate::{Error, TOOL, gh};

/// A token, and where it is from.
#[derive(Debug)]
pub(crate) struct Token {
    pub(crate) secret: Secret,
    /// The variable, or `` `gh auth token` ``.
    pub(crate) origin: String,
}

/// There is none, which is no error: without one, everybody at this address shares a small quota.
#[derive(Debug, thiserror::Error)]
#[error("no token for {host}: these are the limits of this machine's address")]
struct NoToken {
    host: String,
    variable: &'static str,
}

impl Explain for NoToken {
    fn exit(&self) -> Exit {
        Exit::Done
    }

    fn hint(&self) -> Option<String> {
        let (host, variable) = (&self.host, self.variable);
        Some(format!("log in with `gh auth login --hostname {host}`, or set {variable}"))
    }
}

/// The token for an API, from the variables, else from `gh`; with a word to people if there is none.
pub(crate) fn find(api: &Api, io: &mut Streams) -> Result<Option<Token>, Error> {
    let found = pm_github::from_variables(api, variables(&io.environment));
    let found = found.map_err(|(variable, reason)| Error::Token { origin: variable.to_owned(), reason })?;
    let token = match found {
        Some(found) => Some(Token { secret: found.token, origin: found.variable.to_owned() }),
        None => gh::token(api.host(), &io.environment)?,
    };
    if token.is_none() {
        let variable = pm_github::variables(api)[0];
        io.complain(TOOL, &NoToken { host: api.host().to_owned(), variable });
    } else if api.is_overheard() {
        return Err(Error::Overheard { url: api.rest().to_owned() });
    }
    Ok(token)
}
