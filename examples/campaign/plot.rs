//! Two plots as SVG: the day, and what each tactic got through.

use std::fmt::Write as _;

use super::ledger::{Followed, Ledger, MOMENTS, Moment};
use super::tell::KINDS;
use super::world::{BEGIN_MS, TacticMark};

const WIDTH: f64 = 1100.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 190.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 50.0;
/// Colours that people with any colour vision tell apart (Okabe and Ito 2008).
const COLOURS: [&str; 7] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#333333"];

/// A plot with hours from left to right and counts upward, on a logarithmic scale from 1.
struct Plot {
    text: String,
    hours: f64,
    decades: f64,
    legend: usize,
}

impl Plot {
    fn new(title: &str, upward: &str, hours: f64, most: f64) -> Self {
        let decades = most.max(10.0).log10().ceil();
        let mut text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n<text x=\"{LEFT}\" y=\"22\" font-size=\"15\">{title}</text>\n"
        );
        let _ = writeln!(
            text,
            "<text transform=\"translate(16 {:.0}) rotate(-90)\" text-anchor=\"middle\">{upward}</text>",
            HEIGHT / 2.0
        );
        let mut plot = Self { text, hours, decades, legend: 0 };
        plot.draw_axes();
        plot
    }

    fn x(&self, hour: f64) -> f64 {
        LEFT + hour / self.hours * (WIDTH - LEFT - RIGHT)
    }

    /// 0 lies at the bottom, a little below 1.
    fn y(&self, count: f64) -> f64 {
        let height = if count < 1.0 { 0.0 } else { 0.04 + 0.96 * count.log10() / self.decades };
        HEIGHT - BOTTOM - height * (HEIGHT - TOP - BOTTOM)
    }

    fn draw_axes(&mut self) {
        let (bottom, right) = (HEIGHT - BOTTOM, WIDTH - RIGHT);
        let mut count = 1.0;
        while count <= 10_f64.powf(self.decades) {
            let y = self.y(count);
            let _ = writeln!(
                self.text,
                "<path d=\"M{LEFT} {y:.1}H{right}\" stroke=\"#ddd\"/><text x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\">{count}</text>",
                LEFT - 6.0,
                y + 4.0
            );
            count *= 10.0;
        }
        for step in 0..=12 {
            let hour = self.hours * f64::from(step) / 12.0;
            let x = self.x(hour);
            let _ = writeln!(
                self.text,
                "<path d=\"M{x:.1} {bottom}v5\" stroke=\"#333\"/><text x=\"{x:.1}\" y=\"{:.0}\" text-anchor=\"middle\">{hour:.1}</text>",
                bottom + 19.0
            );
        }
        let _ = writeln!(
            self.text,
            "<path d=\"M{LEFT} {TOP}V{bottom}H{right}\" fill=\"none\" stroke=\"#333\"/><text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"middle\">hours since the day began</text>",
            f64::midpoint(LEFT, right),
            bottom + 40.0
        );
    }

    fn name(&mut self, name: &str, colour: &str) {
        let y = TOP + 10.0 + 20.0 * self.legend as f64;
        let x = WIDTH - RIGHT + 14.0;
        self.legend += 1;
        let _ = writeln!(
            self.text,
            "<circle cx=\"{x}\" cy=\"{y}\" r=\"5\" fill=\"{colour}\"/><text x=\"{:.0}\" y=\"{:.0}\">{name}</text>",
            x + 11.0,
            y + 4.0
        );
    }

    fn line(&mut self, name: &str, colour: &str, points: impl Iterator<Item = (f64, f64)>) {
        let mut path = String::new();
        for (n, (hour, count)) in points.enumerate() {
            let command = if n == 0 { 'M' } else { 'L' };
            let _ = write!(path, "{command}{:.1} {:.1}", self.x(hour), self.y(count));
        }
        let _ = writeln!(
            self.text,
            "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.6\"/>"
        );
        self.name(name, colour);
    }

    fn dots(&mut self, name: &str, colour: &str, points: impl Iterator<Item = (f64, f64)>) {
        for (hour, count) in points {
            let (x, y) = (self.x(hour), self.y(count));
            let _ = writeln!(
                self.text,
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.6\" fill=\"{colour}\" fill-opacity=\"0.65\"/>"
            );
        }
        self.name(name, colour);
    }

    fn end(mut self) -> String {
        self.text.push_str("</svg>\n");
        self.text
    }
}

/// The day: what attackers and customers sent, what of it was let through, and what was harmed.
pub(crate) fn day(ledger: &Ledger, hours: f64) -> String {
    let most = ledger.moments.iter().map(|m| m.attack.requests.max(m.legitimate.requests)).max().unwrap_or(1);
    let minutes = hours * 60.0 / MOMENTS as f64;
    let mut plot = Plot::new("The day", &format!("requests in {minutes:.1} min"), hours, most as f64);
    let mut draw = |name: &str, colour: &str, of: &dyn Fn(&Moment) -> u64| {
        let at = |n: usize| n as f64 * hours / MOMENTS as f64;
        let points: Vec<_> = ledger.moments.iter().enumerate().map(|(n, m)| (at(n), of(m) as f64)).collect();
        plot.line(name, colour, points.into_iter());
    };
    draw("of customers", "#009e73", &|m| m.legitimate.requests);
    draw("of attackers, stopped", "#0072b2", &|m| m.attack.stopped);
    draw("of attackers, let through", "#d55e00", &|m| m.attack.requests - m.attack.stopped);
    draw("of customers, harmed", "#cc79a7", &|m| m.legitimate.stopped);
    plot.end()
}

/// Each tactic: when it began, and what it got through before it was stopped.
pub(crate) fn tactics(ledger: &Ledger, marks: &[TacticMark], hours: f64) -> String {
    let most = ledger.tactics.iter().map(Followed::before_stopped).max().unwrap_or(1);
    let title = "Let through of each tactic before it was stopped";
    let mut plot = Plot::new(title, "requests", hours, most as f64);
    for (kind, colour) in KINDS.iter().zip(COLOURS) {
        let pairs = ledger.tactics.iter().zip(marks);
        let points: Vec<_> = pairs
            .filter(|(followed, mark)| mark.kind == *kind && followed.count.requests > 0)
            .map(|(followed, _)| {
                let hour = followed.first_ms.saturating_sub(BEGIN_MS) as f64 / 3_600_000.0;
                (hour, followed.before_stopped() as f64)
            })
            .collect();
        plot.dots(kind, colour, points.into_iter());
    }
    plot.end()
}
