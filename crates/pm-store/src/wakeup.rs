//! Being woken when something in a folder changes.

use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

/// What has happened in the folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum News {
    None,
    /// The content of files has changed.
    Content,
    /// Files may have come or gone.
    Files,
}

#[cfg(target_os = "linux")]
pub(crate) use linux::Wakeup;

#[cfg(target_os = "linux")]
mod linux {
    use std::mem::MaybeUninit;
    use std::os::fd::OwnedFd;

    use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};

    use super::{AsFd, BorrowedFd, News, Path};

    /// Watches a folder from the moment it is made.
    #[derive(Debug)]
    pub(crate) struct Wakeup {
        inotify: OwnedFd,
    }

    impl Wakeup {
        /// None if the folder is not there, or the user watches too much already.
        pub(crate) fn of(folder: &Path) -> Option<Self> {
            let inotify = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).ok()?;
            let events = WatchFlags::MODIFY
                | WatchFlags::CREATE
                | WatchFlags::DELETE
                | WatchFlags::MOVE
                | WatchFlags::DELETE_SELF
                | WatchFlags::DONT_FOLLOW
                | WatchFlags::ONLYDIR;
            inotify::add_watch(&inotify, folder, events).ok()?;
            Some(Self { inotify })
        }

        /// What has happened since this was last asked.
        pub(crate) fn news(&mut self) -> News {
            let mut buffer = [MaybeUninit::uninit(); 4096];
            let mut events = inotify::Reader::new(&self.inotify, &mut buffer);
            let mut news = News::None;
            while let Ok(event) = events.next() {
                let is_content = event.events() == ReadFlags::MODIFY;
                news = news.max(if is_content { News::Content } else { News::Files });
            }
            news
        }
    }

    impl AsFd for Wakeup {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.inotify.as_fd()
        }
    }
}

#[cfg(not(target_os = "linux"))]
#[derive(Debug)]
pub(crate) enum Wakeup {}

#[cfg(not(target_os = "linux"))]
impl Wakeup {
    pub(crate) fn of(_: &Path) -> Option<Self> {
        None
    }

    pub(crate) fn news(&mut self) -> News {
        match *self {}
    }
}

#[cfg(not(target_os = "linux"))]
impl AsFd for Wakeup {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match *self {}
    }
}
