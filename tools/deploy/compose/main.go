package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: compose FILE [NAME=value ...]")
		os.Exit(2)
	}
	if err := run(context.Background(), os.Args[1], os.Args[2:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "compose:", err)
		os.Exit(1)
	}
}

// run loads the file with the variables given and every profile.
func run(ctx context.Context, file string, variables []string, out io.Writer) error {
	options, err := cli.NewProjectOptions([]string{file}, cli.WithEnv(variables), cli.WithProfiles([]string{"*"}), cli.WithName("yourticket"))
	if err != nil {
		return err
	}
	project, err := options.LoadProject(ctx)
	if err != nil {
		return err
	}
	if err := errors.Join(check(project)...); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: %d services, %d volumes: all rules hold\n", file, len(project.Services), len(project.Volumes))
	return nil
}

// check says what is wrong with a project.
func check(p *types.Project) (faults []error) {
	for name, s := range p.Services {
		for _, fault := range checkService(&s) {
			faults = append(faults, fmt.Errorf("%s %s", name, fault))
		}
		for _, v := range s.Volumes {
			if v.Type == types.VolumeTypeBind {
				if _, err := os.Stat(v.Source); err != nil {
					faults = append(faults, fmt.Errorf("%s mounts %s, which is not there", name, v.Source))
				}
			}
		}
	}
	return faults
}

// checkService looks at one service; one that runs once and ends needs neither
// a health check nor a restart.
func checkService(s *types.ServiceConfig) (faults []string) {
	once := s.Restart == "no" || strings.HasPrefix(s.Restart, "on-failure")
	if !once && (s.HealthCheck == nil || s.HealthCheck.Disable || len(s.HealthCheck.Test) == 0) {
		faults = append(faults, "has no health check")
	}
	if !once && s.Restart != "unless-stopped" && s.Restart != "always" {
		faults = append(faults, "does not start again when it dies or the machine does")
	}
	if s.Deploy == nil || s.Deploy.Resources.Limits == nil || s.Deploy.Resources.Limits.MemoryBytes == 0 || s.Deploy.Resources.Limits.NanoCPUs == 0 {
		faults = append(faults, "has no limit of memory and processors")
	}
	return append(faults, checkRights(s)...)
}

// checkRights looks at what a service may do and who may reach it.
func checkRights(s *types.ServiceConfig) (faults []string) {
	name := s.Image[strings.LastIndex(s.Image, "/")+1:]
	if s.Build == nil && (!strings.ContainsAny(name, ":@") || strings.HasSuffix(name, ":latest")) {
		faults = append(faults, fmt.Sprintf("runs whatever is latest (%s)", s.Image))
	}
	if s.Privileged || s.NetworkMode == "host" {
		faults = append(faults, "has the host's rights")
	}
	for _, port := range s.Ports {
		if port.HostIP == "" {
			faults = append(faults, fmt.Sprintf("listens on port %s of every network of the machine", port.Published))
		}
	}
	return faults
}
