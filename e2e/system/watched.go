package system

import (
	"fmt"

	"yourticket.example/e2e/cputime"
)

// Watched are the processes of the system, for measuring what each costs. The
// first of each kind has no number.
func (s *System) Watched() []cputime.Process {
	out := []cputime.Process{
		{Name: "temporal", Pid: s.Temporal.Pid()}, {Name: "postgres", Pid: s.Postgres.Pid()},
		{Name: "redis", Pid: s.Redis.Pid()}, {Name: "sandbox", Pid: s.Sandbox.Pid()},
	}
	if s.TemporalDB != nil {
		out = append(out, cputime.Process{Name: "temporal-db", Pid: s.TemporalDB.Pid()})
	}
	if s.Elasticsearch != nil {
		out = append(out, cputime.Process{Name: "elasticsearch", Pid: s.Elasticsearch.Pid()})
	}
	for name, processes := range map[string][]*Process{"api": s.APIs, "worker": s.Workers, "cdc": s.CDCs} {
		for i, p := range processes {
			numbered := name
			if i > 0 {
				numbered = fmt.Sprintf("%s %d", name, i+1)
			}
			out = append(out, cputime.Process{Name: numbered, Pid: p.Pid()})
		}
	}
	return out
}
