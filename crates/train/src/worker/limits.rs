//! How much a worker may use.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

const MIB: u64 = 1024 * 1024;

/// What a worker may use for one document, and for how many it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerLimits {
    /// What the child enforces on itself.
    pub walls: Walls,
    /// Time on the clock from request to reply; 120 s. The child is killed when it has passed.
    pub wall_max: Duration,
    /// Time without progress; 20 s. Progress is a byte that moves, and so a page that is done.
    /// Between request and reply, on Linux, it is processor time that counts, so that a busy
    /// machine stops nothing; a parse that sleeps is stopped within twice as long on the clock.
    pub stall_max: Duration,
    /// Documents after which a worker is replaced; 100. Starting one costs some milliseconds, so
    /// this adds a hundredth of them to a document.
    pub documents_max: u32,
    /// Bytes of address space that a worker may keep between documents; 256 MiB. One that keeps
    /// more is replaced, so every document finds most of the memory it is promised.
    pub kept_bytes_max: u64,
}

impl Default for WorkerLimits {
    fn default() -> Self {
        Self {
            walls: Walls::default(),
            wall_max: Duration::from_secs(120),
            stall_max: Duration::from_secs(20),
            documents_max: 100,
            kept_bytes_max: 256 * MIB,
        }
    }
}

/// The limits that a child sets itself; they reach it as one argument, before any byte of a
/// document does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Walls {
    /// Bytes of address space, code and stacks included; 1 GiB.
    pub memory_bytes_max: u64,
    /// Seconds of processor time for a document, over all threads; 60. Less than the wall clock
    /// allows: on a busy machine that one runs on while the parser waits.
    pub cpu_seconds_max: u64,
    /// Bytes of a reply; 256 MiB, the most text that a document may hold.
    pub output_bytes_max: u64,
}

impl Default for Walls {
    fn default() -> Self {
        Self { memory_bytes_max: 1024 * MIB, cpu_seconds_max: 60, output_bytes_max: 256 * MIB }
    }
}

/// A text that is not three numbers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "not the limits of a worker: {0:?}: expected memory bytes, processor seconds, output bytes"
)]
pub struct InvalidWalls(String);

impl fmt::Display for Walls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{},{}", self.memory_bytes_max, self.cpu_seconds_max, self.output_bytes_max)
    }
}

impl FromStr for Walls {
    type Err = InvalidWalls;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let numbers: Result<Vec<u64>, _> = text.split(',').map(str::parse).collect();
        match numbers.as_deref() {
            Ok([memory_bytes_max, cpu_seconds_max, output_bytes_max]) => Ok(Self {
                memory_bytes_max: *memory_bytes_max,
                cpu_seconds_max: *cpu_seconds_max,
                output_bytes_max: *output_bytes_max,
            }),
            _ => Err(InvalidWalls(text.chars().take(80).collect())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walls_survive_the_command_line() {
        let walls = Walls { memory_bytes_max: 1, cpu_seconds_max: 2, output_bytes_max: u64::MAX };
        assert_eq!(walls.to_string().parse(), Ok(walls));
        for wrong in ["", "1,2", "1,2,3,4", "1,2,x", "1,-2,3"] {
            assert!(wrong.parse::<Walls>().is_err(), "{wrong}");
        }
    }
}
