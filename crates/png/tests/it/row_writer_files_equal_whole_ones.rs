//! The file of rows that arrive in any pieces is the file of the whole picture.

use smart_resize_png::{Effort, Scratch};

use crate::laws::is_reduced;
use crate::pictures::{COLOURS, EFFORTS, photo};

#[test]
fn the_file_of_rows_in_any_pieces_is_that_of_the_whole_picture() {
    let mut scratch = Scratch::default();
    for (size, colour) in
        [(700, 751), (19, 70), (512, 513)].into_iter().flat_map(|size| COLOURS.map(|colour| (size, colour)))
    {
        let picture = photo(size, colour);
        let row = picture.width as usize * picture.channels();
        for effort in EFFORTS {
            let encoder = picture.encoder(effort);
            let whole = encoder.encode(&picture.pixels, &mut scratch).unwrap();
            assert!(!is_reduced(&whole.bytes, &picture));
            let pieces: &[usize] =
                if effort == Effort::Balanced { &[1_000_001, row, 7 * row, picture.pixels.len(), 313] } else { &[313] };
            for piece in pieces {
                let mut writer = encoder.row_writer(&mut scratch).unwrap();
                picture.pixels.chunks(*piece).for_each(|rows| writer.write(rows));
                assert!(writer.finish().unwrap() == whole.bytes, "{size:?}, {colour:?}, {effort}, {piece}");
            }
        }
    }
}
