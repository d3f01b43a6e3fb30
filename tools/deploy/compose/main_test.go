package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const good = `
services:
  web:
    image: shop:1.0
    restart: unless-stopped
    ports: ["127.0.0.1:8080:8080"]
    volumes: ["data:/data"]
    environment: {PASSWORD: "${PASSWORD:?is missing}"}
    healthcheck: {test: [CMD, /shop, health]}
    deploy: {resources: {limits: {cpus: "1", memory: 256M}}}
volumes: {data: {}}
`

func load(t *testing.T, text string, variables ...string) error {
	t.Helper()
	file := filepath.Join(t.TempDir(), "compose.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return run(t.Context(), file, variables, &bytes.Buffer{})
}

func TestAGoodFilePasses(t *testing.T) {
	t.Parallel()
	require.NoError(t, load(t, good, "PASSWORD=x"))
}

func TestViolationsAreFound(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ old, planted, says string }{
		"no health check":     {"    healthcheck: {test: [CMD, /shop, health]}\n", "", "web has no health check"},
		"no limits":           {"limits: {cpus: \"1\", memory: 256M}", "limits: {cpus: \"1\"}", "web has no limit"},
		"no restart":          {"    restart: unless-stopped\n", "", "web does not start again"},
		"latest":              {"shop:1.0", "shop", "web runs whatever is latest"},
		"privileged":          {"restart:", "privileged: true\n    restart:", "web has the host's rights"},
		"open to every net":   {"127.0.0.1:8080", "8080", "web listens on port 8080"},
		"a file that is gone": {"data:/data", "./nothing:/data", "nothing, which is not there"},
		"a volume undeclared": {"data:/data", "other:/data", "other"},
		"a key misspelt":      {"healthcheck:", "healthchek:", "healthchek"},
		"a variable missing":  {"PASSWORD:?", "SECRET:?", "is missing"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, good, tt.old)
			require.ErrorContains(t, load(t, strings.Replace(good, tt.old, tt.planted, 1), "PASSWORD=x"), tt.says)
		})
	}
}
