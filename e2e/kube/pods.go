package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"yourticket.example/e2e/system"
	"yourticket.example/internal/parts"
)

// pod is one process of a deployment.
type pod struct {
	name    string
	labels  map[string]string
	spec    container
	grace   time.Duration
	address string
	process *system.Process
	stopped time.Duration // how long it took to stop
}

// drain is how long it goes on answering before it is told to stop.
func (p *pod) drain() time.Duration {
	return time.Duration(p.spec.Lifecycle.PreStop.Sleep.Seconds) * time.Second
}

// startPods gives every pod an address, then starts all, as a cluster would:
// in no order.
func (c *cluster) startPods(ctx context.Context) error {
	for _, d := range c.manifests.deployments {
		if err := c.describe(d); err != nil {
			return fmt.Errorf("%s: %w", d.Metadata.Name, err)
		}
	}
	for _, p := range c.pods {
		env, err := c.environment(p.spec)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		p.process = system.NewProcess(system.Description{
			Name: p.name, Binary: c.binary, Args: p.spec.Args, Env: c.localized(p, env),
			Probe: "http://" + p.address + p.spec.StartupProbe.HTTPGet.Path, LogFile: filepath.Join(c.dir, "log", p.name+".log"),
		})
	}
	if err := c.everyPod(func(p *pod) error { return p.process.Start(ctx) }); err != nil {
		return err
	}
	if err := c.everyPod(func(p *pod) error {
		return system.Answers(ctx, "http://"+p.address+cmp.Or(p.spec.ReadinessProbe, &probe{}).HTTPGet.Path)
	}); err != nil {
		return err
	}
	fmt.Printf("  %d pods are ready\n", len(c.pods))
	return nil
}

// describe makes the pods of a deployment: as many as it wants, or its scaler at
// least, but no more than this machine is to bear.
func (c *cluster) describe(d object) error {
	if len(d.Spec.Template.Spec.Containers) != 1 {
		return errors.New("has more containers than one")
	}
	spec := d.Spec.Template.Spec.Containers[0]
	if spec.StartupProbe == nil || len(spec.Ports) != 1 {
		return errors.New("has no startup probe, or no port")
	}
	name := strings.TrimPrefix(d.Metadata.Name, "yourticket-")
	for i := range min(max(d.Spec.Replicas, c.manifests.least[d.Metadata.Name]), c.options.pods) {
		port := c.port
		if name != "gateway" || i > 0 {
			var err error
			if port, err = parts.FreePort(); err != nil {
				return err
			}
		}
		c.pods = append(c.pods, &pod{
			name: fmt.Sprintf("%s-%d", name, i), labels: d.Spec.Template.Metadata.Labels, spec: spec,
			grace: time.Duration(d.Spec.Template.Spec.Grace) * time.Second, address: "127.0.0.1:" + strconv.Itoa(port),
		})
	}
	return nil
}

var serviceURL = regexp.MustCompile(`([a-z-]+=)?http://([a-z0-9-]+):8080`)

// localized moves an environment from a network with a name for each Service and
// an address for each pod to one machine: what listens on all addresses gets a
// port of its own, a Service becomes the pods that it selects; where only one
// address fits, the first of them.
func (c *cluster) localized(p *pod, env map[string]string) []string {
	all := ":" + strconv.Itoa(p.spec.Ports[0].ContainerPort)
	var out []string
	for name, value := range env {
		if value == all {
			value = p.address
		}
		value = serviceURL.ReplaceAllStringFunc(value, func(one string) string {
			m := serviceURL.FindStringSubmatch(one)
			var urls []string
			for _, address := range c.endpoints(m[2]) {
				urls = append(urls, m[1]+"http://"+address)
			}
			if m[1] == "" && len(urls) > 0 {
				return urls[0]
			}
			return strings.Join(urls, ",")
		})
		out = append(out, name+"="+value)
	}
	return out
}

// endpoints are the addresses of the pods that a Service selects.
func (c *cluster) endpoints(service string) []string {
	var out []string
	for _, s := range c.manifests.services {
		if s.Metadata.Name != service {
			continue
		}
		var selector map[string]string
		_ = s.Spec.Selector.Decode(&selector) // it is a map of strings, by the schema
		for _, p := range c.pods {
			selected := len(selector) > 0
			for label, value := range selector {
				selected = selected && p.labels[label] == value
			}
			if selected {
				out = append(out, p.address)
			}
		}
	}
	return out
}

// everyPod does something with all pods side by side.
func (c *cluster) everyPod(do func(*pod) error) error {
	errs := make([]error, len(c.pods))
	var wg sync.WaitGroup
	for i, p := range c.pods {
		wg.Go(func() {
			if err := do(p); err != nil {
				errs[i] = fmt.Errorf("%s: %w", p.name, err)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// runJobs runs the Jobs of a hook to their end, one after the other.
func (c *cluster) runJobs(ctx context.Context, hook string) error {
	ran := 0
	for _, job := range c.manifests.jobs {
		if !strings.Contains(job.Metadata.Annotations["helm.sh/hook"], hook) {
			continue
		}
		spec := job.Spec.Template.Spec.Containers[0]
		env, err := c.environment(spec)
		if err != nil {
			return fmt.Errorf("%s: %w", job.Metadata.Name, err)
		}
		cmd := exec.CommandContext(ctx, c.binary, spec.Args...)
		cmd.Env = []string{}
		for name, value := range env {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
		out, err := cmd.CombinedOutput()
		if err != nil {
			return fmt.Errorf("%s: %w: %s", job.Metadata.Name, err, out)
		}
		fmt.Printf("  %s: %s\n", job.Metadata.Name, bytes.ReplaceAll(bytes.TrimSpace(out), []byte("\n"), []byte("; ")))
		ran++
	}
	if ran == 0 {
		return fmt.Errorf("the chart has no job for %s", hook)
	}
	return nil
}

// stopPods ends every pod as a cluster does, and fails for those that the
// cluster would have had to kill. What died before was not told to.
func (c *cluster) stopPods(context.Context) error {
	for _, p := range c.pods {
		if how := p.process.Died(); how != "" {
			return fmt.Errorf("%s ended by itself: %s", p.name, how)
		}
	}
	err := c.everyPod(func(p *pod) error {
		began := time.Now()
		err := p.process.Stop()
		p.stopped = time.Since(began)
		if has := p.grace - p.drain(); p.stopped > has {
			err = errors.Join(err, fmt.Errorf("took %s to stop and has %s", p.stopped, has))
		}
		return err
	})
	slowest := slices.MaxFunc(c.pods, func(a, b *pod) int { return cmp.Compare(a.stopped, b.stopped) })
	fmt.Printf("  %d pods stopped by SIGTERM, the slowest (%s) in %.1f s\n", len(c.pods), slowest.name, slowest.stopped.Seconds())
	return err
}
