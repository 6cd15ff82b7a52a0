//! Any text of `config.yml`: what is understood comes back as it was, and a change is made without a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pm_wrap::gh_settings::Mapping;

fuzz_target!(|texts: (&str, &str, &str)| {
    let [mine, before, after] = [texts.0, texts.1, texts.2].map(Mapping::parse);
    if let Some(mapping) = &mine {
        assert_eq!(mapping.text(), texts.0);
    }
    if let (Some(mut mine), Some(before), Some(after)) = (mine, before, after) {
        mine.follow(&before, &after);
        mine.set("http_unix_socket", "/run/\"x\"");
        assert!(Mapping::parse(&mine.text()).is_some());
    }
});
