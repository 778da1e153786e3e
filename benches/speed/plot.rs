//! Plots as SVG, readable on light and dark pages.

#![allow(clippy::cast_precision_loss, reason = "a few bars and lines")]

use std::fmt::Write as _;

/// A bar and its parts, in milliseconds.
pub struct Bar<'a> {
    pub name: &'a str,
    pub parts: &'a [f64],
}

/// A line of a chart.
pub struct Line<'a> {
    pub name: &'a str,
    pub points: Vec<(f64, f64)>,
    pub colour: &'a str,
}

const COLOURS: [&str; 6] = ["#0a7ea4", "#e07b39", "#8a8f98", "#3d9a5f", "#b5c4d1", "#a05195"];
const WIDTH: f64 = 760.0;

fn begin(height: f64, title: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>\n<text x=\"20\" y=\"26\" font-size=\"15\">{title}</text>\n"
    )
}

/// Bars one above the other, with what their parts are.
pub fn bars(title: &str, parts: &[&str], bars: &[Bar]) -> String {
    let longest = bars.iter().map(|bar| bar.parts.iter().sum::<f64>()).fold(1.0, f64::max);
    let (left, scale) = (130.0, (WIDTH - 210.0) / longest);
    let mut svg = begin(60.0 + 46.0 * bars.len() as f64 + 22.0 * parts.len() as f64, title);
    let mut top = 44.0;
    for bar in bars {
        let _ = writeln!(svg, "<text x=\"20\" y=\"{}\">{}</text>", top + 20.0, bar.name);
        let mut x = left;
        for (part, colour) in bar.parts.iter().zip(COLOURS) {
            let width = part * scale;
            let _ = writeln!(
                svg,
                "<rect x=\"{x:.1}\" y=\"{top}\" width=\"{width:.1}\" height=\"30\" fill=\"{colour}\"/>"
            );
            if width > 30.0 {
                let (middle, below) = (x + width / 2.0, top + 20.0);
                let _ = writeln!(
                    svg,
                    "<text x=\"{middle:.1}\" y=\"{below}\" text-anchor=\"middle\" fill=\"#ffffff\">{part:.0}</text>"
                );
            }
            x += width;
        }
        let whole: f64 = bar.parts.iter().sum();
        let _ = writeln!(svg, "<text x=\"{:.1}\" y=\"{}\">{whole:.0} ms</text>", x + 8.0, top + 20.0);
        top += 46.0;
    }
    for (name, colour) in parts.iter().zip(COLOURS) {
        let _ =
            writeln!(svg, "<rect x=\"{left}\" y=\"{top}\" width=\"12\" height=\"12\" fill=\"{colour}\"/>");
        let _ = writeln!(svg, "<text x=\"{}\" y=\"{}\">{name}</text>", left + 20.0, top + 11.0);
        top += 22.0;
    }
    svg + "</svg>\n"
}

/// Lines from (0, 0).
pub fn lines(title: &str, all: &[Line]) -> String {
    let (left, top, width, height) = (60.0, 50.0, WIDTH - 220.0, 240.0);
    let points = || all.iter().flat_map(|line| &line.points);
    let right = points().map(|point| point.0).fold(1.0, f64::max);
    let highest = points().map(|point| point.1).fold(0.1, f64::max);
    let (x, y) =
        (|value: f64| left + value / right * width, |value: f64| top + height - value / highest * height);
    let mut svg = begin(top + height + 40.0, title);
    let _ = writeln!(
        svg,
        "<path d=\"M{left} {top}V{}H{}\" fill=\"none\" stroke=\"#8a8f98\"/>",
        top + height,
        left + width
    );
    if let Some(line) = all.first() {
        for (count, _) in &line.points {
            let _ = writeln!(
                svg,
                "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{count}</text>",
                x(*count),
                top + height + 20.0
            );
        }
    }
    for share in [0.5, 1.0] {
        let value = highest * share;
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{value:.1}</text>",
            left - 8.0,
            y(value) + 4.0
        );
    }
    for (number, line) in all.iter().enumerate() {
        let path: Vec<String> =
            line.points.iter().map(|(one, other)| format!("{:.1},{:.1}", x(*one), y(*other))).collect();
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"/>",
            path.join(" "),
            line.colour
        );
        let below = top + 20.0 + 22.0 * number as f64;
        let _ = writeln!(
            svg,
            "<rect x=\"{}\" y=\"{}\" width=\"12\" height=\"12\" fill=\"{}\"/>",
            left + width + 20.0,
            below - 11.0,
            line.colour
        );
        let _ = writeln!(svg, "<text x=\"{}\" y=\"{below}\">{}</text>", left + width + 38.0, line.name);
    }
    svg + "</svg>\n"
}
