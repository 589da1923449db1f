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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_of_cells_exclude_their_end() {
        assert_eq!(bounds(4, &[5, 6, 9]), Thing { columns: [1, 3], rows: [1, 3], cells: 3 });
    }

    #[test]
    fn cells_that_touch_only_at_a_corner_or_across_the_end_of_a_row_are_apart() {
        let marked = |cells: &[usize]| -> Vec<bool> { (0..9).map(|at| cells.contains(&at)).collect() };
        assert_eq!(components(3, &marked(&[0, 4]), |_, _| true), [[0], [4]], "a corner");
        assert_eq!(components(3, &marked(&[2, 3]), |_, _| true), [[2], [3]], "the end of a row");
        assert_eq!(components(3, &marked(&[5, 6]), |_, _| true), [[5], [6]], "the end of the next row");
    }

    #[test]
    fn components_are_in_the_order_of_their_first_cell_and_end_where_cells_are_not_joined() {
        // The lower left cell reaches the upper right one through all four directions.
        let marked = [false, true, true, true, false, true, true, true, true];
        assert_eq!(components(3, &marked, |_, _| true), [vec![1, 2, 5, 8, 7, 6, 3]]);
        let is_joined = |a: usize, b: usize| !(a.min(b) == 5 && a.max(b) == 8);
        assert_eq!(components(3, &marked, is_joined), [vec![1, 2, 5], vec![3, 6, 7, 8]]);
    }
}
