//! Other readers of PDF text, on the same files in the same run, where they are installed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Reads every file with PDFium, page by page, and prints the seconds of processor time that
/// took: its own start and imports are not counted.
const PDFIUM: &str = "
import sys, time
import pypdfium2
begin = time.process_time()
for path in sys.argv[1:]:
    document = pypdfium2.PdfDocument(path)
    for page in document:
        text = page.get_textpage()
        text.get_text_range()
        text.close()
        page.close()
    document.close()
print(time.process_time() - begin)
";

/// A reader of PDF text that is a program of its own.
#[derive(Debug, Clone, Copy)]
pub enum Peer {
    /// PDFium through `pypdfium2` for Python.
    Pdfium,
    /// poppler's `pdftotext`, one process a file, the start of which is counted.
    Poppler,
}

impl Peer {
    /// Whether it runs here.
    pub fn is_installed(self) -> bool {
        let mut command = match self {
            Self::Pdfium => Command::new("python3"),
            Self::Poppler => Command::new("pdftotext"),
        };
        match self {
            Self::Pdfium => command.args(["-c", "import pypdfium2"]),
            Self::Poppler => command.arg("-v"),
        };
        let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    }

    /// The time it takes to read all files once; `None` where it fails.
    pub fn read(self, files: &[PathBuf]) -> Option<Duration> {
        match self {
            Self::Pdfium => {
                let output =
                    Command::new("python3").args(["-c", PDFIUM]).args(files).output().ok()?;
                let seconds: f64 = String::from_utf8(output.stdout).ok()?.trim().parse().ok()?;
                Some(Duration::from_secs_f64(seconds))
            }
            Self::Poppler => {
                let begin = Instant::now();
                files.iter().all(|file| pdftotext(file)).then(|| begin.elapsed())
            }
        }
    }
}

fn pdftotext(file: &Path) -> bool {
    let mut command = Command::new("pdftotext");
    command.arg(file).arg("-").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
