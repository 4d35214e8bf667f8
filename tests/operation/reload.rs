//! A new configuration or module while Envoy runs: what is known is kept, and what is wrong is
//! refused whole.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use palisade::sandbox::{Bootstrap, Envoy, MODULE, http, project_root};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::clients::Client;
use super::origin::Origin;
use super::stage::{DEADLINE, configuration, counting, launch, lines, routes, settle, soon, stat};

/// How many failures the policy bears before it limits a client.
const FAILURES: u32 = 8;
/// New connections that have to meet the new configuration before it is taken to be everywhere.
const LOOKS: usize = 20;

/// Envoy that reads its listener from a file.
struct Reloading {
    envoy: Envoy,
    bootstrap: Bootstrap,
    folder: TempDir,
    _origin: Origin,
}

impl Reloading {
    fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("palisade-listener-").tempdir().unwrap();
        let origin = Origin::obedient();
        let mut launch = launch(&origin, &policies());
        let mut bootstrap = launch.bootstrap.clone();
        set_version(&mut bootstrap, "first");
        let file = folder.path().join("listener.json");
        std::fs::write(&file, bootstrap.listener_file().unwrap()).unwrap();
        launch.bootstrap.watch_listener_file(&file).unwrap();
        Self { envoy: launch.start().unwrap(), bootstrap, folder, _origin: origin }
    }

    /// Gives Envoy the bootstrap's listener, edited.
    fn give(&self, version: &str, edit: impl FnOnce(&mut Bootstrap)) {
        let mut bootstrap = self.bootstrap.clone();
        edit(&mut bootstrap);
        set_version(&mut bootstrap, version);
        let next = self.folder.path().join("next.json");
        std::fs::write(&next, bootstrap.listener_file().unwrap()).unwrap();
        std::fs::rename(next, self.folder.path().join("listener.json")).unwrap();
    }

    /// Gives it, and waits until every connection meets it.
    fn change(&self, version: &str, edit: impl FnOnce(&mut Bootstrap)) {
        self.give(version, edit);
        let everywhere = || (0..LOOKS).all(|_| self.version() == version);
        assert!(soon(everywhere), "{version} does not take effect:\n{}", self.envoy.log());
    }

    /// Gives it, and waits until Envoy has refused it.
    fn change_in_vain(&self, version: &str, edit: impl FnOnce(&mut Bootstrap)) {
        let rejected = || stat(&self.envoy, "listener_manager.lds.update_rejected");
        let before = rejected();
        let serving = self.version();
        self.give(version, edit);
        assert!(soon(|| rejected() == before + 1), "{version} is not refused:\n{}", self.envoy.log());
        assert!((0..LOOKS).all(|_| self.version() == serving), "{version} takes effect");
    }

    fn version(&self) -> String {
        http::send(self.envoy.address(), "GET", "/version", &[], &[], DEADLINE).unwrap().text()
    }

    /// Lets a client fail, and asserts that it is not refused.
    fn fail(&self, client: &Client, times: u32) {
        for _ in 0..times {
            assert_eq!(client.login(self.envoy.address(), "/p/kept/401", 0), 401);
        }
    }

    fn is_refused(&self, client: &Client) -> bool {
        settle();
        client.login(self.envoy.address(), "/p/kept/200", 0) == 429
    }

    /// Plays `changes` while an honest client goes on without a break; none of its requests fails.
    fn undisturbed(&self, changes: impl FnOnce()) {
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let honest = scope.spawn(|| {
                let mut sent = 0;
                while !over.load(Ordering::SeqCst) && sent < 20_000 {
                    let client = Client::number(9);
                    assert_eq!(client.login(self.envoy.address(), "/p/kept/200", sent), 200, "after {sent}");
                    sent += 1;
                }
                sent
            });
            changes();
            over.store(true, Ordering::SeqCst);
            assert!(honest.join().unwrap() > 0);
        });
    }
}

fn policies() -> Value {
    let mut policy = counting("failures", FAILURES);
    // Longer than any test takes.
    policy["ladder"] = json!({"limit": {"at": 6, "for": "1h", "up_to": "1h"}});
    json!({"kept": policy})
}

/// A route that tells which configuration a connection meets.
fn set_version(bootstrap: &mut Bootstrap, version: &str) {
    let mut routes = routes(&policies());
    let version = json!({"status": 200, "body": {"inline_string": version}});
    routes.insert(0, json!({"match": {"path": "/version"}, "direct_response": version}));
    bootstrap.set_routes(json!(routes)).unwrap();
}

#[test]
fn a_new_configuration_keeps_what_is_known() {
    let stage = Reloading::start();
    let (condemned, suspected) = (Client::number(1), Client::number(2));
    stage.fail(&condemned, FAILURES);
    stage.fail(&suspected, 3);
    stage.undisturbed(|| {
        stage.change("second", |bootstrap| {
            let configuration = bootstrap.plugin_configuration().unwrap();
            configuration["policies"]["kept"]["ladder"]["tag"] = json!(2);
            configuration["policies"]["new"] = json!({"role": "content"});
        });
        assert!(stage.is_refused(&condemned));
        stage.fail(&suspected, FAILURES - 3);
        assert!(stage.is_refused(&suspected), "what it did before counts on");
    });
    assert_eq!(stat(&stage.envoy, "listener_manager.lds.update_rejected"), 0);
}

#[test]
fn a_bad_configuration_is_refused_whole_and_the_old_one_goes_on_protecting() {
    let stage = Reloading::start();
    let (condemned, suspected) = (Client::number(1), Client::number(2));
    stage.fail(&condemned, FAILURES);
    stage.fail(&suspected, 3);
    stage.undisturbed(|| {
        stage.change_in_vain("bad", |bootstrap| {
            let mut bad = configuration(&policies());
            bad["modus"] = json!("enforce");
            bad["policies"]["kept"]["rules"]["told"]["failures"] = json!(1);
            bad["policies"]["kept"]["rules"]["never"] =
                json!({"key": ["network"], "within": "1h", "subjects": 5, "score": 6});
            bad["policies"]["other"] = json!({"role": "logn"});
            bootstrap.set_plugin_configuration(bad).unwrap();
        });
        for path in ["modus", "policies.kept.rules.never.subjects", "policies.other.role"] {
            let told = lines(&stage.envoy, &[&format!("palisade: {path}: ")]);
            assert_eq!(told.len(), 1, "{path}:\n{}", stage.envoy.log());
        }
        assert!(stage.is_refused(&condemned));
        stage.fail(&suspected, FAILURES - 3);
        assert!(stage.is_refused(&suspected));
    });
    stage.change("good", |_| {});
    assert!(stage.is_refused(&condemned) && stage.is_refused(&suspected));
}

#[test]
fn a_new_module_keeps_what_is_known_and_a_broken_one_is_refused() {
    let stage = Reloading::start();
    let (condemned, suspected) = (Client::number(1), Client::number(2));
    stage.fail(&condemned, FAILURES);
    let module = std::fs::read(project_root().unwrap().join(MODULE)).unwrap();
    // A section of its own, named `x` and without content, as a compiler might add.
    let rebuilt = [&module[..], &[0, 2, 1, b'x']].concat();
    let load = |name: &str, bytes: &[u8]| -> PathBuf {
        let file = stage.folder.path().join(name);
        std::fs::write(&file, bytes).unwrap();
        file
    };
    let machines = || stat(&stage.envoy, "wasm.envoy.wasm.runtime.v8.created");
    stage.undisturbed(|| {
        stage.fail(&suspected, 2);
        let file = load("same.wasm", &module);
        stage.change("same", |bootstrap| bootstrap.set_module(&file).unwrap());
        assert!(stage.is_refused(&condemned));
        stage.fail(&suspected, 2);
        let (file, before) = (load("rebuilt.wasm", &rebuilt), machines());
        stage.change("rebuilt", |bootstrap| bootstrap.set_module(&file).unwrap());
        assert!(machines() > before, "other code runs in machines of its own");
        assert!(stage.is_refused(&condemned));
        stage.fail(&suspected, 2);
        let file = load("broken.wasm", &module[..module.len() / 2]);
        stage.change_in_vain("broken", |bootstrap| bootstrap.set_module(&file).unwrap());
        stage.fail(&suspected, FAILURES - 6);
        assert!(stage.is_refused(&condemned) && stage.is_refused(&suspected));
    });
}
