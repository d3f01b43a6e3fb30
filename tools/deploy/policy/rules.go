package main

import (
	"fmt"
	"slices"
	"strings"
)

// drains is how long `yourticket api` lets requests finish (internal/app).
const drains = 45

// secrets are the variables whose values are nobody's to read.
var secrets = []string{
	"DATABASE_URL", "SALES_DATABASE_URLS", "REDIS_URL", "ELASTICSEARCH_URL", "STRIPE_API_KEY", "STRIPE_WEBHOOK_SECRET",
	"PAYPAL_CLIENT_SECRET", "PAYLOAD_KEYS", "SMTP_URL", "TEMPORAL_API_KEY",
}

// faults collects what is wrong.
type faults []string

func (f *faults) add(wrong bool, who fmt.Stringer, format string, args ...any) {
	if wrong {
		*f = append(*f, who.String()+": "+fmt.Sprintf(format, args...))
	}
}

// check applies every rule to every object.
func check(objects []*object) []string {
	var f faults
	for _, o := range pods(objects) {
		f.podRules(o)
		for _, c := range slices.Concat(o.Spec.Template.Spec.InitContainers, o.Spec.Template.Spec.Containers) {
			f.containerRules(o, &c)
		}
	}
	for _, o := range objects {
		f.referenceRules(o, objects)
	}
	return f
}

func isTrue(b *bool) bool  { return b != nil && *b }
func isFalse(b *bool) bool { return b != nil && !*b }

func (f *faults) podRules(o *object) {
	p := o.Spec.Template.Spec
	f.add(!isTrue(p.SecurityContext.RunAsNonRoot), o, "may run as root")
	f.add(p.SecurityContext.RunAsUser == nil || *p.SecurityContext.RunAsUser == 0, o, "names no user, or root")
	f.add(p.SecurityContext.SeccompProfile.Type != "RuntimeDefault", o, "has no seccomp profile")
	f.add(!isFalse(p.AutomountToken), o, "gets the cluster's credentials")
	f.add(p.HostNetwork || p.HostPID, o, "shares the host's network or processes")
	for _, v := range p.Volumes {
		f.add(v.HostPath != nil, o, "mounts a folder of the host (%s)", v.Name)
	}
	f.add(len(p.Containers) == 0, o, "has no container")
}

func (f *faults) containerRules(o *object, c *container) {
	s := c.SecurityContext
	f.add(s.Privileged || !isFalse(s.AllowPrivilegeEscalation), o, "%s may become more than it is", c.Name)
	f.add(isFalse(s.RunAsNonRoot) || s.RunAsUser != nil && *s.RunAsUser == 0, o, "%s may run as root", c.Name)
	f.add(!isTrue(s.ReadOnlyRootFilesystem), o, "%s may write to its image's files", c.Name)
	f.add(!slices.Contains(s.Capabilities.Drop, "ALL"), o, "%s keeps capabilities", c.Name)
	for _, resource := range []string{"cpu", "memory"} {
		f.add(c.Resources.Limits[resource] == "", o, "%s has no limit of %s", c.Name, resource)
		f.add(c.Resources.Requests[resource] == "", o, "%s requests no %s", c.Name, resource)
	}
	name := c.Image[strings.LastIndex(c.Image, "/")+1:]
	f.add(!strings.ContainsAny(name, ":@") || strings.HasSuffix(name, ":latest") || strings.HasSuffix(name, ":"), o, "%s runs whatever is latest (%s)", c.Name, c.Image)
	for _, e := range c.Env {
		f.add(slices.Contains(secrets, e.Name) && e.Value != "", o, "%s has the value of %s in the open", c.Name, e.Name)
	}
	if o.Kind == "Job" {
		return
	}
	f.add(c.LivenessProbe == nil, o, "%s has no liveness probe", c.Name)
	f.add(c.ReadinessProbe == nil, o, "%s has no readiness probe", c.Name)
	if len(c.Args) > 0 && c.Args[0] == "api" {
		needs := drains + c.Lifecycle.PreStop.Sleep.Seconds
		f.add(c.Lifecycle.PreStop.Sleep.Seconds == 0, o, "%s stops before anybody has heard of it", c.Name)
		f.add(o.Spec.Template.Spec.Grace <= needs, o, "is killed after %d s, though it may drain until %d s", o.Spec.Template.Spec.Grace, needs)
	}
}

// referenceRules are about objects that name others.
func (f *faults) referenceRules(o *object, all []*object) {
	switch o.Kind {
	case "Deployment":
		f.deploymentRules(o, all)
	case "Service":
		// One that selects another component's pods, too, sends it requests.
		selected := selectedBy(o, all)
		f.add(len(selected) == 0, o, "selects no pods")
		for _, d := range selected {
			f.add(d.Metadata.Labels["app.kubernetes.io/component"] != o.Metadata.Labels["app.kubernetes.io/component"], o, "selects the pods of %s, too", d)
		}
	case "PodDisruptionBudget", "NetworkPolicy":
		f.add(len(selectedBy(o, all)) == 0, o, "selects no pods")
	case "HorizontalPodAutoscaler", "ScaledObject":
		f.add(find(all, "Deployment", o.Spec.ScaleTargetRef.Name) == nil, o, "scales %s, which is not there", o.Spec.ScaleTargetRef.Name)
	case "TargetGroupBinding":
		f.add(find(all, "Service", o.Spec.ServiceRef.Name) == nil, o, "binds the Service %s, which is not there", o.Spec.ServiceRef.Name)
	}
	if o.Spec.Template == nil {
		return
	}
	p := o.Spec.Template.Spec
	f.add(p.ServiceAccountName != "default" && find(all, "ServiceAccount", p.ServiceAccountName) == nil, o, "runs as %q, which is not there", p.ServiceAccountName)
	for _, c := range p.Containers {
		for _, from := range c.EnvFrom {
			name := from.ConfigMapRef.Name
			f.add(name != "" && find(all, "ConfigMap", name) == nil, o, "reads the ConfigMap %s, which is not there", name)
		}
	}
}

func (f *faults) deploymentRules(o *object, all []*object) {
	labels := o.Spec.Template.Metadata.Labels
	budgets, scalers := 0, 0
	for _, other := range all {
		switch {
		case other.Kind == "PodDisruptionBudget" && other.selects().matches(labels):
			budgets++
		case (other.Kind == "HorizontalPodAutoscaler" || other.Kind == "ScaledObject") && other.Spec.ScaleTargetRef.Name == o.Metadata.Name:
			scalers++
		case other.Kind == "Deployment" && other != o:
			f.add(other.selects().matches(labels), o, "is taken for its own by %s", other)
		}
	}
	f.add(!o.selects().matches(labels), o, "does not select its own pods")
	f.add(budgets != 1, o, "has %d disruption budgets; an eviction needs exactly one", budgets)
	f.add(scalers > 1, o, "is scaled by %d", scalers)
	f.add(scalers == 1 && o.Spec.Replicas != nil, o, "sets replicas, which each upgrade would take back from its scaler")
	f.add(scalers == 0 && o.Spec.Replicas == nil, o, "does not say how many pods it wants")
}

func find(all []*object, kind, name string) *object {
	i := slices.IndexFunc(all, func(o *object) bool { return o.Kind == kind && o.Metadata.Name == name })
	if i < 0 {
		return nil
	}
	return all[i]
}

// selectedBy gives the objects whose pods another selects.
func selectedBy(o *object, all []*object) []*object {
	var out []*object
	for _, p := range pods(all) {
		if o.selects().matches(p.Spec.Template.Metadata.Labels) {
			out = append(out, p)
		}
	}
	return out
}
