//! The costs of lists of sizes are those that an independent solver found.

use smart_resize::plan::Optimality;
use smart_resize::request::Sharing;
use smart_resize::{Plan, Request};

use super::source;
use crate::any::shared;

const FORTY: [&str; 40] = [
    "1080x1080",
    "1080x1350",
    "1080x1920",
    "1080x566",
    "1200x628",
    "1200x630",
    "1200x1200",
    "1200x300",
    "1200x675",
    "1600x900",
    "1500x500",
    "1584x396",
    "1128x191",
    "1280x720",
    "2560x1440",
    "1920x1080",
    "1000x1500",
    "1000x1000",
    "960x1200",
    "600x600",
    "300x250",
    "336x280",
    "728x90",
    "970x90",
    "970x250",
    "160x600",
    "120x600",
    "300x600",
    "320x50",
    "320x100",
    "468x60",
    "480x70",
    "250x250",
    "200x200",
    "320x480",
    "640x640",
    "800x418",
    "400x400",
    "820x312",
    "851x315",
];

#[test]
fn forty_sizes_cost_what_an_independent_solver_found() {
    let plan = |sharing| Plan::new(&Request::builder(source()).sizes(FORTY).sharing(sharing).build().unwrap());
    let case = |sharing, generations: usize, cost: &str| {
        let plan = plan(sharing).unwrap();
        let found = (plan.generations().len(), plan.cost().to_string(), plan.optimality());
        assert_eq!(found, (generations, cost.to_owned(), Optimality::Proven), "{sharing:?}");
        assert_eq!(plan.cost_unshared().to_string(), "$6.05");
    };
    case(Sharing::PerTarget, 40, "$6.05");
    case(Sharing::Duplicates, 25, "$3.80");
    case(shared(0), 25, "$3.80");
    case(shared(50), 19, "$2.90");
    case(shared(100), 16, "$2.45");
    case(shared(150), 14, "$2.15");
    case(shared(200), 11, "$1.70");
    case(shared(300), 9, "$1.40");
    case(shared(1000), 1, "$0.35");
}

/// `tests/oracle/share.py` found the costs with a solver for mixed-integer programs.
#[cfg(feature = "serde")]
#[test]
fn lists_of_sizes_cost_what_an_independent_solver_found() {
    let cases: Vec<serde_json::Value> = serde_json::from_str(include_str!("../../../oracle/share.json")).unwrap();
    assert_eq!(cases.len(), 80);
    for case in cases {
        let table = smart_resize::model::Model::all().into_iter().find(|table| table.name() == case["model"]).unwrap();
        let loss = u16::try_from(case["max_loss_per_mille"].as_u64().unwrap()).unwrap();
        let sizes = case["targets"].as_str().unwrap().split(' ');
        let request = Request::builder(source()).sizes(sizes).model(table).sharing(shared(loss)).build();
        let plan = Plan::new(&request.unwrap()).unwrap();
        let found = (plan.cost().0, plan.generations().len() as u64, plan.cost_unshared().0);
        let expected = ["cost_usd_micros", "generations", "cost_unshared_usd_micros"].map(|key| case[key].as_u64());
        assert_eq!([Some(found.0), Some(found.1), Some(found.2)], expected, "{case}");
        assert_eq!(plan.optimality(), Optimality::Proven);
    }
}
