package main

import (
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"
)

// object is a Kubernetes object, as far as a rule looks at it.
type object struct {
	Kind     string `yaml:"kind"`
	Metadata struct {
		Name   string            `yaml:"name"`
		Labels map[string]string `yaml:"labels"`
	} `yaml:"metadata"`
	Spec spec `yaml:"spec"`
}

func (o *object) String() string { return o.Kind + " " + o.Metadata.Name }

type spec struct {
	Replicas       *int      `yaml:"replicas"`
	Selector       yaml.Node `yaml:"selector"` // a Service's is bare, all others' have matchLabels
	PodSelector    selector  `yaml:"podSelector"`
	Template       *pod      `yaml:"template"`
	ScaleTargetRef struct {
		Name string `yaml:"name"`
	} `yaml:"scaleTargetRef"`
	ServiceRef struct {
		Name string `yaml:"name"`
	} `yaml:"serviceRef"`
}

type selector struct {
	MatchLabels      map[string]string `yaml:"matchLabels"`
	MatchExpressions []struct {
		Key    string   `yaml:"key"`
		Values []string `yaml:"values"`
	} `yaml:"matchExpressions"`
}

type pod struct {
	Metadata struct {
		Labels map[string]string `yaml:"labels"`
	} `yaml:"metadata"`
	Spec podSpec `yaml:"spec"`
}

type podSpec struct {
	ServiceAccountName string         `yaml:"serviceAccountName"`
	AutomountToken     *bool          `yaml:"automountServiceAccountToken"`
	Grace              int            `yaml:"terminationGracePeriodSeconds"`
	HostNetwork        bool           `yaml:"hostNetwork"`
	HostPID            bool           `yaml:"hostPID"` //nolint:tagliatelle // Kubernetes spells it so
	SecurityContext    security       `yaml:"securityContext"`
	InitContainers     []container    `yaml:"initContainers"`
	Containers         []container    `yaml:"containers"`
	Volumes            []volume       `yaml:"volumes"`
	Rest               map[string]any `yaml:",inline"`
}

type volume struct {
	Name     string         `yaml:"name"`
	HostPath map[string]any `yaml:"hostPath"`
}

type security struct {
	RunAsNonRoot             *bool `yaml:"runAsNonRoot"`
	RunAsUser                *int  `yaml:"runAsUser"`
	Privileged               bool  `yaml:"privileged"`
	AllowPrivilegeEscalation *bool `yaml:"allowPrivilegeEscalation"`
	ReadOnlyRootFilesystem   *bool `yaml:"readOnlyRootFilesystem"`
	SeccompProfile           struct {
		Type string `yaml:"type"`
	} `yaml:"seccompProfile"`
	Capabilities struct {
		Drop []string `yaml:"drop"`
	} `yaml:"capabilities"`
}

type container struct {
	Name            string   `yaml:"name"`
	Image           string   `yaml:"image"`
	Args            []string `yaml:"args"`
	SecurityContext security `yaml:"securityContext"`
	Env             []env    `yaml:"env"`
	EnvFrom         []struct {
		ConfigMapRef struct {
			Name string `yaml:"name"`
		} `yaml:"configMapRef"`
	} `yaml:"envFrom"`
	Resources struct {
		Requests map[string]string `yaml:"requests"`
		Limits   map[string]string `yaml:"limits"`
	} `yaml:"resources"`
	LivenessProbe  map[string]any `yaml:"livenessProbe"`
	ReadinessProbe map[string]any `yaml:"readinessProbe"`
	Lifecycle      struct {
		PreStop struct {
			Sleep struct {
				Seconds int `yaml:"seconds"`
			} `yaml:"sleep"`
		} `yaml:"preStop"`
	} `yaml:"lifecycle"`
}

type env struct {
	Name  string `yaml:"name"`
	Value string `yaml:"value"`
}

// parse reads a stream of YAML documents.
func parse(in io.Reader) ([]*object, error) {
	var all []*object
	d := yaml.NewDecoder(in)
	for {
		var o object
		err := d.Decode(&o)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("document %d: %w", len(all)+1, err)
		}
		if o.Kind != "" {
			all = append(all, &o)
		}
	}
	if len(all) == 0 {
		return nil, errors.New("there are no objects: what should be checked?")
	}
	return all, nil
}

// pods gives the objects that have a pod template.
func pods(objects []*object) []*object {
	var out []*object
	for _, o := range objects {
		if o.Spec.Template != nil {
			out = append(out, o)
		}
	}
	return out
}

// selects gives the labels that an object selects pods by.
func (o *object) selects() selector {
	var s selector
	switch o.Kind {
	case "NetworkPolicy":
		return o.Spec.PodSelector
	case "Service":
		_ = o.Spec.Selector.Decode(&s.MatchLabels) // the schema has been checked
	default:
		_ = o.Spec.Selector.Decode(&s)
	}
	return s
}

// matches says whether a selector selects pods with these labels.
func (s selector) matches(labels map[string]string) bool {
	for name, value := range s.MatchLabels {
		if labels[name] != value {
			return false
		}
	}
	for _, e := range s.MatchExpressions { // the operator In, which is the only one that we use
		found := false
		for _, v := range e.Values {
			found = found || labels[e.Key] == v
		}
		if !found {
			return false
		}
	}
	return true
}
