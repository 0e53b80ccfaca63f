//! Threads that index the documents of one large change.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use super::builder::{Builder, Built, Put};
use super::crashed;
use super::workshop::Workshop;
use crate::IndexError;

/// Documents that may wait for the threads: enough that none of them runs dry.
const WAITING_MAX: usize = 16;

/// As many threads as may work at a time, each with a segment of its own. They have nothing to do
/// with those of another change but that all take turns.
pub(super) struct Crew {
    folder: PathBuf,
    /// `None` once there is nothing more to come.
    puts: Option<SyncSender<Put>>,
    threads: Vec<JoinHandle<Result<Vec<Built>, IndexError>>>,
    /// Whether what they make is of no use any more.
    given_up: Arc<AtomicBool>,
}

impl Crew {
    /// Starts threads that write segments into a folder.
    pub(super) fn start(folder: &Path, workshop: &Arc<Workshop>) -> Result<Self, IndexError> {
        let (sender, receiver) = sync_channel(WAITING_MAX);
        let receiver = Arc::new(Mutex::new(receiver));
        let given_up = Arc::new(AtomicBool::new(false));
        let (puts, threads) = (Some(sender), Vec::new());
        let mut crew = Self { folder: folder.to_owned(), puts, threads, given_up };
        for _ in 0..workshop.turns_max() {
            let builder = Builder::new(folder, workshop, usize::MAX);
            let (receiver, given_up) = (Arc::clone(&receiver), Arc::clone(&crew.given_up));
            let thread = thread::Builder::new().name("index".to_owned());
            let thread = thread.spawn(move || index(builder, &receiver, &given_up));
            crew.threads.push(thread.map_err(IndexError::io(folder))?);
        }
        Ok(crew)
    }

    /// Hands over a document, waiting where many do; `false` where a thread has failed.
    pub(super) fn take(&self, put: Put) -> bool {
        let is_given_up = self.given_up.load(Ordering::Relaxed);
        !is_given_up && self.puts.as_ref().is_some_and(|puts| puts.send(put).is_ok())
    }

    /// Waits until all is written.
    pub(super) fn finish(mut self) -> Result<Vec<Built>, IndexError> {
        self.puts = None;
        let mut built = Ok(Vec::new());
        for thread in std::mem::take(&mut self.threads) {
            let own = thread.join().unwrap_or_else(|_| Err(crashed(&self.folder)));
            built = match (built, own) {
                (Ok(mut all), Ok(own)) => {
                    all.extend(own);
                    Ok(all)
                }
                (Err(error), _) | (Ok(_), Err(error)) => Err(error),
            };
        }
        built
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.given_up.store(true, Ordering::Relaxed);
        self.puts = None;
        for thread in std::mem::take(&mut self.threads) {
            let _ = thread.join();
        }
    }
}

/// Says that the work is of no use when its thread ends early, whatever the reason.
struct Alarm<'a>(Option<&'a AtomicBool>);

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        if let Some(given_up) = self.0 {
            given_up.store(true, Ordering::Relaxed);
        }
    }
}

fn index(
    mut builder: Builder,
    puts: &Mutex<Receiver<Put>>,
    given_up: &AtomicBool,
) -> Result<Vec<Built>, IndexError> {
    let mut alarm = Alarm(Some(given_up));
    loop {
        let next = puts.lock().unwrap_or_else(PoisonError::into_inner).recv();
        if given_up.load(Ordering::Relaxed) {
            return Ok(Vec::new());
        }
        let Ok(put) = next else { break };
        builder.add(&put)?;
    }
    let built = builder.finish()?;
    alarm.0 = None;
    Ok(built)
}
