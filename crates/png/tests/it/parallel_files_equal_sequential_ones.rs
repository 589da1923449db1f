//! The number of threads changes no byte.

use smart_resize_png::{Encoded, Scratch};

use crate::laws::{Picture, is_read_back};
use crate::pictures::{COLOURS, EFFORTS, graphic, photo};

#[test]
fn parallel_files_of_one_to_five_threads_equal_sequential_ones() {
    for (picture, effort) in COLOURS
        .iter()
        .flat_map(|colour| [photo((700, 1200), *colour), graphic((700, 1200), *colour)])
        .flat_map(|picture| EFFORTS.map(|effort| (Picture { pixels: picture.pixels.clone(), ..picture }, effort)))
    {
        let mut scratch = Scratch::default();
        let files = [1, 2, 3, 5].map(|threads| -> Encoded {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| picture.encoder(effort).encode(&picture.pixels, &mut scratch).unwrap())
        });
        assert!(files.iter().all(|file| *file == files[0]), "{effort}");
        let one = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
        assert!(one.install(|| is_read_back(&picture, effort, &mut scratch)) == files[0]);
    }
}
