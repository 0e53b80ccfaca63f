//! Everything seen from outside: through the crates' public faces and through the binary.
//! One binary, so that an edit links once.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test fails by panicking, and prints what it measured or why it was skipped"
)]

// The binary under test, on a data folder of its own.
mod app;
// The arrows between the crates.
mod architecture;
// How alike two texts are.
mod similarity;

// Questions about the handbook: recall, page and heading, and knowing when to be silent.
mod handbook;
// What people say besides: follow-ups, tables, steps, yes or no, small talk; in seven languages.
mod dialogue;
// Every PDF fixture against its source text.
mod pdf_text;
// Whole documents as blocks, for the eye.
mod documents;

// `jely` from outside: train, ask, search, docs, remove, reindex.
mod bad_input;
mod commands;
// `jely ask` line by line, and what was said before.
mod conversation;
// A language model says the answer, or does not.
mod model;
// `jely doctor`: what is told of a file, read or refused.
mod doctor;
// `jely eval`: rankings, answers and silence, measured.
mod eval;
// A bot whose documents tell of which generation they are.
mod quay;
// kill -9 at any moment leaves the old state or the new one.
mod crash;
// A reindex that is killed and goes on.
#[cfg(target_os = "linux")]
mod resume;
// Disks that are full, read-only or torn, and clocks that go back.
mod faults;
// Machines that share bots: what the seams promise, and faults of what is behind them.
mod machines;
mod seams;
// `jely serve`, over HTTP.
mod serve;
// Copies of the data folder that are made while it changes.
mod backup;
// A document that crashes, hangs or eats memory fails alone.
#[cfg(target_os = "linux")]
mod isolation;
// Who is alive.
#[cfg(target_os = "linux")]
mod processes;
// Broken files that keep their words, and files made to hurt.
mod hostile;
// Broken files by the thousand, from whole ones.
mod mutation;
// Ten thousand of them while questions are asked; run by command.
#[cfg(target_os = "linux")]
mod soak;
// Bots of an earlier release.
mod migration;
// Any history gives the same answers.
mod history;

// Real papers, where they are at hand.
mod papers;
