//! A writer to be killed: trains a bot on documents of one generation.
//!
//! `writer <address> <cache folder> <generation>`, with the settings of AWS in the environment;
//! prints `done` when that is acknowledged.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a program for tests")]

use std::borrow::Cow;
use std::sync::Arc;
use std::time::SystemTime;

use train::{Content, DataFolder, Input, Options, Pool, Silent};

fn main() {
    let [_, address, folder, generation] = std::env::args().collect::<Vec<_>>().try_into().unwrap();
    let settings: Vec<_> = std::env::vars().filter(|(name, _)| name.starts_with("AWS_")).collect();
    #[expect(clippy::disallowed_methods, reason = "this is the rim")]
    let remote = remote::open(&address, &settings, SystemTime::now).unwrap();
    let folder = DataFolder::open_shared(folder, &remote, index::Config::default()).unwrap();
    let pool = Pool::lazy(|| rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap());
    let inputs: Vec<_> = (0..4)
        .map(|number| {
            let text = format!("The quay has berth{number} for lessee{generation}.");
            Input::new(format!("{number}.txt"), Content::Bytes(Cow::Owned(text.into_bytes())))
        })
        .collect();
    let bot = "shop".parse().unwrap();
    let options = Options::new(Arc::new(pool));
    train::train(&folder, &bot, &inputs, &options, &Silent).unwrap();
    println!("done");
}
