//! What a client asked for, from the headers of its request.

use crate::prometheus::Text;

/// The text that a client likes best; what it does not say is up to us.
pub(crate) fn text(accept: Option<&str>, otherwise: Text) -> Text {
    let Some(accept) = accept else { return otherwise };
    let mut best: Option<(Text, u32)> = None;
    for (kind, parameters, quality) in choices(accept) {
        let text = match kind.as_str() {
            // Other versions are other formats.
            "application/openmetrics-text" if has_version(&parameters, &["1.0.0", "0.0.1"]) => {
                Text::OpenMetrics
            }
            "text/plain" if has_version(&parameters, &["0.0.4"]) => Text::Plain,
            "*/*" | "text/*" => otherwise,
            _ => continue,
        };
        if quality > 0 && best.is_none_or(|(_, known)| quality > known) {
            best = Some((text, quality));
        }
    }
    best.map_or(otherwise, |(text, _)| text)
}

/// Whether a client takes gzip.
pub(crate) fn takes_gzip(accept_encoding: Option<&str>) -> bool {
    let all: Vec<_> = choices(accept_encoding.unwrap_or_default()).collect();
    let quality = |name| all.iter().find(|(coding, ..)| coding == name).map(|(.., quality)| *quality);
    quality("gzip").or_else(|| quality("*")).is_some_and(|quality| quality > 0)
}

/// Each choice with its parameters, and how much it is liked, in thousandths.
fn choices(header: &str) -> impl Iterator<Item = (String, Vec<(String, String)>, u32)> {
    header.split(',').map(|choice| {
        let mut parts = choice.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
        let parameters = parts.filter_map(|part| {
            let (name, value) = part.split_once('=')?;
            Some((name.trim().to_ascii_lowercase(), value.trim().trim_matches('"').to_owned()))
        });
        let parameters: Vec<_> = parameters.collect();
        let quality = parameters.iter().find(|(name, _)| name == "q");
        let quality = quality.map_or(1.0, |(_, value)| value.parse::<f64>().unwrap_or(0.0));
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it was brought between 0 and 1000"
        )]
        (kind, parameters, (quality.clamp(0.0, 1.0) * 1000.0) as u32)
    })
}

fn has_version(parameters: &[(String, String)], versions: &[&str]) -> bool {
    let version = parameters.iter().find(|(name, _)| name == "version");
    version.is_none_or(|(_, version)| versions.contains(&version.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(accept: &str, expected: Text) {
        assert_eq!(text(Some(accept), Text::Plain), expected, "{accept}");
    }

    #[test]
    fn the_text_that_is_liked_best_and_known_is_chosen() {
        let prometheus = "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        check(prometheus, Text::OpenMetrics);
        check("text/plain;version=0.0.4;q=0.9, application/openmetrics-text;q=0.1", Text::Plain);
        check("application/openmetrics-text; version=2.0.0, text/plain", Text::Plain);
        check("application/openmetrics-text;q=0", Text::Plain);
        check("text/html, */*;q=0.1", Text::Plain);
        check(";;;,=,q=x", Text::Plain);
        assert_eq!(text(None, Text::OpenMetrics), Text::OpenMetrics);
        assert_eq!(text(Some("*/*"), Text::OpenMetrics), Text::OpenMetrics);
    }

    #[test]
    fn gzip_is_taken_where_nobody_refuses_it() {
        for header in ["gzip", "deflate, gzip;q=0.5", "*", "GZIP"] {
            assert!(takes_gzip(Some(header)), "{header}");
        }
        for header in ["", "identity", "gzip;q=0", "gzip;q=0, *", "br"] {
            assert!(!takes_gzip(Some(header)), "{header}");
        }
        assert!(!takes_gzip(None));
    }
}
