//! What a person sees of builds that run at once: a live table on a terminal, plain lines elsewhere.

use std::fmt::Display;
use std::time::{Duration, Instant};

use filter::Stage;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The lines of a run, and its table.
pub struct Screen<'a> {
    stage: &'a Stage,
    table: Option<MultiProgress>,
    says_starts: bool,
}

/// A build that runs, a line of the table.
pub struct Running {
    line: Option<ProgressBar>,
    started: Instant,
}

impl<'a> Screen<'a> {
    /// The screen of so many builds, of which `jobs` run at once.
    ///
    /// Where all of them start with the first, the plan has said so already.
    pub fn new(stage: &'a Stage, builds: usize, jobs: usize) -> Self {
        let table = filter::is_live().then(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr()));
        Self { stage, says_starts: table.is_none() && builds > jobs, table }
    }

    /// Says that a build begins.
    pub fn begin(&self, id: &str) -> Running {
        if self.says_starts {
            self.stage.note(format!("{id} begins"));
        }
        let line = self.table.as_ref().map(|table| {
            let line = table.add(ProgressBar::no_length());
            if let Ok(style) = ProgressStyle::with_template("  {spinner} {elapsed:>4} {wide_msg}") {
                line.set_style(style);
            }
            line.set_message(id.to_owned());
            line.enable_steady_tick(Duration::from_millis(100));
            line
        });
        Running { line, started: Instant::now() }
    }

    /// Says something that stays.
    pub fn note(&self, text: impl Display) {
        self.above(|| self.stage.note(&text));
    }

    /// Warns of something.
    pub fn warn(&self, text: impl Display) {
        self.above(|| self.stage.warn(&text));
    }

    fn above(&self, print: impl FnOnce()) {
        match &self.table {
            Some(table) => table.suspend(print),
            None => print(),
        }
    }
}

impl Running {
    /// Waits until it is that old.
    pub fn wait(&self, age: Duration) {
        std::thread::sleep(age.saturating_sub(self.started.elapsed()));
    }

    /// How long it has run, for people.
    pub fn age(&self) -> String {
        let seconds = self.started.elapsed().as_secs();
        match seconds {
            0..60 => format!("{seconds} s"),
            _ => format!("{} min {} s", seconds / 60, seconds % 60),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(line) = &self.line {
            line.finish_and_clear();
        }
    }
}
