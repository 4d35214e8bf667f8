//! The build that comes of a tactic: a table of headers with what the tactic changes in it.

use std::rc::Rc;

use super::super::make::{Form, Key, Make, Slot, Words, web_form};
use super::knobs::{Agents, Base, Body, Flaw, Knobs, listed_agent};

impl Knobs {
    /// The build that comes of it.
    pub(super) fn make(&self) -> Make {
        let mut make = match &self.base {
            Base::Tool(tool, version) => {
                let agent = tool.agents[version % tool.agents.len()];
                let form = Form { spaced: tool.spaced, content_type: tool.content_type, ..bare_form() };
                Make::new(tool.name, &tool.orders, &Words { agent, ..Words::default() }, tool.tls, form)
            }
            Base::Headless(make) => headless(make),
            Base::Impersonator(make, _) => impersonator(make),
            Base::HomeMade(make, _, flaw) => {
                let mut make = Make::clone(make);
                for slots in [&mut make.page, &mut make.read, &mut make.send] {
                    flaw.apply(slots);
                }
                make
            }
            Base::Browser(make, _) | Base::App(make) => Make::clone(make),
        };
        if let Agents::Listed(number) = self.agents {
            make.agent = listed_agent(number);
        }
        if let Some(tls) = &self.tls {
            make.tls = Rc::clone(tls);
            make.resumed = Rc::clone(tls);
        }
        self.body.apply(&mut make.form);
        make
    }
}

impl Flaw {
    fn apply(self, slots: &mut Vec<Slot>) {
        match self {
            Flaw::Missing(at) => {
                let at = at % slots.len();
                slots.remove(at);
            }
            Flaw::Swapped(at) => {
                let at = at % (slots.len() - 1);
                slots.swap(at, at + 1);
            }
            Flaw::Sorted => slots.sort_by_key(|slot| name_of(slot).to_owned()),
            Flaw::Added(name, value) => slots.push(Slot::Fixed(name, value.into())),
        }
    }
}

fn name_of(slot: &Slot) -> &'static str {
    match slot {
        Slot::Fixed(name, _) | Slot::Language(name) => name,
        Slot::Agent => "user-agent",
        Slot::Cookie => "cookie",
        Slot::Length => "content-length",
        Slot::Purpose => "sec-purpose",
    }
}

/// Chrome without a window says so in two places.
fn headless(make: &Make) -> Make {
    let mut made = make.clone();
    made.agent = make.agent.replace(" Chrome/", " HeadlessChrome/").into();
    for slots in [&mut made.page, &mut made.read, &mut made.send] {
        for slot in slots {
            if let Slot::Fixed("sec-ch-ua", brand) = slot {
                *brand = brand.replace("Google Chrome", "HeadlessChrome").into();
            }
        }
    }
    made
}

/// curl-impersonate brings the headers of opening a page to every request.
fn impersonator(make: &Make) -> Make {
    let mut made = make.clone();
    made.read.clone_from(&make.page);
    made.send.clone_from(&make.page);
    made.send.push(Slot::Fixed("content-type", "application/json".into()));
    made.send.push(Slot::Length);
    made
}

fn bare_form() -> Form {
    Form {
        login: vec![Key::Email, Key::Password],
        signup: vec![Key::Email, Key::Password, Key::Name],
        ..web_form()
    }
}

impl Body {
    fn apply(self, form: &mut Form) {
        let genuine = if form.login.first() == Some(&Key::Device) { form.clone() } else { web_form() };
        let bare = bare_form();
        (form.login, form.signup) = match self {
            Body::Genuine => (genuine.login, genuine.signup),
            Body::Bare => (bare.login, bare.signup),
            Body::Turned => (vec![Key::Password, Key::Email], vec![Key::Name, Key::Password, Key::Email]),
            Body::Extra(key, value) => {
                let with = |mut keys: Vec<Key>| {
                    keys.push(Key::Fixed(key, value));
                    keys
                };
                (with(bare.login), with(bare.signup))
            }
        };
    }
}
