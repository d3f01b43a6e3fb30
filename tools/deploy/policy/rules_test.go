package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// good is a manifest that every rule accepts.
const good = `
kind: ConfigMap
metadata: {name: shop}
---
kind: ServiceAccount
metadata: {name: shop}
---
kind: Deployment
metadata: {name: shop-api, labels: {app.kubernetes.io/component: api}}
spec:
  replicas: 2
  selector: {matchLabels: {app.kubernetes.io/component: api}}
  template:
    metadata: {labels: {app.kubernetes.io/component: api}}
    spec:
      serviceAccountName: shop
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: 60
      securityContext: {runAsNonRoot: true, runAsUser: 65532, seccompProfile: {type: RuntimeDefault}}
      containers:
        - name: shop
          image: registry:5000/shop:1.0
          args: [api]
          env: [{name: LISTEN, value: ":8080"}]
          envFrom: [{configMapRef: {name: shop}}]
          lifecycle: {preStop: {sleep: {seconds: 10}}}
          livenessProbe: {httpGet: {path: /healthz, port: 8080}}
          readinessProbe: {httpGet: {path: /healthz, port: 8080}}
          securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
          resources:
            requests: {cpu: 100m, memory: 64Mi}
            limits: {cpu: "1", memory: 128Mi}
      volumes: [{name: tmp, emptyDir: {}}]
---
kind: Service
metadata: {name: shop-api, labels: {app.kubernetes.io/component: api}}
spec: {selector: {app.kubernetes.io/component: api}}
---
kind: PodDisruptionBudget
metadata: {name: shop-api}
spec: {selector: {matchLabels: {app.kubernetes.io/component: api}}}
---
kind: NetworkPolicy
metadata: {name: shop}
spec: {podSelector: {matchExpressions: [{key: app.kubernetes.io/component, operator: In, values: [api, worker]}]}}
`

func TestAGoodManifestPasses(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, run(strings.NewReader(good), &out), out.String())
}

// Each violation is planted into the good manifest and has to be found.
func TestViolationsAreFound(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ old, planted, says string }{
		"root":                        {"runAsNonRoot: true, ", "", "may run as root"},
		"root by number":              {"runAsUser: 65532", "runAsUser: 0", "names no user, or root"},
		"a container as root":         {"{allowPrivilegeEscalation", "{runAsUser: 0, allowPrivilegeEscalation", "shop may run as root"},
		"no seccomp":                  {", seccompProfile: {type: RuntimeDefault}", "", "has no seccomp profile"},
		"credentials of the cluster":  {"automountServiceAccountToken: false", "automountServiceAccountToken: true", "gets the cluster's credentials"},
		"the host's network":          {"serviceAccountName: shop", "serviceAccountName: shop\n      hostNetwork: true", "shares the host's network"},
		"the host's files":            {"emptyDir: {}", "hostPath: {path: /}", "mounts a folder of the host (tmp)"},
		"escalation":                  {"allowPrivilegeEscalation: false, ", "", "may become more than it is"},
		"writable files":              {"readOnlyRootFilesystem: true, ", "", "may write to its image's files"},
		"capabilities":                {"drop: [ALL]", "drop: [NET_RAW]", "keeps capabilities"},
		"no limit of memory":          {`limits: {cpu: "1", memory: 128Mi}`, `limits: {cpu: "1"}`, "has no limit of memory"},
		"no requests":                 {"requests: {cpu: 100m, memory: 64Mi}", "requests: {}", "requests no cpu"},
		"latest":                      {"shop:1.0", "shop:latest", "runs whatever is latest"},
		"no tag, a registry's port":   {"shop:1.0", "shop", "runs whatever is latest"},
		"a secret in the open":        {"{name: LISTEN", "{name: DATABASE_URL, value: postgres://u:p@db/x}, {name: LISTEN", "has the value of DATABASE_URL in the open"},
		"no liveness":                 {"livenessProbe", "exlivenessProbe", "has no liveness probe"},
		"no readiness":                {"readinessProbe", "exreadinessProbe", "has no readiness probe"},
		"killed while draining":       {"terminationGracePeriodSeconds: 60", "terminationGracePeriodSeconds: 30", "is killed after 30 s, though it may drain until 55 s"},
		"stops at once":               {"seconds: 10", "seconds: 0", "stops before anybody has heard of it"},
		"no budget":                   {"kind: PodDisruptionBudget", "kind: Secret", "has 0 disruption budgets"},
		"nobody's Service":            {"spec: {selector: {app.kubernetes.io/component: api}}", "spec: {selector: {app.kubernetes.io/component: web}}", "Service shop-api: selects no pods"},
		"no ConfigMap":                {"kind: ConfigMap\nmetadata: {name: shop}", "kind: ConfigMap\nmetadata: {name: other}", "reads the ConfigMap shop, which is not there"},
		"no account":                  {"kind: ServiceAccount", "kind: Secret", `runs as "shop", which is not there`},
		"a policy for nobody":         {"values: [api, worker]", "values: [worker]", "NetworkPolicy shop: selects no pods"},
		"replicas unsaid":             {"  replicas: 2\n", "", "does not say how many pods it wants"},
		"does not select its own":     {"  template:\n    metadata: {labels: {app.kubernetes.io/component: api}}", "  template:\n    metadata: {labels: {app.kubernetes.io/component: ap}}", "does not select its own pods"},
		"a scaler against replicas":   {"kind: NetworkPolicy", hpa("shop-api") + "\n---\nkind: NetworkPolicy", "sets replicas, which each upgrade would take back"},
		"two scalers":                 {"kind: NetworkPolicy", hpa("shop-api") + "\n---\n" + hpa("shop-api") + "\n---\nkind: NetworkPolicy", "is scaled by 2"},
		"a scaler of nothing":         {"kind: NetworkPolicy", hpa("shop-web") + "\n---\nkind: NetworkPolicy", "scales shop-web, which is not there"},
		"a binding of nothing":        {"kind: NetworkPolicy", "kind: TargetGroupBinding\nmetadata: {name: b}\nspec: {serviceRef: {name: web}}\n---\nkind: NetworkPolicy", "binds the Service web, which is not there"},
		"another's pods in a Service": {"kind: NetworkPolicy", "kind: Job\nmetadata: {name: sweep, labels: {app.kubernetes.io/component: sweep}}\nspec: {template: {metadata: {labels: {app.kubernetes.io/component: api}}}}\n---\nkind: NetworkPolicy", "selects the pods of Job sweep, too"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, good, tt.old)
			var out bytes.Buffer
			require.Error(t, run(strings.NewReader(strings.Replace(good, tt.old, tt.planted, 1)), &out))
			require.Contains(t, out.String(), tt.says)
		})
	}
	t.Run("nothing at all", func(t *testing.T) {
		t.Parallel()
		require.ErrorContains(t, run(strings.NewReader("\n---\n"), &bytes.Buffer{}), "there are no objects")
	})
}

func hpa(target string) string {
	return "kind: HorizontalPodAutoscaler\nmetadata: {name: scaler}\nspec: {scaleTargetRef: {name: " + target + "}}"
}
