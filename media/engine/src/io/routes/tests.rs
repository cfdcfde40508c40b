//! Where commands go, and what follows from them on other threads.

use super::*;
use crate::command::{ConsumerParameters, ExtensionIds, Kind};

const ROOM: RouterId = RouterId(4);

/// Routes over two threads, with what they ordered: the thread and the name of the command.
struct Ordered {
    routes: Routes,
    map: Directory,
    orders: Vec<(usize, String)>,
}

impl Ordered {
    fn new() -> Self {
        let mut ordered = Self {
            routes: Routes::new(2),
            map: Directory::default(),
            orders: Vec::new(),
        };
        ordered.tell(Command::RouterCreate(ROOM));
        ordered
    }

    /// Follow a command; returns what was ordered.
    fn tell(&mut self, command: Command) -> Vec<(usize, String)> {
        let orders = &mut self.orders;
        self.routes
            .follow(command, &self.map, &mut |home, command| {
                let text = format!("{command:?}");
                let name = text.split([' ', '(']).next().unwrap_or_default();
                orders.push((home.thread, name.to_owned()));
            });
        std::mem::take(&mut self.orders)
    }

    fn join(&mut self, number: u64) -> usize {
        let orders = self.tell(Command::TransportCreate {
            transport: TransportId(number),
            router: ROOM,
            ice_ufrag: format!("ufrag{number}"),
            ice_pwd: String::new(),
        });
        orders.last().expect("a thread").0
    }

    fn publish(&mut self, producer: u64, transport: u64) -> Vec<(usize, String)> {
        self.tell(Command::ProducerCreate {
            producer: ProducerId(producer),
            transport: TransportId(transport),
            parameters: Box::new(ProducerParameters {
                kind: Kind::Audio,
                mid: "0".into(),
                ssrcs: Vec::new(),
                rtx_ssrcs: Vec::new(),
                rids: Vec::new(),
                codecs: Vec::new(),
                extensions: ExtensionIds::default(),
                nack: true,
                pli: true,
                remb: false,
            }),
        })
    }

    fn watch(&mut self, consumer: u64, transport: u64, producer: u64) -> Vec<(usize, String)> {
        self.tell(Command::ConsumerCreate {
            consumer: ConsumerId(consumer),
            transport: TransportId(transport),
            parameters: Box::new(ConsumerParameters {
                kind: Kind::Audio,
                mid: "0".into(),
                ssrc: 1,
                rtx_ssrc: None,
                cname: String::new(),
                codecs: Vec::new(),
                extensions: ExtensionIds::default(),
                nack: true,
                remb: true,
            }),
        });
        self.tell(Command::ConsumerSetProducer {
            consumer: ConsumerId(consumer),
            producer: Some(ProducerId(producer)),
        })
    }
}

fn named(orders: &[(usize, &str)]) -> Vec<(usize, String)> {
    let owned = |&(thread, name): &(usize, &str)| (thread, name.to_owned());
    orders.iter().map(owned).collect()
}

#[test]
fn peers_go_where_the_fewest_are_and_ends_of_this_process_to_the_first_thread() {
    let mut ordered = Ordered::new();
    let threads: Vec<_> = (1..=5).map(|number| ordered.join(number)).collect();
    assert_eq!(threads, [0, 1, 0, 1, 0]);
    ordered.tell(Command::TransportClose(TransportId(1)));
    ordered.tell(Command::TransportClose(TransportId(3)));
    assert_eq!([ordered.join(6), ordered.join(7)], [0, 0]);
    let direct = ordered.tell(Command::DirectTransportCreate {
        transport: TransportId(8),
        router: ROOM,
    });
    assert_eq!(direct, named(&[(0, "DirectTransportCreate")]));
}

#[test]
fn a_track_is_mirrored_once_before_it_is_fed_and_ends_everywhere() {
    let mut ordered = Ordered::new();
    for number in 1..=4 {
        ordered.join(number);
    }
    assert_eq!(ordered.publish(10, 1), named(&[(0, "ProducerCreate")]));
    assert_eq!(
        ordered.watch(20, 2, 10),
        named(&[
            (1, "MirrorCreate"),
            (0, "MirrorAdd"),
            (1, "ConsumerSetProducer")
        ])
    );
    let again = named(&[(1, "ConsumerSetProducer")]);
    assert_eq!(ordered.watch(21, 4, 10), again);
    let beside = named(&[(0, "ConsumerSetProducer")]);
    assert_eq!(ordered.watch(22, 3, 10), beside);
    let both = |name| named(&[(1, name), (0, name)]);
    let wish = ordered.tell(Command::KeyframeRequest(ProducerId(10)));
    assert_eq!(wish, both("KeyframeRequest"));
    ordered.publish(11, 1);
    let closed = ordered.tell(Command::ProducerClose(ProducerId(10)));
    assert_eq!(closed, both("ProducerClose"));
    let closed = ordered.tell(Command::TransportClose(TransportId(1)));
    assert_eq!(closed, both("TransportClose"));
    let closed = ordered.tell(Command::RouterClose(ROOM));
    assert_eq!(closed, both("RouterClose"));
    assert_eq!(ordered.routes.loads, [0, 0]);
}

#[test]
fn nothing_is_mirrored_into_another_room() {
    let mut ordered = Ordered::new();
    ordered.join(1);
    ordered.publish(10, 1);
    let other = RouterId(5);
    ordered.tell(Command::RouterCreate(other));
    ordered.tell(Command::TransportCreate {
        transport: TransportId(2),
        router: other,
        ice_ufrag: "other".into(),
        ice_pwd: String::new(),
    });
    let orders = ordered.watch(20, 2, 10);
    assert_eq!(orders, named(&[(1, "ConsumerSetProducer")]));
}
