//! A sequential file is baseline with one scan of all components. A progressive one has a DC scan, then scans of single
//! components that cover each AC coefficient once.

use crate::pictures::*;

#[test]
fn sequential_files_have_one_interleaved_scan() {
    for kind in KINDS {
        let file = encode(&photo(50, 40), (50, 40), 80, kind);
        let segments = segments(&file);
        let of = |marker: u8| segments.iter().filter(move |(own, _)| *own == marker).map(|(_, content)| *content);
        let (frame, scans): (_, Vec<_>) = (if kind.1 { 0xc2 } else { 0xc0 }, of(0xda).collect());
        let factors = if kind == KINDS[0] || kind == KINDS[1] { 0x22 } else { 0x11 };
        assert_eq!(of(frame).collect::<Vec<_>>(), [[8, 0, 40, 0, 50, 3, 1, factors, 0, 2, 0x11, 1, 3, 0x11, 1]]);
        if !kind.1 {
            assert_eq!(scans, [[3, 1, 0, 2, 0x11, 3, 0x11, 0, 63, 0]]);
            continue;
        }
        assert_eq!(scans[0], [3, 1, 0, 2, 0x10, 3, 0x10, 0, 0, 0]);
        let mut covered = [[0; 64]; 4];
        for scan in &scans[1..] {
            let [1, component, 0, first, last, 0] = scan else { panic!("{scan:?}") };
            (*first..=*last).for_each(|at| covered[usize::from(*component)][usize::from(at)] += 1);
        }
        for component in &covered[1..] {
            assert_eq!((component[0], &component[1..]), (0, &[1; 63][..]));
        }
    }
}
