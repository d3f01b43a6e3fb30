package e2e_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// observability is where rules and dashboards are.
const observability = "../deploy/observability/"

// ruleFile is a file of Prometheus rules.
type ruleFile struct {
	Groups []struct {
		Name  string `yaml:"name"`
		Rules []rule `yaml:"rules"`
	} `yaml:"groups"`
}

type rule struct {
	Record      string            `yaml:"record"`
	Alert       string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

// allRules reads every rule.
func allRules(t *testing.T) (rules []rule) {
	t.Helper()
	files, err := filepath.Glob(observability + "prometheus/rules/*.yml")
	require.NoError(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		var f ruleFile
		require.NoError(t, yaml.Unmarshal(text, &f), file)
		for _, g := range f.Groups {
			rules = append(rules, g.Rules...)
		}
	}
	require.NotEmpty(t, rules)
	return rules
}

// selector is a metric that an expression names, with the labels it asks for.
type selector struct {
	metric string
	labels []string
}

// expressions gives every PromQL expression of rules and dashboards by where it
// stands.
func expressions(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, r := range allRules(t) {
		all["rule "+r.Record+r.Alert+" "+r.Labels["indicator"]] = r.Expr
	}
	boards, err := filepath.Glob(observability + "grafana/dashboards/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, boards)
	for _, file := range boards {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		var board struct {
			Panels []struct {
				Title   string `json:"title"`
				Targets []struct {
					RefID string `json:"refId"`
					Expr  string `json:"expr"`
				} `json:"targets"`
			} `json:"panels"`
		}
		require.NoError(t, json.Unmarshal(text, &board), file)
		for _, p := range board.Panels {
			require.NotEmpty(t, p.Targets, "%s: %s", file, p.Title)
			for _, target := range p.Targets {
				all[filepath.Base(file)+": "+p.Title+" "+target.RefID] = target.Expr
			}
		}
	}
	return all
}

var (
	quoted   = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	grouping = regexp.MustCompile(`\b(by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)`)
	numbers  = regexp.MustCompile(`\b[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+|ms|[smhdwy])?\b`)
	ranges   = regexp.MustCompile(`\[[0-9smhdw:]+\]`)
	names    = regexp.MustCompile(`([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(\{[^}]*\})?(\s*\()?`)
	label    = regexp.MustCompile(`([a-zA-Z_][a-zA-Z0-9_]*)\s*(?:=~|!~|!=|=)`)
)

// selectors finds every metric of an expression: each name that is no function,
// no keyword, no label and no number is one. What it does not understand it
// takes for a metric, and that does not exist.
func selectors(expr string) (found []selector) {
	text := numbers.ReplaceAllString(ranges.ReplaceAllString(grouping.ReplaceAllString(quoted.ReplaceAllString(expr, `""`), ""), ""), "")
	for _, m := range names.FindAllStringSubmatch(text, -1) {
		if m[3] != "" || slices.Contains([]string{"and", "or", "unless", "bool", "offset", "by", "on", "e"}, m[1]) {
			continue
		}
		s := selector{metric: m[1]}
		for _, l := range label.FindAllStringSubmatch(m[2], -1) {
			s.labels = append(s.labels, l[1])
		}
		found = append(found, s)
	}
	return found
}

func TestSelectorsOfPromQLAreFound(t *testing.T) {
	t.Parallel()
	got := selectors(`histogram_quantile(0.99, sum by (le, a) (rate(x_bucket{job=~"y.+",z!="{q}"}[1m]))) > bool 1e3
		and on (job) max(w) by (v) or yourticket:r offset 5m / label_replace(absent(up{job="x"} == 1), "job", "$1", "", "")`)
	require.Equal(t, []selector{
		{"x_bucket", []string{"job", "z"}}, {"w", nil}, {"yourticket:r", nil}, {"up", []string{"job"}},
	}, got)
}

// Whoever is woken by an alert finds in docs/operations.md what it means, how to
// look and what to do, and nothing there is about an alert that does not exist.
func TestEveryAlertHasItsEntry(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/operations.md")
	require.NoError(t, err)
	_, section, ok := strings.Cut(string(text), "\n## Alerts\n")
	require.True(t, ok, "docs/operations.md has a section Alerts")
	section, _, _ = strings.Cut(section, "\n## ")
	entries := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([A-Za-z]+)` \\|([^|]+)\\|([^|]+)\\|([^|]+)\\|$").FindAllStringSubmatch(section, -1) {
		entries[m[1]] = true
		for _, cell := range m[2:] {
			require.NotEmpty(t, strings.TrimSpace(cell), "%s has an empty cell", m[1])
		}
	}
	alerts := map[string]bool{}
	for _, r := range allRules(t) {
		if r.Alert == "" {
			continue
		}
		alerts[r.Alert] = true
		require.Contains(t, []string{"warning", "alarm"}, r.Labels["severity"], r.Alert)
		require.Equal(t, "docs/operations.md#alerts", r.Annotations["runbook"], r.Alert)
	}
	require.Equal(t, slices.Sorted(maps.Keys(alerts)), slices.Sorted(maps.Keys(entries)))
}
