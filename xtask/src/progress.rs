//! What a person sees of a running release: live on a terminal, plain lines elsewhere.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The progress of a release, stage by stage.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    live: bool,
    in_error: AtomicBool,
    started: Instant,
}

impl Progress {
    /// Progress on stderr: a moving line at the foot of a terminal, nothing but lines anywhere else.
    pub fn new() -> Self {
        let live = filter::is_live();
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        if live {
            bar.set_draw_target(ProgressDrawTarget::stderr());
            if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix} {elapsed} {wide_msg}") {
                bar.set_style(style);
            }
        }
        Self { bar, live, in_error: AtomicBool::new(false), started: Instant::now() }
    }

    /// Says that a stage begins.
    pub fn begin(&mut self, stage: &str) {
        self.started = Instant::now();
        self.in_error.store(false, Ordering::Relaxed);
        self.print(&self.bold(stage));
        self.bar.set_prefix(stage.to_owned());
        self.bar.set_message("");
        self.bar.reset_elapsed();
        if self.live {
            self.bar.enable_steady_tick(Duration::from_millis(100));
        }
    }

    /// Shows a line of a tool, below its stage.
    pub fn line(&self, tool: &str, line: &str) {
        let text = line.strip_prefix(&format!("{tool}: ")).unwrap_or(line);
        // An error stands as the tool wrote it, to its last line: that is what people search for.
        if text != line && text.starts_with("error: ") {
            self.in_error.store(true, Ordering::Relaxed);
        }
        let in_error = self.in_error.load(Ordering::Relaxed);
        self.print(&if in_error { line.to_owned() } else { format!("  {text}") });
        self.bar.set_message(text.to_owned());
    }

    /// Says that the stage is done; returns how long it took.
    pub fn end(&self) -> Duration {
        self.bar.disable_steady_tick();
        self.started.elapsed()
    }

    /// Takes the moving line away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    /// Prints a line that stays.
    pub fn print(&self, text: &str) {
        if self.live {
            self.bar.suspend(|| filter::print_text(text));
        } else {
            filter::print_text(text);
        }
    }

    fn bold(&self, text: &str) -> String {
        if self.live && std::env::var_os("NO_COLOR").is_none() {
            format!("\u{1b}[1m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

/// A duration for people: `0.04 s`, `12.3 s`, `2 min 5 s`.
pub fn human(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    match seconds {
        _ if seconds < 10.0 => format!("{seconds:.2} s"),
        _ if seconds < 60.0 => format!("{seconds:.1} s"),
        _ => format!("{} min {} s", duration.as_secs() / 60, duration.as_secs() % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_short() {
        assert_eq!(human(Duration::from_millis(40)), "0.04 s");
        assert_eq!(human(Duration::from_millis(12_340)), "12.3 s");
        assert_eq!(human(Duration::from_secs(125)), "2 min 5 s");
    }
}
