//! What this process holds, and figures printed one a line.

use std::{fs, io};

/// What this process holds.
pub struct Held {
    /// Memory, in MiB.
    resident_mib: f64,
    /// Of that, what is no mapped file.
    own_mib: f64,
    open_files: usize,
    mappings: usize,
    threads: usize,
}

impl Held {
    /// As the kernel tells.
    pub fn now() -> io::Result<Self> {
        let status = fs::read_to_string("/proc/self/status")?;
        let mib = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
            kib.unwrap_or_default() / 1024.0
        };
        Ok(Self {
            resident_mib: mib("VmRSS:"),
            own_mib: mib("RssAnon:"),
            open_files: fs::read_dir("/proc/self/fd")?.count(),
            mappings: fs::read_to_string("/proc/self/maps")?.lines().count(),
            threads: fs::read_dir("/proc/self/task")?.count(),
        })
    }

    /// The memory that came since, and all else that is held, in words.
    pub fn since(&self, before: &Self) -> String {
        let resident = self.resident_mib - before.resident_mib;
        let own = self.own_mib - before.own_mib;
        let Self { open_files, mappings, threads, .. } = self;
        format!(
            "resident +{resident:.1} MiB, of that +{own:.1} MiB not mapped files; \
             {open_files} open files, {mappings} mappings, {threads} threads"
        )
    }
}

/// Processor time of this thread so far, in seconds.
pub fn cpu_seconds() -> io::Result<f64> {
    let times = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds = times.split(' ').next().and_then(|first| first.parse::<f64>().ok());
    Ok(nanoseconds.unwrap_or_default() / 1e9)
}

/// Median, 99th percentile and maximum of some values; zeros where there are none.
pub fn quantiles(mut values: Vec<f64>) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    [0.5, 0.99, 1.0].map(|share| {
        let place = (share * values.len().saturating_sub(1) as f64) as usize;
        values.get(place).copied().unwrap_or_default()
    })
}

/// Prints median, 99th percentile and maximum of some seconds.
pub fn print_quantiles(bench: &str, name: &str, seconds: Vec<f64>) {
    let [median, p99, most] = quantiles(seconds).map(|seconds| 1e3 * seconds);
    print(bench, &format!("{name}: median {median:.2} ms, p99 {p99:.2} ms, most {most:.2} ms"));
}

/// Prints a figure of a bench.
#[expect(clippy::print_stdout, reason = "the figures are what a bench is run for")]
pub fn print(bench: &str, figure: &str) {
    println!("{bench:<6} {figure}");
}
