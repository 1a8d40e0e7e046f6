//! Whether the configuration file, or a file that it names, has changed.
//!
//! Knows: files by folder and name. Does not know what is in them, nor what a reload does.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use countersign_config::Settings;
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc::{Receiver, channel};
use tokio::time::timeout;

use crate::failure::{Failure, because};

/// A folder in which something is written all the time is read after so many turns all the same.
const TURNS_MAX: u32 = 20;
/// Kubernetes swaps this link, under which all files of a volume are.
const VOLUME: &str = "..data";

/// The watch over some files.
pub(crate) struct Watch {
    /// Ends with this.
    _watcher: RecommendedWatcher,
    changes: Receiver<()>,
    settle: Duration,
    /// Something has changed, and was not taken up yet.
    dirty: bool,
}

impl Watch {
    /// Begins to watch, where the settings ask for it. Folders are watched: editors and administrators put another file in
    /// the place of one, and a watch of the file itself would go with it.
    pub(crate) fn start(config: &Path, settings: &Settings) -> Result<Option<Self>, Failure> {
        let Some(settle) = settings.reload_on_change else {
            return Ok(None);
        };
        let mut files = vec![place(config)?];
        for file in settings.files() {
            files.push(place(file)?);
        }
        let mut folders: Vec<PathBuf> = files.iter().map(|(folder, _)| folder.clone()).collect();
        folders.sort();
        folders.dedup();
        let failed = |error: notify::Error| because("files cannot be watched")(&error);
        // One is enough: it says that something has changed.
        let (sender, changes) = channel(1);
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if event.is_ok_and(|event| concerns(&event, &files)) {
                let _ = sender.try_send(());
            }
        })
        .map_err(failed)?;
        for folder in folders {
            watcher
                .watch(&folder, RecursiveMode::NonRecursive)
                .map_err(failed)?;
        }
        Ok(Some(Self {
            _watcher: watcher,
            changes,
            settle,
            dirty: false,
        }))
    }

    /// The watch under other settings. What the one before has seen and not told yet is not lost.
    pub(crate) fn renewed(
        before: &mut Option<Self>,
        config: &Path,
        settings: &Settings,
    ) -> Result<Option<Self>, Failure> {
        let mut renewed = Self::start(config, settings)?;
        if let (Some(before), Some(renewed)) = (before, &mut renewed) {
            renewed.dirty = before.changes.try_recv().is_ok();
        }
        Ok(renewed)
    }

    /// Waits until something has changed, and then no more for a while; for ever where nothing is watched.
    pub(crate) async fn settled(watch: &mut Option<Self>) {
        let Some(watch) = watch else {
            return std::future::pending().await;
        };
        if !watch.dirty {
            if watch.changes.recv().await.is_none() {
                return std::future::pending().await;
            }
            // Whoever waits may be called away: the next wait goes on from here.
            watch.dirty = true;
        }
        for _ in 0..TURNS_MAX {
            if !matches!(
                timeout(watch.settle, watch.changes.recv()).await,
                Ok(Some(()))
            ) {
                break;
            }
        }
        watch.dirty = false;
    }
}

/// Folder and name of a file.
fn place(file: &Path) -> Result<(PathBuf, OsString), Failure> {
    let whole = std::path::absolute(file).map_err(|error| {
        Failure::new(format!("`{}` cannot be watched: {error}", file.display()))
    })?;
    let folder = whole.parent().unwrap_or(Path::new("/")).to_owned();
    Ok((folder, whole.file_name().unwrap_or_default().to_owned()))
}

/// Whether an event is about one of the files. To read one is not to change it, and events that were lost may have been about any.
fn concerns(event: &Event, files: &[(PathBuf, OsString)]) -> bool {
    if matches!(event.kind, EventKind::Access(_)) {
        return false;
    }
    event.need_rescan()
        || event.paths.iter().any(|path| {
            let (folder, name) = (path.parent(), path.file_name().unwrap_or_default());
            files
                .iter()
                .any(|(of, file)| folder == Some(of) && (name == file || name == VOLUME))
        })
}

#[cfg(test)]
mod tests {
    use notify::event::{AccessKind, CreateKind, Flag};

    use super::*;

    #[test]
    fn only_what_changes_one_of_the_files_counts() {
        let files = [(PathBuf::from("/etc/c"), OsString::from("c.toml"))];
        let created =
            |path: &str| Event::new(EventKind::Create(CreateKind::File)).add_path(path.into());
        assert!(concerns(&created("/etc/c/c.toml"), &files));
        assert!(concerns(&created("/etc/c/..data"), &files));
        assert!(!concerns(&created("/etc/c/c.db-wal"), &files));
        assert!(!concerns(&created("/etc/d/c.toml"), &files));
        let read = Event::new(EventKind::Access(AccessKind::Read)).add_path("/etc/c/c.toml".into());
        assert!(!concerns(&read, &files));
        let lost = Event::new(EventKind::Other).set_flag(Flag::Rescan);
        assert!(concerns(&lost, &files));
    }
}
