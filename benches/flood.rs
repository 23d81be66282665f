//! How long the main loop keeps a person waiting while messages pour in: 5,000 a second for 5 s, by default.
//!
//!     cargo bench --bench flood [-- MESSAGES_A_SECOND SECONDS]
//!
//! Needs a display; `GSK_RENDERER=cairo` makes runs on a virtual one comparable. Latency is how late a timer of 10 ms comes;
//! frame time is from before to after painting. The goal: p99 of the latency under 16 ms, one frame.

use std::cell::RefCell;
use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use gtk::glib;
use gtk::prelude::*;
use klatch::net::{self, Command, ConversationId, Event, LinkState, NetError, Phase, Said, UserName};
use klatch::ui::conversation::ConversationWindow;
use klatch::ui::model::Client;
use klatch::ui::settings::Settings;
use klatch::ui::{pump, style};

/// How often it is noted how late the main loop is.
const TICK: Duration = Duration::from_millis(10);
const WORDS: [&str; 12] = [
    "lorem",
    "ipsum",
    "dolor",
    "sit",
    "amet",
    "consectetur",
    "adipiscing",
    "elit",
    "sed",
    "eiusmod",
    "tempor",
    "magna",
];

fn main() {
    // cargo bench passes --bench as well.
    let mut numbers = std::env::args().skip(1).filter_map(|argument| argument.parse::<u32>().ok());
    let rate = numbers.next().unwrap_or(5_000);
    let seconds = numbers.next().unwrap_or(5);
    let app = gtk::Application::builder()
        .application_id("im.klatch.Flood")
        .flags(gtk::gio::ApplicationFlags::NON_UNIQUE)
        .build();
    app.connect_activate(move |app| run(app, rate, seconds));
    app.run_with_args::<&str>(&[]);
}

fn run(app: &gtk::Application, rate: u32, seconds: u32) {
    style::register_resources();
    let Ok(settings) = Settings::in_memory() else { return };
    style::load(&settings);
    let client = Client::new(|_: Command| -> Result<(), NetError> { Ok(()) });
    client.set_link(LinkState::Online { at: "here".into(), name: UserName::received("alice"), port: None });
    client.connect_opened(glib::clone!(
        #[weak]
        app,
        #[weak]
        client,
        move |conversation| ConversationWindow::new(&app, &client, conversation).present()
    ));
    let members = ["alice", "bob", "carol", "dan"].map(UserName::received).to_vec();
    let id = ConversationId::Int(1);
    pump::apply(
        &client,
        vec![Event::Conversation(net::Conversation {
            members: members.clone(),
            phase: Phase::Open,
            ..net::Conversation::entered(id.clone(), members[0].clone(), vec![])
        })],
    );
    let app = app.clone();
    glib::spawn_future_local(async move {
        glib::timeout_future(Duration::from_secs(1)).await;
        measure(&app, &client, rate, seconds, move |i| {
            let words = 3 + i as usize * 7919 % 40;
            let body = (0..words).map(|word| WORDS[(i as usize * 31 + word * 17) % WORDS.len()]).collect::<Vec<_>>();
            Event::Said(Said {
                conversation: id.clone(),
                from: members[1 + i as usize / 4 % 3].clone(),
                body: format!("{} https://example.org/{i}", body.join(" ")),
                at: SystemTime::now(),
                own: None,
            })
        })
        .await;
        app.quit();
    });
}

async fn measure(
    app: &gtk::Application,
    client: &Client,
    rate: u32,
    seconds: u32,
    event: impl Fn(u32) -> Event + Send + 'static,
) {
    let latencies: Rc<RefCell<Vec<f64>>> = Rc::default();
    let frames: Rc<RefCell<Vec<f64>>> = Rc::default();
    let last = Rc::new(RefCell::new(Instant::now()));
    glib::timeout_add_local(TICK, {
        let latencies = latencies.clone();
        move || {
            let now = Instant::now();
            let late = (now - last.replace(now)).saturating_sub(TICK);
            latencies.borrow_mut().push(late.as_secs_f64() * 1e3);
            glib::ControlFlow::Continue
        }
    });
    if let Some(clock) = app.windows().first().and_then(WidgetExt::frame_clock) {
        let begun = Rc::new(RefCell::new(Instant::now()));
        clock.connect_before_paint({
            let begun = begun.clone();
            move |_| {
                begun.replace(Instant::now());
            }
        });
        let frames = frames.clone();
        clock.connect_after_paint(move |_| frames.borrow_mut().push(begun.borrow().elapsed().as_secs_f64() * 1e3));
    }
    let total = rate * seconds;
    let (sender, receiver) = net::event_queue();
    pump::start(receiver, client);
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().build() else { return };
    let producer = thread::spawn(move || {
        let start = Instant::now();
        for i in 0..total {
            let due = Duration::from_secs_f64(f64::from(i) / f64::from(rate));
            let early = due.saturating_sub(start.elapsed());
            if early > Duration::from_millis(1) {
                thread::sleep(early);
            }
            if !runtime.block_on(sender.send(event(i))) {
                break;
            }
        }
        start.elapsed()
    });
    let before = cpu_seconds();
    let start = Instant::now();
    while !producer.is_finished() {
        glib::timeout_future(Duration::from_millis(100)).await;
    }
    let sent = producer.join().unwrap_or_default();
    let shown = client.conversation(1).map_or(0, |conversation| conversation.transcript().n_items());
    println!(
        "{rate} messages/s for {seconds} s: sent in {:.2} s, over in {:.2} s, {shown} rows, {:.2} s of CPU",
        sent.as_secs_f64(),
        start.elapsed().as_secs_f64(),
        cpu_seconds() - before
    );
    for (what, values) in [("latency", &latencies), ("frame", &frames)] {
        let mut values = values.take();
        values.sort_by(f64::total_cmp);
        let at =
            |per_mille: usize| values.get(values.len().saturating_sub(1) * per_mille / 1000).copied().unwrap_or(0.0);
        println!(
            "{what:8} p50 {:5.1}  p95 {:5.1}  p99 {:5.1}  max {:5.1} ms  ({} values)",
            at(500),
            at(950),
            at(990),
            at(1000),
            values.len()
        );
    }
}

/// CPU time of this process in seconds: fields 14 and 15 of /proc/self/stat, in ticks of 10 ms (proc(5)).
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    after_name.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}
