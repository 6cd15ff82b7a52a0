//! The Pushgateway: the whole exposition, in place of what was there.

use super::{Batch, Shipment};
use crate::delivery::{Packing, Parcel, Shown};
use crate::prometheus::{Text, expose};

/// A group of a gateway.
#[derive(Debug)]
pub(crate) struct Pushgateway {
    /// With the path of the group.
    pub(crate) url: String,
    pub(crate) key: Option<String>,
}

impl Pushgateway {
    pub(super) fn shipments<'a>(&'a self, batch: &'a Batch<'a>) -> Vec<Shipment<'a>> {
        let body = expose(&batch.totals.model, Text::Plain);
        vec![Shipment {
            sizes: vec![body.len()],
            most_bytes: usize::MAX,
            most_things: 1,
            parcel: Box::new(move |_| Parcel {
                url: self.url.clone(),
                method: "PUT",
                headers: super::authorized("text/plain; version=0.0.4; charset=utf-8", self.key.as_deref()),
                body: body.clone().into_bytes(),
                shown: Shown::AsItIs,
                packing: Packing::Gzip,
            }),
        }]
    }
}
