//! A progressive file has a DC scan of all components, which uses no AC table. Then come scans of single components that
//! cover each AC coefficient once.

use crate::pictures::*;

#[test]
fn progressive_files_have_a_dc_scan_and_each_ac_coefficient_once() {
    for kind in KINDS.into_iter().filter(|(_, is_progressive)| *is_progressive) {
        let file = encode(&photo(50, 40), (50, 40), 80, kind);
        assert_eq!(contents(&file, 0xc2), [frame_header(kind)]);
        let scans = contents(&file, 0xda);
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
