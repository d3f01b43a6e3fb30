package system

import (
	"cmp"
	"fmt"
	"os"
)

// Store is where Temporal keeps its state.
type Store string

// The stores of Temporal.
const (
	StoreMemory   Store = "memory"
	StoreSQLite   Store = "sqlite"
	StorePostgres Store = "postgres"
)

// Role is how one process of the binary is started beyond the addresses that
// all processes share.
type Role struct {
	// Services are those that an api serves; all when empty. A gateway passes on
	// to the other apis what it does not serve itself.
	Services []string
	// Args follow the command, such as --fleets purchases.
	Args []string
	// Env are NAME=value pairs that win over the system's.
	Env []string
}

// Options say what a system consists of. The zero value is one api with all
// services and one worker with all fleets, on parts that keep nothing.
type Options struct {
	// Name tells the systems of one process apart in messages.
	Name string
	// APIs and Workers are the processes; one of each when empty.
	APIs    []Role
	Workers []Role
	// Sandbox adds to how the payment sandbox is started.
	Sandbox Role
	// Elasticsearch adds one, and the change capture that fills it: CDCs are its
	// processes, one when empty. It is off because it takes ten seconds and half
	// a gigabyte, and nobody needs it to sell.
	Elasticsearch bool
	CDCs          []Role
	// Desk adds what support works with: the Temporal UI, and the codec server
	// that opens what PAYLOAD_KEYS in Env have sealed.
	Desk bool
	// Durable makes PostgreSQL write as safely as in production, so that a
	// killed server has lost nothing that it acknowledged.
	Durable bool
	// TemporalStore is where Temporal keeps its state; in memory when empty.
	TemporalStore Store
	// Env are NAME=value pairs for every process.
	Env []string
	// Through, when it is there, gives the address by which the processes reach
	// PostgreSQL instead of its own, such as that of a proxy that makes it slow.
	Through func(address string) (string, error)
	// Say is told about whatever takes long; it may be nil.
	Say func(line string)
}

func (o Options) withDefaults() Options {
	if len(o.APIs) == 0 {
		o.APIs = []Role{{}}
	}
	if len(o.Workers) == 0 {
		o.Workers = []Role{{}}
	}
	if o.Elasticsearch && len(o.CDCs) == 0 {
		o.CDCs = []Role{{}}
	}
	o.Name = cmp.Or(o.Name, "system")
	o.TemporalStore = cmp.Or(o.TemporalStore, StoreMemory)
	if o.Say == nil {
		o.Say = func(string) {}
	}
	return o
}

// BaseEnv is all of the caller's environment that the processes need; the
// rest, such as a sourced dev.env, must not reach them.
func BaseEnv() []string {
	var env []string
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "LANG", "GOMAXPROCS"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, fmt.Sprintf("%s=%s", name, v))
		}
	}
	return env
}
