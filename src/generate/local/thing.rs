//! Connected cells of a grid.

/// Connected salient cells. The ranges of cells exclude their end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Thing {
    pub(super) columns: [usize; 2],
    pub(super) rows: [usize; 2],
    /// The number of its cells.
    pub(super) cells: i64,
}

/// Returns the smallest rectangle around the cells.
pub(super) fn bounds(columns: usize, cells: &[usize]) -> Thing {
    let mut thing = Thing { columns: [usize::MAX, 0], rows: [usize::MAX, 0], cells: cells.len() as i64 };
    for at in cells {
        let (x, y) = (at % columns, at / columns);
        thing.columns = [thing.columns[0].min(x), thing.columns[1].max(x + 1)];
        thing.rows = [thing.rows[0].min(y), thing.rows[1].max(y + 1)];
    }
    thing
}

/// Returns the sets of marked cells that touch at an edge and are joined by it, in the order of their first cell.
pub(super) fn components(columns: usize, marked: &[bool], is_joined: impl Fn(usize, usize) -> bool) -> Vec<Vec<usize>> {
    let (mut seen, mut all) = (vec![false; marked.len()], Vec::new());
    for start in 0..marked.len() {
        if !marked[start] || seen[start] {
            continue;
        }
        let (mut cells, mut next) = (vec![start], 0);
        seen[start] = true;
        while let Some(at) = cells.get(next).copied() {
            next += 1;
            let x = at % columns;
            let neighbours = [
                (x > 0).then(|| at - 1),
                (x + 1 < columns).then_some(at + 1),
                at.checked_sub(columns),
                Some(at + columns).filter(|below| *below < marked.len()),
            ];
            for other in neighbours.into_iter().flatten() {
                if marked[other] && !seen[other] && is_joined(at, other) {
                    seen[other] = true;
                    cells.push(other);
                }
            }
        }
        all.push(cells);
    }
    all
}
