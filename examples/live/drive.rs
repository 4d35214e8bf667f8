//! Plays actors on a clock that really runs: wakes them when they are due, carries what they ask
//! over HTTP/1.1, and lets them hear what came back.
//!
//! An actor that is woken late is told the time it was due, so that a slow machine delays the plan
//! rather than thinning it out.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::campaign::play::Agenda;
use crate::campaign::shot::{Reply, Shot};
use crate::campaign::wire::Writer;
use crate::campaign::world::{Actor, BEGIN_MS, Wake, World};
use crate::player::wire::{self, Connection};

/// Requests under way at the same time; who comes then is late.
const UNDER_WAY: usize = 64;
/// Connections kept open for whoever they belong to.
const KEPT: usize = 256;
/// Requests without an answer that are told one by one.
const TOLD: usize = 5;

/// The actors' clock: how fast it runs, and since when.
#[derive(Clone, Copy)]
pub(super) struct Clock {
    began: Instant,
    speed: u32,
}

impl Clock {
    /// The day begins now.
    pub(super) fn begin(speed: u32) -> Self {
        Self { began: Instant::now(), speed }
    }

    fn now_ms(&self) -> u64 {
        let passed = self.began.elapsed() * self.speed;
        BEGIN_MS + u64::try_from(passed.as_millis()).unwrap_or(u64::MAX)
    }

    fn instant(&self, at_ms: u64) -> Instant {
        self.began + Duration::from_millis(World::day_ms(at_ms)) / self.speed
    }
}

/// What came of driving.
#[derive(Default)]
pub(crate) struct Driven {
    /// Requests sent.
    pub(crate) sent: u64,
    /// Those that the origin answered, as far as clients can tell.
    pub(crate) passed: u64,
    /// Those without an answer of Palisade or of the origin.
    pub(crate) unanswered: u64,
    /// The first of them, in words.
    pub(crate) complaints: Vec<String>,
    /// How late actors were woken, in real milliseconds, sorted.
    pub(crate) late_ms: Vec<u64>,
    /// How long it took, in seconds.
    pub(crate) seconds: f64,
}

/// A request that was answered, and who asked.
struct Back {
    at_ms: u64,
    actor: Box<dyn Actor>,
    shot: Box<Shot>,
    connection: Connection,
    answer: std::io::Result<wire::Reply>,
}

/// Plays the day to its end; `each` sees every request as it is answered, with the time it was due.
pub(super) async fn drive(
    world: &mut World,
    clock: Clock,
    target: SocketAddr,
    mut each: impl FnMut(u64, &Shot, &Reply),
) -> Driven {
    let end_ms = world.options.at_hour(24.0);
    let (mut agenda, mut driven) = (Agenda::default(), Driven::default());
    let mut post = Post::new(target);
    loop {
        for (at_ms, actor) in world.spawned.drain(..) {
            agenda.add(at_ms, actor);
        }
        let due_ms = agenda.next_ms().filter(|at_ms| *at_ms < end_ms);
        let due = clock.instant(due_ms.unwrap_or(end_ms));
        tokio::select! {
            biased;
            Some(back) = post.answered.recv(), if post.under_way > 0 => {
                let (at_ms, mut actor, shot, answer) = post.take_in(back);
                let reply = driven.judge(&shot, answer);
                each(at_ms, &shot, &reply);
                if let Some(next_ms) = actor.seen(clock.now_ms().max(at_ms), &shot, &reply, world) {
                    agenda.add(next_ms, actor);
                }
            }
            () = tokio::time::sleep_until(due), if due_ms.is_some() && post.under_way < UNDER_WAY => {
                let Some((at_ms, mut actor)) = agenda.next() else { continue };
                match actor.wake(at_ms, world) {
                    Wake::Done => {}
                    Wake::Sleep(until_ms) => agenda.add(until_ms.max(at_ms), actor),
                    Wake::Send(shot) => {
                        driven.sent += 1;
                        driven.late_ms.push(u64::try_from(due.elapsed().as_millis()).unwrap_or(u64::MAX));
                        post.send(at_ms, actor, shot);
                    }
                }
            }
            else => break,
        }
    }
    driven.late_ms.sort_unstable();
    driven.seconds = clock.began.elapsed().as_secs_f64();
    driven
}

impl Driven {
    /// An answer as actors hear it.
    fn judge(&mut self, shot: &Shot, answer: std::io::Result<wire::Reply>) -> Reply {
        let why = match answer {
            Ok(reply) if reply.is_palisades() => {
                return Reply { status: reply.status, sid: None, stopped: true, note: None };
            }
            Ok(reply) if reply.content_type == "application/json" => {
                self.passed += 1;
                let sid = reply.session().and_then(|sid| u64::from_str_radix(sid, 16).ok());
                return Reply { status: reply.status, sid, stopped: false, note: None };
            }
            Ok(reply) => format!("answered {} by neither Palisade nor the shop", reply.status),
            Err(why) => format!("no answer: {why}"),
        };
        self.unanswered += 1;
        if self.complaints.len() < TOLD {
            self.complaints.push(format!("{:?}: {why}", shot.ask));
        }
        Reply::default()
    }
}

/// Requests under way, and the connections that are not in use.
struct Post {
    target: SocketAddr,
    writer: Writer,
    under_way: usize,
    kept: HashMap<u64, Connection>,
    /// In the order in which they were last used.
    used: VecDeque<u64>,
    answers: mpsc::Sender<Back>,
    answered: mpsc::Receiver<Back>,
}

impl Post {
    fn new(target: SocketAddr) -> Self {
        let (answers, answered) = mpsc::channel(UNDER_WAY);
        let (kept, used) = (HashMap::new(), VecDeque::new());
        Self { target, writer: Writer::default(), under_way: 0, kept, used, answers, answered }
    }

    fn send(&mut self, at_ms: u64, actor: Box<dyn Actor>, shot: Box<Shot>) {
        let request = write(&mut self.writer, &shot);
        let kept = self.kept.remove(&shot.connection);
        let mut connection = kept.unwrap_or_else(|| Connection::new(self.target));
        let answers = self.answers.clone();
        self.under_way += 1;
        tokio::task::spawn_local(async move {
            let answer = connection.exchange(&request).await;
            // Nobody hears it where driving ended.
            let _ = answers.send(Back { at_ms, actor, shot, connection, answer }).await;
        });
    }

    /// Keeps the connection, and closes the one that was not used for longest where there are many.
    fn take_in(&mut self, back: Back) -> (u64, Box<dyn Actor>, Box<Shot>, std::io::Result<wire::Reply>) {
        self.under_way -= 1;
        let number = back.shot.connection;
        self.used.retain(|used| *used != number);
        self.used.push_back(number);
        self.kept.insert(number, back.connection);
        if self.used.len() > KEPT
            && let Some(oldest) = self.used.pop_front()
        {
            self.kept.remove(&oldest);
        }
        (back.at_ms, back.actor, back.shot, back.answer)
    }
}

/// A request in HTTP/1.1, which unlike the actors' HTTP/2 cannot do without the host and the length
/// of a body: where a tactic leaves the length out, it is sent last.
fn write(writer: &mut Writer, shot: &Shot) -> Vec<u8> {
    let request = writer.write(shot);
    let of = |wanted: &str| {
        let header = request.headers.iter().find(|(name, _)| name == wanted);
        header.map_or("", |(_, value)| value.as_str())
    };
    let own = request.headers.iter().filter(|(name, _)| !name.starts_with(':'));
    let own = own.map(|(name, value)| (name.as_str(), value.as_str()));
    let is_missing = !request.body.is_empty() && of("content-length").is_empty();
    let length = request.body.len().to_string();
    let length = is_missing.then_some(("content-length", length.as_str()));
    let headers = [("host", of(":authority"))].into_iter().chain(own).chain(length);
    wire::write(of(":method"), of(":path"), headers, &request.body)
}
