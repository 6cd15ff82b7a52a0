//! The Pushgateway: the whole exposition, in place of what was there.

use pm_github::Secret;

use super::{Batch, Shipment};
use crate::packing::Packing;
use crate::parcel::{Parcel, Shown};
use crate::prometheus::{Text, expose};

/// A group of a gateway.
#[derive(Debug)]
pub(crate) struct Pushgateway {
    /// With the path of the group.
    pub(crate) url: String,
    /// The whole header.
    pub(crate) key: Option<Secret>,
    pub(crate) packing: Packing,
}

impl Pushgateway {
    pub(super) fn shipments<'a>(&'a self, batch: &'a Batch<'a>) -> Vec<Shipment<'a>> {
        let body = expose(&batch.totals.model, Text::Plain);
        vec![Shipment {
            // Without a series there is nothing to put in place of what is there: it would be removed.
            sizes: if body.is_empty() { Vec::new() } else { vec![body.len()] },
            most_bytes: usize::MAX,
            most_things: 1,
            parcel: Box::new(move |_| Parcel {
                url: self.url.clone(),
                method: "PUT",
                headers: super::headers([("Content-Type", "text/plain; version=0.0.4; charset=utf-8")]),
                body: body.clone().into_bytes(),
                shown: Shown::AsItIs,
                packing: self.packing,
            }),
        }]
    }
}
