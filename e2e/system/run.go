package system

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"yourticket.example/internal/parts"
)

// env is the environment of every process of the system, but for the address
// of the sandbox; extra wins over the rest.
func (s *System) env(extra ...string) []string {
	env := append(BaseEnv(),
		"DATABASE_URL="+s.theirs[0],
		"SALES_DATABASE_URLS="+strings.Join(s.theirs[1:], ","),
		"REDIS_URL="+s.Redis.URL,
		"TEMPORAL_ADDRESS="+s.Temporal.URL,
		"TEMPORAL_NAMESPACE=default",
		"STRIPE_API_KEY="+s.keys.stripe,
		"STRIPE_WEBHOOK_SECRET="+s.keys.stripeHook,
		"PAYPAL_CLIENT_ID="+s.keys.paypalID,
		"PAYPAL_CLIENT_SECRET="+s.keys.paypalSecret,
		"PAYPAL_WEBHOOK_ID="+s.keys.paypalHook,
		"STRIPE_RATE=100000",
		"PAYPAL_RATE=100000",
		"SETTLE_AFTER=20s",
		"WORKER_BUILD_ID=e2e",
	)
	if s.Elasticsearch != nil {
		env = append(env, "ELASTICSEARCH_URL="+s.Elasticsearch.URL)
	}
	return append(append(env, s.Env...), extra...)
}

// Run runs a command of the binary in this system to its end and gives what it
// printed.
func (s *System) Run(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, s.binary, args...)
	cmd.Env = s.env()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

// startProcesses starts the sandbox first, whose address the others need, and
// then the rest side by side. The sandbox sends its webhooks to the first api.
func (s *System) startProcesses(ctx context.Context) error {
	for i, role := range s.Options.APIs {
		p, err := s.process("api", i, "--listen", "/readyz", role)
		if err != nil {
			return err
		}
		s.APIs = append(s.APIs, p)
	}
	s.joinServices()
	sandbox, err := s.process("sandbox", 0, "--listen", "/healthz", Role{Args: s.Options.Sandbox.Args, Env: append([]string{
		"STRIPE_WEBHOOK_URL=" + s.APIs[0].URL + "/v1/webhooks/stripe",
		"PAYPAL_WEBHOOK_URL=" + s.APIs[0].URL + "/v1/webhooks/paypal",
	}, s.Options.Sandbox.Env...)})
	if err != nil {
		return err
	}
	s.Sandbox = sandbox
	for _, kind := range []struct {
		command string
		roles   []Role
		to      *[]*Process
	}{{"worker", s.Options.Workers, &s.Workers}, {"cdc", s.Options.CDCs, &s.CDCs}} {
		for i, role := range kind.roles {
			p, err := s.process(kind.command, i, "--metrics-listen", "/healthz", role)
			if err != nil {
				return err
			}
			*kind.to = append(*kind.to, p)
		}
	}
	if s.Desk {
		s.Codec = s.processAt("codec", 0, s.codecAt, "--listen", "/healthz", Role{Args: []string{"--ui-origin", s.Temporal.UIURL}})
	}
	for _, p := range s.processes() { // they were described before the sandbox had its address; a role's own wins
		p.env = append([]string{"STRIPE_API_URL=" + sandbox.URL, "PAYPAL_API_URL=" + sandbox.URL}, p.env...)
	}
	var starts []func() error
	for _, p := range s.processes() {
		starts = append(starts, func() error { return p.Start(ctx) })
	}
	return all(starts)
}

// joinServices tells every gateway where the services run that it does not
// serve itself, all instances of each.
func (s *System) joinServices() {
	for i, gateway := range s.Options.APIs {
		if !slices.Contains(gateway.Services, "gateway") {
			continue
		}
		var urls []string
		for j, role := range s.Options.APIs {
			for _, service := range role.Services {
				if !slices.Contains(gateway.Services, service) {
					urls = append(urls, service+"="+s.APIs[j].URL)
				}
			}
		}
		s.APIs[i].env = append(s.APIs[i].env, "SERVICE_URLS="+strings.Join(urls, ","))
	}
}

// process describes one process on a free port.
func (s *System) process(command string, n int, listenFlag, probe string, role Role) (*Process, error) {
	port, err := parts.FreePort()
	if err != nil {
		return nil, err
	}
	return s.processAt(command, n, port, listenFlag, probe, role), nil
}

// processAt describes one process on this port.
func (s *System) processAt(command string, n, port int, listenFlag, probe string, role Role) *Process {
	address := "127.0.0.1:" + strconv.Itoa(port)
	name := fmt.Sprintf("%s-%d", command, n)
	if len(role.Services) > 0 {
		role.Args = append([]string{"--services", strings.Join(role.Services, ",")}, role.Args...)
	}
	return &Process{
		Name: name, URL: "http://" + address, LogFile: filepath.Join(s.dir, "log", name+".log"),
		path: s.binary, args: append([]string{command, listenFlag, address}, role.Args...), env: s.env(role.Env...),
		probe: "http://" + address + probe,
	}
}

// Also starts a further process of this system, which stops with it.
func (s *System) Also(ctx context.Context, command, listenFlag, probe string, role Role) (*Process, error) {
	p, err := s.process(command, len(s.others), listenFlag, probe, role)
	if err != nil {
		return nil, err
	}
	s.others = append(s.others, p)
	return p, p.Start(ctx)
}

// processes lists those of the binary.
func (s *System) processes() []*Process {
	out := slices.Concat(s.APIs, s.Workers, s.CDCs, s.others)
	for _, p := range []*Process{s.Sandbox, s.Codec} {
		if p != nil {
			out = append(out, p)
		}
	}
	return out
}

// Died lists the processes that ended without having been told to, and how.
func (s *System) Died() []string {
	var out []string
	for _, p := range s.processes() {
		if how := p.Died(); how != "" {
			out = append(out, p.Name+" ended by itself: "+how)
		}
	}
	return out
}
