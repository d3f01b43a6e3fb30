package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

// manifests are the objects that say what runs.
type manifests struct {
	deployments []object
	jobs        []object
	services    []object
	config      map[string]map[string]string // of each ConfigMap
	least       map[string]int               // pods of each deployment that is scaled
}

type object struct {
	Kind     string `yaml:"kind"`
	Metadata struct {
		Name        string            `yaml:"name"`
		Annotations map[string]string `yaml:"annotations"`
	} `yaml:"metadata"`
	Data map[string]string `yaml:"data"`
	Spec struct {
		Replicas int       `yaml:"replicas"`
		Selector yaml.Node `yaml:"selector"`
		Template template  `yaml:"template"`
		// Of a HorizontalPodAutoscaler and of KEDA's ScaledObject.
		ScaleTargetRef  struct{ Name string } `yaml:"scaleTargetRef"`
		MinReplicas     int                   `yaml:"minReplicas"`
		MinReplicaCount int                   `yaml:"minReplicaCount"`
	} `yaml:"spec"`
}

type template struct {
	Metadata struct {
		Labels map[string]string `yaml:"labels"`
	} `yaml:"metadata"`
	Spec struct {
		Grace      int         `yaml:"terminationGracePeriodSeconds"`
		Containers []container `yaml:"containers"`
	} `yaml:"spec"`
}

type container struct {
	Args    []string `yaml:"args"`
	EnvFrom []struct {
		ConfigMapRef *reference `yaml:"configMapRef"`
		SecretRef    *reference `yaml:"secretRef"`
	} `yaml:"envFrom"`
	Env []struct {
		Name      string `yaml:"name"`
		Value     string `yaml:"value"`
		ValueFrom struct {
			SecretKeyRef *reference `yaml:"secretKeyRef"`
		} `yaml:"valueFrom"`
	} `yaml:"env"`
	Ports []struct {
		ContainerPort int `yaml:"containerPort"`
	} `yaml:"ports"`
	StartupProbe   *probe `yaml:"startupProbe"`
	ReadinessProbe *probe `yaml:"readinessProbe"`
	Lifecycle      struct {
		PreStop struct {
			Sleep struct {
				Seconds int `yaml:"seconds"`
			} `yaml:"sleep"`
		} `yaml:"preStop"`
	} `yaml:"lifecycle"`
}

type reference struct {
	Name     string `yaml:"name"`
	Key      string `yaml:"key"`
	Optional bool   `yaml:"optional"`
}

type probe struct {
	HTTPGet struct {
		Path string `yaml:"path"`
	} `yaml:"httpGet"`
}

// asConfig are the variables of the parts that are no secrets; the others stand
// in for the Secret.
var asConfig = []string{
	"TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "STRIPE_API_URL", "PAYPAL_API_URL", "STRIPE_RATE", "PAYPAL_RATE", "SETTLE_AFTER",
}

// render renders the chart as for a cluster, with the parts' addresses as values.
func (c *cluster) render(ctx context.Context) error {
	config := map[string]string{"TRUSTED_PROXIES": "127.0.0.0/8"}
	for _, name := range asConfig {
		config[name] = c.parts[name]
	}
	values, err := yaml.Marshal(map[string]any{"image": map[string]any{"tag": "kube"}, "config": config})
	if err != nil {
		return err
	}
	file := filepath.Join(c.dir, "values.yaml")
	if err := os.WriteFile(file, values, 0o600); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, c.helm, "template", "yourticket", c.chart, "--kube-version", "1.30.0", "-f", c.values, "-f", file)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(said.String()))
	}
	if c.manifests, err = parse(&out); err != nil {
		return err
	}
	fmt.Printf("  %s: %d deployments, %d services, %d jobs\n", c.values, len(c.manifests.deployments), len(c.manifests.services), len(c.manifests.jobs))
	return nil
}

func parse(in io.Reader) (m manifests, err error) {
	m.config, m.least = map[string]map[string]string{}, map[string]int{}
	d := yaml.NewDecoder(in)
	for {
		var o object
		if err := d.Decode(&o); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return m, err
		}
		switch o.Kind {
		case "Deployment":
			m.deployments = append(m.deployments, o)
		case "Job":
			m.jobs = append(m.jobs, o)
		case "Service":
			m.services = append(m.services, o)
		case "ConfigMap":
			m.config[o.Metadata.Name] = o.Data
		case "HorizontalPodAutoscaler", "ScaledObject":
			m.least[o.Spec.ScaleTargetRef.Name] = max(o.Spec.MinReplicas, o.Spec.MinReplicaCount)
		}
	}
	if len(m.deployments) == 0 {
		return m, errors.New("the chart renders no deployment")
	}
	return m, nil
}

// environment is what a container gets, and nothing else: in the order of
// Kubernetes, whose `env` wins over `envFrom`.
func (c *cluster) environment(of container) (map[string]string, error) {
	env := map[string]string{}
	for _, from := range of.EnvFrom {
		if from.ConfigMapRef != nil {
			data, ok := c.manifests.config[from.ConfigMapRef.Name]
			if !ok {
				return nil, fmt.Errorf("there is no ConfigMap %s", from.ConfigMapRef.Name)
			}
			maps.Copy(env, data)
		}
		if from.SecretRef != nil {
			maps.Copy(env, c.secret())
		}
	}
	for _, e := range of.Env {
		env[e.Name] = e.Value
		if ref := e.ValueFrom.SecretKeyRef; ref != nil {
			value, ok := c.secret()[ref.Key]
			switch {
			case ok:
				env[e.Name] = value
			case ref.Optional:
				delete(env, e.Name)
			default:
				return nil, fmt.Errorf("the Secret has no key %s", ref.Key)
			}
		}
	}
	return env, nil
}

// secret stands in for the Secret that the chart's documentation asks for.
func (c *cluster) secret() map[string]string {
	secret := map[string]string{}
	for _, name := range []string{
		"DATABASE_URL", "SALES_DATABASE_URLS", "REDIS_URL", "ELASTICSEARCH_URL", "STRIPE_API_KEY", "STRIPE_WEBHOOK_SECRET",
		"PAYPAL_CLIENT_ID", "PAYPAL_CLIENT_SECRET", "PAYPAL_WEBHOOK_ID", "PAYLOAD_KEYS", "SMTP_URL",
	} {
		if value, ok := c.parts[name]; ok {
			secret[name] = value
		}
	}
	return secret
}
