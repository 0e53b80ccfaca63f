//! The thread that starts workers.

use std::io;
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

/// Starts processes from a thread of its own, which is started with the first of them.
///
/// On Linux a worker is killed when the *thread* that started it ends. The threads that ask for
/// documents come and go while workers stay; this one lives as long as the pool.
#[derive(Default)]
pub(super) struct Launcher(Mutex<Option<Running>>);

struct Running {
    orders: Sender<Order>,
    thread: JoinHandle<()>,
}

struct Order {
    command: Command,
    started: Sender<io::Result<Child>>,
}

impl Launcher {
    /// Starts a process.
    pub(super) fn spawn(&self, command: Command) -> io::Result<Child> {
        let gone = || io::Error::other("the thread that starts workers has ended");
        let (started, outcome) = channel();
        {
            let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let orders = match running.as_ref() {
                Some(running) => &running.orders,
                None => &running.insert(Running::start()?).orders,
            };
            orders.send(Order { command, started }).map_err(|_| gone())?;
        }
        outcome.recv().map_err(|_| gone())?
    }
}

impl Running {
    fn start() -> io::Result<Self> {
        let (orders, receiver) = channel();
        let thread = std::thread::Builder::new()
            .name("worker-launcher".to_owned())
            .spawn(move || launch(&receiver))?;
        Ok(Self { orders, thread })
    }
}

fn launch(orders: &Receiver<Order>) {
    for mut order in orders {
        // Whoever ordered waits for the answer.
        let _ = order.started.send(order.command.spawn());
    }
}

impl Drop for Launcher {
    fn drop(&mut self) {
        let running = self.0.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Running { orders, thread }) = running {
            drop(orders);
            // It ends with the orders; a panic there has nobody left to tell.
            let _ = thread.join();
        }
    }
}
