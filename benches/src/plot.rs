//! Pictures of the numbers: one SVG for each table, both axes logarithmic.

use std::error::Error;
use std::fs;
use std::path::Path;

use plotters::prelude::*;

/// The tables, and what is drawn of each: title, unit of the y axis, columns.
const PICTURES: &[(&str, &str, &str, &[usize])] = &[
    ("connections", "One call in flight on each of so many connections", "calls a second", &[1]),
    ("payload", "A payload both ways", "microseconds a call", &[1]),
    ("list", "A page of a directory", "microseconds", &[1, 2]),
];

/// Draws every table of a folder beside it.
///
/// # Errors
///
/// A table is not there or is not one, or a picture cannot be written.
pub fn all(folder: &Path) -> Result<(), Box<dyn Error + Send + Sync>> {
    for (name, title, unit, columns) in PICTURES {
        let table = fs::read_to_string(folder.join(name).with_extension("tsv"))?;
        let svg = draw(&table, title, unit, columns).map_err(|error| format!("{name}: {error}"))?;
        fs::write(folder.join(name).with_extension("svg"), svg)?;
    }
    Ok(())
}

fn draw(table: &str, title: &str, unit: &str, columns: &[usize]) -> Result<String, Box<dyn Error>> {
    let mut lines = table.lines();
    let names: Vec<&str> = lines.next().ok_or("the table is empty")?.split('\t').collect();
    let rows: Vec<Vec<f64>> =
        lines.map(|line| line.split('\t').map(str::parse).collect::<Result<_, _>>()).collect::<Result<_, _>>()?;
    let values = |column: usize| rows.iter().map(move |row| (row[0], row[column]));
    let all: Vec<(f64, f64)> = columns.iter().flat_map(|column| values(*column)).collect();
    let range = |of: fn(&(f64, f64)) -> f64| {
        let (low, high) = all.iter().map(of).fold((f64::MAX, f64::MIN), |(low, high), at| (low.min(at), high.max(at)));
        (low / 1.5..high * 1.5).log_scale()
    };

    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (720, 420)).into_drawing_area();
        root.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&root)
            .caption(title, ("sans-serif", 18))
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(80)
            .build_cartesian_2d(range(|at| at.0), range(|at| at.1))?;
        chart.configure_mesh().x_desc(names[0]).y_desc(unit).light_line_style(WHITE).draw()?;
        for (column, colour) in columns.iter().zip([BLUE, RED]) {
            chart
                .draw_series(LineSeries::new(values(*column), colour.stroke_width(2)).point_size(3))?
                .label(names[*column])
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour));
        }
        chart.configure_series_labels().border_style(BLACK).background_style(WHITE).draw()?;
        root.present()?;
    }
    Ok(svg)
}
